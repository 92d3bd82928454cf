#include "control/cli/values.h"

#include <netdb.h>
#include <string.h>

enum { DURATION_DAYS_MAX = 30 };

bool
cli_duration(struct span text, uint64_t *out_ms)
{
    static const struct {
        struct span unit;
        uint64_t ms;
    } units[] = {
        {{"ms", 2}, 1}, {{"s", 1}, 1000}, {{"m", 1}, 60000}, {{"h", 1}, 3600000}, {{"", 0}, 1000},
    };
    size_t digits = 0;
    while (digits < text.size && text.data[digits] >= '0' && text.data[digits] <= '9') {
        digits++;
    }
    uint64_t number;
    if (!span_to_u64((struct span){text.data, digits}, &number)) {
        return false;
    }
    struct span unit = {text.data + digits, text.size - digits};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (span_equal(unit, units[i].unit)) {
            if (number > DURATION_DAYS_MAX * UINT64_C(86400000) / units[i].ms) {
                return false;
            }
            *out_ms = number * units[i].ms;
            return true;
        }
    }
    return false;
}

bool
cli_weight(struct span text, uint32_t *out_bp)
{
    if (text.size > 0 && text.data[text.size - 1] == '%') {
        text.size--;
    }
    const char *dot = memchr(text.data, '.', text.size);
    struct span whole = {text.data, dot == NULL ? text.size : (size_t)(dot - text.data)};
    uint64_t percent;
    if (!span_to_u64(whole, &percent) || percent > 100) {
        return false;
    }
    uint64_t hundredths = 0;
    if (dot != NULL) {
        struct span part = {dot + 1, text.size - whole.size - 1};
        if (part.size > 2 || !span_to_u64(part, &hundredths)) {
            return false;
        }
        hundredths *= part.size == 1 ? 10 : 1;
    }
    uint64_t bp = percent * 100 + hundredths;
    if (bp > 10000) {
        return false;
    }
    *out_bp = (uint32_t)bp;
    return true;
}

/* How many different addresses a name has, and the first of them. */
static size_t
resolve_count(const struct addrinfo *list, const struct addrinfo **first)
{
    size_t count = 0;
    *first = list;
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        bool is_known = false;
        for (const struct addrinfo *b = list; b != a; b = b->ai_next) {
            is_known = is_known || (a->ai_addrlen == b->ai_addrlen &&
                                    memcmp(a->ai_addr, b->ai_addr, a->ai_addrlen) == 0);
        }
        count += is_known ? 0 : 1;
    }
    return count;
}

static bool
resolve_name(const char *text, const char *host, const char *port, char out[ADDRESS_TEXT_SIZE],
             struct buf *error)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int failed = getaddrinfo(host, port, &hints, &list);
    if (failed != 0) {
        buf_printf(error, "%s: the name cannot be resolved: %s", text, gai_strerror(failed));
        return false;
    }
    const struct addrinfo *first;
    size_t count = resolve_count(list, &first);
    if (count == 1) {
        address_format(first->ai_addr, first->ai_addrlen, out);
    } else {
        buf_printf(error,
                   "%s: the name has %zu addresses, but an instance is one; give its address", text,
                   count);
    }
    freeaddrinfo(list);
    return count == 1;
}

bool
cli_resolve(const char *text, char out[ADDRESS_TEXT_SIZE], struct buf *error)
{
    struct address address;
    const char *why = "";
    if (address_parse(span_of(text), &address, &why) == ERR_OK) {
        memcpy(out, address.text, ADDRESS_TEXT_SIZE);
        return true;
    }
    const char *colon = strrchr(text, ':');
    uint64_t port;
    bool is_named = colon != NULL && colon != text && strchr(text, ':') == colon &&
                    strspn(text, "0123456789.") < (size_t)(colon - text) && text[0] != '[' &&
                    text[0] != '/' && span_to_u64(span_of(colon + 1), &port) && port > 0 &&
                    port <= 65535;
    char host[256];
    if (!is_named ||
        !span_to_string((struct span){text, (size_t)(colon - text)}, host, sizeof(host))) {
        buf_printf(error, "%s: %s; wanted IPv4:port, [IPv6]:port, unix:/path or name:port", text,
                   why);
        return false;
    }
    return resolve_name(text, host, colon + 1, out, error);
}
