#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "control/core/decide.h"
#include "proxy/base/check.h"

static const struct {
    const char *name;
    const char *meaning;
} steps[CORE_STEP_COUNT] = {
#define STEP(name, text, meaning) [CORE_STEP_##name] = {text, meaning},
#include "control/core/steps.def"
#undef STEP
};

const char *
core_step_name(enum core_step step)
{
    CHECK(step < CORE_STEP_COUNT);
    return steps[step].name;
}

const char *
core_step_meaning(enum core_step step)
{
    CHECK(step < CORE_STEP_COUNT);
    return steps[step].meaning;
}

/* What progress is told of. */
struct progress {
    const struct core_role *role;
    const struct core_settings *settings;
    const struct core_observations *observations;
    struct core_progress *out;
};

static const struct core_operation_move *
progress_move(const struct core_operation *operation, const struct core_role *role)
{
    size_t place = 0;
    while (operation->moves[place].role != role) {
        place++;
    }
    CHECK(place < operation->move_count);
    return &operation->moves[place];
}

static void
progress_ready(const struct progress *progress, const struct core_set *to)
{
    const struct core_role_settings *settings =
        core_settings_find(progress->settings, progress->role->name);
    uint32_t rise = settings == NULL ? 1 : settings->rise;
    struct core_set_health health;
    char why[CORE_TEXT_SIZE * 3 / 4];
    core_set_observe(to, progress->observations, rise, &health);
    core_set_explain(to, progress->observations, rise, why, sizeof why);
    progress->out->step = core_observed_find(progress->observations, &to->digest) == NULL
                              ? CORE_STEP_START
                              : CORE_STEP_READY;
    snprintf(progress->out->text, sizeof progress->out->text, "ready %zu/%zu%s%s", health.ready,
             health.instances, why[0] == '\0' ? "" : "; ", why);
}

static uint64_t
progress_in_flight(const struct progress *progress, const struct digest *digest, enum core_way way,
                   uint64_t *oldest_ms)
{
    const struct core_observed_set *observed = core_observed_find(progress->observations, digest);
    *oldest_ms = observed == NULL ? 0 : observed->oldest_ms;
    return observed == NULL ? 0 : observed->in_flight[way];
}

static void
progress_running(const struct progress *progress, const struct core_operation *operation)
{
    const struct core_operation_move *move = progress_move(operation, progress->role);
    uint64_t oldest_ms;
    uint64_t in_flight;
    if (!operation->is_held) {
        progress_ready(progress, move->to);
        return;
    }
    progress->out->step = CORE_STEP_CONNECT;
    if (move->from == NULL) {
        snprintf(progress->out->text, sizeof progress->out->text, "new requests wait");
        return;
    }
    in_flight = progress_in_flight(progress, &move->from->digest, CORE_WAY_NORMAL, &oldest_ms);
    snprintf(progress->out->text, sizeof progress->out->text,
             "new requests wait; %" PRIu64 " in flight at %s", in_flight, move->from->build);
}

static void
progress_draining(const struct progress *progress, const struct core_set *from)
{
    uint64_t oldest_ms;
    uint64_t in_flight = progress_in_flight(progress, &from->digest, CORE_WAY_NORMAL, &oldest_ms);
    if (progress->observations->passed_epoch < from->status_epoch) {
        progress->out->step = CORE_STEP_DISCONNECT;
        snprintf(progress->out->text, sizeof progress->out->text,
                 "%s gets no new request once every worker has the new table", from->build);
        return;
    }
    progress->out->step = CORE_STEP_FINISH;
    snprintf(progress->out->text, sizeof progress->out->text,
             "%" PRIu64 " in flight at %s, the oldest for %" PRIu64 " ms", in_flight, from->build,
             oldest_ms);
}

static const struct core_set *
progress_from(const struct core_role *role, const struct core_cutover *cutover)
{
    for (size_t i = 0; i < role->set_count; i++) {
        if (core_digest_equal(&role->sets[i]->digest, &cutover->from)) {
            return role->sets[i];
        }
    }
    return NULL;
}

static void
progress_committed(const struct progress *progress, const struct core_cutover *cutover)
{
    const struct core_set *from = progress_from(progress->role, cutover);
    struct core_progress *out = progress->out;
    if (core_digest_is_none(&cutover->from)) {
        out->step = CORE_STEP_DRAINED;
        snprintf(out->text, sizeof out->text, "there was no set before");
    } else if (from != NULL && from->status == CORE_STATUS_DRAINING &&
               from->cutover == cutover->id) {
        progress_draining(progress, from);
    } else if (from != NULL && from->status == CORE_STATUS_DRAINED &&
               cutover->result == CORE_RESULT_COMMITTED) {
        /* The set's own drain is recorded, the cutover's report, which may count others, follows.
         */
        out->step = CORE_STEP_FINISH;
        snprintf(out->text, sizeof out->text, "nothing is in flight at %s", cutover->from_build);
    } else if (from == NULL || from->status == CORE_STATUS_RETIRED ||
               from->status == CORE_STATUS_RETIRING || from->status == CORE_STATUS_FAILED) {
        out->step = CORE_STEP_DESTROY;
        snprintf(out->text, sizeof out->text, "%s is %s", cutover->from_build,
                 from == NULL ? "retired" : core_status_name(from->status));
    } else {
        out->step = CORE_STEP_DRAINED;
        snprintf(out->text, sizeof out->text,
                 "%" PRIu64 " finished, %" PRIu64 " cut, the oldest took %" PRIu64 " ms",
                 cutover->finished, cutover->cut, cutover->oldest_ms);
    }
}

void
core_progress_ready(const struct core_set *to, const struct core_settings *settings,
                    const struct core_observations *observations, struct core_progress *out)
{
    struct progress progress = {to->role, settings, observations, out};
    progress_ready(&progress, to);
}

enum err
core_progress(const struct core_role *role, uint64_t id, const struct core_settings *settings,
              const struct core_observations *observations, struct core_progress *out)
{
    struct core_progress result = {CORE_STEP_START, ""};
    struct progress progress = {role, settings, observations, &result};
    const struct core_cutover *cutover = core_cutover_find(role, id);
    if (role->operation != NULL && role->operation->id == id) {
        progress_running(&progress, role->operation);
    } else if (cutover == NULL) {
        return ERR_NOT_FOUND;
    } else if (cutover->result == CORE_RESULT_ABORTED ||
               cutover->result == CORE_RESULT_SUPERSEDED) {
        return ERR_CONFLICT;
    } else {
        progress_committed(&progress, cutover);
    }
    *out = result;
    return ERR_OK;
}
