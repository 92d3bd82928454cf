#include "proxy/base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static enum err
fail(const char **why, const char *text)
{
    *why = text;
    return ERR_INVALID;
}

static enum err
parse_unix(struct span path, struct address *out, const char **why)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (path.size == 0 || path.data[0] != '/') {
        return fail(why, "the path of a Unix socket must be absolute (unix:/path)");
    }
    if (path.size >= sizeof name.sun_path) {
        return fail(why, "the path of a Unix socket may have at most 107 bytes");
    }
    if (!span_to_string(path, name.sun_path, sizeof name.sun_path)) {
        return fail(why, "the path of a Unix socket must not hold a NUL byte");
    }
    *out = (struct address){.size = sizeof name};
    memcpy(&out->socket, &name, sizeof name);
    snprintf(out->text, sizeof out->text, "unix:%s", name.sun_path);
    return ERR_OK;
}

static bool
parse_host4(struct span host, uint16_t port, struct address *made)
{
    char text[INET_ADDRSTRLEN];
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (!span_to_string(host, text, sizeof text) || inet_pton(AF_INET, text, &name.sin_addr) != 1) {
        return false;
    }
    memcpy(&made->socket, &name, sizeof name);
    made->size = sizeof name;
    return true;
}

static bool
parse_host6(struct span host, uint16_t port, struct address *made)
{
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (!span_to_string(host, text, sizeof text) ||
        inet_pton(AF_INET6, text, &name.sin6_addr) != 1) {
        return false;
    }
    memcpy(&made->socket, &name, sizeof name);
    made->size = sizeof name;
    return true;
}

static enum err
parse_host(struct span host, uint16_t port, struct address *made, const char **why)
{
    if (host.size == 0) {
        return fail(why, "the host is missing: wanted IPv4:port, [IPv6]:port or unix:/path");
    }
    if (host.data[0] != '[') {
        if (parse_host4(host, port, made)) {
            return ERR_OK;
        }
        if (memchr(host.data, ':', host.size) != NULL) {
            return fail(why, "an IPv6 address stands in brackets: [IPv6]:port");
        }
        return fail(why, "the host is not a numeric address: names are not resolved; wanted "
                         "IPv4:port, [IPv6]:port or unix:/path");
    }
    if (host.data[host.size - 1] != ']') {
        return fail(why, "the closing bracket is missing: wanted [IPv6]:port");
    }
    if (!parse_host6((struct span){host.data + 1, host.size - 2}, port, made)) {
        return fail(why, "not an IPv6 address between the brackets");
    }
    return ERR_OK;
}

enum err
address_parse(struct span text, struct address *out, const char **why)
{
    if (text.size == 0) {
        return fail(why, "the address is empty: wanted IPv4:port, [IPv6]:port or unix:/path");
    }
    if (text.size >= 5 && memcmp(text.data, "unix:", 5) == 0) {
        return parse_unix((struct span){text.data + 5, text.size - 5}, out, why);
    }
    const char *colon = memrchr(text.data, ':', text.size);
    const char *bracket = memrchr(text.data, ']', text.size);
    if (colon == NULL || (bracket != NULL && bracket > colon)) {
        return fail(why, colon == NULL && bracket == NULL
                             ? "the port is missing: wanted IPv4:port, [IPv6]:port or unix:/path"
                             : "the port is missing: wanted [IPv6]:port");
    }
    uint64_t port;
    struct span digits = {colon + 1, (size_t)(text.data + text.size - colon - 1)};
    if (digits.size > 5 || !span_to_u64(digits, &port) || port > UINT16_MAX) {
        return fail(why, "the port is not a number from 0 to 65535");
    }
    struct address made = {.size = 0};
    struct span host = {text.data, (size_t)(colon - text.data)};
    enum err err = parse_host(host, (uint16_t)port, &made, why);
    if (err == ERR_OK) {
        address_format((const struct sockaddr *)&made.socket, made.size, made.text);
        *out = made;
    }
    return err;
}

enum err
address_from_socket(const struct sockaddr *socket, socklen_t size, struct address *out)
{
    bool is_known = socket->sa_family == AF_INET || socket->sa_family == AF_INET6 ||
                    socket->sa_family == AF_UNIX;
    if (!is_known || size > sizeof out->socket) {
        return ERR_INVALID;
    }
    struct address made = {.size = size};
    memcpy(&made.socket, socket, size);
    address_format(socket, size, made.text);
    *out = made;
    return ERR_OK;
}

static void
format_unix(const struct sockaddr *socket, socklen_t size, char out[ADDRESS_TEXT_SIZE])
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t start = offsetof(struct sockaddr_un, sun_path);
    size_t path = size > start ? size - start : 0;
    if (path >= sizeof name.sun_path) {
        path = sizeof name.sun_path - 1;
    }
    memcpy(name.sun_path, (const char *)socket + start, path);
    snprintf(out, ADDRESS_TEXT_SIZE, "unix:%s", name.sun_path);
}

void
address_format_host(const struct sockaddr *socket, char out[ADDRESS_TEXT_SIZE])
{
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
    snprintf(out, ADDRESS_TEXT_SIZE, "%s", socket->sa_family == AF_UNIX ? "unix" : "?");
    if (socket->sa_family == AF_INET) {
        memcpy(&in4, socket, sizeof in4);
        inet_ntop(AF_INET, &in4.sin_addr, out, ADDRESS_TEXT_SIZE);
    }
    if (socket->sa_family == AF_INET6) {
        memcpy(&in6, socket, sizeof in6);
        inet_ntop(AF_INET6, &in6.sin6_addr, out, ADDRESS_TEXT_SIZE);
    }
}

static uint16_t
socket_port(const struct sockaddr *socket)
{
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
    if (socket->sa_family == AF_INET) {
        memcpy(&in4, socket, sizeof in4);
        return ntohs(in4.sin_port);
    }
    if (socket->sa_family == AF_INET6) {
        memcpy(&in6, socket, sizeof in6);
        return ntohs(in6.sin6_port);
    }
    return 0;
}

void
address_format(const struct sockaddr *socket, socklen_t size, char out[ADDRESS_TEXT_SIZE])
{
    if (socket->sa_family == AF_UNIX) {
        format_unix(socket, size, out);
        return;
    }
    char host[ADDRESS_TEXT_SIZE];
    address_format_host(socket, host);
    if (host[0] == '?') {
        snprintf(out, ADDRESS_TEXT_SIZE, "?");
        return;
    }
    bool is_v6 = socket->sa_family == AF_INET6;
    snprintf(out, ADDRESS_TEXT_SIZE, "%s%.100s%s:%u", is_v6 ? "[" : "", host, is_v6 ? "]" : "",
             socket_port(socket));
}

uint16_t
address_port(const struct address *address)
{
    return socket_port((const struct sockaddr *)&address->socket);
}

bool
address_is_unix(const struct address *address)
{
    return address->socket.ss_family == AF_UNIX;
}

bool
address_equal(const struct address *a, const struct address *b)
{
    return strcmp(a->text, b->text) == 0;
}
