/* Verdicts: rise and fall, warming anew, what is presumed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "control/core/health.h"

/* A run of checks, + passed and - failed, and the verdict and passes behind it. */
static void
runs_of_checks(void **in)
{
    static const struct {
        const char *checks;
        enum core_verdict verdict;
        uint32_t passes;
        unsigned changes;
    } cases[] = {
        {"", CORE_VERDICT_UNKNOWN, 0, 0},   {"+", CORE_VERDICT_UNKNOWN, 1, 0},
        {"++", CORE_VERDICT_UP, 2, 1},      {"+-+-+-", CORE_VERDICT_UNKNOWN, 0, 0},
        {"--", CORE_VERDICT_UNKNOWN, 0, 0}, {"---", CORE_VERDICT_DOWN, 0, 1},
        {"++--", CORE_VERDICT_UP, 0, 1},    {"++---", CORE_VERDICT_DOWN, 0, 2},
        {"++--+--", CORE_VERDICT_UP, 0, 1}, {"---+", CORE_VERDICT_DOWN, 1, 1},
        {"---++", CORE_VERDICT_UP, 2, 2},   {"+++++-+", CORE_VERDICT_UP, 1, 1},
    };
    (void)in;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct core_health health;
        unsigned changes = 0;
        core_health_init(&health, 1);
        for (const char *check = cases[i].checks; *check != '\0'; check++) {
            changes +=
                *check == '+' ? core_health_passed(&health, 2) : core_health_failed(&health, 3);
        }
        assert_int_equal(health.verdict, cases[i].verdict);
        assert_int_equal(health.passes, cases[i].passes);
        assert_int_equal(changes, cases[i].changes);
    }
}

static void
warming_anew(void **in)
{
    struct core_health health;
    (void)in;
    core_health_init(&health, 5);
    core_health_passed(&health, 2);
    core_health_passed(&health, 2);
    core_health_warm(&health, 5);
    assert_int_equal(health.passes, 2);
    core_health_warm(&health, 9);
    assert_int_equal(health.passes, 0);
    assert_int_equal(health.verdict, CORE_VERDICT_UP);
}

static void
where_requests_may_go(void **in)
{
    (void)in;
    assert_true(core_health_routes(CORE_VERDICT_UP, true));
    assert_true(core_health_routes(CORE_VERDICT_UP, false));
    assert_true(core_health_routes(CORE_VERDICT_UNKNOWN, true));
    assert_false(core_health_routes(CORE_VERDICT_UNKNOWN, false));
    assert_false(core_health_routes(CORE_VERDICT_DOWN, true));
    assert_false(core_health_routes(CORE_VERDICT_DOWN, false));
    assert_string_equal(core_verdict_name(CORE_VERDICT_DOWN), "down");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(runs_of_checks),
                                       cmocka_unit_test(warming_anew),
                                       cmocka_unit_test(where_requests_may_go)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
