/*
 * forwarded: walks X-Forwarded-For from the nearest hop to the farthest, to find the client's
 * address: the rightmost one that is not trusted. Any thread.
 */
#ifndef TURNOUT_WIRE_FORWARDED_H
#define TURNOUT_WIRE_FORWARDED_H

#include <stdbool.h>
#include "proxy/base/span.h"
#include "proxy/wire/field.h"

struct forwarded {
    const struct field_list *fields;
    uint32_t next;    /* fields from here on are done */
    struct span rest; /* of the current field, what is left of it */
};

void forwarded_init(struct forwarded *walk, const struct field_list *fields);

/* The next address to the left: "192.0.2.1" or "2001:db8::1", brackets and port taken off,
 * otherwise as received and not checked. False when there is none left. */
bool forwarded_next(struct forwarded *walk, struct span *address);

#endif
