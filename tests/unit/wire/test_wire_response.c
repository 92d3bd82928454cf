/* Answers that are let through, and what is read of them. */
#include "tests/unit/wire/wire_test.h"
#include "proxy/wire/head.h"

struct good_response {
    struct span bytes;
    enum wire_method method;
    uint16_t status;
    const char *phrase;
    enum wire_framing framing;
    uint64_t length;
    bool keep_alive;
};

#define GET  WIRE_METHOD_GET
#define HEAD WIRE_METHOD_HEAD

static const struct good_response good_responses[] = {
    {BYTES("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), GET, 200, "OK",
     WIRE_FRAMING_LENGTH, 5, true},
    {BYTES("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), HEAD, 200, "OK", WIRE_FRAMING_NONE, 5,
     true},
    {BYTES("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), GET, 200, "OK",
     WIRE_FRAMING_LENGTH, 0, false},
    {BYTES("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n"), GET, 200, "",
     WIRE_FRAMING_CHUNKED, 0, true},
    {BYTES("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n"), HEAD, 200, "", WIRE_FRAMING_NONE,
     0, true},
    {BYTES("HTTP/1.1 404 Not Found Here\r\n\r\n"), GET, 404, "Not Found Here", WIRE_FRAMING_CLOSE,
     0, false},
    {BYTES("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n"), GET, 200, "OK", WIRE_FRAMING_LENGTH, 3,
     false},
    {BYTES("HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n"), GET, 200,
     "OK", WIRE_FRAMING_LENGTH, 3, true},
    {BYTES("HTTP/1.1 204 No Content\r\n\r\n"), GET, 204, "No Content", WIRE_FRAMING_NONE, 0, true},
    {BYTES("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"), GET, 204, "No Content",
     WIRE_FRAMING_NONE, 0, true},
    {BYTES("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"), GET, 204, "No Content",
     WIRE_FRAMING_NONE, 0, false},
    {BYTES("HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n"), GET, 304, "Not Modified",
     WIRE_FRAMING_NONE, 77, true},
    {BYTES("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), GET, 100, "Continue",
     WIRE_FRAMING_NONE, 0, true},
    {BYTES("HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\n"), HEAD, 103, "Early Hints",
     WIRE_FRAMING_NONE, 0, true},
    {BYTES("HTTP/1.1 999 \xe4\r\nContent-Length: 1\r\n\r\n"), GET, 999, "\xe4", WIRE_FRAMING_LENGTH,
     1, true},
};

static void
check_response(const struct good_response *wanted, const struct wire_response *found)
{
    assert_int_equal(found->status, wanted->status);
    assert_span(found->phrase, wanted->phrase);
    assert_int_equal(found->framing, wanted->framing);
    assert_int_equal(found->length, wanted->length);
    assert_int_equal(found->keep_alive, wanted->keep_alive);
    assert_int_equal(found->is_interim, wanted->status < 200);
}

static void
test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good_responses); i++) {
        const struct good_response *row = &good_responses[i];
        struct wire_response whole;
        assert_int_equal(head_response_parse(&whole, row->bytes.data, row->bytes.size,
                                             &wire_limits_default, row->method),
                         WIRE_DONE);
        for (size_t size = 0; size <= row->bytes.size; size++) {
            char *copy = exact_copy(row->bytes.data, size);
            struct wire_response part;
            enum wire_result result =
                head_response_parse(&part, copy, size, &wire_limits_default, row->method);
            assert_int_equal(result, size < whole.head_size ? WIRE_MORE : WIRE_DONE);
            if (result == WIRE_DONE) {
                check_response(row, &part);
            }
            free(copy);
        }
    }
}

static void
test_keep_alive_timeout(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        uint32_t wanted;
    } rows[] = {
        {"timeout=5", 5},
        {"max=100, Timeout=30", 30},
        {"timeout=7, timeout=3", 3},
        {"timeout=", UINT32_MAX},
        {"max=3", UINT32_MAX},
        {"timeout=x", UINT32_MAX},
        {"timeout=99999999999", UINT32_MAX},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[128];
        struct wire_response response;
        int size = snprintf(text, sizeof(text), "HTTP/1.1 204 No Content\r\nKeep-Alive: %s\r\n\r\n",
                            rows[i].value);
        assert_int_equal(
            head_response_parse(&response, text, (size_t)size, &wire_limits_default, GET),
            WIRE_DONE);
        assert_int_equal(response.keep_alive_s, rows[i].wanted);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_keep_alive_timeout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
