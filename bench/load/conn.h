/* One connection of the load generator: it carries one request at a time, and a request that was
 * raced by the server's close stays with it until the connection is open again. */
#ifndef BENCH_LOAD_CONN_H
#define BENCH_LOAD_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "bench/load/answer.h"
#include "bench/load/stream.h"

struct run;

enum conn_place { CONN_BUSY, CONN_IDLE, CONN_CLOSED };

struct conn {
    struct stream stream;
    struct answer answer;
    enum conn_place place;
    TAILQ_ENTRY(conn) links; /* in the run's list for its place */
    bool was_open;           /* in this run */
    bool is_up;              /* connected */
    bool has_request;
    bool is_ending;   /* answered for good; the server is to close */
    size_t sent;      /* bytes of the request */
    uint64_t answers; /* on this connection */
    uint64_t due_ns;
    uint64_t sent_ns;
    uint64_t reopen_ns; /* not before */
};

TAILQ_HEAD(conn_list, conn);

/* Opens a closed connection and goes on with its request, or with the next one. */
void conn_open(struct run *run, struct conn *conn);

/* Sends the next request if one is due, else waits for one. */
void conn_next(struct run *run, struct conn *conn);

/* Serves epoll's events. */
void conn_event(struct run *run, struct conn *conn, uint32_t events);

/* Gives up on an answer that is overdue. */
void conn_expire(struct run *run, struct conn *conn);

#endif
