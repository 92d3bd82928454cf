/* The wheel against a plain model, in virtual ticks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "proxy/base/random.h"
#include "proxy/net/wheel.h"

static struct wheel wheel;

static size_t
advance(uint64_t now)
{
    struct list due;
    list_init(&due);
    wheel_advance(&wheel, now, &due);
    size_t count = 0;
    uint64_t last = 0;
    for (struct list *node; (node = list_take_first(&due)) != NULL; count++) {
        struct timer *timer = LIST_ITEM(node, struct timer, node);
        assert_true(timer->due_tick <= now && timer->due_tick >= last);
        last = timer->due_tick;
    }
    return count;
}

static void
add(struct timer *timer, uint64_t tick)
{
    timer_init(timer, NULL);
    timer->due_tick = tick;
    wheel_add(&wheel, timer);
}

/* A timer at each distance, from each start: not at the tick before, but at its own. */
static void
test_each_distance(void **state)
{
    (void)state;
    static const uint64_t starts[] = {0,    1,      63,       64,       4095,
                                      4096, 262143, 16777215, 16777216, 1234567};
    static const uint64_t distances[] = {
        1, 2, 63, 64, 65, 127, 4095, 4096, 262143, 16777215, 16777216, 100000001, 987654321};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        for (size_t j = 0; j < sizeof distances / sizeof distances[0]; j++) {
            struct timer timer;
            wheel_init(&wheel, starts[i]);
            uint64_t due = starts[i] + distances[j];
            add(&timer, due);
            assert_true(wheel_next(&wheel) <= due && wheel_next(&wheel) > starts[i]);
            assert_int_equal(advance(due - 1), 0);
            assert_true(timer_is_set(&timer));
            assert_int_equal(wheel_next(&wheel), due);
            assert_int_equal(advance(due), 1);
            assert_false(timer_is_set(&timer));
            assert_int_equal(wheel_next(&wheel), UINT64_MAX);
        }
    }
}

static void
test_past_timer_is_due_at_next_tick(void **state)
{
    (void)state;
    struct timer timer;
    wheel_init(&wheel, 1000);
    add(&timer, 5);
    assert_int_equal(wheel_next(&wheel), 1001);
    assert_int_equal(advance(1000), 0);
    assert_int_equal(advance(1001), 1);
}

static void
test_cleared_timers_are_forgotten(void **state)
{
    (void)state;
    struct timer timers[3];
    wheel_init(&wheel, 0);
    add(&timers[0], 10);
    add(&timers[1], 500);
    add(&timers[2], 500000);
    timer_clear(&timers[0]);
    timer_clear(&timers[0]);
    assert_true(wheel_next(&wheel) > 10 && wheel_next(&wheel) <= 500);
    timer_clear(&timers[1]);
    timer_clear(&timers[2]);
    assert_int_equal(wheel_next(&wheel), UINT64_MAX);
    assert_int_equal(advance(1000000), 0);
}

/* Looking only when the wheel says so misses nothing, and an idle timer costs a few looks only. */
static void
test_few_looks(void **state)
{
    (void)state;
    struct timer timer;
    wheel_init(&wheel, 12345);
    add(&timer, 12345 + 3000000);
    unsigned looks = 0;
    while (timer_is_set(&timer)) {
        uint64_t next = wheel_next(&wheel);
        assert_true(next <= 12345 + 3000000);
        advance(next);
        looks++;
    }
    assert_int_equal(wheel.now, 12345 + 3000000);
    assert_true(looks <= WHEEL_LEVELS);
}

enum { MANY = 100000 };

static void
test_many_at_random(void **state)
{
    (void)state;
    struct timer *timers = calloc(MANY, sizeof *timers);
    struct random random;
    random_init(&random, 20261120);
    wheel_init(&wheel, 77);
    for (size_t i = 0; i < MANY; i++) {
        uint64_t reach = (uint64_t)1 << (1 + random_below(&random, 26));
        add(&timers[i], 78 + random_below(&random, reach));
    }
    size_t set = MANY, cleared = 0;
    uint64_t now = 77;
    while (set > 0) {
        struct timer *victim = &timers[random_below(&random, MANY)];
        if (timer_is_set(victim) && cleared < MANY / 10) {
            timer_clear(victim);
            set--, cleared++;
        }
        now += 1 + random_below(&random, 20000);
        set -= advance(now);
        uint64_t next = wheel_next(&wheel);
        assert_true(next > now);
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_false(timer_is_set(&timers[i]));
    }
    free(timers);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_distance),
        cmocka_unit_test(test_past_timer_is_due_at_next_tick),
        cmocka_unit_test(test_cleared_timers_are_forgotten),
        cmocka_unit_test(test_few_looks),
        cmocka_unit_test(test_many_at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
