#include "proxy/flow/ledger.h"

#include <stdlib.h>

const uint64_t ledger_bucket_bounds_us[LEDGER_BUCKETS] = {
    500,    1000,   2500,   5000,    10000,   25000,    50000,
    100000, 250000, 500000, 1000000, 2500000, 10000000, UINT64_MAX,
};

enum err
ledger_new(uint64_t set_id, uint32_t worker_count, uint32_t instance_count, struct ledger **out)
{
    struct ledger *ledger = calloc(1, sizeof(*ledger));
    if (ledger == NULL) {
        return ERR_NO_MEMORY;
    }
    ledger->set_id = set_id;
    ledger->instance_count = instance_count;
    ledger->cells =
        aligned_alloc(_Alignof(struct ledger_cell), worker_count * sizeof(*ledger->cells));
    if (ledger->cells == NULL) {
        ledger_free(ledger);
        return ERR_NO_MEMORY;
    }
    for (uint32_t i = 0; i < worker_count; i++) {
        ledger->cells[i] = (struct ledger_cell){.instances = NULL};
    }
    ledger->worker_count = worker_count;
    for (uint32_t i = 0; i < worker_count; i++) {
        ledger->cells[i].instances = calloc(instance_count + 1U, sizeof(struct ledger_instance));
        if (ledger->cells[i].instances == NULL) {
            ledger_free(ledger);
            return ERR_NO_MEMORY;
        }
    }
    *out = ledger;
    return ERR_OK;
}

void
ledger_free(struct ledger *ledger)
{
    if (ledger == NULL) {
        return;
    }
    for (uint32_t i = 0; i < ledger->worker_count; i++) {
        free(ledger->cells[i].instances);
    }
    free(ledger->cells);
    free(ledger);
}

uint64_t
ledger_in_flight(const struct ledger *ledger, enum ledger_way way)
{
    uint64_t in_flight = 0;
    for (uint32_t i = 0; i < ledger->worker_count; i++) {
        /* Ended first: read the other way round, an exchange that begins and ends in between would
         * make the sum too small. */
        uint64_t ended = ledger_read(&ledger->cells[i].ended[way]);
        in_flight += ledger_read(&ledger->cells[i].begun[way]) - ended;
    }
    return in_flight;
}

bool
ledger_is_idle(const struct ledger *ledger)
{
    for (int way = 0; way < LEDGER_WAY_COUNT; way++) {
        if (ledger_in_flight(ledger, (enum ledger_way)way) != 0) {
            return false;
        }
    }
    return true;
}

uint64_t
ledger_ended(const struct ledger *ledger)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ledger->worker_count; i++) {
        for (int way = 0; way < LEDGER_WAY_COUNT; way++) {
            sum += ledger_read(&ledger->cells[i].ended[way]);
        }
    }
    return sum;
}

uint64_t
ledger_cut(const struct ledger *ledger)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ledger->worker_count; i++) {
        sum += ledger_read(&ledger->cells[i].cut);
    }
    return sum;
}

uint64_t
ledger_timed_out(const struct ledger *ledger)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ledger->worker_count; i++) {
        sum += ledger_read(&ledger->cells[i].timed_out);
    }
    return sum;
}

uint64_t
ledger_oldest_us(const struct ledger *ledger)
{
    uint64_t oldest = 0;
    for (uint32_t i = 0; i < ledger->worker_count; i++) {
        uint64_t began = ledger_read(&ledger->cells[i].oldest_us);
        if (began != 0 && (oldest == 0 || began < oldest)) {
            oldest = began;
        }
    }
    return oldest;
}

void
ledger_count_duration(struct ledger_cell *cell, uint64_t duration_us)
{
    int bucket = 0;
    while (duration_us > ledger_bucket_bounds_us[bucket]) {
        bucket++;
    }
    ledger_add(&cell->durations[bucket], 1);
    ledger_add(&cell->duration_us, duration_us);
}
