/* Everything that is refused, each with its reason, however the bytes come; and no reason without a
 * case. */
#include "tests/unit/wire/wire_test.h"
#include "proxy/wire/chunk.h"
#include "proxy/wire/head.h"

enum kind { REQUEST, RESPONSE, CHUNKED };

struct refusal {
    enum kind kind;
    enum wire_reason reason;
    struct span bytes;
};

#define REQ(reason, text)                                                                          \
    {                                                                                              \
        REQUEST, WIRE_REASON_##reason, BYTES(text)                                                 \
    }
#define RES(reason, text)                                                                          \
    {                                                                                              \
        RESPONSE, WIRE_REASON_##reason, BYTES(text)                                                \
    }
#define CHU(reason, text)                                                                          \
    {                                                                                              \
        CHUNKED, WIRE_REASON_##reason, BYTES(text)                                                 \
    }
#define GET  "GET / HTTP/1.1\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define OK   "HTTP/1.1 200 OK\r\n"
#define X16  "xxxxxxxxxxxxxxxx"
#define X64  X16 X16 X16 X16
#define X256 X64 X64 X64 X64
#define F10  "A: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n"

static const struct refusal refusals[] = {
    /* The request line. */
    REQ(TOO_MANY_EMPTY_LINES, "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n"),
    REQ(BARE_LF, "\nGET / HTTP/1.1\r\n"),
    REQ(BARE_CR, "\rGET / HTTP/1.1\r\n"),
    REQ(BAD_METHOD, "\x16\x03\x01\x02\x00\x01\x00"),
    REQ(BAD_METHOD, " GET / HTTP/1.1\r\n"),
    REQ(BAD_METHOD, "GET\t/ HTTP/1.1\r\n"),
    REQ(BAD_METHOD, "GE(T / HTTP/1.1\r\n"),
    REQ(BAD_METHOD, "GET\r\n"),
    REQ(METHOD_TOO_LONG, X16 X16 "x / HTTP/1.1\r\n"),
    REQ(CONNECT_REFUSED, "CONNECT a:443 HTTP/1.1\r\n"),
    REQ(BAD_REQUEST_LINE, "GET /\r\n"),
    REQ(BAD_REQUEST_LINE, "GET  / HTTP/1.1\r\n"),
    REQ(BAD_REQUEST_LINE, "GET /  HTTP/1.1\r\n"),
    REQ(BAD_REQUEST_LINE, "GET / HTTP/1.1 \r\n"),
    REQ(BAD_REQUEST_LINE, "GET / http/1.1\r\n"),
    REQ(BAD_REQUEST_LINE, "GET / HTTP/11\r\nHost: a\r\n"),
    REQ(BAD_REQUEST_LINE, "GET / HTTP/1.1x\r\n"),
    REQ(BARE_LF, "GET / HTTP/1.1\nHost: a\r\n\r\n"),
    REQ(BARE_CR, "GET / HTTP/1.1\rHost: a\r\n\r\n"),
    REQ(BAD_VERSION, "GET / HTTP/1.2\r\n"),
    REQ(BAD_VERSION, "GET / HTTP/0.9\r\n"),
    REQ(BAD_VERSION, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    REQ(BAD_TARGET, "GET a HTTP/1.1\r\n"),
    REQ(BAD_TARGET, "GET * HTTP/1.1\r\n"),
    REQ(BAD_TARGET, "OPTIONS ** HTTP/1.1\r\n"),
    REQ(BAD_TARGET, "GET /a#b HTTP/1.1\r\n"),
    REQ(BAD_TARGET, "GET /\xc3\xa4 HTTP/1.1\r\n"),
    REQ(BAD_TARGET, "GET /\x00 HTTP/1.1\r\n"),
    REQ(BAD_TARGET, "GET /\x7f HTTP/1.1\r\n"),
    REQ(BAD_TARGET, "GET ftp://a/ HTTP/1.1\r\n"),
    REQ(BAD_TARGET, "GET http:/a HTTP/1.1\r\n"),
    REQ(BAD_TARGET, "GET http:// HTTP/1.1\r\n"),
    REQ(BAD_HOST, "GET http:///a HTTP/1.1\r\n"),
    REQ(BAD_HOST, "GET http://u@a/ HTTP/1.1\r\n"),
    /* Fields. */
    REQ(OBS_FOLD, GET " Host: a\r\n\r\n"),
    REQ(OBS_FOLD, GET "Host: a\r\n\tb\r\n\r\n"),
    REQ(BAD_NAME, GET "Host : a\r\n\r\n"),
    REQ(BAD_NAME, GET ": a\r\n\r\n"),
    REQ(BAD_NAME, GET "Ho st: a\r\n\r\n"),
    REQ(BAD_NAME, GET "Ho\x00st: a\r\n\r\n"),
    REQ(BAD_NAME, GET "Host\r\n\r\n"),
    REQ(BAD_NAME, GET "H\xf6st: a\r\n\r\n"),
    REQ(BAD_VALUE, GET "Host: a\x00\r\n\r\n"),
    REQ(BAD_VALUE, GET "A: b\x0b\r\n\r\n"),
    REQ(BAD_VALUE, GET "A: " X64 "\x7f\r\n\r\n"),
    REQ(BARE_LF, GET "Host: a\n\r\n"),
    REQ(BARE_LF, GET "Host: a\r\n\n"),
    REQ(BARE_CR, GET "Host: a\rB: c\r\n\r\n"),
    REQ(BARE_CR, GET "Host: a\r\r\n\r\n"),
    REQ(BARE_CR, GET "Host: a\r\n\rX\r\n"),
    REQ(TOO_MANY_FIELDS, GET F10 F10 F10 F10 F10 F10 F10 F10 F10 F10 "A: b\r\n\r\n"),
    /* Host. */
    REQ(MISSING_HOST, GET "\r\n"),
    REQ(MISSING_HOST, "GET http://a/ HTTP/1.1\r\n\r\n"),
    REQ(MULTIPLE_HOST, GET "Host: a\r\nhost: a\r\n\r\n"),
    REQ(BAD_HOST, GET "Host: a b\r\n\r\n"),
    REQ(BAD_HOST, GET "Host: a, b\r\n\r\n"),
    REQ(BAD_HOST, GET "Host: a/b\r\n\r\n"),
    REQ(BAD_HOST, GET "Host: u@a\r\n\r\n"),
    REQ(BAD_HOST, GET "Host: a:b\r\n\r\n"),
    REQ(BAD_HOST, GET "Host: a:65536\r\n\r\n"),
    REQ(BAD_HOST, GET "Host: :80\r\n\r\n"),
    REQ(BAD_HOST, GET "Host: [::1\r\n\r\n"),
    /* Framing. */
    REQ(BAD_LENGTH, POST "Content-Length:\r\n\r\n"),
    REQ(BAD_LENGTH, POST "Content-Length: -1\r\n\r\n"),
    REQ(BAD_LENGTH, POST "Content-Length: +1\r\n\r\n"),
    REQ(BAD_LENGTH, POST "Content-Length: 0x10\r\n\r\n"),
    REQ(BAD_LENGTH, POST "Content-Length: 1 1\r\n\r\n"),
    REQ(BAD_LENGTH, POST "Content-Length: 5, 5\r\n\r\n"),
    REQ(BAD_LENGTH, POST "Content-Length: 9223372036854775808\r\n\r\n"),
    REQ(BAD_LENGTH, POST "Content-Length: 18446744073709551621\r\n\r\n"),
    REQ(MULTIPLE_LENGTH, POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"),
    REQ(MULTIPLE_LENGTH, POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"),
    REQ(LENGTH_AND_CODING, POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
    REQ(BAD_CODING, POST "Transfer-Encoding:\r\n\r\n"),
    REQ(BAD_CODING, POST "Transfer-Encoding: gzip\r\n\r\n"),
    REQ(BAD_CODING, POST "Transfer-Encoding: identity\r\n\r\n"),
    REQ(BAD_CODING, POST "Transfer-Encoding: identity, chunked\r\n\r\n"),
    REQ(BAD_CODING, POST "Transfer-Encoding: chunked, gzip\r\n\r\n"),
    REQ(BAD_CODING, POST "Transfer-Encoding: chunked, chunked\r\n\r\n"),
    REQ(BAD_CODING, POST "Transfer-Encoding: ,chunked\r\n\r\n"),
    REQ(BAD_CODING, POST "Transfer-Encoding: chunked;a=b\r\n\r\n"),
    REQ(BAD_CODING, POST "Transfer-Encoding: \"chunked\"\r\n\r\n"),
    REQ(BAD_CODING, POST "Transfer-Encoding: xchunked\r\n\r\n"),
    REQ(BAD_CODING, POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
    REQ(UNKNOWN_CODING, POST "Transfer-Encoding: gzip, chunked\r\n\r\n"),
    REQ(CODING_IN_1_0, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    REQ(BODY_IN_TRACE, "TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"),
    REQ(BAD_CONNECTION, GET "Host: a\r\nConnection: a b\r\n\r\n"),
    REQ(CONNECTION_TOO_LONG, GET "Host: a\r\nConnection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p\r\n"
                                 "Connection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\r\n\r\n"),
    /* Answers. */
    RES(BAD_STATUS_LINE, "\x15\x03\x01"),
    RES(BAD_STATUS_LINE, "<html>"),
    RES(BAD_STATUS_LINE, "\r\nHTTP/1.1 200 OK\r\n"),
    RES(BAD_STATUS_LINE, "HTTP/2 200\r\n"),
    RES(BAD_STATUS_LINE, "HTTP/1.2 200 OK\r\n"),
    RES(BAD_STATUS_LINE, "HTTP/1.1 099 OK\r\n"),
    RES(BAD_STATUS_LINE, "HTTP/1.1 20 OK\r\n"),
    RES(BAD_STATUS_LINE, "HTTP/1.1 2000 OK\r\n"),
    RES(BAD_STATUS_LINE, "HTTP/1.1  200 OK\r\n"),
    RES(BAD_STATUS_LINE, "HTTP/1.1 200\tOK\r\n"),
    RES(BAD_STATUS_LINE, "HTTP/1.1 200 O\x01\r\n"),
    RES(BARE_LF, "HTTP/1.1 200 OK\n"),
    RES(BARE_CR, "HTTP/1.1 200 OK\rX"),
    RES(OBS_FOLD, OK "A: b\r\n c\r\n\r\n"),
    RES(BAD_NAME, OK "A : b\r\n\r\n"),
    RES(BAD_VALUE, OK "A: \x1b[0m\r\n\r\n"),
    RES(MULTIPLE_LENGTH, OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"),
    RES(BAD_LENGTH, OK "Content-Length: 5;\r\n\r\n"),
    RES(LENGTH_AND_CODING, OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
    RES(CODING_IN_1_0, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    RES(BAD_CODING, OK "Transfer-Encoding: gzip\r\n\r\n"),
    RES(UNKNOWN_CODING, OK "Transfer-Encoding: gzip, chunked\r\n\r\n"),
    RES(BODY_IN_INTERIM, "HTTP/1.1 103 Early Hints\r\nContent-Length: 1\r\n\r\n"),
    RES(UNASKED_UPGRADE, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    /* Chunks. */
    CHU(BAD_CHUNK_SIZE, "\r\n"),
    CHU(BAD_CHUNK_SIZE, "g\r\n"),
    CHU(BAD_CHUNK_SIZE, " 5\r\n"),
    CHU(BAD_CHUNK_SIZE, "-5\r\n"),
    CHU(BAD_CHUNK_SIZE, ";a\r\n"),
    CHU(BAD_CHUNK_EXTENSION, "0x5\r\n"),
    CHU(BAD_CHUNK_EXTENSION, "5 \r\n"),
    CHU(BAD_CHUNK_EXTENSION, "5 a\r\n"),
    CHU(BAD_CHUNK_EXTENSION, "5;a\x00\r\n"),
    CHU(CHUNK_EXTENSION_TOO_LONG, "5;" X256 "\r\n"),
    CHU(CHUNK_SIZE_OVERFLOW, "00000000000000001\r\n"),
    CHU(CHUNK_SIZE_OVERFLOW, "1000000000000000\r\n"),
    CHU(CHUNK_SIZE_OVERFLOW, "fffffffffffffffff\r\n"),
    CHU(BARE_LF, "5\nhello\r\n"),
    CHU(BARE_LF, "5;a\nhello\r\n"),
    CHU(BARE_LF, "\n"),
    CHU(BARE_CR, "5\rhello\r\n"),
    CHU(BARE_CR, "0\r\n\rx"),
    CHU(BAD_CHUNK_END, "5\r\nhellox"),
    CHU(BAD_CHUNK_END, "5\r\nhello\rx"),
    CHU(BARE_LF, "5\r\nhello\n0\r\n"),
    CHU(BAD_TRAILER, "0\r\n a: b\r\n\r\n"),
    CHU(BAD_TRAILER, "0\r\na : b\r\n\r\n"),
    CHU(BAD_TRAILER, "0\r\n: b\r\n\r\n"),
    CHU(BAD_TRAILER, "0\r\na: \x01\r\n\r\n"),
    CHU(BARE_LF, "0\r\n\n"),
    CHU(BARE_LF, "0\r\na: b\n\r\n"),
    CHU(BARE_CR, "0\r\na: b\r\r\n"),
    CHU(TRAILERS_TOO_LARGE, "0\r\n" X64 "x: b\r\n\r\n"),
};

static enum wire_result
feed(enum kind kind, const char *data, size_t size, enum wire_reason *reason)
{
    struct wire_request request;
    struct wire_response response;
    struct chunk_decoder decoder;
    enum wire_result result = WIRE_MORE;
    if (kind == REQUEST) {
        result = head_request_parse(&request, data, size, &wire_limits_default);
        *reason = request.reason;
    } else if (kind == RESPONSE) {
        result = head_response_parse(&response, data, size, &wire_limits_default, WIRE_METHOD_GET);
        *reason = response.reason;
    } else {
        struct span input = {data, size};
        struct span run;
        chunk_decoder_init(&decoder, CHUNK_RAW);
        do {
            result = chunk_decode(&decoder, &input, &run);
        } while (result == WIRE_MORE && input.size > 0);
        *reason = chunk_decoder_reason(&decoder);
    }
    return result;
}

/* Cut anywhere, it is "more" until the first byte that cannot be right, and then this refusal for
 * ever. */
static void
check_refusal(const struct refusal *row)
{
    bool was_bad = false;
    for (size_t size = 0; size <= row->bytes.size; size++) {
        char *copy = exact_copy(row->bytes.data, size);
        enum wire_reason reason;
        enum wire_result result = feed(row->kind, copy, size, &reason);
        free(copy);
        assert_int_not_equal(result, WIRE_DONE);
        assert_true(!was_bad || result == WIRE_BAD);
        if (result == WIRE_BAD && reason != row->reason) {
            fail_msg("%.*s: wanted %s, found %s", (int)row->bytes.size, row->bytes.data,
                     wire_reason_name(row->reason), wire_reason_name(reason));
        }
        was_bad = result == WIRE_BAD;
    }
    if (!was_bad) {
        fail_msg("not refused: %.*s", (int)row->bytes.size, row->bytes.data);
    }
}

static void
test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        check_refusal(&refusals[i]);
    }
}

/* Those that need more bytes than a table should hold. */
static void
test_long(void **state)
{
    (void)state;
    enum { SIZE = 20000 };
    static const struct {
        enum kind kind;
        enum wire_reason reason;
        const char *start;
        const char *more;
    } rows[] = {
        {REQUEST, WIRE_REASON_LINE_TOO_LONG, "GET /", "a"},
        {RESPONSE, WIRE_REASON_LINE_TOO_LONG, "HTTP/1.1 200 ", "a"},
        {REQUEST, WIRE_REASON_HEAD_TOO_LARGE, GET "A: ", "a"},
        {RESPONSE, WIRE_REASON_HEAD_TOO_LARGE, OK "A", "a"},
        {CHUNKED, WIRE_REASON_CHUNK_EXTENSION_TOO_LONG, "1;" X64 "\r\n.\r\n",
         "1;" X64 X64 "\r\n.\r\n"},
        {CHUNKED, WIRE_REASON_TRAILERS_TOO_LARGE, "0\r\n", "a: b\r\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf text;
        enum wire_reason reason;
        buf_init(&text);
        buf_append_text(&text, rows[i].start);
        while (buf_size(&text) < SIZE) {
            buf_append_text(&text, rows[i].more);
        }
        assert_int_equal(feed(rows[i].kind, text.data, buf_size(&text), &reason), WIRE_BAD);
        assert_int_equal(reason, rows[i].reason);
        buf_fini(&text);
    }
}

static void
test_every_reason_has_a_case(void **state)
{
    (void)state;
    bool seen[WIRE_REASON_COUNT] = {false};
    /* These are in test_long. */
    seen[WIRE_REASON_NONE] = seen[WIRE_REASON_LINE_TOO_LONG] = seen[WIRE_REASON_HEAD_TOO_LARGE] =
        true;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        seen[refusals[i].reason] = true;
    }
    for (int i = 0; i < WIRE_REASON_COUNT; i++) {
        enum wire_reason reason = (enum wire_reason)i;
        if (!seen[i]) {
            fail_msg("no case for %s", wire_reason_name(reason));
        }
        assert_true(strlen(wire_reason_text(reason)) > 0);
        assert_true(i == 0 || strlen(wire_reason_section(reason)) > 0);
        assert_true(i == 0 ||
                    (wire_reason_status(reason) >= 400 && wire_reason_status(reason) < 600));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_every_reason_has_a_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
