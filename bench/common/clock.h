/* The one clock of the benches: CLOCK_MONOTONIC, the same that Python's time.monotonic_ns() reads,
 * so that times taken by a script and times in a trace compare. */
#ifndef BENCH_COMMON_CLOCK_H
#define BENCH_COMMON_CLOCK_H

#include <stdint.h>

#define CLOCK_NS_PER_S  1000000000ULL
#define CLOCK_NS_PER_MS 1000000ULL
#define CLOCK_NS_PER_US 1000ULL

/* Nanoseconds since some fixed point. */
uint64_t clock_now_ns(void);

/* CPU time of this process so far, user and system, in nanoseconds. */
uint64_t clock_cpu_ns(void);

#endif
