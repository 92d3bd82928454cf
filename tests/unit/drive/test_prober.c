/* The prober against real sockets: every way in which an instance can answer a health check, or
 * not. */
#include "tests/unit/drive/prober_kit.h"

#include "proxy/base/clock.h"

/* The result of one check of a server with the script. */
static struct probe_result
check_once(const struct server_script *script)
{
    struct server server;
    struct seen seen = {0};
    assert_true(server_start(&server, AF_INET, script));
    struct probe *probe = watch(server.address, &seen);
    assert_int_equal(seen.count, 0); /* never from inside prober_watch */
    turn_until(&seen, 1, WAIT_MS);
    assert_int_equal(seen.count, 1);
    prober_unwatch(prober, probe);
    loop_turn(loop, false);
    server_stop(&server);
    return seen.results[0];
}

struct answer_case {
    const char *answer;
    enum probe_reason reason;
    unsigned status;
    const char *detail; /* NULL: any */
};

static void
check_answers(const struct answer_case *cases, size_t count, enum server_end end)
{
    for (size_t i = 0; i < count; i++) {
        struct server_script script = {.answer = cases[i].answer, .end = end};
        struct probe_result result = check_once(&script);
        expect_result(&result, cases[i].reason, cases[i].answer);
        assert_int_equal(result.status, cases[i].status);
        if (cases[i].detail != NULL) {
            assert_string_equal(result.detail, cases[i].detail);
        }
    }
}

static void
test_answers_that_pass(void **state)
{
    (void)state;
    static const struct answer_case cases[] = {
        {OK_HEAD "Content-Length: 2\r\n\r\nok", PROBE_PASSED, 200, ""},
        {OK_HEAD "Content-Length: 0\r\n\r\n", PROBE_PASSED, 200, ""},
        {"HTTP/1.1 204 No Content\r\n\r\n", PROBE_PASSED, 204, ""},
        {OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", PROBE_PASSED, 200, ""},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" OK_HEAD
         "Content-Length: 2\r\n\r\nok",
         PROBE_PASSED, 200, ""},
    };
    check_answers(cases, sizeof(cases) / sizeof(cases[0]), SERVER_CLOSES);
    /* What is whole passes although the instance keeps the connection. */
    check_answers(cases, sizeof(cases) / sizeof(cases[0]), SERVER_HOLDS);
    static const struct answer_case until_close[] = {
        {"HTTP/1.0 200 OK\r\n\r\nok", PROBE_PASSED, 200, ""},
        {OK_HEAD "\r\nok", PROBE_PASSED, 200, ""},
    };
    check_answers(until_close, sizeof(until_close) / sizeof(until_close[0]), SERVER_CLOSES);
}

static void
test_wrong_answers(void **state)
{
    (void)state;
    static const struct answer_case cases[] = {
        {"HTTP/1.1 301 Moved\r\nLocation: https://www.example.com/healthz\r\nContent-Length: "
         "0\r\n\r\n",
         PROBE_REDIRECTED, 301, "301 to https://www.example.com/healthz"},
        {"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", PROBE_BAD_STATUS, 302, "302 Found"},
        {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", PROBE_BAD_STATUS, 503,
         "503 Service Unavailable"},
        {OK_HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n", PROBE_MALFORMED_ANSWER, 200,
         NULL},
        {"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", PROBE_MALFORMED_ANSWER, 0, NULL},
        {"220 mail.example.com ESMTP\r\n", PROBE_MALFORMED_ANSWER, 0, NULL},
        {"HTTP/2 200\r\n\r\n", PROBE_MALFORMED_ANSWER, 0, NULL},
        {OK_HEAD "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok", PROBE_MALFORMED_ANSWER, 0,
         NULL},
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
         PROBE_MALFORMED_ANSWER, 0, NULL},
    };
    check_answers(cases, sizeof(cases) / sizeof(cases[0]), SERVER_HOLDS);
    check_answers(cases, sizeof(cases) / sizeof(cases[0]), SERVER_CLOSES);
}

static void
test_answers_that_end_early(void **state)
{
    (void)state;
    static const struct answer_case cases[] = {
        {"", PROBE_CLOSED_WITHOUT_ANSWER, 0, ""},
        {"HTTP/1.1 20", PROBE_CLOSED_IN_ANSWER, 0, "closed after 11 bytes"},
        {OK_HEAD "Content-Length: 2\r\n", PROBE_CLOSED_IN_ANSWER, 0, NULL},
        {OK_HEAD "Content-Length: 2\r\n\r\no", PROBE_CLOSED_IN_ANSWER, 200, NULL},
        {OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", PROBE_CLOSED_IN_ANSWER, 200,
         NULL},
        {"HTTP/1.1 100 Continue\r\n\r\n", PROBE_CLOSED_IN_ANSWER, 0, NULL},
    };
    check_answers(cases, sizeof(cases) / sizeof(cases[0]), SERVER_CLOSES);
    static const struct answer_case reset[] = {
        {"", PROBE_CONNECTION_LOST, 0, NULL},
    };
    check_answers(reset, 1, SERVER_RESETS);
}

static void
test_answers_that_hang(void **state)
{
    (void)state;
    static const struct answer_case cases[] = {
        {"", PROBE_TIMEOUT_HEAD, 0, "0 bytes of an answer within 60 ms"},
        {"HTTP/1.1 200 OK\r\nContent-", PROBE_TIMEOUT_HEAD, 0, NULL},
        {"HTTP/1.1 100 Continue\r\n\r\n", PROBE_TIMEOUT_HEAD, 0, NULL},
        {OK_HEAD "Content-Length: 2\r\n\r\n", PROBE_TIMEOUT_BODY, 200, NULL},
        {OK_HEAD "\r\nok", PROBE_TIMEOUT_BODY, 200, NULL},
    };
    health.timeout_ms = 60;
    check_answers(cases, sizeof(cases) / sizeof(cases[0]), SERVER_HOLDS);
}

static void
test_slow_but_in_time(void **state)
{
    (void)state;
    struct server_script script = {.answer = OK_HEAD "Content-Length: 0\r\n\r\n", .delay_ms = 200};
    health.timeout_ms = 3000;
    struct probe_result result = check_once(&script);
    expect_result(&result, PROBE_PASSED, script.answer);
    assert_true(result.duration_us >= 190000 && result.duration_us < 3000000);
    assert_true(clock_wall_us() - result.wall_us < 60000000);
}

static void
test_byte_by_byte(void **state)
{
    (void)state;
    struct server_script script = {.answer = "HTTP/1.1 103 Early Hints\r\n\r\n" OK_HEAD
                                             "Transfer-Encoding: chunked\r\n\r\n"
                                             "2\r\nok\r\n0\r\n\r\n",
                                   .is_byte_by_byte = true};
    struct probe_result result = check_once(&script);
    expect_result(&result, PROBE_PASSED, script.answer);
}

static void
test_answer_before_the_request(void **state)
{
    (void)state;
    struct server_script script = {.answer = "HTTP/1.1 408 Request Timeout\r\n\r\n",
                                   .answers_at_once = true,
                                   .end = SERVER_HOLDS};
    struct probe_result result = check_once(&script);
    expect_result(&result, PROBE_BAD_STATUS, script.answer);
}

static void
test_large_body_is_not_read(void **state)
{
    (void)state;
    struct server server;
    struct seen seen = {0};
    struct server_script script = {.answer = OK_HEAD "Content-Length: 67108864\r\n\r\n",
                                   .body_mib = 64};
    assert_true(server_start(&server, AF_INET, &script));
    struct probe *probe = watch(server.address, &seen);
    turn_until(&seen, 1, WAIT_MS);
    expect_result(&seen.results[0], PROBE_PASSED, script.answer);
    server_stop(&server);
    assert_true(atomic_load(&server.written) < 32u * 1024 * 1024); /* what socket buffers took */
    prober_unwatch(prober, probe);
}

static void
test_heads_beyond_limits(void **state)
{
    (void)state;
    static char answer[40000];
    size_t size = (size_t)snprintf(answer, sizeof(answer), OK_HEAD "X-Large: ");
    memset(answer + size, 'x', 30000);
    struct server_script script = {.answer = answer, .end = SERVER_HOLDS};
    struct probe_result result = check_once(&script);
    expect_result(&result, PROBE_HEAD_TOO_LARGE, answer);
    size = 0;
    for (int i = 0; i < 9; i++) {
        size += (size_t)snprintf(answer + size, sizeof(answer) - size,
                                 "HTTP/1.1 103 Early Hints\r\n\r\n");
    }
    result = check_once(&script);
    expect_result(&result, PROBE_MALFORMED_ANSWER, answer);
}

static void
test_build_is_verified(void **state)
{
    (void)state;
    static const struct answer_case cases[] = {
        {OK_HEAD "x-build: v42\r\nContent-Length: 0\r\n\r\n", PROBE_PASSED, 200, ""},
        {OK_HEAD "X-Build: v41\r\nContent-Length: 0\r\n\r\n", PROBE_WRONG_BUILD, 200,
         "said v41, declared v42"},
        {OK_HEAD "X-Build: v4\xff\r\nContent-Length: 0\r\n\r\n", PROBE_WRONG_BUILD, 200,
         "said v4?, declared v42"},
        {OK_HEAD "Content-Length: 0\r\n\r\n", PROBE_NO_BUILD, 200, "no X-Build in the answer"},
        /* What fails anyway says so first. */
        {"HTTP/1.1 500 No\r\nX-Build: v41\r\nContent-Length: 0\r\n\r\n", PROBE_BAD_STATUS, 500,
         NULL},
    };
    health.build_header = "X-Build";
    check_answers(cases, sizeof(cases) / sizeof(cases[0]), SERVER_CLOSES);
}

static void
test_request_as_sent(void **state)
{
    (void)state;
    struct server server;
    struct seen seen = {0};
    struct probe *probe = NULL;
    struct server_script script = {.answer = OK_HEAD "Content-Length: 0\r\n\r\n",
                                   .host = "www.example.com"};
    assert_true(server_start(&server, AF_INET, &script));
    struct probe_target target = {
        .address = server.address, .build = "v42", .health = &health, .forwarded_proto = "https"};
    assert_int_equal(prober_watch(prober, &target, on_result, &seen, &probe), ERR_OK);
    turn_until(&seen, 1, WAIT_MS);
    expect_result(&seen.results[0], PROBE_PASSED, "with proto");
    assert_int_equal(strncmp(server_last_request(&server), "GET /healthz HTTP/1.1\r\n", 23), 0);
    assert_non_null(strstr(server_last_request(&server), "\r\nX-Forwarded-Proto: https\r\n"));
    assert_non_null(strstr(server_last_request(&server), "\r\nConnection: close\r\n"));
    prober_unwatch(prober, probe);
    /* Without being told, no X-Forwarded-Proto. */
    seen = (struct seen){0};
    probe = watch(server.address, &seen);
    turn_until(&seen, 1, WAIT_MS);
    assert_null(strcasestr(server_last_request(&server), "X-Forwarded-Proto"));
    prober_unwatch(prober, probe);
    /* An instance that serves another host says so by its status. */
    health.host = "other.example.com";
    seen = (struct seen){0};
    probe = watch(server.address, &seen);
    turn_until(&seen, 1, WAIT_MS);
    expect_result(&seen.results[0], PROBE_BAD_STATUS, "other host");
    assert_int_equal(seen.results[0].status, 404);
    prober_unwatch(prober, probe);
    server_stop(&server);
}

static void
test_reasons_are_named(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PROBE_REASON_COUNT; i++) {
        const char *word = probe_reason_word((enum probe_reason)i);
        assert_true(strlen(word) > 0 &&
                    strspn(word, "abcdefghijklmnopqrstuvwxyz_") == strlen(word));
        assert_true(strlen(probe_reason_meaning((enum probe_reason)i)) > 20);
    }
    assert_string_equal(probe_reason_word(PROBE_REASON_COUNT), "unknown");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_answers_that_pass),         CASE(test_wrong_answers),
        CASE(test_answers_that_end_early),    CASE(test_answers_that_hang),
        CASE(test_slow_but_in_time),          CASE(test_byte_by_byte),
        CASE(test_answer_before_the_request), CASE(test_large_body_is_not_read),
        CASE(test_heads_beyond_limits),       CASE(test_build_is_verified),
        CASE(test_request_as_sent),           CASE(test_reasons_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
