#include <string.h>
#include "control/core/edit.h"
#include "control/core/state.h"

/* None, or a set of this role that has one of two statuses. */
static bool
restore_is_of_role(const struct core_state *state, const struct digest *digest, const char *role,
                   enum core_status status, enum core_status other)
{
    const struct core_set *set = core_set_find(state, digest);
    if (core_digest_is_none(digest)) {
        return true;
    }
    return set != NULL && strcmp(set->role->name, role) == 0 &&
           (set->status == status || set->status == other);
}

static enum err
restore_check_set(const struct core_state *state, const struct core_event *event)
{
    const struct core_role *role;
    enum err err = edit_check_set(event);
    if (err != ERR_OK) {
        return err;
    }
    if (event->status >= CORE_STATUS_COUNT) {
        return ERR_INVALID;
    }
    role = core_role_find(state, event->role);
    if (role != NULL && edit_role_kept(role) >= CORE_SETS_MAX &&
        event->status != CORE_STATUS_RETIRED && event->status != CORE_STATUS_FAILED) {
        return ERR_LIMIT;
    }
    return core_set_find(state, &event->digest) == NULL ? ERR_OK : ERR_CONFLICT;
}

static enum err
restore_check_role(const struct core_state *state, const struct core_event *event)
{
    if (!core_role_name_is_valid(event->role) || event->weight_bp > 10000) {
        return ERR_INVALID;
    }
    if (!restore_is_of_role(state, &event->live, event->role, CORE_STATUS_LIVE, CORE_STATUS_LIVE) ||
        !restore_is_of_role(state, &event->previous, event->role, CORE_STATUS_DRAINING,
                            CORE_STATUS_DRAINED) ||
        !restore_is_of_role(state, &event->canary, event->role, CORE_STATUS_REGISTERED,
                            CORE_STATUS_REGISTERED)) {
        return ERR_NOT_FOUND;
    }
    return ERR_OK;
}

static enum err
restore_check_cutover(const struct core_state *state, const struct core_event *event)
{
    if (event->operation_kind >= CORE_KIND_COUNT || event->result >= CORE_RESULT_COUNT) {
        return ERR_INVALID;
    }
    return core_role_find(state, event->role) == NULL ? ERR_NOT_FOUND : ERR_OK;
}

enum err
edit_restore_check(const struct core_state *state, const struct core_event *event)
{
    if (event->kind == CORE_EVENT_SNAPSHOT_STATE) {
        return state->epoch == 0 && state->role_count == 0 ? ERR_OK : ERR_CONFLICT;
    }
    if (event->kind == CORE_EVENT_SNAPSHOT_SET) {
        return restore_check_set(state, event);
    }
    if (event->kind == CORE_EVENT_SNAPSHOT_ROLE) {
        return restore_check_role(state, event);
    }
    if (event->kind == CORE_EVENT_SNAPSHOT_CUTOVER) {
        return restore_check_cutover(state, event);
    }
    return edit_check_moves(state, event);
}

static enum err
restore_set(struct core_state *state, const struct core_event *event, uint64_t seen_ms)
{
    struct core_role *role = edit_role_ensure(state, event->role);
    struct core_set *set = role == NULL ? NULL : edit_set_add(role, event);
    if (set == NULL) {
        return ERR_NO_MEMORY;
    }
    edit_set_status(set, (enum core_status)event->status, event, event->status_epoch, seen_ms);
    core_text_copy(set->reason, sizeof set->reason, event->reason);
    set->registered_epoch = event->registered_epoch;
    set->warm_epoch = event->warm_epoch;
    set->is_bad = event->is_bad;
    set->cutover = event->cutover;
    set->drain_timeout_ms = event->drain_timeout_ms;
    set->finished = event->finished;
    set->cut = event->cut;
    set->oldest_ms = event->oldest_ms;
    return ERR_OK;
}

static enum err
restore_role(struct core_state *state, const struct core_event *event, uint64_t seen_ms)
{
    struct core_role *role = edit_role_ensure(state, event->role);
    if (role == NULL) {
        return ERR_NO_MEMORY;
    }
    role->epoch = event->epoch;
    role->live = core_set_find(state, &event->live);
    role->previous = core_set_find(state, &event->previous);
    role->previous_us = event->previous_us;
    role->previous_seen_ms = role->previous == NULL ? 0 : seen_ms;
    role->canary = core_set_find(state, &event->canary);
    role->weight_bp = (uint32_t)event->weight_bp;
    if (event->is_held) {
        role->hold =
            (struct core_hold){true, event->max_ms, event->for_ms, event->held_us, seen_ms};
    }
    role->maintenance.is_on = event->is_in_maintenance;
    role->maintenance.retry_after_s = event->retry_after_s;
    core_text_copy(role->maintenance.message, sizeof role->maintenance.message, event->message);
    return ERR_OK;
}

static enum err
restore_cutover(struct core_state *state, const struct core_event *event)
{
    struct core_cutover *cutover = edit_cutover_add(core_role_find(state, event->role));
    cutover->id = event->cutover;
    cutover->kind = (enum core_kind)event->operation_kind;
    cutover->result = (enum core_result)event->result;
    cutover->from = event->from;
    cutover->to = event->to;
    cutover->since_us = event->since_us;
    cutover->at_us = event->at_us;
    cutover->finished = event->finished;
    cutover->cut = event->cut;
    cutover->oldest_ms = event->oldest_ms;
    core_text_copy(cutover->from_build, sizeof cutover->from_build, event->from_build);
    core_text_copy(cutover->to_build, sizeof cutover->to_build, event->to_build);
    core_text_copy(cutover->by, sizeof cutover->by, event->by);
    core_text_copy(cutover->reason, sizeof cutover->reason, event->reason);
    core_text_copy(cutover->superseded_by, sizeof cutover->superseded_by, event->superseded_by);
    return ERR_OK;
}

static enum err
restore_operation(struct core_state *state, const struct core_event *event, uint64_t seen_ms)
{
    struct core_operation *operation = edit_operation_add(state, event, event->cutover, seen_ms);
    if (operation == NULL) {
        return ERR_NO_MEMORY;
    }
    operation->is_held = event->is_held;
    operation->held_epoch = event->held_epoch;
    operation->held_us = event->held_us;
    operation->held_seen_ms = event->is_held ? seen_ms : 0;
    return ERR_OK;
}

enum err
edit_restore(struct core_state *state, const struct core_event *event, uint64_t seen_ms)
{
    if (event->kind == CORE_EVENT_SNAPSHOT_SET) {
        return restore_set(state, event, seen_ms);
    }
    if (event->kind == CORE_EVENT_SNAPSHOT_ROLE) {
        return restore_role(state, event, seen_ms);
    }
    if (event->kind == CORE_EVENT_SNAPSHOT_CUTOVER) {
        return restore_cutover(state, event);
    }
    if (event->kind == CORE_EVENT_SNAPSHOT_OPERATION) {
        return restore_operation(state, event, seen_ms);
    }
    core_text_copy(state->cluster, sizeof state->cluster, event->cluster);
    state->epoch = event->epoch;
    return ERR_OK;
}
