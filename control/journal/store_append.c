/* Writing: new segments, appends, and taking back what could not be written whole. */
#include "control/journal/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STORE_ZEROS_SIZE = 64 * 1024 };

struct journal_event
store_next_event(const struct journal_place *before, struct span bytes)
{
    struct journal_event event = {.epoch = before->epoch + 1, .bytes = bytes};
    journal_hash(&before->head, event.epoch, bytes, &event.hash);
    return event;
}

static uint64_t
new_segment_limit(const struct store *store, uint64_t record)
{
    uint64_t needed = FORMAT_HEADER_SIZE + record + store->reserve;
    return needed > store->segment_bytes ? needed : store->segment_bytes;
}

/* Writes and syncs a whole segment under a temporary name; its descriptor by *out. */
static enum err
write_segment(struct store *store, const char *name, struct span bytes, int *out)
{
    int file = io_create(&store->io, store->folder, name);
    if (file < 0) {
        return store_fail(store, "make", name);
    }
    if (io_write(&store->io, file, bytes, 0) != 0 || io_sync(&store->io, file) != 0) {
        enum err err = store_fail(store, "write", name);
        close(file);
        io_unlink(&store->io, store->folder, name);
        return err;
    }
    *out = file;
    return ERR_OK;
}

/* Gives the segment its name for good. */
static enum err
name_segment(struct store *store, const char *temporary, const char *name)
{
    if (io_rename(&store->io, store->folder, temporary, name) != 0) {
        enum err err = store_fail(store, "rename", temporary);
        io_unlink(&store->io, store->folder, temporary);
        return err;
    }
    if (io_sync(&store->io, store->folder) != 0) {
        /* Nobody knows whether the name is on the disk, so no event may go anywhere. */
        store->base.is_failed = true;
        enum err err = store_fail(store, "sync the folder of", name);
        io_unlink(&store->io, store->folder, name);
        return err;
    }
    return ERR_OK;
}

/* The bytes of a new segment: header, perhaps its first event, zeros. NULL when out of memory. */
static uint8_t *
compose_segment(const struct store *store, const struct journal_place *before,
                const struct journal_event *first, uint64_t limit)
{
    uint8_t *bytes = calloc(1, limit);
    if (bytes == NULL) {
        return NULL;
    }
    struct format_segment segment = {store->base.cluster, *before};
    format_put_segment(bytes, &segment);
    if (first->bytes.size > 0) {
        format_put_record(bytes + FORMAT_HEADER_SIZE, first);
    }
    return bytes;
}

static void
use_segment(struct store *store, int file, uint64_t epoch, uint64_t size, uint64_t limit)
{
    if (store->segment >= 0) {
        close(store->segment);
    }
    store->segment = file;
    store->segment_epoch = epoch;
    store->size = size;
    store->allocated = limit;
    store->limit = limit;
}

enum err
store_add_segment(struct store *store, const struct journal_place *before, struct span first,
                  uint64_t record)
{
    char temporary[FOLDER_NAME_SIZE];
    char name[FOLDER_NAME_SIZE];
    struct journal_event event = store_next_event(before, first);
    uint64_t limit = new_segment_limit(store, record);
    uint8_t *bytes = compose_segment(store, before, &event, limit);
    if (bytes == NULL) {
        errno = ENOMEM;
        return store_fail(store, "make", "a new segment");
    }
    folder_name(temporary, "segment", event.epoch, ".tmp");
    folder_name(name, "segment", event.epoch, "");
    int file = -1;
    enum err err =
        write_segment(store, temporary, (struct span){(const char *)bytes, limit}, &file);
    free(bytes);
    if (err != ERR_OK) {
        return err;
    }
    err = name_segment(store, temporary, name);
    if (err != ERR_OK) {
        close(file);
        return err;
    }
    uint64_t used = first.size > 0 ? record : 0;
    use_segment(store, file, event.epoch, FORMAT_HEADER_SIZE + used, limit);
    return ERR_OK;
}

enum err
store_open_segment(struct store *store)
{
    char name[FOLDER_NAME_SIZE];
    struct stat facts;
    folder_name(name, "segment", store->segment_epoch, "");
    store->segment = openat(store->folder, name, O_RDWR | O_CLOEXEC);
    if (store->segment < 0) {
        return store_fail(store, "open", name);
    }
    if (fstat(store->segment, &facts) != 0) {
        return store_fail(store, "look at", name);
    }
    store->allocated = (uint64_t)facts.st_size;
    store->limit =
        store->allocated > store->segment_bytes ? store->allocated : store->segment_bytes;
    return ERR_OK;
}

enum err
store_cut(struct store *store)
{
    if (io_truncate(&store->io, store->segment, store->size) != 0 ||
        io_sync_data(&store->io, store->segment) != 0) {
        char name[FOLDER_NAME_SIZE];
        folder_name(name, "segment", store->segment_epoch, "");
        return store_fail(store, "cut", name);
    }
    store->allocated = store->size;
    return ERR_OK;
}

/* A write or sync failed: takes the record back. `trouble` stays the first failure's. */
static void
take_back(struct store *store)
{
    char first[JOURNAL_TEXT_SIZE];
    memcpy(first, store->base.trouble, sizeof(first));
    if (store_cut(store) != ERR_OK) {
        store->base.is_failed = true;
    }
    memcpy(store->base.trouble, first, sizeof(first));
}

/* Fills the segment with zeros up to its limit, so that blocks are there before they are needed. */
static enum err
allocate(struct store *store, uint64_t needed)
{
    static const char zeros[STORE_ZEROS_SIZE];
    while (store->allocated < needed) {
        uint64_t left = store->limit - store->allocated;
        size_t piece = left < sizeof(zeros) ? (size_t)left : sizeof(zeros);
        if (io_write(&store->io, store->segment, (struct span){zeros, piece}, store->allocated) !=
            0) {
            return store_fail(store, "make room in", "the journal");
        }
        store->allocated += piece;
    }
    return ERR_OK;
}

/* Room for a record, in this segment or a new one. */
static enum err
make_room(struct store *store, uint64_t record, enum journal_room room)
{
    uint64_t needed = store->size + record + (room == JOURNAL_ROOM_NORMAL ? store->reserve : 0);
    if (needed <= store->limit) {
        return allocate(store, needed);
    }
    return store_add_segment(store, &store->base.place, (struct span){"", 0}, record);
}

static enum err
write_record(struct store *store, struct span record)
{
    if (io_write(&store->io, store->segment, record, store->size) != 0) {
        enum err err = store_fail(store, "write", "an event");
        take_back(store);
        return err;
    }
    if (io_sync_data(&store->io, store->segment) != 0) {
        enum err err = store_fail(store, "sync", "an event");
        take_back(store);
        store->base.is_failed = true;
        return err;
    }
    store->size += record.size;
    return ERR_OK;
}

enum err
store_append(struct journal *journal, enum journal_room room, struct span bytes,
             struct journal_place *now)
{
    struct store *store = (struct store *)(void *)journal;
    if (journal->is_failed) {
        snprintf(journal->trouble, sizeof(journal->trouble),
                 "the journal in %s takes no changes since a write failed or because it is "
                 "read-only; mend the disk, then restart turnoutd",
                 store->path);
        return ERR_READ_ONLY;
    }
    size_t record = format_record_size(bytes.size);
    enum err err = make_room(store, record, room);
    if (err != ERR_OK) {
        return err;
    }
    uint8_t *place = malloc(record);
    if (place == NULL) {
        errno = ENOMEM;
        return store_fail(store, "write", "an event");
    }
    struct journal_event event = store_next_event(&journal->place, bytes);
    format_put_record(place, &event);
    err = write_record(store, (struct span){(const char *)place, record});
    free(place);
    if (err == ERR_OK) {
        journal->place = (struct journal_place){event.epoch, event.hash};
        *now = journal->place;
    }
    return err;
}
