#include "proxy/net/tls_ticket.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "proxy/base/digest.h"
#include "proxy/net/tls.h"

_Static_assert(sizeof(struct tls_ticket_key) == 80, "derived as one run of bytes");

static void
derive(struct tls_ticket_key *key, struct span secret, uint64_t period)
{
    char purpose[40];
    snprintf(purpose, sizeof purpose, "ticket-keys/%" PRIu64, period);
    digest_derive(secret, span_of(purpose), (uint8_t *)key, sizeof *key);
}

void
tls_ticket_ring_derive(struct tls_ticket_ring *ring, struct span secret, uint64_t wall_s)
{
    ring->period = wall_s / TLS_TICKET_PERIOD_S;
    derive(&ring->previous, secret, ring->period - 1);
    derive(&ring->current, secret, ring->period);
    derive(&ring->next, secret, ring->period + 1);
}

bool
tls_ticket_ring_is_of(const struct tls_ticket_ring *ring, uint64_t wall_s)
{
    return ring->period == wall_s / TLS_TICKET_PERIOD_S;
}

const struct tls_ticket_key *
tls_ticket_ring_find(const struct tls_ticket_ring *ring, const uint8_t name[TLS_TICKET_NAME_SIZE])
{
    const struct tls_ticket_key *const keys[] = {&ring->current, &ring->previous, &ring->next};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (memcmp(keys[i]->name, name, TLS_TICKET_NAME_SIZE) == 0) {
            return keys[i];
        }
    }
    return NULL;
}
