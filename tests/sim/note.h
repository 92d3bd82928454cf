/*
 * note: what an event did to each state machine, noted as an edge from its state before to its
 * state behind.
 */
#ifndef TURNOUT_TESTS_SIM_NOTE_H
#define TURNOUT_TESTS_SIM_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "control/core/event.h"
#include "control/core/state.h"

enum { WORLD_SETS_MAX = 256 };

/* The state machines whose edges are noted. */
enum world_machine {
    WORLD_SET,       /* absent, or its status + 1 */
    WORLD_OPERATION, /* of a role: none, running, held */
    WORLD_HOLD,
    WORLD_MAINTENANCE,
    WORLD_CANARY,
    WORLD_LIVE,
    WORLD_PREVIOUS,
    WORLD_RESULT, /* of a cutover: absent, or its result + 1 */
    WORLD_MACHINE_COUNT
};

enum { WORLD_STATES = 9 };

struct world_edges {
    bool is_seen[WORLD_MACHINE_COUNT][WORLD_STATES][CORE_EVENT_COUNT][WORLD_STATES];
};

static struct world_edges world_edges;

struct world_image {
    size_t role_count;
    struct {
        char name[CORE_ROLE_SIZE];
        unsigned operation, hold, maintenance, canary, live, previous;
        uint64_t epoch;
        size_t cutover_count;
        uint64_t cutover_ids[CORE_CUTOVERS_MAX];
        unsigned results[CORE_CUTOVERS_MAX];
    } roles[3];
    size_t set_count;
    struct {
        struct digest digest;
        unsigned status;
    } sets[WORLD_SETS_MAX];
};

static inline void
world_image(const struct core_state *state, struct world_image *image)
{
    memset(image, 0, sizeof *image);
    for (size_t i = 0; i < state->role_count; i++) {
        const struct core_role *role = state->roles[i];
        const struct core_operation *operation = role->operation;
        size_t at = image->role_count++;
        core_text_copy(image->roles[at].name, CORE_ROLE_SIZE, role->name);
        image->roles[at].epoch = role->epoch;
        image->roles[at].operation = operation == NULL ? 0 : operation->is_held ? 2 : 1;
        image->roles[at].hold = role->hold.is_on;
        image->roles[at].maintenance = role->maintenance.is_on;
        image->roles[at].canary = role->canary != NULL;
        image->roles[at].live = role->live != NULL;
        image->roles[at].previous = role->previous != NULL;
        image->roles[at].cutover_count = role->cutover_count;
        for (size_t j = 0; j < role->cutover_count; j++) {
            image->roles[at].cutover_ids[j] = role->cutovers[j].id;
            image->roles[at].results[j] = role->cutovers[j].result + 1;
        }
        for (size_t j = 0; j < role->set_count; j++) {
            image->sets[image->set_count].digest = role->sets[j]->digest;
            image->sets[image->set_count++].status = role->sets[j]->status + 1;
        }
    }
}

static inline void
world_note(enum world_machine machine, unsigned before, enum core_event_kind kind, unsigned after,
           bool is_named)
{
    if (before != after || is_named) {
        world_edges.is_seen[machine][before][kind][after] = true;
    }
}

static inline unsigned
world_image_status(const struct world_image *image, const struct digest *digest)
{
    for (size_t i = 0; i < image->set_count; i++) {
        if (core_digest_equal(&image->sets[i].digest, digest)) {
            return image->sets[i].status;
        }
    }
    return 0;
}

static inline unsigned
world_image_result(const struct world_image *image, const char *role, uint64_t id)
{
    for (size_t i = 0; i < image->role_count; i++) {
        for (size_t j = 0; j < image->roles[i].cutover_count; j++) {
            if (strcmp(image->roles[i].name, role) == 0 && image->roles[i].cutover_ids[j] == id) {
                return image->roles[i].results[j];
            }
        }
    }
    return 0;
}

static inline size_t
world_image_role(const struct world_image *image, const char *name)
{
    for (size_t i = 0; i < image->role_count; i++) {
        if (strcmp(image->roles[i].name, name) == 0) {
            return i;
        }
    }
    return 3;
}

static inline void
world_note_all(const struct core_event *event, const struct world_image *before,
               const struct world_image *after)
{
    enum core_event_kind kind = event->kind;
    static const struct world_image none;
    for (size_t i = 0; i < after->set_count; i++) {
        const struct digest *digest = &after->sets[i].digest;
        world_note(WORLD_SET, world_image_status(before, digest), kind, after->sets[i].status,
                   core_event_has_field(kind, CORE_FIELD_DIGEST) &&
                       core_digest_equal(digest, &event->digest));
    }
    for (size_t i = 0; i < after->role_count; i++) {
        size_t at = world_image_role(before, after->roles[i].name);
        bool is_named = strcmp(event->role, after->roles[i].name) == 0;
        bool is_moved;
        const struct world_image *old = at == 3 ? &none : before;
        at = at == 3 ? 0 : at;
        is_moved = (kind == CORE_EVENT_CUTOVER_COMMIT || kind == CORE_EVENT_CUTOVER_SWITCH) &&
                   old->roles[at].epoch != after->roles[i].epoch;
        world_note(WORLD_OPERATION, old->roles[at].operation, kind, after->roles[i].operation,
                   is_moved);
        world_note(WORLD_HOLD, old->roles[at].hold, kind, after->roles[i].hold,
                   is_named && kind == CORE_EVENT_HOLD_BEGIN);
        world_note(WORLD_MAINTENANCE, old->roles[at].maintenance, kind, after->roles[i].maintenance,
                   is_named && kind == CORE_EVENT_MAINTENANCE_ON);
        world_note(WORLD_CANARY, old->roles[at].canary, kind, after->roles[i].canary,
                   is_named && kind == CORE_EVENT_WEIGHT_SET);
        world_note(WORLD_LIVE, old->roles[at].live, kind, after->roles[i].live, is_moved);
        world_note(WORLD_PREVIOUS, old->roles[at].previous, kind, after->roles[i].previous,
                   is_moved);
        for (size_t j = 0; j < after->roles[i].cutover_count; j++) {
            world_note(
                WORLD_RESULT,
                world_image_result(before, after->roles[i].name, after->roles[i].cutover_ids[j]),
                kind, after->roles[i].results[j], false);
        }
    }
}

#endif
