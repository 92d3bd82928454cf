/* The turn: what was decided goes into the journal, commands are judged, the core decides, traffic
 * and followers are told. */
#include "control/drive/runner_parts.h"

#include "proxy/base/clock.h"
#include "proxy/base/log.h"

enum { RUNNER_ROUNDS_MAX = 64 /* of deciding in one turn, then others have theirs */ };

void
runner_turn_soon(struct runner *runner)
{
    loop_defer(runner->loop, &runner->turn);
}

enum err
runner_target(struct runner *runner, struct core_target *target)
{
    return core_target_build(runner->state, &runner->settings, &runner->observed, target);
}

/* Which epoch every worker routes by: that of the newest publication that all have passed. */
static void
runner_note_passed(struct runner *runner)
{
    uint64_t passed = engine_passed(runner->engine);
    size_t done = 0;
    while (done < runner->publication_count && runner->publications[done].serial <= passed) {
        runner->passed_epoch = runner->publications[done].epoch;
        done++;
    }
    runner->publication_count -= done;
    memmove(runner->publications, runner->publications + done,
            runner->publication_count * sizeof(runner->publications[0]));
}

enum err
runner_look(struct runner *runner)
{
    if (runner->engine != NULL) {
        runner_note_passed(runner);
    }
    runner->observed.passed_epoch = runner->passed_epoch;
    runner->observed.is_journal_failed = runner->is_journal_failed;
    /* Where only room is short each command is tried: what ends something has a reserve. */
    runner->observed.is_journal_well = !runner->is_journal_failed && !runner->is_stopping;
    runner->observed.journal_trouble =
        runner->is_stopping ? "the daemon is stopping" : runner->journal_trouble;
    return roster_observe(runner->roster, runner->engine, &runner->observed);
}

static void
runner_note_publication(struct runner *runner, uint64_t serial, uint64_t epoch)
{
    if (runner->publication_count == RUNNER_PUBLICATIONS_MAX) {
        /* The oldest is implied by any later one. */
        memmove(runner->publications, runner->publications + 1,
                (RUNNER_PUBLICATIONS_MAX - 1) * sizeof(runner->publications[0]));
        runner->publication_count--;
    }
    runner->publications[runner->publication_count++] =
        (struct publication){.serial = serial, .epoch = epoch};
}

/* Makes the roster and the routing table what the state says. */
enum err
runner_publish(struct runner *runner)
{
    struct core_target target;
    struct table *table;
    enum err err = runner_target(runner, &target);
    if (err != ERR_OK) {
        return err;
    }
    err = roster_sync(runner->roster, &target, runner->engine);
    if (err == ERR_OK) {
        err = roster_table(runner->roster, &target, runner->role_settings, runner->routes, &table);
    }
    uint64_t epoch = target.epoch;
    core_target_fini(&target);
    if (err != ERR_OK) {
        return err;
    }
    uint64_t serial = engine_publish(runner->engine, table);
    if (serial == 0) {
        return ERR_NO_MEMORY;
    }
    runner_note_publication(runner, serial, epoch);
    runner->is_dirty = false;
    return ERR_OK;
}

static void
runner_cut(struct runner *runner, const struct digest *digest)
{
    struct roster_set *set = roster_find(runner->roster, digest);
    if (set != NULL && !set->is_cut) {
        set->is_cut = true;
        runner->is_dirty = true;
    }
}

/* Carries one round of effects out; true when there is something to append. The wake-up that the
 * core wants goes to *wakeup_ms. */
static bool
runner_decide(struct runner *runner, uint64_t *wakeup_ms)
{
    struct core_effects effects;
    bool has_more = false;
    uint64_t now_ms = loop_now_ms(runner->loop);
    enum err err = core_decide(runner->state, &runner->settings, &runner->observed, now_ms,
                               clock_wall_us(), &effects);
    if (err != ERR_OK) {
        *wakeup_ms = now_ms + RUNNER_RETRY_MS;
        return false;
    }
    for (size_t i = 0; i < effects.count; i++) {
        struct core_effect *effect = &effects.items[i];
        if (effect->kind == CORE_EFFECT_CUT) {
            runner_cut(runner, &effect->set);
        } else {
            has_more |= append_add(runner, &effect->event, NULL, true);
        }
    }
    *wakeup_ms = effects.next_wakeup_ms;
    core_effects_fini(&effects);
    return has_more;
}

static void
runner_publish_if_dirty(struct runner *runner)
{
    if (runner->is_dirty && runner_publish(runner) != ERR_OK) {
        LOG(TROUBLE,
            "what=publish error=\"out of memory\" advice=\"the old table stays; trying again\"");
        timer_set(runner->loop, &runner->wake, RUNNER_RETRY_MS);
    }
}

/* Appends, judges and decides until there is nothing left to do or an append is on its way. */
static uint64_t
runner_work(struct runner *runner)
{
    uint64_t wakeup_ms = UINT64_MAX;
    for (int round = 0; round < RUNNER_ROUNDS_MAX; round++) {
        if (runner->is_appending || append_next(runner) || runner_look(runner) != ERR_OK) {
            return wakeup_ms;
        }
        if (job_judge_one(runner)) {
            continue;
        }
        if (runner->is_journal_failed || timer_is_set(&runner->retry)) {
            return wakeup_ms;
        }
        if (!runner_decide(runner, &wakeup_ms)) {
            return wakeup_ms;
        }
    }
    runner_turn_soon(runner);
    return wakeup_ms;
}

static void
runner_set_wake(struct runner *runner, uint64_t wakeup_ms)
{
    uint64_t now_ms = loop_now_ms(runner->loop);
    uint64_t jobs_ms = job_deadline(runner);
    uint64_t awaits_ms = awaits_deadline(runner);
    wakeup_ms = jobs_ms < wakeup_ms ? jobs_ms : wakeup_ms;
    wakeup_ms = awaits_ms < wakeup_ms ? awaits_ms : wakeup_ms;
    if (wakeup_ms == UINT64_MAX) {
        timer_clear(&runner->wake);
        return;
    }
    timer_set(runner->loop, &runner->wake, wakeup_ms > now_ms ? wakeup_ms - now_ms : 1);
}

void
runner_turn(struct loop_task *task)
{
    struct runner *runner = LIST_ITEM(task, struct runner, turn);
    uint64_t wakeup_ms = runner_work(runner);
    runner_set_wake(runner, wakeup_ms);
    runner_publish_if_dirty(runner);
    roster_forget(runner->roster, runner->engine);
    if (runner_look(runner) == ERR_OK) {
        operations_update(runner);
        awaits_look(runner);
        operations_trouble(runner);
    }
    followers_tell(runner);
    records_tell(runner);
    keep_snapshot(runner);
}

void
runner_woken(struct timer *timer)
{
    runner_turn_soon(LIST_ITEM(timer, struct runner, wake));
}

uint64_t
runner_epoch_of(const struct runner *runner, const char *role)
{
    const struct core_role *found = core_role_find(runner->state, role);
    return found == NULL ? 0 : found->epoch;
}

struct engine *
drive_engine(struct runner *runner)
{
    return runner->engine;
}

void
drive_set_stopping(struct runner *runner)
{
    runner->is_stopping = true;
}
