/*
 * tls_thread: what the TLS streams of one loop share: room for records on their way out, and the
 * ticket keys of now. For the files of this folder and their tests only. One thread.
 */
#ifndef TURNOUT_NET_TLS_THREAD_H
#define TURNOUT_NET_TLS_THREAD_H

#include <stddef.h>
#include <stdint.h>
#include "proxy/net/loop.h"
#include "proxy/net/tls_ticket.h"

/* A batch of plaintext is encrypted into one run of records and goes out with one system call. */
enum {
    TLS_RECORD_SIZE = 16384,
    TLS_BATCH_SIZE = 4 * TLS_RECORD_SIZE,
    TLS_OUT_SIZE = TLS_BATCH_SIZE + 4 * 256
};

struct tls_store;

struct tls_thread {
    uint64_t (*wall_us)(void);    /* clock_wall_us */
    struct tls_store *ring_store; /* whose ring it is; counted */
    struct tls_ticket_ring ring;
    size_t out_size;
    char out[TLS_OUT_SIZE];
    char plain[TLS_RECORD_SIZE]; /* small pieces are put together to one record */
};

/* The one of the loop, made when first asked for; NULL when out of memory. */
struct tls_thread *tls_thread_of(struct loop *loop);
void tls_thread_free(struct tls_thread *thread);

/* The ticket keys of a store at this time. */
const struct tls_ticket_ring *tls_thread_ring(struct tls_thread *thread, struct tls_store *store);

#endif
