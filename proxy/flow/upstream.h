/*
 * upstream: connections to instances: made, used by one exchange at a time, kept for the next one.
 * An idle connection stays registered, so that its end is seen as an event; taking it and giving it
 * back are list operations. One worker.
 */
#ifndef TURNOUT_FLOW_UPSTREAM_H
#define TURNOUT_FLOW_UPSTREAM_H

#include <stdbool.h>
#include <stdint.h>
#include "proxy/base/buf.h"
#include "proxy/base/list.h"
#include "proxy/flow/view.h"
#include "proxy/net/stream.h"
#include "proxy/net/timer.h"

struct exchange;

enum {
    UPSTREAM_RECENT_MS =
        1000,              /* so recently used that an instance is not expected to have closed it */
    UPSTREAM_PROOF_MS = 5, /* an instance that hangs up behind its answer has done so by then */
    UPSTREAM_LOOK_MS = 1000 /* how often a connection whose answer does not go on is looked at */
};

struct upstream {
    struct stream stream;
    struct worker *worker;
    struct instance_view *instance;
    struct exchange *exchange; /* NULL: idle */
    struct list node;          /* among the idle */
    struct timer timer;
    struct loop_task task;
    struct buf input;       /* a part of an answer's head */
    uint64_t idle_since_ms; /* or since when the answer does not go on */
    uint64_t sent_before;   /* bytes sent on this connection before the current exchange */
    uint64_t sent;          /* and in it */
    bool is_reused : 1;     /* it has served an exchange before */
    bool is_connected : 1;  /* a byte was taken or read */
    bool is_closed : 1;
};

/* A connection for the exchange: an idle one unless `is_fresh`, else a new one. With `is_careful`
 * (the request may not be sent twice) an idle one must have been used within UPSTREAM_RECENT_MS, be
 * open by the kernel's word, and the instance be known to keep connections, or the connection have
 * been left open for UPSTREAM_PROOF_MS. ERR_* of the connect when that fails at once. */
enum err upstream_take(struct worker *worker, struct instance_view *instance,
                       struct exchange *exchange, bool is_fresh, bool is_careful,
                       struct upstream **out);

/* The exchange is done with it: keeps it for the next one, or closes it. */
void upstream_give_back(struct upstream *upstream, bool is_reusable);

/* More of the answer's body is waited for, as long as the role lets it stall. */
void upstream_wait_body(struct upstream *upstream);

/* Closes; freed at the end of the turn. */
void upstream_close(struct upstream *upstream);

/* Whether it is certain that no byte of the current exchange's request reached the instance. */
bool upstream_is_undelivered(const struct upstream *upstream);

#endif
