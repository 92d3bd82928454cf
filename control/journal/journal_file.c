#include "control/journal/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/journal/store.h"

enum err
store_fail(struct store *store, const char *what, const char *name)
{
    int number = errno;
    enum err err = err_from_errno(number);
    const char *advice = err == ERR_NO_SPACE ? "free space on its disk" : "mend its disk or rights";
    char cause[128];
    snprintf(store->base.trouble, sizeof(store->base.trouble), "cannot %s %s in %s: %s; %s", what,
             name, store->path, strerror_r(number, cause, sizeof(cause)), advice);
    return err == ERR_OK ? ERR_IO : err;
}

void
store_damage(struct store *store, const char *name, uint64_t offset, const char *what)
{
    snprintf(store->base.trouble, sizeof(store->base.trouble),
             "%s/%s, offset %llu: %s. Restore the folder from a backup; or, giving up history and "
             "state, move it away (mv %s %s.damaged): a new journal is founded at the next start, "
             "and nothing is live until it is deployed again",
             store->path, name, (unsigned long long)offset, what, store->path, store->path);
}

static void
store_close(struct journal *journal)
{
    struct store *store = (struct store *)(void *)journal;
    if (store->segment >= 0) {
        close(store->segment);
    }
    if (store->folder >= 0) {
        close(store->folder);
    }
    free(store->path);
    free(store);
}

static const struct journal_ops store_ops = {
    .append = store_append,
    .snapshot = store_write_snapshot,
    .read = store_read,
    .close = store_close,
};

static uint64_t
choose_segment_bytes(uint32_t wanted)
{
    uint64_t bytes = wanted == 0 ? STORE_SEGMENT_BYTES : wanted;
    bytes = bytes < STORE_SEGMENT_BYTES_MIN ? STORE_SEGMENT_BYTES_MIN : bytes;
    return bytes > STORE_SEGMENT_BYTES_MAX ? STORE_SEGMENT_BYTES_MAX : bytes;
}

/* Everything but the files. */
static struct store *
store_new(const struct journal_file_options *options)
{
    struct store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return NULL;
    }
    store->base.ops = &store_ops;
    store->base.cluster = options->cluster;
    store->folder = store->segment = -1;
    store->segment_bytes = choose_segment_bytes(options->segment_bytes);
    uint64_t reserve = store->segment_bytes / 4;
    store->reserve = reserve < JOURNAL_EVENT_MAX ? reserve : JOURNAL_EVENT_MAX;
    store->path = strdup(options->folder);
    if (store->path == NULL) {
        store_close(&store->base);
        return NULL;
    }
    return store;
}

static enum err
arm_fault(struct store *store, const char *fault)
{
    fault = fault == NULL ? secure_getenv("TURNOUT_FAULT") : fault;
    enum err err = io_init(&store->io, fault);
    if (err != ERR_OK) {
        snprintf(store->base.trouble, sizeof(store->base.trouble),
                 "TURNOUT_FAULT is \"%.64s\"; wanted \"journal:N:WHAT\", a facility for tests: "
                 "unset it",
                 fault);
    }
    return err;
}

/* Makes a name in the folder above ours survive a crash. */
static enum err
sync_parent(struct store *store)
{
    char *copy = strdup(store->path);
    int parent = copy == NULL ? -1 : open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (parent < 0) {
        return store_fail(store, "open the folder above", "it");
    }
    enum err err = io_sync(&store->io, parent) == 0
                       ? ERR_OK
                       : store_fail(store, "sync the folder above", "it");
    close(parent);
    return err;
}

static enum err
open_folder(struct store *store)
{
    store->folder = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->folder < 0 && errno == ENOENT) {
        if (io_mkdir(&store->io, store->path) != 0) {
            return store_fail(store, "make", "the folder");
        }
        store->folder = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    return store->folder >= 0 ? ERR_OK : store_fail(store, "open", "the folder");
}

static void
remove_unfinished(void *context, const char *name)
{
    struct store *store = context;
    io_unlink(&store->io, store->folder, name);
}

static enum err
found(struct store *store, const struct journal_file_options *options,
      const struct journal_reader *reader, struct journal_report *report)
{
    static const struct journal_place nowhere;
    struct journal_event first = store_next_event(&nowhere, options->first_event);
    if (options->first_event.size == 0) {
        snprintf(store->base.trouble, sizeof(store->base.trouble), "there is no journal in %s",
                 store->path);
        return ERR_NOT_FOUND;
    }
    /* The folder's name may be newer than the last sync: an earlier founding may have died. */
    enum err err = sync_parent(store);
    err = err == ERR_OK ? store_add_segment(store, &nowhere, first.bytes,
                                            format_record_size(first.bytes.size))
                        : err;
    if (err != ERR_OK) {
        return err;
    }
    store->base.place = (struct journal_place){first.epoch, first.hash};
    report->is_founded = true;
    return reader->event(reader->context, &first);
}

struct offer {
    struct store *store;
    const struct journal_reader *reader;
    const struct format_snapshot *snapshot;
    bool is_refused;
};

static enum err
offer_state(void *context)
{
    struct offer *offer = context;
    const struct format_snapshot *snapshot = offer->snapshot;
    struct store *store = offer->store;
    if (memcmp(&snapshot->cluster, &store->base.cluster, sizeof(snapshot->cluster)) != 0) {
        char name[FOLDER_NAME_SIZE];
        folder_name(name, "snapshot", snapshot->place.epoch, "");
        store_damage(store, name, 0, "it belongs to another journal");
        return ERR_CORRUPT;
    }
    enum err err = offer->reader->restore(offer->reader->context, &offer->snapshot->place,
                                          offer->snapshot->state);
    offer->is_refused = err != ERR_OK;
    return err;
}

/* Reads from one snapshot on. *is_refused: its state was not accepted, another way is to be tried.
 */
static enum err
read_from_snapshot(struct store *store, const struct folder_list *list,
                   const struct journal_reader *reader, const struct format_snapshot *snapshot,
                   bool *is_refused, struct store_end *end)
{
    struct offer offer = {store, reader, snapshot, false};
    struct store_start start = {snapshot->place.epoch + 1, &snapshot->place, offer_state, &offer};
    enum err err = store_walk(store, &list->segments, &start, reader->event, reader->context, end);
    *is_refused = offer.is_refused;
    return err;
}

/* Reads from the newest usable snapshot on, or all. */
static enum err
read_all(struct store *store, const struct folder_list *list, const struct journal_reader *reader,
         struct journal_report *report, struct store_end *end)
{
    for (size_t i = reader->restore == NULL ? 0 : list->snapshots.count; i > 0; i--) {
        struct buf file;
        struct format_snapshot snapshot;
        bool is_refused = true;
        buf_init(&file);
        enum err err = store_read_snapshot(store, list->snapshots.items[i - 1], &file, &snapshot);
        bool is_newer = err == ERR_VERSION;
        if (err == ERR_OK) {
            err = read_from_snapshot(store, list, reader, &snapshot, &is_refused, end);
        }
        buf_fini(&file);
        if (is_newer || (err != ERR_OK && !is_refused)) {
            return err;
        }
        if (err == ERR_OK) {
            report->snapshot_epoch = list->snapshots.items[i - 1];
            return ERR_OK;
        }
        report->is_snapshot_passed_over = true;
    }
    struct store_start start = {.from = 1};
    return store_walk(store, &list->segments, &start, reader->event, reader->context, end);
}

/* The journal can be read but not written: traffic is served by it, changes are refused. */
static void
go_on_read_only(struct store *store, struct journal_report *report)
{
    store->base.is_failed = true;
    report->is_read_only = true;
    memcpy(report->text, store->base.trouble, sizeof(report->text));
}

/* Makes the end ready for appends. */
static void
open_end(struct store *store, const struct store_end *end, struct journal_report *report)
{
    store->base.place = end->place;
    store->segment_epoch = end->segment_epoch;
    store->size = end->size;
    enum err err = store_open_segment(store);
    if (err == ERR_OK && end->torn_bytes > 0) {
        err = store_cut(store);
    }
    if (err != ERR_OK) {
        go_on_read_only(store, report);
        return;
    }
    if (end->torn_bytes > 0) {
        report->cut_bytes = end->torn_bytes;
        report->cut_offset = end->size;
        folder_name(report->cut_file, "segment", end->segment_epoch, "");
    }
}

static enum err
load(struct store *store, const struct journal_file_options *options,
     const struct journal_reader *reader, struct journal_report *report)
{
    struct folder_list list;
    struct store_end end;
    folder_each_unfinished(store->folder, remove_unfinished, store);
    enum err err = folder_list(store->folder, &list);
    if (err != ERR_OK) {
        snprintf(store->base.trouble, sizeof(store->base.trouble), "cannot list %s: %s",
                 store->path, err_text(err));
        return err;
    }
    if (list.segments.count == 0 && list.snapshots.count == 0) {
        folder_list_fini(&list);
        return found(store, options, reader, report);
    }
    err = read_all(store, &list, reader, report, &end);
    folder_list_fini(&list);
    if (err == ERR_OK) {
        open_end(store, &end, report);
    }
    return err;
}

enum err
journal_file_open(const struct journal_file_options *options, const struct journal_reader *reader,
                  struct journal **out, struct journal_report *report)
{
    *report = (struct journal_report){0};
    struct store *store = store_new(options);
    if (store == NULL) {
        snprintf(report->text, sizeof(report->text), "%s", err_text(ERR_NO_MEMORY));
        return ERR_NO_MEMORY;
    }
    enum err err = arm_fault(store, options->fault);
    err = err == ERR_OK ? open_folder(store) : err;
    err = err == ERR_OK ? load(store, options, reader, report) : err;
    if (err != ERR_OK) {
        memcpy(report->text, store->base.trouble, sizeof(report->text));
        store_close(&store->base);
        return err;
    }
    if (!report->is_read_only) {
        store->base.trouble[0] = '\0';
    }
    *out = &store->base;
    return ERR_OK;
}
