/* Followers that wait until a role is in a state. */
#include "control/drive/runner_parts.h"

#include <stdio.h>

struct runner_follower *
runner_wait(struct runner *runner, const char *role, enum runner_wait state, const char *build,
            uint64_t timeout_ms, const struct runner_follower_calls *calls, void *arg)
{
    struct runner_follower *follower = follower_new(runner, FOLLOW_STATE, calls, arg);
    if (follower == NULL) {
        return NULL;
    }
    follower->state = state;
    follower->kind_name = "wait";
    core_text_copy(follower->role, sizeof(follower->role), role);
    core_text_copy(follower->build, sizeof(follower->build), build);
    if (timeout_ms == RUNNER_WAIT_AS_ROLE) {
        const struct core_role_settings *settings = core_settings_find(&runner->settings, role);
        timeout_ms = settings == NULL ? 0 : settings->ready_timeout_ms;
    }
    follower->until_ms = timeout_ms == 0 ? 0 : loop_now_ms(runner->loop) + timeout_ms;
    runner_turn_soon(runner);
    return follower;
}

static void
await_refuse(struct runner_follower *follower, enum core_refusal refusal)
{
    follower_refuse(follower, core_refusal_name(refusal), core_refusal_http_status(refusal),
                    core_refusal_meaning(refusal));
}

/* The first look: the role must be configured, the build known. False: it was refused. */
static bool
await_begin(struct runner *runner, struct runner_follower *follower, const struct core_role *role)
{
    struct core_set *set = NULL;
    follower->is_new = false;
    if (core_settings_find(&runner->settings, follower->role) == NULL) {
        await_refuse(follower, CORE_REFUSAL_UNKNOWN_ROLE);
        return false;
    }
    if (follower->state == RUNNER_WAIT_IDLE) {
        return true;
    }
    enum err err = role == NULL ? ERR_NOT_FOUND : core_set_resolve(role, follower->build, &set);
    if (err != ERR_OK) {
        await_refuse(follower, err == ERR_CONFLICT  ? CORE_REFUSAL_AMBIGUOUS_SET
                               : err == ERR_INVALID ? CORE_REFUSAL_BAD_NAME
                                                    : CORE_REFUSAL_UNKNOWN_SET);
        return false;
    }
    follower->digest = set->digest;
    return true;
}

enum await { AWAIT_NOT_YET, AWAIT_REACHED, AWAIT_IMPOSSIBLE };

static enum await
await_ready(const struct runner *runner, const struct core_set *set)
{
    struct core_set_health health;
    const struct core_role_settings *settings =
        core_settings_find(&runner->settings, set->role->name);
    if (!core_set_is_kept(set)) {
        return AWAIT_IMPOSSIBLE;
    }
    core_set_observe(set, &runner->observed, settings->rise, &health);
    bool is_ready = set->status == CORE_STATUS_LIVE ? health.healthy == health.instances
                                                    : health.ready == health.instances;
    return is_ready ? AWAIT_REACHED : AWAIT_NOT_YET;
}

static enum await
await_drained(const struct core_set *set)
{
    switch (set->status) {
    case CORE_STATUS_DRAINED:
    case CORE_STATUS_RETIRED:
    case CORE_STATUS_FAILED:
        return AWAIT_REACHED;
    case CORE_STATUS_REGISTERED:
    case CORE_STATUS_LIVE:
    case CORE_STATUS_DRAINING:
    case CORE_STATUS_RETIRING:
    case CORE_STATUS_COUNT:
    default:
        return AWAIT_NOT_YET;
    }
}

/* No operation runs, no set drains. */
static enum await
await_idle(const struct core_role *role)
{
    for (size_t i = 0; role != NULL && i < role->set_count; i++) {
        if (role->sets[i]->status == CORE_STATUS_DRAINING ||
            role->sets[i]->status == CORE_STATUS_RETIRING) {
            return AWAIT_NOT_YET;
        }
    }
    return role == NULL || role->operation == NULL ? AWAIT_REACHED : AWAIT_NOT_YET;
}

static enum await
await_look(const struct runner *runner, const struct runner_follower *follower,
           const struct core_role *role)
{
    if (follower->state == RUNNER_WAIT_IDLE) {
        return await_idle(role);
    }
    const struct core_set *set = core_set_find(runner->state, &follower->digest);
    if (set == NULL) {
        return follower->state == RUNNER_WAIT_DRAINED ? AWAIT_REACHED : AWAIT_IMPOSSIBLE;
    }
    if (follower->state == RUNNER_WAIT_DRAINED) {
        return await_drained(set);
    }
    if (follower->state == RUNNER_WAIT_READY) {
        return await_ready(runner, set);
    }
    if (set->status == CORE_STATUS_LIVE) {
        return AWAIT_REACHED;
    }
    return core_set_is_kept(set) ? AWAIT_NOT_YET : AWAIT_IMPOSSIBLE;
}

/* The steps of whatever runs on the role meanwhile are told as well. */
static void
await_attach(struct runner_follower *follower, const struct core_role *role)
{
    if (role != NULL && role->operation != NULL && follower->operation != role->operation->id) {
        follower->operation = role->operation->id;
        follower->told = 0;
    }
}

/* Which instances are not ready and why; "" where that is not what is waited for. */
static void
await_explain(const struct runner *runner, const struct runner_follower *follower, char *out,
              size_t capacity)
{
    const struct core_set *set = core_set_find(runner->state, &follower->digest);
    const struct core_role_settings *settings =
        core_settings_find(&runner->settings, follower->role);
    out[0] = '\0';
    if (follower->state == RUNNER_WAIT_READY && set != NULL && settings != NULL) {
        core_set_explain(set, &runner->observed, settings->rise, out, capacity);
    }
}

/* What the drain that was waited for found. */
static void
await_report(const struct runner *runner, struct runner_follower *follower)
{
    const struct core_set *set = core_set_find(runner->state, &follower->digest);
    if (follower->state == RUNNER_WAIT_DRAINED && set != NULL) {
        follower->has_drain = true;
        follower->drain = (struct runner_drain){
            .finished = set->finished, .cut = set->cut, .oldest_age_us = set->oldest_ms * 1000};
    }
}

static void
await_end(struct runner *runner, struct runner_follower *follower, enum await await)
{
    static const char *const states[] = {[RUNNER_WAIT_READY] = "ready",
                                         [RUNNER_WAIT_LIVE] = "live",
                                         [RUNNER_WAIT_DRAINED] = "drained",
                                         [RUNNER_WAIT_IDLE] = "idle"};
    const char *state = states[follower->state];
    char text[CORE_TEXT_SIZE];
    uint64_t epoch = runner_epoch_of(runner, follower->role);
    const char *separator = follower->build[0] == '\0' ? "" : "@";
    if (await == AWAIT_REACHED) {
        snprintf(text, sizeof(text), "%s%s%s is %s", follower->role, separator, follower->build,
                 state);
        await_report(runner, follower);
        follower_end(follower, RUNNER_RESULT_DONE, state, text, epoch);
    } else if (await == AWAIT_IMPOSSIBLE) {
        snprintf(text, sizeof(text), "%s%s%s can no longer be %s: the set is retired or failed",
                 follower->role, separator, follower->build, state);
        follower_end(follower, RUNNER_RESULT_FAILED, "impossible", text, epoch);
    } else {
        char why[CORE_TEXT_SIZE / 2];
        await_explain(runner, follower, why, sizeof(why));
        snprintf(text, sizeof(text), "%s%s%s is not %s yet%s%s; `turnout wait` goes on waiting",
                 follower->role, separator, follower->build, state, why[0] == '\0' ? "" : ": ",
                 why);
        follower_end(follower, RUNNER_RESULT_UNKNOWN, "timeout", text, epoch);
    }
}

void
awaits_look(struct runner *runner)
{
    uint64_t now_ms = loop_now_ms(runner->loop);
    for (struct list *node = runner->followers.next; node != &runner->followers;
         node = node->next) {
        struct runner_follower *follower = LIST_ITEM(node, struct runner_follower, node);
        if (follower->kind != FOLLOW_STATE || follower->has_end || follower->is_freed) {
            continue;
        }
        const struct core_role *role = core_role_find(runner->state, follower->role);
        if (follower->is_new && !await_begin(runner, follower, role)) {
            continue;
        }
        await_attach(follower, role);
        enum await await = await_look(runner, follower, role);
        if (await != AWAIT_NOT_YET || (follower->until_ms != 0 && now_ms >= follower->until_ms)) {
            await_end(runner, follower, await);
        }
    }
}

uint64_t
awaits_deadline(const struct runner *runner)
{
    uint64_t soonest = UINT64_MAX;
    for (struct list *node = runner->followers.next; node != &runner->followers;
         node = node->next) {
        const struct runner_follower *follower = LIST_ITEM(node, struct runner_follower, node);
        bool waits = follower->kind == FOLLOW_STATE && !follower->has_end && !follower->is_freed;
        if (waits && follower->until_ms != 0 && follower->until_ms < soonest) {
            soonest = follower->until_ms;
        }
    }
    return soonest;
}
