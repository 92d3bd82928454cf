/*
 * wire: the words that all of HTTP/1 shares here: results, methods, framing, limits. Protocol code
 * has no sockets: it is fed bytes and says done, need more, or bad with a named reason. Nothing
 * allocates but where a struct buf is given. Any thread.
 */
#ifndef TURNOUT_WIRE_WIRE_H
#define TURNOUT_WIRE_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include "proxy/base/span.h"

enum wire_result {
    WIRE_DONE, /* whole */
    WIRE_MORE, /* right so far, not whole */
    WIRE_BAD   /* refused; a reason is named beside it */
};

/* The methods of RFC 9110 section 9 and PATCH (RFC 5789); any other token is WIRE_METHOD_OTHER. */
enum wire_method {
    WIRE_METHOD_OTHER,
    WIRE_METHOD_GET,
    WIRE_METHOD_HEAD,
    WIRE_METHOD_POST,
    WIRE_METHOD_PUT,
    WIRE_METHOD_DELETE,
    WIRE_METHOD_PATCH,
    WIRE_METHOD_OPTIONS,
    WIRE_METHOD_TRACE,
    WIRE_METHOD_CONNECT
};

/* RFC 9110 section 9.2.1. Methods that we do not know are taken for unsafe. */
bool wire_method_is_safe(enum wire_method method);

/* RFC 9110 section 9.2.2. Methods that we do not know are taken for not idempotent. */
bool wire_method_is_idempotent(enum wire_method method);

/* How a message's body ends (RFC 9112 section 6.3). */
enum wire_framing {
    WIRE_FRAMING_NONE,    /* there is no body */
    WIRE_FRAMING_LENGTH,  /* after a known number of bytes, which may be 0 */
    WIRE_FRAMING_CHUNKED, /* as the chunked coding says, see chunk.h */
    WIRE_FRAMING_CLOSE    /* when the sender closes; answers only */
};

/* What an outgoing head says about its connection. */
enum wire_connection {
    WIRE_CONNECTION_DEFAULT,   /* nothing: an HTTP/1.1 connection stays open */
    WIRE_CONNECTION_CLOSE,     /* Connection: close */
    WIRE_CONNECTION_KEEP_ALIVE /* Connection: keep-alive, for HTTP/1.0 clients that asked for it */
};

enum {
    WIRE_FIELDS_MAX = 256,            /* no limit on fields may be above this */
    WIRE_HEAD_BYTES_MAX = 1024 * 1024 /* nor one on a head's bytes above this */
};

struct wire_limits {
    uint32_t line_bytes; /* of a request line or status line, without its CRLF */
    uint32_t head_bytes; /* of a whole head */
    uint32_t fields;     /* of a head, at most WIRE_FIELDS_MAX */
};

/* 8k, 16k and 100. */
extern const struct wire_limits wire_limits_default;

/* The standard phrase of a status code, "Unknown" where there is none. Static storage. */
const char *wire_status_text(unsigned status);

#endif
