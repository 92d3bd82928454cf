/*
 * switch: scenarios of operations that move traffic.
 */
#ifndef TURNOUT_TESTS_SIM_SWITCH_H
#define TURNOUT_TESTS_SIM_SWITCH_H

#include "tests/sim/world.h"

static enum core_step
switch_step(struct world *world, const char *role, uint64_t id, const char *text)
{
    struct core_progress progress;
    world_observe(world);
    assert_int_equal(core_progress(world_role(world, role), id, &world->settings,
                                   &world->observations, &progress),
                     ERR_OK);
    if (text != NULL) {
        assert_string_equal(progress.text, text);
    }
    return progress.step;
}

static void
switch_first_deploy(void **in)
{
    struct world *world = *in;
    assert_int_equal(world_bring(world, CORE_COMMAND_DEPLOY, "web", "v1", 80), CORE_ANSWER_APPEND);
    assert_null(world_role(world, "web")->live);
    assert_int_equal(switch_step(world, "web", world->last_id,
                                 "ready 0/2; 10.0.0.1:80: not checked yet; 10.0.0.2:80: not "
                                 "checked yet"),
                     CORE_STEP_READY);
    world_advance(world, 100);
    assert_int_equal(switch_step(world, "web", world->last_id,
                                 "ready 0/2; 10.0.0.1:80: 1 of 2 checks passed in a row; "
                                 "10.0.0.2:80: 1 of 2 checks passed in a row"),
                     CORE_STEP_READY);
    assert_null(world_role(world, "web")->live);
    world_advance(world, 1000);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
    assert_int_equal(world_last(world, "web")->result, CORE_RESULT_FINISHED);
    assert_int_equal(switch_step(world, "web", world->last_id, NULL), CORE_STEP_DRAINED);
    assert_null(world_role(world, "web")->previous);
}

static void
switch_deploy_drains(void **in)
{
    struct world *world = *in;
    struct world_set *old;
    world_deploy(world, "web", "v1", 80);
    old = world_look(world, "web", "v1");
    old->in_flight[CORE_WAY_NORMAL] = 3;
    old->in_flight[CORE_WAY_PREVIEW] = 1;
    world->is_lagging = true;
    world_deploy(world, "web", "v2", 81);
    assert_int_equal(switch_step(world, "web", world->last_id, NULL), CORE_STEP_DISCONNECT);
    old->in_flight[CORE_WAY_NORMAL] = 0;
    world_advance(world, 1000);
    /* Empty, but a worker may still route by the old table. */
    assert_int_equal(world_set(world, "web", "v1")->status, CORE_STATUS_DRAINING);
    old->in_flight[CORE_WAY_NORMAL] = 2;
    old->oldest_ms = 1500;
    world->is_lagging = false;
    world->passed_epoch = world->state->epoch;
    world_advance(world, 1000);
    assert_int_equal(
        switch_step(world, "web", world->last_id, "2 in flight at v1, the oldest for 1500 ms"),
        CORE_STEP_FINISH);
    old->in_flight[CORE_WAY_NORMAL] = 0;
    old->finished = 3;
    world_advance(world, 1000);
    assert_int_equal(
        switch_step(world, "web", world->last_id, "3 finished, 0 cut, the oldest took 1500 ms"),
        CORE_STEP_DRAINED);
    assert_int_equal(world_last(world, "web")->result, CORE_RESULT_FINISHED);
    assert_int_equal(world_last(world, "web")->finished, 3);
    assert_ptr_equal(world_role(world, "web")->previous, world_set(world, "web", "v1"));
    /* The window passes; what came by preview keeps the set until it ends. */
    world_advance(world, WORLD_WINDOW_MS);
    assert_int_equal(world_set(world, "web", "v1")->status, CORE_STATUS_RETIRING);
    assert_int_equal(switch_step(world, "web", world->last_id, "v1 is retiring"),
                     CORE_STEP_DESTROY);
    old->in_flight[CORE_WAY_PREVIEW] = 0;
    world_advance(world, 100);
    assert_int_equal(world_set(world, "web", "v1")->status, CORE_STATUS_RETIRED);
}

static void
switch_drain_is_cut(void **in)
{
    struct world *world = *in;
    world_deploy(world, "web", "v1", 80);
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 7;
    world_deploy(world, "web", "v2", 81);
    assert_int_equal(world_set(world, "web", "v1")->status, CORE_STATUS_DRAINING);
    world_advance(world, WORLD_DRAIN_MS);
    assert_int_equal(world_set(world, "web", "v1")->status, CORE_STATUS_DRAINED);
    assert_int_equal(world_last(world, "web")->cut, 7);
    assert_int_equal(world_last(world, "web")->result, CORE_RESULT_FINISHED);
}

static void
switch_never_ready(void **in)
{
    struct world *world = *in;
    struct core_state *before;
    world_deploy(world, "web", "v1", 80);
    before = core_state_clone(world->state, 0);
    assert_int_equal(world_bring(world, CORE_COMMAND_DEPLOY, "web", "v2", 81), CORE_ANSWER_APPEND);
    world_look(world, "web", "v2")->is_sick[1] = true;
    world_advance(world, WORLD_READY_MS - 1);
    assert_non_null(world_role(world, "web")->operation);
    world_advance(world, 1);
    assert_null(world_role(world, "web")->operation);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
    assert_null(world_role(world, "web")->previous);
    assert_int_equal(world_last(world, "web")->result, CORE_RESULT_ABORTED);
    assert_string_equal(world_last(world, "web")->reason,
                        "web@v2 is not ready after 30000 ms: 10.0.0.2:81: connect refused");
    assert_int_equal(world_set(world, "web", "v2")->status, CORE_STATUS_FAILED);
    core_state_free(before);
    /* The same addresses again: the set is used again, and proven anew. */
    world_look(world, "web", "v2")->is_sick[1] = false;
    world_deploy(world, "web", "v2", 81);
}

/* One passes while the other fails and the other way round: at no moment were both ready. */
static void
switch_flapping(void **in)
{
    struct world *world = *in;
    struct world_set *set;
    assert_int_equal(world_bring(world, CORE_COMMAND_DEPLOY, "web", "v1", 80), CORE_ANSWER_APPEND);
    set = world_look(world, "web", "v1");
    for (int i = 0; i < 29; i++) {
        set->is_sick[0] = i / 3 % 2 == 0;
        set->is_sick[1] = !set->is_sick[0];
        world_advance(world, 1000);
        assert_null(world_role(world, "web")->live);
    }
    world_advance(world, 2000);
    assert_int_equal(world_last(world, "web")->result, CORE_RESULT_ABORTED);
}

static void
switch_already_live(void **in)
{
    struct world *world = *in;
    world_deploy(world, "web", "v1", 80);
    assert_int_equal(world_bring(world, CORE_COMMAND_DEPLOY, "web", "v1", 80), CORE_ANSWER_ALREADY);
    assert_int_equal(world_do(world, CORE_COMMAND_CUTOVER, "web", "v1"), CORE_ANSWER_ALREADY);
    assert_int_equal(world_do(world, CORE_COMMAND_ROLLBACK, "web", "v1"), CORE_ANSWER_ALREADY);
    /* Another size of the same build is another set. */
    world_deploy(world, "web", "v1", 90);
    assert_int_equal(world_role(world, "web")->set_count, 2);
    assert_int_equal(world_set(world, "web", "v1")->status, CORE_STATUS_LIVE);
}

static void
switch_cutover(void **in)
{
    struct world *world = *in;
    world_deploy(world, "web", "v1", 80);
    assert_int_equal(world_bring(world, CORE_COMMAND_SET_ADD, "web", "v2", 81), CORE_ANSWER_APPEND);
    world_assert_refused(world, world_do(world, CORE_COMMAND_CUTOVER, "web", "v2"),
                         CORE_REFUSAL_NOT_READY);
    world_advance(world, 3000);
    assert_int_equal(world_do(world, CORE_COMMAND_CUTOVER, "web", "v2"), CORE_ANSWER_APPEND);
    assert_string_equal(world_role(world, "web")->live->build, "v2");
    /* What was proven once does not count when it fails now. */
    world_look(world, "web", "v1")->is_sick[0] = true;
    world_advance(world, 1000);
    world_assert_refused(world, world_do(world, CORE_COMMAND_CUTOVER, "web", "v1"),
                         CORE_REFUSAL_NOT_READY);
}

/* A set that was added and is ready is proven anew when it is deployed. */
static void
switch_deploy_of_an_added_set(void **in)
{
    struct world *world = *in;
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v1", 80);
    world_advance(world, 3000);
    assert_int_equal(world_bring(world, CORE_COMMAND_DEPLOY, "web", "v1", 80), CORE_ANSWER_APPEND);
    assert_null(world_role(world, "web")->live);
    world_advance(world, 3000);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
}

static void
switch_several_roles(void **in)
{
    struct world *world = *in;
    struct core_command command = world_say(CORE_COMMAND_CUTOVER, "web", "v2");
    struct core_command_move more[] = {{"api", "a2"}};
    world_deploy(world, "web", "v1", 80);
    world_deploy(world, "api", "a1", 90);
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v2", 81);
    world_bring(world, CORE_COMMAND_SET_ADD, "api", "a2", 91);
    command.moves = more;
    command.move_count = 1;
    world_assert_refused(world, world_command(world, &command), CORE_REFUSAL_NOT_READY);
    world_advance(world, 3000);
    world_look(world, "api", "a1")->in_flight[CORE_WAY_NORMAL] = 1;
    assert_int_equal(world_command(world, &command), CORE_ANSWER_APPEND);
    assert_string_equal(world_role(world, "web")->live->build, "v2");
    assert_string_equal(world_role(world, "api")->live->build, "a2");
    assert_int_equal(world_last(world, "web")->result, CORE_RESULT_COMMITTED);
    world_look(world, "api", "a1")->in_flight[CORE_WAY_NORMAL] = 0;
    world_look(world, "api", "a1")->finished = 1;
    world_advance(world, 100);
    assert_int_equal(world_last(world, "web")->result, CORE_RESULT_FINISHED);
    assert_int_equal(world_last(world, "api")->result, CORE_RESULT_FINISHED);
    assert_int_equal(world_last(world, "web")->finished, 1);
    assert_int_equal(world_command(world, &command), CORE_ANSWER_ALREADY);
    more[0].role = "web";
    world_assert_refused(world, world_command(world, &command), CORE_REFUSAL_BAD_VALUE);
    more[0].role = "nobody";
    world_assert_refused(world, world_command(world, &command), CORE_REFUSAL_UNKNOWN_ROLE);
}

static void
switch_rollback_to_draining(void **in)
{
    struct world *world = *in;
    uint64_t first;
    world_deploy(world, "web", "v1", 80);
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 5;
    world_deploy(world, "web", "v2", 81);
    first = world->last_id;
    world_look(world, "web", "v2")->in_flight[CORE_WAY_NORMAL] = 1;
    assert_int_equal(world_do(world, CORE_COMMAND_ROLLBACK, "web", NULL), CORE_ANSWER_APPEND);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
    assert_int_equal(core_cutover_find(world_role(world, "web"), first)->result,
                     CORE_RESULT_SUPERSEDED);
    assert_true(world_set(world, "web", "v2")->is_bad);
    /* Nobody cuts what the set had: it is live again. */
    world_advance(world, WORLD_DRAIN_MS * 2);
    assert_int_equal(world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL], 5);
    assert_int_equal(world_look(world, "web", "v2")->cut, 1);
}

static void
switch_rollback_to_drained(void **in)
{
    struct world *world = *in;
    struct core_command command = world_say(CORE_COMMAND_ROLLBACK, "web", NULL);
    world_deploy(world, "web", "v1", 80);
    world_assert_refused(world, world_do(world, CORE_COMMAND_ROLLBACK, "web", NULL),
                         CORE_REFUSAL_NO_PREVIOUS);
    world_deploy(world, "web", "v2", 81);
    assert_int_equal(world_do(world, CORE_COMMAND_ROLLBACK, "web", "v1"), CORE_ANSWER_APPEND);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
    /* The way back of the way back leads to what was found bad: only if one insists. */
    world_advance(world, 1000);
    world_assert_refused(world, world_do(world, CORE_COMMAND_ROLLBACK, "web", NULL),
                         CORE_REFUSAL_PREVIOUS_BAD);
    command.is_forced = true;
    assert_int_equal(world_command(world, &command), CORE_ANSWER_APPEND);
    assert_string_equal(world_role(world, "web")->live->build, "v2");
    assert_true(world_set(world, "web", "v1")->is_bad);
    /* A deploy of it takes the mark away. */
    assert_int_equal(world_bring(world, CORE_COMMAND_DEPLOY, "web", "v1", 80), CORE_ANSWER_APPEND);
    assert_false(world_set(world, "web", "v1")->is_bad);
    world_advance(world, 5000);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
}

static void
switch_rollback_refused(void **in)
{
    struct world *world = *in;
    struct core_command command = world_say(CORE_COMMAND_ROLLBACK, "web", NULL);
    world_deploy(world, "web", "v1", 80);
    world_deploy(world, "web", "v2", 81);
    world_look(world, "web", "v1")->is_sick[0] = true;
    world_advance(world, 5000);
    world_assert_refused(world, world_do(world, CORE_COMMAND_ROLLBACK, "web", NULL),
                         CORE_REFUSAL_PREVIOUS_UNHEALTHY);
    assert_non_null(strstr(world->outcome.text, "10.0.0.1:80: connect refused"));
    command.is_forced = true;
    assert_int_equal(world_command(world, &command), CORE_ANSWER_APPEND);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v3", 83);
    world_assert_refused(world, world_do(world, CORE_COMMAND_ROLLBACK, "web", "v3"),
                         CORE_REFUSAL_NO_PREVIOUS);
    /* The window is over: there is no way back any more. */
    world_advance(world, WORLD_WINDOW_MS + 1000);
    assert_null(world_role(world, "web")->previous);
    world_assert_refused(world, world_do(world, CORE_COMMAND_ROLLBACK, "web", NULL),
                         CORE_REFUSAL_NO_PREVIOUS);
}

static void
switch_rollback_supersedes(void **in)
{
    struct world *world = *in;
    uint64_t deploy;
    world_deploy(world, "web", "v1", 80);
    world_deploy(world, "web", "v2", 81);
    world_bring(world, CORE_COMMAND_DEPLOY, "web", "v3", 82);
    deploy = world->last_id;
    assert_int_equal(world_do(world, CORE_COMMAND_ROLLBACK, "web", NULL), CORE_ANSWER_APPEND);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
    assert_int_equal(core_cutover_find(world_role(world, "web"), deploy)->result,
                     CORE_RESULT_SUPERSEDED);
    assert_string_equal(core_cutover_find(world_role(world, "web"), deploy)->superseded_by,
                        "rollback of tester(1)");
    assert_int_equal(world_set(world, "web", "v3")->status, CORE_STATUS_FAILED);
}

static void
switch_abort(void **in)
{
    struct world *world = *in;
    assert_int_equal(world_do(world, CORE_COMMAND_ABORT, "web", NULL), CORE_ANSWER_ALREADY);
    world_deploy(world, "web", "v1", 80);
    assert_int_equal(world_do(world, CORE_COMMAND_ABORT, "web", NULL), CORE_ANSWER_ALREADY);
    world_bring(world, CORE_COMMAND_DEPLOY, "web", "v2", 81);
    world_advance(world, 500);
    assert_int_equal(world_do(world, CORE_COMMAND_ABORT, "web", NULL), CORE_ANSWER_APPEND);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
    assert_int_equal(world_last(world, "web")->result, CORE_RESULT_SUPERSEDED);
    assert_int_equal(world_set(world, "web", "v2")->status, CORE_STATUS_FAILED);
    world_advance(world, 5000);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
}

static void
switch_one_at_a_time(void **in)
{
    struct world *world = *in;
    world_bring(world, CORE_COMMAND_DEPLOY, "web", "v1", 80);
    world_assert_refused(world, world_bring(world, CORE_COMMAND_DEPLOY, "web", "v2", 81),
                         CORE_REFUSAL_BUSY);
    assert_int_equal(world->outcome.busy_with, world->last_id);
    assert_non_null(strstr(world->outcome.text, "by tester(1)"));
    world_assert_refused(world, world_do(world, CORE_COMMAND_CUTOVER, "web", "v1"),
                         CORE_REFUSAL_BUSY);
    world_assert_refused(world, world_do(world, CORE_COMMAND_DRAIN, "web", "v1"),
                         CORE_REFUSAL_BUSY);
    world_assert_refused(world, world_weigh(world, "web", "v1", 100), CORE_REFUSAL_BUSY);
    /* Another role is another matter; and behind the commit the next one may begin. */
    world_bring(world, CORE_COMMAND_DEPLOY, "api", "a1", 90);
    world_advance(world, 5000);
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 1;
    world_deploy(world, "web", "v2", 81);
    world_deploy(world, "web", "v3", 82);
    assert_int_equal(world_set(world, "web", "v1")->status, CORE_STATUS_DRAINING);
    assert_string_equal(world_role(world, "web")->previous->build, "v2");
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 0;
    world_advance(world, 100);
    assert_int_equal(world_set(world, "web", "v1")->status, CORE_STATUS_RETIRED);
    /* The retired set may be brought again. */
    world_deploy(world, "web", "v1", 80);
}

/* A set that drains, or has drained, is deployed again: it is warmed where it stands. */
static void
switch_deploy_of_a_left_set(void **in)
{
    struct world *world = *in;
    world_deploy(world, "web", "v1", 80);
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 1;
    world_deploy(world, "web", "v2", 81);
    world_bring(world, CORE_COMMAND_DEPLOY, "web", "v1", 80);
    assert_int_equal(world_set(world, "web", "v1")->status, CORE_STATUS_DRAINING);
    assert_int_equal(world_do(world, CORE_COMMAND_ABORT, "web", NULL), CORE_ANSWER_APPEND);
    assert_int_equal(world_set(world, "web", "v1")->status, CORE_STATUS_DRAINING);
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 0;
    world_advance(world, 3000);
    world_bring(world, CORE_COMMAND_DEPLOY, "web", "v1", 80);
    assert_int_equal(world_set(world, "web", "v1")->status, CORE_STATUS_DRAINED);
    assert_null(strstr(world->outcome.text, "already"));
    /* It was healthy all the time, and is yet proven again. */
    assert_string_equal(world_role(world, "web")->live->build, "v2");
    world_advance(world, 3000);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
}

static void
switch_role_is_gone(void **in)
{
    struct world *world = *in;
    world_deploy(world, "api", "a1", 90);
    world_bring(world, CORE_COMMAND_DEPLOY, "api", "a2", 91);
    world->roles[1].name = "other";
    world_advance(world, 100);
    assert_null(world_role(world, "api")->operation);
    assert_string_equal(world_last(world, "api")->reason, "role api is not configured any more");
    /* What is kept of the role is there when it is configured again. */
    world_advance(world, 2 * WORLD_WINDOW_MS);
    world->roles[1].name = "api";
    world_advance(world, 100);
    assert_string_equal(world_role(world, "api")->live->build, "a1");
}

#define SWITCH_TESTS                                                                               \
    WORLD_TEST(switch_first_deploy), WORLD_TEST(switch_deploy_drains),                             \
        WORLD_TEST(switch_drain_is_cut), WORLD_TEST(switch_never_ready),                           \
        WORLD_TEST(switch_flapping), WORLD_TEST(switch_already_live), WORLD_TEST(switch_cutover),  \
        WORLD_TEST(switch_deploy_of_an_added_set), WORLD_TEST(switch_several_roles),               \
        WORLD_TEST(switch_rollback_to_draining), WORLD_TEST(switch_rollback_to_drained),           \
        WORLD_TEST(switch_rollback_refused), WORLD_TEST(switch_rollback_supersedes),               \
        WORLD_TEST(switch_abort), WORLD_TEST(switch_one_at_a_time),                                \
        WORLD_TEST(switch_deploy_of_a_left_set), WORLD_TEST(switch_role_is_gone)

#endif
