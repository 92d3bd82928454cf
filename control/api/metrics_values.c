/* Where each metric's value comes from. */
#include "control/api/metrics.h"
#include "proxy/engine.h"

static const struct engine_counts *
value_counts(const struct metrics_at *at, struct engine_counts *counts)
{
    *counts = (struct engine_counts){0};
    if (at->source->engine != NULL) {
        engine_count(at->source->engine, counts);
    }
    return counts;
}

#define NODE_VALUE(name, expression)                                                               \
    double value_##name(const struct metrics_at *at)                                               \
    {                                                                                              \
        return (double)(expression);                                                               \
    }
#define ENGINE_VALUE(name, member)                                                                 \
    double value_##name(const struct metrics_at *at)                                               \
    {                                                                                              \
        struct engine_counts counts;                                                               \
        return (double)value_counts(at, &counts)->member;                                          \
    }

double
value_one(const struct metrics_at *at)
{
    (void)at;
    return 1;
}

NODE_VALUE(started, (double)at->source->view->started_at_us / 1e6)
NODE_VALUE(epoch, at->source->view->epoch)
NODE_VALUE(writable, at->source->view->is_journal_writable)
NODE_VALUE(control_clients, at->source->control_clients)
NODE_VALUE(control_cut, at->source->control_cut)
ENGINE_VALUE(connections, connections)
ENGINE_VALUE(accepted, accepted)
ENGINE_VALUE(accept_pauses, accept_pauses)
ENGINE_VALUE(client_requests, requests)
ENGINE_VALUE(exchanges, exchanges)
ENGINE_VALUE(log_lines, access_log_lines)
ENGINE_VALUE(log_dropped, access_log_dropped)
NODE_VALUE(role_epoch, at->role->epoch)
NODE_VALUE(held, at->role->is_held)
NODE_VALUE(parked, at->role->parked)
NODE_VALUE(maintenance, at->role->is_in_maintenance)
NODE_VALUE(operation, at->role->operation.id != NULL)
NODE_VALUE(cutover_duration, (double)at->role->last_cutover.duration_us / 1e6)
NODE_VALUE(cutover_time, (double)at->role->last_cutover.at_us / 1e6)
NODE_VALUE(set_live, at->set->place == RUNNER_VIEW_LIVE)
NODE_VALUE(set_weight, (double)at->set->weight_bp / 1e4)
NODE_VALUE(set_instances, at->set->instance_count)
NODE_VALUE(set_healthy, at->set->healthy)
NODE_VALUE(up, at->set->instances[at->instance].is_up)
NODE_VALUE(check_duration, (double)at->set->instances[at->instance].check_us / 1e6)

double
value_reasons(const struct metrics_at *at)
{
    return at->source->engine == NULL
               ? 0
               : (double)engine_count_reason(at->source->engine, (uint32_t)at->role_index,
                                             (enum reason)at->which);
}

double
value_in_flight(const struct metrics_at *at)
{
    return at->ledger == NULL ? 0
                              : (double)ledger_in_flight(at->ledger, (enum ledger_way)at->which);
}

double
value_begun(const struct metrics_at *at)
{
    uint64_t sum = 0;
    for (uint32_t w = 0; at->ledger != NULL && w < at->ledger->worker_count; w++) {
        sum += ledger_read(&at->ledger->cells[w].begun[at->which]);
    }
    return (double)sum;
}

/* A count of a set, over all workers. */
#define SET_VALUE(name, member)                                                                    \
    double value_##name(const struct metrics_at *at)                                               \
    {                                                                                              \
        uint64_t sum = 0;                                                                          \
        for (uint32_t w = 0; at->ledger != NULL && w < at->ledger->worker_count; w++) {            \
            sum += ledger_read(&at->ledger->cells[w].member);                                      \
        }                                                                                          \
        return (double)sum;                                                                        \
    }

SET_VALUE(cut, cut)
SET_VALUE(bytes_in, bytes_in)
SET_VALUE(bytes_out, bytes_out)

/* A count of an instance, over all workers. */
#define INSTANCE_VALUE(name, member)                                                               \
    double value_##name(const struct metrics_at *at)                                               \
    {                                                                                              \
        uint64_t sum = 0;                                                                          \
        bool is_counted = at->ledger != NULL && at->instance < at->ledger->instance_count;         \
        for (uint32_t w = 0; is_counted && w < at->ledger->worker_count; w++) {                    \
            sum += ledger_read(&at->ledger->cells[w].instances[at->instance].member);              \
        }                                                                                          \
        return (double)sum;                                                                        \
    }

INSTANCE_VALUE(codes, codes[at->which])
INSTANCE_VALUE(connects, connects)
INSTANCE_VALUE(connect_failures, connect_failures)
INSTANCE_VALUE(failures, failures)
INSTANCE_VALUE(retries, retries)
