/* Chance: the published numbers of the generators, bounds, and a kernel that gives bytes. */
#include "tests/unit/base/base_test.h"
#include "proxy/base/random.h"

/* xoshiro256** from the state 1, 2, 3, 4, as its authors' program prints them. */
static void
test_sequence(void **state)
{
    static const uint64_t wanted[] = {
        11520ULL,
        0ULL,
        1509978240ULL,
        1215971899390074240ULL,
        1216172134540287360ULL,
        607988272756665600ULL,
        16172922978634559625ULL,
        8476171486693032832ULL,
        10595114339597558777ULL,
        2904607092377533576ULL,
    };
    struct random random = {{1, 2, 3, 4}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        assert_true(random_next(&random) == wanted[i]);
    }
}

/* splitmix64's first numbers from 0. */
static void
test_seed(void **state)
{
    static const uint64_t wanted[] = {
        0xe220a8397b1dcdafULL,
        0x6e789e6aa1b965f4ULL,
        0x06c45d188009454fULL,
        0xf88bb8a8724c81ecULL,
    };
    struct random random;
    struct random again;
    (void)state;
    random_init(&random, 0);
    assert_memory_equal(random.state, wanted, sizeof(wanted));
    random_init(&again, 0);
    for (int i = 0; i < 100; i++) {
        assert_true(random_next(&random) == random_next(&again));
    }
}

static void
test_below(void **state)
{
    enum { DRAWS = 100000, BOUND = 10 };
    struct random random;
    int counts[BOUND] = {0};
    (void)state;
    random_init(&random, 7);
    for (int i = 0; i < DRAWS; i++) {
        assert_int_equal(random_below(&random, 1), 0);
        uint64_t drawn = random_below(&random, BOUND);
        assert_true(drawn < BOUND);
        counts[drawn]++;
    }
    for (int i = 0; i < BOUND; i++) {
        /* A binomial's deviation here is about 95: six of them. */
        assert_in_range(counts[i], DRAWS / BOUND - 570, DRAWS / BOUND + 570);
    }
}

static void
test_fill(void **state)
{
    unsigned char bytes[256 + 1] = {0};
    unsigned char other[256] = {0};
    (void)state;
    random_fill(bytes, 256);
    random_fill(other, 256);
    assert_int_equal(bytes[256], 0);
    assert_memory_not_equal(bytes, other, 256);
    random_fill(bytes, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequence),
        cmocka_unit_test(test_seed),
        cmocka_unit_test(test_below),
        cmocka_unit_test(test_fill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
