#include "control/core/target.h"

#include <stdlib.h>
#include <string.h>
#include "proxy/base/check.h"

static bool
target_is_leaving(const struct core_set *set)
{
    return set->status == CORE_STATUS_DRAINING || set->status == CORE_STATUS_RETIRING;
}

static void
target_set(const struct core_set *set, const struct core_observations *observations,
           struct core_target_set *out)
{
    const struct core_observed_set *observed = core_observed_find(observations, &set->digest);
    const struct core_role *role = set->role;
    out->set = set;
    out->is_live = role->live == set;
    out->is_canary = role->canary == set;
    out->is_closed = !out->is_live && !out->is_canary;
    out->is_sealed = set->status == CORE_STATUS_RETIRING;
    out->is_cut = target_is_leaving(set) && observed != NULL && observed->is_cut;
    out->is_probed = !out->is_sealed;
}

static void
target_hold(const struct core_role *role, const struct core_role_settings *settings,
            const struct core_observations *observations, struct core_target_role *out)
{
    if (role->hold.is_on) {
        out->is_held = true;
        out->hold_max_ms = role->hold.max_ms;
    }
    /* A cutover's hold waits for its outcome. Where none can come what is live goes on serving; the
       next start holds again. */
    if (role->operation != NULL && role->operation->is_held && !observations->is_journal_failed) {
        out->is_held = true;
        if (out->hold_max_ms < settings->hold_max_ms) {
            out->hold_max_ms = settings->hold_max_ms;
        }
    }
}

static void
target_role(const struct core_role *role, const struct core_role_settings *settings,
            const struct core_observations *observations, struct core_target_role *out)
{
    out->role = role;
    out->weight_bp = role->weight_bp;
    out->is_in_maintenance = role->maintenance.is_on;
    out->message = role->maintenance.message;
    out->retry_after_s = role->maintenance.retry_after_s;
    target_hold(role, settings, observations, out);
    for (size_t i = 0; i < role->set_count; i++) {
        if (core_set_is_kept(role->sets[i])) {
            CHECK(out->set_count < CORE_SETS_MAX);
            target_set(role->sets[i], observations, &out->sets[out->set_count++]);
        }
    }
}

enum err
core_target_build(const struct core_state *state, const struct core_settings *settings,
                  const struct core_observations *observations, struct core_target *out)
{
    struct core_target target = {NULL, settings->role_count, state->epoch};
    target.roles = calloc(settings->role_count + 1, sizeof target.roles[0]);
    if (target.roles == NULL) {
        *out = (struct core_target){NULL, 0, 0};
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < settings->role_count; i++) {
        const struct core_role *role = core_role_find(state, settings->roles[i].name);
        target.roles[i].name = settings->roles[i].name;
        target.roles[i].message = "";
        if (role != NULL) {
            target_role(role, &settings->roles[i], observations, &target.roles[i]);
        }
    }
    *out = target;
    return ERR_OK;
}

void
core_target_fini(struct core_target *target)
{
    free(target->roles);
    *target = (struct core_target){NULL, 0, 0};
}
