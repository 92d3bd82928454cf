#include "control/api/metrics.h"

#include <stdio.h>
#include <string.h>
#include "proxy/base/check.h"
#include "proxy/engine.h"

static const struct metric metrics[] = {
#define METRIC(name, type, scope, value, help)                                                     \
    {name, METRIC_##type, METRIC_##scope, value_##value, help},
#include "control/api/metrics.def"
#undef METRIC
};

enum { METRICS = sizeof(metrics) / sizeof(metrics[0]) };

size_t
metrics_count(void)
{
    return METRICS;
}

const struct metric *
metrics_at(size_t i)
{
    CHECK(i < METRICS);
    return &metrics[i];
}

/* One metric being written. */
struct writer {
    struct buf *out;
    const struct metric *metric;
    struct metrics_at at;
    bool is_fine;
};

static void
write_text(struct writer *writer, const char *text)
{
    writer->is_fine = writer->is_fine && buf_append_text(writer->out, text);
}

/* A label's value with backslash, quote and line end escaped. */
static void
write_label(struct writer *writer, const char *name, const char *value)
{
    write_text(writer,
               writer->out->end > 0 && writer->out->data[writer->out->end - 1] == '{' ? "" : ",");
    write_text(writer, name);
    write_text(writer, "=\"");
    for (const char *c = value; *c != '\0' && writer->is_fine; c++) {
        const char *escaped = *c == '\\' ? "\\\\" : *c == '"' ? "\\\"" : *c == '\n' ? "\\n" : NULL;
        writer->is_fine =
            escaped != NULL ? buf_append_text(writer->out, escaped) : buf_append(writer->out, c, 1);
    }
    write_text(writer, "\"");
}

static void
write_number(struct writer *writer, double value)
{
    writer->is_fine = writer->is_fine && buf_printf(writer->out, " %.15g\n", value);
}

static void
write_value(struct writer *writer)
{
    write_number(writer, writer->metric->value(&writer->at));
}

/* Name and the labels of the role, set and instance that the value is of; more labels may follow.
 */
static void
write_head(struct writer *writer, const char *suffix)
{
    const struct metrics_at *at = &writer->at;
    char digest[9];
    write_text(writer, writer->metric->name);
    write_text(writer, suffix);
    write_text(writer, "{");
    if (at->role != NULL) {
        write_label(writer, "role", at->role->name);
    }
    if (at->set != NULL) {
        snprintf(digest, sizeof(digest), "%s", at->set->digest);
        write_label(writer, "build", at->set->build);
        write_label(writer, "digest", digest);
    }
}

static void
write_plain(struct writer *writer)
{
    write_head(writer, "");
    write_text(writer, "}");
    write_value(writer);
}

static void
write_info(struct writer *writer)
{
    write_head(writer, "");
    write_label(writer, "version", TURNOUT_VERSION);
    write_label(writer, "node", writer->at.source->view->node);
    write_text(writer, "}");
    write_value(writer);
}

static void
write_node(struct writer *writer)
{
    write_text(writer, writer->metric->name);
    write_value(writer);
}

static void
write_reasons(struct writer *writer)
{
    for (unsigned reason = REASON_NONE + 1; reason < REASON_COUNT; reason++) {
        writer->at.which = reason;
        double value = writer->metric->value(&writer->at);
        if (value > 0) {
            write_head(writer, "");
            if (writer->at.role == NULL) {
                write_label(writer, "role", "");
            }
            write_label(writer, "reason", reason_facts((enum reason)reason)->name);
            write_text(writer, "}");
            write_number(writer, value);
        }
    }
}

static void
write_ways(struct writer *writer)
{
    static const char *const names[LEDGER_WAY_COUNT] = {
        [LEDGER_NORMAL] = "normal", [LEDGER_PREVIEW] = "preview"};
    for (unsigned way = 0; way < LEDGER_WAY_COUNT; way++) {
        writer->at.which = way;
        write_head(writer, "");
        write_label(writer, "way", names[way]);
        write_text(writer, "}");
        write_value(writer);
    }
}

/* The count of a set's exchanges up to a bucket, and beyond the last one all of them. */
static void
write_durations(struct writer *writer)
{
    const struct ledger *ledger = writer->at.ledger;
    uint64_t count = 0;
    uint64_t sum_us = 0;
    for (unsigned b = 0; b < LEDGER_BUCKETS; b++) {
        char bound[32] = "+Inf";
        for (uint32_t w = 0; ledger != NULL && w < ledger->worker_count; w++) {
            count += ledger_read(&ledger->cells[w].durations[b]);
        }
        if (ledger_bucket_bounds_us[b] != UINT64_MAX) {
            snprintf(bound, sizeof(bound), "%.6g", (double)ledger_bucket_bounds_us[b] / 1e6);
        }
        write_head(writer, "_bucket");
        write_label(writer, "le", bound);
        write_text(writer, "}");
        write_number(writer, (double)count);
    }
    for (uint32_t w = 0; ledger != NULL && w < ledger->worker_count; w++) {
        sum_us += ledger_read(&ledger->cells[w].duration_us);
    }
    write_head(writer, "_sum");
    write_text(writer, "}");
    write_number(writer, (double)sum_us / 1e6);
    write_head(writer, "_count");
    write_text(writer, "}");
    write_number(writer, (double)count);
}

static void
write_instances(struct writer *writer)
{
    for (uint32_t i = 0; i < writer->at.set->instance_count; i++) {
        writer->at.instance = i;
        write_head(writer, "");
        write_label(writer, "upstream", writer->at.set->instances[i].address);
        write_text(writer, "}");
        write_value(writer);
    }
}

static void
write_codes(struct writer *writer)
{
    static const char *const names[LEDGER_CODE_CLASSES] = {"none", "1xx", "2xx",
                                                           "3xx",  "4xx", "5xx"};
    for (uint32_t i = 0; i < writer->at.set->instance_count; i++) {
        for (unsigned code = 0; code < LEDGER_CODE_CLASSES; code++) {
            writer->at.instance = i;
            writer->at.which = code;
            write_head(writer, "");
            write_label(writer, "upstream", writer->at.set->instances[i].address);
            write_label(writer, "code", names[code]);
            write_text(writer, "}");
            write_value(writer);
        }
    }
}

static void
write_certificate(void *to, const struct api_certificate *certificate)
{
    struct writer *writer = to;
    write_head(writer, "");
    write_label(writer, "listener", certificate->listener);
    write_label(writer, "names", certificate->names);
    write_label(writer, "file", certificate->file);
    write_text(writer, "}");
    write_number(writer, (double)certificate->not_after_us / 1e6);
}

static void
write_of_set(struct writer *writer)
{
    switch (writer->metric->scope) {
    case METRIC_SET:
        write_plain(writer);
        break;
    case METRIC_WAY:
        write_ways(writer);
        break;
    case METRIC_DURATIONS:
        write_durations(writer);
        break;
    case METRIC_INSTANCE:
        write_instances(writer);
        break;
    case METRIC_CODE:
        write_codes(writer);
        break;
    case METRIC_INFO:
    case METRIC_NODE:
    case METRIC_ROLE:
    case METRIC_CUTOVER:
    case METRIC_REASON:
    case METRIC_CERTIFICATE:
    default:
        break;
    }
}

/* A set that is gone has no series, and its counts no owner. */
static bool
set_is_kept(const struct runner_view_set *set)
{
    return strcmp(set->state, "retired") != 0 && strcmp(set->state, "failed") != 0;
}

static void
write_sets(struct writer *writer)
{
    const struct metrics_source *source = writer->at.source;
    for (size_t i = 0; i < writer->at.role->set_count; i++) {
        const struct runner_view_set *set = &writer->at.role->sets[i];
        if (set_is_kept(set)) {
            bool is_published = source->engine != NULL && set->set_id != 0;
            writer->at.set = set;
            writer->at.ledger = is_published ? engine_ledger(source->engine, set->set_id) : NULL;
            write_of_set(writer);
        }
    }
    writer->at.set = NULL;
    writer->at.ledger = NULL;
}

static void
write_role(struct writer *writer)
{
    switch (writer->metric->scope) {
    case METRIC_ROLE:
        write_plain(writer);
        break;
    case METRIC_CUTOVER:
        if (writer->at.role->last_cutover.id != NULL && writer->metric->value(&writer->at) > 0) {
            write_plain(writer);
        }
        break;
    case METRIC_REASON:
        write_reasons(writer);
        break;
    case METRIC_INFO:
    case METRIC_NODE:
    case METRIC_CERTIFICATE:
        break;
    case METRIC_SET:
    case METRIC_WAY:
    case METRIC_DURATIONS:
    case METRIC_INSTANCE:
    case METRIC_CODE:
    default:
        write_sets(writer);
        break;
    }
}

static void
write_metric(struct writer *writer)
{
    static const char *const types[] = {"gauge", "counter", "histogram"};
    const struct metric *metric = writer->metric;
    const struct metrics_source *source = writer->at.source;
    writer->is_fine =
        writer->is_fine && buf_printf(writer->out, "# HELP %s %s\n# TYPE %s %s\n", metric->name,
                                      metric->help, metric->name, types[metric->type]);
    if (metric->scope == METRIC_INFO) {
        write_info(writer);
    } else if (metric->scope == METRIC_NODE) {
        write_node(writer);
    } else if (metric->scope == METRIC_CERTIFICATE && source->certificates != NULL &&
               source->certificates->list != NULL) {
        source->certificates->list(source->certificates->arg, write_certificate, writer);
    }
    for (size_t r = 0; r < source->view->role_count; r++) {
        writer->at.role = &source->view->roles[r];
        writer->at.role_index = r;
        write_role(writer);
    }
    writer->at.role = NULL;
    writer->at.role_index = source->view->role_count;
    if (metric->scope == METRIC_REASON) {
        write_reasons(writer);
    }
}

bool
metrics_write(const struct metrics_source *source, struct buf *out)
{
    bool is_fine = true;
    for (size_t i = 0; i < METRICS && is_fine; i++) {
        struct writer writer = {
            .out = out, .metric = &metrics[i], .at = {.source = source}, .is_fine = true};
        write_metric(&writer);
        is_fine = writer.is_fine;
    }
    return is_fine;
}
