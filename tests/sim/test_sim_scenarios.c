/* Every scenario of one node, and at the end: that together they took every edge and met every
 * reason to refuse. */
#include "tests/sim/edges.h"
#include "tests/sim/exclusive.h"
#include "tests/sim/once.h"
#include "tests/sim/restart.h"
#include "tests/sim/sets.h"
#include "tests/sim/switch.h"

static void
all_edges_are_visited(void **in)
{
    (void)in;
    edges_assert_known();
    edges_assert_visited();
}

static void
all_refusals_are_met(void **in)
{
    size_t missing = 0;
    (void)in;
    for (unsigned i = 0; i < CORE_REFUSAL_COUNT; i++) {
        /* Memory cannot be made to run out from here. */
        if (!world_refusals[i] && i != CORE_REFUSAL_NO_MEMORY) {
            print_error("no scenario is refused by %s\n",
                        core_refusal_meaning((enum core_refusal)i));
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {SWITCH_TESTS,
                                       EXCLUSIVE_TESTS,
                                       ONCE_TESTS,
                                       SETS_TESTS,
                                       RESTART_TESTS,
                                       cmocka_unit_test(all_edges_are_visited),
                                       cmocka_unit_test(all_refusals_are_met)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
