/* Reading segments one behind the other. */
#include "control/journal/store.h"

#include <stdio.h>
#include <string.h>

#include "control/journal/segment.h"

/* A walk's state. `known` is checked where the chain comes by: in front of a segment, and after
 * each event. */
struct walk {
    struct store *store;
    const struct store_start *start;
    journal_event_fn event;
    void *context;
    bool is_known_passed;
    bool is_known_wrong;
};

static enum err
walk_pass(struct walk *walk, const struct journal_place *place)
{
    const struct journal_place *known = walk->start->known;
    if (known == NULL || walk->is_known_passed || place->epoch != known->epoch) {
        return ERR_OK;
    }
    if (memcmp(place->head.bytes, known->head.bytes, DIGEST_SIZE) != 0) {
        walk->is_known_wrong = true;
        return ERR_CORRUPT;
    }
    walk->is_known_passed = true;
    return walk->start->on_known == NULL ? ERR_OK : walk->start->on_known(walk->start->context);
}

static enum err
walk_take(void *context, const struct journal_event *event)
{
    struct walk *walk = context;
    if (event->epoch >= walk->start->from) {
        return walk->event(walk->context, event);
    }
    return walk_pass(walk, &(struct journal_place){event->epoch, event->hash});
}

static enum err
walk_header(struct store *store, const char *name, struct span bytes,
            struct format_segment *segment)
{
    enum err err = format_get_segment(bytes, segment);
    if (err == ERR_VERSION) {
        snprintf(store->base.trouble, sizeof(store->base.trouble),
                 "%s/%s was written by a newer version of turnoutd; start that version, or restore "
                 "the folder from a backup that this one made",
                 store->path, name);
    } else if (err != ERR_OK) {
        store_damage(store, name, 0, "its header is damaged");
    }
    return err;
}

/* Whether the segment continues what came before it. */
static enum err
walk_continue(struct walk *walk, const char *name, const struct format_segment *segment,
              uint64_t epoch, bool is_first, const struct journal_place *before)
{
    struct store *store = walk->store;
    if (segment->before.epoch + 1 != epoch) {
        store_damage(store, name, 0, "its name does not fit its header");
        return ERR_CORRUPT;
    }
    if (is_first) {
        store->base.cluster = segment->cluster;
        enum err err = walk_pass(walk, &segment->before);
        if (walk->is_known_wrong) {
            store_damage(store, name, 0, "it does not continue the state in the snapshot");
        }
        return err;
    }
    if (memcmp(&segment->cluster, &store->base.cluster, sizeof(segment->cluster)) != 0) {
        store_damage(store, name, 0, "it belongs to another journal");
        return ERR_CORRUPT;
    }
    if (segment->before.epoch != before->epoch ||
        memcmp(segment->before.head.bytes, before->head.bytes, DIGEST_SIZE) != 0) {
        store_damage(store, name, 0, "it does not continue the segment before it");
        return ERR_CORRUPT;
    }
    return ERR_OK;
}

static enum err
walk_end(struct walk *walk, const char *name, bool is_last, const struct segment_scan *scan)
{
    if (walk->is_known_wrong) {
        store_damage(walk->store, name, scan->size,
                     "it does not lead to the state in the snapshot");
        return ERR_CORRUPT;
    }
    if (scan->end == SEGMENT_END_STOPPED) {
        return scan->err;
    }
    if (scan->end == SEGMENT_END_DAMAGED) {
        store_damage(walk->store, name, scan->size, scan->damage);
        return ERR_CORRUPT;
    }
    if (scan->end == SEGMENT_END_TORN && !is_last) {
        store_damage(walk->store, name, scan->size,
                     "its last record is not whole, and a segment follows");
        return ERR_CORRUPT;
    }
    return ERR_OK;
}

static enum err
walk_segment(struct walk *walk, const struct folder_epochs *segments, size_t index, bool is_first,
             struct store_end *end)
{
    struct store *store = walk->store;
    bool is_last = index + 1 == segments->count;
    char name[FOLDER_NAME_SIZE];
    struct format_segment segment;
    struct buf file;
    buf_init(&file);
    folder_name(name, "segment", segments->items[index], "");
    enum err err = folder_read(store->folder, name, &file);
    if (err != ERR_OK) {
        snprintf(store->base.trouble, sizeof(store->base.trouble), "cannot read %s/%s: %s",
                 store->path, name, err_text(err));
    }
    err = err == ERR_OK ? walk_header(store, name, buf_span(&file), &segment) : err;
    if (err == ERR_OK) {
        err = walk_continue(walk, name, &segment, segments->items[index], is_first, &end->place);
    }
    if (err == ERR_OK) {
        struct segment_scan scan = {.place = segment.before};
        segment_read(buf_span(&file), 0, walk_take, walk, &scan);
        err = walk_end(walk, name, is_last, &scan);
        *end = (struct store_end){scan.place, segments->items[index], scan.size, scan.torn_bytes};
    }
    buf_fini(&file);
    return err;
}

enum err
store_walk(struct store *store, const struct folder_epochs *segments,
           const struct store_start *start, journal_event_fn event, void *context,
           struct store_end *end)
{
    struct walk walk = {store, start, event, context, false, false};
    size_t first = folder_find(segments, start->from);
    char name[FOLDER_NAME_SIZE];
    if (first == segments->count) {
        folder_name(name, "segment", start->from, "");
        store_damage(store, name, 0, "the segment with this epoch is missing");
        return ERR_CORRUPT;
    }
    for (size_t i = first; i < segments->count; i++) {
        enum err err = walk_segment(&walk, segments, i, i == first, end);
        if (err != ERR_OK) {
            return err;
        }
    }
    if (start->known != NULL && !walk.is_known_passed) {
        folder_name(name, "segment", end->segment_epoch, "");
        store_damage(store, name, end->size, "the journal ends before the state in the snapshot");
        return ERR_CORRUPT;
    }
    return ERR_OK;
}

/* Who asked for events, and which is the last that was acknowledged. */
struct asker {
    uint64_t last;
    journal_event_fn event;
    void *context;
};

/* An event that could neither be synced nor taken back may stand behind the last one: it is
 * nobody's until the next opening. */
static enum err
asker_take(void *context, const struct journal_event *event)
{
    struct asker *asker = context;
    return event->epoch > asker->last ? ERR_OK : asker->event(asker->context, event);
}

enum err
store_read(struct journal *journal, uint64_t from_epoch, journal_event_fn event, void *context)
{
    struct store *store = (struct store *)(void *)journal;
    struct folder_list list;
    enum err err = folder_list(store->folder, &list);
    if (err != ERR_OK) {
        snprintf(journal->trouble, sizeof(journal->trouble), "cannot list %s: %s", store->path,
                 err_text(err));
        return err;
    }
    struct asker asker = {journal->place.epoch, event, context};
    struct store_start start = {.from = from_epoch};
    struct store_end end;
    err = store_walk(store, &list.segments, &start, asker_take, &asker, &end);
    folder_list_fini(&list);
    return err;
}
