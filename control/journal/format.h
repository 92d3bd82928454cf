/*
 * format: the bytes of the file journal, version 1, without any file. All numbers are big-endian.
 * Pure; any thread.
 *
 * A segment is a header of 80 bytes, records one behind the other, and zeros to the end of the file
 * (room that is allocated before it is needed).
 *
 *   header    0 "TURNOUTJ"       record   0 size of the event's bytes, 4
 *             8 version, 4                4 "EVNT"
 *            12 header's size, 4          8 epoch, 8
 *            16 cluster id, 16           16 hash of the event, 32
 *            32 first epoch, 8           48 the event's bytes
 *            40 hash before it, 32        . checksum, 8
 *            72 checksum, 8               . zeros, then "END\n" so that the size is a multiple of 8
 *
 *   snapshot  0 "TURNOUTS"   8 version, 4   12 header's size, 4   16 cluster id, 16   32 epoch, 8
 *            40 head, 32    72 size of the state, 8   80 the state, then SHA-256 of all before, 32
 *
 * A checksum is the first 8 bytes of the SHA-256 of what stands before it in the header or record.
 */
#ifndef TURNOUT_JOURNAL_FORMAT_H
#define TURNOUT_JOURNAL_FORMAT_H

#include "control/journal/journal.h"

enum {
    FORMAT_VERSION = 1,
    FORMAT_HEADER_SIZE = 80,
    FORMAT_RECORD_HEAD_SIZE = 48,
    FORMAT_CHECKSUM_SIZE = 8,
    FORMAT_END_SIZE = 4,
    FORMAT_ALIGNMENT = 8,
    FORMAT_RECORD_MAX = JOURNAL_EVENT_MAX + 64
};

/* What a segment begins with: the place before its first event. */
struct format_segment {
    struct journal_cluster cluster;
    struct journal_place before;
};

struct format_snapshot {
    struct journal_cluster cluster;
    struct journal_place place;
    struct span state; /* into the bytes that were read */
};

/* How bytes that should be a record look. */
enum format_record_state {
    FORMAT_RECORD_GOOD,
    FORMAT_RECORD_NONE,     /* size and mark are zero: nothing was written here */
    FORMAT_RECORD_UNENDED,  /* right but for the end mark, of which only zeros are missing: torn */
    FORMAT_RECORD_MISENDED, /* right but for the end mark, which holds something else: damaged */
    FORMAT_RECORD_DIFFERENT /* not what format_put_record makes */
};

void format_put_segment(uint8_t out[FORMAT_HEADER_SIZE], const struct format_segment *segment);

/* ERR_VERSION: a newer format. ERR_CORRUPT: not a segment, or damaged. */
enum err format_get_segment(struct span bytes, struct format_segment *segment);

/* Bytes that a record takes in the file. */
size_t format_record_size(size_t event_size);

/* Writes format_record_size(event->bytes.size) bytes. */
void format_put_record(uint8_t *out, const struct journal_event *event);

/* Reads the record at the beginning of `bytes`, which go on to the end of the file. Fills *event
 * and *size when it is GOOD or UNENDED. The hash is not verified: that takes the event before it.
 */
enum format_record_state format_get_record(struct span bytes, struct journal_event *event,
                                           size_t *size);

/* Bytes that a snapshot takes. */
size_t format_snapshot_size(size_t state_size);
void format_put_snapshot(uint8_t *out, const struct format_snapshot *snapshot);
/* ERR_VERSION or ERR_CORRUPT as above. */
enum err format_get_snapshot(struct span bytes, struct format_snapshot *snapshot);

#endif
