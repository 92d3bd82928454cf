/*
 * segment: reads the records of one segment from memory, verifies the chain, and tells a torn end
 * from damage. Pure; any thread.
 *
 * At most one record, the last one, can be unsynced when a machine stops. It was written into
 * zeros, so what is left of it is some of its sectors whole and the others zero, or a prefix. Such
 * an end was never acknowledged and may be cut. A last record of which every sector was written,
 * but which is not right, was damaged later: it may have been acknowledged, and is not cut.
 */
#ifndef TURNOUT_JOURNAL_SEGMENT_H
#define TURNOUT_JOURNAL_SEGMENT_H

#include "control/journal/format.h"

enum { SEGMENT_SECTOR_SIZE = 512 };

enum segment_end {
    SEGMENT_END_CLEAN,
    SEGMENT_END_TORN,    /* cut what is behind `size` */
    SEGMENT_END_DAMAGED, /* at `size`; `damage` says how */
    SEGMENT_END_STOPPED  /* the callback said so: `err` */
};

struct segment_scan {
    enum segment_end end;
    struct journal_place place; /* of the last right event; given: the place before the first */
    uint64_t size;              /* header and right records */
    uint64_t torn_bytes;
    const char *damage; /* static text */
    enum err err;
};

/* Gives the events of epoch `from` and later to `event`. `bytes` is the whole file. scan->place is
 * what the header says (format_get_segment). */
void segment_read(struct span bytes, uint64_t from, journal_event_fn event, void *context,
                  struct segment_scan *scan);

#endif
