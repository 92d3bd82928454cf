/*
 * runner: takes commands, lets the core decide, puts what it decides into the journal, carries the
 * effects out, and tells whoever follows. This header is all that the API sees of it: commands in,
 * answers and steps and events out by callback, and a view of everything at one moment as plain
 * values. Control thread only. Callbacks come on that thread, never from within the call that set
 * them up, and may call any function here, runner_follower_free of their own follower too.
 */
#ifndef TURNOUT_DRIVE_RUNNER_H
#define TURNOUT_DRIVE_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proxy/base/err.h"
#include "proxy/base/span.h"

struct runner;
struct core_command; /* control/core/command.h */

/* ---- Commands and operations ---- */

enum { RUNNER_ID_SIZE = 40 };

/* How an operation ended; the CLI makes its exit code of it. */
enum runner_result {
    RUNNER_RESULT_DONE,       /* 0 */
    RUNNER_RESULT_FAILED,     /* 1: what was live before is live now */
    RUNNER_RESULT_REFUSED,    /* 3: refused before anything began */
    RUNNER_RESULT_UNKNOWN,    /* 4: it goes on, or nobody can say */
    RUNNER_RESULT_PARTIAL,    /* 5: committed, but exchanges were cut or a member lags */
    RUNNER_RESULT_SUPERSEDED, /* 1: another command took its place */
};

/* What a drain found when it ended. */
struct runner_drain {
    uint64_t finished;      /* exchanges that ended by themselves since the drain began */
    uint64_t cut;           /* exchanges closed at the deadline */
    uint64_t oldest_age_us; /* of the oldest exchange, when the last one was done */
};

/* One thing that happened to an operation. Texts are plain sentences without a line end, valid
 * during the callback. */
struct runner_step {
    const char
        *operation;   /* epoch, in decimal, of the event that began it; "" when no cutover began */
    const char *kind; /* "deploy", "cutover", "rollback", ... */
    const char *role; /* the first one of a cutover of several */
    const char *name; /* of the step: "accepted", "started", "ready", "connected", "disconnected",
                         "finishing", "drained", ... */
    const char *text; /* for a person */
    uint64_t at_us;   /* wall time */
    uint64_t epoch;   /* of the event that the step came with; 0 for none */
    bool is_last;     /* then `result` says how it ended and no further step comes */
    enum runner_result result;
    bool has_drain; /* last step of what drained a set */
    struct runner_drain drain;
};

/* Why a command was refused before anything began. Valid during the callback. */
struct runner_refusal {
    const char *code; /* one word for programs: "not_ready", "busy", "epoch", "not_found", ... */
    const char *text; /* for a person: what was wanted, what was found, what to do */
    int status;       /* the HTTP status that fits: 400, 404, 409, 503 */
};

/* Told in this order: on_refused alone; or on_step once or more, the first being "accepted", the
 * last with is_last. */
struct runner_follower_calls {
    void (*on_step)(void *arg, const struct runner_step *step);
    void (*on_refused)(void *arg, const struct runner_refusal *refusal);
};

struct runner_follower;

/* Hands a command over (copied, what it points to as well) and follows what becomes of it. Where
 * another operation runs on the role and wait_ms is not 0, it waits that long for its end before it
 * is refused as busy; rollback and abort never wait. A command that begins a cutover ends with it:
 * deploy when the old set has drained, cutover and rollback at the commit; every other one ends
 * once its event is in effect (runner_wait follows a set further). A last step may come without one
 * before it, when it is so already. The follower is the caller's until runner_follower_free; NULL
 * when out of memory, and then nothing was handed over. Freeing it, at any moment, leaves the
 * operation going; a command that still waits for another one is then dropped. */
struct runner_follower *runner_submit(struct runner *runner, const struct core_command *command,
                                      uint64_t wait_ms, const struct runner_follower_calls *calls,
                                      void *arg);

/* Follows an operation from its first kept step on; one that ended within memory (the last 64)
 * tells its steps and its end. ERR_NOT_FOUND for an unknown id. */
enum err runner_follow(struct runner *runner, const char *operation,
                       const struct runner_follower_calls *calls, void *arg,
                       struct runner_follower **out);

enum runner_wait { RUNNER_WAIT_READY, RUNNER_WAIT_LIVE, RUNNER_WAIT_DRAINED, RUNNER_WAIT_IDLE };

/* As timeout_ms of runner_wait: as long as the role gives a candidate, its ready_timeout. */
#define RUNNER_WAIT_AS_ROLE UINT64_MAX

/* Follows a role until it is in a state: the steps of operations that run on it meanwhile, then one
 * last step whose result is done, or failed when the state can no longer come about (the set is
 * gone or failed), or unknown when timeout_ms passed (0: never; RUNNER_WAIT_AS_ROLE). on_refused
 * when role or build do not exist. `build` ("v42" or "v42#1f3a9c02") is "" for RUNNER_WAIT_IDLE. */
struct runner_follower *runner_wait(struct runner *runner, const char *role, enum runner_wait state,
                                    const char *build, uint64_t timeout_ms,
                                    const struct runner_follower_calls *calls, void *arg);

/* Accepts NULL. */
void runner_follower_free(struct runner_follower *follower);

/* ---- The journal, as people read it ---- */

/* One event: a JSON object without line end, with "epoch", "at" (RFC 3339), "event" (its name in
 * control/core/events.def), "by", "note" and its own fields under the keys of
 * control/core/fields.def. Valid during the callback. */
struct runner_event {
    uint64_t epoch;
    struct span json;
};

/* Returns false to stop: what follows is not told. */
typedef bool (*runner_event_call)(void *arg, const struct runner_event *event);

/* The newest `limit` events of a role ("" for all), oldest first, told before the call returns. */
enum err runner_history(struct runner *runner, const char *role, size_t limit,
                        runner_event_call call, void *arg);

struct runner_events;

/* Every event after an epoch (told in batches, so that a long journal does not keep the loop), then
 * each new one as it takes effect. NULL when out of memory. */
struct runner_events *runner_events_follow(struct runner *runner, uint64_t after_epoch,
                                           runner_event_call call, void *arg);

/* Accepts NULL. */
void runner_events_free(struct runner_events *events);

/* ---- Everything at one moment ---- */

struct runner_view_instance {
    const char *address;
    bool is_up;
    bool is_checked;        /* a first result is there */
    const char *reason;     /* of the last failed check, by name; "" when the last one passed */
    const char *detail;     /* the same as a sentence; "" for none */
    uint64_t checked_at_us; /* wall time of the last result; 0 for none */
    uint32_t check_us;      /* how long the last check took */
};

enum runner_view_place {
    RUNNER_VIEW_LIVE,
    RUNNER_VIEW_CANDIDATE,
    RUNNER_VIEW_PREVIOUS,
    RUNNER_VIEW_DRAINING,
    RUNNER_VIEW_OTHER
};

struct runner_view_set {
    uint64_t set_id; /* of its ledger (engine_ledger), whose instances are in the same order; 0: not
                        published */
    const char *build;
    const char *digest;           /* 64 hex digits */
    enum runner_view_place place; /* what it is to its role */
    const char *state; /* "registered", "warming", "ready", "canary", "live", "draining", "drained",
                          "retired", "failed" */
    const char *reason; /* why it failed or retires; "" for none */
    bool is_bad;        /* a rollback left it */
    bool is_previous;   /* a rollback goes back to it, also while it still drains */
    uint32_t healthy;
    uint32_t instance_count;
    uint64_t in_flight;
    uint32_t weight_bp;         /* of a candidate */
    uint64_t rollback_until_us; /* wall time until which a previous set is kept; 0 for none */
    uint64_t registered_at_us;
    uint64_t registered_epoch;
    const struct runner_view_instance *instances;
};

struct runner_view_operation {
    const char *id; /* NULL: none runs */
    const char *kind;
    const char *by;
    const char *step;
    uint64_t since_us;
};

struct runner_view_cutover {
    const char *id; /* NULL: there was none */
    const char *from;
    const char *to;
    const char *result;
    uint64_t at_us;
    uint64_t duration_us; /* from its begin to the commit; 0 where one event was both */
};

struct runner_view_role {
    const char *name;
    const char *kind;
    uint64_t epoch; /* of the last event that concerns it */
    const struct runner_view_set
        *sets; /* live, candidate, previous, draining, others; newest first within */
    size_t set_count;
    struct runner_view_operation operation;
    struct runner_view_cutover last_cutover;
    bool is_held;
    uint64_t hold_until_us;
    uint64_t parked; /* requests that wait in the hold now */
    bool is_in_maintenance;
    const char *maintenance_message; /* "" for the usual one */
};

struct runner_view {
    uint64_t epoch;
    const char *head; /* hash of the last event, hex */
    const char *node;
    uint64_t now_us;                      /* wall time of the view */
    uint64_t started_at_us;               /* wall time at which the daemon started */
    bool is_stopping;                     /* a stop was asked for: /healthz says 503 */
    bool is_journal_writable;             /* else changes are refused */
    const char *journal_error;            /* "" while it is writable */
    const struct runner_view_role *roles; /* in the configuration's order */
    size_t role_count;
};

/* A view of now, all of it owned by the caller: runner_view_free. NULL when out of memory. */
const struct runner_view *runner_view_new(struct runner *runner);

/* Accepts NULL. */
void runner_view_free(const struct runner_view *view);

#endif
