/* The bytes that go on, exactly. */
#include "tests/unit/wire/wire_test.h"
#include "proxy/wire/forwarded.h"
#include "proxy/wire/rewrite.h"

#define PEER .peer = {"192.0.2.7", 9}, .proto = {"https", 5}, .request_id = {"id-1", 4}

struct request_case {
    const char *in;
    struct rewrite_request edits;
    const char *out;
};

static const struct request_case request_cases[] = {
    {"GET /a?b HTTP/1.1\r\nHost: a:80\r\nAccept: */*\r\n\r\n",
     {PEER},
     "GET /a?b HTTP/1.1\r\nHost: a:80\r\nAccept: */*\r\nX-Forwarded-For: "
     "192.0.2.7\r\nX-Forwarded-Proto: https\r\n"
     "X-Forwarded-Host: a:80\r\nX-Request-Id: id-1\r\nVia: 1.1 turnout\r\n\r\n"},
    /* Hop-by-hop, named and by nature; framing and forwarding cannot be named away. */
    {"POST / HTTP/1.1\r\nConnection: close, X-Hop, Host, Content-Length, X-Forwarded-For, "
     "via\r\nHost: a\r\nX-Hop: 1\r\n"
     "Content-Length: 3\r\nKeep-Alive: 3\r\nProxy-Connection: x\r\nTE: trailers\r\nUpgrade: "
     "h2c\r\nHTTP2-Settings: x\r\n"
     "Proxy: http://evil\r\nX-Forwarded-For: 10.1.1.1\r\nVia: 1.0 first\r\nx-hop: "
     "2\r\nProxy-Authorization: p\r\nTrailer: T\r\n\r\n",
     {PEER},
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nVia: 1.0 first\r\nProxy-Authorization: "
     "p\r\nTrailer: T\r\n"
     "X-Forwarded-For: 10.1.1.1, 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: "
     "a\r\nX-Request-Id: id-1\r\n"
     "Via: 1.1 turnout\r\n\r\n"},
    /* What an untrusted peer claims is replaced, and what looks like it goes; framing look-alikes
       always go. */
    {"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: http\r\nX_Forwarded_Host: "
     "b\r\nX-Forwarded-Host: b\r\nX-Request_Id: 7\r\n"
     "X-Request-Id: 8\r\nX-Forwarded-For: 1\r\nX-Forwarded-For:\r\nX-Forwarded-For: 2, "
     "3\r\nContent_Length: 3\r\nMy_Own: 1\r\n\r\n",
     {PEER},
     "GET / HTTP/1.1\r\nHost: a\r\nMy_Own: 1\r\nX-Forwarded-For: 1, 2, 3, "
     "192.0.2.7\r\nX-Forwarded-Proto: https\r\n"
     "X-Forwarded-Host: a\r\nX-Request-Id: id-1\r\nVia: 1.1 turnout\r\n\r\n"},
    /* The same from a trusted one. */
    {"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: http\r\nX_Forwarded_Host: "
     "b\r\nX-Forwarded-For: 1\r\nContent_Length: 3\r\n\r\n",
     {PEER, .is_trusted = true},
     "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: http\r\nX_Forwarded_Host: "
     "b\r\nX-Forwarded-For: 1, 192.0.2.7\r\n"
     "X-Forwarded-Host: a\r\nX-Request-Id: id-1\r\nVia: 1.1 turnout\r\n\r\n"},
    /* Chunked is written anew; absolute-form becomes origin-form, its host goes before Host. */
    {"PUT http://b:81/x?y HTTP/1.1\r\nA: 1\r\nHost: a\r\nTransfer-Encoding:   CHUNKED\r\nB: "
     "2\r\n\r\n",
     {.connection = WIRE_CONNECTION_CLOSE, .extra = {"C: 3\r\n", 6}},
     "PUT /x?y HTTP/1.1\r\nHost: b:81\r\nA: 1\r\nB: 2\r\nX-Forwarded-Host: b:81\r\nVia: 1.1 "
     "turnout\r\n"
     "Transfer-Encoding: chunked\r\nConnection: close\r\nC: 3\r\n\r\n"},
    {"GET http://b?y HTTP/1.1\r\nHost: a\r\n\r\n",
     {.peer = {"", 0}},
     "GET /?y HTTP/1.1\r\nHost: b\r\nX-Forwarded-Host: b\r\nVia: 1.1 turnout\r\n\r\n"},
    {"OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n",
     {.host = {"c", 1}},
     "OPTIONS * HTTP/1.1\r\nHost: c\r\nX-Forwarded-Host: b\r\nVia: 1.1 turnout\r\n\r\n"},
    /* HTTP/1.0: without Host, which is then given, and nobody waits for 100. */
    {"POST / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nContent-Length: "
     "1\r\n\r\n",
     {PEER, .host = {"d", 1}},
     "POST / HTTP/1.1\r\nHost: d\r\nContent-Length: 1\r\nX-Forwarded-For: "
     "192.0.2.7\r\nX-Forwarded-Proto: https\r\n"
     "X-Request-Id: id-1\r\nVia: 1.0 turnout\r\n\r\n"},
    {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
     {.drop = FIELD_BIT(FIELD_EXPECT) | FIELD_BIT(FIELD_CONTENT_LENGTH)},
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nX-Forwarded-Host: a\r\nVia: 1.1 "
     "turnout\r\n\r\n"},
    /* Without a peer's address the field stays as it came. */
    {"\r\nGET / HTTP/1.1\r\nX-Forwarded-For: 1\r\nHost:e\r\n\r\n",
     {.peer = {"", 0}},
     "GET / HTTP/1.1\r\nX-Forwarded-For: 1\r\nHost:e\r\nX-Forwarded-Host: e\r\nVia: 1.1 "
     "turnout\r\n\r\n"},
};

static void
test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(request_cases); i++) {
        const struct request_case *row = &request_cases[i];
        struct wire_request request;
        struct buf out;
        buf_init(&out);
        buf_append_text(&out, "kept");
        assert_int_equal(
            head_request_parse(&request, row->in, strlen(row->in), &wire_limits_default),
            WIRE_DONE);
        assert_int_equal(rewrite_request_append(&out, &request, &row->edits), ERR_OK);
        buf_consume(&out, 4);
        assert_span(buf_span(&out), row->out);
        buf_fini(&out);
    }
}

struct response_case {
    const char *in;
    enum wire_method method;
    struct rewrite_response edits;
    const char *out;
};

#define GET WIRE_METHOD_GET

static const struct response_case response_cases[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: s\r\n\r\n",
     GET,
     {.framing = WIRE_FRAMING_LENGTH},
     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: s\r\n\r\n"},
    {"HTTP/1.0 404\r\nConnection: X-Hop, Set-Cookie\r\nX-Hop: 1\r\nSet-Cookie: a\r\nKeep-Alive: "
     "timeout=5\r\nUpgrade: h2c\r\n"
     "Strict-Transport-Security: theirs\r\nB: 2\r\n\r\n",
     GET,
     {.framing = WIRE_FRAMING_CHUNKED,
      .connection = WIRE_CONNECTION_CLOSE,
      .adds_via = true,
      .drop = FIELD_BIT(FIELD_HSTS),
      .extra = {"Strict-Transport-Security: ours\r\n", 33}},
     "HTTP/1.1 404 \r\nB: 2\r\nVia: 1.0 turnout\r\nTransfer-Encoding: chunked\r\nConnection: "
     "close\r\nStrict-Transport-Security: ours\r\n\r\n"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n",
     GET,
     {.framing = WIRE_FRAMING_CHUNKED, .adds_via = true},
     "HTTP/1.1 200 OK\r\nVia: 1.1 turnout\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     GET,
     {.framing = WIRE_FRAMING_CLOSE, .connection = WIRE_CONNECTION_CLOSE},
     "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"},
    {"HTTP/1.1 200 OK\r\n\r\n",
     GET,
     {.framing = WIRE_FRAMING_LENGTH,
      .length = 1234567890,
      .connection = WIRE_CONNECTION_KEEP_ALIVE},
     "HTTP/1.1 200 OK\r\nContent-Length: 1234567890\r\nConnection: keep-alive\r\n\r\n"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
     WIRE_METHOD_HEAD,
     {.framing = WIRE_FRAMING_NONE},
     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
     GET,
     {.framing = WIRE_FRAMING_NONE},
     "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"},
    {"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
     GET,
     {.framing = WIRE_FRAMING_NONE},
     "HTTP/1.1 204 No Content\r\n\r\n"},
    {"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\nConnection: x\r\nContent-Length: 0\r\n\r\n",
     GET,
     {.framing = WIRE_FRAMING_NONE},
     "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"},
};

static void
test_responses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(response_cases); i++) {
        const struct response_case *row = &response_cases[i];
        struct wire_response response;
        struct buf out;
        buf_init(&out);
        assert_int_equal(head_response_parse(&response, row->in, strlen(row->in),
                                             &wire_limits_default, row->method),
                         WIRE_DONE);
        assert_int_equal(rewrite_response_append(&out, &response, &row->edits), ERR_OK);
        assert_span(buf_span(&out), row->out);
        buf_fini(&out);
    }
}

static void
test_request_id(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        const char *wanted;
    } rows[] = {
        {"X-Request-Id: abc-1\r\n", "abc-1"},
        {"", ""},
        {"X-Request-Id:\r\n", ""},
        {"X-Request-Id: a b\r\n", ""},
        {"X-Request-Id: \xc3\xa4\r\n", ""},
        {"X-Request-Id: a\r\nX-Request-Id: a\r\n", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[256];
        struct wire_request request;
        int size =
            snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", rows[i].fields);
        assert_int_equal(head_request_parse(&request, text, (size_t)size, &wire_limits_default),
                         WIRE_DONE);
        assert_span(rewrite_request_id(&request), rows[i].wanted);
    }
}

static void
test_forwarded(void **state)
{
    (void)state;
    static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1:80 , "
                               "[::2]:9,,::3\r\nB: c\r\nX-Forwarded-For:\r\n"
                               "X-Forwarded-For: [::4, ,unknown\r\n\r\n";
    static const char *const wanted[] = {"unknown", "[::4", "::3", "::2", "1.1.1.1"};
    struct wire_request request;
    struct forwarded walk;
    struct span address;
    assert_int_equal(head_request_parse(&request, text, sizeof(text) - 1, &wire_limits_default),
                     WIRE_DONE);
    forwarded_init(&walk, &request.fields);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        assert_true(forwarded_next(&walk, &address));
        assert_span(address, wanted[i]);
    }
    assert_false(forwarded_next(&walk, &address));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_request_id),
        cmocka_unit_test(test_forwarded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
