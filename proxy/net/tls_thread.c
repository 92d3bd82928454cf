#include "proxy/net/tls_thread.h"

#include <stdlib.h>
#include "proxy/base/clock.h"
#include "proxy/net/loop_parts.h"
#include "proxy/net/tls_store.h"

struct tls_thread *
tls_thread_of(struct loop *loop)
{
    if (loop->tls == NULL) {
        loop->tls = calloc(1, sizeof *loop->tls);
    }
    if (loop->tls != NULL && loop->tls->wall_us == NULL) {
        loop->tls->wall_us = clock_wall_us;
    }
    return loop->tls;
}

void
tls_thread_free(struct tls_thread *thread)
{
    if (thread != NULL) {
        tls_store_unref(thread->ring_store);
        free(thread);
    }
}

const struct tls_ticket_ring *
tls_thread_ring(struct tls_thread *thread, struct tls_store *store)
{
    uint64_t wall_s = thread->wall_us() / 1000000;
    if (thread->ring_store == store && tls_ticket_ring_is_of(&thread->ring, wall_s)) {
        return &thread->ring;
    }
    /* Counted, so that a later store at the same place is not taken for this one. */
    tls_store_ref(store);
    tls_store_unref(thread->ring_store);
    thread->ring_store = store;
    tls_ticket_ring_derive(&thread->ring, tls_store_secret(store), wall_s);
    return &thread->ring;
}
