/* The table of reasons: whole, unique, and each of them on the page that tells what to do. */
#include "tests/unit/base/base_test.h"
#include "proxy/flow/reasons.h"

static char *
read_page(const char *name)
{
    const char *root = getenv("TURNOUT_SOURCE");
    char path[512];
    snprintf(path, sizeof(path), "%s/docs/%s", root == NULL ? "." : root, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return NULL;
    }
    enum { PAGE_MAX = 256 * 1024 };
    char *text = calloc(1, PAGE_MAX + 1);
    size_t size = fread(text, 1, PAGE_MAX, file);
    assert_true(size < PAGE_MAX);
    fclose(file);
    return text;
}

static void
test_whole(void **state)
{
    (void)state;
    for (int i = REASON_NONE + 1; i < REASON_COUNT; i++) {
        const struct reason_facts *facts = reason_facts((enum reason)i);
        assert_true(strlen(facts->name) > 3);
        assert_int_equal(strspn(facts->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(facts->name));
        assert_true(facts->status == 308 || (facts->status >= 400 && facts->status <= 599));
        assert_true(strlen(facts->meaning) > 10);
        assert_true(strlen(facts->advice) > 10);
        for (int j = REASON_NONE + 1; j < i; j++) {
            assert_string_not_equal(facts->name, reason_facts((enum reason)j)->name);
        }
    }
}

/* The names that the contract gives away. */
static void
test_known(void **state)
{
    static const struct {
        enum reason reason;
        const char *name;
        int status;
    } cases[] = {
        {REASON_NO_LIVE_SET, "no_live_set", 503},
        {REASON_NO_HEALTHY_INSTANCE, "no_healthy_instance", 503},
        {REASON_HOLD_TIMEOUT, "hold_timeout", 504},
        {REASON_HOLD_FULL, "hold_full", 503},
        {REASON_MAINTENANCE, "maintenance", 503},
        {REASON_UPSTREAM_CONNECT, "upstream_connect", 502},
        {REASON_UPSTREAM_TIMEOUT, "upstream_timeout", 504},
        {REASON_BAD_REQUEST, "bad_request", 400},
        {REASON_REDIRECT_HTTPS, "redirect_https", 308},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct reason_facts *facts = reason_facts(cases[i].reason);
        assert_string_equal(facts->name, cases[i].name);
        assert_int_equal(facts->status, cases[i].status);
    }
}

static void
test_documented(void **state)
{
    char *page = read_page("reasons.md");
    (void)state;
    assert_non_null(page);
    for (int i = REASON_NONE + 1; i < REASON_COUNT; i++) {
        char wanted[64];
        snprintf(wanted, sizeof(wanted), "`%s`", reason_facts((enum reason)i)->name);
        if (strstr(page, wanted) == NULL) {
            print_error("docs/reasons.md lacks %s\n", wanted);
        }
        assert_non_null(strstr(page, wanted));
    }
    free(page);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
