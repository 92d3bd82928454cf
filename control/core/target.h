/*
 * target: what routing should be, by the state and what is seen. The publisher makes a table of it,
 * the prober its list of whom to check. Only configured roles are in it. The target is the caller's
 * to fini; it points into the state and holds until the next core_apply.
 */
#ifndef TURNOUT_CORE_TARGET_H
#define TURNOUT_CORE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "control/core/observe.h"
#include "control/core/settings.h"
#include "control/core/state.h"

/* Kept sets only: a retired or failed one is in no table. */
struct core_target_set {
    const struct core_set *set;
    bool is_live;
    bool is_canary; /* has the role's weight_bp of the traffic */
    bool is_closed; /* no new request of the normal way goes there: neither live nor canary */
    bool is_sealed; /* no way leads in, preview neither */
    bool is_cut;    /* what is in flight is to be ended */
    bool is_probed; /* its instances are checked */
};

struct core_target_role {
    const char *name;
    const struct core_role *role; /* NULL: no event named it yet */
    uint32_t weight_bp;           /* of the canary; 0 without one */
    bool is_held;
    uint64_t hold_max_ms; /* a request waits at most so long, while held */
    bool is_in_maintenance;
    const char *message; /* of the maintenance, "" for none */
    uint64_t retry_after_s;
    struct core_target_set sets[CORE_SETS_MAX];
    size_t set_count;
};

struct core_target {
    struct core_target_role *roles; /* heap, in the order of the settings */
    size_t role_count;
    uint64_t epoch; /* of the state that it was made of: what passed_epoch speaks of */
};

/* ERR_NO_MEMORY leaves *out empty. */
enum err core_target_build(const struct core_state *state, const struct core_settings *settings,
                           const struct core_observations *observations, struct core_target *out);
void core_target_fini(struct core_target *target);

#endif
