#include <string.h>
#include "control/core/edit.h"
#include "control/core/state.h"
#include "proxy/base/check.h"

/* What every part of the fold is given. */
struct apply {
    struct core_state *state;
    const struct core_event *event;
    uint64_t epoch;
    uint64_t seen_ms;
};

static void
apply_status(const struct apply *apply, struct core_set *set, enum core_status status)
{
    edit_set_status(set, status, apply->event, apply->epoch, apply->seen_ms);
}

static struct core_set *
apply_set(const struct apply *apply)
{
    struct core_set *set = core_set_find(apply->state, &apply->event->digest);
    CHECK(set != NULL);
    return set;
}

/* The set's role, mutable: sets point to theirs for reading. */
static struct core_role *
apply_role(const struct apply *apply)
{
    struct core_role *role = core_role_find(apply->state, apply->event->role);
    CHECK(role != NULL);
    role->epoch = apply->epoch;
    return role;
}

static void
apply_clear_report(struct core_set *set)
{
    set->reason[0] = '\0';
    set->cutover = 0;
    set->finished = set->cut = set->oldest_ms = 0;
}

/* A kept set that drained keeps its place and is only warmed; a closed one is opened again. */
static enum err
apply_registered(const struct apply *apply)
{
    struct core_role *role = edit_role_ensure(apply->state, apply->event->role);
    struct core_set *set = core_set_find(apply->state, &apply->event->digest);
    if (role == NULL) {
        return ERR_NO_MEMORY;
    }
    if (set == NULL) {
        set = edit_set_add(role, apply->event);
        if (set == NULL) {
            return ERR_NO_MEMORY;
        }
        apply_status(apply, set, CORE_STATUS_REGISTERED);
    }
    if (!core_set_is_kept(set) || set->status == CORE_STATUS_RETIRING) {
        apply_clear_report(set);
        apply_status(apply, set, CORE_STATUS_REGISTERED);
    }
    set->registered_epoch = set->warm_epoch = apply->epoch;
    role->epoch = apply->epoch;
    return ERR_OK;
}

static void
apply_keep_previous(const struct apply *apply, struct core_role *role, struct core_set *set)
{
    role->previous = set;
    role->previous_us = set == NULL ? 0 : apply->event->wall_us;
    role->previous_seen_ms = set == NULL ? 0 : apply->seen_ms;
}

static enum err
apply_drain(const struct apply *apply)
{
    struct core_role *role = apply_role(apply);
    struct core_set *set = apply_set(apply);
    if (role->live == set) {
        role->live = NULL;
        apply_keep_previous(apply, role, set);
        edit_role_unweigh(role);
    }
    if (role->canary == set) {
        edit_role_unweigh(role);
    }
    apply_clear_report(set);
    set->drain_timeout_ms = apply->event->drain_timeout_ms;
    apply_status(apply, set, CORE_STATUS_DRAINING);
    return ERR_OK;
}

static enum err
apply_drained(const struct apply *apply)
{
    struct core_set *set = apply_set(apply);
    apply_role(apply);
    set->finished = apply->event->finished;
    set->cut = apply->event->cut;
    set->oldest_ms = apply->event->oldest_ms;
    apply_status(apply, set, CORE_STATUS_DRAINED);
    return ERR_OK;
}

static enum err
apply_retire(const struct apply *apply)
{
    struct core_role *role = apply_role(apply);
    struct core_set *set = apply_set(apply);
    if (role->previous == set) {
        apply_keep_previous(apply, role, NULL);
    }
    set->drain_timeout_ms = apply->event->drain_timeout_ms;
    core_text_copy(set->reason, sizeof set->reason, apply->event->reason);
    apply_status(apply, set, CORE_STATUS_RETIRING);
    return ERR_OK;
}

static enum err
apply_retired(const struct apply *apply)
{
    struct core_role *role = apply_role(apply);
    struct core_set *set = apply_set(apply);
    set->cut += apply->event->cut;
    apply_status(apply, set, CORE_STATUS_RETIRED);
    edit_role_prune(role);
    return ERR_OK;
}

static enum err
apply_begin(const struct apply *apply)
{
    struct core_operation *operation =
        edit_operation_add(apply->state, apply->event, apply->epoch, apply->seen_ms);
    if (operation == NULL) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < operation->move_count; i++) {
        operation->moves[i].role->epoch = apply->epoch;
        if (operation->kind == CORE_KIND_DEPLOY) {
            operation->moves[i].to->is_bad = false;
        }
    }
    return ERR_OK;
}

static enum err
apply_hold(const struct apply *apply)
{
    struct core_operation *operation = core_operation_find(apply->state, apply->event->cutover);
    operation->is_held = true;
    operation->held_epoch = apply->epoch;
    operation->held_us = apply->event->wall_us;
    operation->held_seen_ms = apply->seen_ms;
    for (size_t i = 0; i < operation->move_count; i++) {
        operation->moves[i].role->epoch = apply->epoch;
    }
    return ERR_OK;
}

static struct core_cutover *
apply_record(const struct apply *apply, const struct core_operation *operation,
             const struct core_operation_move *move, enum core_result result)
{
    struct core_cutover *cutover = edit_cutover_add(move->role);
    cutover->id = operation->id;
    cutover->kind = operation->kind;
    cutover->result = result;
    cutover->since_us = operation->since_us;
    cutover->at_us = apply->event->wall_us;
    core_text_copy(cutover->by, sizeof cutover->by, operation->by);
    cutover->to = move->to->digest;
    core_text_copy(cutover->to_build, sizeof cutover->to_build, move->to->build);
    if (move->from != NULL) {
        cutover->from = move->from->digest;
        core_text_copy(cutover->from_build, sizeof cutover->from_build, move->from->build);
    }
    move->role->epoch = apply->epoch;
    return cutover;
}

/* The set still drains for an earlier cutover and is wanted again: that drain will not end. */
static void
apply_supersede_drain(const struct core_operation *operation,
                      const struct core_operation_move *move)
{
    struct core_cutover *cutover;
    if (move->to->status != CORE_STATUS_DRAINING) {
        return;
    }
    cutover = edit_cutover_find(move->role, move->to->cutover);
    if (cutover == NULL || cutover->result != CORE_RESULT_COMMITTED) {
        return;
    }
    cutover->result = CORE_RESULT_SUPERSEDED;
    core_text_copy(cutover->superseded_by, sizeof cutover->superseded_by,
                   core_kind_name(operation->kind));
}

static void
apply_leave(const struct apply *apply, const struct core_operation *operation,
            const struct core_operation_move *move)
{
    struct core_role *role = move->role;
    if (move->from == NULL) {
        if (role->previous == move->to) {
            apply_keep_previous(apply, role, NULL);
        }
        return;
    }
    apply_keep_previous(apply, role, move->from);
    move->from->is_bad = operation->kind == CORE_KIND_ROLLBACK;
    apply_clear_report(move->from);
    move->from->cutover = operation->id;
    move->from->drain_timeout_ms = operation->drain_timeout_ms;
    apply_status(apply, move->from, CORE_STATUS_DRAINING);
}

static void
apply_move(const struct apply *apply, const struct core_operation *operation,
           const struct core_operation_move *move)
{
    apply_supersede_drain(operation, move);
    apply_record(apply, operation, move, CORE_RESULT_COMMITTED);
    apply_leave(apply, operation, move);
    edit_role_unweigh(move->role);
    move->role->live = move->to;
    move->to->is_bad = false;
    apply_clear_report(move->to);
    apply_status(apply, move->to, CORE_STATUS_LIVE);
}

static enum err
apply_moves(const struct apply *apply, uint64_t cutover)
{
    struct core_operation *operation = core_operation_find(apply->state, cutover);
    for (size_t i = 0; i < operation->move_count; i++) {
        apply_move(apply, operation, &operation->moves[i]);
    }
    edit_operation_remove(apply->state, operation);
    return ERR_OK;
}

static enum err
apply_commit(const struct apply *apply)
{
    return apply_moves(apply, apply->event->cutover);
}

/* The operation begins and is over at the same epoch, which is its id. */
static enum err
apply_begin_and_commit(const struct apply *apply)
{
    enum err err = apply_begin(apply);
    return err == ERR_OK ? apply_moves(apply, apply->epoch) : err;
}

/* A deploy brought its candidate along, so that it ends with it, unless it has traffic already. */
static void
apply_fail(const struct apply *apply, const struct core_operation *operation,
           const struct core_operation_move *move)
{
    if (operation->kind != CORE_KIND_DEPLOY || move->to->status != CORE_STATUS_REGISTERED ||
        move->role->canary == move->to) {
        return;
    }
    core_text_copy(move->to->reason, sizeof move->to->reason, apply->event->reason);
    apply_status(apply, move->to, CORE_STATUS_FAILED);
    edit_role_prune(move->role);
}

static enum err
apply_abort(const struct apply *apply)
{
    const struct core_event *event = apply->event;
    struct core_operation *operation = core_operation_find(apply->state, event->cutover);
    enum core_result result =
        event->superseded_by[0] == '\0' ? CORE_RESULT_ABORTED : CORE_RESULT_SUPERSEDED;
    for (size_t i = 0; i < operation->move_count; i++) {
        struct core_cutover *cutover = apply_record(apply, operation, &operation->moves[i], result);
        core_text_copy(cutover->reason, sizeof cutover->reason, event->reason);
        core_text_copy(cutover->superseded_by, sizeof cutover->superseded_by, event->superseded_by);
        apply_fail(apply, operation, &operation->moves[i]);
    }
    edit_operation_remove(apply->state, operation);
    return ERR_OK;
}

static enum err
apply_finished(const struct apply *apply)
{
    for (size_t i = 0; i < apply->state->role_count; i++) {
        struct core_role *role = apply->state->roles[i];
        struct core_cutover *cutover = edit_cutover_find(role, apply->event->cutover);
        if (cutover == NULL || cutover->result != CORE_RESULT_COMMITTED) {
            continue;
        }
        cutover->result = CORE_RESULT_FINISHED;
        cutover->finished = apply->event->finished;
        cutover->cut = apply->event->cut;
        cutover->oldest_ms = apply->event->oldest_ms;
        role->epoch = apply->epoch;
    }
    return ERR_OK;
}

static enum err
apply_weight(const struct apply *apply)
{
    struct core_role *role = apply_role(apply);
    role->canary = apply->event->weight_bp == 0 ? NULL : apply_set(apply);
    role->weight_bp = (uint32_t)apply->event->weight_bp;
    return ERR_OK;
}

/* Hold and maintenance may be said of a role that has no set yet. */
static enum err
apply_switch(const struct apply *apply)
{
    const struct core_event *event = apply->event;
    struct core_role *role = edit_role_ensure(apply->state, event->role);
    if (role == NULL) {
        return ERR_NO_MEMORY;
    }
    role->epoch = apply->epoch;
    if (event->kind == CORE_EVENT_HOLD_BEGIN) {
        role->hold =
            (struct core_hold){true, event->max_ms, event->for_ms, event->wall_us, apply->seen_ms};
    } else if (event->kind == CORE_EVENT_HOLD_END) {
        memset(&role->hold, 0, sizeof role->hold);
    } else {
        role->maintenance.is_on = event->kind == CORE_EVENT_MAINTENANCE_ON;
        role->maintenance.retry_after_s = event->retry_after_s;
        core_text_copy(role->maintenance.message, sizeof role->maintenance.message, event->message);
    }
    return ERR_OK;
}

static enum err
apply_founded(const struct apply *apply)
{
    core_text_copy(apply->state->cluster, sizeof apply->state->cluster, apply->event->cluster);
    return ERR_OK;
}

typedef enum err (*apply_fn)(const struct apply *apply);

static const apply_fn apply_table[CORE_EVENT_COUNT] = {
    [CORE_EVENT_JOURNAL_FOUNDED] = apply_founded,
    [CORE_EVENT_SET_REGISTERED] = apply_registered,
    [CORE_EVENT_SET_DRAIN] = apply_drain,
    [CORE_EVENT_SET_DRAINED] = apply_drained,
    [CORE_EVENT_SET_RETIRE] = apply_retire,
    [CORE_EVENT_SET_RETIRED] = apply_retired,
    [CORE_EVENT_CUTOVER_BEGIN] = apply_begin,
    [CORE_EVENT_CUTOVER_HOLD] = apply_hold,
    [CORE_EVENT_CUTOVER_SWITCH] = apply_begin_and_commit,
    [CORE_EVENT_CUTOVER_COMMIT] = apply_commit,
    [CORE_EVENT_CUTOVER_ABORT] = apply_abort,
    [CORE_EVENT_CUTOVER_FINISHED] = apply_finished,
    [CORE_EVENT_WEIGHT_SET] = apply_weight,
    [CORE_EVENT_HOLD_BEGIN] = apply_switch,
    [CORE_EVENT_HOLD_END] = apply_switch,
    [CORE_EVENT_MAINTENANCE_ON] = apply_switch,
    [CORE_EVENT_MAINTENANCE_OFF] = apply_switch,
};

enum err
core_apply(struct core_state *state, const struct core_event *event, uint64_t epoch,
           uint64_t seen_ms)
{
    struct apply apply = {state, event, epoch, seen_ms};
    enum err err = core_check(state, event);
    if (err != ERR_OK) {
        return err;
    }
    if (core_event_is_snapshot(event->kind)) {
        return edit_restore(state, event, seen_ms);
    }
    if (epoch <= state->epoch) {
        return ERR_INVALID;
    }
    err = apply_table[event->kind](&apply);
    if (err == ERR_OK) {
        state->epoch = epoch;
    }
    return err;
}
