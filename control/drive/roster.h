/*
 * roster: what this node sees of every kept set: its checks and what they add up to, its ledgers,
 * the report of its drain. It follows the core's target and feeds the core's observations and the
 * routing table. Control thread.
 */
#ifndef TURNOUT_DRIVE_ROSTER_H
#define TURNOUT_DRIVE_ROSTER_H

#include <stdbool.h>
#include <stdint.h>
#include "control/core/observe.h"
#include "control/core/target.h"
#include "control/drive/prober.h"
#include "proxy/base/list.h"
#include "proxy/engine.h"
#include "proxy/table/table.h"

enum { ROSTER_REASON_SIZE = PROBE_DETAIL_SIZE + 40 };

struct roster;

struct roster_instance {
    struct roster_set *set;
    size_t index;
    struct probe *probe; /* NULL: not checked now */
    struct core_health health;
    bool has_result;
    struct probe_result last;
    char reason[ROSTER_REASON_SIZE]; /* of the last check when it failed, else "" */
};

struct roster_set {
    struct list node;
    struct roster *roster;
    struct digest digest;
    uint64_t id; /* for the engine; never used again in this process */
    uint32_t role;
    char build[CORE_BUILD_SIZE];
    size_t instance_count;
    struct roster_instance *instances;
    char (*addresses)[CORE_ADDRESS_SIZE];
    struct core_observed_instance *observed;
    bool is_kept; /* in the target */
    bool is_live;
    bool is_canary;
    bool is_closed;
    bool is_sealed;
    bool is_cut;
    uint64_t ended_before; /* counts when the drain began */
    uint64_t cut_before;
    uint64_t oldest_ms;
    bool is_held; /* a cutover holds its role */
    uint64_t timed_out_before;
};

struct roster_calls {
    void (*on_result)(void *argument, struct roster_set *set, struct roster_instance *instance,
                      bool has_changed);
    void *argument;
};

/* `conf` outlives it. */
enum err roster_new(const struct conf *conf, struct prober *prober,
                    const struct roster_calls *calls, struct roster **out);
void roster_free(struct roster *roster);

/* Follows the target: begins and ends checks, notes drains. The engine may be NULL before it runs.
 * ERR_NO_MEMORY: call again. */
enum err roster_sync(struct roster *roster, const struct core_target *target,
                     const struct engine *engine);

/* What is seen now; valid until the next call of this module. ERR_NO_MEMORY. Read engine_passed
 * before. */
enum err roster_observe(struct roster *roster, const struct engine *engine,
                        struct core_observations *out);

/* The routing table of a target that was synced. */
enum err roster_table(struct roster *roster, const struct core_target *target,
                      const struct role_settings *const *settings, const struct route_map *routes,
                      struct table **out);

/* Forgets sets that are in no table any more and idle. */
void roster_forget(struct roster *roster, struct engine *engine);

struct roster_set *roster_find(const struct roster *roster, const struct digest *digest);

/* Whether every instance of the live sets has a first result. */
bool roster_is_checked(const struct roster *roster);

/* Whether requests may go to the instance. */
bool roster_instance_is_up(const struct roster_instance *instance);

#endif
