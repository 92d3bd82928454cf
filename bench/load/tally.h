/* What a run has seen: counts, latencies, the builds that answered, and the trace. */
#ifndef BENCH_LOAD_TALLY_H
#define BENCH_LOAD_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "bench/common/histogram.h"
#include "bench/load/answer.h"
#include "bench/load/outcome.h"

#define TALLY_BUILDS_MAX 16

/* All times are of the monotonic clock, in nanoseconds. */
struct tally_build {
    char name[ANSWER_BUILD_MAX + 1];
    uint64_t answers;
    uint64_t first_sent_ns, last_sent_ns;
    uint64_t first_done_ns, last_done_ns;
};

/* A request that has ended; also the record of the trace, in the machine's byte order. */
struct tally_record {
    uint64_t due_ns;  /* when it should have been sent */
    uint64_t sent_ns; /* when it was */
    uint64_t done_ns; /* when it ended */
    uint32_t outcome;
    uint32_t build; /* index into the builds of the JSON; UINT32_MAX if no answer named one */
};

struct tally {
    uint64_t counted_from_ns; /* requests due before are warm-up */
    uint64_t ended;           /* all of them; one raced and sent again is one */
    uint64_t answered;        /* all, warm-up included */
    uint64_t outcomes[OUTCOME_COUNT];
    uint64_t connects;
    uint64_t reconnects;
    uint64_t resumed;
    uint64_t bytes_in;
    uint64_t trace_lost;
    struct histogram latency_ns; /* of what was answered as expected */
    struct tally_build builds[TALLY_BUILDS_MAX];
    uint32_t build_count;
    uint32_t build_last;
    struct tally_record *trace; /* NULL: none */
    size_t trace_count;
};

/* Sets aside room for the trace if `has_trace`. */
struct tally *tally_new(bool has_trace);
void tally_free(struct tally *tally);

/* Counts a request that ended; `build` is the name that its answer gave, or "". */
void tally_end(struct tally *tally, struct tally_record record, const char *build);

/* Writes the trace; dies if it cannot. */
void tally_trace_write(const struct tally *tally, const char *path);

/* Prints the run as one JSON object. `unsent` requests were due and never sent. Returns the number
 * of failures. */
uint64_t tally_print(const struct tally *tally, uint64_t begun_ns, uint64_t ended_ns,
                     uint64_t unsent);

#endif
