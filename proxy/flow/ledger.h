/*
 * ledger: the count of exchanges, per set and worker and way in, and what else is counted of a
 * set's exchanges. A ledger is made by the engine on the control thread when a set is first
 * published, and freed by it when no table names the set, every worker has passed and all counts
 * read zero. Each worker writes one cell and no other, so a count is a plain store; control reads
 * them all.
 *
 * "Drained" is read so: after every worker has passed a table that gives the set no new work,
 * `begun` stands still, and begun == ended means that nothing is in flight. Control must ask after
 * the pass.
 */
#ifndef TURNOUT_FLOW_LEDGER_H
#define TURNOUT_FLOW_LEDGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "proxy/base/err.h"

/* The ways in which an exchange may reach a set. */
enum ledger_way { LEDGER_NORMAL, LEDGER_PREVIEW, LEDGER_WAY_COUNT };

enum { LEDGER_CODE_CLASSES = 6, LEDGER_BUCKETS = 14 };

/* A count with one writer; anyone may read it. */
typedef _Atomic uint64_t ledger_count;

static inline void
ledger_add(ledger_count *count, uint64_t more)
{
    uint64_t now = atomic_load_explicit(count, memory_order_relaxed);
    atomic_store_explicit(count, now + more, memory_order_release);
}

static inline uint64_t
ledger_read(const ledger_count *count)
{
    return atomic_load_explicit(count, memory_order_acquire);
}

/* What one worker counts of one instance. */
struct ledger_instance {
    ledger_count codes[LEDGER_CODE_CLASSES]; /* answers by status / 100; [0]: none was given */
    ledger_count connects;
    ledger_count connect_failures;
    ledger_count failures; /* answers that were cut, late or invalid */
    ledger_count retries;  /* exchanges that were tried again elsewhere */
};

/* What one worker counts of one set. */
struct ledger_cell {
    _Alignas(64) ledger_count begun[LEDGER_WAY_COUNT];
    ledger_count ended[LEDGER_WAY_COUNT];
    ledger_count cut; /* of those ended: by the drain's deadline */
    ledger_count
        timed_out; /* of those ended: the instance did not answer in time, and may still be at it */
    ledger_count oldest_us; /* when the oldest exchange in flight began (clock_mono_us); 0: none */
    ledger_count bytes_in;  /* of requests, heads and bodies as received from clients */
    ledger_count bytes_out; /* of answers as sent to clients */
    ledger_count duration_us;
    ledger_count
        durations[LEDGER_BUCKETS]; /* exchanges by ledger_bucket_bounds_us, not cumulated */
    struct ledger_instance *instances;
};

struct ledger {
    uint64_t set_id;
    uint32_t worker_count;
    uint32_t instance_count;
    struct ledger_cell *cells; /* one per worker */
};

/* Upper bounds of the duration buckets in microseconds; the last bucket has none (UINT64_MAX). */
extern const uint64_t ledger_bucket_bounds_us[LEDGER_BUCKETS];

/* A ledger of zeroes. ERR_NO_MEMORY. Free with ledger_free (accepts NULL). */
enum err ledger_new(uint64_t set_id, uint32_t worker_count, uint32_t instance_count,
                    struct ledger **out);
void ledger_free(struct ledger *ledger);

/* Exchanges in flight by one way in, over all workers. Exact only as said above. */
uint64_t ledger_in_flight(const struct ledger *ledger, enum ledger_way way);

/* True when no worker has anything in flight by any way in. */
bool ledger_is_idle(const struct ledger *ledger);

/* Over all workers since the ledger began: exchanges that ended, by any way; of these cut by the
 * drain's deadline; and those whose instance did not answer in time. */
uint64_t ledger_ended(const struct ledger *ledger);
uint64_t ledger_cut(const struct ledger *ledger);
uint64_t ledger_timed_out(const struct ledger *ledger);

/* When the oldest exchange in flight began, by clock_mono_us; 0 when there is none. */
uint64_t ledger_oldest_us(const struct ledger *ledger);

/* Counts one ended exchange's duration in a worker's cell. */
void ledger_count_duration(struct ledger_cell *cell, uint64_t duration_us);

#endif
