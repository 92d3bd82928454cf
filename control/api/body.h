/*
 * body: the JSON of a request, read strictly: one object, no key twice, none that the call does not
 * know, each of its type, nested at most BODY_DEPTH_MAX deep. Any thread; the struct owns what its
 * pointers point into.
 */
#ifndef TURNOUT_API_BODY_H
#define TURNOUT_API_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include "proxy/base/buf.h"
#include "proxy/base/span.h"

enum body_field {
#define API_FIELD(name, key, type, member) BODY_##name,
#include "control/api/fields.def"
#undef API_FIELD
    BODY_FIELD_COUNT
};

#define BODY_BIT(name) (1U << BODY_##name)

enum { BODY_DEPTH_MAX = 8, BODY_ADDRESSES_MAX = 256, BODY_TARGETS_MAX = 8 };

struct body_target {
    const char *role;
    const char *set;
};

struct body_addresses {
    const char *items[BODY_ADDRESSES_MAX];
    size_t count;
};

struct body_targets {
    struct body_target items[BODY_TARGETS_MAX];
    size_t count;
};

/* Absent texts are NULL, absent numbers 0, absent flags false; `given` has the bit of each that is
 * there. */
struct body {
    json_t *root;
    uint32_t given;
    const char *note;
    const char *claimed_by;
    const char *build;
    const char *set;
    const char *order;
    const char *message;
    uint64_t expect_epoch;
    uint64_t wait_ms;
    uint64_t ready_timeout_ms;
    uint64_t weight_bp;
    uint64_t max_ms;
    uint64_t for_ms;
    uint64_t retry_after_s;
    bool follow;
    bool force;
    bool on;
    struct body_addresses addresses;
    struct body_targets targets;
};

static inline bool
body_has(const struct body *body, enum body_field field)
{
    return (body->given & (1U << field)) != 0;
}

/* Reads a body that may have the keys of `allowed` and must have those of `required` (bits). An
 * empty text is an empty object. False with one sentence in `error`; then there is nothing to fini.
 */
bool body_read(struct span text, uint32_t allowed, uint32_t required, struct body *out,
               struct buf *error);
void body_fini(struct body *body);

#endif
