#include "bench/load/tally.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/common/die.h"

/* Room that is only reserved: pages come as the trace grows. */
#define TALLY_TRACE_MAX   (16U << 20)
#define TALLY_TRACE_BYTES (TALLY_TRACE_MAX * sizeof(struct tally_record))

struct tally *
tally_new(bool has_trace)
{
    struct tally *tally = die_calloc(1, sizeof *tally);
    void *trace;

    if (!has_trace)
        return tally;
    trace = mmap(NULL, TALLY_TRACE_BYTES, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (trace == MAP_FAILED)
        die("no room for the trace: %s", strerror(errno));
    tally->trace = trace;
    return tally;
}

void
tally_free(struct tally *tally)
{
    if (tally && tally->trace)
        munmap(tally->trace, TALLY_TRACE_BYTES);
    free(tally);
}

/* The index of the build; answers come in runs of the same one, so the last is tried first. */
static uint32_t
tally_build_index(struct tally *tally, const char *name)
{
    struct tally_build *builds = tally->builds;

    if (!*name)
        return UINT32_MAX;
    if (strcmp(builds[tally->build_last].name, name) == 0)
        return tally->build_last;
    for (uint32_t i = 0; i < tally->build_count; i++) {
        if (strcmp(builds[i].name, name) == 0)
            return tally->build_last = i;
    }
    if (tally->build_count == TALLY_BUILDS_MAX)
        return UINT32_MAX;
    snprintf(builds[tally->build_count].name, sizeof builds->name, "%s", name);
    return tally->build_last = tally->build_count++;
}

static void
tally_build_count(struct tally_build *build, const struct tally_record *record)
{
    if (build->answers++ == 0) {
        build->first_sent_ns = record->sent_ns;
        build->first_done_ns = record->done_ns;
    }
    if (record->sent_ns < build->first_sent_ns)
        build->first_sent_ns = record->sent_ns;
    if (record->sent_ns > build->last_sent_ns)
        build->last_sent_ns = record->sent_ns;
    build->last_done_ns = record->done_ns;
}

void
tally_end(struct tally *tally, struct tally_record record, const char *build)
{
    record.build = tally_build_index(tally, build);
    if (record.build != UINT32_MAX)
        tally_build_count(&tally->builds[record.build], &record);
    if (tally->trace && tally->trace_count < TALLY_TRACE_MAX)
        tally->trace[tally->trace_count++] = record;
    else if (tally->trace)
        tally->trace_lost++;
    tally->ended += record.outcome != OUTCOME_RACE;
    if (record.outcome == OUTCOME_OK)
        tally->answered++;
    if (record.due_ns < tally->counted_from_ns)
        return;
    tally->outcomes[record.outcome]++;
    if (record.outcome == OUTCOME_OK)
        histogram_record(&tally->latency_ns, record.done_ns - record.due_ns);
}

void
tally_trace_write(const struct tally *tally, const char *path)
{
    FILE *file = fopen(path, "wb");

    if (!file)
        die("%s: %s", path, strerror(errno));
    if (fwrite(tally->trace, sizeof *tally->trace, tally->trace_count, file) !=
            tally->trace_count ||
        fclose(file) != 0)
        die("%s: %s", path, strerror(errno));
}
