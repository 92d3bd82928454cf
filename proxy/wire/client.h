/*
 * client: requests that Turnout itself sends: health probes, and the command line to the control
 * socket. Answers are read with head.h and chunk.h. Any thread.
 */
#ifndef TURNOUT_WIRE_CLIENT_H
#define TURNOUT_WIRE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include "proxy/base/buf.h"
#include "proxy/base/err.h"
#include "proxy/base/span.h"

struct client_request {
    struct span method;       /* empty: GET */
    struct span path;         /* with its query; empty: "/" */
    struct span host;         /* for Host; may be empty */
    struct span proto;        /* for X-Forwarded-Proto; empty: none */
    struct span accept;       /* empty: none */
    struct span content_type; /* empty: none */
    struct span
        body; /* sent after the head, with Content-Length; with an empty one only when has_body */
    bool has_body;
    bool keeps_alive; /* else Connection: close */
};

/* Appends the request, User-Agent turnout/VERSION in it. ERR_INVALID when a part could break out of
 * its place (space or control characters in method, path or host), ERR_NO_MEMORY; both leave the
 * buf as it was. */
enum err client_request_append(struct buf *out, const struct client_request *request);

#endif
