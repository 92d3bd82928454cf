/* Everything at one moment, as plain values in one arena. */
#include "control/drive/runner_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxy/base/clock.h"

/* The view is the first thing of its own arena's holder. */
struct view {
    struct runner_view seen;
    struct arena arena;
    bool is_whole; /* no allocation failed */
};

static void *
take(struct view *view, size_t size)
{
    void *memory = arena_take(&view->arena, size);
    view->is_whole = view->is_whole && memory != NULL;
    return memory;
}

static const char *
copy(struct view *view, const char *text)
{
    const char *made = arena_copy(&view->arena, text);
    view->is_whole = view->is_whole && made != NULL;
    return made;
}

static const char *
copy_id(struct view *view, uint64_t id)
{
    char text[RUNNER_ID_SIZE];
    snprintf(text, sizeof(text), "%" PRIu64, id);
    return copy(view, text);
}

static void
view_instance(struct view *view, const struct core_set *set, const struct roster_set *listed,
              size_t index, struct runner_view_instance *out)
{
    out->address = copy(view, set->addresses[index]);
    out->reason = out->detail = "";
    if (listed == NULL) {
        return;
    }
    const struct roster_instance *instance = &listed->instances[index];
    out->is_up = roster_instance_is_up(instance);
    out->is_checked = instance->has_result;
    if (instance->has_result) {
        bool has_failed = instance->last.reason != PROBE_PASSED;
        out->reason = has_failed ? probe_reason_word(instance->last.reason) : "";
        out->detail = copy(view, instance->last.detail);
        out->checked_at_us = instance->last.wall_us;
        out->check_us = (uint32_t)instance->last.duration_us;
    }
}

static enum runner_view_place
place_of(const struct core_role *role, const struct core_set *set)
{
    const struct core_operation *operation = role->operation;
    if (set == role->live) {
        return RUNNER_VIEW_LIVE;
    }
    if (set == role->canary) {
        return RUNNER_VIEW_CANDIDATE;
    }
    for (size_t i = 0; operation != NULL && i < operation->move_count; i++) {
        if (operation->moves[i].to == set) {
            return RUNNER_VIEW_CANDIDATE;
        }
    }
    if (set->status == CORE_STATUS_DRAINING) {
        return RUNNER_VIEW_DRAINING;
    }
    return set == role->previous ? RUNNER_VIEW_PREVIOUS : RUNNER_VIEW_OTHER;
}

static uint64_t
rollback_until_us(const struct runner *runner, const struct core_role *role)
{
    uint64_t until_ms = core_rollback_until_ms(role, &runner->settings);
    uint64_t now_ms = loop_now_ms(runner->loop);
    if (until_ms == 0) {
        return 0;
    }
    return clock_wall_us() + (until_ms > now_ms ? until_ms - now_ms : 0) * 1000;
}

static void
view_set(struct view *view, const struct runner *runner, const struct core_role *role,
         const struct core_set *set, struct runner_view_set *out)
{
    char hex[DIGEST_HEX_SIZE];
    const struct roster_set *listed = roster_find(runner->roster, &set->digest);
    const struct core_role_settings *settings = core_settings_find(&runner->settings, role->name);
    listed = listed != NULL && listed->is_kept ? listed : NULL;
    const struct ledger *ledger = listed == NULL ? NULL : engine_ledger(runner->engine, listed->id);
    digest_to_hex(&set->digest, hex);
    out->set_id = ledger == NULL ? 0 : listed->id;
    out->build = copy(view, set->build);
    out->digest = copy(view, hex);
    out->place = place_of(role, set);
    out->state = core_set_life(set, &runner->observed, settings == NULL ? 1 : settings->rise);
    out->reason = copy(view, set->reason);
    out->is_bad = set->is_bad;
    out->instance_count = (uint32_t)set->address_count;
    out->weight_bp = set == role->canary ? role->weight_bp : 0;
    out->registered_at_us = record_wall_us(runner, set->registered_epoch);
    out->registered_epoch = set->registered_epoch;
    if (ledger != NULL) {
        out->in_flight =
            ledger_in_flight(ledger, LEDGER_NORMAL) + ledger_in_flight(ledger, LEDGER_PREVIEW);
    }
    out->is_previous = set == role->previous;
    if (out->is_previous) {
        out->rollback_until_us = rollback_until_us(runner, role);
    }
    struct runner_view_instance *instances =
        take(view, (set->address_count + 1) * sizeof(*instances));
    for (size_t i = 0; instances != NULL && i < set->address_count; i++) {
        view_instance(view, set, listed, i, &instances[i]);
        out->healthy += instances[i].is_up;
    }
    out->instances = instances;
}

/* In the order of their places, the newest first within one. */
static void
view_sets(struct view *view, const struct runner *runner, const struct core_role *role,
          struct runner_view_role *out)
{
    struct runner_view_set *sets = take(view, (role->set_count + 1) * sizeof(*sets));
    size_t count = 0;
    for (int place = RUNNER_VIEW_LIVE; sets != NULL && place <= RUNNER_VIEW_OTHER; place++) {
        for (size_t i = role->set_count; i > 0; i--) {
            const struct core_set *set = role->sets[i - 1];
            if ((int)place_of(role, set) == place) {
                view_set(view, runner, role, set, &sets[count++]);
            }
        }
    }
    out->sets = sets;
    out->set_count = count;
}

static void
view_operation(struct view *view, const struct runner *runner, const struct core_role *role,
               struct runner_view_operation *out)
{
    const struct core_operation *running = role->operation;
    struct core_progress progress;
    if (running == NULL) {
        return;
    }
    out->id = copy_id(view, running->id);
    out->kind = core_kind_name(running->kind);
    out->by = copy(view, running->by);
    out->since_us = running->since_us;
    out->step = "";
    if (core_progress(role, running->id, &runner->settings, &runner->observed, &progress) ==
        ERR_OK) {
        out->step = core_step_name(progress.step);
    }
}

static void
view_cutover(struct view *view, const struct runner *runner, const struct core_role *role,
             struct runner_view_cutover *out)
{
    if (role->cutover_count == 0) {
        return;
    }
    const struct core_cutover *cutover = &role->cutovers[0];
    out->id = copy_id(view, cutover->id);
    out->from = copy(view, cutover->from_build);
    out->to = copy(view, cutover->to_build);
    out->result = core_result_name(cutover->result);
    out->at_us = cutover->at_us;
    uint64_t begun_us = record_wall_us(runner, cutover->id);
    uint64_t committed_us = record_commit_us(runner, cutover->id);
    out->duration_us = begun_us != 0 && committed_us > begun_us ? committed_us - begun_us : 0;
}

static void
view_doors(struct view *view, const struct core_role *role, struct runner_view_role *out)
{
    const struct core_hold *hold = &role->hold;
    bool is_held_by_cutover = role->operation != NULL && role->operation->is_held;
    out->is_held = hold->is_on || is_held_by_cutover;
    out->hold_until_us = hold->is_on && hold->for_ms > 0 ? hold->since_us + hold->for_ms * 1000 : 0;
    out->is_in_maintenance = role->maintenance.is_on;
    out->maintenance_message = copy(view, role->maintenance.message);
}

static void
view_role(struct view *view, struct runner *runner, size_t index, struct runner_view_role *out)
{
    const char *name = runner->conf->roles[index].settings.name;
    const struct core_role *role = core_role_find(runner->state, name);
    out->name = name;
    out->kind = "http";
    out->maintenance_message = "";
    out->parked = engine_count_parked(runner->engine, (uint32_t)index);
    if (role == NULL) {
        return;
    }
    out->epoch = role->epoch;
    view_sets(view, runner, role, out);
    view_operation(view, runner, role, &out->operation);
    view_cutover(view, runner, role, &out->last_cutover);
    view_doors(view, role, out);
}

const struct runner_view *
runner_view_new(struct runner *runner)
{
    struct view *view = calloc(1, sizeof(*view));
    char head[DIGEST_HEX_SIZE];
    if (view == NULL || runner_look(runner) != ERR_OK) {
        free(view);
        return NULL;
    }
    view->is_whole = true;
    arena_init(&view->arena);
    digest_to_hex(&runner->place.head, head);
    struct runner_view *seen = &view->seen;
    seen->epoch = runner->state->epoch;
    seen->head = copy(view, head);
    seen->node = runner->node;
    seen->now_us = clock_wall_us();
    seen->started_at_us = runner->started_us;
    seen->is_stopping = runner->is_stopping;
    seen->is_journal_writable = runner->is_journal_well;
    seen->journal_error = copy(view, runner->journal_trouble);
    struct runner_view_role *roles = take(view, (runner->conf->role_count + 1) * sizeof(*roles));
    for (size_t i = 0; roles != NULL && i < runner->conf->role_count; i++) {
        view_role(view, runner, i, &roles[i]);
    }
    seen->roles = roles;
    seen->role_count = runner->conf->role_count;
    if (!view->is_whole) {
        runner_view_free(seen);
        return NULL;
    }
    return seen;
}

void
runner_view_free(const struct runner_view *seen)
{
    if (seen == NULL) {
        return;
    }
    struct view *view = (struct view *)(uintptr_t)seen;
    arena_fini(&view->arena);
    free(view);
}
