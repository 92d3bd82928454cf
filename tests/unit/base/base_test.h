/*
 * base_test: what tests of base share: cmocka with what it needs before it.
 */
#ifndef TURNOUT_TESTS_BASE_TEST_H
#define TURNOUT_TESTS_BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "proxy/base/span.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static inline void
assert_span(struct span span, const char *text)
{
    assert_int_equal(span.size, strlen(text));
    assert_memory_equal(span.data, text, span.size);
}

#endif
