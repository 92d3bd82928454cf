/*
 * table: the routing table, an immutable snapshot of what is routed where. Control builds one,
 * freezes it by publishing it (proxy/engine.h), and frees it when every worker has passed a later
 * one. A worker loads it once per request, after the receive that completed the request's head, and
 * does not hold it across callbacks. What outlives a table is found by the stable ids.
 */
#ifndef TURNOUT_TABLE_TABLE_H
#define TURNOUT_TABLE_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include "proxy/base/address.h"
#include "proxy/base/err.h"
#include "proxy/table/route.h"
#include "proxy/table/settings.h"

struct ledger;

enum {
    TABLE_WEIGHT_WHOLE_BP = 10000,
    TABLE_NO_SET = INT32_MAX,
    TABLE_BUILD_SIZE = 129,
    TABLE_DIGEST_SHORT_SIZE = 9
};

/* One instance of a set. */
struct table_instance {
    struct address address;
    bool is_up; /* by this node's checks, when the table was built */
};

/* One set that is routed to, drains, or is kept. Sets of a table stand in one array; a set's index
 * in it is local to the table. */
struct table_set {
    uint64_t id; /* stable as long as the process lives, never used again */
    uint32_t role;
    char build[TABLE_BUILD_SIZE];
    char digest[TABLE_DIGEST_SHORT_SIZE];
    struct table_instance *instances;
    uint32_t instance_count;
    uint32_t *up; /* indexes of the instances that are up */
    uint32_t up_count;
    bool is_closed;        /* no way in is open, the preview's neither */
    bool is_cut;           /* what is still in flight is ended now */
    struct ledger *ledger; /* filled in by the engine as the table is published; the engine's own */
};

/* One role. `live` and `candidate` index the table's sets, or are TABLE_NO_SET. */
struct table_role {
    const struct role_settings *settings;
    uint32_t live;
    uint32_t candidate;
    uint32_t weight_bp; /* the candidate's share, 0 to TABLE_WEIGHT_WHOLE_BP */
    bool is_held;       /* new requests wait at the door */
    uint32_t hold_max_ms;
    bool in_maintenance;
    char *maintenance_message; /* NULL: the standard one */
    uint32_t retry_after_s;    /* of the maintenance answer; 0: none */
    uint64_t cutover_epoch;    /* of the last commit, for the access log; 0: none */
};

struct table {
    uint64_t serial; /* given by the engine, rising with each publication */
    const struct route_map *routes;
    struct table_role *roles;
    uint32_t role_count;
    struct table_set *sets;
    uint32_t set_count;
};

/* An empty table of `role_count` roles (in the order of the route map's role numbers) and room for
 * `set_count` sets. The caller fills it in and owns it until it is published. `routes` and the
 * settings are not owned. Free with table_free (accepts NULL). */
enum err table_new(const struct route_map *routes, uint32_t role_count, uint32_t set_count,
                   struct table **out);
void table_free(struct table *table);

/* Gives a set room for its instances; the caller then fills in addresses and is_up, and calls
 * table_set_finish, which makes the list of those that are up. */
enum err table_set_reserve(struct table_set *set, uint32_t instance_count);
void table_set_finish(struct table_set *set);

/* The set that a preview request names by "<build>.<role>", ignoring case, or NULL. Closed sets are
 * not found; of several sets of one build the last of the table (the newest) is. */
const struct table_set *table_find_preview(const struct table *table, struct span host);

#endif
