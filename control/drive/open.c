/* The start: settings for the core, the journal folded, traffic as it says. And the end. */
#include "control/drive/runner_parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "control/drive/codec.h"
#include "proxy/base/check.h"
#include "proxy/base/clock.h"
#include "proxy/base/log.h"

enum { OPEN_PROBES_AT_ONCE = 64 };

/* What the opening of the journal folds into. */
struct folding {
    struct runner *runner;
    char trouble[JOURNAL_TEXT_SIZE];
};

static enum err
fold(struct folding *folding, uint64_t epoch, struct span bytes)
{
    struct runner *runner = folding->runner;
    struct core_event event;
    enum err err = codec_decode(bytes, &event, folding->trouble, sizeof(folding->trouble));
    if (err != ERR_OK) {
        return err;
    }
    err = core_apply(runner->state, &event, epoch, loop_now_ms(runner->loop));
    if (err != ERR_OK) {
        snprintf(folding->trouble, sizeof(folding->trouble),
                 "the event %s of epoch %lu cannot follow: %s", core_event_name(event.kind),
                 (unsigned long)epoch, err_text(err));
        err = err == ERR_NO_MEMORY ? err : ERR_CORRUPT;
    }
    core_event_fini(&event);
    return err;
}

static enum err
fold_event(void *context, const struct journal_event *event)
{
    return fold(context, event->epoch, event->bytes);
}

/* A snapshot is a list of events, one a line. One that cannot be used leaves an empty state for the
 * next try. */
static enum err
fold_snapshot(void *context, const struct journal_place *place, struct span state)
{
    struct folding *folding = context;
    struct runner *runner = folding->runner;
    enum err err = ERR_OK;
    core_state_free(runner->state);
    runner->state = core_state_new();
    if (runner->state == NULL) {
        return ERR_NO_MEMORY;
    }
    while (state.size > 0 && err == ERR_OK) {
        const char *end = memchr(state.data, '\n', state.size);
        size_t size = end == NULL ? state.size : (size_t)(end - state.data);
        err = fold(folding, place->epoch, (struct span){state.data, size});
        size += end != NULL;
        state.data += size;
        state.size -= size;
    }
    if (err == ERR_OK && runner->state->epoch == place->epoch) {
        runner->snapshot_epoch = place->epoch;
        return ERR_OK;
    }
    core_state_free(runner->state);
    runner->state = core_state_new();
    return err == ERR_OK ? ERR_CORRUPT : err;
}

static enum err
remember_event(void *context, const struct journal_event *event)
{
    struct folding *folding = context;
    struct core_event decoded;
    enum err err = codec_decode(event->bytes, &decoded, folding->trouble, sizeof(folding->trouble));
    if (err == ERR_OK) {
        err = record_add(folding->runner, &decoded, event->epoch);
        core_event_fini(&decoded);
    }
    return err;
}

static void
log_report(const struct runner *runner, const struct journal_report *report)
{
    if (report->cut_bytes > 0) {
        LOG(JOURNAL_TORN_TAIL, "file=%s offset=%lu bytes=%lu", report->cut_file,
            (unsigned long)report->cut_offset, (unsigned long)report->cut_bytes);
    }
    if (report->is_read_only) {
        char quoted[LOG_QUOTE_SIZE];
        LOG(JOURNAL_FAILED, "event=- trouble=%s", log_quote(report->text, quoted));
    }
    LOG(JOURNAL_OPENED, "epoch=%lu founded=%d snapshot=%lu read_only=%d",
        (unsigned long)runner->place.epoch, report->is_founded,
        (unsigned long)report->snapshot_epoch, report->is_read_only);
}

/* The event that a new journal begins with. */
static enum err
encode_founding(struct runner *runner, struct journal_cluster *cluster, struct buf *out)
{
    static const char digits[] = "0123456789abcdef";
    struct core_event event;
    core_event_init(&event, CORE_EVENT_JOURNAL_FOUNDED);
    random_fill(cluster->bytes, sizeof(cluster->bytes));
    for (size_t i = 0; i < JOURNAL_CLUSTER_SIZE; i++) {
        event.cluster[2 * i] = digits[cluster->bytes[i] >> 4];
        event.cluster[2 * i + 1] = digits[cluster->bytes[i] & 15];
    }
    event.wall_us = clock_wall_us();
    core_text_copy(event.by, sizeof(event.by), CORE_BY_DAEMON);
    enum err err = codec_encode(&event, random_next(&runner->random), out);
    core_event_fini(&event);
    return err;
}

static enum err
open_journal(struct runner *runner, char *error, size_t error_size)
{
    struct folding folding = {.runner = runner};
    struct journal_reader reader = {
        .restore = fold_snapshot, .event = fold_event, .context = &folding};
    struct journal_report report;
    struct buf folder;
    struct buf founding;
    buf_init(&folder);
    buf_init(&founding);
    struct journal_file_options options = {.folder = NULL};
    enum err err = encode_founding(runner, &options.cluster, &founding);
    if (err == ERR_OK && buf_printf(&folder, "%s/journal", runner->conf->state_dir)) {
        options.folder = buf_string(&folder);
        options.first_event = buf_span(&founding);
        err = journal_file_open(&options, &reader, &runner->journal, &report);
        snprintf(error, error_size, "%s%s%s", report.text, folding.trouble[0] == '\0' ? "" : ": ",
                 folding.trouble);
    }
    if (err == ERR_OK) {
        runner->place = journal_place(runner->journal);
        runner->is_journal_well = !report.is_read_only;
        runner->is_journal_failed = report.is_read_only;
        snprintf(runner->journal_trouble, sizeof(runner->journal_trouble), "%s",
                 report.is_read_only ? report.text : "");
        err = journal_read(runner->journal, 1, remember_event, &folding);
        snprintf(error, error_size, "the journal's history cannot be read: %s %s",
                 journal_trouble(runner->journal), folding.trouble);
        log_report(runner, &report);
    }
    buf_fini(&folder);
    buf_fini(&founding);
    return err;
}

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
        err = open_journal(runner, error, error_size);
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
