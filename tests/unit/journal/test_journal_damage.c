/* Journals that are not what was written: torn ends are cut, all else is refused with the way out.
 */
#include "tests/unit/journal/journal_kit.h"

#include "control/journal/format.h"

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
expect_corrupt(struct kit *kit, const char *word)
{
    struct journal *journal = NULL;
    memset(&seen, 0, sizeof(seen));
    assert_int_equal(kit_try_open(kit, NULL, &seen, &journal, &report), ERR_CORRUPT);
    assert_null(journal);
    if (strstr(report.text, word) == NULL || strstr(report.text, "backup") == NULL ||
        strstr(report.text, kit->folder) == NULL) {
        fail_msg("message lacks \"%s\", the folder or the way out: %s", word, report.text);
    }
}

static void
test_snapshot_ahead_of_events_is_damage(void **state)
{
    struct kit *kit = *state;
    char path[KIT_PATH_MAX];
    struct journal *journal = open_with(kit, 10);
    struct journal_place place = journal_place(journal);
    assert_int_equal(journal_snapshot(journal, &place, SPAN("state 10")), ERR_OK);
    journal_close(journal);
    /* The segment loses its last record as a torn write would. */
    size_t record = format_record_size(7);
    assert_int_equal(
        truncate(kit_path(kit, "segment", 1, path), FORMAT_HEADER_SIZE + (off_t)(record * 9)), 0);
    expect_corrupt(kit, "snapshot");
    unlink(path);
    expect_corrupt(kit, "missing");
}

static void
test_middle_damage_refuses(void **state)
{
    struct kit *kit = *state;
    char path[KIT_PATH_MAX];
    journal_close(open_with(kit, 5));
    kit_path(kit, "segment", 1, path);
    off_t size = FORMAT_HEADER_SIZE + (off_t)format_record_size(7) * 5;
    for (off_t at = 0; at < size; at++) {
        kit_flip(path, at);
        struct journal *journal = NULL;
        enum err err = kit_try_open(kit, NULL, &seen, &journal, &report);
        memset(&seen, 0, sizeof(seen));
        /* A flipped version may look like a newer one; nothing is ever read past damage. */
        if (err != ERR_CORRUPT && !(err == ERR_VERSION && at >= 8 && at < 12)) {
            fail_msg("offset %ld: %s", (long)at, err_text(err));
        }
        kit_flip(path, at);
    }
    kit_flip(path, FORMAT_HEADER_SIZE + (off_t)format_record_size(7) + 50);
    char offset[32];
    snprintf(offset, sizeof(offset), "offset %zu:", FORMAT_HEADER_SIZE + format_record_size(7));
    expect_corrupt(kit, offset);
    expect_corrupt(kit, "segment-00000000000000000001");
}

static void
test_missing_or_foreign_segments_refuse(void **state)
{
    struct kit *kit = *state;
    char path[KIT_PATH_MAX];
    struct journal *journal = open_with(kit, 100);
    journal_close(journal);
    /* The second segment by name. */
    uint64_t second = 0;
    for (uint64_t epoch = 2; second == 0; epoch++) {
        assert_true(epoch < 100);
        second = access(kit_path(kit, "segment", epoch, path), F_OK) == 0 ? epoch : 0;
    }
    char aside[KIT_PATH_MAX + 8];
    snprintf(aside, sizeof(aside), "%s.aside", path);
    assert_int_equal(rename(path, aside), 0);
    expect_corrupt(kit, "does not continue");
    char other[KIT_PATH_MAX];
    assert_int_equal(rename(aside, kit_path(kit, "segment", second + 1, other)), 0);
    expect_corrupt(kit, "name does not fit");
    assert_int_equal(rename(other, path), 0);
    kit_path(kit, "segment", 1, other);
    assert_int_equal(unlink(other), 0);
    expect_corrupt(kit, "missing");
}

static void
test_torn_tail_is_cut(void **state)
{
    struct kit *kit = *state;
    char path[KIT_PATH_MAX];
    uint8_t record[512];
    struct journal *journal = open_with(kit, 3);
    struct journal_event event = {.epoch = 4, .bytes = SPAN("event 4")};
    struct journal_place place = journal_place(journal);
    journal_hash(&place.head, 4, event.bytes, &event.hash);
    format_put_record(record, &event);
    size_t size = format_record_size(7);
    off_t end = FORMAT_HEADER_SIZE + (off_t)size * 3;
    journal_close(journal);
    kit_path(kit, "segment", 1, path);
    for (size_t cut = 1; cut < size; cut++) {
        kit_write_at(path, end, record, cut);
        memset(&seen, 0, sizeof(seen));
        journal = kit_open(kit, &seen, &report);
        kit_check_events(&seen, 1, 3);
        if (cut > 3) { /* what comes before that is zeros of the size */
            assert_int_equal(report.cut_offset, end);
            assert_true(report.cut_bytes > 0 && report.cut_bytes <= cut);
            assert_string_equal(report.cut_file, "segment-00000000000000000001");
        }
        journal = reopen(kit, journal);
        assert_int_equal(report.cut_bytes, 0);
        journal_close(journal);
    }
    /* And the journal goes on behind it. */
    kit_write_at(path, end, record, size / 2);
    journal = kit_open(kit, &seen, &report);
    assert_int_equal(kit_append(journal), ERR_OK);
    journal = reopen(kit, journal);
    kit_check_events(&seen, 1, 4);
    journal_close(journal);
    /* A file that ends in the middle of a record is torn too. */
    assert_int_equal(truncate(path, end + 20), 0);
    memset(&seen, 0, sizeof(seen));
    journal = kit_open(kit, &seen, &report);
    kit_check_events(&seen, 1, 3);
    assert_int_equal(report.cut_bytes, 20);
    journal_close(journal);
}

/* A record over several sectors of which any one did not reach the disk. */
static void
test_torn_by_sectors_is_cut(void **state)
{
    struct kit *kit = *state;
    char path[KIT_PATH_MAX];
    static char text[1500];
    static const char zeros[512];
    memset(text, 'x', sizeof(text));
    struct journal *journal = open_with(kit, 1);
    kit_path(kit, "segment", 1, path);
    off_t begin = FORMAT_HEADER_SIZE + (off_t)format_record_size(7);
    off_t end = begin + (off_t)format_record_size(sizeof(text));
    for (off_t lost = 0; lost < end; lost += 512) {
        struct journal_place at = journal_place(journal);
        struct journal_place now;
        assert_int_equal(journal_append(journal, &at, JOURNAL_ROOM_NORMAL,
                                        (struct span){text, sizeof(text)}, &now),
                         ERR_OK);
        off_t from = lost > begin ? lost : begin;
        kit_write_at(path, from, zeros, (size_t)(lost + 512 - from));
        journal = reopen(kit, journal);
        assert_int_equal(report.cut_offset, begin);
        kit_check_events(&seen, 1, 1);
    }
    journal_close(journal);
}

static void
test_newer_version_refuses(void **state)
{
    struct kit *kit = *state;
    char path[KIT_PATH_MAX];
    struct journal *journal = open_with(kit, 3);
    struct journal_place place = journal_place(journal);
    assert_int_equal(journal_snapshot(journal, &place, SPAN("state")), ERR_OK);
    journal_close(journal);
    kit_write_at(kit_path(kit, "snapshot", 3, path), 8, "\0\0\0\2", 4);
    assert_int_equal(kit_try_open(kit, NULL, &seen, &journal, &report), ERR_VERSION);
    assert_non_null(strstr(report.text, "newer version"));
    unlink(path);
    kit_write_at(kit_path(kit, "segment", 1, path), 8, "\0\0\0\2", 4);
    assert_int_equal(kit_try_open(kit, NULL, &seen, &journal, &report), ERR_VERSION);
    assert_non_null(strstr(report.text, path));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_snapshot_ahead_of_events_is_damage),
        CASE(test_middle_damage_refuses),
        CASE(test_missing_or_foreign_segments_refuse),
        CASE(test_torn_tail_is_cut),
        CASE(test_torn_by_sectors_is_cut),
        CASE(test_newer_version_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
