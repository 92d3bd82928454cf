/*
 * metrics: everything that is counted, in Prometheus' text format 0.0.4. Series of a set end with
 * it. Control thread only.
 */
#ifndef TURNOUT_API_METRICS_H
#define TURNOUT_API_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "control/api/api.h"
#include "control/drive/runner.h"
#include "proxy/base/buf.h"

struct ledger;

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM };

enum metric_scope {
    METRIC_INFO,
    METRIC_NODE,
    METRIC_ROLE,
    METRIC_CUTOVER,
    METRIC_REASON,
    METRIC_SET,
    METRIC_WAY,
    METRIC_DURATIONS,
    METRIC_INSTANCE,
    METRIC_CODE,
    METRIC_CERTIFICATE
};

/* What metrics are read from. `engine` may be NULL: its counts are zero. */
struct metrics_source {
    const struct runner_view *view;
    const struct engine *engine;
    const struct api_certificates *certificates;
    uint64_t control_clients;
    uint64_t control_cut;
};

/* Which one of its kind a value is of; what does not apply is NULL or 0. */
struct metrics_at {
    const struct metrics_source *source;
    const struct runner_view_role *role;
    size_t role_index;
    const struct runner_view_set *set;
    const struct ledger *ledger; /* NULL: the set was never published */
    uint32_t instance;
    unsigned which; /* a reason, a way, a class of codes */
};

typedef double (*metrics_value)(const struct metrics_at *at);

struct metric {
    const char *name;
    enum metric_type type;
    enum metric_scope scope;
    metrics_value value;
    const char *help;
};

size_t metrics_count(void);
const struct metric *metrics_at(size_t i);

/* Appends all series; false when out of memory. */
bool metrics_write(const struct metrics_source *source, struct buf *out);

/* The values of metrics.def (metrics_values.c). */
#define METRIC(name, type, scope, value, help) double value_##value(const struct metrics_at *at);
#include "control/api/metrics.def"
#undef METRIC

#endif
