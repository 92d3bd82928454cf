/*
 * tls_ticket: the keys of session tickets, derived from a secret for a period of time: whoever has
 * the secret and a clock that is less than a period off opens the tickets of all others. For the
 * files of this folder only. One thread per ring.
 */
#ifndef TURNOUT_NET_TLS_TICKET_H
#define TURNOUT_NET_TLS_TICKET_H

#include <stdbool.h>
#include <stdint.h>
#include "proxy/base/span.h"

enum { TLS_TICKET_NAME_SIZE = 16, TLS_TICKET_KEY_SIZE = 32 };

struct tls_ticket_key {
    uint8_t name[TLS_TICKET_NAME_SIZE]; /* stands open in the ticket */
    uint8_t cipher[TLS_TICKET_KEY_SIZE];
    uint8_t mac[TLS_TICKET_KEY_SIZE];
};

/* The keys of the period before, of this one and of the next. */
struct tls_ticket_ring {
    uint64_t period;
    struct tls_ticket_key previous;
    struct tls_ticket_key current;
    struct tls_ticket_key next;
};

/* Purpose "ticket-keys/<period>"; periods are counted from 1970. */
void tls_ticket_ring_derive(struct tls_ticket_ring *ring, struct span secret, uint64_t wall_s);

/* Whether the ring is that of this time. */
bool tls_ticket_ring_is_of(const struct tls_ticket_ring *ring, uint64_t wall_s);

/* The key of this name, NULL when the ticket is too old or another's. */
const struct tls_ticket_key *tls_ticket_ring_find(const struct tls_ticket_ring *ring,
                                                  const uint8_t name[TLS_TICKET_NAME_SIZE]);

#endif
