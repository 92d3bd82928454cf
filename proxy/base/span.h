/*
 * span: a piece of somebody else's bytes, never NUL-terminated, never owned. Valid as long as what
 * it points into. Any thread.
 */
#ifndef TURNOUT_BASE_SPAN_H
#define TURNOUT_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *data;
    size_t size;
};

#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})

static inline struct span
span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

static inline bool
span_equal(struct span a, struct span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Equal but for the case of ASCII letters. */
bool span_equal_nocase(struct span a, struct span b);

/* Without leading and trailing spaces and tabs (RFC 9110 section 5.6.3, OWS). */
struct span span_trim(struct span text);

/* Takes the next element of a comma-separated list (RFC 9110 section 5.6.1) off *rest, trimmed;
 * empty ones are passed over. False at its end. */
bool span_next_element(struct span *rest, struct span *element);

/* A decimal number without sign, 1 to 19 digits, nothing else; false otherwise and *out untouched.
 */
bool span_to_u64(struct span text, uint64_t *out);

/* Copies into a C string of the given capacity; false (and nothing written) when it does not fit or
 * holds a NUL. */
bool span_to_string(struct span text, char *out, size_t capacity);

/* FNV-1a, 64 bits, for tables; span_hash_nocase folds ASCII letters. Not for secrets nor for
 * hostile keys without a limit. */
uint64_t span_hash(struct span text);
uint64_t span_hash_nocase(struct span text);

static inline char
span_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

#endif
