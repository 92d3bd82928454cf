/* Hold, resume and cutover from three operators at once, in every order that chance gives: each
 * gets an answer, no hold outlives its end, and the last word of each is what stands. */
#include "tests/sim/world.h"
#include "proxy/base/random.h"

enum { HOLD_ROUNDS = 10000 };

static void
hold_say(struct world *world, uint64_t which, const char *build)
{
    struct core_command command = world_say(CORE_COMMAND_HOLD, "web", NULL);
    enum core_answer answer;
    if (which == 1) {
        command.kind = CORE_COMMAND_RESUME;
    } else if (which == 2) {
        command.kind = CORE_COMMAND_CUTOVER;
        command.build = build;
        command.has_order = true;
        command.order = TABLE_ORDER_EXCLUSIVE;
    }
    command.hold_for_ms = 4000;
    answer = world_command(world, &command);
    if (answer == CORE_ANSWER_REFUSED) {
        assert_true(world->outcome.refusal == CORE_REFUSAL_HELD_BY_CUTOVER ||
                    world->outcome.refusal == CORE_REFUSAL_BUSY);
    }
}

static void
hold_round(struct world *world, struct random *random, int round)
{
    static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    const uint8_t *order = orders[random_below(random, 6)];
    const char *build = round % 2 == 0 ? "v2" : "v1";
    bool is_last_a_hold = false;
    for (int i = 0; i < 3; i++) {
        struct core_set *live = world_role(world, "web")->live;
        world_set_of(world, live)->in_flight[CORE_WAY_NORMAL] = random_below(random, 2);
        hold_say(world, order[i], build);
        is_last_a_hold = order[i] == 0 || (is_last_a_hold && order[i] != 1);
        if (random_below(random, 3) == 0) {
            world->now_ms += random_below(random, 10);
            world_settle(world);
        }
    }
    if (is_last_a_hold) {
        assert_true(world_role(world, "web")->hold.is_on);
    }
    for (size_t i = 0; i < world_role(world, "web")->set_count; i++) {
        world_set_of(world, world_role(world, "web")->sets[i])->in_flight[CORE_WAY_NORMAL] = 0;
    }
    world_settle(world);
    world->now_ms += 4000;
    world_settle(world);
    assert_null(world_role(world, "web")->operation);
    assert_false(world_role(world, "web")->hold.is_on);
    assert_string_equal(world_role(world, "web")->live->build, build);
}

static void
hold_resume_cutover(void **in)
{
    struct world *world = *in;
    struct random random;
    random_init(&random, 30);
    world->is_forgetful = true;
    world->roles[0].rollback_window_ms = UINT64_C(1) << 40;
    world_deploy(world, "web", "v1", 80);
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v2", 81);
    world_advance(world, 3000);
    for (int round = 0; round < HOLD_ROUNDS; round++) {
        hold_round(world, &random, round);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {WORLD_TEST(hold_resume_cutover)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
