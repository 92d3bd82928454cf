/*
 * world: one node in virtual time around the pure core: a journal in memory, instances that are
 * well or not, workers that pass tables, ledgers that a test fills and empties. Each test has its
 * own. Every applied event is checked against the invariants and noted as an edge of each state
 * machine.
 */
#ifndef TURNOUT_TESTS_SIM_WORLD_H
#define TURNOUT_TESTS_SIM_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "control/core/command.h"
#include "control/core/decide.h"
#include "control/core/event.h"
#include "control/core/health.h"
#include "control/core/observe.h"
#include "control/core/state.h"
#include "control/core/target.h"
#include "tests/sim/note.h"
#include "tests/sim/same.h"

enum {
    WORLD_INSTANCES_MAX = 4,
    WORLD_RISE = 2,
    WORLD_FALL = 3,
    WORLD_INTERVAL_MS = 1000,
    WORLD_READY_MS = 30000,
    WORLD_DRAIN_MS = 20000,
    WORLD_WINDOW_MS = 600000,
    WORLD_HOLD_MS = 2000,
    WORLD_ROUNDS_MAX = 64
};

/* What the driver would keep of a set. */
struct world_set {
    struct digest digest;
    bool is_used;
    bool is_sick[WORLD_INSTANCES_MAX];
    struct core_health health[WORLD_INSTANCES_MAX];
    struct core_observed_instance seen[WORLD_INSTANCES_MAX];
    size_t instance_count;
    uint64_t in_flight[CORE_WAY_COUNT];
    uint64_t finished, cut, oldest_ms;
    bool is_cut;
    bool has_timed_out;
};

enum { WORLD_IDS_MAX = 1 << 17 };

static bool world_refusals[CORE_REFUSAL_COUNT]; /* met so far */

struct world {
    struct core_state *state;
    struct core_role_settings roles[3];
    struct core_settings settings;
    struct world_set sets[WORLD_SETS_MAX];
    struct core_observed_set observed[WORLD_SETS_MAX];
    struct core_observations observations;
    uint64_t now_ms;
    uint64_t next_probe_ms;
    uint64_t passed_epoch;
    bool is_lagging;   /* workers do not pass new tables */
    bool is_sick_disk; /* the journal cannot be written */
    bool is_forgetful; /* the journal is not kept: a long run without a crash */
    struct core_event *journal;
    size_t journal_count, journal_size;
    uint8_t outcomes[WORLD_IDS_MAX]; /* of each cutover, by id */
    struct core_outcome outcome;     /* of the last command */
    uint64_t last_id;                /* of the last cutover.begin or cutover.switch */
};

static inline struct core_role *
world_role(const struct world *world, const char *name)
{
    return core_role_find(world->state, name);
}

static inline uint64_t
world_wall_us(const struct world *world)
{
    return UINT64_C(1700000000000000) + world->now_ms * 1000;
}

static inline struct world_set *
world_set_of(struct world *world, const struct core_set *set)
{
    struct world_set *free_one = NULL;
    for (size_t i = 0; i < WORLD_SETS_MAX; i++) {
        if (world->sets[i].is_used && core_digest_equal(&world->sets[i].digest, &set->digest)) {
            return &world->sets[i];
        }
        if (!world->sets[i].is_used && free_one == NULL) {
            free_one = &world->sets[i];
        }
    }
    assert_non_null(free_one);
    memset(free_one, 0, sizeof *free_one);
    free_one->is_used = true;
    free_one->digest = set->digest;
    free_one->instance_count = set->address_count;
    for (size_t i = 0; i < free_one->instance_count; i++) {
        core_health_init(&free_one->health[i], set->warm_epoch);
    }
    return free_one;
}

static inline struct core_set *
world_set(const struct world *world, const char *role, const char *build)
{
    struct core_set *set = NULL;
    assert_non_null(world_role(world, role));
    assert_int_equal(core_set_resolve(world_role(world, role), build, &set), ERR_OK);
    return set;
}

static inline struct world_set *
world_look(struct world *world, const char *role, const char *build)
{
    return world_set_of(world, world_set(world, role, build));
}

static inline void
world_observe(struct world *world)
{
    size_t count = 0;
    for (size_t i = 0; i < world->state->role_count; i++) {
        const struct core_role *role = world->state->roles[i];
        for (size_t j = 0; j < role->set_count; j++) {
            struct world_set *own;
            if (!core_set_is_kept(role->sets[j])) {
                continue;
            }
            own = world_set_of(world, role->sets[j]);
            for (size_t k = 0; k < own->instance_count; k++) {
                core_health_warm(&own->health[k], role->sets[j]->warm_epoch);
                own->seen[k] = (struct core_observed_instance){
                    own->health[k].verdict, own->health[k].passes, own->health[k].warm_epoch,
                    own->is_sick[k] ? "connect refused" : "", role->sets[j]->build};
            }
            world->observed[count++] = (struct core_observed_set){
                .digest = own->digest,
                .instances = own->seen,
                .instance_count = own->instance_count,
                .in_flight = {own->in_flight[0], own->in_flight[1]},
                .finished = own->finished,
                .cut = own->cut,
                .oldest_ms = own->oldest_ms,
                .is_cut = own->is_cut,
                .has_timed_out = own->has_timed_out,
            };
        }
    }
    world->observations = (struct core_observations){world->observed,
                                                     count,
                                                     world->passed_epoch,
                                                     !world->is_sick_disk,
                                                     world->is_sick_disk ? "disk full" : NULL,
                                                     false};
}

static inline void
world_check_role(const struct core_role *role)
{
    size_t live = 0;
    for (size_t i = 0; i < role->set_count; i++) {
        live += role->sets[i]->status == CORE_STATUS_LIVE ? 1 : 0;
    }
    assert_int_equal(live, role->live == NULL ? 0 : 1);
    assert_true(role->live == NULL || role->live->status == CORE_STATUS_LIVE);
    assert_true(role->previous == NULL || role->previous->status == CORE_STATUS_DRAINING ||
                role->previous->status == CORE_STATUS_DRAINED);
    assert_int_equal(role->canary == NULL, role->weight_bp == 0);
    if (role->canary != NULL) {
        assert_non_null(role->live);
        assert_int_equal(role->canary->status, CORE_STATUS_REGISTERED);
    }
    /* A third set never mixes in: who moves while a canary has traffic moves to it, or back. */
    for (size_t i = 0; role->operation != NULL && i < role->operation->move_count; i++) {
        const struct core_operation_move *move = &role->operation->moves[i];
        if (move->role == role && role->operation->kind != CORE_KIND_ROLLBACK) {
            assert_true(role->canary == NULL || role->canary == move->to);
        }
    }
}

/* A cutover has one outcome at most: its commit or abort, or the switch that began it. */
static inline void
world_check_outcome(struct world *world, uint64_t cutover)
{
    assert_true(cutover < WORLD_IDS_MAX);
    assert_int_equal(world->outcomes[cutover]++, 0);
}

static inline void
world_check(struct world *world, const struct core_event *event)
{
    for (size_t i = 0; i < world->state->role_count; i++) {
        world_check_role(world->state->roles[i]);
    }
    if (event->kind == CORE_EVENT_CUTOVER_COMMIT || event->kind == CORE_EVENT_CUTOVER_ABORT) {
        world_check_outcome(world, event->cutover);
    } else if (event->kind == CORE_EVENT_CUTOVER_SWITCH) {
        world_check_outcome(world, world->state->epoch);
        assert_null(core_operation_find(world->state, world->state->epoch));
    }
}

/* ---- Running ---- */

static inline void
world_keep(struct world *world, const struct core_event *event)
{
    struct core_event *kept;
    if (world->is_forgetful) {
        return;
    }
    if (world->journal_count == world->journal_size) {
        world->journal_size = 2 * world->journal_size + 64;
        world->journal = realloc(world->journal, world->journal_size * sizeof world->journal[0]);
        assert_non_null(world->journal);
    }
    kept = &world->journal[world->journal_count++];
    *kept = *event;
    kept->addresses = NULL;
    kept->address_count = 0;
    assert_int_equal(core_event_set_addresses(kept, event->addresses, event->address_count),
                     ERR_OK);
}

static inline void
world_forget_cuts(struct world *world)
{
    for (size_t i = 0; i < world->state->role_count; i++) {
        const struct core_role *role = world->state->roles[i];
        for (size_t j = 0; j < role->set_count; j++) {
            const struct core_set *set = role->sets[j];
            if (set->status != CORE_STATUS_DRAINING && set->status != CORE_STATUS_RETIRING &&
                core_set_is_kept(set)) {
                world_set_of(world, set)->is_cut = false;
            }
        }
    }
}

static inline enum err
world_apply(struct world *world, const struct core_event *event)
{
    struct world_image before, after;
    enum err err = core_check(world->state, event);
    if (err != ERR_OK) {
        return err;
    }
    world_image(world->state, &before);
    err = core_apply(world->state, event, world->state->epoch + 1, world->now_ms);
    assert_int_equal(err, ERR_OK);
    world_image(world->state, &after);
    world_note_all(event, &before, &after);
    world_check(world, event);
    if (event->kind == CORE_EVENT_CUTOVER_BEGIN || event->kind == CORE_EVENT_CUTOVER_SWITCH) {
        world->last_id = world->state->epoch;
    }
    if (!world->is_lagging) {
        world->passed_epoch = world->state->epoch;
    }
    world_keep(world, event);
    world_forget_cuts(world);
    return ERR_OK;
}

/* Cutting ends what is in flight at once. */
static inline void
world_cut(struct world *world, const struct digest *digest)
{
    struct world_set *own = world_set_of(world, core_set_find(world->state, digest));
    own->is_cut = true;
    own->cut += own->in_flight[0] + own->in_flight[1];
    own->in_flight[0] = own->in_flight[1] = 0;
}

/* A set.drained is only said of what is empty; workers must have passed. */
static inline void
world_check_effect(struct world *world, const struct core_event *event)
{
    const struct core_set *set = core_set_find(world->state, &event->digest);
    if (event->kind == CORE_EVENT_SET_DRAINED || event->kind == CORE_EVENT_SET_RETIRED) {
        assert_true(world->passed_epoch >= set->status_epoch);
        assert_int_equal(world_set_of(world, set)->in_flight[CORE_WAY_NORMAL], 0);
    }
    if (event->kind == CORE_EVENT_SET_RETIRED) {
        assert_int_equal(world_set_of(world, set)->in_flight[CORE_WAY_PREVIEW], 0);
    }
}

/* Decides until nothing is left to be done. Returns when to look again. */
static inline uint64_t
world_settle(struct world *world)
{
    for (int round = 0; round < WORLD_ROUNDS_MAX; round++) {
        struct core_effects effects;
        size_t done = 0;
        uint64_t next;
        world_observe(world);
        assert_int_equal(core_decide(world->state, &world->settings, &world->observations,
                                     world->now_ms, world_wall_us(world), &effects),
                         ERR_OK);
        for (size_t i = 0; i < effects.count; i++) {
            if (effects.items[i].kind == CORE_EFFECT_CUT) {
                world_cut(world, &effects.items[i].set);
                done++;
            } else if (!world->is_sick_disk &&
                       core_check(world->state, &effects.items[i].event) == ERR_OK) {
                world_check_effect(world, &effects.items[i].event);
                assert_int_equal(world_apply(world, &effects.items[i].event), ERR_OK);
                done++;
            }
        }
        next = effects.next_wakeup_ms;
        core_effects_fini(&effects);
        if (done == 0) {
            return next;
        }
    }
    fail_msg("deciding does not come to an end");
    return 0;
}

/* One check of every instance that the target says is to be checked. */
static inline void
world_probe(struct world *world)
{
    struct core_target target;
    world_observe(world);
    assert_int_equal(
        core_target_build(world->state, &world->settings, &world->observations, &target), ERR_OK);
    for (size_t i = 0; i < target.role_count; i++) {
        for (size_t j = 0; j < target.roles[i].set_count; j++) {
            const struct core_target_set *set = &target.roles[i].sets[j];
            struct world_set *own = world_set_of(world, set->set);
            for (size_t k = 0; set->is_probed && k < own->instance_count; k++) {
                if (own->is_sick[k]) {
                    core_health_failed(&own->health[k], WORLD_FALL);
                } else {
                    core_health_passed(&own->health[k], WORLD_RISE);
                }
            }
        }
    }
    core_target_fini(&target);
}

/* Time passes: in steps to each wake-up and each round of checks. */
static inline void
world_advance(struct world *world, uint64_t ms)
{
    uint64_t end = world->now_ms + ms;
    uint64_t next = world_settle(world);
    while (world->now_ms < end) {
        uint64_t step = next < world->next_probe_ms ? next : world->next_probe_ms;
        step = step < end ? step : end;
        world->now_ms = step > world->now_ms ? step : world->now_ms + 1;
        if (world->now_ms >= world->next_probe_ms) {
            world_probe(world);
            world->next_probe_ms = world->now_ms + WORLD_INTERVAL_MS;
        }
        next = world_settle(world);
    }
}

/* Judges a command, applies what it gives, and decides on. */
static inline enum core_answer
world_command(struct world *world, const struct core_command *command)
{
    core_outcome_fini(&world->outcome);
    world_observe(world);
    core_command(world->state, &world->settings, &world->observations, world_wall_us(world),
                 command, &world->outcome);
    if (world->outcome.answer == CORE_ANSWER_APPEND) {
        assert_true(world->outcome.event_count > 0);
        for (size_t i = 0; i < world->outcome.event_count; i++) {
            assert_int_equal(world_apply(world, &world->outcome.events[i]), ERR_OK);
        }
    } else {
        assert_int_equal(world->outcome.event_count, 0);
    }
    if (world->outcome.answer == CORE_ANSWER_REFUSED) {
        world_refusals[world->outcome.refusal] = true;
    }
    assert_true(world->outcome.text[0] != '\0');
    world_settle(world);
    return world->outcome.answer;
}

static inline struct core_command
world_say(enum core_command_kind kind, const char *role, const char *build)
{
    return (struct core_command){.kind = kind, .role = role, .build = build, .by = "tester(1)"};
}

static inline enum core_answer
world_do(struct world *world, enum core_command_kind kind, const char *role, const char *build)
{
    struct core_command command = world_say(kind, role, build);
    return world_command(world, &command);
}

/* Deploys or adds a build whose two addresses follow from `port`. */
static inline enum core_answer
world_bring(struct world *world, enum core_command_kind kind, const char *role, const char *build,
            unsigned port)
{
    char texts[2][32];
    const char *addresses[] = {texts[0], texts[1]};
    struct core_command command = world_say(kind, role, build);
    snprintf(texts[0], sizeof texts[0], "10.0.0.1:%u", port);
    snprintf(texts[1], sizeof texts[1], "10.0.0.2:%u", port);
    command.addresses = addresses;
    command.address_count = 2;
    return world_command(world, &command);
}

/* Deploys and lets it become live. */
static inline void
world_deploy(struct world *world, const char *role, const char *build, unsigned port)
{
    assert_int_equal(world_bring(world, CORE_COMMAND_DEPLOY, role, build, port),
                     CORE_ANSWER_APPEND);
    world_advance(world, 5000);
    assert_string_equal(world_role(world, role)->live->build, build);
}

static inline enum core_answer
world_weigh(struct world *world, const char *role, const char *build, uint64_t weight_bp)
{
    struct core_command command = world_say(CORE_COMMAND_WEIGHT, role, build);
    command.weight_bp = weight_bp;
    return world_command(world, &command);
}

static inline void
world_assert_refused(struct world *world, enum core_answer answer, enum core_refusal refusal)
{
    assert_int_equal(answer, CORE_ANSWER_REFUSED);
    assert_string_equal(core_refusal_name(world->outcome.refusal), core_refusal_name(refusal));
    assert_int_equal(world->outcome.refusal, refusal);
}

static inline const struct core_cutover *
world_last(const struct world *world, const char *role)
{
    assert_true(world_role(world, role)->cutover_count > 0);
    return &world_role(world, role)->cutovers[0];
}

/* The journal alone gives the state again. */
static inline struct core_state *
world_replay(const struct world *world, uint64_t seen_ms)
{
    struct core_state *state = core_state_new();
    assert_non_null(state);
    for (size_t i = 0; i < world->journal_count; i++) {
        assert_int_equal(core_apply(state, &world->journal[i], i + 1, seen_ms), ERR_OK);
    }
    return state;
}

/* kill -9, and a new process that knows the journal and nothing else; `gap_ms` later. */
static inline void
world_crash(struct world *world, uint64_t gap_ms)
{
    struct core_state *state;
    world->now_ms += gap_ms;
    world->next_probe_ms = world->now_ms;
    /* A snapshot serves as well as the journal: it is one where the gap is odd. */
    state = gap_ms % 2 == 0 ? world_replay(world, world->now_ms)
                            : core_state_clone(world->state, world->now_ms);
    assert_true(core_state_equal(state, world->state));
    same_state(state, world->state);
    core_state_free(world->state);
    world->state = state;
    for (size_t i = 0; i < WORLD_SETS_MAX; i++) {
        struct world_set *own = &world->sets[i];
        for (size_t k = 0; k < own->instance_count; k++) {
            core_health_init(&own->health[k], 0);
        }
        memset(own->in_flight, 0, sizeof own->in_flight);
        own->finished = own->cut = own->oldest_ms = 0;
        own->is_cut = own->has_timed_out = false;
    }
    world->passed_epoch = world->is_lagging ? 0 : state->epoch;
    world_settle(world);
}

static inline struct core_role_settings
world_role_settings(const char *name, enum table_order order)
{
    return (struct core_role_settings){.name = name,
                                       .order = order,
                                       .rise = WORLD_RISE,
                                       .ready_timeout_ms = WORLD_READY_MS,
                                       .drain_timeout_ms = WORLD_DRAIN_MS,
                                       .rollback_window_ms = WORLD_WINDOW_MS,
                                       .hold_timeout_ms = WORLD_HOLD_MS,
                                       .hold_max_ms = 5000};
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

/* Roles web and api of available order, bank of exclusive order. */
static inline int
world_setup(void **out)
{
    struct world *world = calloc(1, sizeof *world);
    struct core_event founded;
    assert_non_null(world);
    world->roles[0] = world_role_settings("web", TABLE_ORDER_AVAILABLE);
    world->roles[1] = world_role_settings("api", TABLE_ORDER_AVAILABLE);
    world->roles[2] = world_role_settings("bank", TABLE_ORDER_EXCLUSIVE);
    world->settings = (struct core_settings){world->roles, 3};
    world->state = core_state_new();
    world->now_ms = 1000;
    assert_non_null(world->state);
    core_event_init(&founded, CORE_EVENT_JOURNAL_FOUNDED);
    core_text_copy(founded.cluster, sizeof founded.cluster, "c0ffee");
    assert_int_equal(world_apply(world, &founded), ERR_OK);
    *out = world;
    return 0;
}

static inline int
world_teardown(void **in)
{
    struct world *world = *in;
    struct core_state *clone = core_state_clone(world->state, 0);
    assert_true(core_state_equal(clone, world->state));
    same_state(clone, world->state);
    core_state_free(clone);
    if (!world->is_forgetful) {
        struct core_state *state = world_replay(world, 0);
        assert_true(core_state_equal(state, world->state));
        same_state(state, world->state);
        core_state_free(state);
    }
    for (size_t i = 0; i < world->journal_count; i++) {
        core_event_fini(&world->journal[i]);
    }
    free(world->journal);
    core_outcome_fini(&world->outcome);
    core_state_free(world->state);
    free(world);
    return 0;
}

#endif
