/*
 * view: a worker's own form of the routing table: what outlives a table (exchanges in flight, idle
 * connections, load) per set and instance, found by the set's stable id. Brought up to date when a
 * newer table is seen; what a table no longer names is freed at zero. One worker.
 */
#ifndef TURNOUT_FLOW_VIEW_H
#define TURNOUT_FLOW_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include "proxy/base/list.h"
#include "proxy/flow/ledger.h"
#include "proxy/net/loop.h"
#include "proxy/table/choose.h"
#include "proxy/table/table.h"

struct worker;
struct set_view;

struct instance_view {
    struct set_view *set;
    uint32_t index;
    struct address address;
    struct ledger_instance *counts;
    struct list idle;       /* unused connections, the latest used first */
    uint32_t connections;   /* idle ones and those of exchanges */
    uint32_t load;          /* exchanges that use it now */
    bool keeps_connections; /* a connection was used again and lived: the instance does not hang up
                               behind an answer */
    uint32_t idle_ms;       /* unused connections are closed after this */
};

struct set_view {
    struct list node; /* in the view */
    uint64_t id;
    uint32_t role;
    char build[TABLE_BUILD_SIZE];
    struct ledger_cell *cell;
    struct list exchanges; /* in flight, oldest first */
    bool is_listed;        /* the adopted table names it */
    bool is_live;          /* it gets new work of the normal way */
    bool must_cut;
    uint32_t *up; /* indexes of the instances that are up */
    uint32_t up_count;
    uint32_t instance_count;
    struct instance_view instances[];
};

/* What a worker keeps of a role. */
struct role_view {
    struct worker *worker;
    uint32_t index;
    struct chooser chooser;
    struct list parked; /* exchanges that wait in a hold, first in first out */
    uint32_t parked_count;
    struct loop_task release;
};

struct view {
    struct worker *worker;
    uint64_t serial;
    struct list sets;         /* all, listed or not */
    struct set_view **listed; /* by the index in the adopted table */
    uint32_t listed_count;
    struct role_view *roles;
    uint32_t role_count;
    struct loop_task reap;
};

enum err view_init(struct view *view, struct worker *worker, uint32_t role_count);

/* Frees everything; no exchange may be left. */
void view_fini(struct view *view);

/* The current table, the view brought up to it. The table is valid until the end of this turn. */
const struct table *view_current(struct view *view);

/* To be called when a set may have become idle or unlisted and idle. */
void view_set_idle(struct view *view, struct set_view *set);

/* The set of a new exchange of the role by the normal way: the weighted choice; a candidate without
 * a healthy instance gives its share back. NULL: the role has no live set. */
struct set_view *view_choose_set(struct view *view, const struct table *table, uint32_t role);

/* The less loaded of two random instances that are up, other than `except` where there is a choice;
 * NULL when none is up. */
struct instance_view *view_choose_instance(struct view *view, struct set_view *set,
                                           const struct instance_view *except);

#endif
