/*
 * exchange: one request and its answer, from the head read to the answer sent: which set and
 * instance serve it, what is kept for another try, where both bodies are, what is counted and
 * logged of it. One worker; freed (to the worker's stock) when it ends.
 *
 * The request's way: exchange_new -> exchange_start (route, checks) -> parked in a hold |
 * exchange_dispatch (the set is chosen, the ledger counts) -> exchange_try (an instance, a
 * connection) -> upload_run -> download_run -> exchange_end.
 */
#ifndef TURNOUT_FLOW_EXCHANGE_H
#define TURNOUT_FLOW_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>
#include "proxy/base/buf.h"
#include "proxy/flow/reasons.h"
#include "proxy/flow/session.h"
#include "proxy/flow/upstream.h"
#include "proxy/wire/chunk.h"
#include "proxy/wire/head.h"

enum {
    EXCHANGE_KEPT_BODY_BYTES = 16 * 1024, /* a larger body is not kept for another try */
    EXCHANGE_READ_FIRST_BYTES =
        64 * 1024 /* of an answer; larger reads follow while the client keeps up */
};

/* How an exchange ended; the names stand in the access log. */
enum exchange_end {
    EXCHANGE_END_OK,
    EXCHANGE_END_REFUSED,  /* by the proxy, with a reason */
    EXCHANGE_END_CLIENT,   /* the client left */
    EXCHANGE_END_UPSTREAM, /* the instance broke its answer off */
    EXCHANGE_END_TIMEOUT,
    EXCHANGE_END_DRAIN, /* the set's drain ran out of time */
    EXCHANGE_END_STOP   /* the process ended */
};

/* A piece of `facts`. */
struct exchange_fact {
    uint16_t at;
    uint16_t size;
};

struct exchange {
    struct worker *worker;
    struct session *session; /* NULL: the client left and the request is finished all the same */
    struct upstream *upstream;
    struct set_view *set;           /* NULL until one is chosen */
    struct instance_view *instance; /* of the current try */
    struct list node;               /* in its set, in a hold's queue, or in the worker's stock */
    const struct role_settings *role;
    uint32_t role_index;   /* role_count: none */
    uint32_t parked_bytes; /* reserved in the node's hold */
    uint64_t cutover_epoch;

    /* The request. */
    struct buf outgoing;   /* head, and body that is kept or not sent yet */
    size_t sent;           /* bytes of `outgoing` that the instance's socket took */
    struct span carry;     /* body bytes that were just read and may be sent from where they are */
    uint64_t request_left; /* with WIRE_FRAMING_LENGTH */
    uint64_t body_bytes;
    uint32_t retries;

    /* The answer. */
    uint64_t answer_left;
    uint32_t read_bytes; /* of the next read */
    uint32_t interim_count;
    uint16_t status;

    uint8_t way;             /* enum ledger_way */
    uint8_t method;          /* enum wire_method */
    uint8_t minor;           /* of the request's version */
    uint8_t request_framing; /* enum wire_framing */
    uint8_t answer_framing;  /* as the instance sends */
    uint8_t client_framing;  /* as the client is sent */
    uint8_t reason;          /* enum reason */
    bool is_counted : 1;     /* in its set's ledger */
    bool is_parked : 1;
    bool was_parked : 1; /* it waited, and its turn has come */
    bool is_idempotent : 1;
    bool is_kept : 1;          /* `outgoing` has all of the request so far: it can be sent again */
    bool is_resent : 1;        /* was sent again after bytes may have been delivered */
    bool needs_fresh : 1;      /* the next try opens a new connection */
    bool is_request_done : 1;  /* its last byte was received */
    bool is_upload_broken : 1; /* the instance takes no more; its answer may still come */
    bool has_answer : 1;       /* a byte of an answer was received */
    bool is_answering : 1;     /* the client was sent the answer's head, or a part of it */
    bool keeps_alive : 1;      /* the client wants the connection to stay */
    bool keeps_upstream : 1;   /* the instance lets the connection stay */
    bool wants_json : 1;       /* the client prefers JSON for our own answers */

    /* For counting and the access log. */
    uint64_t began_us;
    uint64_t first_byte_us;
    uint64_t connect_began_us;
    uint64_t connect_us;
    uint64_t bytes_in;
    uint64_t bytes_out;
    struct buf facts; /* method, host, path, client, request id, one behind the other */
    struct exchange_fact method_name, host, path, client, request_id;

    /* Last, and made only when they are used: what is above is zeroed for each request. */
    struct chunk_decoder request_chunks;
    struct chunk_decoder answer_chunks;
};

/* An exchange of the session, which then is in state EXCHANGE. NULL: out of memory. */
struct exchange *exchange_new(struct session *session);

struct span exchange_fact(const struct exchange *exchange, struct exchange_fact fact);

/* Chooses the set by the current table and sends the request there. */
void exchange_dispatch(struct exchange *exchange, struct set_view *set);

/* One try: an instance, a connection, the request. */
void exchange_try(struct exchange *exchange);

/* The connection failed before an answer's first byte: another try if that is safe, else an answer
 * that says why. */
void exchange_retry(struct exchange *exchange, enum reason reason);

/* The way to the instance, or its answer, failed for good: our own answer when none has begun, else
 * the client's connection is cut so that it cannot take the answer for whole. Ends the exchange. */
void exchange_fail(struct exchange *exchange, enum reason reason, enum exchange_end end);

/* In exclusive order a set is not left while it may still work on a request: without its client the
 * exchange goes on, and its answer is read and dropped. False: it does not, and nothing was
 * changed. */
bool exchange_detach(struct exchange *exchange);

/* The client has left. */
void exchange_client_left(struct exchange *exchange);

/* The set's time is up. */
void exchange_cut(struct exchange *exchange);

/* The answer is complete. */
void exchange_complete(struct exchange *exchange);

/* Counts, logs and frees it. Its session, if it has one still, is the caller's to go on with. The
 * connection to the instance is closed if it was not given back. */
void exchange_end(struct exchange *exchange, enum exchange_end end);

/* Our own answer to the client, which ends the exchange; `detail` (may be NULL) is said instead of
 * the reason's own text. */
void exchange_reply(struct exchange *exchange, enum reason reason, enum exchange_end end,
                    const char *detail);

/* request.c: a head was read: routes, checks, begins. `rest` is what was read behind the head;
 * *taken is how much of it was body. */
void request_start(struct session *session, const struct wire_request *request, struct span rest,
                   size_t *taken);

/* request.c: a head was refused. */
void request_refuse(struct session *session, const struct wire_request *request, enum reason reason,
                    const char *detail);

/* request.c: what the current table says of a request that is routed: an answer of our own, a place
 * in the hold, or dispatch. */
void request_route(struct exchange *exchange, const struct table *table);

/* upload.c: takes body bytes from `input` (the rest stays) into carry and outgoing. False: the body
 * is malformed or too large, and the exchange has ended. */
bool upload_take(struct exchange *exchange, struct span *input);

/* upload.c: keeps what `carry` still has; to be called before the bytes that it points to are used
 * for something else. */
bool upload_keep(struct exchange *exchange);

/* upload.c: sends what of the request is there, reads more of its body from the client and sends
 * that, until something blocks; then waits for the answer. */
void upload_run(struct exchange *exchange);

/* download.c: reads the answer and sends it on, until something blocks. */
void download_run(struct exchange *exchange);

/* hold.c: parks a request; or answers that the hold is full. */
void hold_park(struct exchange *exchange, uint32_t max_ms);

/* hold.c: takes it out of the queue (it goes on, has waited too long, or its client left). */
void hold_leave(struct exchange *exchange);

/* hold.c: lets the parked requests of a role go on, some each turn. */
void hold_release(struct role_view *role);
void hold_init(struct role_view *role);

#endif
