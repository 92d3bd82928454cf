#include "proxy/flow/node.h"

#include <string.h>

/* IPv4 is held as ::ffff:a.b.c.d. */
static bool
network_has(const struct trusted_network *network, const uint8_t address[16])
{
    unsigned whole = network->prefix_bits / 8U;
    unsigned rest = network->prefix_bits % 8U;
    if (memcmp(network->address, address, whole) != 0) {
        return false;
    }
    uint8_t mask = (uint8_t)(0xff00U >> rest);
    return rest == 0 || ((network->address[whole] ^ address[whole]) & mask) == 0;
}

bool
node_trusts(const struct node *node, const uint8_t address[16])
{
    for (size_t i = 0; i < node->trusted_count; i++) {
        if (network_has(&node->trusted[i], address)) {
            return true;
        }
    }
    return false;
}
