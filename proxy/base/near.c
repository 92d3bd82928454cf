#include "proxy/base/near.h"

#include <string.h>

#include "proxy/base/span.h"

static size_t
least(size_t a, size_t b, size_t c)
{
    size_t smaller = a < b ? a : b;
    return smaller < c ? smaller : c;
}

size_t
near_distance(const char *a, const char *b)
{
    size_t row[NEAR_WORD_MAX + 1];
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    if (a_size > NEAR_WORD_MAX || b_size > NEAR_WORD_MAX) {
        return NEAR_WORD_MAX;
    }
    for (size_t j = 0; j <= b_size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t change = span_lower(a[i - 1]) == span_lower(b[j - 1]) ? 0 : 1;
            size_t above = row[j];
            row[j] = least(diagonal + change, above + 1, row[j - 1] + 1);
            diagonal = above;
        }
    }
    return row[b_size];
}
