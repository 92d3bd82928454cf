/*
 * chunk: the chunked transfer coding (RFC 9112 section 7.1), read incrementally and strictly, and
 * written. Any split of the input gives the same output. One thread per decoder.
 *
 *     do {
 *         result = chunk_decode(&decoder, &input, &run);
 *         ... take run, if it is not empty ...
 *     } while (result == WIRE_MORE && input.size > 0);
 */
#ifndef TURNOUT_WIRE_CHUNK_H
#define TURNOUT_WIRE_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proxy/base/span.h"
#include "proxy/wire/reason.h"
#include "proxy/wire/wire.h"

enum {
    CHUNK_EXTENSION_MAX = 256,           /* bytes of extensions in one size line */
    CHUNK_EXTENSION_SUM_MAX = 16 * 1024, /* and in all of a body */
    CHUNK_DIGITS_MAX = 16,               /* hexadecimal digits of a size */
    CHUNK_TRAILERS_MAX = 8 * 1024,       /* bytes of the trailer section */
    CHUNK_NAME_MAX = 64                  /* bytes of a trailer's name */
};

enum chunk_mode {
    CHUNK_RAW, /* yields the coding itself, ready to be forwarded: extensions and forbidden trailers
                  cut out */
    CHUNK_DATA /* yields the data alone; trailers are checked and dropped */
};

struct chunk_decoder {
    uint64_t left;    /* data bytes of the current chunk still to come */
    uint64_t decoded; /* data bytes yielded so far, in either mode */
    uint32_t extension_sum;
    uint32_t trailer_size;
    uint16_t extension_size;
    uint8_t digits;
    uint8_t name_size;
    uint8_t state;
    uint8_t mode;     /* enum chunk_mode */
    bool is_dropping; /* the current trailer is not passed on */
    uint8_t reason;   /* enum wire_reason, after WIRE_BAD */
    char name[CHUNK_NAME_MAX + 1];
};

void chunk_decoder_init(struct chunk_decoder *decoder, enum chunk_mode mode);

/* Takes bytes off *input and gives in *run (maybe empty) what is to be passed on of them; it points
 * into the input or into the decoder, valid until the next call. WIRE_MORE: go on while there is
 * input. WIRE_DONE: the body has ended, *input begins with what follows it. WIRE_BAD:
 * decoder->reason says why, and every further call says the same. */
enum wire_result chunk_decode(struct chunk_decoder *decoder, struct span *input, struct span *run);

static inline enum wire_reason
chunk_decoder_reason(const struct chunk_decoder *decoder)
{
    return (enum wire_reason)decoder->reason;
}

enum { CHUNK_HEAD_MAX = 18 };

/* Writes the size line of a chunk of `size` bytes, size > 0; the bytes written. Data and CHUNK_END
 * follow it. */
size_t chunk_encode_head(char out[CHUNK_HEAD_MAX], uint64_t size);

#define CHUNK_END  SPAN("\r\n")
#define CHUNK_LAST SPAN("0\r\n\r\n")

#endif
