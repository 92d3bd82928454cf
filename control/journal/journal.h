/*
 * journal: the totally ordered, append-only, hash-chained list of events from which all state is
 * derived. Events are bytes here; what they mean is the caller's. One interface, several back-ends
 * (journal_file.h is the one of a single node).
 *
 * The hash of an event is SHA-256(hash of the event before it, 32 bytes || epoch, 8 bytes
 * big-endian || exact stored bytes). The event of epoch 1 follows 32 zero bytes. Epochs count from
 * 1 without gaps.
 *
 * Every call may block on a disk or a network. A journal belongs to one thread at a time: whoever
 * opens it hands it to the blocking thread and does not call it any more (drive/blocking.h).
 */
#ifndef TURNOUT_JOURNAL_JOURNAL_H
#define TURNOUT_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proxy/base/digest.h"
#include "proxy/base/err.h"
#include "proxy/base/span.h"

struct journal;

enum {
    JOURNAL_EVENT_MAX = 64 * 1024,        /* bytes of one event */
    JOURNAL_STATE_MAX = 16 * 1024 * 1024, /* bytes of a snapshot's state */
    JOURNAL_CLUSTER_SIZE = 16,
    JOURNAL_TEXT_SIZE = 512
};

/* The random identity of a journal: events of another one are never mixed in. */
struct journal_cluster {
    uint8_t bytes[JOURNAL_CLUSTER_SIZE];
};

/* Where a journal ends, or ended: the number of the last event and its hash. Epoch 0 with a hash of
 * zeros is before the first event. */
struct journal_place {
    uint64_t epoch;
    struct digest head;
};

/* One event; the bytes are valid during the callback only. */
struct journal_event {
    uint64_t epoch;
    struct digest hash;
    struct span bytes;
};

/* Takes one event. Anything but ERR_OK ends the reading and is what the reading call returns. */
typedef enum err (*journal_event_fn)(void *context, const struct journal_event *event);

/* Takes the state of a snapshot. Anything but ERR_OK says that it cannot be used: an older
 * snapshot, or the whole journal, is read instead; the callee keeps nothing of it. */
typedef enum err (*journal_restore_fn)(void *context, const struct journal_place *place,
                                       struct span state);

/* Who takes what is read at the opening, in order: at most one accepted snapshot, then every event
 * after it. */
struct journal_reader {
    journal_restore_fn restore; /* NULL: snapshots are not used */
    journal_event_fn event;
    void *context;
};

/* Which room an event may take. What begins something must leave the reserve alone, so that a full
 * disk is found before anything moves; what ends something that was begun may use it. */
enum journal_room { JOURNAL_ROOM_NORMAL, JOURNAL_ROOM_RESERVE };

/* What the opening found; the caller logs it. */
struct journal_report {
    bool is_founded;   /* there was no journal: the first event was written now */
    bool is_read_only; /* it can be read but not written: `text` says why; appends fail */
    bool is_snapshot_passed_over; /* a snapshot was damaged or not accepted: an older state was used
                                   */
    uint64_t snapshot_epoch;      /* the epoch of the accepted snapshot, 0: none */
    uint64_t cut_bytes;           /* size of the torn record at the end that was cut; 0: none */
    uint64_t cut_offset;          /* where it began */
    char cut_file[64];            /* in which file of the journal's folder */
    char text[JOURNAL_TEXT_SIZE]; /* on failure: what was found, where, and the way out */
};

struct journal_cluster journal_cluster(const struct journal *journal);

/* The last event that is stored for good. */
struct journal_place journal_place(const struct journal *journal);

/* Adds an event if the journal still ends at *expected. ERR_OK means that it is stored for good and
 * *now is its place. Otherwise the journal is as before and *now untouched:
 *   ERR_CONFLICT   it ends elsewhere
 *   ERR_TOO_LARGE  above JOURNAL_EVENT_MAX, or empty (ERR_INVALID)
 *   ERR_NO_SPACE, ERR_READ_ONLY, ERR_IO, ...  it could not be written; a later append may succeed
 *                  unless journal_is_failed.
 * journal_trouble tells a person. */
enum err journal_append(struct journal *journal, const struct journal_place *expected,
                        enum journal_room room, struct span bytes, struct journal_place *now);

/* The journal takes no more appends until it is opened anew: a write could not be taken back, or a
 * sync failed, after which nobody knows what the disk holds. (Linux forgets dirty pages whose
 * write-back failed, so trying the sync again would prove nothing.) Whether the event whose append
 * failed so is in the journal is only known at the next opening. */
bool journal_is_failed(const struct journal *journal);

/* Text about the last failed call, for a person: what was wanted, what happened, what to do. ""
 * when the last call succeeded. Valid until the next call. */
const char *journal_trouble(const struct journal *journal);

/* Keeps the state that follows from all events up to *place, so that the next opening need not read
 * them. A failure costs nothing but that, and leaves older snapshots as they are. */
enum err journal_snapshot(struct journal *journal, const struct journal_place *place,
                          struct span state);

/* Reads the events from `from_epoch` (1: the whole history) to the end, verifying the chain.
 * ERR_CORRUPT where it is damaged: events before that were given. */
enum err journal_read(struct journal *journal, uint64_t from_epoch, journal_event_fn event,
                      void *context);

/* Accepts NULL. Nothing is lost: what was acknowledged is stored. */
void journal_close(struct journal *journal);

/* The hash of an event, as above. */
void journal_hash(const struct digest *previous, uint64_t epoch, struct span bytes,
                  struct digest *out);

#endif
