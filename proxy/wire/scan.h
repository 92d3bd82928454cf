/*
 * scan: finds the first byte of a run that does not belong to it, 16 bytes at a time where SSE2 is
 * there (every x86-64) and one by one elsewhere. Never reads at or behind `end`. Of use to the
 * parsers of this folder. Any thread.
 */
#ifndef TURNOUT_WIRE_SCAN_H
#define TURNOUT_WIRE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum scan_class {
    SCAN_TOKEN = 1,  /* tchar (RFC 9110 section 5.6.2) */
    SCAN_VALUE = 2,  /* field-vchar, space and tab (RFC 9110 section 5.5) */
    SCAN_TARGET = 4, /* visible ASCII but '#' */
    SCAN_HOST = 8,   /* unreserved (RFC 3986 section 2.3) */
    SCAN_NAME = 16   /* letters and '-' */
};

/* The classes of each byte. */
extern const uint8_t scan_table[256];

static inline bool
scan_is(char c, enum scan_class class)
{
    return (scan_table[(unsigned char)c] & class) != 0;
}

/* The slow and sure way: the first byte in [at, end) that is not of the class, or end. */
static inline const char *
scan_over(const char *at, const char *end, enum scan_class class)
{
    while (at < end && scan_is(*at, class)) {
        at++;
    }
    return at;
}

#if defined(__SSE2__)

enum { SCAN_STEP = 16 };

static inline __m128i
scan_load(const char *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/* The end of a field value: the first control character but tab. */
static inline const char *
scan_value(const char *at, const char *end)
{
    const __m128i control = _mm_set1_epi8(0x1f);
    const __m128i tab = _mm_set1_epi8('\t');
    const __m128i rubout = _mm_set1_epi8(0x7f);
    while (end - at >= SCAN_STEP) {
        __m128i x = scan_load(at);
        __m128i low =
            _mm_andnot_si128(_mm_cmpeq_epi8(x, tab), _mm_cmpeq_epi8(_mm_min_epu8(x, control), x));
        int mask = _mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(x, rubout)));
        if (mask != 0) {
            return at + __builtin_ctz((unsigned)mask);
        }
        at += SCAN_STEP;
    }
    return scan_over(at, end, SCAN_VALUE);
}

/* The end of a request target. */
static inline const char *
scan_target(const char *at, const char *end)
{
    const __m128i space = _mm_set1_epi8(' ');
    const __m128i rubout = _mm_set1_epi8(0x7f);
    const __m128i fragment = _mm_set1_epi8('#');
    while (end - at >= SCAN_STEP) {
        __m128i x = scan_load(at);
        __m128i bad = _mm_or_si128(_mm_cmpeq_epi8(x, rubout), _mm_cmpeq_epi8(x, fragment));
        /* As signed bytes, what is above space is 0x21 to 0x7f. */
        __m128i good = _mm_andnot_si128(bad, _mm_cmpgt_epi8(x, space));
        int mask = ~_mm_movemask_epi8(good) & 0xffff;
        if (mask != 0) {
            return at + __builtin_ctz((unsigned)mask);
        }
        at += SCAN_STEP;
    }
    return scan_over(at, end, SCAN_TARGET);
}

/* The first byte that is no letter and no '-': the end of most field names. */
static inline const char *
scan_name(const char *at, const char *end)
{
    while (end - at >= SCAN_STEP) {
        __m128i x = scan_load(at);
        __m128i lower = _mm_or_si128(x, _mm_set1_epi8(0x20));
        __m128i letter = _mm_and_si128(_mm_cmpgt_epi8(lower, _mm_set1_epi8('a' - 1)),
                                       _mm_cmplt_epi8(lower, _mm_set1_epi8('z' + 1)));
        __m128i good = _mm_or_si128(letter, _mm_cmpeq_epi8(x, _mm_set1_epi8('-')));
        int mask = ~_mm_movemask_epi8(good) & 0xffff;
        if (mask != 0) {
            return at + __builtin_ctz((unsigned)mask);
        }
        at += SCAN_STEP;
    }
    return scan_over(at, end, SCAN_NAME);
}

#else

static inline const char *
scan_value(const char *at, const char *end)
{
    return scan_over(at, end, SCAN_VALUE);
}

static inline const char *
scan_target(const char *at, const char *end)
{
    return scan_over(at, end, SCAN_TARGET);
}

static inline const char *
scan_name(const char *at, const char *end)
{
    return scan_over(at, end, SCAN_NAME);
}

#endif

/* The end of a token; digits and the rest of what one may hold are rare. */
static inline const char *
scan_token(const char *at, const char *end)
{
    return scan_over(scan_name(at, end), end, SCAN_TOKEN);
}

#endif
