#include <string.h>
#include "control/core/edit.h"
#include "control/core/state.h"

/* Where a snapshot goes, and the one event that all of it passes through. */
struct save {
    core_write_fn write;
    void *context;
    struct core_event event;
};

static enum err
save_write(struct save *save)
{
    enum err err = save->write(save->context, &save->event);
    core_event_fini(&save->event);
    return err;
}

static struct digest
save_digest(const struct core_set *set)
{
    static const struct digest none;
    return set == NULL ? none : set->digest;
}

static enum err
save_set(struct save *save, const struct core_set *set)
{
    struct core_event *event = &save->event;
    enum err err;
    core_event_init(event, CORE_EVENT_SNAPSHOT_SET);
    err = core_event_set_addresses(event, set->addresses, set->address_count);
    if (err != ERR_OK) {
        return err;
    }
    core_text_copy(event->role, sizeof event->role, set->role->name);
    core_text_copy(event->build, sizeof event->build, set->build);
    core_text_copy(event->reason, sizeof event->reason, set->reason);
    event->digest = set->digest;
    event->status = set->status;
    event->registered_epoch = set->registered_epoch;
    event->warm_epoch = set->warm_epoch;
    event->status_epoch = set->status_epoch;
    event->wall_us = set->status_us;
    event->is_bad = set->is_bad;
    event->cutover = set->cutover;
    event->drain_timeout_ms = set->drain_timeout_ms;
    event->finished = set->finished;
    event->cut = set->cut;
    event->oldest_ms = set->oldest_ms;
    return save_write(save);
}

static enum err
save_role(struct save *save, const struct core_role *role)
{
    struct core_event *event = &save->event;
    core_event_init(event, CORE_EVENT_SNAPSHOT_ROLE);
    core_text_copy(event->role, sizeof event->role, role->name);
    core_text_copy(event->message, sizeof event->message, role->maintenance.message);
    event->epoch = role->epoch;
    event->live = save_digest(role->live);
    event->previous = save_digest(role->previous);
    event->previous_us = role->previous_us;
    event->canary = save_digest(role->canary);
    event->weight_bp = role->weight_bp;
    event->is_held = role->hold.is_on;
    event->held_us = role->hold.since_us;
    event->max_ms = role->hold.max_ms;
    event->for_ms = role->hold.for_ms;
    event->is_in_maintenance = role->maintenance.is_on;
    event->retry_after_s = role->maintenance.retry_after_s;
    return save_write(save);
}

static enum err
save_cutover(struct save *save, const struct core_role *role, const struct core_cutover *cutover)
{
    struct core_event *event = &save->event;
    core_event_init(event, CORE_EVENT_SNAPSHOT_CUTOVER);
    core_text_copy(event->role, sizeof event->role, role->name);
    core_text_copy(event->by, sizeof event->by, cutover->by);
    core_text_copy(event->reason, sizeof event->reason, cutover->reason);
    core_text_copy(event->superseded_by, sizeof event->superseded_by, cutover->superseded_by);
    core_text_copy(event->from_build, sizeof event->from_build, cutover->from_build);
    core_text_copy(event->to_build, sizeof event->to_build, cutover->to_build);
    event->cutover = cutover->id;
    event->operation_kind = cutover->kind;
    event->result = cutover->result;
    event->from = cutover->from;
    event->to = cutover->to;
    event->since_us = cutover->since_us;
    event->at_us = cutover->at_us;
    event->finished = cutover->finished;
    event->cut = cutover->cut;
    event->oldest_ms = cutover->oldest_ms;
    return save_write(save);
}

static enum err
save_operation(struct save *save, const struct core_operation *operation)
{
    struct core_event *event = &save->event;
    core_event_init(event, CORE_EVENT_SNAPSHOT_OPERATION);
    core_text_copy(event->by, sizeof event->by, operation->by);
    core_text_copy(event->note, sizeof event->note, operation->note);
    event->wall_us = operation->since_us;
    event->cutover = operation->id;
    event->operation_kind = operation->kind;
    event->order = operation->order;
    event->ready_timeout_ms = operation->ready_timeout_ms;
    event->drain_timeout_ms = operation->drain_timeout_ms;
    event->hold_timeout_ms = operation->hold_timeout_ms;
    event->is_forced = operation->is_forced;
    event->is_held = operation->is_held;
    event->held_epoch = operation->held_epoch;
    event->held_us = operation->held_us;
    event->move_count = operation->move_count;
    for (size_t i = 0; i < operation->move_count; i++) {
        const struct core_operation_move *move = &operation->moves[i];
        core_text_copy(event->moves[i].role, sizeof event->moves[i].role, move->role->name);
        event->moves[i].from = save_digest(move->from);
        event->moves[i].to = move->to->digest;
    }
    return save_write(save);
}

static enum err
save_whole_role(struct save *save, const struct core_role *role)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < role->set_count && err == ERR_OK; i++) {
        err = save_set(save, role->sets[i]);
    }
    if (err == ERR_OK) {
        err = save_role(save, role);
    }
    for (size_t i = role->cutover_count; i > 0 && err == ERR_OK; i--) {
        err = save_cutover(save, role, &role->cutovers[i - 1]);
    }
    return err;
}

enum err
core_state_save(const struct core_state *state, core_write_fn write, void *context)
{
    struct save save = {.write = write, .context = context};
    enum err err;
    core_event_init(&save.event, CORE_EVENT_SNAPSHOT_STATE);
    core_text_copy(save.event.cluster, sizeof save.event.cluster, state->cluster);
    save.event.epoch = state->epoch;
    err = save_write(&save);
    for (size_t i = 0; i < state->role_count && err == ERR_OK; i++) {
        err = save_whole_role(&save, state->roles[i]);
    }
    for (size_t i = 0; i < state->operation_count && err == ERR_OK; i++) {
        err = save_operation(&save, state->operations[i]);
    }
    return err;
}

struct save_clone {
    struct core_state *state;
    uint64_t seen_ms;
};

static enum err
save_clone_write(void *context, const struct core_event *event)
{
    struct save_clone *clone = context;
    return core_apply(clone->state, event, 0, clone->seen_ms);
}

struct core_state *
core_state_clone(const struct core_state *state, uint64_t seen_ms)
{
    struct save_clone clone = {core_state_new(), seen_ms};
    if (clone.state != NULL && core_state_save(state, save_clone_write, &clone) != ERR_OK) {
        core_state_free(clone.state);
        return NULL;
    }
    return clone.state;
}
