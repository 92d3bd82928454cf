#include "control/core/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "control/core/judge.h"
#include "proxy/base/check.h"

bool
judge_refuse(const struct judge *judge, enum core_refusal refusal, const char *format, ...)
{
    struct core_outcome *out = judge->out;
    char found[CORE_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(found, sizeof found, format, arguments);
    va_end(arguments);
    core_outcome_fini(out);
    out->answer = CORE_ANSWER_REFUSED;
    out->refusal = refusal;
    snprintf(out->text, sizeof out->text, "%s: %s", found, core_refusal_meaning(refusal));
    return false;
}

bool
judge_already(const struct judge *judge, const char *format, ...)
{
    va_list arguments;
    core_outcome_fini(judge->out);
    judge->out->answer = CORE_ANSWER_ALREADY;
    va_start(arguments, format);
    vsnprintf(judge->out->text, sizeof judge->out->text, format, arguments);
    va_end(arguments);
    return false;
}

void
judge_say(const struct judge *judge, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(judge->out->text, sizeof judge->out->text, format, arguments);
    va_end(arguments);
}

struct core_event *
judge_append(const struct judge *judge, enum core_event_kind kind)
{
    const struct core_command *command = judge->command;
    struct core_outcome *out = judge->out;
    struct core_event *event;
    CHECK(out->event_count < CORE_OUTCOME_EVENTS_MAX);
    event = &out->events[out->event_count++];
    core_event_init(event, kind);
    event->wall_us = judge->wall_us;
    core_text_copy(event->by, sizeof event->by, command->by);
    core_text_copy(event->claimed, sizeof event->claimed,
                   command->claimed == NULL ? "" : command->claimed);
    core_text_copy(event->note, sizeof event->note, command->note == NULL ? "" : command->note);
    if (core_event_has_field(kind, CORE_FIELD_ROLE)) {
        core_text_copy(event->role, sizeof event->role, command->role);
    }
    out->answer = CORE_ANSWER_APPEND;
    return event;
}

const struct core_set *
judge_set(const struct judge *judge, const struct core_role *role, const char *name)
{
    struct core_set *set = NULL;
    enum err err = role == NULL ? ERR_NOT_FOUND : core_set_resolve(role, name, &set);
    if (err == ERR_INVALID || (role == NULL && name[0] == '\0')) {
        judge_refuse(judge, CORE_REFUSAL_BAD_NAME, "\"%.160s\"", name);
    } else if (err == ERR_CONFLICT) {
        judge_refuse(judge, CORE_REFUSAL_AMBIGUOUS_SET, "\"%.160s\"", name);
    } else if (err != ERR_OK) {
        judge_refuse(judge, CORE_REFUSAL_UNKNOWN_SET, "no set \"%.160s\" of role %s", name,
                     role == NULL ? judge->command->role : role->name);
    }
    return set;
}

bool
judge_is_free(const struct judge *judge, const struct core_role *role)
{
    const struct core_operation *operation = role == NULL ? NULL : role->operation;
    if (operation == NULL) {
        return true;
    }
    judge_refuse(judge, CORE_REFUSAL_BUSY, "%s %llu by %s runs on role %s",
                 core_kind_name(operation->kind), (unsigned long long)operation->id, operation->by,
                 role->name);
    judge->out->busy_with = operation->id;
    return false;
}

bool
judge_is_ready(const struct judge *judge, const struct core_set *set)
{
    const struct core_role_settings *settings =
        core_settings_find(judge->settings, set->role->name);
    struct core_set_health health;
    char why[CORE_TEXT_SIZE / 2];
    char name[CORE_NAME_SIZE];
    core_set_observe(set, judge->observations, settings->rise, &health);
    if (health.ready == health.instances) {
        return true;
    }
    core_set_explain(set, judge->observations, settings->rise, why, sizeof why);
    return judge_refuse(judge, CORE_REFUSAL_NOT_READY, "%s is %zu/%zu ready (%s)",
                        core_set_name(set, name), health.ready, health.instances, why);
}

bool
judge_has_no_canary_but(const struct judge *judge, const struct core_role *role,
                        const struct core_set *set)
{
    char name[CORE_NAME_SIZE];
    if (role == NULL || role->canary == NULL || role->canary == set) {
        return true;
    }
    return judge_refuse(judge, CORE_REFUSAL_CANARY, "%s has %u.%02u%% of the traffic",
                        core_set_name(role->canary, name), role->weight_bp / 100,
                        role->weight_bp % 100);
}

bool
judge_is_moved(const struct core_set *set)
{
    const struct core_operation *operation = set->role->operation;
    for (size_t i = 0; operation != NULL && i < operation->move_count; i++) {
        if (operation->moves[i].from == set || operation->moves[i].to == set) {
            return true;
        }
    }
    return false;
}

const struct core_role_settings *
judge_settings(const struct judge *judge, const char *role)
{
    const struct core_role_settings *settings = core_settings_find(judge->settings, role);
    if (settings == NULL) {
        judge_refuse(judge, CORE_REFUSAL_UNKNOWN_ROLE, "no role \"%.64s\"", role);
    }
    return settings;
}

/* Whether nothing happened to the role since the operator looked. */
static bool
judge_is_expected(const struct judge *judge, const char *name)
{
    const struct core_role *role = core_role_find(judge->state, name);
    if (!judge->command->has_expect_epoch || role == NULL ||
        role->epoch <= judge->command->expect_epoch) {
        return true;
    }
    return judge_refuse(
        judge, CORE_REFUSAL_EPOCH_MOVED, "role %s is at epoch %llu, %llu was expected", name,
        (unsigned long long)role->epoch, (unsigned long long)judge->command->expect_epoch);
}

static bool
judge_texts_fit(const struct judge *judge)
{
    const struct core_command *command = judge->command;
    const char *note = command->note == NULL ? "" : command->note;
    const char *message = command->message == NULL ? "" : command->message;
    if (strlen(note) >= CORE_TEXT_SIZE || strlen(message) >= CORE_TEXT_SIZE) {
        return judge_refuse(judge, CORE_REFUSAL_BAD_VALUE,
                            "a note or message has more than %d bytes", CORE_TEXT_SIZE - 1);
    }
    if (command->has_order && command->order == TABLE_ORDER_STRICT) {
        return judge_refuse(judge, CORE_REFUSAL_ORDER_LATER, "order strict");
    }
    return true;
}

static bool
judge_prepare(struct judge *judge)
{
    judge->role_settings = judge_settings(judge, judge->command->role);
    if (judge->role_settings == NULL || !judge_texts_fit(judge) ||
        !judge_is_expected(judge, judge->command->role)) {
        return false;
    }
    for (size_t i = 0; i < judge->command->move_count; i++) {
        if (!judge_is_expected(judge, judge->command->moves[i].role)) {
            return false;
        }
    }
    judge->role = core_role_find(judge->state, judge->command->role);
    return true;
}

typedef void (*judge_fn)(const struct judge *judge);

static const judge_fn judge_table[CORE_COMMAND_COUNT] = {
    [CORE_COMMAND_DEPLOY] = judge_deploy,
    [CORE_COMMAND_SET_ADD] = judge_set_add,
    [CORE_COMMAND_SET_REMOVE] = judge_set_remove,
    [CORE_COMMAND_CUTOVER] = judge_cutover,
    [CORE_COMMAND_ROLLBACK] = judge_rollback,
    [CORE_COMMAND_ABORT] = judge_abort,
    [CORE_COMMAND_WEIGHT] = judge_weight,
    [CORE_COMMAND_HOLD] = judge_hold,
    [CORE_COMMAND_RESUME] = judge_resume,
    [CORE_COMMAND_MAINTENANCE_ON] = judge_maintenance,
    [CORE_COMMAND_MAINTENANCE_OFF] = judge_maintenance,
    [CORE_COMMAND_DRAIN] = judge_drain,
};

void
core_command(const struct core_state *state, const struct core_settings *settings,
             const struct core_observations *observations, uint64_t wall_us,
             const struct core_command *command, struct core_outcome *out)
{
    struct judge judge = {.state = state,
                          .settings = settings,
                          .observations = observations,
                          .command = command,
                          .wall_us = wall_us,
                          .out = out};
    CHECK(command->kind < CORE_COMMAND_COUNT);
    memset(out, 0, sizeof *out);
    if (!judge_prepare(&judge)) {
        return;
    }
    judge_table[command->kind](&judge);
    if (out->answer == CORE_ANSWER_APPEND && !observations->is_journal_well) {
        judge_refuse(&judge, CORE_REFUSAL_JOURNAL, "%s",
                     observations->journal_trouble == NULL ? "the last append failed"
                                                           : observations->journal_trouble);
    }
}

void
core_outcome_fini(struct core_outcome *outcome)
{
    for (size_t i = 0; i < outcome->event_count; i++) {
        core_event_fini(&outcome->events[i]);
    }
    outcome->event_count = 0;
}
