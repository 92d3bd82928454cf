/* Snapshots: now and then the state is kept, so that the next start need not fold the whole
 * journal. */
#include "control/drive/runner_parts.h"

#include <stdlib.h>

#include "control/drive/codec.h"
#include "proxy/base/log.h"

/* One snapshot on its way through the blocking thread. */
struct keeping {
    struct runner *runner;
    struct journal *journal;
    struct journal_place place;
    struct buf state;
    enum err err;
    char trouble[JOURNAL_TEXT_SIZE];
};

static enum err
keep_event(void *context, const struct core_event *event)
{
    struct buf *state = context;
    enum err err = codec_encode(event, 0, state);
    if (err == ERR_OK && !buf_append_text(state, "\n")) {
        err = ERR_NO_MEMORY;
    }
    return err;
}

static void
keep_work(void *context)
{
    struct keeping *keeping = context;
    keeping->err = journal_snapshot(keeping->journal, &keeping->place, buf_span(&keeping->state));
    if (keeping->err != ERR_OK) {
        core_text_copy(keeping->trouble, sizeof(keeping->trouble),
                       journal_trouble(keeping->journal));
    }
}

static void
keep_done(void *context)
{
    struct keeping *keeping = context;
    struct runner *runner = keeping->runner;
    char quoted[LOG_QUOTE_SIZE];
    runner->is_saving = false;
    runner->snapshot_epoch = keeping->place.epoch;
    if (keeping->err != ERR_OK) {
        /* It costs nothing but a longer start; the next one is tried after as many events again. */
        LOG(TROUBLE, "what=snapshot epoch=%lu trouble=%s", (unsigned long)keeping->place.epoch,
            log_quote(keeping->trouble, quoted));
    }
    buf_fini(&keeping->state);
    free(keeping);
}

void
keep_snapshot(struct runner *runner)
{
    bool is_due = runner->state->epoch >= runner->snapshot_epoch + RUNNER_SNAPSHOT_EVENTS;
    if (!is_due || runner->is_saving || runner->is_appending || runner->is_journal_failed) {
        return;
    }
    struct keeping *keeping = calloc(1, sizeof(*keeping));
    if (keeping == NULL) {
        return;
    }
    keeping->runner = runner;
    keeping->journal = runner->journal;
    keeping->place = runner->place;
    buf_init(&keeping->state);
    enum err err = core_state_save(runner->state, keep_event, &keeping->state);
    if (err == ERR_OK) {
        err = blocking_post(runner->blocking, keep_work, keep_done, keeping);
    }
    if (err != ERR_OK) {
        buf_fini(&keeping->state);
        free(keeping);
        return;
    }
    runner->is_saving = true;
}
