/*
 * engine: the one door by which control reaches traffic. Control starts it, publishes routing
 * tables, asks for counts, stops it; it knows nothing of journals, commands or health checks. All
 * functions are called on the control thread; callbacks come on the control thread's loop.
 */
#ifndef TURNOUT_PROXY_ENGINE_H
#define TURNOUT_PROXY_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include "proxy/base/err.h"
#include "proxy/flow/ledger.h"
#include "proxy/flow/reasons.h"
#include "proxy/table/settings.h"
#include "proxy/table/table.h"

struct engine;
struct loop;
struct tls_store;

/* One listener: a descriptor for each worker slot, made once (proxy/net/listener.h) and
 * inheritable; the engine does not own them until it has started, then it closes them when it stops
 * accepting. */
struct engine_listener {
    const char *address;   /* as configured, for messages */
    int *fds;              /* worker_count of them */
    struct tls_store *tls; /* a reference that the engine takes over; NULL: cleartext */
    bool is_preview;
};

struct engine_options {
    uint32_t worker_count;
    const char *node; /* this node's name, for the access log */
    const struct client_settings *clients;
    const struct trusted_network *trusted;
    size_t trusted_count;
    const struct role_settings *const *roles; /* in the order of the route map's role numbers */
    uint32_t role_count;
    const struct engine_listener *listeners;
    uint32_t listener_count;
    uint16_t https_port;         /* where redirect_https sends; 0: no TLS listener */
    const char *access_log_path; /* "" off, "-", "syslog:" or a file */
    bool access_log_query;
    struct loop *control_loop;
    /* Called when every worker has passed a newer table, and when counts that control may wait for
     * have changed after a pass. */
    void (*on_passed)(void *argument);
    void *argument;
};

/* Starts the workers with a first table (taken over on success). They accept at once. On failure
 * nothing runs and `error` says what went wrong. */
enum err engine_start(const struct engine_options *options, struct table *table,
                      struct engine **out, char *error, size_t error_size);

/* Publishes a table: one atomic store; every request whose head completes after this returns sees
 * it. Takes the table over and frees it when every worker has passed a later one. Returns its
 * serial. Out of memory for a new set's ledger: returns 0, the table is freed and the old one
 * stays. */
uint64_t engine_publish(struct engine *engine, struct table *table);

/* The newest serial that every worker has passed: no request is being routed by an older table. */
uint64_t engine_passed(const struct engine *engine);

/* The ledger of a set that has been published and not forgotten, or NULL. For reading, on the
 * control thread, not to be kept. */
const struct ledger *engine_ledger(const struct engine *engine, uint64_t set_id);

/* Forgets a set that no table since `engine_passed` names and whose ledger is idle; true when it is
 * gone (or was not known). */
bool engine_forget(struct engine *engine, uint64_t set_id);

/* Counts of the node. */
struct engine_counts {
    uint64_t connections; /* open now, of clients */
    uint64_t accepted;    /* since the start */
    uint64_t requests;    /* whose head was read, or refused */
    uint64_t exchanges;   /* open now, parked ones included */
    uint64_t access_log_lines;
    uint64_t access_log_dropped;
    uint64_t accept_pauses;
};
void engine_count(const struct engine *engine, struct engine_counts *out);

/* Answers that the proxy itself gave for a role, by reason; role == role_count: those without a
 * role. */
uint64_t engine_count_reason(const struct engine *engine, uint32_t role, enum reason reason);

/* Requests of a role that wait in a hold now. */
uint64_t engine_count_parked(const struct engine *engine, uint32_t role);

/* New connections of a TLS listener use another store from now on (a reference that the engine
 * takes over). */
void engine_set_tls(struct engine *engine, uint32_t listener, struct tls_store *store);

/* Opens the access log's file anew (after a rotation). */
void engine_reopen_logs(struct engine *engine);

/* Begins to leave: accepts for another `accept_ms` what is queued, then closes the listeners; every
 * answer from now on closes its connection, idle connections are closed when accepting ends.
 * engine_is_drained tells when no exchange is left. */
void engine_leave(struct engine *engine, uint32_t accept_ms);
bool engine_is_drained(const struct engine *engine);

/* Ends all connections and threads and frees everything, tables too. Accepts NULL. */
void engine_stop(struct engine *engine);

#endif
