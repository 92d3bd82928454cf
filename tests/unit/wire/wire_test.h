/* What the tests of proxy/wire share: cmocka, and text made of repeated bytes. */
#ifndef TURNOUT_TESTS_UNIT_WIRE_WIRE_TEST_H
#define TURNOUT_TESTS_UNIT_WIRE_WIRE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proxy/base/buf.h"
#include "proxy/base/span.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Text with its NULs, for tables. */
#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

/* A copy that ends where its allocation ends, so that the address sanitizer sees a read too far. */
static inline char *
exact_copy(const char *data, size_t size)
{
    char *copy = malloc(size == 0 ? 1 : size);
    assert_non_null(copy);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    return copy;
}

static inline void
assert_span(struct span found, const char *wanted)
{
    if (!span_equal(found, span_of(wanted))) {
        fail_msg("wanted \"%s\", found \"%.*s\"", wanted, (int)found.size, found.data);
    }
}

#endif
