/*
 * rewrite: the head that goes on, made from the head that came: hop-by-hop fields removed,
 * forwarding fields set, framing and connection as told. Always HTTP/1.1. Lines that stay are
 * copied in runs. Any thread; edits and heads are only read.
 */
#ifndef TURNOUT_WIRE_REWRITE_H
#define TURNOUT_WIRE_REWRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proxy/base/buf.h"
#include "proxy/base/err.h"
#include "proxy/base/span.h"
#include "proxy/wire/head.h"

/* The name that we stand for in Via. */
#define REWRITE_PSEUDONYM "turnout"

struct rewrite_request {
    struct span peer;  /* the peer's address without port, appended to X-Forwarded-For; empty: the
                          field is left alone */
    struct span proto; /* "http" or "https": for X-Forwarded-Proto */
    struct span request_id; /* for X-Request-Id: the trusted peer's own (rewrite_request_id) or a
                               new one; empty: none is sent */
    struct span host;  /* Host to send instead of the request's; empty: the request's, which must
                          then have one (HTTP/1.0 knows requests without) */
    struct span extra; /* whole lines with CRLF, put before the end */
    uint64_t
        drop; /* FIELD_BITs of fields to leave out besides (FIELD_EXPECT when we answered it) */
    enum wire_connection connection; /* to the instance: WIRE_CONNECTION_DEFAULT or _CLOSE */
    bool is_trusted;                 /* the peer's forwarding fields are believed */
};

struct rewrite_response {
    struct span extra; /* whole lines with CRLF, put before the end: HSTS, Turnout-Build */
    uint64_t length;   /* with WIRE_FRAMING_LENGTH, used only where the answer had no Content-Length
                          of its own */
    uint64_t
        drop; /* FIELD_BITs of fields to leave out besides (FIELD_HSTS when extra has our own) */
    enum wire_framing framing; /* of what follows; NONE keeps Content-Length for HEAD and 304,
                                  CHUNKED and CLOSE drop it */
    enum wire_connection connection;
    bool adds_via;
};

/* Room that is surely enough for the outgoing head. */
size_t rewrite_request_bound(const struct wire_request *request,
                             const struct rewrite_request *edits);
size_t rewrite_response_bound(const struct wire_response *response,
                              const struct rewrite_response *edits);

/* Writes the outgoing head to `out`, which has room for the bound; the bytes written. */
size_t rewrite_request_to(char *out, const struct wire_request *request,
                          const struct rewrite_request *edits);
size_t rewrite_response_to(char *out, const struct wire_response *response,
                           const struct rewrite_response *edits);

/* The same, appended to a buf. ERR_NO_MEMORY leaves it as it was. Interim answers (1xx) go this way
 * too, with framing NONE. */
enum err rewrite_request_append(struct buf *out, const struct wire_request *request,
                                const struct rewrite_request *edits);
enum err rewrite_response_append(struct buf *out, const struct wire_response *response,
                                 const struct rewrite_response *edits);

/* The X-Request-Id of a trusted peer when there is exactly one and it is 1 to 128 visible
 * characters; empty otherwise. */
struct span rewrite_request_id(const struct wire_request *request);

#endif
