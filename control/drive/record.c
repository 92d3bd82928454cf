/* The journal as people read it: the newest events in memory, as JSON. */
#include "control/drive/runner_parts.h"

#include <stdlib.h>
#include <string.h>

#include "control/drive/codec.h"

enum { RECORD_BATCH = 256 /* told to one follower in one turn */ };

static struct record *
record_at(const struct runner *runner, size_t index)
{
    return &runner->records[(runner->record_first + index) % RUNNER_RECORDS_MAX];
}

/* Whom an event concerns, also one that names only its cutover. */
static void
record_note_roles(const struct runner *runner, struct record *record,
                  const struct core_event *event)
{
    size_t count = 0;
    record->is_for_all = false;
    memset(record->roles, 0, sizeof(record->roles));
    if (event->role[0] != '\0') {
        core_text_copy(record->roles[count++], CORE_ROLE_SIZE, event->role);
    }
    for (size_t i = 0; i < event->move_count; i++) {
        if (count == 2) {
            record->is_for_all = true;
            return;
        }
        core_text_copy(record->roles[count++], CORE_ROLE_SIZE, event->moves[i].role);
    }
    for (size_t i = runner->record_count; i > 0 && count == 0 && event->cutover != 0; i--) {
        const struct record *begin = record_at(runner, i - 1);
        if (begin->epoch == event->cutover) {
            memcpy(record->roles, begin->roles, sizeof(record->roles));
            record->is_for_all = begin->is_for_all;
            return;
        }
    }
}

static bool
record_concerns(const struct record *record, const char *role)
{
    return role[0] == '\0' || record->is_for_all || strcmp(record->roles[0], role) == 0 ||
           strcmp(record->roles[1], role) == 0;
}

enum err
record_add(struct runner *runner, const struct core_event *event, uint64_t epoch)
{
    struct buf json;
    buf_init(&json);
    if (runner->records == NULL) {
        runner->records = calloc(RUNNER_RECORDS_MAX, sizeof(*runner->records));
    }
    char *copy = NULL;
    if (runner->records != NULL && codec_describe(event, epoch, &json) == ERR_OK) {
        copy = strndup(buf_span(&json).data, buf_size(&json));
    }
    size_t size = buf_size(&json);
    buf_fini(&json);
    if (copy == NULL) {
        return ERR_NO_MEMORY;
    }
    struct record added = {.epoch = epoch,
                           .wall_us = event->wall_us,
                           .kind = event->kind,
                           .cutover = event->cutover,
                           .json = copy,
                           .size = size};
    record_note_roles(runner, &added, event);
    if (runner->record_count == RUNNER_RECORDS_MAX) {
        free(record_at(runner, 0)->json);
        runner->record_first = (runner->record_first + 1) % RUNNER_RECORDS_MAX;
        runner->record_count--;
    }
    *record_at(runner, runner->record_count++) = added;
    return ERR_OK;
}

/* When an event was decided; 0 when it is no longer in memory. */
uint64_t
record_wall_us(const struct runner *runner, uint64_t epoch)
{
    uint64_t first = runner->record_count == 0 ? 0 : record_at(runner, 0)->epoch;
    if (runner->record_count == 0 || epoch < first || epoch - first >= runner->record_count) {
        return 0;
    }
    return record_at(runner, (size_t)(epoch - first))->wall_us;
}

/* When a cutover was committed; 0 when it was not, or that is no longer in memory. */
uint64_t
record_commit_us(const struct runner *runner, uint64_t cutover)
{
    for (size_t i = runner->record_count; i > 0; i--) {
        const struct record *record = record_at(runner, i - 1);
        if (record->epoch <= cutover) {
            bool is_both = record->epoch == cutover && record->kind == CORE_EVENT_CUTOVER_SWITCH;
            return is_both ? record->wall_us : 0;
        }
        if (record->kind == CORE_EVENT_CUTOVER_COMMIT && record->cutover == cutover) {
            return record->wall_us;
        }
    }
    return 0;
}

void
records_free(struct runner *runner)
{
    for (size_t i = 0; i < runner->record_count; i++) {
        free(record_at(runner, i)->json);
    }
    free(runner->records);
    runner->records = NULL;
    runner->record_count = 0;
}

static bool
record_tell(const struct record *record, runner_event_call call, void *arg)
{
    struct runner_event event = {.epoch = record->epoch, .json = {record->json, record->size}};
    return call(arg, &event);
}

enum err
runner_history(struct runner *runner, const char *role, size_t limit, runner_event_call call,
               void *arg)
{
    size_t from = runner->record_count;
    for (size_t found = 0; from > 0 && found < limit; from--) {
        found += record_concerns(record_at(runner, from - 1), role);
    }
    for (size_t i = from; i < runner->record_count; i++) {
        const struct record *record = record_at(runner, i);
        if (record_concerns(record, role) && !record_tell(record, call, arg)) {
            break;
        }
    }
    return ERR_OK;
}

struct runner_events *
runner_events_follow(struct runner *runner, uint64_t after_epoch, runner_event_call call, void *arg)
{
    struct runner_events *events = calloc(1, sizeof(*events));
    if (events == NULL) {
        return NULL;
    }
    events->runner = runner;
    events->after_epoch = after_epoch;
    events->call = call;
    events->arg = arg;
    list_add_last(&runner->event_followers, &events->node);
    runner_turn_soon(runner);
    return events;
}

static void
events_release(struct runner_events *events)
{
    list_remove(&events->node);
    free(events);
}

void
runner_events_free(struct runner_events *events)
{
    if (events == NULL) {
        return;
    }
    events->is_freed = true;
    if (!events->runner->is_telling) {
        events_release(events);
    }
}

/* Epochs have no gaps, so the first record that was not told is found by counting. */
static void
events_tell(struct runner *runner, struct runner_events *events)
{
    uint64_t first = runner->record_count == 0 ? 1 : record_at(runner, 0)->epoch;
    size_t at = events->after_epoch < first ? 0 : (size_t)(events->after_epoch - first + 1);
    for (int told = 0; at < runner->record_count && told < RECORD_BATCH; at++, told++) {
        const struct record *record = record_at(runner, at);
        events->after_epoch = record->epoch;
        if (!record_tell(record, events->call, events->arg)) {
            events->is_over = true;
            return;
        }
        if (events->is_freed) {
            return;
        }
    }
    if (at < runner->record_count) {
        runner_turn_soon(runner);
    }
}

void
records_tell(struct runner *runner)
{
    struct list *next;
    runner->is_telling = true;
    for (struct list *node = runner->event_followers.next; node != &runner->event_followers;
         node = node->next) {
        struct runner_events *events = LIST_ITEM(node, struct runner_events, node);
        if (!events->is_over && !events->is_freed) {
            events_tell(runner, events);
        }
    }
    runner->is_telling = false;
    for (struct list *node = runner->event_followers.next; node != &runner->event_followers;
         node = next) {
        next = node->next;
        struct runner_events *events = LIST_ITEM(node, struct runner_events, node);
        if (events->is_freed) {
            events_release(events);
        }
    }
}
