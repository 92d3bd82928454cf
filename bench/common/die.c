#include "bench/common/die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void
die(const char *format, ...)
{
    va_list arguments;

    fflush(stdout);
    fputs("bench: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

void *
die_calloc(unsigned long count, unsigned long size)
{
    void *memory = calloc(count, size);

    if (!memory)
        die("out of memory for %lu items of %lu bytes", count, size);
    return memory;
}
