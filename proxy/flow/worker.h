/*
 * worker: one thread of traffic: a loop, its share of the connections, and memory that its
 * connections use in turn. Nothing here is shared on the request path but node->table. The engine
 * makes and ends workers; all else runs on the worker's own thread.
 */
#ifndef TURNOUT_FLOW_WORKER_H
#define TURNOUT_FLOW_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include "proxy/base/buf.h"
#include "proxy/base/random.h"
#include "proxy/flow/ledger.h"
#include "proxy/flow/node.h"
#include "proxy/flow/reasons.h"
#include "proxy/flow/view.h"
#include "proxy/net/inbox.h"
#include "proxy/net/listener.h"
#include "proxy/net/loop.h"
#include "proxy/net/tls.h"
#include "proxy/wire/head.h"

enum {
    WORKER_SCRATCH_BYTES = 256 * 1024,  /* the largest single read */
    WORKER_HEAD_READ_BYTES = 72 * 1024, /* a read that expects a head: one, and 64 KiB of body */
    WORKER_TURN_BYTES =
        1024 * 1024,        /* one stream moves at most so much before others have their turn */
    WORKER_FREE_MAX = 1024, /* objects kept for the next connection */
};

/* A listener of this worker. */
struct worker_listener {
    struct listener listener;
    struct worker *worker;
    struct tls_store *tls; /* NULL: cleartext */
    bool is_preview;
    int fd;
};

/* A message to a worker, posted by the engine and freed by the worker. */
struct worker_order {
    struct message message;
    enum { WORKER_ORDER_TLS, WORKER_ORDER_LEAVE } kind;
    uint32_t listener;     /* of WORKER_ORDER_TLS */
    struct tls_store *tls; /* a reference */
    uint32_t accept_ms;    /* of WORKER_ORDER_LEAVE */
};

struct worker {
    struct node *node;
    uint32_t index;
    struct loop *loop;
    pthread_t thread;
    bool is_started;
    struct view view;
    struct random random;
    struct list sessions;
    struct list free_exchanges;
    uint32_t free_exchange_count;
    struct worker_listener *listeners;
    uint32_t listener_count;
    bool owns_sockets; /* of the listeners; set by the engine once all workers run */

    /* Scratch of a single callback. */
    char *client_bytes;
    char *upstream_bytes;
    struct buf head;
    struct wire_request request;
    struct wire_response response;

    bool is_leaving; /* every answer closes its connection */
    bool has_left;   /* nothing is accepted any more, silent connections are closed */
    bool is_full;    /* limits.connections is reached: accepting pauses */
    struct timer full_timer;
    struct timer leave_timer;
    struct inbox inbox;
    struct message wake; /* says only that there is a newer table */
    _Atomic bool is_wake_posted;
    _Atomic uint64_t passed; /* serial of the newest table that no older one is used besides */

    ledger_count connections; /* opened; less `closed` are open */
    ledger_count closed;
    ledger_count requests;
    ledger_count exchanges;
    ledger_count exchanges_ended;
    struct worker_reasons {
        ledger_count counts[REASON_COUNT];
    } * reasons; /* role_count + 1 of them, the last for requests without a role */
};

/* Makes a worker that does not run yet. `fds` has a listening socket for each listener, `tls` a
 * reference or NULL for each. */
enum err worker_new(struct node *node, uint32_t index, const struct worker_listener *listeners,
                    uint32_t listener_count, struct worker **out);

/* Starts its thread; then only worker_post, worker_wake and worker_stop may be called from outside.
 */
enum err worker_start(struct worker *worker);

/* Says that there is a newer table. Any thread. */
void worker_wake(struct worker *worker);

/* Hands over an order, which the worker frees. */
void worker_post(struct worker *worker, struct worker_order *order);

/* Ends the thread, if it was started, with all its connections, and frees the worker. Accepts NULL.
 */
void worker_free(struct worker *worker);

/* A client's connection was opened, or closed. Reaching limits.connections pauses accepting: who
 * waits stays in the queue. */
void worker_count_opened(struct worker *worker);
void worker_count_closed(struct worker *worker);

void worker_count_reason(struct worker *worker, uint32_t role, enum reason reason);

#endif
