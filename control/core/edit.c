#include "control/core/edit.h"

#include <stdlib.h>
#include <string.h>
#include "proxy/base/check.h"

/* Room for one more pointer behind `count` of them; NULL when out of memory, with the old array
 * still good. */
static void *
edit_grow(void *array, size_t count)
{
    return realloc(array, (count + 1) * sizeof(void *));
}

static size_t
edit_role_place(const struct core_state *state, const char *name)
{
    size_t place = 0;
    while (place < state->role_count && strcmp(state->roles[place]->name, name) < 0) {
        place++;
    }
    return place;
}

struct core_role *
edit_role_ensure(struct core_state *state, const char *name)
{
    struct core_role *role = core_role_find(state, name);
    struct core_role **roles;
    size_t place;
    if (role != NULL || state->role_count >= EDIT_ROLES_MAX) {
        return role;
    }
    roles = edit_grow(state->roles, state->role_count);
    if (roles == NULL) {
        return NULL;
    }
    state->roles = roles;
    role = calloc(1, sizeof *role);
    if (role == NULL) {
        return NULL;
    }
    core_text_copy(role->name, sizeof role->name, name);
    place = edit_role_place(state, name);
    memmove(&roles[place + 1], &roles[place], (state->role_count - place) * sizeof(roles[0]));
    roles[place] = role;
    state->role_count++;
    return role;
}

struct core_set *
edit_set_add(struct core_role *role, const struct core_event *event)
{
    size_t size = event->address_count * sizeof event->addresses[0];
    struct core_set **sets = edit_grow(role->sets, role->set_count);
    struct core_set *set;
    if (sets == NULL) {
        return NULL;
    }
    role->sets = sets;
    set = calloc(1, sizeof *set + size);
    if (set == NULL) {
        return NULL;
    }
    set->role = role;
    set->digest = event->digest;
    core_text_copy(set->build, sizeof set->build, event->build);
    set->address_count = event->address_count;
    memcpy(set->addresses, event->addresses, size);
    sets[role->set_count++] = set;
    return set;
}

void
edit_set_status(struct core_set *set, enum core_status status, const struct core_event *event,
                uint64_t epoch, uint64_t seen_ms)
{
    set->status = status;
    set->status_epoch = epoch;
    set->status_us = event->wall_us;
    set->status_seen_ms = seen_ms;
}

static size_t
edit_role_oldest_finished(const struct core_role *role, size_t *finished)
{
    size_t oldest = role->set_count;
    *finished = 0;
    for (size_t i = 0; i < role->set_count; i++) {
        if (core_set_is_kept(role->sets[i])) {
            continue;
        }
        ++*finished;
        if (oldest == role->set_count ||
            role->sets[i]->status_epoch < role->sets[oldest]->status_epoch) {
            oldest = i;
        }
    }
    return oldest;
}

void
edit_role_prune(struct core_role *role)
{
    size_t finished;
    size_t oldest = edit_role_oldest_finished(role, &finished);
    if (finished <= CORE_FINISHED_MAX) {
        return;
    }
    free(role->sets[oldest]);
    role->set_count--;
    memmove(&role->sets[oldest], &role->sets[oldest + 1],
            (role->set_count - oldest) * sizeof(role->sets[0]));
}

void
edit_role_unweigh(struct core_role *role)
{
    role->canary = NULL;
    role->weight_bp = 0;
}

size_t
edit_role_kept(const struct core_role *role)
{
    size_t kept = 0;
    for (size_t i = 0; i < role->set_count; i++) {
        kept += core_set_is_kept(role->sets[i]) ? 1 : 0;
    }
    return kept;
}

static void
edit_operation_moves(struct core_state *state, struct core_operation *operation,
                     const struct core_event *event)
{
    operation->move_count = event->move_count;
    for (size_t i = 0; i < event->move_count; i++) {
        const struct core_move *move = &event->moves[i];
        struct core_role *role = core_role_find(state, move->role);
        CHECK(role != NULL && role->operation == NULL);
        operation->moves[i].role = role;
        operation->moves[i].from =
            core_digest_is_none(&move->from) ? NULL : core_set_find(state, &move->from);
        operation->moves[i].to = core_set_find(state, &move->to);
        CHECK(operation->moves[i].to != NULL);
        role->operation = operation;
    }
}

struct core_operation *
edit_operation_add(struct core_state *state, const struct core_event *event, uint64_t id,
                   uint64_t seen_ms)
{
    struct core_operation **operations = edit_grow(state->operations, state->operation_count);
    struct core_operation *operation;
    if (operations == NULL) {
        return NULL;
    }
    state->operations = operations;
    operation = calloc(1, sizeof *operation);
    if (operation == NULL) {
        return NULL;
    }
    operation->id = id;
    operation->kind = (enum core_kind)event->operation_kind;
    operation->order = (enum table_order)event->order;
    operation->is_forced = event->is_forced;
    operation->ready_timeout_ms = event->ready_timeout_ms;
    operation->drain_timeout_ms = event->drain_timeout_ms;
    operation->hold_timeout_ms = event->hold_timeout_ms;
    operation->since_us = event->wall_us;
    operation->seen_ms = seen_ms;
    core_text_copy(operation->by, sizeof operation->by, event->by);
    core_text_copy(operation->note, sizeof operation->note, event->note);
    edit_operation_moves(state, operation, event);
    operations[state->operation_count++] = operation;
    return operation;
}

void
edit_operation_remove(struct core_state *state, struct core_operation *operation)
{
    size_t place = 0;
    for (size_t i = 0; i < operation->move_count; i++) {
        operation->moves[i].role->operation = NULL;
    }
    while (state->operations[place] != operation) {
        place++;
    }
    state->operation_count--;
    memmove(&state->operations[place], &state->operations[place + 1],
            (state->operation_count - place) * sizeof(state->operations[0]));
    free(operation);
}

struct core_cutover *
edit_cutover_add(struct core_role *role)
{
    if (role->cutover_count < CORE_CUTOVERS_MAX) {
        role->cutover_count++;
    }
    memmove(&role->cutovers[1], &role->cutovers[0],
            (role->cutover_count - 1) * sizeof role->cutovers[0]);
    memset(&role->cutovers[0], 0, sizeof role->cutovers[0]);
    return &role->cutovers[0];
}
