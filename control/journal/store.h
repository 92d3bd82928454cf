/*
 * store: what the parts of the file journal share. Only journal_file.c and store_*.c include this.
 */
#ifndef TURNOUT_JOURNAL_STORE_H
#define TURNOUT_JOURNAL_STORE_H

#include "control/journal/backend.h"
#include "control/journal/folder.h"
#include "control/journal/format.h"
#include "control/journal/io.h"
#include "control/journal/journal_file.h"

enum {
    STORE_SEGMENT_BYTES = 1024 * 1024,
    STORE_SEGMENT_BYTES_MIN = 4 * 1024,
    STORE_SEGMENT_BYTES_MAX = 32 * 1024 * 1024,
    STORE_SNAPSHOTS_KEPT = 2
};

struct store {
    struct journal base;
    struct io io;
    char *path; /* of the folder, for messages */
    int folder;
    int segment;            /* the one that is appended to; -1 when it cannot be written */
    uint64_t segment_epoch; /* first epoch of it, in its name */
    uint64_t size;          /* header and records of it */
    uint64_t allocated;     /* bytes of it that are there, zeros behind `size` */
    uint64_t limit;         /* size at which it is full */
    uint64_t segment_bytes; /* limit of the segments to come */
    uint64_t reserve;       /* room that events of JOURNAL_ROOM_NORMAL leave */
};

/* Writes the trouble text: what could not be done, errno's text, what to do. Gives the errno's enum
 * err, never ERR_OK. */
enum err store_fail(struct store *store, const char *what, const char *name);

/* What to do about a damaged folder; ends every message of ERR_CORRUPT. */
void store_damage(struct store *store, const char *name, uint64_t offset, const char *what);

/* Makes the segment that begins after `before`, with room for a record of `record` bytes and the
 * reserve, and appends to it from now on; if `first` is not empty it holds that event from the
 * start, and `record` is its size. Either the segment is there, whole and synced, or not at all. */
enum err store_add_segment(struct store *store, const struct journal_place *before,
                           struct span first, uint64_t record);

/* Opens the last segment for appending. ERR_READ_ONLY or ERR_PERMISSION when it can only be read.
 */
enum err store_open_segment(struct store *store);

/* Cuts what stands behind store->size. */
enum err store_cut(struct store *store);

/* A new event's place and hash. */
struct journal_event store_next_event(const struct journal_place *before, struct span bytes);

enum err store_append(struct journal *journal, enum journal_room room, struct span bytes,
                      struct journal_place *now);

enum err store_write_snapshot(struct journal *journal, const struct journal_place *place,
                              struct span state);

/* Reads a snapshot's file into `file`; *snapshot points into it. */
enum err store_read_snapshot(struct store *store, uint64_t epoch, struct buf *file,
                             struct format_snapshot *snapshot);

/* Where reading begins and what is known of that place. */
struct store_start {
    uint64_t from;                       /* events from this epoch are given */
    const struct journal_place *known;   /* a place that the chain must pass; NULL: none */
    enum err (*on_known)(void *context); /* called when it does, before any event is given */
    void *context;
};

/* How the reading ended. */
struct store_end {
    struct journal_place place;
    uint64_t segment_epoch; /* the last segment */
    uint64_t size;          /* its right part */
    uint64_t torn_bytes;
};

/* Walks the segments in `list`, verifying the chain. */
enum err store_walk(struct store *store, const struct folder_epochs *segments,
                    const struct store_start *start, journal_event_fn event, void *context,
                    struct store_end *end);

enum err store_read(struct journal *journal, uint64_t from_epoch, journal_event_fn event,
                    void *context);

#endif
