/*
 * node: what all workers share: the settings, the pointer to the routing table, and the few counts
 * that must hold over all workers. Made by the engine before the workers start, freed after they
 * ended.
 */
#ifndef TURNOUT_FLOW_NODE_H
#define TURNOUT_FLOW_NODE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "proxy/net/inbox.h"
#include "proxy/table/table.h"
#include "proxy/wire/wire.h"

struct access_log;

/* Bounds of a hold are the node's: workers reserve from these before they park a request. */
struct node_role {
    _Atomic uint32_t parked;
    _Atomic uint64_t parked_bytes;
};

struct node {
    const struct client_settings *clients;
    struct wire_limits limits; /* of requests' heads */
    const struct trusted_network *trusted;
    size_t trusted_count;
    const struct role_settings *const *roles;
    uint32_t role_count;
    uint16_t https_port;
    bool logs_query;
    struct access_log *access; /* NULL: off */
    struct node_role *shared;  /* one per role */
    _Atomic(const struct table *) table;
    _Atomic uint32_t connections;
    /* A worker calls this when it has passed a newer table or a set of it has become idle; any
     * thread. */
    void (*notify)(struct node *node);
};

/* Whether an address is of a trusted network; IPv4 as ::ffff:a.b.c.d. */
bool node_trusts(const struct node *node, const uint8_t address[16]);

#endif
