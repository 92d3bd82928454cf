/* Followers: each is told, at the end of a turn, what happened to what it follows. */
#include "control/drive/runner_parts.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/base/clock.h"

struct runner_follower *
follower_new(struct runner *runner, enum follow_kind kind,
             const struct runner_follower_calls *calls, void *arg)
{
    struct runner_follower *follower = calloc(1, sizeof(*follower));
    if (follower == NULL) {
        return NULL;
    }
    follower->runner = runner;
    follower->kind = kind;
    follower->calls = *calls;
    follower->arg = arg;
    follower->is_new = true;
    list_add_last(&runner->followers, &follower->node);
    return follower;
}

static void
follower_release(struct runner_follower *follower)
{
    list_remove(&follower->node);
    free(follower);
}

void
runner_follower_free(struct runner_follower *follower)
{
    if (follower == NULL) {
        return;
    }
    struct runner *runner = follower->runner;
    struct job *job = follower->job;
    if (job != NULL) {
        job->follower = NULL;
        follower->job = NULL;
        if (!list_is_empty(&job->node)) {
            job_free(job); /* not judged yet: dropped */
        }
    }
    follower->is_freed = true;
    if (!runner->is_telling) {
        follower_release(follower);
    }
}

void
follower_end(struct runner_follower *follower, enum runner_result result, const char *name,
             const char *text, uint64_t epoch)
{
    follower->has_end = true;
    follower->result = result;
    follower->end_name = name;
    follower->end_epoch = epoch;
    core_text_copy(follower->text, sizeof(follower->text), text);
}

void
follower_refuse(struct runner_follower *follower, const char *code, int status, const char *text)
{
    follower->has_end = true;
    follower->is_refused = true;
    follower->code = code;
    follower->status = status;
    core_text_copy(follower->text, sizeof(follower->text), text);
}

static void
tell_step(struct runner_follower *follower, const struct operation *operation, size_t index)
{
    const struct kept_step *kept = &operation->steps[index];
    bool is_last =
        operation->is_over && index + 1 == operation->step_count && follower->kind != FOLLOW_STATE;
    struct runner_step step = {
        .operation = operation->id_text,
        .kind = core_kind_name(operation->kind),
        .role = operation->role,
        .name = kept->name,
        .text = kept->text,
        .at_us = kept->at_us,
        .epoch = kept->epoch,
        .is_last = is_last,
        .result = operation->result,
        .has_drain = is_last && operation->has_drain,
        .drain = operation->drain,
    };
    follower->is_over |= is_last;
    follower->calls.on_step(follower->arg, &step);
}

static void
tell_operation(struct runner_follower *follower, const struct operation *operation)
{
    while (follower->told < operation->step_count && !follower->is_freed) {
        tell_step(follower, operation, follower->told++);
    }
}

/* The end of what is no operation: a command of one event, a state that was waited for. */
static void
tell_end(struct runner_follower *follower)
{
    follower->is_over = true;
    if (follower->is_refused) {
        struct runner_refusal refusal = {
            .code = follower->code, .text = follower->text, .status = follower->status};
        follower->calls.on_refused(follower->arg, &refusal);
        return;
    }
    const struct operation *operation =
        follower->operation == 0 ? NULL : operation_find(follower->runner, follower->operation);
    struct runner_step step = {
        .operation = operation == NULL ? "" : operation->id_text,
        .kind = follower->kind_name != NULL ? follower->kind_name : "operation",
        .role = follower->role,
        .name = "accepted",
        .text = "accepted",
        .at_us = clock_wall_us(),
        .epoch = follower->end_epoch,
        .result = follower->result,
    };
    bool is_new_command =
        follower->kind == FOLLOW_COMMAND && strcmp(follower->end_name, "done") == 0;
    if (is_new_command) {
        follower->calls.on_step(follower->arg, &step);
    }
    if (follower->is_freed) {
        return;
    }
    step.name = follower->end_name;
    step.text = follower->text;
    step.is_last = true;
    step.has_drain = follower->has_drain;
    step.drain = follower->drain;
    follower->calls.on_step(follower->arg, &step);
}

static void
follower_tell(struct runner_follower *follower)
{
    const struct operation *operation =
        follower->operation == 0 ? NULL : operation_find(follower->runner, follower->operation);
    if (operation != NULL) {
        tell_operation(follower, operation);
    }
    if (follower->has_end && !follower->is_over && !follower->is_freed) {
        tell_end(follower);
    }
}

void
followers_tell(struct runner *runner)
{
    runner->is_telling = true;
    for (struct list *node = runner->followers.next; node != &runner->followers;
         node = node->next) {
        struct runner_follower *follower = LIST_ITEM(node, struct runner_follower, node);
        if (!follower->is_over && !follower->is_freed) {
            follower_tell(follower);
        }
    }
    runner->is_telling = false;
    struct list *next;
    for (struct list *node = runner->followers.next; node != &runner->followers; node = next) {
        next = node->next;
        struct runner_follower *follower = LIST_ITEM(node, struct runner_follower, node);
        if (follower->is_freed) {
            follower_release(follower);
        }
    }
}

enum err
runner_follow(struct runner *runner, const char *id, const struct runner_follower_calls *calls,
              void *arg, struct runner_follower **out)
{
    uint64_t number;
    if (!span_to_u64(span_of(id), &number) || operation_find(runner, number) == NULL) {
        return ERR_NOT_FOUND;
    }
    struct runner_follower *follower = follower_new(runner, FOLLOW_OPERATION, calls, arg);
    if (follower == NULL) {
        return ERR_NO_MEMORY;
    }
    follower->operation = number;
    *out = follower;
    runner_turn_soon(runner);
    return ERR_OK;
}
