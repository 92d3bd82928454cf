/* Answers of the API as exit codes: whole ones, ones cut at every byte, and what goes to which
 * output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "control/cli/call.h"

#define HEAD "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define STEP "{\"step\":\"ready\",\"role\":\"web\",\"text\":\"ready 2/2\"}\n"
#define BEAT "{\"heartbeat\":\"2026-11-20T12:00:00.000Z\"}\n"

/* One run on canned bytes. */
struct run {
    struct cli cli;
    struct cli_call call;
    char *out;
    char *err;
    size_t out_size;
    size_t err_size;
    int code;
};

static void
run_init(struct run *run, bool is_json)
{
    memset(run, 0, sizeof(*run));
    run->cli.out = open_memstream(&run->out, &run->out_size);
    run->cli.err = open_memstream(&run->err, &run->err_size);
    run->cli.typed.is_json = is_json;
    cli_call_init(&run->call, &run->cli);
    run->call.is_change = true;
    snprintf(run->call.resume, sizeof(run->call.resume), "turnout wait web live v2");
}

static void
run_follow(struct run *run, const char *bytes, size_t size)
{
    assert_true(cli_http_feed(&run->call.http, (struct span){bytes, size}));
    enum cli_http_result result = cli_http_head(&run->call.http, 1000);
    run->code =
        result == CLI_HTTP_OK ? cli_call_follow(&run->call, 0) : cli_call_lost(&run->call, result);
    fflush(run->cli.out);
    fflush(run->cli.err);
}

static void
run_fini(struct run *run)
{
    cli_call_fini(&run->call);
    fclose(run->cli.out);
    fclose(run->cli.err);
    free(run->out);
    free(run->err);
}

/* An answer of these lines, each a chunk. */
static size_t
answer(char *out, size_t capacity, const char *const *lines, size_t count)
{
    size_t size = (size_t)snprintf(out, capacity, HEAD);
    for (size_t i = 0; i < count; i++) {
        size += (size_t)snprintf(out + size, capacity - size, "%zx\r\n%s\r\n", strlen(lines[i]),
                                 lines[i]);
    }
    return size + (size_t)snprintf(out + size, capacity - size, "0\r\n\r\n");
}

static void
test_results(void **state)
{
    static const struct {
        const char *line;
        int code;
    } cases[] = {
        {"{\"result\":\"done\",\"text\":\"well\"}\n", 0},
        {"{\"result\":\"failed\",\"text\":\"well\"}\n", 1},
        {"{\"result\":\"superseded\",\"text\":\"superseded by rollback 9\"}\n", 1},
        {"{\"result\":\"refused\",\"text\":\"well\"}\n", 3},
        {"{\"result\":\"unknown\",\"text\":\"well\"}\n", 4},
        {"{\"result\":\"a new one\",\"text\":\"well\"}\n", 4},
        {"{\"result\":\"partial\",\"text\":\"well\"}\n", 5},
        {"[]\n", 4},
        {"{\n", 4},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char bytes[1024];
        const char *const lines[] = {BEAT, STEP, cases[i].line};
        struct run run;
        run_init(&run, false);
        run_follow(&run, bytes, answer(bytes, sizeof(bytes), lines, 3));
        if (run.code != cases[i].code) {
            fail_msg("%s: %d", cases[i].line, run.code);
        }
        assert_non_null(strstr(run.err, "web: ready 2/2\n"));
        assert_true(run.code != CLI_EXIT_UNKNOWN ||
                    strstr(run.err, "turnout wait web live v2") != NULL);
        run_fini(&run);
    }
}

static void
test_cut_at_every_byte(void **state)
{
    char bytes[1024];
    const char *const lines[] = {STEP, BEAT, "{\"result\":\"done\",\"text\":\"well\"}\n"};
    size_t size = answer(bytes, sizeof(bytes), lines, 3);
    const char *last = strstr(bytes, "well\"}\n");
    (void)state;
    for (size_t cut = 0; cut <= size; cut++) {
        struct run run;
        run_init(&run, false);
        run_follow(&run, bytes, cut);
        /* The result's line is enough. */
        assert_int_equal(run.code,
                         cut >= (size_t)(last - bytes) + 7 ? CLI_EXIT_DONE : CLI_EXIT_UNKNOWN);
        assert_true(run.code == CLI_EXIT_DONE ||
                    strstr(run.err, "turnout wait web live v2") != NULL);
        run_fini(&run);
    }
}

static void
test_outputs(void **state)
{
    char bytes[1024];
    const char *const lines[] = {
        STEP, "{\"step\":\"start\",\"role\":\"web\",\"text\":\"evil \\u001b[2J\"}\n",
        ("{\"result\":\"done\",\"text\":\"web is live on "
         "v2\",\"drain\":{\"finished\":120,\"cut\":1,\"oldest_age_us\":310000}}\n")};
    size_t size = answer(bytes, sizeof(bytes), lines, 3);
    struct run run;
    (void)state;
    run_init(&run, false);
    run_follow(&run, bytes, size);
    assert_string_equal(run.out,
                        "web is live on v2\ndrained: 120 finished, 1 cut, the oldest took 310ms\n");
    assert_string_equal(run.err, "web: ready 2/2\nweb: start: evil ?[2J\n");
    run_fini(&run);
    run_init(&run, true);
    run_follow(&run, bytes, size);
    assert_int_equal(strncmp(run.out, "{\"step\":\"ready\"", 15), 0);
    assert_null(strchr(run.out, '\033'));
    assert_string_equal(run.err, "web: ready 2/2\nweb: start: evil ?[2J\n");
    run_fini(&run);
}

static void
test_statuses(void **state)
{
    (void)state;
    assert_int_equal(cli_exit_of_status(400), CLI_EXIT_USAGE);
    assert_int_equal(cli_exit_of_status(422), CLI_EXIT_USAGE);
    assert_int_equal(cli_exit_of_status(413), CLI_EXIT_USAGE);
    assert_int_equal(cli_exit_of_status(404), CLI_EXIT_REFUSED);
    assert_int_equal(cli_exit_of_status(409), CLI_EXIT_REFUSED);
    assert_int_equal(cli_exit_of_status(503), CLI_EXIT_REFUSED);
    assert_int_equal(cli_exit_of_status(500), CLI_EXIT_FAILED);
}

static void
test_paths(void **state)
{
    struct buf path;
    (void)state;
    buf_init(&path);
    assert_true(cli_path_append(&path, "a/b#c d%\xff~"));
    assert_string_equal(buf_string(&path), "a%2Fb%23c%20d%25%FF~");
    buf_fini(&path);
}

static void
test_junk_is_no_answer(void **state)
{
    static const char *const texts[] = {"", "\r\n", "SSH-2.0-x\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct run run;
        run_init(&run, false);
        run_follow(&run, texts[i], strlen(texts[i]));
        assert_int_equal(run.code, CLI_EXIT_UNKNOWN);
        run_fini(&run);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results), cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_outputs), cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_paths),   cmocka_unit_test(test_junk_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
