/*
 * state: the fold of all events, the same on whoever folds the same journal. Built by
 * core_state_new and core_apply alone; everyone else reads it, by the pointers in here, until the
 * next core_apply. Knows no clock: `seen_ms` is the monotonic time at which this process first saw
 * an event; deadlines count from there, so that they begin anew after a restart. One thread
 * (control). The state owns all that hangs on it.
 */
#ifndef TURNOUT_CORE_STATE_H
#define TURNOUT_CORE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "control/core/event.h"
#include "control/core/name.h"

enum {
    CORE_SETS_MAX = 16,     /* sets of a role that are neither retired nor failed */
    CORE_FINISHED_MAX = 16, /* retired and failed sets that a role remembers, the newest */
    CORE_CUTOVERS_MAX = 8   /* cutovers that a role remembers, the newest */
};

struct core_set {
    const struct core_role *role;
    struct digest digest;
    char build[CORE_BUILD_SIZE];
    enum core_status status;
    bool is_bad;               /* a rollback left it; a later deploy takes that away */
    uint64_t registered_epoch; /* of its last set.registered: the newest set of a build has the
                                  highest */
    uint64_t warm_epoch;       /* passed checks count from here */
    uint64_t status_epoch;     /* of the event that gave it its status */
    uint64_t status_us;        /* wall time of that */
    uint64_t status_seen_ms;
    char reason[CORE_TEXT_SIZE];       /* why it failed or retires */
    uint64_t cutover;                  /* that made it drain; 0: none */
    uint64_t drain_timeout_ms;         /* after which what is in flight is cut */
    uint64_t finished, cut, oldest_ms; /* the drain's report, once drained */
    size_t address_count;
    char addresses[][CORE_ADDRESS_SIZE]; /* normalized, sorted */
};

struct core_hold {
    bool is_on;
    uint64_t max_ms; /* a request waits at most so long */
    uint64_t for_ms; /* then it ends by itself; 0: never */
    uint64_t since_us;
    uint64_t seen_ms;
};

struct core_maintenance {
    bool is_on;
    char message[CORE_TEXT_SIZE];
    uint64_t retry_after_s; /* 0: not said */
};

/* A cutover that has an outcome. */
struct core_cutover {
    uint64_t id;
    enum core_kind kind;
    enum core_result result;
    struct digest from, to; /* from may be none */
    char from_build[CORE_BUILD_SIZE];
    char to_build[CORE_BUILD_SIZE];
    uint64_t since_us; /* wall time of its begin */
    uint64_t at_us;    /* of its commit or abort */
    char by[CORE_BY_SIZE];
    char reason[CORE_TEXT_SIZE];      /* of an abort */
    char superseded_by[CORE_BY_SIZE]; /* who, and with what, for CORE_RESULT_SUPERSEDED */
    uint64_t finished, cut, oldest_ms;
};

/* An operation that runs: between its cutover.begin and its outcome. A cutover.switch leaves none.
 */
struct core_operation {
    uint64_t id; /* epoch of its cutover.begin */
    enum core_kind kind;
    enum table_order order;
    bool is_forced;
    uint64_t ready_timeout_ms, drain_timeout_ms, hold_timeout_ms;
    uint64_t since_us;
    uint64_t seen_ms;
    bool is_held; /* its cutover.hold is there */
    uint64_t held_epoch;
    uint64_t held_us;
    uint64_t held_seen_ms;
    char by[CORE_BY_SIZE];
    char note[CORE_TEXT_SIZE];
    size_t move_count;
    struct core_operation_move {
        struct core_role *role;
        struct core_set *from; /* NULL: none was live */
        struct core_set *to;
    } moves[CORE_MOVES_MAX];
};

struct core_role {
    char name[CORE_ROLE_SIZE];
    uint64_t epoch;         /* of its last event */
    struct core_set **sets; /* in order of their first registration */
    size_t set_count;
    struct core_set *live;     /* NULL: none yet */
    struct core_set *previous; /* kept warm for a rollback; NULL: none */
    uint64_t previous_us;      /* since when, wall time */
    uint64_t previous_seen_ms;
    struct core_set *canary; /* has a share of the traffic; NULL: none has */
    uint32_t weight_bp;
    struct core_hold hold; /* the operator's; a cutover's is in its operation */
    struct core_maintenance maintenance;
    struct core_operation *operation;                /* NULL: none runs */
    struct core_cutover cutovers[CORE_CUTOVERS_MAX]; /* the newest first */
    size_t cutover_count;
};

struct core_state {
    char cluster[DIGEST_HEX_SIZE]; /* "" before journal.founded */
    uint64_t epoch;                /* of the last event */
    struct core_role **roles;      /* by name; every role that an event ever named */
    size_t role_count;
    struct core_operation **operations; /* by id */
    size_t operation_count;
};

/* The state before the first event; NULL when out of memory. */
struct core_state *core_state_new(void);
void core_state_free(struct core_state *state);

/* Whether the fold allows the event now: ERR_OK, ERR_INVALID (it says nothing that can be meant),
 * ERR_NOT_FOUND (role, set or cutover unknown), ERR_CONFLICT (the state has moved on: a second
 * outcome, an operation where one runs, a set in another status), ERR_LIMIT. */
enum err core_check(const struct core_state *state, const struct core_event *event);

/* Folds one event in; total and deterministic. `epoch` is the event's own and above the state's
 * (of a snapshot.* event: ignored). On failure (core_check's, or ERR_NO_MEMORY) nothing changed,
 * but that a role which the event was the first to name may be there, empty. */
enum err core_apply(struct core_state *state, const struct core_event *event, uint64_t epoch,
                    uint64_t seen_ms);

/* A snapshot: calls `write` with the events that, applied in this order to a new state, give this
 * one again (but for what `seen_ms` sets). Stops at and returns the first error of `write`. */
typedef enum err (*core_write_fn)(void *context, const struct core_event *event);
enum err core_state_save(const struct core_state *state, core_write_fn write, void *context);

/* By snapshot. NULL when out of memory. */
struct core_state *core_state_clone(const struct core_state *state, uint64_t seen_ms);

/* Equal in all but what seen_ms sets. */
bool core_state_equal(const struct core_state *a, const struct core_state *b);

/* NULL when no event ever named it. */
struct core_role *core_role_find(const struct core_state *state, const char *name);
struct core_set *core_set_find(const struct core_state *state, const struct digest *digest);
struct core_operation *core_operation_find(const struct core_state *state, uint64_t id);

/* An ended cutover of the role by id; NULL when it runs, is forgotten or never was. */
const struct core_cutover *core_cutover_find(const struct core_role *role, uint64_t id);

/* Finds "BUILD" (the newest set of it) or "BUILD#HEX" (a beginning of its digest, at least one
 * digit). ERR_NOT_FOUND, ERR_INVALID (not written so), ERR_CONFLICT (several begin so). */
enum err core_set_resolve(const struct core_role *role, const char *name, struct core_set **out);

/* "web@v42#1f3a9c02"; returns out. */
const char *core_set_name(const struct core_set *set, char out[CORE_NAME_SIZE]);

/* Neither retired nor failed. */
bool core_set_is_kept(const struct core_set *set);

#endif
