/*
 * head_lines: what heads of requests and of answers have in common: lines, fields, Connection,
 * Content-Length. Within proxy/wire.
 *
 * Everything is read from left to right and judged by what was read so far, so that the outcome
 * never depends on how the bytes came.
 */
#ifndef TURNOUT_WIRE_HEAD_LINES_H
#define TURNOUT_WIRE_HEAD_LINES_H

#include <stdbool.h>
#include "proxy/wire/field.h"
#include "proxy/wire/reason.h"
#include "proxy/wire/wire.h"

struct head_reader {
    const char *at;  /* next byte to read */
    const char *end; /* one past the last byte that may be looked at */
    enum wire_reason reason;
};

/* Options of all Connection fields. */
struct head_connection {
    bool has_close;
    bool has_keep_alive;
    bool has_upgrade;
};

/* Says why and returns WIRE_BAD. */
static inline enum wire_result
head_refuse(struct head_reader *reader, enum wire_reason reason)
{
    reader->reason = reason;
    return WIRE_BAD;
}

/* Takes CRLF off; a lone CR or LF is refused as such, anything else for `otherwise`. */
enum wire_result head_read_line_end(struct head_reader *reader, enum wire_reason otherwise);

/* Reads all fields and the empty line behind them. */
enum wire_result head_read_fields(struct head_reader *reader, struct field_list *list,
                                  const struct wire_limits *limits);

/* Reads the Connection fields and marks the fields that they name as hop-by-hop, but those of class
 * FRAMING and FORWARDING: no client may take away what says where a message ends or who sent it.
 * False, with a reason, when they are malformed or too many. */
bool head_read_connection(struct head_reader *reader, struct field_list *list,
                          struct head_connection *out);

/* The value of the one Content-Length. False, with a reason, when it is no number below 2^63. */
bool head_read_length(struct head_reader *reader, const struct field_list *list, uint64_t *out);

/* Judges the one Transfer-Encoding: true when it is exactly chunked, else false with a reason. */
bool head_read_coding(struct head_reader *reader, const struct field_list *list);

#endif
