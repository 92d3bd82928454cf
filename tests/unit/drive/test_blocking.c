/* The blocking thread: jobs in order, ends on the loop, appends from the loop's side, a stop that
 * loses nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/drive/blocking.h"
#include "control/journal/journal_file.h"
#include "proxy/net/loop.h"

enum { JOBS = 50 };

static struct loop *loop;
static struct blocking *blocking;
static pthread_t loop_thread;

struct record {
    unsigned worked[JOBS];
    unsigned work_count;
    unsigned done[JOBS];
    unsigned done_count;
    bool was_elsewhere;
    bool posts_again;
    enum err again;
};

struct item {
    struct record *record;
    unsigned number;
};

static void
work(void *context)
{
    struct item *item = context;
    item->record->was_elsewhere = !pthread_equal(pthread_self(), loop_thread);
    item->record->worked[item->record->work_count++] = item->number;
}

static void
done(void *context)
{
    struct item *item = context;
    assert_true(pthread_equal(pthread_self(), loop_thread));
    item->record->done[item->record->done_count++] = item->number;
    if (item->record->posts_again) {
        item->record->posts_again = false;
        item->record->again = blocking_post(blocking, work, done, item);
    }
}

static int
setup(void **state)
{
    (void)state;
    loop_thread = pthread_self();
    assert_int_equal(loop_new(&loop), ERR_OK);
    assert_int_equal(blocking_start(loop, &blocking), ERR_OK);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    blocking_stop(blocking);
    loop_free(loop);
    return 0;
}

static void
check_order(const struct record *record)
{
    assert_int_equal(record->work_count, JOBS);
    assert_int_equal(record->done_count, JOBS);
    for (unsigned i = 0; i < JOBS; i++) {
        assert_int_equal(record->worked[i], i);
        assert_int_equal(record->done[i], i);
    }
    assert_true(record->was_elsewhere);
}

static void
post_all(struct item items[JOBS], struct record *record)
{
    for (unsigned i = 0; i < JOBS; i++) {
        items[i] = (struct item){record, i};
        assert_int_equal(blocking_post(blocking, work, done, &items[i]), ERR_OK);
    }
}

static void
test_jobs_run_in_order(void **state)
{
    (void)state;
    static struct item items[JOBS];
    struct record record = {0};
    post_all(items, &record);
    assert_int_equal(record.done_count, 0); /* only from the loop */
    while (record.done_count < JOBS) {
        loop_turn(loop, true);
    }
    check_order(&record);
}

static void
test_stop_ends_what_was_posted(void **state)
{
    (void)state;
    static struct item items[JOBS];
    struct record record = {.posts_again = true};
    post_all(items, &record);
    blocking_stop(blocking);
    blocking = NULL;
    check_order(&record);
    assert_int_equal(record.again, ERR_NOT_READY);
    blocking_stop(NULL);
}

static enum err
on_event(void *context, const struct journal_event *event)
{
    (void)context, (void)event;
    return ERR_OK;
}

struct appended {
    unsigned count;
    struct blocking_append_result last;
    char trouble[JOURNAL_TEXT_SIZE];
};

static void
on_appended(void *context, const struct blocking_append_result *result)
{
    struct appended *appended = context;
    appended->count++;
    appended->last = *result;
    snprintf(appended->trouble, sizeof(appended->trouble), "%s", result->trouble);
}

static void
test_appends(void **state)
{
    (void)state;
    char root[] = "/tmp/turnout-blocking-XXXXXX";
    char folder[64];
    char path[128];
    assert_non_null(mkdtemp(root));
    snprintf(folder, sizeof(folder), "%s/journal", root);
    struct journal_file_options options = {
        .folder = folder, .first_event = SPAN("first"), .fault = "journal:10+:ENOSPC"};
    struct journal_reader reader = {.event = on_event};
    struct journal *journal = NULL;
    struct journal_report report;
    assert_int_equal(journal_file_open(&options, &reader, &journal, &report), ERR_OK);
    struct journal_place start = journal_place(journal);
    struct appended appended = {0};
    char bytes[] = "second";
    assert_int_equal(blocking_append(blocking, journal, &start, JOURNAL_ROOM_NORMAL, SPAN("second"),
                                     on_appended, &appended),
                     ERR_OK);
    memset(bytes, 'x', sizeof(bytes)); /* they were copied */
    /* The second is decided at the same place and comes too late. */
    assert_int_equal(blocking_append(blocking, journal, &start, JOURNAL_ROOM_NORMAL, SPAN("late"),
                                     on_appended, &appended),
                     ERR_OK);
    while (appended.count < 1) {
        loop_turn(loop, true);
    }
    while (appended.count < 2) {
        loop_turn(loop, true);
    }
    assert_int_equal(appended.last.err, ERR_CONFLICT);
    struct journal_place at = journal_place(journal);
    assert_int_equal(at.epoch, 2);
    /* The disk is full from here on. */
    assert_int_equal(blocking_append(blocking, journal, &at, JOURNAL_ROOM_RESERVE, SPAN("third"),
                                     on_appended, &appended),
                     ERR_OK);
    while (appended.count < 3) {
        loop_turn(loop, true);
    }
    assert_int_equal(appended.last.err, ERR_NO_SPACE);
    assert_non_null(strstr(appended.trouble, "free space"));
    journal_close(journal);
    snprintf(path, sizeof(path), "%s/segment-00000000000000000001", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(rmdir(root), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_jobs_run_in_order),
        CASE(test_stop_ends_what_was_posted),
        CASE(test_appends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
