#include <stdarg.h>
#include <stdio.h>
#include "control/core/round.h"

static void decide_abort(const struct decide *decide, const struct core_operation *operation,
                         const char *format, ...) __attribute__((format(printf, 3, 4)));

static void
decide_abort(const struct decide *decide, const struct core_operation *operation,
             const char *format, ...)
{
    struct core_event *event = decide_append(decide, CORE_EVENT_CUTOVER_ABORT);
    va_list arguments;
    if (event == NULL) {
        return;
    }
    event->cutover = operation->id;
    va_start(arguments, format);
    vsnprintf(event->reason, sizeof event->reason, format, arguments);
    va_end(arguments);
}

static void
decide_step(const struct decide *decide, const struct core_operation *operation,
            enum core_event_kind kind)
{
    struct core_event *event = decide_append(decide, kind);
    if (event != NULL) {
        event->cutover = operation->id;
    }
}

/* A rollback goes back to what was live before: it asks for health now, not for a new proof, and
 * not even for that when it is forced. */
static bool
decide_is_ready(const struct decide *decide, const struct core_operation *operation,
                const struct core_operation_move *move)
{
    const struct core_role_settings *settings =
        core_settings_find(decide->settings, move->role->name);
    struct core_set_health health;
    core_set_observe(move->to, decide->observations, settings->rise, &health);
    if (operation->kind != CORE_KIND_ROLLBACK) {
        return health.ready == health.instances;
    }
    return operation->is_forced || health.up == health.instances;
}

static const struct core_operation_move *
decide_unready(const struct decide *decide, const struct core_operation *operation)
{
    for (size_t i = 0; i < operation->move_count; i++) {
        if (!decide_is_ready(decide, operation, &operation->moves[i])) {
            return &operation->moves[i];
        }
    }
    return NULL;
}

static const struct core_operation_move *
decide_unconfigured(const struct decide *decide, const struct core_operation *operation)
{
    for (size_t i = 0; i < operation->move_count; i++) {
        if (core_settings_find(decide->settings, operation->moves[i].role->name) == NULL) {
            return &operation->moves[i];
        }
    }
    return NULL;
}

static void
decide_explain(const struct decide *decide, const struct core_operation_move *move, char *out,
               size_t capacity)
{
    const struct core_role_settings *settings =
        core_settings_find(decide->settings, move->role->name);
    core_set_explain(move->to, decide->observations, settings->rise, out, capacity);
}

static void
decide_abort_unready(const struct decide *decide, const struct core_operation *operation,
                     const struct core_operation_move *move, const char *when)
{
    char why[CORE_TEXT_SIZE * 3 / 4];
    decide_explain(decide, move, why, sizeof why);
    decide_abort(decide, operation, "%s@%s is not ready %s: %s", move->role->name, move->to->build,
                 when, why);
}

static bool
decide_has_down(const struct decide *decide, const struct core_operation_move *move)
{
    struct core_set_health health;
    core_set_observe(move->to, decide->observations, 1, &health);
    return health.down > 0;
}

/* What an exclusive cutover still waits for at the sets that it leaves. */
static uint64_t
decide_in_flight(const struct decide *decide, const struct core_operation *operation,
                 bool *has_timed_out, bool *is_known)
{
    uint64_t in_flight = 0;
    *has_timed_out = false;
    *is_known = true;
    for (size_t i = 0; i < operation->move_count; i++) {
        const struct core_set *from = operation->moves[i].from;
        const struct core_observed_set *observed;
        if (from == NULL) {
            continue;
        }
        observed = core_observed_find(decide->observations, &from->digest);
        if (observed == NULL) {
            *is_known = false;
            continue;
        }
        in_flight += observed->in_flight[CORE_WAY_NORMAL];
        *has_timed_out = *has_timed_out || observed->has_timed_out;
    }
    return in_flight;
}

/* In hold: new requests wait, so every outcome comes soon. */
static void
decide_held(const struct decide *decide, const struct core_operation *operation)
{
    const struct core_operation_move *unready = decide_unready(decide, operation);
    bool has_timed_out, is_known;
    uint64_t in_flight = decide_in_flight(decide, operation, &has_timed_out, &is_known);
    bool is_exclusive = operation->order == TABLE_ORDER_EXCLUSIVE;
    bool is_acknowledged = is_known && decide->observations->passed_epoch >= operation->held_epoch;
    if (unready != NULL && decide_has_down(decide, unready)) {
        decide_abort_unready(decide, operation, unready, "any more");
    } else if (is_exclusive && has_timed_out) {
        decide_abort(decide, operation,
                     "an exchange with the old set timed out while new requests waited");
    } else if (unready == NULL && is_acknowledged && (!is_exclusive || in_flight == 0)) {
        decide_step(decide, operation, CORE_EVENT_CUTOVER_COMMIT);
    } else if (decide_is_over(decide, operation->held_seen_ms, operation->hold_timeout_ms)) {
        if (unready != NULL) {
            decide_abort_unready(decide, operation, unready, "within the hold");
        } else {
            decide_abort(decide, operation,
                         "%llu exchanges were still in flight at the old set after a hold of "
                         "%llu ms",
                         (unsigned long long)in_flight,
                         (unsigned long long)operation->hold_timeout_ms);
        }
    }
}

void
decide_operation(const struct decide *decide, const struct core_operation *operation)
{
    const struct core_operation_move *move = decide_unconfigured(decide, operation);
    char when[64];
    if (move != NULL) {
        decide_abort(decide, operation, "role %s is not configured any more", move->role->name);
        return;
    }
    if (operation->is_held) {
        decide_held(decide, operation);
        return;
    }
    move = decide_unready(decide, operation);
    if (move == NULL) {
        decide_step(decide, operation,
                    operation->order == TABLE_ORDER_AVAILABLE ? CORE_EVENT_CUTOVER_COMMIT
                                                              : CORE_EVENT_CUTOVER_HOLD);
        return;
    }
    if (decide_is_over(decide, operation->seen_ms, operation->ready_timeout_ms)) {
        snprintf(when, sizeof when, "after %llu ms",
                 (unsigned long long)operation->ready_timeout_ms);
        decide_abort_unready(decide, operation, move, when);
    }
}
