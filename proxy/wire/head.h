/*
 * head: strict one-pass parsers of HTTP/1 request heads and answer heads (RFC 9112), over one
 * contiguous run of bytes. What two parsers could read differently is refused, not repaired.
 * Results point into the bytes given; nothing is kept or allocated. Any thread.
 *
 * A parse always starts at the first byte of a head and is repeated when more has come. Its result
 * depends on the bytes alone, never on how they arrived: once WIRE_BAD, always WIRE_BAD for the
 * same reason.
 */
#ifndef TURNOUT_WIRE_HEAD_H
#define TURNOUT_WIRE_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proxy/base/span.h"
#include "proxy/wire/field.h"
#include "proxy/wire/reason.h"
#include "proxy/wire/wire.h"

/* A request's head. After WIRE_BAD only reason is certain; method_name and target are what was read
 * of them, or empty. */
struct wire_request {
    struct span method_name;
    struct span target; /* as received */
    struct span path;   /* without the query, never empty: begins with '/', or is "*" (OPTIONS) */
    struct span query;  /* with its '?', empty when there is none; behind path in the same bytes
                           unless the path was empty */
    struct span host;   /* host[:port] as received, of the absolute target or else of Host (RFC 9112
                           section 3.2.2); may be empty */
    uint64_t length;    /* of the body, with WIRE_FRAMING_LENGTH */
    uint32_t head_size; /* bytes up to and with the empty line, leading empty lines too */
    enum wire_method method;
    enum wire_framing framing; /* never WIRE_FRAMING_CLOSE */
    enum wire_reason reason;   /* with WIRE_BAD */
    uint8_t minor;             /* of the version, 0 or 1 */
    bool is_absolute;          /* the target was in absolute-form */
    bool is_safe;
    bool is_idempotent;
    bool keep_alive;       /* the client wants the connection to stay (RFC 9112 section 9.3) */
    bool expects_continue; /* HTTP/1.1 with Expect: 100-continue */
    bool has_upgrade;      /* asks to switch protocols: Upgrade, and Connection names it */
    struct field_list fields;
};

/* An answer's head. */
struct wire_response {
    struct span phrase; /* as received, may be empty */
    uint64_t length;    /* what Content-Length says; 0 when there is none */
    uint32_t head_size;
    uint32_t keep_alive_s; /* Keep-Alive: timeout=N; UINT32_MAX when not said */
    enum wire_framing framing;
    enum wire_reason reason; /* with WIRE_BAD */
    uint16_t status;         /* 100 to 999 */
    uint8_t minor;
    bool has_length; /* Content-Length is there, also where it says nothing about the framing (HEAD,
                        304) */
    bool is_interim; /* 1xx: the answer itself is still to come */
    bool keep_alive; /* the instance lets the connection be used again after this answer */
    struct field_list fields;
};

/* Parses a request's head at `data`. */
enum wire_result head_request_parse(struct wire_request *request, const char *data, size_t size,
                                    const struct wire_limits *limits);

/* Parses an answer's head at `data`; `method` is the one of the request it answers, which decides
 * whether it has a body. */
enum wire_result head_response_parse(struct wire_response *response, const char *data, size_t size,
                                     const struct wire_limits *limits, enum wire_method method);

/* What is remembered of a head that has not come whole, so that a sender of single bytes cannot
 * make us parse it for each. Zeroed at a head's start. */
struct head_wait {
    uint32_t seen;   /* bytes that were looked at */
    uint32_t parsed; /* bytes that the last parse had */
};

/* Whether parsing is worth it now that `size` bytes of the head are there: its end is in sight, or
 * it has doubled. */
bool head_wait_is_due(struct head_wait *wait, const char *data, size_t size,
                      const struct wire_limits *limits);

#endif
