/*
 * sets: scenarios of sets that are added, weighted, drained, removed; of hold and maintenance.
 */
#ifndef TURNOUT_TESTS_SIM_SETS_H
#define TURNOUT_TESTS_SIM_SETS_H

#include "tests/sim/world.h"

static void
sets_weight(void **in)
{
    struct world *world = *in;
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v2", 81);
    world_advance(world, 3000);
    world_assert_refused(world, world_weigh(world, "web", "v2", 100), CORE_REFUSAL_NO_LIVE_SET);
    world_deploy(world, "web", "v1", 80);
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v3", 82);
    world_assert_refused(world, world_weigh(world, "web", "v3", 100), CORE_REFUSAL_NOT_READY);
    world_assert_refused(world, world_weigh(world, "web", "v1", 100), CORE_REFUSAL_SET_LIVE);
    world_assert_refused(world, world_weigh(world, "web", "v2", 10001), CORE_REFUSAL_BAD_VALUE);
    assert_int_equal(world_weigh(world, "web", "v2", 0), CORE_ANSWER_ALREADY);
    assert_int_equal(world_weigh(world, "web", "v2", 250), CORE_ANSWER_APPEND);
    assert_string_equal(core_set_life(world_set(world, "web", "v2"), &world->observations, 2),
                        "canary");
    assert_int_equal(world_weigh(world, "web", "v2", 250), CORE_ANSWER_ALREADY);
    assert_int_equal(world_weigh(world, "web", "v2", 10000), CORE_ANSWER_APPEND);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
    /* A third set never mixes in. */
    world_advance(world, 3000);
    world_assert_refused(world, world_weigh(world, "web", "v3", 100), CORE_REFUSAL_CANARY);
    world_assert_refused(world, world_bring(world, CORE_COMMAND_DEPLOY, "web", "v4", 84),
                         CORE_REFUSAL_CANARY);
    world_assert_refused(world, world_do(world, CORE_COMMAND_CUTOVER, "web", "v3"),
                         CORE_REFUSAL_CANARY);
    world_assert_refused(world, world_do(world, CORE_COMMAND_SET_REMOVE, "web", "v2"),
                         CORE_REFUSAL_SET_IN_USE);
    assert_int_equal(world_weigh(world, "web", "v2", 0), CORE_ANSWER_APPEND);
    assert_int_equal(world_role(world, "web")->weight_bp, 0);
}

static void
sets_canary_goes_live(void **in)
{
    struct world *world = *in;
    world_deploy(world, "web", "v1", 80);
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v2", 81);
    world_advance(world, 3000);
    world_weigh(world, "web", "v2", 2000);
    assert_int_equal(world_do(world, CORE_COMMAND_CUTOVER, "web", "v2"), CORE_ANSWER_APPEND);
    assert_string_equal(world_role(world, "web")->live->build, "v2");
    assert_null(world_role(world, "web")->canary);
    /* A deploy of the canary's set is another way to the same end; it is not warmed anew. */
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v3", 82);
    world_advance(world, 3000);
    world_weigh(world, "web", "v3", 2000);
    assert_int_equal(world_bring(world, CORE_COMMAND_DEPLOY, "web", "v3", 82), CORE_ANSWER_APPEND);
    assert_string_equal(world_role(world, "web")->live->build, "v3");
}

static void
sets_canary_is_aborted(void **in)
{
    struct world *world = *in;
    world_deploy(world, "web", "v1", 80);
    world_deploy(world, "web", "v2", 81);
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v3", 82);
    world_advance(world, 3000);
    world_weigh(world, "web", "v3", 2000);
    assert_int_equal(world_do(world, CORE_COMMAND_ABORT, "web", NULL), CORE_ANSWER_APPEND);
    assert_null(world_role(world, "web")->canary);
    assert_int_equal(world_set(world, "web", "v3")->status, CORE_STATUS_REGISTERED);
    /* A sick canary is not deployed; the abort of that takes its share away and keeps it. */
    world_weigh(world, "web", "v3", 2000);
    world_look(world, "web", "v3")->is_sick[0] = true;
    world_advance(world, 1000);
    world_bring(world, CORE_COMMAND_DEPLOY, "web", "v3", 82);
    assert_int_equal(world_do(world, CORE_COMMAND_ABORT, "web", NULL), CORE_ANSWER_APPEND);
    assert_null(world_role(world, "web")->canary);
    assert_int_equal(world_set(world, "web", "v3")->status, CORE_STATUS_REGISTERED);
    /* A rollback takes the share away too. */
    world_look(world, "web", "v3")->is_sick[0] = false;
    world_advance(world, 3000);
    world_weigh(world, "web", "v3", 2000);
    assert_int_equal(world_do(world, CORE_COMMAND_ROLLBACK, "web", NULL), CORE_ANSWER_APPEND);
    assert_null(world_role(world, "web")->canary);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
    world_assert_refused(world, world_weigh(world, "web", "v2", 100), CORE_REFUSAL_SET_LEFT);
}

static void
sets_exclusive_does_not_share(void **in)
{
    struct world *world = *in;
    struct core_command command = world_say(CORE_COMMAND_CUTOVER, "web", "v2");
    world_deploy(world, "bank", "b1", 80);
    world_bring(world, CORE_COMMAND_SET_ADD, "bank", "b2", 81);
    world_advance(world, 3000);
    world_assert_refused(world, world_weigh(world, "bank", "b2", 100), CORE_REFUSAL_EXCLUSIVE);
    world_deploy(world, "web", "v1", 90);
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v2", 91);
    world_advance(world, 3000);
    world_weigh(world, "web", "v2", 100);
    command.has_order = true;
    command.order = TABLE_ORDER_EXCLUSIVE;
    world_assert_refused(world, world_command(world, &command), CORE_REFUSAL_EXCLUSIVE);
}

static void
sets_drain(void **in)
{
    struct world *world = *in;
    world_deploy(world, "web", "v1", 80);
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v2", 81);
    world_advance(world, 3000);
    world_weigh(world, "web", "v2", 100);
    world_look(world, "web", "v2")->in_flight[CORE_WAY_NORMAL] = 1;
    world_assert_refused(world, world_do(world, CORE_COMMAND_DRAIN, "web", "v1"),
                         CORE_REFUSAL_SET_LIVE);
    assert_int_equal(world_do(world, CORE_COMMAND_DRAIN, "web", "v2"), CORE_ANSWER_APPEND);
    assert_null(world_role(world, "web")->canary);
    assert_int_equal(world_do(world, CORE_COMMAND_DRAIN, "web", "v2"), CORE_ANSWER_ALREADY);
    world_advance(world, 1000);
    assert_int_equal(world_set(world, "web", "v2")->status, CORE_STATUS_DRAINING);
    world_look(world, "web", "v2")->in_flight[CORE_WAY_NORMAL] = 0;
    world_advance(world, 100);
    /* It is nobody's way back, so it goes. */
    assert_int_equal(world_set(world, "web", "v2")->status, CORE_STATUS_RETIRED);
}

/* The live set itself, if one insists: the role serves nothing until the way back is taken. */
static void
sets_drain_the_live_one(void **in)
{
    struct world *world = *in;
    struct core_command command = world_say(CORE_COMMAND_DRAIN, "web", "v1");
    world_deploy(world, "web", "v1", 80);
    command.is_forced = true;
    assert_int_equal(world_command(world, &command), CORE_ANSWER_APPEND);
    assert_null(world_role(world, "web")->live);
    assert_int_equal(world_do(world, CORE_COMMAND_ROLLBACK, "web", NULL), CORE_ANSWER_APPEND);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
    assert_null(world_role(world, "web")->previous);
}

static void
sets_remove(void **in)
{
    struct world *world = *in;
    uint64_t commit;
    world_deploy(world, "web", "v1", 80);
    world_assert_refused(world, world_do(world, CORE_COMMAND_SET_REMOVE, "web", "v1"),
                         CORE_REFUSAL_SET_LIVE);
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 2;
    world_deploy(world, "web", "v2", 81);
    commit = world->last_id;
    assert_int_equal(world_do(world, CORE_COMMAND_SET_REMOVE, "web", "v1"), CORE_ANSWER_APPEND);
    assert_null(world_role(world, "web")->previous);
    assert_int_equal(world_do(world, CORE_COMMAND_SET_REMOVE, "web", "v1"), CORE_ANSWER_ALREADY);
    assert_int_equal(core_cutover_find(world_role(world, "web"), commit)->result,
                     CORE_RESULT_COMMITTED);
    world_assert_refused(world, world_do(world, CORE_COMMAND_CUTOVER, "web", "v1"),
                         CORE_REFUSAL_SET_GONE);
    world_assert_refused(world, world_weigh(world, "web", "v1", 5), CORE_REFUSAL_SET_GONE);
    world_advance(world, WORLD_DRAIN_MS);
    assert_int_equal(world_set(world, "web", "v1")->status, CORE_STATUS_RETIRED);
    assert_int_equal(core_cutover_find(world_role(world, "web"), commit)->result,
                     CORE_RESULT_FINISHED);
    /* One that never served; and one that is wanted again before it is gone. */
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v3", 82);
    assert_int_equal(world_bring(world, CORE_COMMAND_SET_ADD, "web", "v3", 82),
                     CORE_ANSWER_ALREADY);
    world_look(world, "web", "v3")->in_flight[CORE_WAY_PREVIEW] = 1;
    assert_int_equal(world_do(world, CORE_COMMAND_SET_REMOVE, "web", "v3"), CORE_ANSWER_APPEND);
    assert_int_equal(world_set(world, "web", "v3")->status, CORE_STATUS_RETIRING);
    assert_int_equal(world_bring(world, CORE_COMMAND_SET_ADD, "web", "v3", 82), CORE_ANSWER_APPEND);
    world_advance(world, 3000);
    assert_string_equal(core_set_life(world_set(world, "web", "v3"), &world->observations, 2),
                        "ready");
}

static void
sets_names(void **in)
{
    struct world *world = *in;
    struct core_command command = world_say(CORE_COMMAND_DEPLOY, "web", "v1");
    const char *bad[] = {"web1:80"};
    const char *twice[] = {"10.0.0.1:80", "10.0.0.1:080"};
    world_assert_refused(world, world_do(world, CORE_COMMAND_ABORT, "nobody", NULL),
                         CORE_REFUSAL_UNKNOWN_ROLE);
    world_assert_refused(world, world_command(world, &command), CORE_REFUSAL_BAD_ADDRESS);
    command.addresses = bad;
    command.address_count = 1;
    world_assert_refused(world, world_command(world, &command), CORE_REFUSAL_BAD_ADDRESS);
    command.addresses = twice;
    command.address_count = 2;
    world_assert_refused(world, world_command(world, &command), CORE_REFUSAL_BAD_ADDRESS);
    world_assert_refused(world, world_bring(world, CORE_COMMAND_DEPLOY, "web", "-v1", 80),
                         CORE_REFUSAL_BAD_NAME);
    world_deploy(world, "web", "v1", 80);
    world_assert_refused(world, world_bring(world, CORE_COMMAND_DEPLOY, "web", "V1", 81),
                         CORE_REFUSAL_BUILD_CASE);
    world_assert_refused(world, world_do(world, CORE_COMMAND_CUTOVER, "web", "v9"),
                         CORE_REFUSAL_UNKNOWN_SET);
    world_assert_refused(world, world_do(world, CORE_COMMAND_CUTOVER, "web", "v1#xyz"),
                         CORE_REFUSAL_BAD_NAME);
    for (unsigned i = 0; i < 15; i++) {
        assert_int_equal(world_bring(world, CORE_COMMAND_SET_ADD, "web", "v1", 100 + i),
                         CORE_ANSWER_APPEND);
    }
    world_assert_refused(world, world_bring(world, CORE_COMMAND_SET_ADD, "web", "v1", 120),
                         CORE_REFUSAL_TOO_MANY_SETS);
    world_assert_refused(world, world_bring(world, CORE_COMMAND_DEPLOY, "web", "v1", 120),
                         CORE_REFUSAL_TOO_MANY_SETS);
}

/* Some digit begins two of sixteen digests. */
static void
sets_ambiguous(void **in)
{
    struct world *world = *in;
    bool is_ambiguous = false;
    for (unsigned i = 0; i < 16; i++) {
        world_bring(world, CORE_COMMAND_SET_ADD, "web", "v1", 100 + i);
    }
    for (unsigned digit = 0; digit < 16; digit++) {
        char name[8];
        snprintf(name, sizeof name, "v1#%x", digit);
        if (world_do(world, CORE_COMMAND_CUTOVER, "web", name) == CORE_ANSWER_REFUSED) {
            is_ambiguous |= world->outcome.refusal == CORE_REFUSAL_AMBIGUOUS_SET;
        }
    }
    assert_true(is_ambiguous);
}

static void
sets_expected_epoch(void **in)
{
    struct world *world = *in;
    struct core_command command = world_say(CORE_COMMAND_HOLD, "web", NULL);
    struct core_command moves = world_say(CORE_COMMAND_CUTOVER, "api", "a1");
    const struct core_command_move more[] = {{"web", "v1"}};
    world_deploy(world, "web", "v1", 80);
    command.has_expect_epoch = true;
    command.expect_epoch = world_role(world, "web")->epoch - 1;
    world_assert_refused(world, world_command(world, &command), CORE_REFUSAL_EPOCH_MOVED);
    moves.has_expect_epoch = true;
    moves.expect_epoch = 1;
    moves.moves = more;
    moves.move_count = 1;
    world_assert_refused(world, world_command(world, &moves), CORE_REFUSAL_EPOCH_MOVED);
    command.expect_epoch++;
    /* What happens to others does not matter. */
    world_deploy(world, "api", "a1", 80);
    assert_int_equal(world_command(world, &command), CORE_ANSWER_APPEND);
}

static void
sets_sick_disk(void **in)
{
    struct world *world = *in;
    uint64_t epoch;
    world_deploy(world, "web", "v1", 80);
    epoch = world->state->epoch;
    world->is_sick_disk = true;
    world_assert_refused(world, world_bring(world, CORE_COMMAND_DEPLOY, "web", "v2", 81),
                         CORE_REFUSAL_JOURNAL);
    assert_non_null(strstr(world->outcome.text, "disk full"));
    assert_int_equal(world->state->epoch, epoch);
    assert_int_equal(world_bring(world, CORE_COMMAND_DEPLOY, "web", "v1", 80), CORE_ANSWER_ALREADY);
    world->is_sick_disk = false;
}

static void
sets_hold(void **in)
{
    struct world *world = *in;
    struct core_command command = world_say(CORE_COMMAND_HOLD, "web", NULL);
    struct core_target target;
    assert_int_equal(world_do(world, CORE_COMMAND_RESUME, "web", NULL), CORE_ANSWER_ALREADY);
    assert_int_equal(world_command(world, &command), CORE_ANSWER_APPEND);
    assert_int_equal(world_role(world, "web")->hold.max_ms, 5000);
    assert_int_equal(world_role(world, "web")->hold.for_ms, CORE_HOLD_FOR_DEFAULT_MS);
    command.hold_max_ms = 30000;
    command.hold_for_ms = 40000;
    assert_int_equal(world_command(world, &command), CORE_ANSWER_APPEND);
    /* Traffic may be moved meanwhile; the hold goes on. */
    world_deploy(world, "web", "v1", 80);
    world_observe(world);
    assert_int_equal(
        core_target_build(world->state, &world->settings, &world->observations, &target), ERR_OK);
    assert_true(target.roles[0].is_held && target.roles[0].hold_max_ms == 30000);
    core_target_fini(&target);
    world_advance(world, 34000);
    assert_true(world_role(world, "web")->hold.is_on);
    world_advance(world, 2000);
    assert_false(world_role(world, "web")->hold.is_on);
    world_command(world, &command);
    assert_int_equal(world_do(world, CORE_COMMAND_RESUME, "web", NULL), CORE_ANSWER_APPEND);
    assert_false(world_role(world, "web")->hold.is_on);
    command.hold_for_ms = UINT64_C(25) * 3600 * 1000;
    world_assert_refused(world, world_command(world, &command), CORE_REFUSAL_BAD_VALUE);
}

static void
sets_maintenance(void **in)
{
    struct world *world = *in;
    struct core_command command = world_say(CORE_COMMAND_MAINTENANCE_ON, "web", NULL);
    char text[2 * CORE_TEXT_SIZE];
    assert_int_equal(world_do(world, CORE_COMMAND_MAINTENANCE_OFF, "web", NULL),
                     CORE_ANSWER_ALREADY);
    command.message = "back at noon";
    command.retry_after_s = 600;
    assert_int_equal(world_command(world, &command), CORE_ANSWER_APPEND);
    command.message = "back at two";
    assert_int_equal(world_command(world, &command), CORE_ANSWER_APPEND);
    world_crash(world, 5001);
    assert_string_equal(world_role(world, "web")->maintenance.message, "back at two");
    assert_int_equal(world_role(world, "web")->maintenance.retry_after_s, 600);
    assert_int_equal(world_do(world, CORE_COMMAND_MAINTENANCE_OFF, "web", NULL),
                     CORE_ANSWER_APPEND);
    assert_false(world_role(world, "web")->maintenance.is_on);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    command.message = text;
    world_assert_refused(world, world_command(world, &command), CORE_REFUSAL_BAD_VALUE);
    command.message = NULL;
    command.retry_after_s = UINT32_MAX;
    world_assert_refused(world, world_command(world, &command), CORE_REFUSAL_BAD_VALUE);
}

#define SETS_TESTS                                                                                 \
    WORLD_TEST(sets_weight), WORLD_TEST(sets_canary_goes_live),                                    \
        WORLD_TEST(sets_canary_is_aborted), WORLD_TEST(sets_exclusive_does_not_share),             \
        WORLD_TEST(sets_drain), WORLD_TEST(sets_drain_the_live_one), WORLD_TEST(sets_remove),      \
        WORLD_TEST(sets_names), WORLD_TEST(sets_ambiguous), WORLD_TEST(sets_expected_epoch),       \
        WORLD_TEST(sets_sick_disk), WORLD_TEST(sets_hold), WORLD_TEST(sets_maintenance)

#endif
