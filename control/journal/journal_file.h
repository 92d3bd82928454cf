/*
 * journal_file: the journal of a single node in a folder of its own (STATE_DIR/journal). The format
 * of its files is in journal/format.h. Files, all with the epoch as 20 digits:
 *
 *   segment-EPOCH   events from EPOCH on. The one with the highest epoch is appended to; the others
 *                   are the archive: whole, never changed, never removed.
 *   snapshot-EPOCH  the state after EPOCH; the newest two are kept.
 *   *.tmp           not finished when the process ended; removed at the opening.
 *
 * A torn record at the very end (the process or machine died while it was written, so that nobody
 * was told that it is stored) is cut. Anything else that is not what was written is ERR_CORRUPT.
 */
#ifndef TURNOUT_JOURNAL_JOURNAL_FILE_H
#define TURNOUT_JOURNAL_JOURNAL_FILE_H

#include "control/journal/journal.h"

struct journal_file_options {
    const char *folder; /* made (0700) if absent; its parent must exist */
    /* Used when there is no journal yet: it is founded with this event, or, when the event is
     * empty, ERR_NOT_FOUND. Founding is atomic: a crash leaves no journal or one with the first
     * event. */
    struct journal_cluster cluster;
    struct span first_event;
    uint32_t segment_bytes; /* size at which a new segment is begun; 0: 1 MiB */
    /* A fault to cause, for tests, in the syntax of journal/io.h. NULL: what the environment says
     * in TURNOUT_FAULT. */
    const char *fault;
};

/* Opens or founds the journal and reads it to its end through `reader`. The caller owns *out. On
 * failure *out is untouched and report->text says why: ERR_CORRUPT, ERR_VERSION (written by a newer
 * program), ERR_NOT_FOUND, what the reader's event callback returned, or what the system said.
 * *report is always filled. */
enum err journal_file_open(const struct journal_file_options *options,
                           const struct journal_reader *reader, struct journal **out,
                           struct journal_report *report);

#endif
