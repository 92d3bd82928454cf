#include "conf/value.h"

#include <arpa/inet.h>
#include <ctype.h>

enum { HOST_MAX = 253, LABEL_MAX = 63, PORT_DIGITS_MAX = 5, PORT_MAX = 65535 };

static bool
is_label(struct span label)
{
    if (label.size == 0 || label.size > LABEL_MAX || label.data[0] == '-' ||
        label.data[label.size - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < label.size; i++) {
        unsigned char c = (unsigned char)label.data[i];
        if (c > '~' || (!isalnum(c) && c != '-' && c != '_')) {
            return false;
        }
    }
    return true;
}

static bool
is_ipv6_literal(struct span text)
{
    char inner[INET6_ADDRSTRLEN];
    struct in6_addr address;
    return text.size > 2 && text.data[0] == '[' && text.data[text.size - 1] == ']' &&
           span_to_string((struct span){text.data + 1, text.size - 2}, inner, sizeof(inner)) &&
           inet_pton(AF_INET6, inner, &address) == 1;
}

/* Hosts of requests are compared byte by byte: labels with dots between them, or an IPv6 address in
 * brackets. */
bool
value_is_host(struct span text)
{
    if (is_ipv6_literal(text)) {
        return true;
    }
    if (text.size == 0 || text.size > HOST_MAX) {
        return false;
    }
    for (;;) {
        const char *dot = memchr(text.data, '.', text.size);
        size_t size = dot == NULL ? text.size : (size_t)(dot - text.data);
        if (!is_label((struct span){text.data, size})) {
            return false;
        }
        if (dot == NULL) {
            return true;
        }
        text = (struct span){dot + 1, text.size - size - 1};
    }
}

static bool
keep_lower(struct reader *reader, struct span text, void *out)
{
    char *copy = reader_string(reader, text);
    if (copy == NULL) {
        return false;
    }
    for (char *c = copy; *c != '\0'; c++) {
        *c = span_lower(*c);
    }
    *(const char **)out = copy;
    return true;
}

static const char *
why_no_host(struct span text)
{
    if (text.size > 0 && text.data[text.size - 1] == '.') {
        return "leave out the dot at its end";
    }
    for (size_t i = 0; i < text.size; i++) {
        if ((unsigned char)text.data[i] > '~') {
            return "write it in its ASCII form (xn--...)";
        }
    }
    return NULL;
}

bool
value_host(struct reader *reader, const struct setting *setting, const struct value *value,
           void *out)
{
    (void)setting;
    struct span rest = value->text;
    if (value->kind != VALUE_TEXT) {
        return false;
    }
    if (span_equal(rest, SPAN("*"))) {
        return keep_lower(reader, rest, out);
    }
    if (rest.size > 2 && rest.data[0] == '*' && rest.data[1] == '.') {
        rest = (struct span){rest.data + 2, rest.size - 2};
    }
    if (!value_is_host(rest)) {
        reader->hint = why_no_host(rest);
        return false;
    }
    return keep_lower(reader, value->text, out);
}

static bool
is_port(struct span text)
{
    uint64_t port;
    return text.size <= PORT_DIGITS_MAX && span_to_u64(text, &port) && port > 0 && port <= PORT_MAX;
}

bool
value_authority(struct reader *reader, const struct setting *setting, const struct value *value,
                void *out)
{
    (void)setting;
    struct span host = value->text;
    if (value->kind != VALUE_TEXT) {
        return false;
    }
    const char *colon = memrchr(host.data, ':', host.size);
    if (colon != NULL && !value_is_host(host)) {
        size_t size = (size_t)(colon - host.data);
        if (!is_port((struct span){colon + 1, host.size - size - 1})) {
            return false;
        }
        host.size = size;
    }
    return value_is_host(host) && keep_lower(reader, value->text, out);
}
