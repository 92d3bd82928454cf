/*
 * once: scenarios of the cutover that begins and commits by one event, where nothing is to be
 * waited for, and of those beside it that go the long way.
 */
#ifndef TURNOUT_TESTS_SIM_ONCE_H
#define TURNOUT_TESTS_SIM_ONCE_H

#include "tests/sim/switch.h"

/* What the last command appended. */
static void
once_assert_events(const struct world *world, size_t count, const enum core_event_kind *kinds)
{
    assert_int_equal(world->outcome.event_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(core_event_name(world->outcome.events[i].kind),
                            core_event_name(kinds[i]));
    }
}

static void
once_assert_switched(const struct world *world)
{
    once_assert_events(world, 1, (const enum core_event_kind[]){CORE_EVENT_CUTOVER_SWITCH});
}

static void
once_add(struct world *world, const char *role, const char *build, unsigned port)
{
    assert_int_equal(world_bring(world, CORE_COMMAND_SET_ADD, role, build, port),
                     CORE_ANSWER_APPEND);
    world_advance(world, 3000);
}

/* The first set of a role: its cutover is told by the epoch of the one event, and over with it. */
static void
once_first(void **in)
{
    struct world *world = *in;
    once_add(world, "web", "v1", 80);
    uint64_t before = world->state->epoch;
    assert_int_equal(world_do(world, CORE_COMMAND_CUTOVER, "web", "v1"), CORE_ANSWER_APPEND);
    once_assert_switched(world);
    assert_int_equal(world->last_id, before + 1);
    assert_int_equal(world_last(world, "web")->id, before + 1);
    assert_string_equal(world_last(world, "web")->by, "tester(1)");
    assert_int_equal(world_last(world, "web")->since_us, world_last(world, "web")->at_us);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
    assert_null(world_role(world, "web")->previous);
    assert_null(world_role(world, "web")->operation);
    assert_int_equal(switch_step(world, "web", world->last_id, "there was no set before"),
                     CORE_STEP_DRAINED);
}

/* The steps behind the event are those of every cutover. */
static void
once_steps(void **in)
{
    struct world *world = *in;
    world_deploy(world, "web", "v1", 80);
    once_add(world, "web", "v2", 81);
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 1;
    world->is_lagging = true;
    assert_int_equal(world_do(world, CORE_COMMAND_CUTOVER, "web", "v2"), CORE_ANSWER_APPEND);
    once_assert_switched(world);
    assert_int_equal(switch_step(world, "web", world->last_id,
                                 "v1 gets no new request once every worker has the new table"),
                     CORE_STEP_DISCONNECT);
    world->is_lagging = false;
    world->passed_epoch = world->state->epoch;
    assert_int_equal(
        switch_step(world, "web", world->last_id, "1 in flight at v1, the oldest for 0 ms"),
        CORE_STEP_FINISH);
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 0;
    world_advance(world, 100);
    assert_int_equal(world_last(world, "web")->result, CORE_RESULT_FINISHED);
    assert_int_equal(world_set(world, "web", "v1")->cutover, world->last_id);
}

/* A deploy waits for its set, an exclusive order for its hold: also where one role of several is
 * of that order. */
static void
once_is_not_for_what_waits(void **in)
{
    struct world *world = *in;
    struct core_command command = world_say(CORE_COMMAND_CUTOVER, "web", "v2");
    const struct core_command_move more[] = {{"bank", "b2"}};
    world_bring(world, CORE_COMMAND_DEPLOY, "web", "v1", 80);
    once_assert_events(
        world, 2,
        (const enum core_event_kind[]){CORE_EVENT_SET_REGISTERED, CORE_EVENT_CUTOVER_BEGIN});
    world_advance(world, 3000);
    world_deploy(world, "bank", "b1", 90);
    once_add(world, "web", "v2", 81);
    once_add(world, "bank", "b2", 91);
    command.moves = more;
    command.move_count = 1;
    assert_int_equal(world_command(world, &command), CORE_ANSWER_APPEND);
    once_assert_events(world, 1, (const enum core_event_kind[]){CORE_EVENT_CUTOVER_BEGIN});
    world_advance(world, 100);
    assert_string_equal(world_role(world, "bank")->live->build, "b2");
    command.build = "v1";
    command.move_count = 0;
    command.has_order = true;
    command.order = TABLE_ORDER_EXCLUSIVE;
    assert_int_equal(world_command(world, &command), CORE_ANSWER_APPEND);
    once_assert_events(world, 1, (const enum core_event_kind[]){CORE_EVENT_CUTOVER_BEGIN});
    /* A rollback overlaps, whatever the role's order. */
    assert_int_equal(world_do(world, CORE_COMMAND_ROLLBACK, "bank", NULL), CORE_ANSWER_APPEND);
    once_assert_switched(world);
    assert_string_equal(world_role(world, "bank")->live->build, "b1");
}

/* What runs has its own outcome first; a process that dies between the two has not gone back. */
static void
once_supersedes(void **in)
{
    struct world *world = *in;
    struct core_command command = world_say(CORE_COMMAND_ROLLBACK, "web", NULL);
    world_deploy(world, "web", "v1", 80);
    world_deploy(world, "web", "v2", 81);
    world_bring(world, CORE_COMMAND_DEPLOY, "web", "v3", 82);
    world_observe(world);
    core_outcome_fini(&world->outcome);
    core_command(world->state, &world->settings, &world->observations, world_wall_us(world),
                 &command, &world->outcome);
    once_assert_events(
        world, 2,
        (const enum core_event_kind[]){CORE_EVENT_CUTOVER_ABORT, CORE_EVENT_CUTOVER_SWITCH});
    assert_int_equal(core_check(world->state, &world->outcome.events[1]), ERR_CONFLICT);
    assert_int_equal(world_apply(world, &world->outcome.events[0]), ERR_OK);
    world_crash(world, 1001);
    assert_string_equal(world_role(world, "web")->live->build, "v2");
    world_advance(world, 3000);
    assert_int_equal(world_command(world, &command), CORE_ANSWER_APPEND);
    once_assert_switched(world);
    world_crash(world, 1001);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
    assert_true(world_set(world, "web", "v2")->is_bad);
}

/* ---- The same as begin and commit ---- */

/* What was said at one epoch is said at another. */
static void
once_move_epoch(struct core_state *state, uint64_t from, uint64_t to)
{
    state->epoch = to;
    for (size_t i = 0; i < state->role_count; i++) {
        struct core_role *role = state->roles[i];
        role->epoch = role->epoch == from ? to : role->epoch;
        for (size_t j = 0; j < role->set_count; j++) {
            struct core_set *set = role->sets[j];
            set->status_epoch = set->status_epoch == from ? to : set->status_epoch;
        }
    }
}

static struct core_state *
once_long_way(const struct core_state *before, const struct core_event *event)
{
    struct core_state *state = core_state_clone(before, 0);
    struct core_event begin = *event;
    struct core_event commit = *event;
    assert_non_null(state);
    begin.kind = CORE_EVENT_CUTOVER_BEGIN;
    commit.kind = CORE_EVENT_CUTOVER_COMMIT;
    commit.cutover = before->epoch + 1;
    assert_int_equal(core_apply(state, &begin, before->epoch + 1, 0), ERR_OK);
    assert_int_equal(core_apply(state, &commit, before->epoch + 2, 0), ERR_OK);
    once_move_epoch(state, before->epoch + 2, before->epoch + 1);
    return state;
}

/* The command's one event leaves what begin and commit would have left. */
static void
once_compare(struct world *world, const struct core_command *command)
{
    struct core_state *before = core_state_clone(world->state, 0);
    struct core_state *once = core_state_clone(world->state, 0);
    struct core_state *twice;
    assert_int_equal(world_command(world, command), CORE_ANSWER_APPEND);
    once_assert_switched(world);
    assert_int_equal(core_apply(once, &world->outcome.events[0], before->epoch + 1, 0), ERR_OK);
    twice = once_long_way(before, &world->outcome.events[0]);
    same_state(once, twice);
    assert_true(core_state_equal(once, twice));
    /* It cannot be meant twice. */
    assert_int_equal(core_apply(once, &world->outcome.events[0], before->epoch + 2, 0),
                     ERR_CONFLICT);
    core_state_free(twice);
    core_state_free(once);
    core_state_free(before);
}

static void
once_is_begin_and_commit(void **in)
{
    struct world *world = *in;
    struct core_command command = world_say(CORE_COMMAND_CUTOVER, "web", "v1");
    const struct core_command_move more[] = {{"api", "a1"}};
    once_add(world, "web", "v1", 80);
    once_add(world, "api", "a1", 90);
    command.moves = more;
    command.move_count = 1;
    once_compare(world, &command);
    once_add(world, "web", "v2", 81);
    world_weigh(world, "web", "v2", 2500);
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 1;
    command = world_say(CORE_COMMAND_CUTOVER, "web", "v2");
    command.drain_timeout_ms = 777;
    command.note = "to the canary";
    once_compare(world, &command);
    command = world_say(CORE_COMMAND_ROLLBACK, "web", NULL); /* to a set that drains */
    once_compare(world, &command);
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 0;
    once_add(world, "web", "v3", 82);
    world_weigh(world, "web", "v3", 100);
    command.is_forced = true; /* to one that was left as bad, while a third has a share */
    once_compare(world, &command);
    command = world_say(CORE_COMMAND_DRAIN, "web", "v2");
    command.is_forced = true;
    assert_int_equal(world_command(world, &command), CORE_ANSWER_APPEND);
    command = world_say(CORE_COMMAND_ROLLBACK, "web", NULL); /* none is live */
    once_compare(world, &command);
    assert_null(world_role(world, "web")->previous);
}

/* What would need something between the two cannot be said so. */
static void
once_cannot_wait(void **in)
{
    struct world *world = *in;
    struct core_event event;
    once_add(world, "web", "v1", 80);
    core_event_init(&event, CORE_EVENT_CUTOVER_SWITCH);
    event.operation_kind = CORE_KIND_CUTOVER;
    assert_int_equal(core_check(world->state, &event), ERR_INVALID);
    event.move_count = 1;
    core_text_copy(event.moves[0].role, CORE_ROLE_SIZE, "web");
    event.moves[0].to = world_set(world, "web", "v1")->digest;
    assert_int_equal(core_check(world->state, &event), ERR_OK);
    event.operation_kind = CORE_KIND_DEPLOY;
    assert_int_equal(core_check(world->state, &event), ERR_INVALID);
    event.operation_kind = CORE_KIND_ROLLBACK;
    event.order = TABLE_ORDER_STRICT;
    assert_int_equal(core_check(world->state, &event), ERR_INVALID);
    event.order = TABLE_ORDER_EXCLUSIVE;
    assert_int_equal(core_check(world->state, &event), ERR_INVALID);
    event.order = TABLE_ORDER_AVAILABLE;
    event.moves[0].to.bytes[0] ^= 1;
    assert_int_equal(core_check(world->state, &event), ERR_NOT_FOUND);
}

/* A deploy of a set that was left goes the long way, to where one event could have gone. */
static void
once_deploy_of_a_left_set(void **in)
{
    struct world *world = *in;
    struct core_command drain = world_say(CORE_COMMAND_DRAIN, "web", "v1");
    uint64_t left;
    world_deploy(world, "web", "v1", 80);
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 1;
    world_deploy(world, "web", "v2", 81);
    left = world->last_id;
    world_deploy(world, "web", "v1", 80);
    assert_int_equal(core_cutover_find(world_role(world, "web"), left)->result,
                     CORE_RESULT_SUPERSEDED);
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 0;
    drain.is_forced = true;
    assert_int_equal(world_command(world, &drain), CORE_ANSWER_APPEND);
    assert_string_equal(world_role(world, "web")->previous->build, "v1");
    world_deploy(world, "web", "v1", 80);
    assert_null(world_role(world, "web")->previous);
}

#define ONCE_TESTS                                                                                 \
    WORLD_TEST(once_first), WORLD_TEST(once_steps), WORLD_TEST(once_is_not_for_what_waits),        \
        WORLD_TEST(once_supersedes), WORLD_TEST(once_is_begin_and_commit),                         \
        WORLD_TEST(once_cannot_wait), WORLD_TEST(once_deploy_of_a_left_set)

#endif
