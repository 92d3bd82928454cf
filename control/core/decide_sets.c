#include <string.h>
#include "control/core/round.h"

static void
decide_cut(const struct decide *decide, const struct core_set *set,
           const struct core_observed_set *observed)
{
    struct core_effect *effect;
    if (observed->is_cut || !decide_is_over(decide, set->status_seen_ms, set->drain_timeout_ms)) {
        return;
    }
    effect = decide_effect(decide, CORE_EFFECT_CUT);
    if (effect != NULL) {
        effect->set = set->digest;
    }
}

static bool
decide_is_moved(const struct core_set *set)
{
    const struct core_operation *operation = set->role->operation;
    for (size_t i = 0; operation != NULL && i < operation->move_count; i++) {
        if (operation->moves[i].from == set || operation->moves[i].to == set) {
            return true;
        }
    }
    return false;
}

static void
decide_draining(const struct decide *decide, const struct core_set *set)
{
    const struct core_observed_set *observed =
        core_observed_find(decide->observations, &set->digest);
    struct core_event *event;
    if (observed == NULL) {
        return;
    }
    if (decide->observations->passed_epoch < set->status_epoch ||
        observed->in_flight[CORE_WAY_NORMAL] > 0) {
        decide_cut(decide, set, observed);
        return;
    }
    event = decide_append_set(decide, CORE_EVENT_SET_DRAINED, set);
    if (event != NULL) {
        event->cutover = set->cutover;
        event->finished = observed->finished;
        event->cut = observed->cut;
        event->oldest_ms = observed->oldest_ms;
    }
}

/* What is drained is kept while it is the way back. */
static void
decide_drained(const struct decide *decide, const struct core_role_settings *settings,
               const struct core_set *set)
{
    const struct core_role *role = set->role;
    const char *reason = "no longer the previous set";
    struct core_event *event;
    if (decide_is_moved(set)) {
        return;
    }
    if (role->previous == set) {
        if (!decide_is_over(decide, role->previous_seen_ms, settings->rollback_window_ms)) {
            return;
        }
        reason = "the rollback window is over";
    }
    event = decide_append_set(decide, CORE_EVENT_SET_RETIRE, set);
    if (event != NULL) {
        event->drain_timeout_ms = settings->drain_timeout_ms;
        core_text_copy(event->reason, sizeof event->reason, reason);
    }
}

static void
decide_retiring(const struct decide *decide, const struct core_set *set)
{
    const struct core_observed_set *observed =
        core_observed_find(decide->observations, &set->digest);
    struct core_event *event;
    if (observed == NULL) {
        return;
    }
    if (decide->observations->passed_epoch < set->status_epoch ||
        core_observed_in_flight(observed) > 0) {
        decide_cut(decide, set, observed);
        return;
    }
    event = decide_append_set(decide, CORE_EVENT_SET_RETIRED, set);
    if (event != NULL) {
        event->cut = observed->cut;
    }
}

void
decide_sets(const struct decide *decide, const struct core_role *role,
            const struct core_role_settings *settings)
{
    for (size_t i = 0; i < role->set_count; i++) {
        const struct core_set *set = role->sets[i];
        if (set->status == CORE_STATUS_DRAINING) {
            decide_draining(decide, set);
        } else if (set->status == CORE_STATUS_DRAINED) {
            decide_drained(decide, settings, set);
        } else if (set->status == CORE_STATUS_RETIRING) {
            decide_retiring(decide, set);
        }
    }
}

/* Adds up what the role's sets reported of a cutover; false while one of them still leaves. */
static bool
decide_report(const struct core_role *role, uint64_t id, uint64_t *finished, uint64_t *cut,
              uint64_t *oldest_ms)
{
    for (size_t i = 0; i < role->set_count; i++) {
        const struct core_set *set = role->sets[i];
        if (set->cutover != id) {
            continue;
        }
        if (set->status == CORE_STATUS_DRAINING || set->status == CORE_STATUS_RETIRING) {
            return false;
        }
        *finished += set->finished;
        *cut += set->cut;
        *oldest_ms = *oldest_ms < set->oldest_ms ? set->oldest_ms : *oldest_ms;
    }
    return true;
}

/* A cutover of several roles is finished once, by the first of them that waits for it. */
static void
decide_finished_one(const struct decide *decide, const struct core_role *role, uint64_t id)
{
    uint64_t finished = 0, cut = 0, oldest_ms = 0;
    struct core_event *event;
    bool is_first = true;
    for (size_t i = 0; i < decide->state->role_count; i++) {
        const struct core_role *other = decide->state->roles[i];
        const struct core_cutover *cutover = core_cutover_find(other, id);
        if (cutover == NULL || cutover->result != CORE_RESULT_COMMITTED) {
            continue;
        }
        if ((is_first && other != role) || !decide_report(other, id, &finished, &cut, &oldest_ms)) {
            return;
        }
        is_first = false;
    }
    event = decide_append(decide, CORE_EVENT_CUTOVER_FINISHED);
    if (event != NULL) {
        event->cutover = id;
        event->finished = finished;
        event->cut = cut;
        event->oldest_ms = oldest_ms;
    }
}

void
decide_finished(const struct decide *decide, const struct core_role *role)
{
    for (size_t i = role->cutover_count; i > 0; i--) {
        if (role->cutovers[i - 1].result == CORE_RESULT_COMMITTED) {
            decide_finished_one(decide, role, role->cutovers[i - 1].id);
        }
    }
}
