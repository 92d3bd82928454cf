/*
 * field: header fields of a parsed head, as places in the bytes that were parsed, and the table of
 * names that matter. Any thread; valid as long as those bytes.
 */
#ifndef TURNOUT_WIRE_FIELD_H
#define TURNOUT_WIRE_FIELD_H

#include <stdbool.h>
#include <stdint.h>
#include "proxy/base/span.h"
#include "proxy/wire/wire.h"

enum field_id {
    FIELD_OTHER, /* a name that means nothing to a proxy */
#define FIELD(id, name, class) FIELD_##id,
#include "proxy/wire/fields.def"
#undef FIELD
    FIELD_COUNT
};

/* A set of field ids, as a bit mask. */
#define FIELD_BIT(id) ((uint64_t)1 << (id))

enum field_class {
    FIELD_CLASS_PLAIN,
    FIELD_CLASS_CONTROL,
    FIELD_CLASS_FORWARDING,
    FIELD_CLASS_HOP,
    FIELD_CLASS_FRAMING
};

enum field_flag {
    /* Not passed on: hop-by-hop by its name, named by Connection, or like a name of class FRAMING
       or HOP but for `_`. */
    FIELD_FLAG_HOP = 1,
    /* Like a name of class FORWARDING but for `_`: passed on for trusted peers only. */
    FIELD_FLAG_LOOKALIKE = 2
};

struct field {
    const char *line;    /* the first byte of its name */
    uint32_t line_size;  /* with its CRLF */
    uint32_t value_at;   /* from line */
    uint32_t value_size; /* without white space around it */
    uint16_t name_size;
    uint8_t id;    /* enum field_id */
    uint8_t flags; /* enum field_flag */
};

/* In the order received. Only the first `count` are written. */
struct field_list {
    uint32_t count;
    uint64_t present;            /* FIELD_BIT of each id that occurs, FIELD_OTHER too */
    uint16_t first[FIELD_COUNT]; /* the first field of each id that is present; unset for others */
    struct field items[WIRE_FIELDS_MAX];
};

static inline struct span
field_name(const struct field *field)
{
    return (struct span){field->line, field->name_size};
}

static inline struct span
field_value(const struct field *field)
{
    return (struct span){field->line + field->value_at, field->value_size};
}

static inline bool
field_list_has(const struct field_list *list, enum field_id id)
{
    return (list->present & FIELD_BIT(id)) != 0;
}

/* The first field with this id behind `after` (NULL: from the start); NULL when there is none. */
const struct field *field_list_find(const struct field_list *list, enum field_id id,
                                    const struct field *after);

/* The first field with this name in any case, for names without an id (a build_header of the
 * configuration). */
const struct field *field_list_find_name(const struct field_list *list, struct span name);

/* The id of a name in any case, FIELD_OTHER for one that is not in fields.def. */
enum field_id field_id_of(struct span name);

/* The name in lower case; "" for FIELD_OTHER. Static storage. */
const char *field_id_name(enum field_id id);
enum field_class field_id_class(enum field_id id);

/* The id that a name has once each `_` is read as `-`, as CGI-like servers do; FIELD_OTHER when it
 * has no `_` or means nothing. */
enum field_id field_id_like(struct span name);

/* Whether text is a token (RFC 9110 section 5.6.2), and so could be a field name. */
bool field_is_token(struct span text);

/* Whether text may stand as a field's value: no control characters but tab (RFC 9110 section 5.5).
 */
bool field_is_value(struct span text);

#endif
