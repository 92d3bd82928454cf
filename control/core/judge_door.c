#include "control/core/judge.h"

enum { JUDGE_RETRY_AFTER_MAX_S = 30 * 24 * 3600 };

static const uint64_t judge_hold_most_ms = UINT64_C(24) * 3600 * 1000;

void
judge_hold(const struct judge *judge)
{
    const struct core_command *command = judge->command;
    struct core_event *event;
    if (command->hold_max_ms > judge_hold_most_ms || command->hold_for_ms > judge_hold_most_ms) {
        judge_refuse(judge, CORE_REFUSAL_BAD_VALUE, "a hold of more than 24 hours");
        return;
    }
    event = judge_append(judge, CORE_EVENT_HOLD_BEGIN);
    event->max_ms =
        command->hold_max_ms != 0 ? command->hold_max_ms : judge->role_settings->hold_max_ms;
    event->for_ms = command->hold_for_ms != 0 ? command->hold_for_ms : CORE_HOLD_FOR_DEFAULT_MS;
    if (event->max_ms == 0) {
        judge_refuse(judge, CORE_REFUSAL_BAD_VALUE, "a hold in which nothing may wait");
        return;
    }
    judge_say(judge, "%s holds new requests", command->role);
}

void
judge_resume(const struct judge *judge)
{
    const struct core_role *role = judge->role;
    struct core_event *event;
    if (role != NULL && role->hold.is_on) {
        event = judge_append(judge, CORE_EVENT_HOLD_END);
        core_text_copy(event->reason, sizeof event->reason, "resumed");
        judge_say(judge, "%s goes on", role->name);
        return;
    }
    if (role != NULL && role->operation != NULL && role->operation->is_held) {
        judge_refuse(judge, CORE_REFUSAL_HELD_BY_CUTOVER, "%s %llu by %s",
                     core_kind_name(role->operation->kind), (unsigned long long)role->operation->id,
                     role->operation->by);
        return;
    }
    judge_already(judge, "%s is not held", judge->command->role);
}

void
judge_maintenance(const struct judge *judge)
{
    const struct core_command *command = judge->command;
    const struct core_role *role = judge->role;
    struct core_event *event;
    if (command->kind == CORE_COMMAND_MAINTENANCE_OFF) {
        if (role == NULL || !role->maintenance.is_on) {
            judge_already(judge, "%s is not in maintenance", command->role);
            return;
        }
        judge_append(judge, CORE_EVENT_MAINTENANCE_OFF);
        judge_say(judge, "%s is served again", command->role);
        return;
    }
    if (command->retry_after_s > JUDGE_RETRY_AFTER_MAX_S) {
        judge_refuse(judge, CORE_REFUSAL_BAD_VALUE, "retry-after of more than 30 days");
        return;
    }
    event = judge_append(judge, CORE_EVENT_MAINTENANCE_ON);
    event->retry_after_s = command->retry_after_s;
    core_text_copy(event->message, sizeof event->message,
                   command->message == NULL ? "" : command->message);
    judge_say(judge, "%s is in maintenance", command->role);
}
