#include "conf/value.h"

#include <arpa/inet.h>
#include "proxy/base/address.h"

enum { BITS_OF_IPV6 = 128, BITS_OF_IPV4 = 32, BYTES_BEFORE_IPV4 = 12 };

bool
value_address(struct reader *reader, const struct setting *setting, const struct value *value,
              void *out)
{
    (void)setting;
    if (value->kind != VALUE_TEXT) {
        return false;
    }
    if (value->text.size == 0) {
        reader->hint = "leave the setting out where there is none";
        return false;
    }
    return address_parse(value->text, out, &reader->hint) == ERR_OK;
}

/* The address before the "/", IPv4 as ::ffff:a.b.c.d; returns how many bits may follow, 0 when it
 * is none. */
static unsigned
read_host(struct span text, uint8_t out[16])
{
    static const uint8_t before_ipv4[BYTES_BEFORE_IPV4] = {[10] = 0xff, [11] = 0xff};
    char host[INET6_ADDRSTRLEN];
    if (!span_to_string(text, host, sizeof(host))) {
        return 0;
    }
    if (inet_pton(AF_INET, host, out + BYTES_BEFORE_IPV4) == 1) {
        memcpy(out, before_ipv4, sizeof(before_ipv4));
        return BITS_OF_IPV4;
    }
    return inet_pton(AF_INET6, host, out) == 1 ? BITS_OF_IPV6 : 0;
}

static bool
has_bits_beyond(const uint8_t address[16], unsigned prefix_bits)
{
    for (unsigned bit = prefix_bits; bit < BITS_OF_IPV6; bit++) {
        if ((address[bit / 8] & (0x80U >> (bit % 8))) != 0) {
            return true;
        }
    }
    return false;
}

bool
value_network(struct reader *reader, const struct setting *setting, const struct value *value,
              void *out)
{
    (void)setting;
    struct trusted_network network;
    if (value->kind != VALUE_TEXT) {
        return false;
    }
    const char *slash = memchr(value->text.data, '/', value->text.size);
    size_t host_size = slash == NULL ? value->text.size : (size_t)(slash - value->text.data);
    unsigned bits = read_host((struct span){value->text.data, host_size}, network.address);
    uint64_t prefix = bits;
    struct span length = {value->text.data + host_size + 1, value->text.size - host_size - 1};
    if (bits == 0 || (slash != NULL && !span_to_u64(length, &prefix)) || prefix > bits) {
        return false;
    }
    network.prefix_bits = (uint8_t)(BITS_OF_IPV6 - bits + prefix);
    if (has_bits_beyond(network.address, network.prefix_bits)) {
        reader->hint = "bits are set beyond its length: shorten the address or lengthen the prefix";
        return false;
    }
    *(struct trusted_network *)out = network;
    return true;
}
