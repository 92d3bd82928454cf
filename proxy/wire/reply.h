/*
 * reply: whole answers that the proxy itself makes. Any thread.
 */
#ifndef TURNOUT_WIRE_REPLY_H
#define TURNOUT_WIRE_REPLY_H

#include <stdbool.h>
#include <stdint.h>
#include "proxy/base/buf.h"
#include "proxy/base/err.h"
#include "proxy/base/span.h"
#include "proxy/wire/field.h"
#include "proxy/wire/wire.h"

struct reply {
    struct span reason;     /* value of Turnout-Reason; empty: no such field */
    struct span text;       /* for a person, one line without its end; empty: the status phrase */
    struct span location;   /* empty: none */
    struct span request_id; /* for X-Request-Id and the JSON body; empty: none */
    struct span extra;      /* whole lines with CRLF: HSTS */
    uint64_t wall_us;       /* now, for Date (RFC 9110 section 6.6.1); 0: none */
    uint32_t retry_after_s; /* 0: none */
    uint16_t status;
    enum wire_connection connection;
    bool is_json; /* see reply_wants_json */
    bool is_head; /* answers HEAD: the same head, no body */
};

/* Appends the answer, head and body. ERR_NO_MEMORY leaves the buf as it was. Values with control
 * characters are left out. 204 and 304 have no body and no Content-Length. */
enum err reply_append(struct buf *out, const struct reply *reply);

/* Whether the client names application/json in Accept, with no weight or one above 0. */
bool reply_wants_json(const struct field_list *fields);

#define REPLY_CONTINUE SPAN("HTTP/1.1 100 Continue\r\n\r\n")

#endif
