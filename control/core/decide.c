#include "control/core/decide.h"

#include <stdlib.h>
#include <string.h>
#include "control/core/round.h"

bool
decide_is_over(const struct decide *decide, uint64_t since_ms, uint64_t duration_ms)
{
    uint64_t end_ms = since_ms > UINT64_MAX - duration_ms ? UINT64_MAX : since_ms + duration_ms;
    if (decide->now_ms >= end_ms) {
        return true;
    }
    if (end_ms < decide->out->next_wakeup_ms) {
        decide->out->next_wakeup_ms = end_ms;
    }
    return false;
}

struct core_effect *
decide_effect(const struct decide *decide, enum core_effect_kind kind)
{
    struct core_effect *effect;
    if (decide->out->count == CORE_EFFECTS_MAX) {
        decide->out->next_wakeup_ms = decide->now_ms;
        return NULL;
    }
    effect = &decide->out->items[decide->out->count++];
    memset(effect, 0, sizeof *effect);
    effect->kind = kind;
    return effect;
}

struct core_event *
decide_append(const struct decide *decide, enum core_event_kind kind)
{
    struct core_effect *effect = decide_effect(decide, CORE_EFFECT_APPEND);
    if (effect == NULL) {
        return NULL;
    }
    core_event_init(&effect->event, kind);
    effect->event.wall_us = decide->wall_us;
    core_text_copy(effect->event.by, sizeof effect->event.by, CORE_BY_DAEMON);
    return &effect->event;
}

struct core_event *
decide_append_set(const struct decide *decide, enum core_event_kind kind,
                  const struct core_set *set)
{
    struct core_event *event = decide_append(decide, kind);
    if (event != NULL) {
        core_text_copy(event->role, sizeof event->role, set->role->name);
        event->digest = set->digest;
    }
    return event;
}

static void
decide_hold(const struct decide *decide, const struct core_role *role)
{
    struct core_event *event;
    if (!role->hold.is_on || role->hold.for_ms == 0 ||
        !decide_is_over(decide, role->hold.seen_ms, role->hold.for_ms)) {
        return;
    }
    event = decide_append(decide, CORE_EVENT_HOLD_END);
    if (event != NULL) {
        core_text_copy(event->role, sizeof event->role, role->name);
        core_text_copy(event->reason, sizeof event->reason, "its time is over");
    }
}

/* A role that is not configured any more has no traffic; what is kept of it waits until it is
 * again. */
static void
decide_role(const struct decide *decide, const struct core_role *role)
{
    const struct core_role_settings *settings = core_settings_find(decide->settings, role->name);
    if (settings == NULL) {
        return;
    }
    decide_hold(decide, role);
    decide_sets(decide, role, settings);
    decide_finished(decide, role);
}

enum err
core_decide(const struct core_state *state, const struct core_settings *settings,
            const struct core_observations *observations, uint64_t now_ms, uint64_t wall_us,
            struct core_effects *out)
{
    struct decide decide = {state, settings, observations, now_ms, wall_us, out};
    *out = (struct core_effects){NULL, 0, UINT64_MAX};
    out->items = malloc(CORE_EFFECTS_MAX * sizeof out->items[0]);
    if (out->items == NULL) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < state->operation_count; i++) {
        decide_operation(&decide, state->operations[i]);
    }
    for (size_t i = 0; i < state->role_count; i++) {
        decide_role(&decide, state->roles[i]);
    }
    return ERR_OK;
}

void
core_effects_fini(struct core_effects *effects)
{
    for (size_t i = 0; i < effects->count; i++) {
        core_event_fini(&effects->items[i].event);
    }
    free(effects->items);
    *effects = (struct core_effects){NULL, 0, UINT64_MAX};
}

uint64_t
core_rollback_until_ms(const struct core_role *role, const struct core_settings *settings)
{
    const struct core_role_settings *own = core_settings_find(settings, role->name);
    if (role->previous == NULL || own == NULL) {
        return 0;
    }
    return role->previous_seen_ms + own->rollback_window_ms;
}
