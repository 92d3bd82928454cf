/*
 * clock: the only reader of clocks; everyone else is given the time. Monotonic time for durations
 * and deadlines (never jumps), wall time for what a person reads. Any thread.
 */
#ifndef TURNOUT_BASE_CLOCK_H
#define TURNOUT_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Monotonic microseconds since an arbitrary start. */
uint64_t clock_mono_us(void);

/* Monotonic milliseconds since the same start, from the kernel's coarse tick (4 ms or better, no
 * system call). */
uint64_t clock_coarse_ms(void);

/* Wall time in microseconds since 1970-01-01 UTC. */
uint64_t clock_wall_us(void);

enum { CLOCK_RFC3339_SIZE = 25 };

/* Writes wall time as RFC 3339 UTC with milliseconds ("2026-11-20T12:00:00.123Z") and NUL,
 * CLOCK_RFC3339_SIZE bytes. */
void clock_format_rfc3339(uint64_t wall_us, char out[CLOCK_RFC3339_SIZE]);

enum { CLOCK_HTTP_SIZE = 30 };

/* Writes wall time as HTTP's fields have it ("Fri, 20 Nov 2026 12:00:00 GMT", RFC 9110 section
 * 5.6.7) and NUL, CLOCK_HTTP_SIZE bytes. */
void clock_format_http(uint64_t wall_us, char out[CLOCK_HTTP_SIZE]);

#endif
