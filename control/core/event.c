#include "control/core/event.h"

#include <stdlib.h>
#include <string.h>
#include "proxy/base/check.h"

static const char *const KINDS[] = {
#define KIND(name, text) text,
#include "control/core/names.def"
#undef KIND
};

static const char *const STATUSES[] = {
#define STATUS(name, text) text,
#include "control/core/names.def"
#undef STATUS
};

static const char *const RESULTS[] = {
#define RESULT(name, text) text,
#include "control/core/names.def"
#undef RESULT
};

static const char *const ORDERS[] = {"available", "strict", "exclusive"};

#define COUNT_NONE     0
#define COUNT_KINDS    CORE_KIND_COUNT
#define COUNT_STATUSES CORE_STATUS_COUNT
#define COUNT_RESULTS  CORE_RESULT_COUNT
#define COUNT_ORDERS   (sizeof ORDERS / sizeof ORDERS[0])
#define LIST_NONE      NULL
#define LIST_KINDS     KINDS
#define LIST_STATUSES  STATUSES
#define LIST_RESULTS   RESULTS
#define LIST_ORDERS    ORDERS

static const struct core_field_info event_fields[CORE_FIELD_COUNT] = {
#define FIELD(name, key, member, type, names)                                                      \
    [CORE_FIELD_##name] = {key,                                                                    \
                           CORE_TYPE_##type,                                                       \
                           offsetof(struct core_event, member),                                    \
                           sizeof(((struct core_event *)0)->member),                               \
                           LIST_##names,                                                           \
                           COUNT_##names},
#include "control/core/fields.def"
#undef FIELD
};

static const struct {
    const char *name;
    const char *meaning;
    uint64_t fields;
} event_kinds[CORE_EVENT_COUNT] = {
#define F(field)                           (UINT64_C(1) << CORE_FIELD_##field)
#define EVENT(name, text, fields, meaning) [CORE_EVENT_##name] = {text, meaning, fields},
#include "control/core/events.def"
#undef EVENT
#undef F
};

_Static_assert(CORE_FIELD_COUNT <= 64, "the fields of an event are bits of 64");

const struct core_field_info *
core_field_info(enum core_field field)
{
    CHECK(field < CORE_FIELD_COUNT);
    return &event_fields[field];
}

const char *
core_event_name(enum core_event_kind kind)
{
    CHECK(kind < CORE_EVENT_COUNT);
    return event_kinds[kind].name;
}

const char *
core_event_meaning(enum core_event_kind kind)
{
    CHECK(kind < CORE_EVENT_COUNT);
    return event_kinds[kind].meaning;
}

bool
core_event_kind_of(const char *name, enum core_event_kind *out)
{
    for (unsigned i = 0; i < CORE_EVENT_COUNT; i++) {
        if (strcmp(event_kinds[i].name, name) == 0) {
            *out = (enum core_event_kind)i;
            return true;
        }
    }
    return false;
}

bool
core_event_has_field(enum core_event_kind kind, enum core_field field)
{
    CHECK(kind < CORE_EVENT_COUNT && field < CORE_FIELD_COUNT);
    return (event_kinds[kind].fields >> field & 1) != 0;
}

bool
core_event_is_snapshot(enum core_event_kind kind)
{
    return kind >= CORE_EVENT_SNAPSHOT_STATE;
}

const char *
core_kind_name(enum core_kind kind)
{
    CHECK(kind < CORE_KIND_COUNT);
    return KINDS[kind];
}

const char *
core_status_name(enum core_status status)
{
    CHECK(status < CORE_STATUS_COUNT);
    return STATUSES[status];
}

const char *
core_result_name(enum core_result result)
{
    CHECK(result < CORE_RESULT_COUNT);
    return RESULTS[result];
}

const char *
core_order_name(enum table_order order)
{
    CHECK(order < COUNT_ORDERS);
    return ORDERS[order];
}

bool
core_order_of(const char *name, enum table_order *out)
{
    for (unsigned i = 0; i < COUNT_ORDERS; i++) {
        if (strcmp(ORDERS[i], name) == 0) {
            *out = (enum table_order)i;
            return true;
        }
    }
    return false;
}

void
core_event_init(struct core_event *event, enum core_event_kind kind)
{
    memset(event, 0, sizeof *event);
    event->kind = kind;
}

enum err
core_event_set_addresses(struct core_event *event, const void *addresses, size_t count)
{
    CHECK(event->addresses == NULL);
    if (count > CORE_ADDRESSES_MAX) {
        return ERR_LIMIT;
    }
    if (count == 0) {
        return ERR_OK;
    }
    event->addresses = malloc(count * sizeof event->addresses[0]);
    if (event->addresses == NULL) {
        return ERR_NO_MEMORY;
    }
    memcpy(event->addresses, addresses, count * sizeof event->addresses[0]);
    event->address_count = count;
    return ERR_OK;
}

void
core_event_fini(struct core_event *event)
{
    free(event->addresses);
    event->addresses = NULL;
    event->address_count = 0;
}

static bool
event_addresses_equal(const struct core_event *a, const struct core_event *b)
{
    if (a->address_count != b->address_count) {
        return false;
    }
    for (size_t i = 0; i < a->address_count; i++) {
        if (strcmp(a->addresses[i], b->addresses[i]) != 0) {
            return false;
        }
    }
    return true;
}

static bool
event_moves_equal(const struct core_event *a, const struct core_event *b)
{
    if (a->move_count != b->move_count) {
        return false;
    }
    for (size_t i = 0; i < a->move_count; i++) {
        const struct core_move *one = &a->moves[i];
        const struct core_move *other = &b->moves[i];
        if (strcmp(one->role, other->role) != 0 || !core_digest_equal(&one->from, &other->from) ||
            !core_digest_equal(&one->to, &other->to)) {
            return false;
        }
    }
    return true;
}

static bool
event_field_equal(const struct core_event *a, const struct core_event *b, enum core_field field)
{
    const struct core_field_info *info = &event_fields[field];
    const char *one = (const char *)a + info->offset;
    const char *other = (const char *)b + info->offset;
    switch (info->type) {
    case CORE_TYPE_TEXT:
        return strcmp(one, other) == 0;
    case CORE_TYPE_ADDRESSES:
        return event_addresses_equal(a, b);
    case CORE_TYPE_MOVES:
        return event_moves_equal(a, b);
    case CORE_TYPE_NUMBER:
    case CORE_TYPE_FLAG:
    case CORE_TYPE_DIGEST:
    case CORE_TYPE_NAME:
        break;
    }
    return memcmp(one, other, info->size) == 0;
}

bool
core_event_equal(const struct core_event *a, const struct core_event *b)
{
    if (a->kind != b->kind || a->wall_us != b->wall_us || strcmp(a->by, b->by) != 0 ||
        strcmp(a->claimed, b->claimed) != 0 || strcmp(a->note, b->note) != 0) {
        return false;
    }
    for (unsigned i = 0; i < CORE_FIELD_COUNT; i++) {
        enum core_field field = (enum core_field)i;
        if (core_event_has_field(a->kind, field) && !event_field_equal(a, b, field)) {
            return false;
        }
    }
    return true;
}
