/* The choice of set and instance: exact shares over whole blocks, random phase, no preference. */
#include "tests/unit/base/base_test.h"
#include "proxy/table/choose.h"
#include "proxy/table/table.h"

enum { WHOLE = TABLE_WEIGHT_WHOLE_BP, REQUESTS = 100000 };

static uint32_t
chosen(struct chooser *chooser, uint32_t weight_bp, uint32_t requests, struct random *random)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < requests; i++) {
        count += choose_candidate(chooser, weight_bp, random);
    }
    return count;
}

/* To the end of the block that is under way. */
static void
finish_block(struct chooser *chooser, uint32_t weight_bp, struct random *random)
{
    choose_candidate(chooser, weight_bp, random);
    while (chooser->at < chooser->block) {
        choose_candidate(chooser, weight_bp, random);
    }
}

static void
test_ends_are_exact(void **state)
{
    struct chooser chooser = {0};
    struct random random;
    (void)state;
    random_init(&random, 3);
    assert_int_equal(chosen(&chooser, 0, REQUESTS, &random), 0);
    assert_int_equal(chosen(&chooser, WHOLE, REQUESTS, &random), REQUESTS);
    /* Also right after a weight that had a block under way. */
    chosen(&chooser, 5000, 1, &random);
    assert_int_equal(chosen(&chooser, 0, REQUESTS, &random), 0);
    chosen(&chooser, 9999, 1, &random);
    assert_int_equal(chosen(&chooser, WHOLE, REQUESTS, &random), REQUESTS);
}

/* From the first request on, a count is off by the two blocks at the ends at most. */
static void
test_nearly_exact_from_the_start(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct chooser low = {0};
        struct chooser high = {0};
        struct random random;
        random_init(&random, seed);
        assert_in_range(chosen(&low, 1, REQUESTS, &random), 9, 11);
        assert_in_range(chosen(&high, 9999, REQUESTS, &random), REQUESTS - 11, REQUESTS - 9);
    }
}

static void
test_every_weight_over_whole_blocks(void **state)
{
    struct random random;
    (void)state;
    random_init(&random, 5);
    for (uint32_t weight_bp = 1; weight_bp < WHOLE; weight_bp++) {
        struct chooser chooser = {0};
        finish_block(&chooser, weight_bp, &random);
        assert_int_equal(chosen(&chooser, weight_bp, WHOLE, &random), weight_bp);
        assert_int_equal(chooser.at, chooser.block);
    }
}

/* In every block of a share of 1/4 there is one, at places that differ. */
static void
test_one_in_each_block(void **state)
{
    struct chooser chooser = {0};
    struct random random;
    uint32_t places[4] = {0};
    (void)state;
    random_init(&random, 9);
    finish_block(&chooser, 2500, &random);
    for (int block = 0; block < 4000; block++) {
        uint32_t found = 4;
        for (uint32_t i = 0; i < 4; i++) {
            if (choose_candidate(&chooser, 2500, &random)) {
                assert_int_equal(found, 4);
                found = i;
            }
        }
        assert_true(found < 4);
        places[found]++;
    }
    for (int i = 0; i < 4; i++) {
        assert_in_range(places[i], 1000 - 170, 1000 + 170);
    }
}

/* Fresh choosers do not send their first request of the share in step. */
static void
test_phase_is_random(void **state)
{
    enum { CHOOSERS = 4000 };
    struct random random;
    uint32_t first = 0;
    (void)state;
    random_init(&random, 11);
    for (int i = 0; i < CHOOSERS; i++) {
        struct chooser chooser = {0};
        first += choose_candidate(&chooser, 2500, &random);
    }
    assert_in_range(first, CHOOSERS / 4 - 170, CHOOSERS / 4 + 170);
}

static void
test_changed_weight_begins_anew(void **state)
{
    static const uint32_t steps[] = {100, 2500, 7500, 0, 33, WHOLE, 9999, 5000, 1};
    struct chooser chooser = {0};
    struct random random;
    (void)state;
    random_init(&random, 13);
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < COUNT_OF(steps); i++) {
            uint32_t weight_bp = steps[i];
            chosen(&chooser, weight_bp, 7, &random); /* leaves a block cut short */
            if (weight_bp != 0 && weight_bp != WHOLE) {
                assert_int_equal(chooser.weight_bp, weight_bp);
                finish_block(&chooser, weight_bp, &random);
            }
            assert_int_equal(chosen(&chooser, weight_bp, WHOLE, &random), weight_bp);
        }
    }
}

/* Eight workers with a share each: all of them together are exact too. */
static void
test_eight_choosers(void **state)
{
    static const uint32_t weights[] = {1, 250, 3333, 5000, 6667, 9999};
    struct random random;
    (void)state;
    random_init(&random, 17);
    for (size_t i = 0; i < COUNT_OF(weights); i++) {
        struct chooser choosers[8] = {{0}};
        uint32_t count = 0;
        for (int j = 0; j < 8; j++) {
            finish_block(&choosers[j], weights[i], &random);
        }
        for (int request = 0; request < WHOLE; request++) {
            for (int j = 0; j < 8; j++) {
                count += choose_candidate(&choosers[j], weights[i], &random);
            }
        }
        assert_int_equal(count, 8 * weights[i]);
    }
}

static void
test_two(void **state)
{
    enum { DRAWS = 60000 };
    struct random random;
    (void)state;
    random_init(&random, 19);
    for (uint32_t count = 2; count <= 5; count++) {
        uint32_t pairs[5][5] = {{0}};
        for (int i = 0; i < DRAWS; i++) {
            uint32_t first;
            uint32_t second;
            choose_two(&random, count, &first, &second);
            assert_true(first < count && second < count && first != second);
            pairs[first][second]++;
        }
        uint32_t wanted = DRAWS / (count * (count - 1));
        for (uint32_t i = 0; i < count; i++) {
            for (uint32_t j = 0; j < count; j++) {
                if (i != j) {
                    assert_in_range(pairs[i][j], wanted - wanted / 7, wanted + wanted / 7);
                }
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_are_exact),
        cmocka_unit_test(test_nearly_exact_from_the_start),
        cmocka_unit_test(test_every_weight_over_whole_blocks),
        cmocka_unit_test(test_one_in_each_block),
        cmocka_unit_test(test_phase_is_random),
        cmocka_unit_test(test_changed_weight_begins_anew),
        cmocka_unit_test(test_eight_choosers),
        cmocka_unit_test(test_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
