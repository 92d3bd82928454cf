/* One event at a time goes to the journal, and comes back applied. */
#include "control/drive/runner_parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "control/drive/codec.h"
#include "proxy/base/check.h"
#include "proxy/base/log.h"

static void
pending_free(struct pending_event *pending)
{
    list_remove(&pending->node);
    core_event_fini(&pending->event);
    free(pending);
}

/* Takes the event's content over. False: out of memory, and the event stays the caller's. */
bool
append_add(struct runner *runner, struct core_event *event, struct job *job, bool is_last)
{
    struct pending_event *pending = calloc(1, sizeof(*pending));
    if (pending == NULL) {
        return false;
    }
    pending->event = *event;
    event->addresses = NULL;
    event->address_count = 0;
    pending->job = job;
    pending->is_last = is_last;
    list_add_last(&runner->pending, &pending->node);
    return true;
}

/* What is left of a command's events is not appended. */
void
append_drop_job(struct runner *runner, const struct job *job)
{
    struct list *next;
    for (struct list *node = runner->pending.next; node != &runner->pending; node = next) {
        next = node->next;
        struct pending_event *pending = LIST_ITEM(node, struct pending_event, node);
        if (pending->job == job) {
            pending_free(pending);
        }
    }
}

/* What begins something must leave the reserve alone; what ends something may use it, and so may
   the way back. */
static enum journal_room
room_of(const struct core_event *event)
{
    switch ((int)event->kind) {
    case CORE_EVENT_CUTOVER_BEGIN:
    case CORE_EVENT_CUTOVER_SWITCH:
        return event->operation_kind == CORE_KIND_ROLLBACK ? JOURNAL_ROOM_RESERVE
                                                           : JOURNAL_ROOM_NORMAL;
    case CORE_EVENT_SET_REGISTERED:
    case CORE_EVENT_SET_DRAIN:
    case CORE_EVENT_WEIGHT_SET:
    case CORE_EVENT_HOLD_BEGIN:
    case CORE_EVENT_MAINTENANCE_ON:
        return JOURNAL_ROOM_NORMAL;
    default:
        return JOURNAL_ROOM_RESERVE;
    }
}

/* The ends of a set's life, for whoever watches the log for them. */
static void
log_set_end(const struct core_event *event)
{
    char digest[DIGEST_HEX_SIZE];
    digest_to_hex(&event->digest, digest);
    if (event->kind == CORE_EVENT_SET_DRAINED) {
        LOG(DRAINED, "role=%s set=%.8s finished=%lu cut=%lu oldest_ms=%lu", event->role, digest,
            (unsigned long)event->finished, (unsigned long)event->cut,
            (unsigned long)event->oldest_ms);
    }
    if (event->kind == CORE_EVENT_SET_RETIRED) {
        LOG(RETIRED, "role=%s set=%.8s", event->role, digest);
    }
}

static void
log_appended(const struct core_event *event, uint64_t epoch)
{
    char quoted[LOG_QUOTE_SIZE];
    LOG(EVENT_APPENDED, "epoch=%lu event=%s role=%s build=%s by=%s", (unsigned long)epoch,
        core_event_name(event->kind), event->role[0] == '\0' ? "-" : event->role,
        event->build[0] == '\0' ? "-" : event->build, log_quote(event->by, quoted));
    log_set_end(event);
}

/* Folds the stored event in. It is the next one or nothing is: when memory is short everything else
   waits until there is some. */
static bool
append_apply(struct runner *runner, struct pending_event *pending)
{
    enum err err =
        core_apply(runner->state, &pending->event, runner->place.epoch, loop_now_ms(runner->loop));
    /* core_check allowed it before it was appended, and nothing was applied since. */
    CHECK(err == ERR_OK || err == ERR_NO_MEMORY);
    runner->is_unapplied = err != ERR_OK;
    runner->is_appending = runner->is_unapplied;
    if (runner->is_unapplied) {
        LOG(TROUBLE, "what=apply epoch=%lu error=\"out of memory\" advice=\"trying again\"",
            (unsigned long)runner->place.epoch);
        timer_set(runner->loop, &runner->retry, RUNNER_RETRY_MS);
    }
    return !runner->is_unapplied;
}

static void
append_tell(struct runner *runner, const struct core_event *event, uint64_t epoch)
{
    log_appended(event, epoch);
    if (record_add(runner, event, epoch) != ERR_OK) {
        LOG(TROUBLE,
            "what=history epoch=%lu error=\"out of memory\" advice=\"it is in the journal, "
            "and in the history after a restart\"",
            (unsigned long)epoch);
    }
}

static bool
begins_operation(enum core_event_kind kind)
{
    return kind == CORE_EVENT_CUTOVER_BEGIN || kind == CORE_EVENT_CUTOVER_SWITCH;
}

/* The event is stored: it takes effect, first on the traffic, then on whoever reads of it. */
static void
append_done(struct runner *runner, struct pending_event *pending)
{
    struct job *job = pending->job;
    uint64_t epoch = runner->place.epoch;
    runner->is_journal_well = true;
    runner->journal_trouble[0] = '\0';
    if (!append_apply(runner, pending)) {
        return;
    }
    runner->is_dirty = true;
    if (runner_look(runner) == ERR_OK) {
        runner_publish(runner);
    }
    append_tell(runner, &pending->event, epoch);
    if (begins_operation(pending->event.kind)) {
        operation_begin(runner, epoch, &pending->event);
        if (job != NULL) {
            job->operation = epoch;
        }
    }
    if (job != NULL) {
        job->is_begun = true;
        if (pending->is_last) {
            job_done(runner, job);
        }
    }
    pending_free(pending);
}

/* Nobody can say whether an event whose sync failed is on the disk: the next start will see. */
static void
job_is_unknown(struct runner *runner, struct job *job)
{
    char text[2 * CORE_TEXT_SIZE];
    snprintf(text, sizeof(text),
             "%s; whether this change is in the journal shows after a restart of turnoutd",
             runner->journal_trouble);
    if (job->follower != NULL) {
        follower_end(job->follower, RUNNER_RESULT_UNKNOWN, "journal", text,
                     runner_epoch_of(runner, job->command.role));
    }
    job_free(job);
}

static void
append_failed(struct runner *runner, struct pending_event *pending,
              const struct blocking_append_result *result)
{
    char quoted[LOG_QUOTE_SIZE];
    struct job *job = pending->job;
    bool is_unknown = result->is_failed && result->err != ERR_READ_ONLY;
    if (runner->is_journal_well) {
        runner->trouble_ms = loop_now_ms(runner->loop);
    }
    runner->is_journal_well = false;
    runner->is_journal_failed = result->is_failed;
    runner->is_dirty |= result->is_failed; /* nothing waits for an outcome that cannot come */
    bool says_restart = strstr(result->trouble, "restart turnoutd") != NULL;
    snprintf(runner->journal_trouble, sizeof(runner->journal_trouble), "%s%s", result->trouble,
             result->is_failed && !says_restart ? ", then restart turnoutd" : "");
    LOG(JOURNAL_FAILED, "event=%s trouble=%s", core_event_name(pending->event.kind),
        log_quote(result->trouble, quoted));
    timer_set(runner->loop, &runner->retry, RUNNER_RETRY_MS);
    if (job != NULL) {
        append_drop_job(runner, job);
        if (is_unknown) {
            job_is_unknown(runner, job);
        } else {
            job_refuse(runner, job, CORE_REFUSAL_JOURNAL, runner->journal_trouble);
        }
        return;
    }
    /* Of what the core decided nothing is kept: it decides again. */
    append_drop_job(runner, NULL);
}

static void
append_ended(void *context, const struct blocking_append_result *result)
{
    struct runner *runner = context;
    struct pending_event *pending = LIST_ITEM(runner->pending.next, struct pending_event, node);
    runner->is_appending = false;
    if (result->err == ERR_OK) {
        runner->place = result->place;
        append_done(runner, pending);
    } else {
        append_failed(runner, pending, result);
    }
    runner_turn_soon(runner);
}

/* After a while the journal is tried again: the disk may have room now. */
void
append_retry(struct timer *timer)
{
    struct runner *runner = LIST_ITEM(timer, struct runner, retry);
    if (runner->is_unapplied) {
        append_done(runner, LIST_ITEM(runner->pending.next, struct pending_event, node));
        runner_turn_soon(runner);
        return;
    }
    runner->is_journal_well = !runner->is_journal_failed;
    runner_turn_soon(runner);
}

/* True when an append is on its way now. Events that the fold no longer allows are dropped; a
 * command is then judged anew. */
bool
append_next(struct runner *runner)
{
    while (!list_is_empty(&runner->pending)) {
        struct pending_event *pending = LIST_ITEM(runner->pending.next, struct pending_event, node);
        struct job *job = pending->job;
        if (core_check(runner->state, &pending->event) != ERR_OK) {
            if (job == NULL) {
                pending_free(pending);
                continue;
            }
            append_drop_job(runner, job);
            list_add_first(&runner->jobs, &job->node);
            continue;
        }
        struct buf bytes;
        buf_init(&bytes);
        enum err err = codec_encode(&pending->event, random_next(&runner->random), &bytes);
        if (err == ERR_OK) {
            err = blocking_append(runner->blocking, runner->journal, &runner->place,
                                  room_of(&pending->event), buf_span(&bytes), append_ended, runner);
        }
        buf_fini(&bytes);
        runner->is_appending = err == ERR_OK;
        if (err != ERR_OK) {
            struct blocking_append_result failed = {.err = err, .trouble = err_text(err)};
            append_failed(runner, pending, &failed);
            continue;
        }
        return true;
    }
    return false;
}
