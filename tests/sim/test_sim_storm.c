/* Events at random, well formed or not, straight at the fold: whatever a journal might hold, the
 * fold takes it or refuses it, keeps its invariants, takes only known edges, and never half of an
 * event. */
#include "tests/sim/edges.h"
#include "proxy/base/random.h"

enum { STORM_EVENTS = 20000, STORM_SETS = 6 };

struct storm {
    struct world *world;
    struct random random;
    struct core_event known[2][STORM_SETS]; /* registrations */
};

static uint64_t
storm_below(struct storm *storm, uint64_t bound)
{
    return random_below(&storm->random, bound);
}

static const char *const storm_roles[] = {"web", "api"};

static void
storm_know(struct storm *storm)
{
    for (unsigned r = 0; r < 2; r++) {
        for (unsigned i = 0; i < STORM_SETS; i++) {
            struct core_event *event = &storm->known[r][i];
            char addresses[1][CORE_ADDRESS_SIZE] = {""};
            core_event_init(event, CORE_EVENT_SET_REGISTERED);
            snprintf(event->role, sizeof event->role, "%s", storm_roles[r]);
            snprintf(event->build, sizeof event->build, "v%u", i / 2);
            snprintf(addresses[0], sizeof addresses[0], "10.0.0.1:%u", 80 + i);
            assert_int_equal(core_event_set_addresses(event, addresses, 1), ERR_OK);
            core_set_digest(event->role, event->build, event->addresses, 1, &event->digest);
        }
    }
}

static struct digest
storm_digest(struct storm *storm, unsigned role)
{
    struct digest none = {{0}};
    uint64_t which = storm_below(storm, STORM_SETS + 1);
    return which == STORM_SETS ? none : storm->known[role][which].digest;
}

static struct digest
storm_live(struct storm *storm, unsigned role)
{
    const struct core_role *found = core_role_find(storm->world->state, storm_roles[role]);
    struct digest none = {{0}};
    if (storm_below(storm, 16) == 0) {
        return storm_digest(storm, role);
    }
    return found == NULL || found->live == NULL ? none : found->live->digest;
}

static void
storm_moves(struct storm *storm, struct core_event *event)
{
    event->move_count = storm_below(storm, 16) == 0 ? CORE_MOVES_MAX + 1 : storm_below(storm, 3);
    for (size_t i = 0; i < event->move_count && i < CORE_MOVES_MAX; i++) {
        unsigned role = (unsigned)storm_below(storm, 2);
        snprintf(event->moves[i].role, sizeof event->moves[i].role, "%s", storm_roles[role]);
        event->moves[i].from = storm_live(storm, role);
        event->moves[i].to = storm_digest(storm, role);
    }
}

static uint64_t
storm_cutover(struct storm *storm)
{
    const struct core_state *state = storm->world->state;
    if (state->operation_count > 0 && storm_below(storm, 2) == 0) {
        return state->operations[storm_below(storm, state->operation_count)]->id;
    }
    return state->epoch < 40 ? state->epoch : state->epoch - storm_below(storm, 40);
}

static void
storm_event(struct storm *storm, struct core_event *event)
{
    unsigned role = (unsigned)storm_below(storm, 2);
    uint64_t kind = storm_below(storm, CORE_EVENT_SNAPSHOT_STATE);
    if (storm_below(storm, 4) == 0) {
        const struct core_event *known = &storm->known[role][storm_below(storm, STORM_SETS)];
        *event = *known;
        event->addresses = NULL;
        event->address_count = 0;
        assert_int_equal(core_event_set_addresses(event, known->addresses, 1), ERR_OK);
        return;
    }
    core_event_init(event, (enum core_event_kind)kind);
    snprintf(event->role, sizeof event->role, "%s",
             storm_below(storm, 32) == 0 ? "No" : storm_roles[role]);
    event->digest = storm_digest(storm, role);
    event->cutover = storm_cutover(storm);
    event->operation_kind = storm_below(storm, CORE_KIND_COUNT + (storm_below(storm, 8) == 0));
    event->order = storm_below(storm, 4);
    event->weight_bp = storm_below(storm, 3) * 5001;
    event->max_ms = storm_below(storm, 2);
    if (storm_below(storm, 4) == 0) {
        snprintf(event->superseded_by, sizeof event->superseded_by, "chance");
    }
    storm_moves(storm, event);
}

static void
storm_one(struct storm *storm)
{
    struct core_event event;
    struct core_state *before = NULL;
    bool is_watched = storm_below(storm, 16) == 0;
    enum err err;
    storm_event(storm, &event);
    if (is_watched) {
        before = core_state_clone(storm->world->state, 0);
    }
    err = world_apply(storm->world, &event);
    if (is_watched && err != ERR_OK) {
        assert_true(core_state_equal(before, storm->world->state));
    }
    core_state_free(before);
    core_event_fini(&event);
}

static void
random_events(void **in)
{
    struct storm storm = {.world = *in};
    storm.world->is_forgetful = true;
    random_init(&storm.random, 20261120);
    storm_know(&storm);
    for (int i = 0; i < STORM_EVENTS; i++) {
        storm_one(&storm);
    }
    for (unsigned i = 0; i < 2 * STORM_SETS; i++) {
        core_event_fini(&storm.known[i / STORM_SETS][i % STORM_SETS]);
    }
    assert_true(storm.world->state->epoch > STORM_EVENTS / 20);
    edges_assert_known();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {WORLD_TEST(random_events)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
