/* Operations and their steps: what the core says of them becomes a line when it changes. */
#include "control/drive/runner_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxy/base/clock.h"
#include "proxy/base/log.h"

void
operation_free(struct operation *operation)
{
    list_remove(&operation->node);
    for (size_t i = 0; i < operation->step_count; i++) {
        free(operation->steps[i].text);
    }
    free(operation->steps);
    free(operation);
}

struct operation *
operation_find(const struct runner *runner, uint64_t id)
{
    for (struct list *node = runner->operations.next; node != &runner->operations;
         node = node->next) {
        struct operation *operation = LIST_ITEM(node, struct operation, node);
        if (operation->id == id) {
            return operation;
        }
    }
    return NULL;
}

static void
operation_add_step(struct operation *operation, const char *name, const char *text, uint64_t epoch)
{
    struct kept_step *steps =
        realloc(operation->steps, (operation->step_count + 1) * sizeof(*steps));
    char *copy = strdup(text);
    if (steps != NULL) {
        operation->steps = steps;
    }
    if (steps == NULL || copy == NULL) {
        free(copy); /* a line less, nothing else */
        return;
    }
    char quoted[LOG_QUOTE_SIZE];
    LOG(CUTOVER_STEP, "cutover=%s role=%s step=%s text=%s", operation->id_text, operation->role,
        name, log_quote(text, quoted));
    steps[operation->step_count++] =
        (struct kept_step){.text = copy, .name = name, .at_us = clock_wall_us(), .epoch = epoch};
}

static void
operations_forget(struct runner *runner)
{
    struct list *next;
    for (struct list *node = runner->operations.next;
         node != &runner->operations && runner->operation_count > RUNNER_OPERATIONS_MAX;
         node = next) {
        next = node->next;
        struct operation *operation = LIST_ITEM(node, struct operation, node);
        if (operation->is_over) {
            operation_free(operation);
            runner->operation_count--;
        }
    }
}

static struct operation *
operation_new(struct runner *runner, uint64_t id, enum core_kind kind, const char *role)
{
    struct operation *operation = calloc(1, sizeof(*operation));
    if (operation == NULL) {
        return NULL; /* it runs all the same, nobody can follow it */
    }
    operation->id = id;
    operation->kind = kind;
    snprintf(operation->id_text, sizeof(operation->id_text), "%" PRIu64, id);
    core_text_copy(operation->role, sizeof(operation->role), role);
    list_add_last(&runner->operations, &operation->node);
    runner->operation_count++;
    operations_forget(runner);
    return operation;
}

/* Operations that a restart found running, and committed ones whose old sets still drain. */
void
operations_restore(struct runner *runner)
{
    const struct core_state *state = runner->state;
    for (size_t i = 0; i < state->operation_count; i++) {
        const struct core_operation *running = state->operations[i];
        struct operation *operation =
            operation_new(runner, running->id, running->kind, running->moves[0].role->name);
        if (operation != NULL) {
            operation_add_step(operation, "accepted", "goes on after a restart of turnoutd",
                               running->id);
        }
    }
    for (size_t i = 0; i < state->role_count; i++) {
        const struct core_role *role = state->roles[i];
        for (size_t j = 0; j < role->cutover_count; j++) {
            const struct core_cutover *cutover = &role->cutovers[j];
            if (cutover->result == CORE_RESULT_COMMITTED &&
                operation_find(runner, cutover->id) == NULL) {
                operation_new(runner, cutover->id, cutover->kind, role->name);
            }
        }
    }
}

static void
operation_end(struct operation *operation, enum runner_result result)
{
    operation->is_over = true;
    operation->result = result;
}

/* Whether the last line says it already, or well enough: what is in flight changes with each
   exchange and grows older all the time, so the step that waits for it is told once a second. */
static bool
operation_is_told(const struct operation *operation, const struct core_progress *progress)
{
    if (!operation->has_step || operation->step != progress->step || operation->step_count == 0) {
        return false;
    }
    const struct kept_step *last = &operation->steps[operation->step_count - 1];
    return operation->step_count >= RUNNER_STEPS_MAX || strcmp(last->text, progress->text) == 0 ||
           (progress->step == CORE_STEP_FINISH &&
            clock_mono_us() - operation->told_us < RUNNER_TELL_EVERY_US);
}

/* The steps between the last one told and this one have been passed: each is said. */
static void
operation_note(struct operation *operation, const struct core_progress *progress, uint64_t epoch)
{
    enum core_step from = operation->has_step ? operation->step : CORE_STEP_START;
    if (operation_is_told(operation, progress)) {
        return;
    }
    if (!operation->has_step && progress->step > CORE_STEP_START) {
        operation_add_step(operation, core_step_name(CORE_STEP_START),
                           core_step_meaning(CORE_STEP_START), epoch);
    }
    for (int step = (int)from + 1; step < (int)progress->step; step++) {
        operation_add_step(operation, core_step_name((enum core_step)step),
                           core_step_meaning((enum core_step)step), epoch);
    }
    operation_add_step(operation, core_step_name(progress->step), progress->text, epoch);
    operation->step = progress->step;
    operation->has_step = true;
    operation->told_us = clock_mono_us();
}

/* What begins and commits by one event was ready when it was decided: the step is passed already.
 */
static void
operation_note_ready(struct runner *runner, struct operation *operation,
                     const struct core_event *event)
{
    struct core_progress ready;
    core_progress_ready(core_set_find(runner->state, &event->moves[0].to), &runner->settings,
                        &runner->observed, &ready);
    operation_note(operation, &ready, operation->id);
}

struct operation *
operation_begin(struct runner *runner, uint64_t id, const struct core_event *event)
{
    struct operation *operation =
        operation_new(runner, id, (enum core_kind)event->operation_kind, event->moves[0].role);
    if (operation == NULL) {
        return NULL;
    }
    char text[CORE_TEXT_SIZE];
    snprintf(text, sizeof(text), "%s of %s begins, as operation %s",
             core_kind_name(operation->kind), operation->role, operation->id_text);
    operation_add_step(operation, "accepted", text, id);
    if (event->kind == CORE_EVENT_CUTOVER_SWITCH) {
        operation_note_ready(runner, operation, event);
    }
    return operation;
}

static void
operation_aborted(struct operation *operation, const struct core_cutover *cutover)
{
    char text[CORE_TEXT_SIZE + CORE_BY_SIZE];
    if (cutover->result == CORE_RESULT_SUPERSEDED) {
        snprintf(text, sizeof(text), "superseded by %s", cutover->superseded_by);
        operation_add_step(operation, "superseded", text, cutover->id);
        operation_end(operation, RUNNER_RESULT_SUPERSEDED);
        return;
    }
    snprintf(text, sizeof(text), "%s; what was live before is live now", cutover->reason);
    operation_add_step(operation, "aborted", text, cutover->id);
    operation_end(operation, RUNNER_RESULT_FAILED);
}

/* The last line says how it ended. Where there was no set before, nothing was there to drain. */
static void
operation_finished(struct operation *operation, const struct core_cutover *cutover)
{
    char text[CORE_TEXT_SIZE];
    snprintf(text, sizeof(text), "%s is live", cutover->to_build);
    operation_add_step(operation, "done", text, cutover->id);
    operation->has_drain = !core_digest_is_none(&cutover->from);
    operation->drain = (struct runner_drain){.finished = cutover->finished,
                                             .cut = cutover->cut,
                                             .oldest_age_us = cutover->oldest_ms * 1000};
    operation_end(operation, cutover->cut > 0 ? RUNNER_RESULT_PARTIAL : RUNNER_RESULT_DONE);
}

/* What the journal does not take cannot happen. It is said once; when it is written again the steps
   go on. */
static bool
operation_waits(const struct runner *runner, struct operation *operation)
{
    bool has_trouble = runner->journal_trouble[0] != '\0';
    if (has_trouble && !operation->has_trouble) {
        operation_add_step(operation, "journal", runner->journal_trouble, 0);
    } else if (!has_trouble && operation->has_trouble) {
        operation_add_step(operation, "journal", "the journal is written again", 0);
    }
    operation->has_trouble = has_trouble;
    return has_trouble;
}

static void
operation_update(struct runner *runner, struct operation *operation)
{
    struct core_progress progress;
    const struct core_role *role = core_role_find(runner->state, operation->role);
    const struct core_cutover *cutover =
        role == NULL ? NULL : core_cutover_find(role, operation->id);
    enum err err = role == NULL ? ERR_NOT_FOUND
                                : core_progress(role, operation->id, &runner->settings,
                                                &runner->observed, &progress);
    if (err == ERR_CONFLICT && cutover != NULL) {
        operation_aborted(operation, cutover);
        return;
    }
    if (err != ERR_OK) {
        operation_add_step(operation, "unknown", "nobody remembers how it ended", 0);
        operation_end(operation, RUNNER_RESULT_UNKNOWN);
        return;
    }
    if (!operation_waits(runner, operation)) {
        operation_note(operation, &progress, runner->state->epoch);
    }
    if (cutover == NULL) {
        return;
    }
    if (cutover->result == CORE_RESULT_FINISHED) {
        operation_finished(operation, cutover);
    } else if (operation->kind != CORE_KIND_DEPLOY) {
        char text[CORE_TEXT_SIZE];
        snprintf(text, sizeof(text), "%s is live; the old set drains", cutover->to_build);
        operation_add_step(operation, "done", text, cutover->id);
        operation_end(operation, RUNNER_RESULT_DONE);
    }
}

void
operations_update(struct runner *runner)
{
    for (struct list *node = runner->operations.next; node != &runner->operations;
         node = node->next) {
        struct operation *operation = LIST_ITEM(node, struct operation, node);
        if (!operation->is_over) {
            operation_update(runner, operation);
        }
    }
}

/* Who follows an operation that waits for a journal is let go: at once when it takes nothing more
   before a restart, else after a while. */
static void
trouble_tell(struct runner *runner, struct runner_follower *follower)
{
    const struct operation *operation = operation_find(runner, follower->operation);
    if (operation == NULL || operation->is_over) {
        return;
    }
    char text[2 * CORE_TEXT_SIZE];
    const struct core_role *role = core_role_find(runner->state, operation->role);
    bool is_committed = role != NULL && core_cutover_find(role, operation->id) != NULL;
    const char *then = runner->is_journal_failed ? "it goes on after a restart of turnoutd"
                                                 : "it goes on once there is room";
    snprintf(text, sizeof(text), "%s: %s; %s",
             is_committed ? "committed, but the end of the drain cannot be recorded"
                          : "nothing has moved",
             runner->journal_trouble, then);
    follower_end(follower, is_committed ? RUNNER_RESULT_PARTIAL : RUNNER_RESULT_UNKNOWN, "journal",
                 text, runner_epoch_of(runner, operation->role));
}

void
operations_trouble(struct runner *runner)
{
    uint64_t now_ms = loop_now_ms(runner->loop);
    if (runner->journal_trouble[0] == '\0' ||
        (!runner->is_journal_failed && now_ms - runner->trouble_ms < RUNNER_TROUBLE_MAX_MS)) {
        return;
    }
    for (struct list *node = runner->followers.next; node != &runner->followers;
         node = node->next) {
        struct runner_follower *follower = LIST_ITEM(node, struct runner_follower, node);
        if (follower->operation != 0 && !follower->has_end && !follower->is_over) {
            trouble_tell(runner, follower);
        }
    }
}
