#include "bench/load/tally.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#include "bench/common/clock.h"

static const struct {
    const char *name;
    bool is_failure;
} report_outcomes[OUTCOME_COUNT] = {
#define REPORT_OUTCOME(code, name, is_failure, meaning) {name, is_failure},
    OUTCOME_TABLE(REPORT_OUTCOME)
#undef REPORT_OUTCOME
};

static uint64_t
report_outcomes_print(const struct tally *tally)
{
    uint64_t failed = 0;

    printf(" \"outcomes\": {");
    for (size_t i = 0; i < OUTCOME_COUNT; i++) {
        printf("%s\"%s\": %" PRIu64, i ? ", " : "", report_outcomes[i].name, tally->outcomes[i]);
        failed += report_outcomes[i].is_failure ? tally->outcomes[i] : 0;
    }
    printf("},\n \"failed\": %" PRIu64 ",\n", failed);
    return failed;
}

static void
report_latency_print(const struct histogram *latency)
{
    static const struct {
        const char *name;
        double quantile;
    } rows[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};
    double mean = latency->count ? (double)latency->sum / (double)latency->count : 0;

    printf(" \"latency_us\": {");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        printf("\"%s\": %.1f, ", rows[i].name,
               (double)histogram_quantile(latency, rows[i].quantile) / CLOCK_NS_PER_US);
    printf("\"max\": %.1f, \"mean\": %.1f},\n", (double)latency->max / CLOCK_NS_PER_US,
           mean / CLOCK_NS_PER_US);
}

/* A build's name is a peer's text: only what a name may hold is printed. */
static void
report_name_print(const char *name)
{
    for (; *name; name++)
        putchar(isalnum((unsigned char)*name) || *name == '_' || *name == '.' || *name == '-'
                    ? *name
                    : '?');
}

static void
report_builds_print(const struct tally *tally)
{
    printf(" \"builds\": [");
    for (uint32_t i = 0; i < tally->build_count; i++) {
        const struct tally_build *build = &tally->builds[i];

        printf("%s\n  {\"build\": \"", i ? "," : "");
        report_name_print(build->name);
        printf("\", \"answers\": %" PRIu64 ", \"first_sent_ns\": %" PRIu64
               ", \"last_sent_ns\": %" PRIu64 ", \"first_done_ns\": %" PRIu64
               ", \"last_done_ns\": %" PRIu64 "}",
               build->answers, build->first_sent_ns, build->last_sent_ns, build->first_done_ns,
               build->last_done_ns);
    }
    printf("]\n");
}

uint64_t
tally_print(const struct tally *tally, uint64_t begun_ns, uint64_t ended_ns, uint64_t unsent)
{
    double seconds = (double)(ended_ns - begun_ns) / CLOCK_NS_PER_S;
    double cpu_us = (double)clock_cpu_ns() / CLOCK_NS_PER_US;
    uint64_t failed;

    printf("{\"begun_ns\": %" PRIu64 ", \"ended_ns\": %" PRIu64 ", \"seconds\": %.3f,\n", begun_ns,
           ended_ns, seconds);
    printf(" \"requests\": %" PRIu64 ", \"answered\": %" PRIu64 ", \"unsent\": %" PRIu64 ",\n",
           tally->ended, tally->answered, unsent);
    printf(" \"per_second\": %.1f, \"bytes_in\": %" PRIu64 ", \"load_cpu_us\": %.1f,\n",
           (double)tally->answered / seconds, tally->bytes_in, cpu_us);
    printf(" \"connects\": %" PRIu64 ", \"reconnects\": %" PRIu64 ", \"resumed\": %" PRIu64
           ", \"trace_lost\": %" PRIu64 ",\n",
           tally->connects, tally->reconnects, tally->resumed, tally->trace_lost);
    failed = report_outcomes_print(tally);
    report_latency_print(&tally->latency_ns);
    report_builds_print(tally);
    printf("}\n");
    return failed;
}
