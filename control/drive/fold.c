/* The journal is opened, or founded, and folded: a snapshot if there is one, then every event after
 * it. */
#include "control/drive/runner_parts.h"

#include <stdio.h>
#include <string.h>
#include "control/drive/codec.h"
#include "proxy/base/clock.h"
#include "proxy/base/log.h"

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

enum err
fold_journal(struct runner *runner, char *error, size_t error_size)
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
