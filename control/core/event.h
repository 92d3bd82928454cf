/*
 * event: a decision as a plain value. Which fields an event has is said by events.def, what a field
 * is by fields.def; the codec walks these tables and knows no event by name. Any thread; the struct
 * is the caller's, its addresses are owned by it (core_event_fini).
 */
#ifndef TURNOUT_CORE_EVENT_H
#define TURNOUT_CORE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "control/core/name.h"
#include "proxy/base/digest.h"
#include "proxy/base/err.h"
#include "proxy/table/settings.h"

/* Who decides what nobody asked for. */
#define CORE_BY_DAEMON "turnoutd"

enum { CORE_MOVES_MAX = 8 };

enum core_event_kind {
#define EVENT(name, text, fields, meaning) CORE_EVENT_##name,
#include "control/core/events.def"
#undef EVENT
    CORE_EVENT_COUNT
};

enum core_field {
#define FIELD(name, key, member, type, names) CORE_FIELD_##name,
#include "control/core/fields.def"
#undef FIELD
    CORE_FIELD_COUNT
};

enum core_field_type {
    CORE_TYPE_TEXT,      /* char[size], NUL-terminated UTF-8 */
    CORE_TYPE_NUMBER,    /* uint64_t, at most 2^53 - 1 where JSON is to carry it exactly */
    CORE_TYPE_FLAG,      /* bool */
    CORE_TYPE_DIGEST,    /* struct digest; all zero is none */
    CORE_TYPE_NAME,      /* uint64_t, written as names[value] */
    CORE_TYPE_ADDRESSES, /* addresses, address_count: an array of texts */
    CORE_TYPE_MOVES      /* moves, move_count: an array of {role, from, to} */
};

enum core_kind {
#define KIND(name, text) CORE_KIND_##name,
#include "control/core/names.def"
#undef KIND
    CORE_KIND_COUNT
};

/* What the journal says of a set. What is seen of it (warming, ready) is told by core_set_life. */
enum core_status {
#define STATUS(name, text) CORE_STATUS_##name,
#include "control/core/names.def"
#undef STATUS
    CORE_STATUS_COUNT
};

/* How a cutover ended, or how far it is: committed and the old set still drains, or finished. */
enum core_result {
#define RESULT(name, text) CORE_RESULT_##name,
#include "control/core/names.def"
#undef RESULT
    CORE_RESULT_COUNT
};

struct core_move {
    char role[CORE_ROLE_SIZE];
    struct digest from; /* none: the role had no live set */
    struct digest to;
};

struct core_event {
    enum core_event_kind kind;
    uint64_t wall_us;           /* when it was decided, for people */
    char by[CORE_BY_SIZE];      /* who: "alice(1000)", or CORE_BY_DAEMON */
    char claimed[CORE_BY_SIZE]; /* for whom, as the client said; "" for nobody else */
    char note[CORE_TEXT_SIZE];  /* why, as the operator said */

    char cluster[DIGEST_HEX_SIZE];
    char role[CORE_ROLE_SIZE];
    char build[CORE_BUILD_SIZE];
    struct digest digest;
    char (*addresses)[CORE_ADDRESS_SIZE]; /* heap, owned */
    size_t address_count;
    uint64_t cutover;
    uint64_t operation_kind; /* enum core_kind */
    uint64_t order;          /* enum table_order */
    struct core_move moves[CORE_MOVES_MAX];
    size_t move_count;
    uint64_t ready_timeout_ms;
    uint64_t drain_timeout_ms;
    uint64_t hold_timeout_ms;
    bool is_forced;
    char reason[CORE_TEXT_SIZE];
    char superseded_by[CORE_BY_SIZE];
    uint64_t finished;
    uint64_t cut;
    uint64_t oldest_ms;
    uint64_t weight_bp;
    uint64_t max_ms;
    uint64_t for_ms;
    char message[CORE_TEXT_SIZE];
    uint64_t retry_after_s;

    uint64_t epoch;
    uint64_t status; /* enum core_status */
    uint64_t registered_epoch;
    uint64_t warm_epoch;
    uint64_t status_epoch;
    bool is_bad;
    struct digest live;
    struct digest previous;
    struct digest canary;
    uint64_t previous_us;
    bool is_held;
    uint64_t held_us;
    uint64_t held_epoch;
    bool is_in_maintenance;
    uint64_t result; /* enum core_result */
    uint64_t since_us;
    uint64_t at_us;
    char from_build[CORE_BUILD_SIZE];
    char to_build[CORE_BUILD_SIZE];
    struct digest from;
    struct digest to;
};

/* What a codec needs of a field. */
struct core_field_info {
    const char *key;
    enum core_field_type type;
    size_t offset;            /* in struct core_event */
    size_t size;              /* of the member */
    const char *const *names; /* of a CORE_TYPE_NAME, else NULL */
    size_t name_count;
};

const struct core_field_info *core_field_info(enum core_field field);

/* Name in the journal ("set.registered") and what it says. Static storage. */
const char *core_event_name(enum core_event_kind kind);
const char *core_event_meaning(enum core_event_kind kind);

/* False when no event has this name. */
bool core_event_kind_of(const char *name, enum core_event_kind *out);

bool core_event_has_field(enum core_event_kind kind, enum core_field field);

/* snapshot.*: may stand in a snapshot, never in the journal. */
bool core_event_is_snapshot(enum core_event_kind kind);

const char *core_kind_name(enum core_kind kind);
const char *core_status_name(enum core_status status);
const char *core_result_name(enum core_result result);
const char *core_order_name(enum table_order order);
bool core_order_of(const char *name, enum table_order *out);

/* All zero but the kind. */
void core_event_init(struct core_event *event, enum core_event_kind kind);

/* Copies `count` addresses, CORE_ADDRESS_SIZE bytes each, into the event, which must have none yet.
 * ERR_LIMIT above CORE_ADDRESSES_MAX, ERR_NO_MEMORY. */
enum err core_event_set_addresses(struct core_event *event, const void *addresses, size_t count);

void core_event_fini(struct core_event *event);

/* Equal in kind, time, actor, note and every field of the kind. */
bool core_event_equal(const struct core_event *a, const struct core_event *b);

#endif
