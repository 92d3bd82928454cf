/* Any bytes as a chunked body; the first one says how they are cut. Every cut gives the same, and
 * what is passed on is a chunked body with the same data that passes unchanged. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/base/buf.h"
#include "proxy/base/check.h"
#include "proxy/wire/chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    enum wire_result result;
    enum wire_reason reason;
    uint64_t decoded;
    size_t consumed;
    struct buf out;
};

/* Feeds pieces whose sizes go through 1 to `cut`, each in memory of its own; cut 0 feeds all at
 * once. */
static void
decode(struct outcome *outcome, enum chunk_mode mode, struct span text, size_t cut)
{
    struct chunk_decoder decoder;
    size_t fed = 0;
    size_t piece = 0;
    chunk_decoder_init(&decoder, mode);
    buf_init(&outcome->out);
    outcome->result = WIRE_MORE;
    outcome->consumed = 0;
    while (outcome->result == WIRE_MORE && fed < text.size) {
        piece = cut == 0 ? text.size : piece % cut + 1;
        size_t size = piece < text.size - fed ? piece : text.size - fed;
        char *copy = malloc(size);
        CHECK(copy != NULL);
        memcpy(copy, text.data + fed, size);
        struct span input = {copy, size};
        struct span run;
        do {
            outcome->result = chunk_decode(&decoder, &input, &run);
            CHECK(buf_append_span(&outcome->out, run));
        } while (outcome->result == WIRE_MORE && input.size > 0);
        free(copy);
        fed += size;
        outcome->consumed = fed - input.size;
    }
    outcome->reason = chunk_decoder_reason(&decoder);
    outcome->decoded = decoder.decoded;
}

static void
check_same(const struct outcome *a, const struct outcome *b)
{
    CHECK(a->result == b->result && a->reason == b->reason && a->decoded == b->decoded);
    CHECK(a->consumed == b->consumed);
    CHECK(span_equal(buf_span(&a->out), buf_span(&b->out)));
}

/* What goes on must be read by the next one as we read it. */
static void
check_forwarded(const struct outcome *raw, const struct outcome *plain)
{
    struct outcome again;
    struct outcome data;
    decode(&again, CHUNK_RAW, buf_span(&raw->out), 0);
    decode(&data, CHUNK_DATA, buf_span(&raw->out), 0);
    CHECK(again.result == WIRE_DONE && data.result == WIRE_DONE);
    CHECK(again.consumed == buf_size(&raw->out));
    CHECK(span_equal(buf_span(&again.out), buf_span(&raw->out)));
    CHECK(span_equal(buf_span(&data.out), buf_span(&plain->out)));
    buf_fini(&again.out);
    buf_fini(&data.out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct span text = {(const char *)data + 1, size - 1};
    size_t cut = data[0] % 32u + 1;
    struct outcome raw;
    struct outcome raw_cut;
    struct outcome plain;
    struct outcome plain_cut;
    decode(&raw, CHUNK_RAW, text, 0);
    decode(&raw_cut, CHUNK_RAW, text, cut);
    decode(&plain, CHUNK_DATA, text, 0);
    decode(&plain_cut, CHUNK_DATA, text, cut);
    check_same(&raw, &raw_cut);
    check_same(&plain, &plain_cut);
    CHECK(raw.result == plain.result && raw.decoded == plain.decoded && raw.reason == plain.reason);
    CHECK(plain.decoded == buf_size(&plain.out));
    if (raw.result == WIRE_DONE) {
        check_forwarded(&raw, &plain);
    }
    buf_fini(&raw.out);
    buf_fini(&raw_cut.out);
    buf_fini(&plain.out);
    buf_fini(&plain_cut.out);
    return 0;
}
