/* The API over its real socket, on a fake runner: every call and every kind of answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/api/api_fixture.h"

static void
test_status(void **state)
{
    (void)state;
    int fd = ask(connect_control(), "GET", "/v1/status", NULL);
    expect(fd, "HTTP/1.1 200 OK");
    /* The connection goes on. */
    ask(fd, "GET", "/v1/roles/web/sets/v2", NULL);
    expect(fd, "\"weight_bp\":250");
    ask(fd, "GET", "/v1/roles/web/sets/v7", NULL);
    expect(fd, "\"error\":\"not_found\"");
    ask(fd, "GET", "/v1/roles/nothing", NULL);
    expect(fd, "\"error\":\"not_found\"");
    ask(fd, "GET", "/v1/certificates", NULL);
    expect(fd, "\"not_after\":\"2027-01-15T08:00:00.000Z\"");
    ask(fd, "POST", "/v1/certificates/reload", NULL);
    expect(fd, "site.pem: the key does not fit");
    close(fd);
}

static void
test_nothing_there(void **state)
{
    static const struct {
        const char *method;
        const char *path;
        const char *words;
    } cases[] = {
        {"GET", "/", "404 Not Found"},
        {"GET", "/v1", "404 Not Found"},
        {"GET", "/v1/../etc/passwd", "404 Not Found"},
        {"GET", "/metrics", "404 Not Found"},
        {"POST", "/v1/status", "405 Method Not Allowed"},
        {"GET", "/v1/roles/web/deploy", "405 Method Not Allowed"},
        {"DELETE", "/v1/status", "405 Method Not Allowed"},
        {"GET", "/v1/history?limit=x", "400 Bad Request"},
        {"GET", "/v1/history?limit=0", "400 Bad Request"},
        {"GET", "/v1/events?after=x", "400 Bad Request"},
        {"GET", "/v1/operations/15", "404 Not Found"},
        {"GET", "/v1/roles/web/wait", "400 Bad Request"},
        {"GET", "/v1/roles/web/wait?state=ready", "400 Bad Request"},
        {"GET", "/v1/roles/web/wait?state=idle&set=v1", "400 Bad Request"},
        {"GET", "/v1/roles/web/wait?state=idle&timeout_ms=x", "400 Bad Request"},
        {"POST", "/v1/roles/web/deploy", "400 Bad Request"},
        {"POST", "/v1/cutover", "400 Bad Request"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int fd = ask(connect_control(), cases[i].method, cases[i].path, NULL);
        expect(fd, cases[i].words);
        close(fd);
    }
    assert_int_equal(fake.submitted, 0);
}

static void
test_deploy(void **state)
{
    (void)state;
    int fd = ask(connect_control(), "POST", "/v1/roles/web/deploy",
                 "{\"build\":\"v2\",\"addresses\":[\"127.0.0.1:1\",\"127.0.0.1:2\"],\"note\":"
                 "\"why\",\"claimed_by\":\"alice\","
                 "\"wait_ms\":700}");
    turn_until_submitted(1);
    assert_int_equal(fake.kind, CORE_COMMAND_DEPLOY);
    assert_string_equal(fake.role, "web");
    assert_string_equal(fake.build, "v2");
    assert_string_equal(fake.note, "why");
    assert_int_equal(fake.address_count, 2);
    assert_int_equal(fake.wait_ms, 700);
    assert_non_null(strstr(fake.by, "(claimed: alice)"));
    fake_step("accepted", "deploy of web@v2");
    expect(fd, "{\"step\":\"accepted\",\"operation\":\"14\",\"kind\":\"deploy\",\"role\":\"web\","
               "\"epoch\":14,"
               "\"at\":\"2023-11-14T22:13:20.000Z\",\"text\":\"deploy of web@v2\"}\n");
    fake_step("ready", "2 of 2");
    expect(fd, "\"step\":\"ready\"");
    fake_end(RUNNER_RESULT_PARTIAL, "web is live on v2", true);
    expect(fd, "{\"result\":\"partial\"");
    close(fd);
}

static void
test_the_result_and_its_drain(void **state)
{
    (void)state;
    int fd = ask(connect_control(), "GET", "/v1/operations/14", NULL);
    while (fake.follower == NULL) {
        turn();
    }
    fake_end(RUNNER_RESULT_DONE, "done", true);
    expect(fd, "\"drain\":{\"finished\":120,\"cut\":1,\"oldest_age_us\":310000}}\n\r\n0\r\n\r\n");
    /* The stream's connection is closed behind it. */
    read_until(fd, NULL);
    close(fd);
}

static void
test_refusals(void **state)
{
    (void)state;
    int fd = ask(connect_control(), "POST", "/v1/roles/web/weight",
                 "{\"set\":\"v2\",\"weight_bp\":250}");
    turn_until_submitted(1);
    assert_int_equal(fake.weight_bp, 250);
    fake_refuse("not_ready", "v2 is not ready", 409);
    expect(fd, "409 Conflict");
    /* After a step was told, a refusal is the stream's result. */
    ask(fd, "POST", "/v1/roles/web/rollback", "{\"force\":true}");
    turn_until_submitted(2);
    fake_step("waiting", "deploy 14 runs");
    expect(fd, "\"step\":\"waiting\"");
    fake_refuse("busy", "deploy 14 still runs", 409);
    expect(fd, "\"result\":\"refused\",\"error\":\"busy\"");
    close(fd);
}

static void
test_accepted_and_left(void **state)
{
    (void)state;
    int fd = ask(connect_control(), "POST", "/v1/cutover",
                 "{\"targets\":[{\"role\":\"web\",\"set\":\"v2\"},{\"role\":\"api\",\"set\":\"v3\"}"
                 "],\"follow\":false}");
    turn_until_submitted(1);
    assert_int_equal(fake.move_count, 1);
    assert_string_equal(fake.build, "v2");
    fake_step("accepted", "cutover");
    assert_int_equal(fake.followers, 0);
    expect(fd, "202 Accepted");
    ask(fd, "GET", "/v1/status", NULL);
    expect(fd, "edge-1");
    close(fd);
}

static void
test_set_add_goes_on_until_ready(void **state)
{
    (void)state;
    int fd = ask(connect_control(), "POST", "/v1/roles/web/set-add",
                 "{\"build\":\"v2\",\"addresses\":[\"127.0.0.1:1\"]}");
    turn_until_submitted(1);
    fake_end(RUNNER_RESULT_DONE, "registered", false);
    expect(fd, "{\"step\":\"registered\"");
    assert_int_equal(fake.waits, 1);
    assert_int_equal(fake.wait_state, RUNNER_WAIT_READY);
    assert_string_equal(fake.build, "v2");
    fake_end(RUNNER_RESULT_DONE, "ready", false);
    expect(fd, "\"result\":\"done\"");
    close(fd);
}

static void
test_wait(void **state)
{
    (void)state;
    int fd = ask(connect_control(), "GET",
                 "/v1/roles/web/wait?state=drained&set=v1%23ab&timeout_ms=5", NULL);
    while (fake.follower == NULL) {
        turn();
    }
    assert_int_equal(fake.wait_state, RUNNER_WAIT_DRAINED);
    assert_string_equal(fake.build, "v1#ab");
    assert_int_equal(fake.wait_ms, 5);
    fake_end(RUNNER_RESULT_UNKNOWN, "not yet", false);
    expect(fd, "\"result\":\"unknown\"");
    close(fd);
}

static void
test_history_names_sets(void **state)
{
    (void)state;
    int fd = ask(connect_control(), "GET", "/v1/history?role=web", NULL);
    const char *text = read_until(fd, "to_set");
    assert_non_null(strstr(text, "\"from_set\":\"v1#11111111\""));
    assert_non_null(strstr(text, "\"to_set\":\"v9#22222222\""));
    close(fd);
}

static void
test_events_follow(void **state)
{
    (void)state;
    int fd = ask(connect_control(), "GET", "/v1/events", NULL);
    while (fake.events == NULL) {
        turn();
    }
    assert_int_equal(fake.after, 17);
    const struct runner_event event = {18, span_of("{\"epoch\":18,\"event\":\"hold.begin\"}")};
    assert_true(fake.events->call(fake.events->arg, &event));
    expect(fd, "{\"epoch\":18,\"event\":\"hold.begin\"}\n");
    close(fd);
    while (fake.events != NULL) {
        fake.events->call(fake.events->arg, &event);
        turn();
    }
}

static void
test_admin(void **state)
{
    (void)state;
    int fd = ask(connect_admin(), "GET", "/healthz", NULL);
    expect(fd, "200 OK");
    fake.is_stopping = true;
    ask(fd, "GET", "/healthz", NULL);
    expect(fd, "503 Service Unavailable");
    fake.is_stopping = false;
    ask(fd, "GET", "/metrics", NULL);
    expect(fd, "turnout_journal_epoch 17");
    close(fd);
    fd = ask(connect_admin(), "HEAD", "/", NULL);
    const char *text = read_until(fd, "\r\n\r\n");
    assert_non_null(strstr(text, "Content-Length: "));
    assert_null(strstr(text, "<html"));
    ask(fd, "GET", "/", NULL);
    expect(fd, "</html>");
    ask(fd, "GET", "/v1/status", NULL);
    expect(fd, "404 Not Found");
    close(fd);
    fd = ask(connect_admin(), "POST", "/v1/roles/web/rollback", "{}");
    expect(fd, "404 Not Found");
    close(fd);
    fd = ask(connect_admin(), "POST", "/", "{}");
    expect(fd, "405 Method Not Allowed");
    close(fd);
    assert_int_equal(fake.submitted, 0);
}

static void
test_mode_and_stale_socket(void **state)
{
    struct stat facts;
    struct buf error;
    struct api *second = NULL;
    (void)state;
    assert_int_equal(stat(fixture.path, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0660);
    /* Something that is no socket is not removed. */
    struct api_options options = {
        .base = fixture.base, .socket_path = "/tmp", .socket_group = "", .admin_address = ""};
    buf_init(&error);
    assert_int_not_equal(api_new(&options, &second, &error), ERR_OK);
    assert_null(second);
    assert_true(buf_size(&error) > 0);
    options.socket_group = "no-such-group";
    options.socket_path = "/tmp/turnout-api-group.sock";
    assert_int_not_equal(api_new(&options, &second, &error), ERR_OK);
    assert_int_equal(access(options.socket_path, F_OK), -1);
    buf_fini(&error);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_status),
        TEST(test_nothing_there),
        TEST(test_deploy),
        TEST(test_the_result_and_its_drain),
        TEST(test_refusals),
        TEST(test_accepted_and_left),
        TEST(test_set_add_goes_on_until_ready),
        TEST(test_wait),
        TEST(test_history_names_sets),
        TEST(test_events_follow),
        TEST(test_admin),
        TEST(test_mode_and_stale_socket),
    };
    signal(SIGPIPE, SIG_IGN); /* as turnoutd does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
