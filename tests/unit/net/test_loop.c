/* The turn: deferred tasks, hooks, timers, messages from other threads, stop. */
#include "tests/unit/net/support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include "proxy/net/inbox.h"
#include "proxy/net/timer.h"

static struct loop *loop;

static int
set_up(void **state)
{
    (void)state;
    return loop_new(&loop) == ERR_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    loop_free(loop);
    return 0;
}

struct repeat {
    struct loop_task task;
    unsigned left;
    unsigned runs;
};

static void
run_repeat(struct loop_task *task)
{
    struct repeat *repeat = (struct repeat *)(void *)task;
    repeat->runs++;
    if (repeat->left-- > 1) {
        loop_defer(loop, task);
    }
}

/* A turn that may sleep does not while something is deferred; one run a turn. */
static void
test_deferred_again_runs_next_turn(void **state)
{
    (void)state;
    struct repeat repeat = {.left = 3};
    loop_task_init(&repeat.task, run_repeat);
    loop_defer(loop, &repeat.task);
    loop_defer(loop, &repeat.task);
    for (unsigned turn = 1; turn <= 3; turn++) {
        loop_turn(loop, true);
        assert_int_equal(repeat.runs, turn);
    }
    loop_turn(loop, false);
    assert_int_equal(repeat.runs, 3);
}

static void
test_cancelled_task_does_not_run(void **state)
{
    (void)state;
    struct repeat repeat = {.left = 1};
    loop_task_init(&repeat.task, run_repeat);
    loop_task_cancel(&repeat.task);
    loop_defer(loop, &repeat.task);
    loop_task_cancel(&repeat.task);
    loop_turn(loop, false);
    assert_int_equal(repeat.runs, 0);
}

static void
run_free(struct loop_task *task)
{
    free(task);
}

static void
test_task_may_free_its_owner(void **state)
{
    (void)state;
    struct loop_task *task = malloc(sizeof *task);
    loop_task_init(task, run_free);
    loop_defer(loop, task);
    loop_turn(loop, false);
}

static void
count_turn(void *arg)
{
    ++*(unsigned *)arg;
}

static void
test_hooks_run_every_turn(void **state)
{
    (void)state;
    unsigned first = 0, second = 0;
    loop_on_turn(loop, count_turn, &first);
    loop_on_turn(loop, count_turn, &second);
    loop_turn(loop, false);
    loop_turn(loop, false);
    assert_int_equal(first, 2);
    assert_int_equal(second, 2);
}

struct alarm {
    struct timer timer;
    uint64_t fired_us;
    unsigned count;
    struct timer *clears;
};

static void
on_expired(struct timer *timer)
{
    struct alarm *alarm = (struct alarm *)(void *)timer;
    alarm->fired_us = loop_now_us(loop);
    alarm->count++;
    if (alarm->clears != NULL) {
        timer_clear(alarm->clears);
    }
}

/* The loop sleeps until the timer, not less, and wakes for little else. */
static void
test_timer_wakes_the_loop(void **state)
{
    (void)state;
    struct alarm alarm = {.count = 0};
    timer_init(&alarm.timer, on_expired);
    uint64_t start_us = loop_now_us(loop);
    timer_set(loop, &alarm.timer, 100);
    unsigned turns = 0;
    while (alarm.count == 0) {
        loop_turn(loop, true);
        turns++;
    }
    assert_true(alarm.fired_us >= start_us + 100000);
    assert_true(turns <= 8);
    assert_false(timer_is_set(&alarm.timer));
}

static void
test_timer_moved_and_cleared(void **state)
{
    (void)state;
    struct alarm moved = {.count = 0}, cleared = {.count = 0}, last = {.count = 0};
    timer_init(&moved.timer, on_expired);
    timer_init(&cleared.timer, on_expired);
    timer_init(&last.timer, on_expired);
    timer_set(loop, &moved.timer, 1);
    timer_set(loop, &moved.timer, 60000);
    timer_set(loop, &cleared.timer, 1);
    timer_clear(&cleared.timer);
    timer_set(loop, &last.timer, 40);
    while (last.count == 0) {
        loop_turn(loop, true);
    }
    assert_int_equal(moved.count, 0);
    assert_int_equal(cleared.count, 0);
    assert_true(timer_is_set(&moved.timer));
    timer_clear(&moved.timer);
}

/* Of two timers that are due in one turn, the first takes the second back. */
static void
test_timer_cleared_by_another(void **state)
{
    (void)state;
    struct alarm first = {.count = 0}, second = {.count = 0};
    timer_init(&first.timer, on_expired);
    timer_init(&second.timer, on_expired);
    first.clears = &second.timer;
    second.clears = &first.timer;
    timer_set(loop, &first.timer, 1);
    timer_set(loop, &second.timer, 1);
    TURN_UNTIL(loop, first.count + second.count > 0);
    turn_some(loop);
    assert_int_equal(first.count + second.count, 1);
}

static void
stop_on_expired(struct timer *timer)
{
    (void)timer;
    loop_stop(loop);
}

/* With many timers far away, the loop sleeps. */
static void
test_idle_loop_sleeps(void **state)
{
    (void)state;
    enum { IDLE = 1000 };
    struct timer *timers = calloc(IDLE, sizeof *timers);
    for (unsigned i = 0; i < IDLE; i++) {
        timer_init(&timers[i], stop_on_expired);
        timer_set(loop, &timers[i], 3600000 + i);
    }
    struct timer stop;
    timer_init(&stop, stop_on_expired);
    timer_set(loop, &stop, 300);
    unsigned turns = 0;
    loop_on_turn(loop, count_turn, &turns);
    loop_run(loop);
    assert_true(turns <= 8);
    for (unsigned i = 0; i < IDLE; i++) {
        timer_clear(&timers[i]);
    }
    free(timers);
}

static void
test_time_stands_still_within_a_turn(void **state)
{
    (void)state;
    loop_turn(loop, false);
    uint64_t now = loop_now_us(loop);
    while (clock_mono_us() < now + 2000) {
    }
    assert_int_equal(loop_now_us(loop), now);
    assert_int_equal(loop_now_ms(loop), now / 1000);
    loop_refresh(loop);
    assert_true(loop_now_us(loop) >= now + 2000);
}

enum { SENDERS = 4, MESSAGES = 20000 };

struct letter {
    struct message message;
    unsigned sender;
    unsigned number;
};

static struct inbox inbox;
static unsigned next_number[SENDERS];
static unsigned received;

static void
on_letter(struct inbox *from, struct message *message)
{
    assert_ptr_equal(from, &inbox);
    struct letter *letter = MESSAGE_ITEM(message, struct letter, message);
    assert_int_equal(letter->number, next_number[letter->sender]);
    next_number[letter->sender]++;
    free(letter);
    if (++received == SENDERS * MESSAGES) {
        loop_stop(loop);
    }
}

static void *
send_letters(void *arg)
{
    for (unsigned i = 0; i < MESSAGES; i++) {
        struct letter *letter = malloc(sizeof *letter);
        letter->sender = (unsigned)(uintptr_t)arg;
        letter->number = i;
        inbox_post(&inbox, &letter->message);
    }
    return NULL;
}

static void
test_messages_of_many_threads(void **state)
{
    (void)state;
    received = 0;
    memset(next_number, 0, sizeof next_number);
    inbox_init(&inbox, loop, on_letter);
    pthread_t threads[SENDERS];
    for (uintptr_t i = 0; i < SENDERS; i++) {
        pthread_create(&threads[i], NULL, send_letters, (void *)i);
    }
    loop_run(loop);
    for (unsigned i = 0; i < SENDERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(next_number[i], MESSAGES);
    }
    inbox_fini(&inbox);
}

static void
test_closing_an_inbox_handles_the_rest(void **state)
{
    (void)state;
    received = 0;
    memset(next_number, 0, sizeof next_number);
    inbox_init(&inbox, loop, on_letter);
    for (unsigned i = 0; i < 2; i++) {
        struct letter *letter = calloc(1, sizeof *letter);
        letter->number = i;
        inbox_post(&inbox, &letter->message);
    }
    inbox_fini(&inbox);
    assert_int_equal(received, 2);
    loop_turn(loop, false);
}

static void *
stop_loop(void *arg)
{
    loop_stop(arg);
    return NULL;
}

static void
test_stop_from_another_thread(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, stop_loop, loop);
        loop_run(loop);
        pthread_join(thread, NULL);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_deferred_again_runs_next_turn),
        TEST(test_cancelled_task_does_not_run),
        TEST(test_task_may_free_its_owner),
        TEST(test_hooks_run_every_turn),
        TEST(test_timer_wakes_the_loop),
        TEST(test_timer_moved_and_cleared),
        TEST(test_timer_cleared_by_another),
        TEST(test_idle_loop_sleeps),
        TEST(test_time_stands_still_within_a_turn),
        TEST(test_messages_of_many_threads),
        TEST(test_closing_an_inbox_handles_the_rest),
        TEST(test_stop_from_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
