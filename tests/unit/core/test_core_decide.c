/* Deciding and targets where no scenario of the simulation looks: wake-ups to the millisecond,
 * rounds that are full, what was not observed, what routing is told. */
#include "tests/sim/world.h"

static struct core_effects
decide_now(struct world *world)
{
    struct core_effects effects;
    world_observe(world);
    assert_int_equal(core_decide(world->state, &world->settings, &world->observations,
                                 world->now_ms, world_wall_us(world), &effects),
                     ERR_OK);
    return effects;
}

static uint64_t
decide_wakeup(struct world *world)
{
    struct core_effects effects = decide_now(world);
    uint64_t next = effects.next_wakeup_ms;
    assert_int_equal(effects.count, 0);
    core_effects_fini(&effects);
    return next;
}

static void
wakeups(void **in)
{
    struct world *world = *in;
    struct core_command command = world_say(CORE_COMMAND_HOLD, "web", NULL);
    uint64_t begun;
    assert_true(decide_wakeup(world) == UINT64_MAX);
    command.hold_for_ms = 700;
    world_command(world, &command);
    assert_int_equal(decide_wakeup(world), world->now_ms + 700);
    begun = world->now_ms;
    world_bring(world, CORE_COMMAND_DEPLOY, "web", "v1", 80);
    assert_int_equal(decide_wakeup(world), begun + 700);
    world_do(world, CORE_COMMAND_RESUME, "web", NULL);
    assert_int_equal(decide_wakeup(world), begun + WORLD_READY_MS);
    world_advance(world, 3000);
    assert_true(decide_wakeup(world) == UINT64_MAX);
    world_deploy(world, "web", "v2", 81);
    assert_int_equal(decide_wakeup(world),
                     core_rollback_until_ms(world_role(world, "web"), &world->settings));
}

/* Ten sets of three roles leave at the same moment; nothing is lost in the rounds. */
static void
full_rounds(void **in)
{
    struct world *world = *in;
    struct core_effects effects;
    static const char *const names[] = {"web", "api"};
    for (unsigned r = 0; r < 2; r++) {
        for (unsigned i = 0; i < 10; i++) {
            char build[8];
            snprintf(build, sizeof build, "v%u", i);
            world_bring(world, CORE_COMMAND_SET_ADD, names[r], build, 80 + i);
            world_look(world, names[r], build)->in_flight[CORE_WAY_NORMAL] = 1;
            world_do(world, CORE_COMMAND_DRAIN, names[r], build);
        }
    }
    for (unsigned i = 0; i < WORLD_SETS_MAX; i++) {
        world->sets[i].in_flight[CORE_WAY_NORMAL] = 0;
    }
    effects = decide_now(world);
    assert_int_equal(effects.count, CORE_EFFECTS_MAX);
    assert_int_equal(effects.next_wakeup_ms, world->now_ms);
    core_effects_fini(&effects);
    world_settle(world);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(world_role(world, "api")->sets[i]->status, CORE_STATUS_RETIRED);
    }
}

/* What nobody looked at is neither ready nor drained. */
static void
unobserved(void **in)
{
    struct world *world = *in;
    struct core_observations none = {NULL, 0, UINT64_MAX, true, NULL, false};
    struct core_effects effects;
    struct core_set_health health;
    char text[CORE_TEXT_SIZE];
    world_deploy(world, "web", "v1", 80);
    world_deploy(world, "bank", "b1", 80);
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 1;
    world_deploy(world, "web", "v2", 81);
    world_look(world, "bank", "b1")->in_flight[CORE_WAY_NORMAL] = 1;
    world_bring(world, CORE_COMMAND_DEPLOY, "bank", "b2", 81);
    world_advance(world, 1200);
    assert_true(world_role(world, "bank")->operation->is_held);
    assert_int_equal(core_decide(world->state, &world->settings, &none, world->now_ms, 0, &effects),
                     ERR_OK);
    assert_int_equal(effects.count, 0);
    core_effects_fini(&effects);
    core_set_observe(world_set(world, "web", "v2"), &none, 1, &health);
    assert_int_equal(health.instances, 2);
    assert_int_equal(health.ready + health.healthy + health.up + health.down, 0);
    core_set_explain(world_set(world, "web", "v2"), &none, 1, text, sizeof text);
    assert_string_equal(text, "10.0.0.1:81: not checked yet; 10.0.0.2:81: not checked yet");
    core_set_explain(world_set(world, "web", "v2"), &none, 1, text, 10);
    assert_string_equal(text, "10.0.0.1:");
}

/* Passes that were counted before the set was warmed anew prove nothing. */
static void
stale_passes(void **in)
{
    struct world *world = *in;
    struct core_observed_set *observed;
    static struct core_observed_instance instances[2]; /* the world keeps pointing there */
    struct core_effects effects;
    world_bring(world, CORE_COMMAND_DEPLOY, "web", "v1", 80);
    world_observe(world);
    observed = &world->observed[0];
    for (size_t i = 0; i < 2; i++) {
        instances[i] = (struct core_observed_instance){CORE_VERDICT_UP, 100, 1, "", "v1"};
    }
    observed->instances = instances;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(core_decide(world->state, &world->settings, &world->observations,
                                     world->now_ms, 0, &effects),
                         ERR_OK);
        assert_int_equal(effects.count, i);
        core_effects_fini(&effects);
        instances[0].warm_epoch = instances[1].warm_epoch =
            world_set(world, "web", "v1")->warm_epoch;
    }
}

/* An append that fails is decided again, and nothing but traffic goes on meanwhile. */
static void
journal_fails(void **in)
{
    struct world *world = *in;
    world_deploy(world, "web", "v1", 80);
    world_bring(world, CORE_COMMAND_DEPLOY, "web", "v2", 81);
    world->is_sick_disk = true;
    world_advance(world, 10000);
    assert_string_equal(world_role(world, "web")->live->build, "v1");
    world->is_sick_disk = false;
    world_advance(world, 100);
    assert_string_equal(world_role(world, "web")->live->build, "v2");
}

static const struct core_target_set *
decide_target_set(const struct core_target_role *role, const char *build)
{
    for (size_t i = 0; i < role->set_count; i++) {
        if (strcmp(role->sets[i].set->build, build) == 0) {
            return &role->sets[i];
        }
    }
    return NULL;
}

static void
targets(void **in)
{
    struct world *world = *in;
    struct core_target target;
    const struct core_target_set *set;
    world_deploy(world, "web", "v1", 80);
    world_look(world, "web", "v1")->in_flight[CORE_WAY_NORMAL] = 1;
    world_deploy(world, "web", "v2", 81);
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v3", 82);
    world_advance(world, 3000);
    world_weigh(world, "web", "v3", 250);
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v4", 83);
    world_look(world, "web", "v4")->in_flight[CORE_WAY_PREVIEW] = 1;
    world_do(world, CORE_COMMAND_SET_REMOVE, "web", "v4");
    world_look(world, "web", "v1")->is_cut = true;
    world_look(world, "web", "v2")->is_cut = true;
    world_observe(world);
    assert_int_equal(
        core_target_build(world->state, &world->settings, &world->observations, &target), ERR_OK);
    assert_int_equal(target.epoch, world->state->epoch);
    assert_int_equal(target.role_count, 3);
    assert_null(target.roles[1].role);
    assert_string_equal(target.roles[1].name, "api");
    assert_string_equal(target.roles[1].message, "");
    assert_int_equal(target.roles[0].set_count, 4);
    assert_int_equal(target.roles[0].weight_bp, 250);
    set = decide_target_set(&target.roles[0], "v1");
    assert_true(set->is_closed && !set->is_sealed && set->is_cut && set->is_probed);
    set = decide_target_set(&target.roles[0], "v2");
    assert_true(set->is_live && !set->is_closed && !set->is_cut && set->is_probed);
    set = decide_target_set(&target.roles[0], "v3");
    assert_true(set->is_canary && !set->is_closed && set->is_probed);
    set = decide_target_set(&target.roles[0], "v4");
    assert_true(set->is_closed && set->is_sealed && !set->is_probed);
    core_target_fini(&target);
    core_target_fini(&target);
}

static void
lives(void **in)
{
    struct world *world = *in;
    const struct core_observations none = {NULL, 0, 0, true, NULL, false};
    const struct core_set *set;
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v1", 80);
    set = world_set(world, "web", "v1");
    world_observe(world);
    assert_string_equal(core_set_life(set, &none, 2), "registered");
    assert_string_equal(core_set_life(set, &world->observations, 2), "warming");
    world_advance(world, 3000);
    assert_string_equal(core_set_life(set, &world->observations, 2), "ready");
    world_do(world, CORE_COMMAND_CUTOVER, "web", "v1");
    assert_string_equal(core_set_life(set, &world->observations, 2), "live");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {WORLD_TEST(wakeups),       WORLD_TEST(full_rounds),
                                       WORLD_TEST(unobserved),    WORLD_TEST(stale_passes),
                                       WORLD_TEST(journal_fails), WORLD_TEST(targets),
                                       WORLD_TEST(lives)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
