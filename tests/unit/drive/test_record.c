/* The journal as people read it: newest events in memory, by role, told to followers in batches. */
#include "tests/unit/base/base_test.h"
#include "control/drive/runner_parts.h"

/* As much of a runner as records need. */
struct kit {
    struct runner runner;
    unsigned turns;
};

static void
count_turn(struct loop_task *task)
{
    LIST_ITEM(task, struct kit, runner.turn)->turns++;
}

static int
kit_make(void **state)
{
    struct kit *kit = calloc(1, sizeof(*kit));
    list_init(&kit->runner.event_followers);
    loop_task_init(&kit->runner.turn, count_turn);
    *state = kit;
    return loop_new(&kit->runner.loop) == ERR_OK ? 0 : -1;
}

static int
kit_end(void **state)
{
    struct kit *kit = *state;
    records_free(&kit->runner);
    loop_task_cancel(&kit->runner.turn);
    loop_free(kit->runner.loop);
    free(kit);
    return 0;
}

/* An event of a role that says when it was, by its epoch. */
static void
add(struct kit *kit, enum core_event_kind kind, uint64_t epoch, const char *role, uint64_t cutover)
{
    struct core_event event;
    core_event_init(&event, kind);
    event.wall_us = 1000 * epoch;
    event.cutover = cutover;
    snprintf(event.role, sizeof(event.role), "%s", role);
    assert_int_equal(record_add(&kit->runner, &event, epoch), ERR_OK);
}

/* A begin of a cutover that moves the roles named, up to three of them. */
static void
add_begin(struct kit *kit, uint64_t epoch, const char *const roles[], size_t count)
{
    struct core_event event;
    core_event_init(&event, CORE_EVENT_CUTOVER_BEGIN);
    event.wall_us = 1000 * epoch;
    event.move_count = count;
    for (size_t i = 0; i < count; i++) {
        snprintf(event.moves[i].role, sizeof(event.moves[i].role), "%s", roles[i]);
        event.moves[i].to.bytes[0] = 1;
    }
    assert_int_equal(record_add(&kit->runner, &event, epoch), ERR_OK);
}

enum { SEEN_MAX = 1000 };

struct seen {
    uint64_t epochs[SEEN_MAX];
    size_t count;
    size_t most; /* then it says stop; 0: never */
    struct runner_events *events;
    bool frees; /* itself, at the first */
};

static bool
see(void *argument, const struct runner_event *event)
{
    struct seen *seen = argument;
    char start[64];
    assert_true(seen->count < SEEN_MAX);
    snprintf(start, sizeof(start), "{\"epoch\":%llu,", (unsigned long long)event->epoch);
    assert_true(event->json.size > strlen(start));
    assert_memory_equal(event->json.data, start, strlen(start));
    seen->epochs[seen->count++] = event->epoch;
    if (seen->frees) {
        runner_events_free(seen->events);
    }
    return seen->count != seen->most;
}

static void
assert_history(struct kit *kit, const char *role, size_t limit, const char *wanted)
{
    struct seen seen = {.count = 0};
    char text[256] = "";
    assert_int_equal(runner_history(&kit->runner, role, limit, see, &seen), ERR_OK);
    for (size_t i = 0; i < seen.count; i++) {
        size_t size = strlen(text);
        snprintf(text + size, sizeof(text) - size, "%s%llu", i == 0 ? "" : " ",
                 (unsigned long long)seen.epochs[i]);
    }
    assert_string_equal(text, wanted);
}

static void
test_by_role(void **state)
{
    static const char *const one[] = {"web"};
    static const char *const two[] = {"web", "api"};
    static const char *const three[] = {"web", "api", "mail"};
    struct kit *kit = *state;
    assert_history(kit, "", 10, "");
    add(kit, CORE_EVENT_JOURNAL_FOUNDED, 1, "", 0);
    add(kit, CORE_EVENT_SET_REGISTERED, 2, "web", 0);
    add(kit, CORE_EVENT_HOLD_BEGIN, 3, "api", 0);
    add_begin(kit, 4, one, 1);
    add(kit, CORE_EVENT_CUTOVER_COMMIT, 5, "", 4);
    add_begin(kit, 6, two, 2);
    add(kit, CORE_EVENT_CUTOVER_ABORT, 7, "", 6);
    add_begin(kit, 8, three, 3);
    add(kit, CORE_EVENT_CUTOVER_COMMIT, 9, "", 8);
    add(kit, CORE_EVENT_CUTOVER_FINISHED, 10, "", 4);
    add(kit, CORE_EVENT_HOLD_END, 11, "mail", 0);
    assert_history(kit, "", 100, "1 2 3 4 5 6 7 8 9 10 11");
    assert_history(kit, "web", 100, "2 4 5 6 7 8 9 10");
    assert_history(kit, "api", 100, "3 6 7 8 9");
    assert_history(kit, "mail", 100, "8 9 11");
    assert_history(kit, "nobody", 100, "8 9"); /* of more than two: everybody's */
    assert_history(kit, "", 3, "9 10 11");
    assert_history(kit, "web", 2, "9 10");
    assert_history(kit, "web", 0, "");
    assert_int_equal(record_wall_us(&kit->runner, 7), 7000);
    assert_int_equal(record_wall_us(&kit->runner, 0), 0);
    assert_int_equal(record_wall_us(&kit->runner, 12), 0);
    assert_int_equal(record_commit_us(&kit->runner, 4), 5000);
    assert_int_equal(record_commit_us(&kit->runner, 6), 0);
    assert_int_equal(record_commit_us(&kit->runner, 8), 9000);
}

/* The ring is full: the oldest go, everything else is as before. */
static void
test_full(void **state)
{
    enum { MORE = 10 };
    struct kit *kit = *state;
    for (uint64_t epoch = 1; epoch <= RUNNER_RECORDS_MAX + MORE; epoch++) {
        add(kit, CORE_EVENT_MAINTENANCE_OFF, epoch, epoch % 2 == 0 ? "web" : "api", 0);
    }
    assert_int_equal(kit->runner.record_count, RUNNER_RECORDS_MAX);
    assert_int_equal(record_wall_us(&kit->runner, MORE), 0);
    assert_int_equal(record_wall_us(&kit->runner, MORE + 1), 1000 * (MORE + 1));
    assert_history(kit, "web", 3, "65542 65544 65546");
    /* Who asks for what is gone is told what there is, from the oldest on. */
    struct seen seen = {.most = 2};
    seen.events = runner_events_follow(&kit->runner, 3, see, &seen);
    records_tell(&kit->runner);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.epochs[0], MORE + 1);
    records_tell(&kit->runner); /* it had said stop */
    assert_int_equal(seen.count, 2);
    runner_events_free(seen.events);
}

static void
test_followers(void **state)
{
    struct kit *kit = *state;
    struct seen all = {.count = 0};
    struct seen late = {.count = 0};
    struct seen gone = {.frees = true};
    for (uint64_t epoch = 1; epoch <= 600; epoch++) {
        add(kit, CORE_EVENT_MAINTENANCE_OFF, epoch, "web", 0);
    }
    all.events = runner_events_follow(&kit->runner, 0, see, &all);
    late.events = runner_events_follow(&kit->runner, 598, see, &late);
    gone.events = runner_events_follow(&kit->runner, 0, see, &gone);
    assert_non_null(all.events);
    /* In batches: each turn asks for another one. */
    for (int i = 0; i < 10; i++) {
        size_t before = all.count;
        kit->turns = 0;
        records_tell(&kit->runner);
        loop_turn(kit->runner.loop, false);
        assert_true(all.count - before < 300);
        assert_int_equal(kit->turns, i == 0 || all.count < 600);
    }
    assert_int_equal(all.count, 600);
    assert_int_equal(late.count, 2);
    assert_int_equal(gone.count, 1);
    for (uint64_t i = 0; i < 600; i++) {
        assert_int_equal(all.epochs[i], i + 1);
    }
    add(kit, CORE_EVENT_MAINTENANCE_OFF, 601, "web", 0);
    records_tell(&kit->runner);
    assert_int_equal(all.epochs[all.count - 1], 601);
    assert_int_equal(late.epochs[late.count - 1], 601);
    runner_events_free(all.events);
    runner_events_free(late.events);
    runner_events_free(NULL);
    assert_true(list_is_empty(&kit->runner.event_followers));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_by_role, kit_make, kit_end),
        cmocka_unit_test_setup_teardown(test_full, kit_make, kit_end),
        cmocka_unit_test_setup_teardown(test_followers, kit_make, kit_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
