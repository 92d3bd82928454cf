#include <string.h>
#include "control/core/judge.h"
#include "proxy/base/check.h"

/* A set as the command describes it: what would be registered. */
struct judge_new {
    char addresses[CORE_ADDRESSES_MAX][CORE_ADDRESS_SIZE];
    struct digest digest;
    const struct core_set *known; /* of the same digest, or NULL */
};

static bool
judge_addresses(const struct judge *judge, struct judge_new *new)
{
    const struct core_command *command = judge->command;
    if (command->address_count == 0 || command->address_count > CORE_ADDRESSES_MAX) {
        return judge_refuse(judge, CORE_REFUSAL_BAD_ADDRESS, "%zu addresses (1 to %d)",
                            command->address_count, CORE_ADDRESSES_MAX);
    }
    for (size_t i = 0; i < command->address_count; i++) {
        if (core_address_normalize(command->addresses[i], new->addresses[i]) != ERR_OK) {
            return judge_refuse(judge, CORE_REFUSAL_BAD_ADDRESS, "\"%.120s\"",
                                command->addresses[i]);
        }
    }
    core_addresses_sort(new->addresses, command->address_count);
    for (size_t i = 1; i < command->address_count; i++) {
        if (strcmp(new->addresses[i - 1], new->addresses[i]) == 0) {
            return judge_refuse(judge, CORE_REFUSAL_BAD_ADDRESS, "%s twice", new->addresses[i]);
        }
    }
    return true;
}

static bool
judge_build_is_distinct(const struct judge *judge)
{
    const struct core_role *role = judge->role;
    const char *build = judge->command->build;
    for (size_t i = 0; role != NULL && i < role->set_count; i++) {
        const struct core_set *set = role->sets[i];
        if (core_set_is_kept(set) && strcmp(set->build, build) != 0 &&
            span_equal_nocase(span_of(set->build), span_of(build))) {
            return judge_refuse(judge, CORE_REFUSAL_BUILD_CASE, "%s and %s", build, set->build);
        }
    }
    return true;
}

static bool
judge_new_set(const struct judge *judge, struct judge_new *new)
{
    const struct core_command *command = judge->command;
    if (command->build == NULL || !core_build_name_is_valid(command->build)) {
        return judge_refuse(judge, CORE_REFUSAL_BAD_NAME, "build \"%.160s\"",
                            command->build == NULL ? "" : command->build);
    }
    if (!judge_addresses(judge, new) || !judge_build_is_distinct(judge)) {
        return false;
    }
    core_set_digest(command->role, command->build, new->addresses, command->address_count,
                    &new->digest);
    new->known = core_set_find(judge->state, &new->digest);
    judge->out->set = new->digest;
    return true;
}

static bool
judge_has_room(const struct judge *judge, const struct core_set *known)
{
    size_t kept = 0;
    if (judge->role == NULL || (known != NULL && core_set_is_kept(known))) {
        return true;
    }
    for (size_t i = 0; i < judge->role->set_count; i++) {
        kept += core_set_is_kept(judge->role->sets[i]) ? 1 : 0;
    }
    if (kept < CORE_SETS_MAX) {
        return true;
    }
    return judge_refuse(judge, CORE_REFUSAL_TOO_MANY_SETS, "role %s holds %zu sets",
                        judge->role->name, kept);
}

static bool
judge_register(const struct judge *judge, const struct judge_new *new)
{
    struct core_event *event = judge_append(judge, CORE_EVENT_SET_REGISTERED);
    core_text_copy(event->build, sizeof event->build, judge->command->build);
    event->digest = new->digest;
    if (core_event_set_addresses(event, new->addresses, judge->command->address_count) != ERR_OK) {
        return judge_refuse(judge, CORE_REFUSAL_NO_MEMORY, "set.registered");
    }
    return true;
}

void
judge_deploy(const struct judge *judge)
{
    const struct core_command *command = judge->command;
    enum table_order order = command->has_order ? command->order : judge->role_settings->order;
    struct judge_new new;
    if (!judge_new_set(judge, &new)) {
        return;
    }
    if (new.known != NULL &&new.known->status == CORE_STATUS_LIVE && !judge_is_moved(new.known)) {
        judge_already(judge, "%s is live on %s already", command->role, command->build);
        return;
    }
    if (!judge_is_free(judge, judge->role) ||
        !judge_has_no_canary_but(judge, judge->role, new.known) ||
        !judge_has_room(judge, new.known) ||
        (judge->role != NULL && judge_is_shared(judge, judge->role, order))) {
        return;
    }
    /* Who serves a share of the traffic is warm; warming it anew would only make it wait. */
    if ((new.known == NULL || new.known->role->canary != new.known) &&
        !judge_register(judge, &new)) {
        return;
    }
    judge_begin(judge, CORE_KIND_DEPLOY, order, judge->role, &new.digest);
    judge_say(judge, "%s is to go live on %s", command->role, command->build);
}

void
judge_set_add(const struct judge *judge)
{
    struct judge_new new;
    if (!judge_new_set(judge, &new)) {
        return;
    }
    if (new.known != NULL && core_set_is_kept(new.known) &&
        new.known->status != CORE_STATUS_RETIRING) {
        judge_already(judge, "%s@%s is %s already", judge->command->role, judge->command->build,
                      core_status_name(new.known->status));
        return;
    }
    if (judge_has_room(judge, new.known) && judge_register(judge, &new)) {
        judge_say(judge, "%s@%s is registered", judge->command->role, judge->command->build);
    }
}

/* The named set, if it may be taken out of use. */
static const struct core_set *
judge_unused_set(const struct judge *judge)
{
    const char *build = judge->command->build == NULL ? "" : judge->command->build;
    const struct core_set *set = judge_set(judge, judge->role, build);
    char name[CORE_NAME_SIZE];
    if (set == NULL) {
        return NULL;
    }
    judge->out->set = set->digest;
    core_set_name(set, name);
    if (judge_is_moved(set)) {
        judge_is_free(judge, judge->role);
        return NULL;
    }
    if (set->status == CORE_STATUS_LIVE && !judge->command->is_forced) {
        judge_refuse(judge, CORE_REFUSAL_SET_LIVE, "%s", name);
        return NULL;
    }
    return set;
}

static uint64_t
judge_drain_timeout(const struct judge *judge)
{
    return judge->command->drain_timeout_ms != 0 ? judge->command->drain_timeout_ms
                                                 : judge->role_settings->drain_timeout_ms;
}

void
judge_set_remove(const struct judge *judge)
{
    const struct core_set *set = judge_unused_set(judge);
    struct core_event *event;
    char name[CORE_NAME_SIZE];
    if (set == NULL) {
        return;
    }
    core_set_name(set, name);
    if (set->status == CORE_STATUS_LIVE) {
        judge_refuse(judge, CORE_REFUSAL_SET_LIVE, "%s", name);
        return;
    }
    if (set->role->canary == set) {
        judge_refuse(judge, CORE_REFUSAL_SET_IN_USE, "%s", name);
        return;
    }
    if (!core_set_is_kept(set) || set->status == CORE_STATUS_RETIRING) {
        judge_already(judge, "%s is %s already", name, core_status_name(set->status));
        return;
    }
    event = judge_append(judge, CORE_EVENT_SET_RETIRE);
    event->digest = set->digest;
    event->drain_timeout_ms = judge_drain_timeout(judge);
    core_text_copy(event->reason, sizeof event->reason, "removed");
    judge_say(judge, "%s retires", name);
}

void
judge_drain(const struct judge *judge)
{
    const struct core_set *set = judge_unused_set(judge);
    struct core_event *event;
    char name[CORE_NAME_SIZE];
    if (set == NULL) {
        return;
    }
    core_set_name(set, name);
    if (set->status != CORE_STATUS_REGISTERED && set->status != CORE_STATUS_LIVE) {
        judge_already(judge, "%s is %s already", name, core_status_name(set->status));
        return;
    }
    event = judge_append(judge, CORE_EVENT_SET_DRAIN);
    event->digest = set->digest;
    event->drain_timeout_ms = judge_drain_timeout(judge);
    judge_say(judge, "%s drains", name);
}
