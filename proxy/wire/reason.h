/*
 * reason: why a message was refused, one name each, from reasons.def. Any thread.
 */
#ifndef TURNOUT_WIRE_REASON_H
#define TURNOUT_WIRE_REASON_H

enum wire_reason {
    WIRE_REASON_NONE,
#define REASON(id, name, status, text, section) WIRE_REASON_##id,
#include "proxy/wire/reasons.def"
#undef REASON
    WIRE_REASON_COUNT
};

/* The name as logs and docs show it ("bare_line_feed"), "none" for WIRE_REASON_NONE. Static
 * storage, as all here. */
const char *wire_reason_name(enum wire_reason reason);

/* The status that a request refused for this reason is answered with (answers refused by us always
 * become 502). */
unsigned wire_reason_status(enum wire_reason reason);

/* What was found wrong, for a person. */
const char *wire_reason_text(enum wire_reason reason);

/* Where the standard says so: "9112 2.2" is RFC 9112 section 2.2; "limit" where it is a limit of
 * our own. */
const char *wire_reason_section(enum wire_reason reason);

#endif
