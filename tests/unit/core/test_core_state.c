/* What the fold refuses and with which error, what it forgets, how sets are found, and snapshots
 * that say what cannot be. */
#include "tests/sim/world.h"

static struct core_event
state_event(enum core_event_kind kind, const struct core_set *set)
{
    struct core_event event;
    core_event_init(&event, kind);
    snprintf(event.role, sizeof event.role, "web");
    if (set != NULL) {
        event.digest = set->digest;
    }
    return event;
}

/* Of each status: which events of a set the fold allows. */
static void
events_by_status(void **in)
{
    struct world *world = *in;
    static const struct {
        enum core_status status;
        const char *allowed; /* r registered, d drain, D drained, t retire, T retired, w weight */
    } cases[] = {
        {CORE_STATUS_REGISTERED, "rdtw"}, {CORE_STATUS_LIVE, "d"},
        {CORE_STATUS_DRAINING, "rDt"},    {CORE_STATUS_DRAINED, "rt"},
        {CORE_STATUS_RETIRING, "rT"},     {CORE_STATUS_RETIRED, "r"},
        {CORE_STATUS_FAILED, "r"},
    };
    static const enum core_event_kind kinds[] = {CORE_EVENT_SET_REGISTERED, CORE_EVENT_SET_DRAIN,
                                                 CORE_EVENT_SET_DRAINED,    CORE_EVENT_SET_RETIRE,
                                                 CORE_EVENT_SET_RETIRED,    CORE_EVENT_WEIGHT_SET};
    struct core_set *set;
    world_deploy(world, "web", "v1", 80);
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v2", 81);
    set = world_set(world, "web", "v2");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct core_set *one =
            cases[i].status == CORE_STATUS_LIVE ? world_role(world, "web")->live : set;
        enum core_status before = one->status;
        one->status = cases[i].status;
        for (size_t j = 0; j < sizeof kinds / sizeof kinds[0]; j++) {
            struct core_event event = state_event(kinds[j], one);
            bool is_allowed = strchr(cases[i].allowed, "rdDtTw"[j]) != NULL;
            snprintf(event.build, sizeof event.build, "%s", one->build);
            assert_int_equal(core_event_set_addresses(&event, one->addresses, 2), ERR_OK);
            event.weight_bp = 100;
            assert_int_equal(core_check(world->state, &event), is_allowed ? ERR_OK : ERR_CONFLICT);
            core_event_fini(&event);
        }
        one->status = before;
    }
}

static void
events_that_cannot_be_meant(void **in)
{
    struct world *world = *in;
    struct core_event event;
    struct digest nobody = {{1}};
    world_deploy(world, "web", "v1", 80);
    core_event_init(&event, CORE_EVENT_JOURNAL_FOUNDED);
    assert_int_equal(core_check(world->state, &event), ERR_INVALID);
    event.cluster[0] = 'a';
    assert_int_equal(core_check(world->state, &event), ERR_CONFLICT);
    event = state_event(CORE_EVENT_SET_DRAIN, NULL);
    event.digest = nobody;
    assert_int_equal(core_check(world->state, &event), ERR_NOT_FOUND);
    event = state_event(CORE_EVENT_SET_DRAIN, world_role(world, "web")->live);
    snprintf(event.role, sizeof event.role, "api");
    assert_int_equal(core_check(world->state, &event), ERR_NOT_FOUND);
    event = state_event(CORE_EVENT_HOLD_END, NULL);
    assert_int_equal(core_check(world->state, &event), ERR_CONFLICT);
    snprintf(event.role, sizeof event.role, "none");
    assert_int_equal(core_check(world->state, &event), ERR_NOT_FOUND);
    event = state_event(CORE_EVENT_HOLD_BEGIN, NULL);
    assert_int_equal(core_check(world->state, &event), ERR_INVALID);
    event = state_event(CORE_EVENT_CUTOVER_COMMIT, NULL);
    event.cutover = 999;
    assert_int_equal(core_check(world->state, &event), ERR_NOT_FOUND);
    event.cutover = world->last_id;
    assert_int_equal(core_check(world->state, &event), ERR_CONFLICT);
    event.kind = CORE_EVENT_CUTOVER_FINISHED;
    assert_int_equal(core_check(world->state, &event), ERR_CONFLICT);
    event.kind = CORE_EVENT_COUNT;
    assert_int_equal(core_check(world->state, &event), ERR_INVALID);
}

static void
sets_that_are_not_what_they_say(void **in)
{
    struct world *world = *in;
    static const char good[2][CORE_ADDRESS_SIZE] = {"10.0.0.1:80", "10.0.0.2:80"};
    static const char unsorted[2][CORE_ADDRESS_SIZE] = {"10.0.0.2:80", "10.0.0.1:80"};
    static const char other[2][CORE_ADDRESS_SIZE] = {"10.0.0.1:80", "10.0.0.2:080"};
    const void *lists[] = {unsorted, other, good};
    for (size_t i = 0; i < 3; i++) {
        struct core_event event = state_event(CORE_EVENT_SET_REGISTERED, NULL);
        char sorted[2][CORE_ADDRESS_SIZE];
        memcpy(sorted, good, sizeof sorted);
        snprintf(event.build, sizeof event.build, "v1");
        core_set_digest("web", "v1", sorted, 2, &event.digest);
        assert_int_equal(core_event_set_addresses(&event, lists[i], 2), ERR_OK);
        assert_int_equal(core_check(world->state, &event), i == 2 ? ERR_OK : ERR_INVALID);
        event.digest.bytes[0] ^= 1;
        assert_int_equal(core_check(world->state, &event), ERR_INVALID);
        event.build[0] = '-';
        assert_int_equal(core_check(world->state, &event), ERR_INVALID);
        core_event_fini(&event);
    }
}

static void
epochs_rise(void **in)
{
    struct world *world = *in;
    struct core_event event = state_event(CORE_EVENT_MAINTENANCE_ON, NULL);
    assert_int_equal(core_apply(world->state, &event, world->state->epoch, 0), ERR_INVALID);
    assert_null(world_role(world, "web"));
}

static void
sets_are_found(void **in)
{
    struct world *world = *in;
    struct core_set *first, *second, *found;
    char name[CORE_NAME_SIZE];
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v1", 80);
    first = world_set(world, "web", "v1");
    world_bring(world, CORE_COMMAND_SET_ADD, "web", "v1", 81);
    second = world_set(world, "web", "v1");
    assert_ptr_not_equal(first, second);
    assert_int_equal(
        core_set_resolve(world_role(world, "web"), strchr(core_set_name(first, name), 'v'), &found),
        ERR_OK);
    assert_ptr_equal(found, first);
    assert_int_equal(core_set_resolve(first->role, "v2", &found), ERR_NOT_FOUND);
    assert_int_equal(core_set_resolve(first->role, "v1#", &found), ERR_INVALID);
    assert_int_equal(core_set_resolve(first->role, "v1#0x", &found), ERR_INVALID);
    assert_int_equal(core_set_resolve(first->role, "#12", &found), ERR_INVALID);
    assert_int_equal(core_set_resolve(first->role, "", &found), ERR_INVALID);
}

/* Retired sets and ended cutovers are forgotten, the oldest first, and only they. */
static void
what_is_over_is_forgotten(void **in)
{
    struct world *world = *in;
    struct core_progress progress;
    uint64_t first;
    world_deploy(world, "web", "v0", 80);
    first = world->last_id;
    for (unsigned i = 0; i < 40; i++) {
        world_deploy(world, "web", i % 2 == 0 ? "v1" : "v2", 100 + i);
    }
    world_advance(world, 2 * WORLD_WINDOW_MS);
    assert_int_equal(world_role(world, "web")->set_count, 1 + CORE_FINISHED_MAX);
    assert_int_equal(world_role(world, "web")->cutover_count, CORE_CUTOVERS_MAX);
    assert_int_equal(core_set_resolve(world_role(world, "web"), "v0", &(struct core_set *){NULL}),
                     ERR_NOT_FOUND);
    assert_int_equal(core_progress(world_role(world, "web"), first, &world->settings,
                                   &world->observations, &progress),
                     ERR_NOT_FOUND);
    world_bring(world, CORE_COMMAND_DEPLOY, "web", "v3", 200);
    world_do(world, CORE_COMMAND_ABORT, "web", NULL);
    assert_int_equal(core_progress(world_role(world, "web"), world->last_id, &world->settings,
                                   &world->observations, &progress),
                     ERR_CONFLICT);
}

/* ---- Snapshots ---- */

struct state_spoil {
    struct core_state *out;
    enum core_event_kind kind;
    void (*spoil)(struct core_event *event);
    enum err err;
};

static enum err
state_spoil_write(void *context, const struct core_event *event)
{
    struct state_spoil *spoil = context;
    struct core_event copy = *event;
    if (event->kind == spoil->kind) {
        spoil->spoil(&copy);
    }
    spoil->err = core_apply(spoil->out, &copy, 0, 0);
    return spoil->err;
}

static void
spoil_digest(struct core_event *event)
{
    event->digest.bytes[3] ^= 1;
}

static void
spoil_status(struct core_event *event)
{
    event->status = CORE_STATUS_COUNT;
}

static void
spoil_live(struct core_event *event)
{
    event->live = event->previous;
}

static void
spoil_canary(struct core_event *event)
{
    event->canary.bytes[0] = 7;
}

static void
spoil_weight(struct core_event *event)
{
    event->weight_bp = 10001;
}

static void
spoil_role(struct core_event *event)
{
    snprintf(event->role, sizeof event->role, "other");
}

static void
spoil_result(struct core_event *event)
{
    event->result = CORE_RESULT_COUNT;
}

static void
spoil_from(struct core_event *event)
{
    event->moves[0].from.bytes[0] ^= 1;
}

static void
spoil_order(struct core_event *event)
{
    event->order = 9;
}

static void
snapshots_that_cannot_be(void **in)
{
    struct world *world = *in;
    static const struct {
        enum core_event_kind kind;
        void (*spoil)(struct core_event *event);
        enum err err;
    } cases[] = {
        {CORE_EVENT_SNAPSHOT_SET, spoil_digest, ERR_INVALID},
        {CORE_EVENT_SNAPSHOT_SET, spoil_status, ERR_INVALID},
        {CORE_EVENT_SNAPSHOT_ROLE, spoil_live, ERR_NOT_FOUND},
        {CORE_EVENT_SNAPSHOT_ROLE, spoil_canary, ERR_NOT_FOUND},
        {CORE_EVENT_SNAPSHOT_ROLE, spoil_weight, ERR_INVALID},
        {CORE_EVENT_SNAPSHOT_CUTOVER, spoil_role, ERR_NOT_FOUND},
        {CORE_EVENT_SNAPSHOT_CUTOVER, spoil_result, ERR_INVALID},
        {CORE_EVENT_SNAPSHOT_OPERATION, spoil_from, ERR_CONFLICT},
        {CORE_EVENT_SNAPSHOT_OPERATION, spoil_order, ERR_INVALID},
    };
    world_deploy(world, "web", "v1", 80);
    world_deploy(world, "web", "v2", 81);
    world_bring(world, CORE_COMMAND_DEPLOY, "web", "v3", 82);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct state_spoil spoil = {core_state_new(), cases[i].kind, cases[i].spoil, ERR_OK};
        assert_non_null(spoil.out);
        assert_int_not_equal(core_state_save(world->state, state_spoil_write, &spoil), ERR_OK);
        assert_int_equal(spoil.err, cases[i].err);
        core_state_free(spoil.out);
    }
}

static void
snapshots_begin_a_state(void **in)
{
    struct world *world = *in;
    struct core_event event;
    core_event_init(&event, CORE_EVENT_SNAPSHOT_STATE);
    assert_int_equal(core_check(world->state, &event), ERR_CONFLICT);
}

/* Equality is not blind: each command leaves another state behind. */
static void
states_differ(void **in)
{
    struct world *world = *in;
    static const enum core_command_kind kinds[] = {CORE_COMMAND_HOLD, CORE_COMMAND_MAINTENANCE_ON,
                                                   CORE_COMMAND_RESUME,
                                                   CORE_COMMAND_MAINTENANCE_OFF};
    world_deploy(world, "web", "v1", 80);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct core_state *before = core_state_clone(world->state, 0);
        assert_true(core_state_equal(before, world->state));
        assert_int_equal(world_do(world, kinds[i], "web", NULL), CORE_ANSWER_APPEND);
        assert_false(core_state_equal(before, world->state));
        assert_false(core_state_equal(world->state, before));
        core_state_free(before);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(events_by_status),
        WORLD_TEST(events_that_cannot_be_meant),
        WORLD_TEST(sets_that_are_not_what_they_say),
        WORLD_TEST(epochs_rise),
        WORLD_TEST(sets_are_found),
        WORLD_TEST(what_is_over_is_forgotten),
        WORLD_TEST(snapshots_that_cannot_be),
        WORLD_TEST(snapshots_begin_a_state),
        WORLD_TEST(states_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
