/* Commands on their way: copied, judged when nothing is being appended, told how it ended. */
#include "control/drive/runner_parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "proxy/base/clock.h"

void
job_free(struct job *job)
{
    list_remove(&job->node);
    if (job->follower != NULL) {
        job->follower->job = NULL;
    }
    arena_fini(&job->arena);
    free(job);
}

static bool
copy_text(struct job *job, const char **text)
{
    if (*text == NULL) {
        return true;
    }
    *text = arena_copy(&job->arena, *text);
    return *text != NULL;
}

static bool
copy_moves(struct job *job)
{
    struct core_command *command = &job->command;
    struct core_command_move *moves =
        arena_take(&job->arena, (command->move_count + 1) * sizeof(*moves));
    bool is_done = moves != NULL;
    for (size_t i = 0; is_done && i < command->move_count; i++) {
        moves[i] = command->moves[i];
        is_done = copy_text(job, &moves[i].role) && copy_text(job, &moves[i].build);
    }
    command->moves = command->moves == NULL ? NULL : moves;
    return is_done;
}

static bool
copy_addresses(struct job *job)
{
    struct core_command *command = &job->command;
    const char **addresses =
        arena_take(&job->arena, (command->address_count + 1) * sizeof(const char *));
    bool is_done = addresses != NULL;
    for (size_t i = 0; is_done && i < command->address_count; i++) {
        addresses[i] = command->addresses[i];
        is_done = copy_text(job, &addresses[i]);
    }
    command->addresses = addresses;
    return is_done;
}

static struct job *
job_new(const struct core_command *command)
{
    struct job *job = calloc(1, sizeof(*job));
    if (job == NULL) {
        return NULL;
    }
    list_init(&job->node);
    arena_init(&job->arena);
    job->command = *command;
    if (!copy_text(job, &job->command.role) || !copy_text(job, &job->command.build) ||
        !copy_text(job, &job->command.by) || !copy_text(job, &job->command.claimed) ||
        !copy_text(job, &job->command.note) || !copy_text(job, &job->command.message) ||
        !copy_moves(job) || !copy_addresses(job)) {
        job_free(job);
        return NULL;
    }
    return job;
}

struct runner_follower *
runner_submit(struct runner *runner, const struct core_command *command, uint64_t wait_ms,
              const struct runner_follower_calls *calls, void *arg)
{
    struct job *job = job_new(command);
    struct runner_follower *follower =
        job == NULL ? NULL : follower_new(runner, FOLLOW_COMMAND, calls, arg);
    if (follower == NULL) {
        if (job != NULL) {
            job_free(job);
        }
        return NULL;
    }
    follower->job = job;
    follower->kind_name = core_command_name(job->command.kind);
    core_text_copy(follower->role, sizeof(follower->role), job->command.role);
    job->follower = follower;
    job->wait_until_ms = wait_ms == 0 ? 0 : loop_now_ms(runner->loop) + wait_ms;
    list_add_last(&runner->jobs, &job->node);
    runner_turn_soon(runner);
    return follower;
}

void
job_refuse(struct runner *runner, struct job *job, enum core_refusal refusal, const char *text)
{
    (void)runner;
    if (job->follower != NULL) {
        follower_refuse(job->follower, core_refusal_name(refusal),
                        core_refusal_http_status(refusal), text);
    }
    job_free(job);
}

/* All its events are in effect. One that began a cutover is followed further as that operation. */
void
job_done(struct runner *runner, struct job *job)
{
    struct runner_follower *follower = job->follower;
    if (follower != NULL && job->operation != 0) {
        follower->operation = job->operation;
    } else if (follower != NULL) {
        follower_end(follower, RUNNER_RESULT_DONE, "done", job->text,
                     runner_epoch_of(runner, job->command.role));
    }
    job_free(job);
}

static void
job_append(struct runner *runner, struct job *job, struct core_outcome *outcome)
{
    core_text_copy(job->text, sizeof(job->text), outcome->text);
    for (size_t i = 0; i < outcome->event_count; i++) {
        if (!append_add(runner, &outcome->events[i], job, i + 1 == outcome->event_count)) {
            append_drop_job(runner, job);
            job_refuse(runner, job, CORE_REFUSAL_NO_MEMORY,
                       core_refusal_meaning(CORE_REFUSAL_NO_MEMORY));
            return;
        }
    }
}

/* True when it was judged, false when it waits on. */
static bool
job_judge(struct runner *runner, struct job *job)
{
    struct core_outcome outcome;
    bool is_judged = true;
    core_command(runner->state, &runner->settings, &runner->observed, clock_wall_us(),
                 &job->command, &outcome);
    if (outcome.answer == CORE_ANSWER_APPEND) {
        list_remove(&job->node);
        job_append(runner, job, &outcome);
    } else if (outcome.answer == CORE_ANSWER_ALREADY) {
        if (job->follower != NULL) {
            follower_end(job->follower, RUNNER_RESULT_DONE, "already", outcome.text,
                         runner_epoch_of(runner, job->command.role));
        }
        job_free(job);
    } else if (outcome.refusal == CORE_REFUSAL_BUSY &&
               job->wait_until_ms > loop_now_ms(runner->loop)) {
        is_judged = false;
    } else {
        job_refuse(runner, job, outcome.refusal, outcome.text);
    }
    core_outcome_fini(&outcome);
    return is_judged;
}

bool
job_judge_one(struct runner *runner)
{
    struct list *next;
    for (struct list *node = runner->jobs.next; node != &runner->jobs; node = next) {
        next = node->next;
        if (job_judge(runner, LIST_ITEM(node, struct job, node))) {
            return true;
        }
    }
    return false;
}

uint64_t
job_deadline(const struct runner *runner)
{
    uint64_t soonest = UINT64_MAX;
    for (struct list *node = runner->jobs.next; node != &runner->jobs; node = node->next) {
        uint64_t until = LIST_ITEM(node, struct job, node)->wait_until_ms;
        soonest = until != 0 && until < soonest ? until : soonest;
    }
    return soonest;
}
