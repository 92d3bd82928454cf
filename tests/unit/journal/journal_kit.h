/* What the tests of the journal share: a folder of their own, a reader that remembers, and ways to
 * look at and change files. */
#ifndef TURNOUT_TESTS_JOURNAL_KIT_H
#define TURNOUT_TESTS_JOURNAL_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/journal/journal_file.h"

enum { KIT_EVENTS_MAX = 600, KIT_TEXT_MAX = 200, KIT_PATH_MAX = 256, KIT_NOBODY = 65534 };

struct kit {
    char root[64];
    char folder[96];
};

/* What a reader was given. */
struct kit_seen {
    size_t count;
    uint64_t epochs[KIT_EVENTS_MAX];
    char texts[KIT_EVENTS_MAX][KIT_TEXT_MAX];
    char state[KIT_TEXT_MAX];
    uint64_t state_epoch;
    unsigned refuse_states; /* how many snapshots are not accepted */
    enum err event_err;
};

static inline enum err
kit_on_event(void *context, const struct journal_event *event)
{
    struct kit_seen *seen = context;
    assert_true(seen->count < KIT_EVENTS_MAX);
    seen->epochs[seen->count] = event->epoch;
    size_t size = event->bytes.size < KIT_TEXT_MAX - 1 ? event->bytes.size : KIT_TEXT_MAX - 1;
    memcpy(seen->texts[seen->count], event->bytes.data, size);
    seen->texts[seen->count++][size] = '\0';
    return seen->event_err;
}

static inline enum err
kit_on_state(void *context, const struct journal_place *place, struct span state)
{
    struct kit_seen *seen = context;
    if (seen->refuse_states > 0) {
        seen->refuse_states--;
        return ERR_VERSION;
    }
    assert_true(span_to_string(state, seen->state, sizeof(seen->state)));
    seen->state_epoch = place->epoch;
    return ERR_OK;
}

static inline void
kit_make(struct kit *kit)
{
    snprintf(kit->root, sizeof(kit->root), "/tmp/turnout-journal-XXXXXX");
    assert_non_null(mkdtemp(kit->root));
    snprintf(kit->folder, sizeof(kit->folder), "%s/journal", kit->root);
}

static inline void
kit_empty(const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char name[KIT_PATH_MAX + 260];
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.') {
            unlink(name);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
}

static inline void
kit_remove(struct kit *kit)
{
    chmod(kit->folder, 0700);
    kit_empty(kit->folder);
    rmdir(kit->folder);
    kit_empty(kit->root);
    assert_int_equal(rmdir(kit->root), 0);
}

static inline enum err
kit_try_open(const struct kit *kit, const char *fault, struct kit_seen *seen, struct journal **out,
             struct journal_report *report)
{
    struct journal_file_options options = {.folder = kit->folder,
                                           .cluster = {"0123456789abcde"},
                                           .first_event = SPAN("event 1"),
                                           .segment_bytes = 4096,
                                           .fault = fault == NULL ? "" : fault};
    struct journal_reader reader = {kit_on_state, kit_on_event, seen};
    return journal_file_open(&options, &reader, out, report);
}

static inline struct journal *
kit_open(const struct kit *kit, struct kit_seen *seen, struct journal_report *report)
{
    struct journal *journal = NULL;
    enum err err = kit_try_open(kit, NULL, seen, &journal, report);
    if (err != ERR_OK) {
        fail_msg("cannot open: %s: %s", err_text(err), report->text);
    }
    return journal;
}

/* Appends "event N". */
static inline enum err
kit_append(struct journal *journal)
{
    char text[32];
    struct journal_place at = journal_place(journal);
    struct journal_place now = {0};
    snprintf(text, sizeof(text), "event %llu", (unsigned long long)at.epoch + 1);
    enum err err = journal_append(journal, &at, JOURNAL_ROOM_NORMAL, span_of(text), &now);
    if (err == ERR_OK) {
        assert_int_equal(now.epoch, at.epoch + 1);
    } else {
        assert_int_equal(journal_place(journal).epoch, at.epoch);
    }
    return err;
}

/* Asserts that what was seen is "event FROM" to "event LAST". */
static inline void
kit_check_events(const struct kit_seen *seen, uint64_t from, uint64_t last)
{
    assert_int_equal(seen->count, last + 1 - from);
    for (size_t i = 0; i < seen->count; i++) {
        char text[32];
        snprintf(text, sizeof(text), "event %llu", (unsigned long long)(from + i));
        assert_int_equal(seen->epochs[i], from + i);
        assert_string_equal(seen->texts[i], text);
    }
}

/* The path of a file of the journal. */
static inline const char *
kit_path(const struct kit *kit, const char *kind, uint64_t epoch, char out[KIT_PATH_MAX])
{
    snprintf(out, KIT_PATH_MAX, "%s/%s-%020llu", kit->folder, kind, (unsigned long long)epoch);
    return out;
}

static inline void
kit_write_at(const char *path, off_t offset, const void *data, size_t size)
{
    int file = open(path, O_RDWR);
    assert_true(file >= 0);
    assert_int_equal(pwrite(file, data, size, offset), size);
    close(file);
}

static inline void
kit_flip(const char *path, off_t offset)
{
    char byte;
    int file = open(path, O_RDWR);
    assert_true(file >= 0);
    assert_int_equal(pread(file, &byte, 1, offset), 1);
    byte = (char)(byte ^ 0x40);
    assert_int_equal(pwrite(file, &byte, 1, offset), 1);
    close(file);
}

#endif
