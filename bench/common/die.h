/* The end of a bench program that cannot go on: one line on standard error, exit code 2. */
#ifndef BENCH_COMMON_DIE_H
#define BENCH_COMMON_DIE_H

/* Prints the formatted message after "bench: " and exits; does not return. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* malloc of zeroed memory that dies instead of failing. */
void *die_calloc(unsigned long count, unsigned long size);

#endif
