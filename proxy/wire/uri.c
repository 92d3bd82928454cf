#include "proxy/wire/uri.h"

#include "proxy/wire/scan.h"

enum { PORT_DIGITS_MAX = 5, PORT_MAX = 65535 };

static bool
is_ip_literal_char(char c)
{
    char lower = span_lower(c);
    return (lower >= 'a' && lower <= 'f') || (c >= '0' && c <= '9') || c == ':' || c == '.';
}

/* The size of the host at the start of an authority, 0 when there is none. */
static size_t
host_size(struct span text)
{
    if (text.size == 0) {
        return 0;
    }
    const char *end = text.data + text.size;
    if (text.data[0] != '[') {
        return (size_t)(scan_over(text.data, end, SCAN_HOST) - text.data);
    }
    const char *at = text.data + 1;
    while (at < end && is_ip_literal_char(*at)) {
        at++;
    }
    /* "[::]" is the shortest. */
    return at == end || *at != ']' || at - text.data < 3 ? 0 : (size_t)(at + 1 - text.data);
}

static bool
is_port(struct span text)
{
    uint64_t port = 0;
    return text.size == 0 ||
           (text.size <= PORT_DIGITS_MAX && span_to_u64(text, &port) && port <= PORT_MAX);
}

bool
uri_authority_is_valid(struct span text)
{
    size_t size = host_size(text);
    if (size == 0 || size > URI_HOST_MAX) {
        return false;
    }
    if (size == text.size) {
        return true;
    }
    return text.data[size] == ':' &&
           is_port((struct span){text.data + size + 1, text.size - size - 1});
}

struct span
uri_authority_host(struct span authority)
{
    return (struct span){authority.data, host_size(authority)};
}

struct span
uri_authority_port(struct span authority)
{
    size_t size = host_size(authority);
    if (size >= authority.size) {
        return SPAN("");
    }
    return (struct span){authority.data + size + 1, authority.size - size - 1};
}

struct span
uri_host_normalise(struct span authority, char *out)
{
    struct span host = uri_authority_host(authority);
    if (host.size > 1 && host.data[host.size - 1] == '.') {
        host.size--;
    }
    if (host.size > URI_HOST_MAX) {
        host.size = URI_HOST_MAX;
    }
    for (size_t i = 0; i < host.size; i++) {
        out[i] = span_lower(host.data[i]);
    }
    return (struct span){out, host.size};
}

bool
uri_path_has_prefix(struct span path, struct span prefix)
{
    if (prefix.size > 0 && prefix.data[prefix.size - 1] == '/') {
        prefix.size--;
    }
    if (prefix.size == 0) {
        return true;
    }
    return path.size >= prefix.size && memcmp(path.data, prefix.data, prefix.size) == 0 &&
           (path.size == prefix.size || path.data[prefix.size] == '/');
}
