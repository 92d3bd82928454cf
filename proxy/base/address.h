/*
 * address: where a socket listens or connects to, as a value: numeric text and what the kernel
 * takes. No names are resolved: what a name means may change under a set that never does. Any
 * thread.
 */
#ifndef TURNOUT_BASE_ADDRESS_H
#define TURNOUT_BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include "proxy/base/err.h"
#include "proxy/base/span.h"

enum { ADDRESS_TEXT_SIZE = 120 };

struct address {
    char text[ADDRESS_TEXT_SIZE]; /* canonical: "127.0.0.1:80", "[::1]:80", "unix:/run/web.sock" */
    struct sockaddr_storage socket;
    socklen_t size; /* bytes of `socket` that count */
};

/* Reads "IPv4:port", "[IPv6]:port" or "unix:/path"; port 0 is allowed (listeners: any). On
 * ERR_INVALID *why says what is wrong, in static storage, fit to follow the text itself ("web1:80":
 * ...). */
enum err address_parse(struct span text, struct address *out, const char **why);

/* From what the kernel gave (accept, getsockname). A client of a Unix socket has no name: "unix:".
 * ERR_INVALID for other families. */
enum err address_from_socket(const struct sockaddr *socket, socklen_t size, struct address *out);

/* The text of the kernel's form, canonical as above, with NUL; "?" for an unknown family. */
void address_format(const struct sockaddr *socket, socklen_t size, char out[ADDRESS_TEXT_SIZE]);

/* The host alone ("127.0.0.1", "::1", "unix"), for X-Forwarded-For and logs. */
void address_format_host(const struct sockaddr *socket, char out[ADDRESS_TEXT_SIZE]);

/* 0 for Unix sockets. */
uint16_t address_port(const struct address *address);

bool address_is_unix(const struct address *address);
bool address_equal(const struct address *a, const struct address *b);

#endif
