#include <string.h>
#include "control/core/edit.h"
#include "control/core/state.h"
#include "proxy/base/check.h"

static bool
check_addresses(const struct core_event *event)
{
    char text[CORE_ADDRESS_SIZE];
    if (event->address_count == 0 || event->address_count > CORE_ADDRESSES_MAX) {
        return false;
    }
    for (size_t i = 0; i < event->address_count; i++) {
        if (core_address_normalize(event->addresses[i], text) != ERR_OK ||
            strcmp(text, event->addresses[i]) != 0) {
            return false;
        }
        if (i > 0 && strcmp(event->addresses[i - 1], text) >= 0) {
            return false;
        }
    }
    return true;
}

enum err
edit_check_set(const struct core_event *event)
{
    struct digest digest;
    if (!core_role_name_is_valid(event->role) || !core_build_name_is_valid(event->build) ||
        !check_addresses(event)) {
        return ERR_INVALID;
    }
    core_set_digest(event->role, event->build, event->addresses, event->address_count, &digest);
    return core_digest_equal(&digest, &event->digest) ? ERR_OK : ERR_INVALID;
}

/* The set that the event is about, in the role that it names. */
static enum err
check_find(const struct core_state *state, const struct core_event *event,
           const struct core_set **out)
{
    const struct core_set *set = core_set_find(state, &event->digest);
    if (set == NULL || strcmp(set->role->name, event->role) != 0) {
        return ERR_NOT_FOUND;
    }
    *out = set;
    return ERR_OK;
}

static bool
check_is_moved(const struct core_set *set)
{
    const struct core_operation *operation = set->role->operation;
    for (size_t i = 0; operation != NULL && i < operation->move_count; i++) {
        if (operation->moves[i].from == set || operation->moves[i].to == set) {
            return true;
        }
    }
    return false;
}

static enum err
check_registered(const struct core_state *state, const struct core_event *event)
{
    const struct core_role *role = core_role_find(state, event->role);
    const struct core_set *set;
    enum err err = edit_check_set(event);
    if (err != ERR_OK) {
        return err;
    }
    if (role == NULL) {
        return state->role_count < EDIT_ROLES_MAX ? ERR_OK : ERR_LIMIT;
    }
    set = core_set_find(state, &event->digest);
    if (set != NULL && (set->status == CORE_STATUS_LIVE || check_is_moved(set))) {
        return ERR_CONFLICT;
    }
    if (set != NULL && core_set_is_kept(set)) {
        return ERR_OK;
    }
    return edit_role_kept(role) < CORE_SETS_MAX ? ERR_OK : ERR_LIMIT;
}

static enum err
check_drain(const struct core_state *state, const struct core_event *event)
{
    const struct core_set *set;
    enum err err = check_find(state, event, &set);
    if (err != ERR_OK) {
        return err;
    }
    if ((set->status != CORE_STATUS_REGISTERED && set->status != CORE_STATUS_LIVE) ||
        check_is_moved(set)) {
        return ERR_CONFLICT;
    }
    return ERR_OK;
}

static enum err
check_status(const struct core_state *state, const struct core_event *event,
             enum core_status status)
{
    const struct core_set *set;
    enum err err = check_find(state, event, &set);
    if (err != ERR_OK) {
        return err;
    }
    return set->status == status ? ERR_OK : ERR_CONFLICT;
}

static enum err
check_retire(const struct core_state *state, const struct core_event *event)
{
    const struct core_set *set;
    enum err err = check_find(state, event, &set);
    if (err != ERR_OK) {
        return err;
    }
    if ((set->status != CORE_STATUS_REGISTERED && set->status != CORE_STATUS_DRAINING &&
         set->status != CORE_STATUS_DRAINED) ||
        set->role->canary == set || check_is_moved(set)) {
        return ERR_CONFLICT;
    }
    return ERR_OK;
}

static enum err
check_move(const struct core_state *state, const struct core_move *move)
{
    const struct core_role *role = core_role_find(state, move->role);
    const struct core_set *to = core_set_find(state, &move->to);
    const struct core_set *from = core_set_find(state, &move->from);
    if (role == NULL || to == NULL || to->role != role) {
        return ERR_NOT_FOUND;
    }
    if (role->operation != NULL || from != role->live ||
        (from == NULL && !core_digest_is_none(&move->from))) {
        return ERR_CONFLICT;
    }
    if (to->status != CORE_STATUS_REGISTERED && to->status != CORE_STATUS_DRAINING &&
        to->status != CORE_STATUS_DRAINED) {
        return ERR_CONFLICT;
    }
    return ERR_OK;
}

enum err
edit_check_moves(const struct core_state *state, const struct core_event *event)
{
    if (event->operation_kind >= CORE_KIND_COUNT || event->order > TABLE_ORDER_EXCLUSIVE ||
        event->move_count == 0 || event->move_count > CORE_MOVES_MAX) {
        return ERR_INVALID;
    }
    for (size_t i = 0; i < event->move_count; i++) {
        enum err err = check_move(state, &event->moves[i]);
        if (err != ERR_OK) {
            return err;
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(event->moves[i].role, event->moves[j].role) == 0) {
                return ERR_INVALID;
            }
        }
    }
    return ERR_OK;
}

/* Beside the live set and the one moved to, no third one has traffic; a rollback takes it away. */
static enum err
check_begin(const struct core_state *state, const struct core_event *event)
{
    enum err err = edit_check_moves(state, event);
    if (err != ERR_OK || event->operation_kind == CORE_KIND_ROLLBACK) {
        return err;
    }
    for (size_t i = 0; i < event->move_count; i++) {
        const struct core_role *role = core_role_find(state, event->moves[i].role);
        if (role->canary != NULL &&
            !core_digest_equal(&role->canary->digest, &event->moves[i].to)) {
            return ERR_CONFLICT;
        }
    }
    return ERR_OK;
}

/* What begins and commits at once must be what a begin may be, and need nothing in between: a
 * deploy waits for its set, and any order but the available one for a hold. */
static enum err
check_switch(const struct core_state *state, const struct core_event *event)
{
    if (event->operation_kind == CORE_KIND_DEPLOY || event->order != TABLE_ORDER_AVAILABLE) {
        return ERR_INVALID;
    }
    return check_begin(state, event);
}

/* The running operation that the event speaks of; ERR_CONFLICT when it has its outcome. */
static enum err
check_running(const struct core_state *state, const struct core_event *event,
              const struct core_operation **out)
{
    const struct core_operation *operation = core_operation_find(state, event->cutover);
    if (operation != NULL) {
        *out = operation;
        return ERR_OK;
    }
    for (size_t i = 0; i < state->role_count; i++) {
        if (core_cutover_find(state->roles[i], event->cutover) != NULL) {
            return ERR_CONFLICT;
        }
    }
    return ERR_NOT_FOUND;
}

static enum err
check_step(const struct core_state *state, const struct core_event *event)
{
    const struct core_operation *operation = NULL;
    enum err err = check_running(state, event, &operation);
    if (err != ERR_OK || event->kind == CORE_EVENT_CUTOVER_ABORT) {
        return err;
    }
    /* A hold where none is wanted, a second one, or a commit that needs one and has none. */
    if (operation->order == TABLE_ORDER_AVAILABLE) {
        return event->kind == CORE_EVENT_CUTOVER_COMMIT ? ERR_OK : ERR_CONFLICT;
    }
    return operation->is_held == (event->kind == CORE_EVENT_CUTOVER_COMMIT) ? ERR_OK : ERR_CONFLICT;
}

static enum err
check_finished(const struct core_state *state, const struct core_event *event)
{
    enum err err = ERR_NOT_FOUND;
    for (size_t i = 0; i < state->role_count; i++) {
        const struct core_cutover *cutover = core_cutover_find(state->roles[i], event->cutover);
        if (cutover == NULL) {
            continue;
        }
        if (cutover->result == CORE_RESULT_COMMITTED) {
            return ERR_OK;
        }
        err = ERR_CONFLICT;
    }
    return err;
}

static enum err
check_weight(const struct core_state *state, const struct core_event *event)
{
    const struct core_set *set;
    enum err err = check_find(state, event, &set);
    if (err != ERR_OK) {
        return err;
    }
    if (event->weight_bp > 10000) {
        return ERR_INVALID;
    }
    if (event->weight_bp == 0) {
        return set->role->canary == set ? ERR_OK : ERR_CONFLICT;
    }
    if (set->status != CORE_STATUS_REGISTERED || set->role->live == NULL ||
        set->role->operation != NULL || (set->role->canary != NULL && set->role->canary != set)) {
        return ERR_CONFLICT;
    }
    return ERR_OK;
}

/* What may be said of a role that no event named before. */
static enum err
check_any_role(const struct core_state *state, const struct core_event *event)
{
    if (!core_role_name_is_valid(event->role) ||
        (event->kind == CORE_EVENT_HOLD_BEGIN && event->max_ms == 0)) {
        return ERR_INVALID;
    }
    if (core_role_find(state, event->role) == NULL && state->role_count >= EDIT_ROLES_MAX) {
        return ERR_LIMIT;
    }
    return ERR_OK;
}

static enum err
check_role_is(const struct core_state *state, const struct core_event *event)
{
    const struct core_role *role = core_role_find(state, event->role);
    bool is_so;
    if (role == NULL) {
        return ERR_NOT_FOUND;
    }
    is_so = event->kind == CORE_EVENT_HOLD_END ? role->hold.is_on : role->maintenance.is_on;
    return is_so ? ERR_OK : ERR_CONFLICT;
}

static enum err
check_founded(const struct core_state *state, const struct core_event *event)
{
    if (event->cluster[0] == '\0') {
        return ERR_INVALID;
    }
    return state->cluster[0] == '\0' ? ERR_OK : ERR_CONFLICT;
}

enum err
core_check(const struct core_state *state, const struct core_event *event)
{
    switch (event->kind) {
    case CORE_EVENT_JOURNAL_FOUNDED:
        return check_founded(state, event);
    case CORE_EVENT_SET_REGISTERED:
        return check_registered(state, event);
    case CORE_EVENT_SET_DRAIN:
        return check_drain(state, event);
    case CORE_EVENT_SET_DRAINED:
        return check_status(state, event, CORE_STATUS_DRAINING);
    case CORE_EVENT_SET_RETIRE:
        return check_retire(state, event);
    case CORE_EVENT_SET_RETIRED:
        return check_status(state, event, CORE_STATUS_RETIRING);
    case CORE_EVENT_CUTOVER_BEGIN:
        return check_begin(state, event);
    case CORE_EVENT_CUTOVER_SWITCH:
        return check_switch(state, event);
    case CORE_EVENT_CUTOVER_HOLD:
    case CORE_EVENT_CUTOVER_COMMIT:
    case CORE_EVENT_CUTOVER_ABORT:
        return check_step(state, event);
    case CORE_EVENT_CUTOVER_FINISHED:
        return check_finished(state, event);
    case CORE_EVENT_WEIGHT_SET:
        return check_weight(state, event);
    case CORE_EVENT_HOLD_BEGIN:
    case CORE_EVENT_MAINTENANCE_ON:
        return check_any_role(state, event);
    case CORE_EVENT_HOLD_END:
    case CORE_EVENT_MAINTENANCE_OFF:
        return check_role_is(state, event);
    case CORE_EVENT_SNAPSHOT_STATE:
    case CORE_EVENT_SNAPSHOT_SET:
    case CORE_EVENT_SNAPSHOT_ROLE:
    case CORE_EVENT_SNAPSHOT_CUTOVER:
    case CORE_EVENT_SNAPSHOT_OPERATION:
        return edit_restore_check(state, event);
    case CORE_EVENT_COUNT:
        break;
    }
    return ERR_INVALID;
}
