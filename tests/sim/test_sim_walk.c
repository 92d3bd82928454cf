/* Random walks: whatever operators, instances, workers and crashes do, the invariants of world.h
 * hold, only known edges are taken, the journal gives the state again, and everything comes to
 * rest. A walk is its seed: TURNOUT_WALK_SEED and TURNOUT_WALK_STEPS replay or lengthen one. */
#include "tests/sim/edges.h"
#include "proxy/base/random.h"
#include "proxy/base/span.h"

struct walk {
    struct world *world;
    struct random random;
};

static const char *const walk_roles[] = {"web", "api", "bank"};
static const char *const walk_builds[] = {"v1", "v2", "v3", "v4"};

static uint64_t
walk_below(struct walk *walk, uint64_t bound)
{
    return random_below(&walk->random, bound);
}

static const struct core_set *
walk_any_set(struct walk *walk)
{
    const struct core_role *role =
        core_role_find(walk->world->state, walk_roles[walk_below(walk, 3)]);
    const struct core_set *set;
    if (role == NULL || role->set_count == 0) {
        return NULL;
    }
    set = role->sets[walk_below(walk, role->set_count)];
    return core_set_is_kept(set) ? set : NULL;
}

/* Requests come and go where the normal way may lead, and end anywhere. */
static void
walk_traffic(struct walk *walk)
{
    const struct core_set *set = walk_any_set(walk);
    struct world_set *own;
    bool is_open;
    if (set == NULL) {
        return;
    }
    own = world_set_of(walk->world, set);
    is_open = set->role->live == set || set->role->canary == set ||
              walk->world->passed_epoch < set->status_epoch;
    if (is_open && walk_below(walk, 2) == 0) {
        own->in_flight[CORE_WAY_NORMAL] += walk_below(walk, 3);
    } else if (set->status != CORE_STATUS_RETIRING && walk_below(walk, 4) == 0) {
        own->in_flight[CORE_WAY_PREVIEW] = walk_below(walk, 2);
    } else {
        own->in_flight[CORE_WAY_NORMAL] /= 2;
        own->in_flight[CORE_WAY_PREVIEW] = 0;
    }
}

static void
walk_health(struct walk *walk)
{
    const struct core_set *set = walk_any_set(walk);
    if (set != NULL) {
        struct world_set *own = world_set_of(walk->world, set);
        own->is_sick[walk_below(walk, own->instance_count)] = walk_below(walk, 3) == 0;
    }
}

static void
walk_command(struct walk *walk)
{
    const char *addresses[] = {"10.0.0.1:80", "10.0.0.2:80"};
    const char *build = walk_builds[walk_below(walk, 4)];
    const struct core_command_move more[] = {
        {walk_roles[walk_below(walk, 3)], walk_builds[walk_below(walk, 4)]}};
    struct core_command command =
        world_say((enum core_command_kind)walk_below(walk, CORE_COMMAND_COUNT),
                  walk_roles[walk_below(walk, 3)], build);
    command.addresses = addresses;
    command.address_count = 1 + walk_below(walk, 2);
    command.is_forced = walk_below(walk, 8) == 0;
    command.weight_bp = walk_below(walk, 3) * 5000;
    command.hold_for_ms = 1 + walk_below(walk, 5000);
    command.has_order = walk_below(walk, 6) == 0;
    command.order = walk_below(walk, 2) == 0 ? TABLE_ORDER_AVAILABLE : TABLE_ORDER_EXCLUSIVE;
    if (command.kind == CORE_COMMAND_CUTOVER && walk_below(walk, 4) == 0) {
        command.moves = more;
        command.move_count = 1;
    }
    if (command.kind == CORE_COMMAND_ROLLBACK && walk_below(walk, 2) == 0) {
        command.build = NULL;
    }
    world_command(walk->world, &command);
}

static void
walk_workers(struct walk *walk)
{
    struct world *world = walk->world;
    world->is_lagging = walk_below(walk, 4) == 0;
    if (!world->is_lagging) {
        world->passed_epoch = world->state->epoch;
    }
}

static void
walk_step(struct walk *walk)
{
    uint64_t dice = walk_below(walk, 100);
    uint64_t most = dice % 50 == 0 ? 700000 : 3000;
    if (dice < 25) {
        walk_command(walk);
    } else if (dice < 45) {
        walk_traffic(walk);
    } else if (dice < 55) {
        walk_health(walk);
    } else if (dice < 62) {
        walk_workers(walk);
    } else if (dice < 64) {
        world_crash(walk->world, walk_below(walk, 100000));
    } else if (dice < 66) {
        walk->world->is_sick_disk = walk_below(walk, 3) == 0;
    } else {
        world_advance(walk->world, 1 + walk_below(walk, most));
    }
}

/* With everybody well and nobody asking, everything ends: no operation, no set that leaves. */
static void
walk_rest(struct walk *walk)
{
    struct world *world = walk->world;
    world->is_sick_disk = false;
    world->is_lagging = false;
    world->passed_epoch = world->state->epoch;
    world_advance(world, WORLD_READY_MS + WORLD_HOLD_MS + 2 * WORLD_DRAIN_MS);
    world_advance(world, WORLD_WINDOW_MS + 2 * WORLD_DRAIN_MS);
    assert_int_equal(world->state->operation_count, 0);
    for (size_t i = 0; i < world->state->role_count; i++) {
        const struct core_role *role = world->state->roles[i];
        assert_null(role->previous);
        for (size_t j = 0; j < role->set_count; j++) {
            enum core_status status = role->sets[j]->status;
            assert_true(status != CORE_STATUS_DRAINING && status != CORE_STATUS_DRAINED &&
                        status != CORE_STATUS_RETIRING);
        }
        for (size_t j = 0; j < role->cutover_count; j++) {
            assert_int_not_equal(role->cutovers[j].result, CORE_RESULT_COMMITTED);
        }
    }
}

static void
walk_one(uint64_t seed, uint64_t steps)
{
    struct walk walk;
    void *world;
    world_setup(&world);
    walk.world = world;
    random_init(&walk.random, seed);
    for (uint64_t i = 0; i < steps; i++) {
        walk_step(&walk);
    }
    walk_rest(&walk);
    world_teardown(&world);
    edges_assert_known();
}

static uint64_t
walk_setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    if (text != NULL) {
        span_to_u64(span_of(text), &otherwise);
    }
    return otherwise;
}

static size_t
walk_edges_taken(void)
{
    size_t taken = 0;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        taken +=
            world_edges.is_seen[edges[i].machine][edges[i].before][edges[i].kind][edges[i].after];
    }
    return taken;
}

static void
random_walks(void **in)
{
    uint64_t first = walk_setting("TURNOUT_WALK_SEED", 1);
    uint64_t last = getenv("TURNOUT_WALK_SEED") != NULL ? first : 60;
    uint64_t steps = walk_setting("TURNOUT_WALK_STEPS", 400);
    (void)in;
    for (uint64_t seed = first; seed <= last; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        walk_one(seed, steps);
    }
    print_message("%zu of %zu edges taken\n", walk_edges_taken(), sizeof edges / sizeof edges[0]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_walks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
