/* The file journal as its callers see it: founding, appending, reading again, snapshots, damage. */
#include "tests/unit/journal/journal_kit.h"

static struct kit_seen seen;
static struct journal_report report;

static int
setup(void **state)
{
    static struct kit kit;
    kit_make(&kit);
    memset(&seen, 0, sizeof(seen));
    *state = &kit;
    return 0;
}

static int
teardown(void **state)
{
    kit_remove(*state);
    return 0;
}

static struct journal *
reopen(struct kit *kit, struct journal *journal)
{
    journal_close(journal);
    memset(&seen, 0, sizeof(seen));
    return kit_open(kit, &seen, &report);
}

static struct journal *
open_with(struct kit *kit, unsigned events)
{
    struct journal *journal = kit_open(kit, &seen, &report);
    for (unsigned i = 1; i < events; i++) {
        assert_int_equal(kit_append(journal), ERR_OK);
    }
    return journal;
}

static void
test_founds_and_reads_again(void **state)
{
    struct kit *kit = *state;
    struct journal *journal = open_with(kit, 1);
    assert_true(report.is_founded);
    kit_check_events(&seen, 1, 1);
    assert_int_equal(kit_append(journal), ERR_OK);
    assert_int_equal(kit_append(journal), ERR_OK);
    struct journal_place place = journal_place(journal);
    journal = reopen(kit, journal);
    assert_false(report.is_founded);
    assert_int_equal(report.cut_bytes, 0);
    kit_check_events(&seen, 1, 3);
    struct journal_place again = journal_place(journal);
    assert_memory_equal(&place, &again, sizeof(place));
    struct journal_cluster cluster = journal_cluster(journal);
    assert_memory_equal(cluster.bytes, "0123456789abcde", 16);
    struct stat facts;
    assert_int_equal(stat(kit->folder, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0700);
    journal_close(journal);
}

static void
test_hash_is_as_documented(void **state)
{
    (void)state;
    /* printf '\0...(32)' '\0\0\0\0\0\0\0\1' 'abc' | sha256sum */
    struct digest zeros = {{0}};
    struct digest hash;
    struct digest expected;
    char bytes[43] = {0};
    bytes[39] = 1;
    memcpy(bytes + 40, "abc", 3);
    digest_of(&(struct span){bytes, sizeof(bytes)}, 1, &expected);
    journal_hash(&zeros, 1, SPAN("abc"), &hash);
    assert_memory_equal(hash.bytes, expected.bytes, DIGEST_SIZE);
}

static void
test_does_not_found_without_an_event(void **state)
{
    struct kit *kit = *state;
    struct journal_file_options options = {.folder = kit->folder, .fault = ""};
    struct journal_reader reader = {NULL, kit_on_event, &seen};
    struct journal *journal = NULL;
    assert_int_equal(journal_file_open(&options, &reader, &journal, &report), ERR_NOT_FOUND);
    assert_null(journal);
    assert_non_null(strstr(report.text, kit->folder));
}

static void
test_append_compares(void **state)
{
    struct journal *journal = open_with(*state, 2);
    struct journal_place at = journal_place(journal);
    struct journal_place now = {0};
    struct journal_place wrong = at;
    wrong.head.bytes[0] ^= 1;
    assert_int_equal(journal_append(journal, &wrong, JOURNAL_ROOM_NORMAL, SPAN("x"), &now),
                     ERR_CONFLICT);
    wrong = at;
    wrong.epoch--;
    assert_int_equal(journal_append(journal, &wrong, JOURNAL_ROOM_NORMAL, SPAN("x"), &now),
                     ERR_CONFLICT);
    assert_true(journal_trouble(journal)[0] != '\0');
    assert_int_equal(journal_append(journal, &at, JOURNAL_ROOM_NORMAL, SPAN(""), &now),
                     ERR_INVALID);
    static char large[JOURNAL_EVENT_MAX + 1];
    struct span too_large = {large, sizeof(large)};
    assert_int_equal(journal_append(journal, &at, JOURNAL_ROOM_NORMAL, too_large, &now),
                     ERR_TOO_LARGE);
    assert_int_equal(now.epoch, 0);
    struct span largest = {large, sizeof(large) - 1};
    assert_int_equal(journal_append(journal, &at, JOURNAL_ROOM_NORMAL, largest, &now), ERR_OK);
    assert_int_equal(now.epoch, 3);
    assert_string_equal(journal_trouble(journal), "");
    journal = reopen(*state, journal);
    assert_int_equal(seen.count, 3);
    journal_close(journal);
}

static void
test_rotates_and_keeps_history(void **state)
{
    struct kit *kit = *state;
    struct journal *journal = open_with(kit, 500);
    memset(&seen, 0, sizeof(seen));
    assert_int_equal(journal_read(journal, 1, kit_on_event, &seen), ERR_OK);
    kit_check_events(&seen, 1, 500);
    memset(&seen, 0, sizeof(seen));
    assert_int_equal(journal_read(journal, 490, kit_on_event, &seen), ERR_OK);
    kit_check_events(&seen, 490, 500);
    memset(&seen, 0, sizeof(seen));
    assert_int_equal(journal_read(journal, 501, kit_on_event, &seen), ERR_OK);
    assert_int_equal(seen.count, 0);
    seen.event_err = ERR_LIMIT;
    assert_int_equal(journal_read(journal, 1, kit_on_event, &seen), ERR_LIMIT);
    assert_int_equal(seen.count, 1);
    journal = reopen(kit, journal);
    kit_check_events(&seen, 1, 500);
    journal_close(journal);
}

static void
test_starts_from_snapshot(void **state)
{
    struct kit *kit = *state;
    struct journal *journal = open_with(kit, 300);
    struct journal_place place = journal_place(journal);
    assert_int_equal(journal_snapshot(journal, &place, SPAN("state 300")), ERR_OK);
    journal = reopen(kit, journal);
    assert_string_equal(seen.state, "state 300");
    assert_int_equal(report.snapshot_epoch, 300);
    assert_int_equal(seen.count, 0);
    assert_int_equal(kit_append(journal), ERR_OK);
    journal = reopen(kit, journal);
    assert_int_equal(seen.state_epoch, 300);
    kit_check_events(&seen, 301, 301);
    /* One that is not accepted: everything is read. */
    journal_close(journal);
    memset(&seen, 0, sizeof(seen));
    seen.refuse_states = 1;
    journal = kit_open(kit, &seen, &report);
    kit_check_events(&seen, 1, 301);
    assert_true(report.is_snapshot_passed_over);
    assert_int_equal(report.snapshot_epoch, 0);
    journal_close(journal);
}

static void
test_damaged_snapshot_is_passed_over(void **state)
{
    struct kit *kit = *state;
    char path[KIT_PATH_MAX];
    struct journal *journal = open_with(kit, 10);
    struct journal_place place = journal_place(journal);
    assert_int_equal(journal_snapshot(journal, &place, SPAN("state 10")), ERR_OK);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(kit_append(journal), ERR_OK);
    }
    place = journal_place(journal);
    assert_int_equal(journal_snapshot(journal, &place, SPAN("state 20")), ERR_OK);
    kit_flip(kit_path(kit, "snapshot", 20, path), 85);
    journal = reopen(kit, journal);
    assert_true(report.is_snapshot_passed_over);
    assert_string_equal(seen.state, "state 10");
    kit_check_events(&seen, 11, 20);
    /* The newest two are kept. */
    for (int i = 0; i < 5; i++) {
        assert_int_equal(kit_append(journal), ERR_OK);
        place = journal_place(journal);
        assert_int_equal(journal_snapshot(journal, &place, SPAN("state")), ERR_OK);
    }
    assert_int_not_equal(access(kit_path(kit, "snapshot", 23, path), F_OK), 0);
    assert_int_equal(access(kit_path(kit, "snapshot", 24, path), F_OK), 0);
    assert_int_equal(access(kit_path(kit, "snapshot", 25, path), F_OK), 0);
    journal_close(journal);
}

static void
test_reader_error_is_passed_up(void **state)
{
    journal_close(open_with(*state, 3));
    struct journal *journal = NULL;
    seen.event_err = ERR_SYNTAX;
    assert_int_equal(kit_try_open(*state, NULL, &seen, &journal, &report), ERR_SYNTAX);
    assert_null(journal);
}

/* Runs as somebody whom rights bind; the exit code counts what is wrong. */
static int
open_unwritable(struct kit *kit)
{
    struct journal *journal = NULL;
    struct journal_place now;
    int wrong = geteuid() == 0 && setuid(KIT_NOBODY) != 0;
    if (kit_try_open(kit, NULL, &seen, &journal, &report) != ERR_OK) {
        return 100;
    }
    struct journal_place at = journal_place(journal);
    wrong += seen.count != 3;
    wrong += !report.is_read_only;
    wrong += strstr(report.text, "segment-") == NULL;
    wrong += !journal_is_failed(journal);
    wrong += journal_append(journal, &at, JOURNAL_ROOM_NORMAL, SPAN("x"), &now) != ERR_READ_ONLY;
    wrong += journal_trouble(journal)[0] == '\0';
    journal_close(journal);
    return wrong;
}

static void
test_unwritable_file_is_read_only(void **state)
{
    struct kit *kit = *state;
    char path[KIT_PATH_MAX];
    journal_close(open_with(kit, 3));
    memset(&seen, 0, sizeof(seen));
    kit_path(kit, "segment", 1, path);
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(kit->folder, 0555), 0);
    assert_int_equal(chmod(kit->root, 0755), 0);
    pid_t child = fork();
    if (child == 0) {
        _exit(open_unwritable(kit));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void
test_unfinished_files_are_removed(void **state)
{
    struct kit *kit = *state;
    char path[KIT_PATH_MAX];
    journal_close(open_with(kit, 3));
    snprintf(path, sizeof(path), "%s/segment-00000000000000000004.tmp", kit->folder);
    int file = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(file >= 0);
    close(file);
    memset(&seen, 0, sizeof(seen));
    struct journal *journal = kit_open(kit, &seen, &report);
    kit_check_events(&seen, 1, 3);
    assert_int_not_equal(access(path, F_OK), 0);
    journal_close(journal);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_founds_and_reads_again),          CASE(test_hash_is_as_documented),
        CASE(test_does_not_found_without_an_event), CASE(test_append_compares),
        CASE(test_rotates_and_keeps_history),       CASE(test_starts_from_snapshot),
        CASE(test_damaged_snapshot_is_passed_over), CASE(test_reader_error_is_passed_up),
        CASE(test_unwritable_file_is_read_only),    CASE(test_unfinished_files_are_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
