/*
 * uri: hosts and paths as routing compares them (RFC 3986). Any thread.
 */
#ifndef TURNOUT_WIRE_URI_H
#define TURNOUT_WIRE_URI_H

#include <stdbool.h>
#include <stddef.h>
#include "proxy/base/span.h"

enum { URI_HOST_MAX = 255 };

/* Whether text is uri-host [ ":" port ]: a name of unreserved characters, an IPv4 address or an IP
 * literal in brackets; not empty, at most URI_HOST_MAX bytes of host, port empty or at most 65535.
 * Percent-encoding and sub-delims, which RFC 3986 section 3.2.2 allows and no name that resolves
 * has, are refused. */
bool uri_authority_is_valid(struct span text);

/* The parts of a valid authority; the port is empty when there is none. Brackets stay with the
 * host. */
struct span uri_authority_host(struct span authority);
struct span uri_authority_port(struct span authority);

/* Writes the host of a valid authority as routing compares it: without port, in lower case, without
 * a trailing dot. `out` has room for URI_HOST_MAX bytes; the result points to it. */
struct span uri_host_normalise(struct span authority, char *out);

/* Whether `path` (no query) lies under `prefix`, on segment borders: "/a" has "/a" and "/a/b", not
 * "/ab"; "/a/" is as "/a"; "/" has every path, "*" too. Bytes are compared as they are. */
bool uri_path_has_prefix(struct span path, struct span prefix);

#endif
