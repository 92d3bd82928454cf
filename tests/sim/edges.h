/*
 * edges: that a run of scenarios visited every edge of edges.def, and none beside them.
 */
#ifndef TURNOUT_TESTS_SIM_EDGES_H
#define TURNOUT_TESTS_SIM_EDGES_H

#include "tests/sim/world.h"

/* States by their names in edges.def. */
enum {
    EDGES_SET_0 = 0,
#define STATUS(name, text) EDGES_SET_##name = CORE_STATUS_##name + 1,
#include "control/core/names.def"
#undef STATUS
    EDGES_RESULT_0 = 0,
#define RESULT(name, text) EDGES_RESULT_##name = CORE_RESULT_##name + 1,
#include "control/core/names.def"
#undef RESULT
    EDGES_OPERATION_0 = 0,
    EDGES_OPERATION_RUNNING = 1,
    EDGES_OPERATION_HELD = 2,
    EDGES_HOLD_0 = 0,
    EDGES_HOLD_1 = 1,
    EDGES_MAINTENANCE_0 = 0,
    EDGES_MAINTENANCE_1 = 1,
    EDGES_CANARY_0 = 0,
    EDGES_CANARY_1 = 1,
    EDGES_LIVE_0 = 0,
    EDGES_LIVE_1 = 1,
    EDGES_PREVIOUS_0 = 0,
    EDGES_PREVIOUS_1 = 1
};

static const struct {
    const char *text;
    enum world_machine machine;
    unsigned before;
    enum core_event_kind kind;
    unsigned after;
} edges[] = {
#define EDGE(machine, before, event, after)                                                        \
    {#machine ": " #before " " #event " " #after, WORLD_##machine, EDGES_##machine##_##before,     \
     CORE_EVENT_##event, EDGES_##machine##_##after},
#include "tests/sim/edges.def"
#undef EDGE
};

static inline void
edges_assert_known(void)
{
    struct world_edges rest = world_edges;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        rest.is_seen[edges[i].machine][edges[i].before][edges[i].kind][edges[i].after] = false;
    }
    for (unsigned m = 0; m < WORLD_MACHINE_COUNT; m++) {
        for (unsigned b = 0; b < WORLD_STATES; b++) {
            for (unsigned k = 0; k < CORE_EVENT_COUNT; k++) {
                for (unsigned a = 0; a < WORLD_STATES; a++) {
                    if (rest.is_seen[m][b][k][a]) {
                        fail_msg("machine %u goes from %u by %s to %u: not in edges.def", m, b,
                                 core_event_name((enum core_event_kind)k), a);
                    }
                }
            }
        }
    }
}

static inline void
edges_assert_visited(void)
{
    size_t missing = 0;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        if (!world_edges
                 .is_seen[edges[i].machine][edges[i].before][edges[i].kind][edges[i].after]) {
            print_error("no scenario takes %s\n", edges[i].text);
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

#endif
