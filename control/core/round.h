/*
 * round: one round of deciding, shared by the files that decide. Private to the core.
 */
#ifndef TURNOUT_CORE_ROUND_H
#define TURNOUT_CORE_ROUND_H

#include <stdbool.h>
#include "control/core/decide.h"

struct decide {
    const struct core_state *state;
    const struct core_settings *settings;
    const struct core_observations *observations;
    uint64_t now_ms;
    uint64_t wall_us;
    struct core_effects *out;
};

/* True when the duration has passed since then; else the round is to be repeated when it has. */
bool decide_is_over(const struct decide *decide, uint64_t since_ms, uint64_t duration_ms);

/* One more effect; NULL when the round is full: the rest comes in the next. */
struct core_effect *decide_effect(const struct decide *decide, enum core_effect_kind kind);

/* The event of one more CORE_EFFECT_APPEND, or NULL. */
struct core_event *decide_append(const struct decide *decide, enum core_event_kind kind);
struct core_event *decide_append_set(const struct decide *decide, enum core_event_kind kind,
                                     const struct core_set *set);

/* Commits, holds or aborts a running operation when it is time. */
void decide_operation(const struct decide *decide, const struct core_operation *operation);

/* Lets the role's sets that leave go on: drained, cut, retired; and says when a cutover finished.
 */
void decide_sets(const struct decide *decide, const struct core_role *role,
                 const struct core_role_settings *settings);
void decide_finished(const struct decide *decide, const struct core_role *role);

#endif
