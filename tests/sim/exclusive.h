/*
 * exclusive: scenarios of the order in which requests are never in flight at both sets.
 */
#ifndef TURNOUT_TESTS_SIM_EXCLUSIVE_H
#define TURNOUT_TESTS_SIM_EXCLUSIVE_H

#include "tests/sim/switch.h"

static void
exclusive_waits(void **in)
{
    struct world *world = *in;
    struct core_target target;
    world_deploy(world, "bank", "b1", 80);
    world_look(world, "bank", "b1")->in_flight[CORE_WAY_NORMAL] = 2;
    world_bring(world, CORE_COMMAND_DEPLOY, "bank", "b2", 81);
    world->is_lagging = true;
    world_advance(world, 1200);
    assert_true(world_role(world, "bank")->operation->is_held);
    assert_int_equal(
        switch_step(world, "bank", world->last_id, "new requests wait; 2 in flight at b1"),
        CORE_STEP_CONNECT);
    world_observe(world);
    assert_int_equal(
        core_target_build(world->state, &world->settings, &world->observations, &target), ERR_OK);
    assert_true(target.roles[2].is_held);
    assert_int_equal(target.roles[2].hold_max_ms, 5000);
    core_target_fini(&target);
    /* Without a journal there is no outcome to wait for. */
    world->observations.is_journal_failed = true;
    assert_int_equal(
        core_target_build(world->state, &world->settings, &world->observations, &target), ERR_OK);
    assert_false(target.roles[2].is_held);
    core_target_fini(&target);
    world->observations.is_journal_failed = false;
    world_assert_refused(world, world_do(world, CORE_COMMAND_RESUME, "bank", NULL),
                         CORE_REFUSAL_HELD_BY_CUTOVER);
    /* Empty is not enough: every worker must have passed the hold. */
    world_look(world, "bank", "b1")->in_flight[CORE_WAY_NORMAL] = 0;
    world_advance(world, 100);
    assert_string_equal(world_role(world, "bank")->live->build, "b1");
    world->is_lagging = false;
    world->passed_epoch = world->state->epoch;
    world_advance(world, 100);
    assert_string_equal(world_role(world, "bank")->live->build, "b2");
}

static void
exclusive_first(void **in)
{
    struct world *world = *in;
    world_bring(world, CORE_COMMAND_DEPLOY, "bank", "b1", 80);
    world->is_lagging = true;
    world_advance(world, 1200);
    assert_int_equal(switch_step(world, "bank", world->last_id, "new requests wait"),
                     CORE_STEP_CONNECT);
    world->is_lagging = false;
    world->passed_epoch = world->state->epoch;
    world_advance(world, 1000);
    assert_string_equal(world_role(world, "bank")->live->build, "b1");
}

static void
exclusive_gives_up(void **in)
{
    struct world *world = *in;
    world_deploy(world, "bank", "b1", 80);
    world_look(world, "bank", "b1")->in_flight[CORE_WAY_NORMAL] = 2;
    world_bring(world, CORE_COMMAND_DEPLOY, "bank", "b2", 81);
    world_advance(world, 5000);
    assert_string_equal(world_role(world, "bank")->live->build, "b1");
    assert_string_equal(world_last(world, "bank")->reason,
                        "2 exchanges were still in flight at the old set after a hold of 2000 ms");
    /* An exchange that timed out may still run at the instance. */
    world_bring(world, CORE_COMMAND_DEPLOY, "bank", "b2", 81);
    world_advance(world, 1200);
    assert_true(world_role(world, "bank")->operation->is_held);
    world_look(world, "bank", "b1")->has_timed_out = true;
    world_look(world, "bank", "b1")->in_flight[CORE_WAY_NORMAL] = 0;
    world_advance(world, 100);
    assert_string_equal(world_role(world, "bank")->live->build, "b1");
    assert_string_equal(world_last(world, "bank")->reason,
                        "an exchange with the old set timed out while new requests waited");
    world_look(world, "bank", "b1")->has_timed_out = false;
}

/* The candidate that fails under the hold: at once when it is down, else when the hold is over. */
static void
exclusive_candidate_fails(void **in)
{
    struct world *world = *in;
    world_deploy(world, "bank", "b1", 80);
    world_look(world, "bank", "b1")->in_flight[CORE_WAY_NORMAL] = 1;
    world_bring(world, CORE_COMMAND_DEPLOY, "bank", "b2", 81);
    world_advance(world, 1200);
    world_look(world, "bank", "b2")->is_sick[0] = true;
    world_look(world, "bank", "b2")->health[0].verdict = CORE_VERDICT_DOWN;
    world_look(world, "bank", "b2")->health[0].passes = 0;
    world_advance(world, 1);
    assert_string_equal(world_last(world, "bank")->reason,
                        "bank@b2 is not ready any more: 10.0.0.1:81: connect refused");
    world_look(world, "bank", "b2")->is_sick[0] = false;
    world_bring(world, CORE_COMMAND_DEPLOY, "bank", "b2", 81);
    world_advance(world, 2200);
    world_look(world, "bank", "b2")->is_sick[0] = true;
    world_advance(world, 1900);
    assert_null(world_role(world, "bank")->operation);
    assert_string_equal(world_role(world, "bank")->live->build, "b1");
}

static void
exclusive_is_aborted(void **in)
{
    struct world *world = *in;
    struct core_command command = world_say(CORE_COMMAND_CUTOVER, "web", "v2");
    world_deploy(world, "web", "v1", 80);
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v2", 81);
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 1;
    world_advance(world, 3000);
    command.has_order = true;
    command.order = TABLE_ORDER_STRICT;
    world_assert_refused(world, world_command(world, &command), CORE_REFUSAL_ORDER_LATER);
    command.order = TABLE_ORDER_EXCLUSIVE;
    assert_int_equal(world_command(world, &command), CORE_ANSWER_APPEND);
    assert_true(world_role(world, "web")->operation->is_held);
    assert_int_equal(world_do(world, CORE_COMMAND_ABORT, "web", NULL), CORE_ANSWER_APPEND);
    assert_null(world_role(world, "web")->operation);
    /* A set that was added by itself stays when a cutover to it does not come about. */
    assert_int_equal(world_set(world, "web", "v2")->status, CORE_STATUS_REGISTERED);
}

#define EXCLUSIVE_TESTS                                                                            \
    WORLD_TEST(exclusive_waits), WORLD_TEST(exclusive_first), WORLD_TEST(exclusive_gives_up),      \
        WORLD_TEST(exclusive_candidate_fails), WORLD_TEST(exclusive_is_aborted)

#endif
