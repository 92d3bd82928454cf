/* One client connection of the strain: makes a request of its kind, reads the answer strictly,
   judges it, goes on with the next. The loop owns it. */
#ifndef STRAIN_CLIENT_H
#define STRAIN_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/e2e/tools/common/buf.h"

enum client_kind { CLIENT_MIXED, CLIENT_SLOW, CLIENT_PIPELINE };

enum { CLIENT_DEPTH = 8 };

/* A request that waits for its answer. */
struct asked {
    uint64_t begun_us;
    uint64_t body_size; /* of the answer to a GET of /_body, or what was uploaded */
    unsigned id;        /* in the path of a pipelined request */
    bool is_post;
};

struct client {
    enum client_kind kind;
    int fd;
    uint64_t seed;
    struct buf out;
    struct buf in;
    struct asked asked[CLIENT_DEPTH];
    unsigned asked_count;
    uint64_t first_us; /* first byte of the answer that is being read, or 0 */
    bool has_head;
    uint64_t body_left;
    uint64_t body_at;
    struct buf body; /* short bodies are kept and looked at */
    bool is_idle;    /* nothing more is asked */
};

/* What all clients together saw. */
struct totals {
    unsigned long sent;
    unsigned long answered;
    unsigned long failed;
    unsigned long out_of_order;
    unsigned long posts;
    unsigned long downloads;
    unsigned long pipelined;
    unsigned long by_build[2];
    char build[2][128];
    char first_failure[512];
};

extern struct totals totals;
extern bool client_stops; /* no new requests */

/* Connects, and asks. */
void client_start(struct client *client, const char *address);

/* Something can be read or written; true if the connection has failed and must be started again. */
bool client_run(struct client *client);

#endif
