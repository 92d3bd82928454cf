/*
 * session: one client's connection: it reads heads, has at most one exchange at a time, and sends
 * answers. Memory of an idle one is this struct alone. One worker.
 *
 * States: HEAD (waiting for a request, or reading its head) -> EXCHANGE -> HEAD ... -> LINGER (our
 * last answer is sent, what the client still sends is read and dropped, so that no reset overtakes
 * the answer) -> CLOSED (freed at the end of the turn).
 */
#ifndef TURNOUT_FLOW_SESSION_H
#define TURNOUT_FLOW_SESSION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include "proxy/base/buf.h"
#include "proxy/flow/worker.h"
#include "proxy/net/stream.h"
#include "proxy/net/timer.h"
#include "proxy/wire/head.h"

struct exchange;

enum session_state { SESSION_HEAD, SESSION_EXCHANGE, SESSION_LINGER, SESSION_CLOSED };

enum session_wait {
    SESSION_WAIT_HEAD,
    SESSION_WAIT_IDLE,
    SESSION_WAIT_BODY,
    SESSION_WAIT_SEND,
    SESSION_WAIT_HOLD,
    SESSION_WAIT_LINGER,
    SESSION_WAIT_REGISTER
};

struct session {
    struct stream stream;
    struct worker *worker;
    const struct worker_listener *listener;
    struct exchange *exchange;
    struct list node;      /* in the worker */
    struct timer timer;    /* of what `wait` says */
    struct loop_task task; /* the free, or the next turn of a long transfer */
    struct buf input;      /* received and not used yet */
    struct buf output;     /* to be sent */
    struct head_wait head_wait;
    uint64_t head_began_us;
    uint32_t lingered_bytes;
    uint8_t state;               /* enum session_state */
    uint8_t wait;                /* enum session_wait */
    bool is_trusted : 1;         /* its forwarding fields are believed */
    bool is_running : 1;         /* session_run is on the stack */
    bool closes : 1;             /* after what is in `output` */
    bool must_linger : 1;        /* the client may still be sending */
    bool has_served : 1;         /* a request was answered */
    bool is_probed : 1;          /* a parked half-closed client was sent an interim answer */
    char peer[INET6_ADDRSTRLEN]; /* its address, without port; "unix" */
};

/* Takes over an accepted socket and reads from it at once. */
void session_accept(struct worker_listener *listener, int fd, const struct sockaddr_storage *peer);

/* Sends bytes to the client, keeping what it does not take yet. False: the client is gone; the
 * caller then ends the exchange. */
bool session_send(struct session *session, const struct iovec *pieces, int count);

/* True while the client does not take what it is sent: nothing more should be read for it. */
static inline bool
session_is_blocked(const struct session *session)
{
    return buf_size(&session->output) > 0;
}

/* Waits with a deadline: registers the stream and sets the timer. False: the session cannot be
 * watched and was closed. */
bool session_wait(struct session *session, enum session_wait wait, uint32_t ms);

/* The exchange has ended with its answer sent or kept for sending: on to the next request, or
 * close. */
void session_answered(struct session *session);

/* Closes now. An exchange must have been taken off before. */
void session_close(struct session *session, bool reset);

/* All that was to be sent is sent, and it was the last: closes, after what the client still sends
 * was dropped. */
void session_finish(struct session *session);

/* session_head.c: reads and serves requests until there is nothing to do. */
void session_run(struct session *session);

/* Closes it if it waits for a request (the worker leaves). */
void session_leave(struct session *session);

#endif
