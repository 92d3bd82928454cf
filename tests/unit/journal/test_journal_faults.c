/* Every system call by which the journal changes something, and every way in which it can fail or
 * be the last one. */
#include "tests/unit/journal/journal_kit.h"

#include <signal.h>

enum {
    RUN_EVENTS = 48, /* two segments of 4 KiB */
    RUN_SNAPSHOT_EVERY = 12,
    RUN_POINTS_MAX = 2000,
    RUN_ALL_DONE = 17 /* exit code of a child that reached the end */
};

static struct kit_seen seen;
static struct journal_report report;

/* Founds or opens and goes to RUN_EVENTS events; tells each acknowledged epoch by the pipe. */
static int
run_events(const struct kit *kit, const char *fault, int told)
{
    struct journal *journal = NULL;
    if (kit_try_open(kit, fault, &seen, &journal, &report) != ERR_OK) {
        return 1;
    }
    for (;;) {
        struct journal_place place = journal_place(journal);
        if (write(told, &place.epoch, sizeof(place.epoch)) != sizeof(place.epoch)) {
            return 2;
        }
        if (place.epoch == RUN_EVENTS) {
            journal_close(journal);
            return RUN_ALL_DONE;
        }
        if (place.epoch % RUN_SNAPSHOT_EVERY == 0) {
            journal_snapshot(journal, &place, SPAN("state"));
        }
        if (kit_append(journal) != ERR_OK) {
            return 3;
        }
    }
}

/* Runs a child with the fault; its exit status, and the last epoch that it saw acknowledged. */
static int
run_child(const struct kit *kit, const char *fault, uint64_t *acknowledged)
{
    int told[2];
    int status = 0;
    uint64_t epoch = 0;
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(told[0]);
        _exit(run_events(kit, fault, told[1]));
    }
    close(told[1]);
    *acknowledged = 0;
    while (read(told[0], &epoch, sizeof(epoch)) == sizeof(epoch)) {
        *acknowledged = epoch;
    }
    close(told[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* Opens what a killed child left: all that was acknowledged is there, at most one more, and nothing
 * is missing before. */
static void
check_left(const struct kit *kit, uint64_t acknowledged)
{
    memset(&seen, 0, sizeof(seen));
    struct journal *journal = kit_open(kit, &seen, &report);
    uint64_t epoch = journal_place(journal).epoch;
    assert_true(epoch >= acknowledged && epoch <= acknowledged + 1);
    if (acknowledged > 0) {
        assert_false(report.is_founded);
    }
    if (seen.state_epoch > 0) {
        assert_string_equal(seen.state, "state");
    }
    memset(&seen, 0, sizeof(seen));
    assert_int_equal(journal_read(journal, 1, kit_on_event, &seen), ERR_OK);
    kit_check_events(&seen, 1, epoch);
    assert_int_equal(kit_append(journal), ERR_OK);
    journal_close(journal);
}

static void
kill_everywhere(const char *how)
{
    bool is_done = false;
    for (unsigned point = 1; !is_done; point++) {
        struct kit kit;
        char fault[40];
        uint64_t acknowledged;
        assert_true(point < RUN_POINTS_MAX);
        kit_make(&kit);
        snprintf(fault, sizeof(fault), "journal:%u:%s", point, how);
        int status = run_child(&kit, fault, &acknowledged);
        is_done = WIFEXITED(status) && WEXITSTATUS(status) == RUN_ALL_DONE;
        if (!is_done) {
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
            check_left(&kit, acknowledged);
        }
        kit_remove(&kit);
    }
}

static void
test_killed_before_each_call(void **state)
{
    (void)state;
    kill_everywhere("kill");
}

static void
test_killed_after_each_call(void **state)
{
    (void)state;
    kill_everywhere("kill-after");
}

static void
test_killed_in_each_write(void **state)
{
    (void)state;
    kill_everywhere("torn");
}

/* One failing call: the append is refused and the journal is as before, or it is said to have
 * failed; after opening it anew it goes on to the end. */
static void
fail_once_everywhere(const char *how)
{
    bool is_done = false;
    for (unsigned point = 1; !is_done; point++) {
        struct kit kit;
        char fault[40];
        struct journal *journal = NULL;
        assert_true(point < RUN_POINTS_MAX);
        kit_make(&kit);
        snprintf(fault, sizeof(fault), "journal:%u:%s", point, how);
        memset(&seen, 0, sizeof(seen));
        enum err err = kit_try_open(&kit, fault, &seen, &journal, &report);
        bool has_failed = err != ERR_OK;
        for (int tries = 0; err == ERR_OK && journal_place(journal).epoch < RUN_EVENTS; tries++) {
            struct journal_place at = journal_place(journal);
            assert_true(tries < RUN_EVENTS + 2);
            if (at.epoch % RUN_SNAPSHOT_EVERY == 0) {
                has_failed |= journal_snapshot(journal, &at, SPAN("state")) != ERR_OK;
            }
            if (kit_append(journal) != ERR_OK) {
                has_failed = true;
                assert_true(strstr(journal_trouble(journal), kit.folder) != NULL);
                memset(&seen, 0, sizeof(seen));
                assert_int_equal(journal_read(journal, 1, kit_on_event, &seen), ERR_OK);
                kit_check_events(&seen, 1, at.epoch);
            }
            if (journal_is_failed(journal)) {
                assert_int_equal(kit_append(journal), ERR_READ_ONLY);
                journal_close(journal);
                journal = kit_open(&kit, &seen, &report);
                assert_int_equal(journal_place(journal).epoch, at.epoch);
            }
        }
        journal_close(journal);
        memset(&seen, 0, sizeof(seen));
        journal = kit_open(&kit, &seen, &report);
        assert_int_equal(journal_place(journal).epoch, err == ERR_OK ? RUN_EVENTS : 1);
        journal_close(journal);
        kit_remove(&kit);
        /* Removing an old file may fail unseen: the end is where many points in a row change
         * nothing. */
        static unsigned quiet;
        quiet = has_failed ? 0 : quiet + 1;
        is_done = quiet > 40;
    }
}

static void
test_disk_full_at_each_call(void **state)
{
    (void)state;
    fail_once_everywhere("ENOSPC");
    fail_once_everywhere("full");
}

static void
test_error_at_each_call(void **state)
{
    (void)state;
    fail_once_everywhere("EIO");
}

static void
test_short_writes_are_gone_on_with(void **state)
{
    (void)state;
    struct kit kit;
    kit_make(&kit);
    uint64_t acknowledged;
    int status = run_child(&kit, "journal:1+:short", &acknowledged);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == RUN_ALL_DONE);
    check_left(&kit, RUN_EVENTS);
    kit_remove(&kit);
}

/* A disk that stays broken from some call on: never an acknowledged event lost, never a crash. */
static void
test_lasting_errors(void **state)
{
    (void)state;
    const char *const kinds[] = {"ENOSPC", "EIO", "EROFS", "EDQUOT"};
    for (unsigned kind = 0; kind < 4; kind++) {
        for (unsigned point = 1; point < 60; point++) {
            struct kit kit;
            char fault[40];
            uint64_t acknowledged;
            kit_make(&kit);
            snprintf(fault, sizeof(fault), "journal:%u+:%s", point, kinds[kind]);
            int status = run_child(&kit, fault, &acknowledged);
            assert_true(WIFEXITED(status));
            check_left(&kit, acknowledged);
            kit_remove(&kit);
        }
    }
}

static unsigned
count_appends(struct journal *journal, enum journal_room room)
{
    unsigned count = 0;
    struct journal_place at = journal_place(journal);
    while (count < 1000 &&
           journal_append(journal, &at, room, SPAN("an event like many"), &at) == ERR_OK) {
        count++;
    }
    return count;
}

/* No new segment can be made: what begins something is refused while there is room left for what
 * ends it. */
static void
test_reserve_is_kept(void **state)
{
    (void)state;
    struct kit kit;
    char path[KIT_PATH_MAX];
    struct journal *journal = NULL;
    kit_make(&kit);
    memset(&seen, 0, sizeof(seen));
    assert_int_equal(kit_try_open(&kit, "", &seen, &journal, &report), ERR_OK);
    /* Folders stand where the new segments would be written. */
    for (unsigned epoch = 2; epoch < 80; epoch++) {
        snprintf(path, sizeof(path), "%s/segment-%020u.tmp", kit.folder, epoch);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    unsigned normal = count_appends(journal, JOURNAL_ROOM_NORMAL);
    assert_true(normal > 10 && !journal_is_failed(journal));
    unsigned reserve = count_appends(journal, JOURNAL_ROOM_RESERVE);
    assert_true(reserve > 5 && !journal_is_failed(journal));
    for (unsigned epoch = 2; epoch < 80; epoch++) {
        snprintf(path, sizeof(path), "%s/segment-%020u.tmp", kit.folder, epoch);
        assert_int_equal(rmdir(path), 0);
    }
    assert_int_equal(kit_append(journal), ERR_OK);
    assert_int_equal(journal_place(journal).epoch, 1 + normal + reserve + 1);
    journal_close(journal);
    kit_remove(&kit);
}

static void
test_faults_are_read_strictly(void **state)
{
    (void)state;
    const char *const wrong[] = {"journal",     "journal:",      "journal:1",    "journal:x:kill",
                                 "journal:1:x", "journal::kill", "redis:1:kill", "journal:+:kill"};
    struct kit kit;
    kit_make(&kit);
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct journal *journal = NULL;
        assert_int_equal(kit_try_open(&kit, wrong[i], &seen, &journal, &report), ERR_INVALID);
        assert_non_null(strstr(report.text, wrong[i]));
    }
    /* Without an option the environment is asked. */
    struct journal_file_options options = {.folder = kit.folder, .first_event = SPAN("event 1")};
    struct journal_reader reader = {NULL, kit_on_event, &seen};
    struct journal *journal = NULL;
    setenv("TURNOUT_FAULT", "journal:2:EIO", 1);
    assert_int_equal(journal_file_open(&options, &reader, &journal, &report), ERR_IO);
    unsetenv("TURNOUT_FAULT");
    assert_int_equal(journal_file_open(&options, &reader, &journal, &report), ERR_OK);
    journal_close(journal);
    kit_remove(&kit);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_before_each_call),
        cmocka_unit_test(test_killed_after_each_call),
        cmocka_unit_test(test_killed_in_each_write),
        cmocka_unit_test(test_disk_full_at_each_call),
        cmocka_unit_test(test_error_at_each_call),
        cmocka_unit_test(test_short_writes_are_gone_on_with),
        cmocka_unit_test(test_lasting_errors),
        cmocka_unit_test(test_reserve_is_kept),
        cmocka_unit_test(test_faults_are_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
