/* Answers and requests that Turnout makes itself, byte for byte. */
#include "tests/unit/wire/wire_test.h"
#include "proxy/wire/client.h"
#include "proxy/wire/head.h"
#include "proxy/wire/reply.h"

struct reply_case {
    struct reply reply;
    const char *out;
};

static const struct reply_case reply_cases[] = {
    {{.status = 503,
      .reason = {"no_live_set", 11},
      .text = {"role web has no live set", 24},
      .retry_after_s = 1},
     "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; "
     "charset=utf-8\r\nContent-Length: 25\r\n"
     "Cache-Control: no-store\r\nRetry-After: 1\r\nTurnout-Reason: no_live_set\r\n\r\nrole web has "
     "no live set\n"},
    {{.status = 503,
      .reason = {"maintenance", 11},
      .text = {"back \"soon\"\\\n", 13},
      .request_id = {"i", 1},
      .is_json = true,
      .connection = WIRE_CONNECTION_CLOSE},
     "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: "
     "89\r\nCache-Control: no-store\r\n"
     "Turnout-Reason: maintenance\r\nX-Request-Id: i\r\nConnection: close\r\n\r\n"
     "{\"status\":503,\"reason\":\"maintenance\",\"message\":\"back "
     "\\\"soon\\\"\\\\\\u000a\",\"request_id\":\"i\"}\n"},
    {{.status = 308,
      .location = {"https://a/", 10},
      .is_head = true,
      .connection = WIRE_CONNECTION_KEEP_ALIVE,
      .extra = {"A: b\r\n", 6}},
     "HTTP/1.1 308 Permanent Redirect\r\nContent-Type: text/plain; "
     "charset=utf-8\r\nContent-Length: 19\r\n"
     "Location: https://a/\r\nConnection: keep-alive\r\nA: b\r\n\r\n"},
    {{.status = 204}, "HTTP/1.1 204 No Content\r\n\r\n"},
    {{.status = 200, .location = {"/\r\nEvil: 1", 10}},
     "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n\r\nOK\n"},
};

static void
test_replies(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(reply_cases); i++) {
        struct buf out;
        struct wire_response response;
        buf_init(&out);
        assert_int_equal(reply_append(&out, &reply_cases[i].reply), ERR_OK);
        assert_int_equal(head_response_parse(&response, out.data, buf_size(&out),
                                             &wire_limits_default, WIRE_METHOD_GET),
                         WIRE_DONE);
        if (!reply_cases[i].reply.is_head) {
            assert_int_equal(response.head_size + response.length, buf_size(&out));
        }
        assert_string_equal(buf_string(&out), reply_cases[i].out);
        buf_fini(&out);
    }
}

static void
test_wants_json(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        bool wanted;
    } rows[] = {
        {"application/json", true},
        {"text/html, Application/JSON;charset=x;q=0.5", true},
        {"*/*", false},
        {"application/json;q=0", false},
        {"application/json ; Q=0.000", false},
        {"application/jsonx", false},
        {"", false},
        {"application/json;q=0.001", true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[256];
        struct wire_request request;
        int size = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\nAccept: %s\r\n\r\n",
                            rows[i].accept);
        assert_int_equal(head_request_parse(&request, text, (size_t)size, &wire_limits_default),
                         WIRE_DONE);
        assert_int_equal(reply_wants_json(&request.fields), rows[i].wanted);
    }
}

static void
test_client(void **state)
{
    (void)state;
    static const struct {
        struct client_request request;
        const char *out;
    } rows[] = {
        {{.path = {"/healthz?x", 10}, .host = {"a:1", 3}, .proto = {"https", 5}},
         "GET /healthz?x HTTP/1.1\r\nHost: a:1\r\nUser-Agent: turnout/" TURNOUT_VERSION
         "\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n"},
        {{.method = {"POST", 4},
          .accept = {"a/b", 3},
          .content_type = {"c/d", 3},
          .body = {"{}", 2},
          .keeps_alive = true},
         "POST / HTTP/1.1\r\nHost: \r\nUser-Agent: turnout/" TURNOUT_VERSION
         "\r\nAccept: a/b\r\nContent-Type: c/d\r\nContent-Length: 2\r\n\r\n{}"},
        {{.method = {"PUT", 3}, .has_body = true, .keeps_alive = true},
         "PUT / HTTP/1.1\r\nHost: \r\nUser-Agent: turnout/" TURNOUT_VERSION
         "\r\nContent-Length: 0\r\n\r\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out;
        buf_init(&out);
        assert_int_equal(client_request_append(&out, &rows[i].request), ERR_OK);
        assert_string_equal(buf_string(&out), rows[i].out);
        buf_fini(&out);
    }
}

static void
test_client_refuses(void **state)
{
    (void)state;
    static const struct client_request rows[] = {
        {.path = {"/a b", 4}},      {.path = {"a", 1}},          {.path = {"/\r\n", 3}},
        {.host = {"a\r\nB: c", 7}}, {.method = {"G T", 3}},      {.proto = {"a\r\n", 3}},
        {.accept = {"a\nb", 3}},    {.content_type = {"\0", 1}},
    };
    struct buf out;
    buf_init(&out);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(client_request_append(&out, &rows[i]), ERR_INVALID);
        assert_int_equal(buf_size(&out), 0);
    }
    buf_fini(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_wants_json),
        cmocka_unit_test(test_client),
        cmocka_unit_test(test_client_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
