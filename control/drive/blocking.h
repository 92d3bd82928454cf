/*
 * blocking: the one thread for what blocks (journal writes and syncs, reading history), so that no
 * loop ever does. Jobs run one after the other in the order they were posted; each one's end comes
 * back as a call on the loop that the thread was started for. Called on that loop's thread.
 */
#ifndef TURNOUT_DRIVE_BLOCKING_H
#define TURNOUT_DRIVE_BLOCKING_H

#include "control/journal/journal.h"
#include "proxy/base/err.h"

struct blocking;
struct loop;

/* `work` runs on the blocking thread, then `done` on the loop. `context` is the caller's; between
 * the post and `done` it belongs to the job. */
typedef void (*blocking_fn)(void *context);

/* Starts the thread. The caller owns *out. */
enum err blocking_start(struct loop *loop, struct blocking **out);

/* Posts a job. ERR_NO_MEMORY, ERR_LIMIT (too many are waiting) or ERR_NOT_READY (it is being
 * stopped): neither function will be called.
 */
enum err blocking_post(struct blocking *blocking, blocking_fn work, blocking_fn done,
                       void *context);

/* How an append ended; valid during the callback. */
struct blocking_append_result {
    enum err err;
    struct journal_place place; /* on ERR_OK: of the new event */
    bool is_failed;             /* the journal takes no more appends */
    const char *trouble;        /* text for a person, "" on ERR_OK */
};

typedef void (*blocking_append_fn)(void *context, const struct blocking_append_result *result);

/* Appends to a journal that belongs to the blocking thread; the bytes are copied. `done` is called
 * once, on the loop, unless this returns an error. */
enum err blocking_append(struct blocking *blocking, struct journal *journal,
                         const struct journal_place *expected, enum journal_room room,
                         struct span bytes, blocking_append_fn done, void *context);

/* Waits for the posted jobs to run, ends the thread, and calls what `done` is outstanding before it
 * returns. Accepts NULL. */
void blocking_stop(struct blocking *blocking);

#endif
