/* A log-linear histogram of 64-bit values: 128 steps an octave, so that any value read back is at
 * most 0.8 % above the one recorded. Recording is a shift and an increment. */
#ifndef BENCH_COMMON_HISTOGRAM_H
#define BENCH_COMMON_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEP_BITS 7
#define HISTOGRAM_STEPS     (1U << HISTOGRAM_STEP_BITS)
#define HISTOGRAM_SLOTS     ((64U - HISTOGRAM_STEP_BITS + 1U) * HISTOGRAM_STEPS)

struct histogram {
    uint64_t count;
    uint64_t sum;
    uint64_t max;
    uint64_t slots[HISTOGRAM_SLOTS];
};

void histogram_record(struct histogram *histogram, uint64_t value);

/* The value that `quantile` (0 to 1) of all records do not exceed; 0 when there are none. */
uint64_t histogram_quantile(const struct histogram *histogram, double quantile);

#endif
