/* Requests that are let through, and what is read of them. */
#include "tests/unit/wire/wire_test.h"
#include "proxy/wire/head.h"

#define HOST "Host: a.example\r\n"

struct good_request {
    struct span bytes;
    const char *method;
    const char *path;
    const char *query;
    const char *host;
    enum wire_framing framing;
    uint64_t length;
    uint8_t minor;
    bool keep_alive;
};

static const struct good_request good_requests[] = {
    {BYTES("GET / HTTP/1.1\r\n" HOST "\r\n"), "GET", "/", "", "a.example", WIRE_FRAMING_NONE, 0, 1,
     true},
    {BYTES("\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\nmore"), "GET", "/", "", "a.example",
     WIRE_FRAMING_NONE, 0, 1, true},
    {BYTES("GET /a/b;c=d?e=f;g?h HTTP/1.1\r\nHost:b:80\r\n\r\n"), "GET", "/a/b;c=d", "?e=f;g?h",
     "b:80", WIRE_FRAMING_NONE, 0, 1, true},
    {BYTES("GET / HTTP/1.0\r\n\r\n"), "GET", "/", "", "", WIRE_FRAMING_NONE, 0, 0, false},
    {BYTES("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), "GET", "/", "", "",
     WIRE_FRAMING_NONE, 0, 0, true},
    {BYTES("GET / HTTP/1.1\r\n" HOST "Connection: foo, CLOSE\r\n\r\n"), "GET", "/", "", "a.example",
     WIRE_FRAMING_NONE, 0, 1, false},
    {BYTES("GET / HTTP/1.1\r\nhOST:\t [::1]:8080 \t\r\n\r\n"), "GET", "/", "", "[::1]:8080",
     WIRE_FRAMING_NONE, 0, 1, true},
    {BYTES("POST /up HTTP/1.1\r\n" HOST "Content-Length: 12\r\n\r\n"), "POST", "/up", "",
     "a.example", WIRE_FRAMING_LENGTH, 12, 1, true},
    {BYTES("POST /up HTTP/1.1\r\n" HOST "Content-Length: 9223372036854775807\r\n\r\n"), "POST",
     "/up", "", "a.example", WIRE_FRAMING_LENGTH, INT64_MAX, 1, true},
    {BYTES("PUT /up HTTP/1.1\r\n" HOST "transfer-encoding: Chunked\r\n\r\n"), "PUT", "/up", "",
     "a.example", WIRE_FRAMING_CHUNKED, 0, 1, true},
    {BYTES("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), "OPTIONS", "*", "", "a.example",
     WIRE_FRAMING_NONE, 0, 1, true},
    {BYTES("OPTIONS http://b HTTP/1.1\r\n" HOST "\r\n"), "OPTIONS", "*", "", "b", WIRE_FRAMING_NONE,
     0, 1, true},
    {BYTES("GET HTTP://b:81/x?y HTTP/1.1\r\n" HOST "\r\n"), "GET", "/x", "?y", "b:81",
     WIRE_FRAMING_NONE, 0, 1, true},
    {BYTES("GET https://b?y HTTP/1.1\r\n" HOST "\r\n"), "GET", "/", "?y", "b", WIRE_FRAMING_NONE, 0,
     1, true},
    {BYTES("PROPFIND /x HTTP/1.1\r\n" HOST "Depth:1\r\nEmpty:\r\nUtf: \xc3\xa4\r\n\r\n"),
     "PROPFIND", "/x", "", "a.example", WIRE_FRAMING_NONE, 0, 1, true},
    {BYTES("get / HTTP/1.1\r\n" HOST "\r\n"), "get", "/", "", "a.example", WIRE_FRAMING_NONE, 0, 1,
     true},
};

static void
check_request(const struct good_request *wanted, const struct wire_request *found)
{
    assert_span(found->method_name, wanted->method);
    assert_span(found->path, wanted->path);
    assert_span(found->query, wanted->query);
    assert_span(found->host, wanted->host);
    assert_int_equal(found->framing, wanted->framing);
    assert_int_equal(found->length, wanted->length);
    assert_int_equal(found->minor, wanted->minor);
    assert_int_equal(found->keep_alive, wanted->keep_alive);
}

/* Every prefix of a head needs more; every longer input gives the same. */
static void
cut_request(const struct good_request *wanted)
{
    struct span bytes = wanted->bytes;
    struct wire_request whole;
    assert_int_equal(head_request_parse(&whole, bytes.data, bytes.size, &wire_limits_default),
                     WIRE_DONE);
    check_request(wanted, &whole);
    for (size_t size = 0; size <= bytes.size; size++) {
        char *copy = exact_copy(bytes.data, size);
        struct wire_request part;
        enum wire_result result = head_request_parse(&part, copy, size, &wire_limits_default);
        assert_int_equal(result, size < whole.head_size ? WIRE_MORE : WIRE_DONE);
        if (result == WIRE_DONE) {
            check_request(wanted, &part);
            assert_int_equal(part.head_size, whole.head_size);
        }
        free(copy);
    }
}

static void
test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good_requests); i++) {
        cut_request(&good_requests[i]);
    }
}

static void
parse(struct wire_request *request, const char *text)
{
    assert_int_equal(head_request_parse(request, text, strlen(text), &wire_limits_default),
                     WIRE_DONE);
}

static void
test_methods(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum wire_method method;
        bool is_safe;
        bool is_idempotent;
    } rows[] = {
        {"GET", WIRE_METHOD_GET, true, true},         {"HEAD", WIRE_METHOD_HEAD, true, true},
        {"POST", WIRE_METHOD_POST, false, false},     {"PUT", WIRE_METHOD_PUT, false, true},
        {"DELETE", WIRE_METHOD_DELETE, false, true},  {"PATCH", WIRE_METHOD_PATCH, false, false},
        {"OPTIONS", WIRE_METHOD_OPTIONS, true, true}, {"TRACE", WIRE_METHOD_TRACE, true, true},
        {"BREW", WIRE_METHOD_OTHER, false, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[128];
        struct wire_request request;
        snprintf(text, sizeof(text), "%s / HTTP/1.1\r\n" HOST "\r\n", rows[i].text);
        parse(&request, text);
        assert_int_equal(request.method, rows[i].method);
        assert_int_equal(request.is_safe, rows[i].is_safe);
        assert_int_equal(request.is_idempotent, rows[i].is_idempotent);
    }
}

static void
test_expect_and_upgrade(void **state)
{
    (void)state;
    struct wire_request request;
    parse(&request, "POST / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\n\r\n");
    assert_true(request.expects_continue);
    parse(&request, "POST / HTTP/1.0\r\n" HOST "Expect: 100-continue\r\n\r\n");
    assert_false(request.expects_continue);
    parse(&request, "POST / HTTP/1.1\r\n" HOST "Expect: 200-maybe\r\n\r\n");
    assert_false(request.expects_continue);
    parse(&request, "GET / HTTP/1.1\r\n" HOST
                    "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\r\n");
    assert_true(request.has_upgrade);
    parse(&request, "GET / HTTP/1.1\r\n" HOST "Upgrade: websocket\r\n\r\n");
    assert_false(request.has_upgrade);
}

static void
test_fields(void **state)
{
    (void)state;
    struct wire_request request;
    parse(&request,
          "GET / HTTP/1.1\r\n" HOST
          "X-One:  two words \r\nConnection: x-one, host, x-forwarded-for\r\n"
          "X-Forwarded-For: 1\r\nX_Forwarded-For: 2\r\nContent_Length: 5\r\nx_one: 3\r\n\r\n");
    assert_int_equal(request.fields.count, 7);
    const struct field *items = request.fields.items;
    assert_span(field_name(&items[1]), "X-One");
    assert_span(field_value(&items[1]), "two words");
    static const uint8_t flags[] = {
        0, FIELD_FLAG_HOP, FIELD_FLAG_HOP, 0, FIELD_FLAG_LOOKALIKE, FIELD_FLAG_HOP, 0};
    for (size_t i = 0; i < COUNT(flags); i++) {
        assert_int_equal(items[i].flags, flags[i]);
    }
    assert_ptr_equal(field_list_find(&request.fields, FIELD_FORWARDED_FOR, NULL), &items[3]);
    assert_null(field_list_find(&request.fields, FIELD_FORWARDED_FOR, &items[3]));
    assert_null(field_list_find(&request.fields, FIELD_COOKIE, NULL));
    assert_ptr_equal(field_list_find_name(&request.fields, SPAN("x-ONE")), &items[1]);
    assert_null(field_list_find_name(&request.fields, SPAN("x-on")));
}

/* A limit lets through what is just as large. */
static void
test_limits(void **state)
{
    (void)state;
    static const char text[] = "GET /1234 HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n";
    const struct wire_limits exact = {
        .line_bytes = 18, .head_bytes = sizeof(text) - 1, .fields = 2};
    struct wire_request request;
    assert_int_equal(head_request_parse(&request, text, sizeof(text) - 1, &exact), WIRE_DONE);
    struct wire_limits less = exact;
    less.line_bytes--;
    assert_int_equal(head_request_parse(&request, text, sizeof(text) - 1, &less), WIRE_BAD);
    assert_int_equal(request.reason, WIRE_REASON_LINE_TOO_LONG);
    less = exact;
    less.head_bytes--;
    assert_int_equal(head_request_parse(&request, text, sizeof(text) - 1, &less), WIRE_BAD);
    assert_int_equal(request.reason, WIRE_REASON_HEAD_TOO_LARGE);
    less = exact;
    less.fields--;
    assert_int_equal(head_request_parse(&request, text, sizeof(text) - 1, &less), WIRE_BAD);
    assert_int_equal(request.reason, WIRE_REASON_TOO_MANY_FIELDS);
}

/* Byte by byte, a head is parsed a few times only, and at its end for sure. */
static void
test_wait(void **state)
{
    (void)state;
    struct head_wait wait = {0};
    char text[1000];
    memset(text, 'a', sizeof(text));
    memcpy(text + sizeof(text) - 4, "\r\n\r\n", 4);
    unsigned parses = 0;
    bool is_due = false;
    for (size_t size = 1; size <= sizeof(text); size++) {
        is_due = head_wait_is_due(&wait, text, size, &wire_limits_default);
        parses += is_due;
    }
    assert_true(is_due);
    assert_in_range(parses, 2, 12);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_expect_and_upgrade),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
