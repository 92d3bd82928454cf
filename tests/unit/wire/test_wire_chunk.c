/* The chunked coding: what goes on of it, whichever way the bytes are cut. */
#include "tests/unit/wire/wire_test.h"
#include "proxy/wire/chunk.h"

struct chunk_case {
    struct span bytes;
    const char *raw;
    const char *data;
    const char *rest;
};

static const struct chunk_case cases[] = {
    {BYTES("0\r\n\r\n"), "0\r\n\r\n", "", ""},
    {BYTES("5\r\nhello\r\n0\r\n\r\n"), "5\r\nhello\r\n0\r\n\r\n", "hello", ""},
    {BYTES("5\r\nhello\r\n0\r\n\r\nGET"), "5\r\nhello\r\n0\r\n\r\n", "hello", "GET"},
    {BYTES("00A\r\n0123456789\r\n1\r\n\r\r\n000\r\n\r\n"),
     "00A\r\n0123456789\r\n1\r\n\r\r\n000\r\n\r\n", "0123456789\r", ""},
    {BYTES("5;a=b;c=\"d;e\"\r\nhello\r\n0 \t ;x\r\n\r\n"), "5\r\nhello\r\n0\r\n\r\n", "hello", ""},
    {BYTES("1\r\na\r\n0\r\nX-Sum: 12\r\n\r\n"), "1\r\na\r\n0\r\nX-Sum: 12\r\n\r\n", "a", ""},
    {BYTES("0\r\nHost: b\r\nX: y\r\nContent-Length: 3\r\nTransfer-Encoding: "
           "chunked\r\nContent_Length: 3\r\n"
           "Connection: x\r\nSet-Cookie: a\r\nX-Forwarded-For: 1\r\nEmpty:\r\nAuthorization: "
           "q\r\n\r\nrest"),
     "0\r\nX: y\r\nEmpty:\r\n\r\n", "", "rest"},
};

/* Feeds `first` bytes at once, then the rest `step` at a time. */
static void
decode(const struct chunk_case *row, enum chunk_mode mode, size_t first, size_t step)
{
    struct chunk_decoder decoder;
    struct buf out;
    size_t fed = 0;
    size_t consumed = 0;
    enum wire_result result = WIRE_MORE;
    chunk_decoder_init(&decoder, mode);
    buf_init(&out);
    while (result == WIRE_MORE && fed < row->bytes.size) {
        size_t size = fed == 0 && first > 0 ? first : step;
        size = size < row->bytes.size - fed ? size : row->bytes.size - fed;
        char *piece = exact_copy(row->bytes.data + fed, size);
        struct span input = {piece, size};
        struct span run;
        do {
            result = chunk_decode(&decoder, &input, &run);
            buf_append_span(&out, run);
        } while (result == WIRE_MORE && input.size > 0);
        fed += size;
        consumed = fed - input.size;
        free(piece);
    }
    assert_int_equal(result, WIRE_DONE);
    assert_span(buf_span(&out), mode == CHUNK_RAW ? row->raw : row->data);
    assert_int_equal(decoder.decoded, strlen(row->data));
    assert_int_equal(row->bytes.size - consumed, strlen(row->rest));
    buf_fini(&out);
}

static void
test_cut_everywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t first = 0; first <= cases[i].bytes.size; first++) {
            decode(&cases[i], CHUNK_RAW, first, cases[i].bytes.size);
            decode(&cases[i], CHUNK_DATA, first, cases[i].bytes.size);
            decode(&cases[i], CHUNK_RAW, first, 1);
            decode(&cases[i], CHUNK_DATA, first, 1);
        }
    }
}

/* Without extensions and trailers, all of a piece goes on in one run. */
static void
test_one_run(void **state)
{
    (void)state;
    struct chunk_decoder decoder;
    struct span input = SPAN("5\r\nhello\r\n1\r\n.\r\n0\r\n\r\n");
    struct span run;
    struct span whole = input;
    chunk_decoder_init(&decoder, CHUNK_RAW);
    assert_int_equal(chunk_decode(&decoder, &input, &run), WIRE_DONE);
    assert_true(span_equal(run, whole));
}

static void
test_over_and_failed(void **state)
{
    (void)state;
    struct chunk_decoder decoder;
    struct span input = SPAN("0\r\n\r\nmore");
    struct span run;
    chunk_decoder_init(&decoder, CHUNK_RAW);
    assert_int_equal(chunk_decode(&decoder, &input, &run), WIRE_DONE);
    assert_int_equal(chunk_decode(&decoder, &input, &run), WIRE_DONE);
    assert_int_equal(run.size, 0);
    assert_span(input, "more");
    chunk_decoder_init(&decoder, CHUNK_DATA);
    assert_int_equal(chunk_decode(&decoder, &input, &run), WIRE_BAD);
    assert_int_equal(chunk_decode(&decoder, &input, &run), WIRE_BAD);
    assert_int_equal(chunk_decoder_reason(&decoder), WIRE_REASON_BAD_CHUNK_SIZE);
}

static void
test_encode(void **state)
{
    (void)state;
    static const struct {
        uint64_t size;
        const char *wanted;
    } rows[] = {
        {1, "1\r\n"},
        {15, "f\r\n"},
        {16, "10\r\n"},
        {65536, "10000\r\n"},
        {UINT64_MAX, "ffffffffffffffff\r\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[CHUNK_HEAD_MAX];
        size_t size = chunk_encode_head(out, rows[i].size);
        assert_span((struct span){out, size}, rows[i].wanted);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_everywhere),
        cmocka_unit_test(test_one_run),
        cmocka_unit_test(test_over_and_failed),
        cmocka_unit_test(test_encode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
