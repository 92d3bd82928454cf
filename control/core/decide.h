/*
 * decide: what should happen next without anybody asking. The driver calls it after every applied
 * event, every change of what it sees, and at the wake-up that it named; it carries out the
 * effects: appends and applies each event in order (dropping those that core_check no longer
 * allows), then asks again, until there is nothing to append. While an append is under way it does
 * not ask. Pure; control's thread; the effects are the caller's to fini.
 */
#ifndef TURNOUT_CORE_DECIDE_H
#define TURNOUT_CORE_DECIDE_H

#include <stddef.h>
#include <stdint.h>
#include "control/core/event.h"
#include "control/core/observe.h"
#include "control/core/settings.h"
#include "control/core/state.h"

enum core_effect_kind {
    CORE_EFFECT_APPEND, /* append `event`, then apply it */
    CORE_EFFECT_CUT     /* end what is in flight at `set`; said until it is observed as is_cut */
};

struct core_effect {
    enum core_effect_kind kind;
    struct core_event event; /* its time and actor are filled in */
    struct digest set;
};

/* In one round; what does not fit comes in the next (then next_wakeup_ms is now). */
enum { CORE_EFFECTS_MAX = 16 };

struct core_effects {
    struct core_effect *items; /* heap */
    size_t count;
    uint64_t next_wakeup_ms; /* monotonic; UINT64_MAX: only when something changes */
};

/* `now_ms` is monotonic and comparable with core_apply's seen_ms; `wall_us` is the events' time.
 * ERR_NO_MEMORY leaves *out empty. */
enum err core_decide(const struct core_state *state, const struct core_settings *settings,
                     const struct core_observations *observations, uint64_t now_ms,
                     uint64_t wall_us, struct core_effects *out);
void core_effects_fini(struct core_effects *effects);

/* Monotonic time until when a rollback to the previous set is possible; 0 when there is none. */
uint64_t core_rollback_until_ms(const struct core_role *role, const struct core_settings *settings);

enum core_step {
#define STEP(name, text, meaning) CORE_STEP_##name,
#include "control/core/steps.def"
#undef STEP
    CORE_STEP_COUNT
};

struct core_progress {
    enum core_step step;
    char text[CORE_TEXT_SIZE]; /* "ready 2/3; 10.0.0.3:8080: connect refused" */
};

/* How far the operation or cutover `id` of the role is. ERR_NOT_FOUND when it is forgotten or never
 * was, ERR_CONFLICT when it was aborted or superseded. */
enum err core_progress(const struct core_role *role, uint64_t id,
                       const struct core_settings *settings,
                       const struct core_observations *observations, struct core_progress *out);

/* What the step of getting ready says of a set: for a cutover that does not stay in it. */
void core_progress_ready(const struct core_set *to, const struct core_settings *settings,
                         const struct core_observations *observations, struct core_progress *out);

const char *core_step_name(enum core_step step);
const char *core_step_meaning(enum core_step step);

#endif
