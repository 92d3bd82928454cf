#include "bench/common/histogram.h"

#include <math.h>

static unsigned
histogram_slot(uint64_t value)
{
    unsigned octave;

    if (value < HISTOGRAM_STEPS)
        return (unsigned)value;
    octave = 63U - (unsigned)__builtin_clzll(value) - HISTOGRAM_STEP_BITS;
    return (octave + 1) * HISTOGRAM_STEPS + (unsigned)(value >> octave) - HISTOGRAM_STEPS;
}

/* The largest value that falls into the slot. */
static uint64_t
histogram_top(unsigned slot)
{
    unsigned octave = slot / HISTOGRAM_STEPS;
    uint64_t step = slot % HISTOGRAM_STEPS;

    if (octave == 0)
        return step;
    return ((step + HISTOGRAM_STEPS + 1) << (octave - 1)) - 1;
}

void
histogram_record(struct histogram *histogram, uint64_t value)
{
    histogram->slots[histogram_slot(value)]++;
    histogram->count++;
    histogram->sum += value;
    if (value > histogram->max)
        histogram->max = value;
}

uint64_t
histogram_quantile(const struct histogram *histogram, double quantile)
{
    uint64_t wanted = (uint64_t)ceil(quantile * (double)histogram->count);
    uint64_t seen = 0;

    for (unsigned slot = 0; slot < HISTOGRAM_SLOTS; slot++) {
        seen += histogram->slots[slot];
        if (seen >= wanted && seen > 0) {
            uint64_t top = histogram_top(slot);
            return top < histogram->max ? top : histogram->max;
        }
    }
    return histogram->max;
}
