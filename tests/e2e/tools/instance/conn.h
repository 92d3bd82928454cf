/* One connection of the test instance: reads requests, sends answers, closes when told. The loop
   owns connections; an answer function (answer.h) fills out and source, and never frees anything.
 */
#ifndef INSTANCE_CONN_H
#define INSTANCE_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/e2e/tools/common/buf.h"
#include "tests/e2e/tools/instance/request.h"

/* The part of an answer's body that is made while it is sent: fixed bytes, or a pattern that
 * repeats. */
struct source {
    struct buf fixed;
    uint64_t left;
    uint64_t offset;
    uint64_t piece;    /* bytes at a time */
    uint64_t pause_us; /* between pieces */
    uint64_t next_us;  /* when the next piece is due */
    bool is_chunked;
    const char *end; /* what follows the last piece, or NULL */
};

struct conn {
    struct conn *next;
    struct conn *prev;
    int fd;
    unsigned number; /* of the connection, from 1 */
    unsigned nth;    /* of the request on it, from 1 */
    struct buf in;
    struct buf out;
    struct request request;
    struct source source;
    bool is_answered;    /* an answer was begun */
    bool is_complete;    /* and all of it is in out */
    bool closes;         /* after what is in out */
    bool resets;         /* with RST */
    bool lingers;        /* the sending side is closed, the rest is read and dropped */
    bool is_counted;     /* in stats.in_flight */
    bool is_dead;        /* the loop frees it */
    uint64_t answer_us;  /* when the answer is due; 0 is not waiting */
    uint64_t close_us;   /* when it is closed by time; 0 is never */
    uint64_t read_us;    /* when it reads on */
    uint64_t read_piece; /* bytes read every 10 ms; 0 is no limit */
};

/* Takes over fd. */
struct conn *conn_new(int fd, unsigned number);
void conn_free(struct conn *conn);

/* What epoll is to watch for now. */
uint32_t conn_events(const struct conn *conn, uint64_t now_us);

/* The next time that conn_run must be called at, or UINT64_MAX. */
uint64_t conn_due(const struct conn *conn);

/* Reads if it can be read, then does all that can be done. */
void conn_run(struct conn *conn, bool can_read, uint64_t now_us);

/* Ends it now: FIN, or RST where resets is set. */
void conn_close(struct conn *conn);

#endif
