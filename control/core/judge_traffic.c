#include <stdio.h>
#include <string.h>
#include "control/core/judge.h"
#include "proxy/base/check.h"

static void
judge_move(struct core_event *event, const char *name, const struct core_role *role,
           const struct digest *to)
{
    struct core_move *move = &event->moves[event->move_count++];
    core_text_copy(move->role, sizeof move->role, name);
    if (role != NULL && role->live != NULL) {
        move->from = role->live->digest;
    }
    move->to = *to;
}

/* Who asks for a cutover or rollback was refused unless every set that it moves to may have the
 * traffic now. In the available order nothing else is to be waited for, and one event says it all:
 * the journal is synced once before the traffic moves. */
static enum core_event_kind
judge_beginning(enum core_kind kind, enum table_order order)
{
    return kind == CORE_KIND_DEPLOY || order != TABLE_ORDER_AVAILABLE ? CORE_EVENT_CUTOVER_BEGIN
                                                                      : CORE_EVENT_CUTOVER_SWITCH;
}

void
judge_begin(const struct judge *judge, enum core_kind kind, enum table_order order,
            const struct core_role *role, const struct digest *to)
{
    const struct core_command *command = judge->command;
    const struct core_role_settings *settings = judge->role_settings;
    struct core_event *event = judge_append(judge, judge_beginning(kind, order));
    event->operation_kind = kind;
    event->order = order;
    event->is_forced = command->is_forced;
    event->ready_timeout_ms =
        command->ready_timeout_ms != 0 ? command->ready_timeout_ms : settings->ready_timeout_ms;
    event->drain_timeout_ms =
        command->drain_timeout_ms != 0 ? command->drain_timeout_ms : settings->drain_timeout_ms;
    event->hold_timeout_ms = settings->hold_timeout_ms;
    judge_move(event, command->role, role, to);
}

/* One role of a cutover: its set can be moved to now. NULL when that was refused; *is_live when
 * there is nothing to do. */
static const struct core_set *
judge_target(const struct judge *judge, const char *name, const char *build, bool *is_live)
{
    const struct core_role *role = core_role_find(judge->state, name);
    const struct core_set *set;
    char text[CORE_NAME_SIZE];
    if (judge_settings(judge, name) == NULL) {
        return NULL;
    }
    set = judge_set(judge, role, build == NULL ? "" : build);
    if (set == NULL || !judge_is_free(judge, role)) {
        return NULL;
    }
    *is_live = set->status == CORE_STATUS_LIVE;
    if (*is_live) {
        return set;
    }
    if (!core_set_is_kept(set) || set->status == CORE_STATUS_RETIRING) {
        judge_refuse(judge, CORE_REFUSAL_SET_GONE, "%s is %s", core_set_name(set, text),
                     core_status_name(set->status));
        return NULL;
    }
    if (!judge_has_no_canary_but(judge, role, set) || !judge_is_ready(judge, set)) {
        return NULL;
    }
    return set;
}

/* The order that serves all roles of the cutover. */
static enum table_order
judge_order(const struct judge *judge)
{
    const struct core_command *command = judge->command;
    enum table_order order = judge->role_settings->order;
    if (command->has_order) {
        return command->order;
    }
    for (size_t i = 0; i < command->move_count; i++) {
        const struct core_role_settings *settings =
            core_settings_find(judge->settings, command->moves[i].role);
        if (settings != NULL && settings->order > order) {
            order = settings->order;
        }
    }
    return order;
}

static bool
judge_is_named_twice(const struct core_command *command, size_t place)
{
    if (strcmp(command->moves[place].role, command->role) == 0) {
        return true;
    }
    for (size_t i = 0; i < place; i++) {
        if (strcmp(command->moves[place].role, command->moves[i].role) == 0) {
            return true;
        }
    }
    return false;
}

bool
judge_is_shared(const struct judge *judge, const struct core_role *role, enum table_order order)
{
    char name[CORE_NAME_SIZE];
    if (order == TABLE_ORDER_AVAILABLE || role->canary == NULL) {
        return false;
    }
    judge_refuse(judge, CORE_REFUSAL_EXCLUSIVE, "%s has a share of the traffic",
                 core_set_name(role->canary, name));
    return true;
}

static bool
judge_further_moves(const struct judge *judge, enum table_order order)
{
    const struct core_command *command = judge->command;
    struct core_event *event = &judge->out->events[0];
    for (size_t i = 0; i < command->move_count; i++) {
        bool is_live = false;
        const struct core_set *set;
        if (judge_is_named_twice(command, i)) {
            return judge_refuse(judge, CORE_REFUSAL_BAD_VALUE, "role %s is named twice",
                                command->moves[i].role);
        }
        set = judge_target(judge, command->moves[i].role, command->moves[i].build, &is_live);
        if (set == NULL || (!is_live && judge_is_shared(judge, set->role, order))) {
            return false;
        }
        if (!is_live) {
            judge_move(event, set->role->name, set->role, &set->digest);
        }
    }
    return true;
}

void
judge_cutover(const struct judge *judge)
{
    const struct core_command *command = judge->command;
    enum table_order order = judge_order(judge);
    bool is_live = false;
    const struct core_set *set;
    if (command->move_count >= CORE_MOVES_MAX) {
        judge_refuse(judge, CORE_REFUSAL_BAD_VALUE, "more than %d roles at once", CORE_MOVES_MAX);
        return;
    }
    set = judge_target(judge, command->role, command->build, &is_live);
    if (set == NULL || (!is_live && judge_is_shared(judge, set->role, order))) {
        return;
    }
    judge->out->set = set->digest;
    judge_begin(judge, CORE_KIND_CUTOVER, order, set->role, &set->digest);
    if (is_live) {
        judge->out->events[0].move_count = 0;
    }
    if (!judge_further_moves(judge, order)) {
        return;
    }
    if (judge->out->events[0].move_count == 0) {
        judge_already(judge, "%s is live on %s already", command->role, set->build);
        return;
    }
    judge_say(judge, "%s moves to %s", command->role, set->build);
}

/* A running operation gives way: its outcome is that it was superseded. */
static void
judge_supersede(const struct judge *judge)
{
    const struct core_operation *operation = judge->role->operation;
    const char *verb = core_command_name(judge->command->kind);
    struct core_event *event;
    if (operation == NULL) {
        return;
    }
    event = judge_append(judge, CORE_EVENT_CUTOVER_ABORT);
    event->cutover = operation->id;
    snprintf(event->reason, sizeof event->reason, "superseded by %s of %s", verb,
             judge->command->by);
    snprintf(event->superseded_by, sizeof event->superseded_by, "%s of %.100s", verb,
             judge->command->by);
}

static bool
judge_can_return(const struct judge *judge, const struct core_set *set)
{
    struct core_set_health health;
    char why[CORE_TEXT_SIZE / 2];
    char name[CORE_NAME_SIZE];
    core_set_name(set, name);
    if (set->status != CORE_STATUS_DRAINING && set->status != CORE_STATUS_DRAINED) {
        return judge_refuse(judge, CORE_REFUSAL_NO_PREVIOUS, "%s is %s, not a set that was left",
                            name, core_status_name(set->status));
    }
    if (judge->command->is_forced) {
        return true;
    }
    if (set->is_bad) {
        return judge_refuse(judge, CORE_REFUSAL_PREVIOUS_BAD, "%s", name);
    }
    core_set_observe(set, judge->observations, judge->role_settings->rise, &health);
    if (health.up == health.instances) {
        return true;
    }
    core_set_explain(set, judge->observations, judge->role_settings->rise, why, sizeof why);
    return judge_refuse(judge, CORE_REFUSAL_PREVIOUS_UNHEALTHY, "%s is %zu/%zu healthy (%s)", name,
                        health.up, health.instances, why);
}

void
judge_rollback(const struct judge *judge)
{
    const struct core_command *command = judge->command;
    const struct core_role *role = judge->role;
    const struct core_set *set = role == NULL ? NULL : role->previous;
    if (command->build != NULL) {
        set = judge_set(judge, role, command->build);
        if (set == NULL) {
            return;
        }
    }
    if (set == NULL) {
        judge_refuse(judge, CORE_REFUSAL_NO_PREVIOUS, "role %s has no previous set", command->role);
        return;
    }
    judge->out->set = set->digest;
    if (set->status == CORE_STATUS_LIVE) {
        judge_already(judge, "%s is live on %s already", command->role, set->build);
        return;
    }
    if (!judge_can_return(judge, set)) {
        return;
    }
    judge_supersede(judge);
    judge_begin(judge, CORE_KIND_ROLLBACK, TABLE_ORDER_AVAILABLE, role, &set->digest);
    judge_say(judge, "%s goes back to %s", command->role, set->build);
}

static void
judge_weight_of(const struct judge *judge, const struct core_set *set, uint64_t weight_bp)
{
    struct core_event *event = judge_append(judge, CORE_EVENT_WEIGHT_SET);
    event->digest = set->digest;
    event->weight_bp = weight_bp;
}

void
judge_abort(const struct judge *judge)
{
    const struct core_role *role = judge->role;
    if (role == NULL || (role->operation == NULL && role->canary == NULL)) {
        judge_already(judge, "nothing runs on role %s", judge->command->role);
        return;
    }
    if (role->operation != NULL) {
        struct core_event *event = judge_append(judge, CORE_EVENT_CUTOVER_ABORT);
        event->cutover = role->operation->id;
        snprintf(event->reason, sizeof event->reason, "aborted by %s", judge->command->by);
        snprintf(event->superseded_by, sizeof event->superseded_by, "abort of %.100s",
                 judge->command->by);
    }
    if (role->canary != NULL) {
        judge_weight_of(judge, role->canary, 0);
    }
    judge_say(judge, "%s: all traffic is on the live set", role->name);
}

static bool
judge_can_share(const struct judge *judge, const struct core_set *set)
{
    char name[CORE_NAME_SIZE];
    core_set_name(set, name);
    if (judge->role_settings->order == TABLE_ORDER_EXCLUSIVE) {
        return judge_refuse(judge, CORE_REFUSAL_EXCLUSIVE, "role %s", set->role->name);
    }
    if (!judge_has_no_canary_but(judge, set->role, set)) {
        return false;
    }
    if (set->status == CORE_STATUS_DRAINING || set->status == CORE_STATUS_DRAINED) {
        return judge_refuse(judge, CORE_REFUSAL_SET_LEFT, "%s", name);
    }
    if (set->status != CORE_STATUS_REGISTERED) {
        return judge_refuse(judge, CORE_REFUSAL_SET_GONE, "%s is %s", name,
                            core_status_name(set->status));
    }
    if (set->role->live == NULL) {
        return judge_refuse(judge, CORE_REFUSAL_NO_LIVE_SET, "role %s", set->role->name);
    }
    return judge_is_ready(judge, set);
}

void
judge_weight(const struct judge *judge)
{
    const struct core_command *command = judge->command;
    const struct core_set *set =
        judge_set(judge, judge->role, command->build == NULL ? "" : command->build);
    uint64_t now = set != NULL && set->role->canary == set ? set->role->weight_bp : 0;
    char name[CORE_NAME_SIZE];
    if (set == NULL) {
        return;
    }
    judge->out->set = set->digest;
    core_set_name(set, name);
    if (command->weight_bp > CORE_WEIGHT_MAX_BP) {
        judge_refuse(judge, CORE_REFUSAL_BAD_VALUE, "weight %llu of at most %d basis points",
                     (unsigned long long)command->weight_bp, CORE_WEIGHT_MAX_BP);
        return;
    }
    if (set->status == CORE_STATUS_LIVE) {
        judge_refuse(judge, CORE_REFUSAL_SET_LIVE, "%s", name);
        return;
    }
    if (!judge_is_free(judge, judge->role)) {
        return;
    }
    if (command->weight_bp == now) {
        judge_already(judge, "%s has that share already", name);
        return;
    }
    if (command->weight_bp == 0 || judge_can_share(judge, set)) {
        judge_weight_of(judge, set, command->weight_bp);
        judge_say(judge, "%s gets %llu.%02llu%%", name,
                  (unsigned long long)command->weight_bp / 100,
                  (unsigned long long)command->weight_bp % 100);
    }
}
