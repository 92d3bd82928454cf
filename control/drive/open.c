/* The start: settings for the core, the journal folded, traffic as it says. And the end. */
#include "control/drive/runner_parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "proxy/base/check.h"
#include "proxy/base/clock.h"
#include "proxy/base/log.h"

enum { OPEN_PROBES_AT_ONCE = 64 };

static enum err
open_settings(struct runner *runner)
{
    const struct conf *conf = runner->conf;
    runner->role_settings = calloc(conf->role_count, sizeof(*runner->role_settings));
    runner->core_roles = calloc(conf->role_count, sizeof(*runner->core_roles));
    if (runner->role_settings == NULL || runner->core_roles == NULL) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < conf->role_count; i++) {
        const struct conf_role *role = &conf->roles[i];
        runner->role_settings[i] = &role->settings;
        runner->core_roles[i] = (struct core_role_settings){
            .name = role->settings.name,
            .order = role->settings.order,
            .rise = role->health.rise,
            .ready_timeout_ms = role->cutover.ready_timeout_ms,
            .drain_timeout_ms = role->cutover.drain_timeout_ms,
            .rollback_window_ms = role->cutover.rollback_window_ms,
            .hold_timeout_ms = role->cutover.hold_timeout_ms,
            .hold_max_ms = role->settings.hold_max_ms,
        };
    }
    runner->settings =
        (struct core_settings){.roles = runner->core_roles, .role_count = conf->role_count};
    return ERR_OK;
}

static enum err
open_routes(struct runner *runner)
{
    const struct conf *conf = runner->conf;
    size_t count = 0;
    for (size_t i = 0; i < conf->role_count; i++) {
        count += conf->roles[i].hosts.count;
    }
    struct route_claim *claims = calloc(count + 1, sizeof(*claims));
    if (claims == NULL) {
        return ERR_NO_MEMORY;
    }
    size_t at = 0;
    for (size_t i = 0; i < conf->role_count; i++) {
        for (size_t j = 0; j < conf->roles[i].hosts.count; j++) {
            claims[at++] = (struct route_claim){.host = conf->roles[i].hosts.items[j],
                                                .path = conf->roles[i].path,
                                                .role = (uint32_t)i};
        }
    }
    enum err err = route_map_new(claims, count, &runner->routes, &at);
    free(claims);
    return err;
}

static void
on_result(void *argument, struct roster_set *set, struct roster_instance *instance,
          bool has_changed)
{
    struct runner *runner = argument;
    (void)set;
    (void)instance;
    runner->is_dirty |= has_changed;
    if (!runner->is_ready && roster_is_checked(runner->roster)) {
        timer_set(runner->loop, &runner->ready_timer, 0);
    }
    runner_turn_soon(runner);
}

static void
on_passed(void *argument)
{
    runner_turn_soon(argument);
}

static void
on_ready(struct timer *timer)
{
    struct runner *runner = LIST_ITEM(timer, struct runner, ready_timer);
    if (!runner->is_ready) {
        runner->is_ready = true;
        runner->on_ready(runner->argument);
    }
}

/* Ready is said when the live sets' instances have been checked, or could have been. */
static void
open_ready(struct runner *runner)
{
    uint32_t longest_ms = 0;
    for (size_t i = 0; i < runner->conf->role_count; i++) {
        uint32_t timeout_ms = runner->conf->roles[i].health.timeout_ms;
        longest_ms = timeout_ms > longest_ms ? timeout_ms : longest_ms;
    }
    timer_set(runner->loop, &runner->ready_timer,
              roster_is_checked(runner->roster) ? 0 : longest_ms);
}

static enum err
open_engine(struct runner *runner, const struct drive_options *options, char *error,
            size_t error_size)
{
    struct core_target target;
    struct table *table;
    struct engine_options engine = options->engine;
    engine.roles = runner->role_settings;
    engine.role_count = (uint32_t)runner->conf->role_count;
    engine.control_loop = runner->loop;
    engine.on_passed = on_passed;
    engine.argument = runner;
    enum err err = runner_look(runner);
    if (err == ERR_OK) {
        err = runner_target(runner, &target);
    }
    if (err != ERR_OK) {
        return err;
    }
    err = roster_sync(runner->roster, &target, NULL);
    if (err == ERR_OK) {
        err = roster_table(runner->roster, &target, runner->role_settings, runner->routes, &table);
    }
    core_target_fini(&target);
    if (err != ERR_OK) {
        return err;
    }
    err = engine_start(&engine, table, &runner->engine, error, error_size);
    if (err != ERR_OK) {
        table_free(table);
        return err;
    }
    runner->passed_epoch = 0;
    runner->publications[0] = (struct publication){.serial = 1, .epoch = runner->state->epoch};
    runner->publication_count = 1;
    return ERR_OK;
}

static struct runner *
runner_alloc(const struct drive_options *options)
{
    struct runner *runner = calloc(1, sizeof(*runner));
    if (runner == NULL) {
        return NULL;
    }
    runner->conf = options->conf;
    runner->loop = options->loop;
    runner->node = options->node;
    runner->on_ready = options->on_ready;
    runner->argument = options->argument;
    runner->started_us = clock_wall_us();
    runner->is_journal_well = true;
    list_init(&runner->pending);
    list_init(&runner->jobs);
    list_init(&runner->operations);
    list_init(&runner->followers);
    list_init(&runner->event_followers);
    loop_task_init(&runner->turn, runner_turn);
    timer_init(&runner->wake, runner_woken);
    timer_init(&runner->retry, append_retry);
    timer_init(&runner->ready_timer, on_ready);
    uint64_t seed;
    random_fill(&seed, sizeof(seed));
    random_init(&runner->random, seed);
    runner->state = core_state_new();
    return runner;
}

enum err
drive_new(const struct drive_options *options, struct runner **out, char *error, size_t error_size)
{
    struct runner *runner = runner_alloc(options);
    struct roster_calls calls = {.on_result = on_result, .argument = runner};
    enum err err = runner == NULL || runner->state == NULL ? ERR_NO_MEMORY : ERR_OK;
    snprintf(error, error_size, "out of memory");
    if (err == ERR_OK) {
        err = open_settings(runner);
    }
    if (err == ERR_OK) {
        err = open_routes(runner);
    }
    if (err == ERR_OK) {
        err = prober_new(runner->loop, OPEN_PROBES_AT_ONCE, random_next(&runner->random),
                         &runner->prober);
    }
    if (err == ERR_OK) {
        err = roster_new(runner->conf, runner->prober, &calls, &runner->roster);
    }
    if (err == ERR_OK) {
        err = fold_journal(runner, error, error_size);
    }
    if (err == ERR_OK) {
        snprintf(error, error_size, "cannot start: %s", "the blocking thread");
        err = blocking_start(runner->loop, &runner->blocking);
    }
    if (err == ERR_OK) {
        err = open_engine(runner, options, error, error_size);
    }
    if (err != ERR_OK) {
        drive_free(runner);
        return err;
    }
    operations_restore(runner);
    open_ready(runner);
    runner_turn_soon(runner);
    *out = runner;
    return ERR_OK;
}

static void
free_lists(struct runner *runner)
{
    while (!list_is_empty(&runner->pending)) {
        append_drop_job(runner, LIST_ITEM(runner->pending.next, struct pending_event, node)->job);
    }
    while (!list_is_empty(&runner->jobs)) {
        job_free(LIST_ITEM(runner->jobs.next, struct job, node));
    }
    while (!list_is_empty(&runner->operations)) {
        operation_free(LIST_ITEM(runner->operations.next, struct operation, node));
    }
}

void
drive_free(struct runner *runner)
{
    if (runner == NULL) {
        return;
    }
    blocking_stop(runner->blocking);
    engine_stop(runner->engine);
    loop_task_cancel(&runner->turn);
    timer_clear(&runner->wake);
    timer_clear(&runner->retry);
    timer_clear(&runner->ready_timer);
    free_lists(runner);
    roster_free(runner->roster);
    prober_free(runner->prober);
    journal_close(runner->journal);
    records_free(runner);
    core_state_free(runner->state);
    route_map_free(runner->routes);
    free(runner->role_settings);
    free(runner->core_roles);
    free(runner);
}
