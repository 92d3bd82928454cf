/*
 * restart: scenarios of a process that dies and comes back with the journal alone.
 */
#ifndef TURNOUT_TESTS_SIM_RESTART_H
#define TURNOUT_TESTS_SIM_RESTART_H

#include "tests/sim/world.h"

/* The live set serves at once, presumed up, until its checks fail; it is never switched by itself.
 */
static void
restart_live(void **in)
{
    struct world *world = *in;
    struct core_set_health health;
    world_deploy(world, "web", "v1", 80);
    world_deploy(world, "web", "v2", 81);
    world_crash(world, 60000);
    assert_string_equal(world_role(world, "web")->live->build, "v2");
    world_observe(world);
    core_set_observe(world_set(world, "web", "v2"), &world->observations, WORLD_RISE, &health);
    assert_int_equal(health.healthy, 2);
    assert_int_equal(health.up, 0);
    core_set_observe(world_set(world, "web", "v1"), &world->observations, WORLD_RISE, &health);
    assert_int_equal(health.healthy, 0);
    world_look(world, "web", "v2")->is_sick[0] = true;
    world_look(world, "web", "v2")->is_sick[1] = true;
    world_advance(world, 60000);
    world_observe(world);
    core_set_observe(world_set(world, "web", "v2"), &world->observations, WORLD_RISE, &health);
    assert_int_equal(health.healthy, 0);
    assert_int_equal(health.down, 2);
    assert_string_equal(world_role(world, "web")->live->build, "v2");
}

/* A deploy goes on: it waits for ready again, with the whole of its time. */
static void
restart_deploy(void **in)
{
    struct world *world = *in;
    world_deploy(world, "web", "v1", 80);
    world_bring(world, CORE_COMMAND_DEPLOY, "web", "v2", 81);
    world_look(world, "web", "v2")->is_sick[0] = true;
    world_advance(world, WORLD_READY_MS - 1000);
    world_crash(world, 60000);
    world_advance(world, WORLD_READY_MS - 1000);
    assert_non_null(world_role(world, "web")->operation);
    world_look(world, "web", "v2")->is_sick[0] = false;
    world_crash(world, 10);
    world_advance(world, 3000);
    assert_string_equal(world_role(world, "web")->live->build, "v2");
}

/* Killed behind the begin: a cutover waits until the set is proven again, a rollback until it is
 * healthy, a forced one for nothing. */
static void
restart_behind_the_begin(void **in)
{
    struct world *world = *in;
    static const struct {
        enum core_kind kind;
        bool is_forced;
    } cases[] = {
        {CORE_KIND_CUTOVER, false}, {CORE_KIND_ROLLBACK, false}, {CORE_KIND_ROLLBACK, true}};
    const char *builds[] = {"v1", "v2", "v1"};
    world_deploy(world, "web", "v1", 80);
    world_deploy(world, "web", "v2", 81);
    for (size_t i = 0; i < 3; i++) {
        struct core_event begin;
        core_event_init(&begin, CORE_EVENT_CUTOVER_BEGIN);
        begin.operation_kind = cases[i].kind;
        begin.is_forced = cases[i].is_forced;
        begin.ready_timeout_ms = begin.drain_timeout_ms = begin.hold_timeout_ms = 9000;
        begin.move_count = 1;
        core_text_copy(begin.moves[0].role, CORE_ROLE_SIZE, "web");
        begin.moves[0].from = world_role(world, "web")->live->digest;
        begin.moves[0].to = world_set(world, "web", builds[i])->digest;
        world_advance(world, 3000);
        assert_int_equal(world_apply(world, &begin), ERR_OK);
        world_crash(world, 1001);
        assert_true((world_role(world, "web")->operation == NULL) == cases[i].is_forced);
        world_advance(world, 3000);
        assert_string_equal(world_role(world, "web")->live->build, builds[i]);
    }
}

static void
restart_drain_and_window(void **in)
{
    struct world *world = *in;
    world_deploy(world, "web", "v1", 80);
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 1;
    world_deploy(world, "web", "v2", 81);
    assert_int_equal(world_last(world, "web")->result, CORE_RESULT_COMMITTED);
    /* The exchanges died with the process, so that nothing is in flight. */
    world_crash(world, 1000);
    assert_int_equal(world_last(world, "web")->result, CORE_RESULT_FINISHED);
    /* The window begins anew. */
    world_advance(world, WORLD_WINDOW_MS - 1000);
    world_crash(world, 1001);
    assert_int_equal(core_rollback_until_ms(world_role(world, "web"), &world->settings),
                     world->now_ms + WORLD_WINDOW_MS);
    world_advance(world, WORLD_WINDOW_MS - 1000);
    assert_non_null(world_role(world, "web")->previous);
    world_advance(world, 1000);
    assert_null(world_role(world, "web")->previous);
    assert_int_equal(core_rollback_until_ms(world_role(world, "web"), &world->settings), 0);
}

static void
restart_in_hold(void **in)
{
    struct world *world = *in;
    world_deploy(world, "bank", "b1", 80);
    world_look(world, "bank", "b1")->in_flight[CORE_WAY_NORMAL] = 1;
    world_bring(world, CORE_COMMAND_DEPLOY, "bank", "b2", 81);
    world_advance(world, 1200);
    assert_true(world_role(world, "bank")->operation->is_held);
    world_crash(world, 60001);
    assert_true(world_role(world, "bank")->operation->is_held);
    world_advance(world, 1500);
    assert_string_equal(world_role(world, "bank")->live->build, "b2");
    /* It does not hold for longer than it may, either. */
    world_look(world, "bank", "b2")->in_flight[CORE_WAY_NORMAL] = 1;
    world_bring(world, CORE_COMMAND_DEPLOY, "bank", "b1", 80);
    world_advance(world, 2100);
    assert_true(world_role(world, "bank")->operation->is_held);
    world_look(world, "bank", "b1")->is_sick[0] = true;
    world_crash(world, 60001);
    world_advance(world, WORLD_HOLD_MS);
    assert_null(world_role(world, "bank")->operation);
    assert_non_null(strstr(world_last(world, "bank")->reason, "within the hold"));
}

static void
restart_operators_hold(void **in)
{
    struct world *world = *in;
    struct core_command command = world_say(CORE_COMMAND_HOLD, "web", NULL);
    command.hold_for_ms = 10000;
    world_command(world, &command);
    world_advance(world, 9000);
    world_crash(world, 60000);
    /* It counts from when this process first saw it. */
    world_advance(world, 9000);
    assert_true(world_role(world, "web")->hold.is_on);
    world_advance(world, 1000);
    assert_false(world_role(world, "web")->hold.is_on);
}

#define RESTART_TESTS                                                                              \
    WORLD_TEST(restart_live), WORLD_TEST(restart_deploy), WORLD_TEST(restart_behind_the_begin),    \
        WORLD_TEST(restart_drain_and_window), WORLD_TEST(restart_in_hold),                         \
        WORLD_TEST(restart_operators_hold)

#endif
