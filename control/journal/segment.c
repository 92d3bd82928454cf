#include "control/journal/segment.h"

#include <string.h>

static bool
is_zero(const char *from, const char *to)
{
    while (from < to && *from == 0) {
        from++;
    }
    return from == to;
}

/* Size of what is there without the zeros at its end. */
static size_t
written_size(struct span bytes)
{
    while (bytes.size > 0 && bytes.data[bytes.size - 1] == 0) {
        bytes.size--;
    }
    return bytes.size;
}

/* Whether a right record begins anywhere behind the first byte. */
static bool
has_later_record(struct span bytes)
{
    for (size_t at = FORMAT_ALIGNMENT; at < bytes.size; at += FORMAT_ALIGNMENT) {
        struct journal_event event;
        size_t size;
        struct span rest = {bytes.data + at, bytes.size - at};
        if (format_get_record(rest, &event, &size) == FORMAT_RECORD_GOOD) {
            return true;
        }
    }
    return false;
}

/* Whether any sector of [offset, offset + size) of the file holds nothing but zeros there. */
static bool
has_empty_sector(const char *file, size_t offset, size_t size)
{
    size_t end = offset + size;
    while (offset < end) {
        size_t next = (offset / SEGMENT_SECTOR_SIZE + 1) * SEGMENT_SECTOR_SIZE;
        next = next < end ? next : end;
        if (is_zero(file + offset, file + next)) {
            return true;
        }
        offset = next;
    }
    return false;
}

static bool
has_end_mark(struct span written)
{
    return written.size >= FORMAT_END_SIZE &&
           memcmp(written.data + written.size - FORMAT_END_SIZE, "END\n", FORMAT_END_SIZE) == 0;
}

/* Judges what stands at scan->size and is no right record. */
static void
segment_judge(struct span bytes, enum format_record_state state, struct segment_scan *scan)
{
    size_t offset = (size_t)scan->size;
    struct span rest = {bytes.data + offset, bytes.size - offset};
    struct span written = {rest.data, written_size(rest)};
    scan->end = SEGMENT_END_DAMAGED;
    if (written.size == 0) {
        scan->end = SEGMENT_END_CLEAN;
        return;
    }
    if (has_later_record(rest)) {
        scan->damage = "a record is damaged, and right ones follow it";
        return;
    }
    if (written.size > FORMAT_RECORD_MAX) {
        scan->damage = "there is more behind the last right record than one torn record";
        return;
    }
    if (state == FORMAT_RECORD_MISENDED) {
        scan->damage = "the end of the last record is damaged";
        return;
    }
    if (has_end_mark(written) && !has_empty_sector(bytes.data, offset, written.size)) {
        scan->damage = "the last record was written whole and is damaged";
        return;
    }
    scan->end = SEGMENT_END_TORN;
    scan->torn_bytes = written.size;
}

/* Takes one right record into the chain; false ends the reading. */
static bool
segment_take(const struct journal_event *event, uint64_t from, journal_event_fn take, void *context,
             struct segment_scan *scan)
{
    struct digest hash;
    journal_hash(&scan->place.head, event->epoch, event->bytes, &hash);
    if (event->epoch != scan->place.epoch + 1) {
        scan->end = SEGMENT_END_DAMAGED;
        scan->damage = "the epoch of a record does not follow the one before";
        return false;
    }
    if (memcmp(hash.bytes, event->hash.bytes, DIGEST_SIZE) != 0) {
        scan->end = SEGMENT_END_DAMAGED;
        scan->damage = "the hash of an event does not follow from the one before";
        return false;
    }
    scan->err = event->epoch < from ? ERR_OK : take(context, event);
    if (scan->err != ERR_OK) {
        scan->end = SEGMENT_END_STOPPED;
        return false;
    }
    scan->place = (struct journal_place){event->epoch, hash};
    return true;
}

void
segment_read(struct span bytes, uint64_t from, journal_event_fn event, void *context,
             struct segment_scan *scan)
{
    scan->size = FORMAT_HEADER_SIZE;
    scan->torn_bytes = 0;
    scan->damage = "";
    scan->err = ERR_OK;
    for (;;) {
        struct journal_event found;
        size_t size = 0;
        struct span rest = {bytes.data + scan->size, bytes.size - (size_t)scan->size};
        enum format_record_state state = format_get_record(rest, &found, &size);
        if (state != FORMAT_RECORD_GOOD) {
            segment_judge(bytes, state, scan);
            return;
        }
        if (!segment_take(&found, from, event, context, scan)) {
            return;
        }
        scan->size += size;
    }
}
