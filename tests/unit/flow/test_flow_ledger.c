/* Ledgers: what is in flight, over workers and ways in; the histogram of durations. */
#include "tests/unit/base/base_test.h"
#include <pthread.h>
#include "proxy/flow/ledger.h"

static struct ledger *
make(uint32_t workers)
{
    struct ledger *ledger;
    assert_int_equal(ledger_new(42, workers, 3, &ledger), ERR_OK);
    return ledger;
}

static void
test_zero(void **state)
{
    struct ledger *ledger = make(4);
    (void)state;
    assert_int_equal(ledger->set_id, 42);
    assert_true(ledger_is_idle(ledger));
    assert_int_equal(ledger_oldest_us(ledger), 0);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal((uintptr_t)&ledger->cells[i] % 64, 0);
        for (uint32_t j = 0; j < 3; j++) {
            assert_int_equal(ledger_read(&ledger->cells[i].instances[j].connects), 0);
            assert_int_equal(ledger_read(&ledger->cells[i].instances[j].codes[5]), 0);
        }
    }
    ledger_free(ledger);
    ledger_free(NULL);
}

static void
test_in_flight(void **state)
{
    struct ledger *ledger = make(3);
    (void)state;
    ledger_add(&ledger->cells[0].begun[LEDGER_NORMAL], 5);
    ledger_add(&ledger->cells[2].begun[LEDGER_NORMAL], 2);
    ledger_add(&ledger->cells[1].begun[LEDGER_PREVIEW], 1);
    assert_int_equal(ledger_in_flight(ledger, LEDGER_NORMAL), 7);
    assert_int_equal(ledger_in_flight(ledger, LEDGER_PREVIEW), 1);
    ledger_add(&ledger->cells[0].ended[LEDGER_NORMAL], 5);
    ledger_add(&ledger->cells[2].ended[LEDGER_NORMAL], 2);
    assert_int_equal(ledger_in_flight(ledger, LEDGER_NORMAL), 0);
    assert_false(ledger_is_idle(ledger)); /* a preview is in flight too */
    ledger_add(&ledger->cells[1].ended[LEDGER_PREVIEW], 1);
    assert_true(ledger_is_idle(ledger));
    ledger_free(ledger);
}

static void
test_oldest(void **state)
{
    struct ledger *ledger = make(3);
    (void)state;
    atomic_store(&ledger->cells[1].oldest_us, 900);
    assert_int_equal(ledger_oldest_us(ledger), 900);
    atomic_store(&ledger->cells[0].oldest_us, 1000);
    assert_int_equal(ledger_oldest_us(ledger), 900);
    atomic_store(&ledger->cells[2].oldest_us, 300);
    assert_int_equal(ledger_oldest_us(ledger), 300);
    ledger_free(ledger);
}

static void
test_durations(void **state)
{
    struct ledger *ledger = make(1);
    struct ledger_cell *cell = &ledger->cells[0];
    uint64_t sum = 0;
    (void)state;
    for (int i = 1; i < LEDGER_BUCKETS; i++) {
        assert_true(ledger_bucket_bounds_us[i - 1] < ledger_bucket_bounds_us[i]);
    }
    assert_true(ledger_bucket_bounds_us[LEDGER_BUCKETS - 1] == UINT64_MAX);
    for (int i = 0; i < LEDGER_BUCKETS - 1; i++) {
        /* A bound belongs to its own bucket. */
        ledger_count_duration(cell, ledger_bucket_bounds_us[i]);
        ledger_count_duration(cell, ledger_bucket_bounds_us[i] + 1);
        sum += 2 * ledger_bucket_bounds_us[i] + 1;
    }
    ledger_count_duration(cell, 0);
    for (int i = 0; i < LEDGER_BUCKETS; i++) {
        assert_int_equal(ledger_read(&cell->durations[i]), i == LEDGER_BUCKETS - 1 ? 1 : 2);
    }
    assert_int_equal(ledger_read(&cell->duration_us), sum);
    ledger_free(ledger);
}

enum { ROUNDS = 200000 };

static void *
work(void *argument)
{
    struct ledger_cell *cell = argument;
    for (int i = 0; i < ROUNDS; i++) {
        ledger_add(&cell->begun[LEDGER_NORMAL], 1);
        ledger_add(&cell->ended[LEDGER_NORMAL], 1);
    }
    return NULL;
}

/* A reader beside the writers sees no more than they have open, and never less than none. */
static void
test_read_beside_writers(void **state)
{
    enum { WORKERS = 3 };
    struct ledger *ledger = make(WORKERS);
    pthread_t threads[WORKERS];
    uint64_t begun = 0;
    (void)state;
    for (int i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work, &ledger->cells[i]), 0);
    }
    while (begun < (uint64_t)WORKERS * ROUNDS) {
        /* What ended and began again between the two reads is counted as open: bounded by the
         * whole, and a difference below zero would show as a huge number. */
        assert_true(ledger_in_flight(ledger, LEDGER_NORMAL) <= (uint64_t)WORKERS * ROUNDS);
        begun = 0;
        for (int i = 0; i < WORKERS; i++) {
            begun += ledger_read(&ledger->cells[i].begun[LEDGER_NORMAL]);
        }
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_true(ledger_is_idle(ledger));
    ledger_free(ledger);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zero),
        cmocka_unit_test(test_in_flight),
        cmocka_unit_test(test_oldest),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_read_beside_writers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
