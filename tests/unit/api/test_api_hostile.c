/* Clients of the control socket that are slow, silent, gone or hostile: nobody else notices. */
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
test_a_follower_that_does_not_read_is_cut(void **state)
{
    static char note[4096];
    (void)state;
    memset(note, 'x', sizeof(note) - 1);
    int fd = ask(connect_control(), "GET", "/v1/operations/14", NULL);
    while (fake.follower == NULL) {
        turn();
    }
    size_t sent = 0;
    while (fake.follower != NULL && sent < 64 * 1024 * 1024) {
        fake_step("finishing", note);
        sent += sizeof(note);
        turn();
    }
    assert_null(fake.follower);
    assert_true(sent < 2 * 1024 * 1024);
    close(fd);
}

static void
test_a_client_that_leaves_does_not_matter(void **state)
{
    (void)state;
    int fd = ask(connect_control(), "GET", "/v1/operations/14", NULL);
    while (fake.follower == NULL) {
        turn();
    }
    fake_step("ready", "1 of 2");
    expect(fd, "\"step\":\"ready\"");
    close(fd);
    uint64_t end_us = clock_mono_us() + PATIENCE_US;
    while (fake.follower != NULL && clock_mono_us() < end_us) {
        turn();
    }
    assert_null(fake.follower);
    /* And one that leaves before anything was answered. */
    fd = ask(connect_control(), "POST", "/v1/roles/web/abort", NULL);
    turn_until_submitted(1);
    close(fd);
    turn();
    fake_end(RUNNER_RESULT_DONE, "done", false);
    turn();
    fd = ask(connect_control(), "POST", "/v1/roles/web/abort", NULL);
    turn_until_submitted(2);
    close(fd);
    fake_refuse("busy", "deploy 14 runs", 409);
    turn();
    fd = ask(connect_control(), "GET", "/v1/status", NULL);
    expect(fd, "edge-1");
    close(fd);
}

static void
test_the_api_stops_with_clients(void **state)
{
    (void)state;
    int silent = connect_control();
    int half = connect_control();
    send_all(half, "GET /v1/st", 10);
    int stream = ask(connect_control(), "GET", "/v1/operations/14", NULL);
    while (fake.follower == NULL) {
        turn();
    }
    fake_step("ready", "1 of 2");
    int waiting = ask(connect_control(), "POST", "/v1/roles/web/abort", NULL);
    turn_until_submitted(1);
    int feed = ask(connect_control(), "GET", "/v1/events", NULL);
    while (fake.events == NULL) {
        turn();
    }
    close(silent);
    close(half);
    close(stream);
    close(waiting);
    close(feed);
}

static void
test_more_clients_than_slots(void **state)
{
    enum { COUNT = 90 };
    int fds[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        fds[i] = connect_control();
        turn();
    }
    int fd = ask(connect_control(), "GET", "/v1/status", NULL);
    for (int i = 0; i < COUNT; i++) {
        close(fds[i]);
    }
    expect(fd, "edge-1");
    close(fd);
}

static void
test_out_of_descriptors(void **state)
{
    struct rlimit before;
    (void)state;
    int fd = connect_control();
    int other = connect_control();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int next = dup(fd);
    close(next);
    struct rlimit tight = {(rlim_t)next, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    uint64_t end_us = clock_mono_us() + 300000;
    while (clock_mono_us() < end_us) {
        turn();
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    ask(other, "GET", "/v1/status", NULL);
    expect(other, "edge-1");
    close(fd);
    close(other);
}

static void
test_hostile_requests(void **state)
{
    static char big[2 * 1024 * 1024];
    static const char *const texts[] = {
        "\r\n\r\n\r\n\r\n",
        "GET /v1/status\r\n\r\n",
        "GET /v1/status HTTP/9.9\r\n\r\n",
        "\x16\x03\x01\x02",
        "POST /v1/cutover HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n",
        "POST /v1/cutover HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /v1/cutover HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n",
        "POST /v1/cutover HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
        "POST /v1/cutover HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "PATCH /v1/status HTTP/1.1\r\nHost: t\r\n\r\n",
    };
    (void)state;
    memset(big, 'a', sizeof(big));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int fd = connect_control();
        send_all(fd, texts[i], strlen(texts[i]));
        send_all(fd, "\0\0\0\0", 4);
        close(fd);
        turn();
    }
    int fd = connect_control();
    send_all(fd, big, sizeof(big));
    close(fd);
    fd = connect_control();
    send_all(fd, "GET /v1/status HTTP/1.1\r\nX: ", 28);
    send_all(fd, big, sizeof(big));
    close(fd);
    fd = ask(connect_control(), "GET", "/v1/status", NULL);
    expect(fd, "edge-1");
    close(fd);
    assert_int_equal(fake.submitted, 0);
}

static void
test_requests_without_reading_answers(void **state)
{
    static const char request[] = "GET /v1/status HTTP/1.1\r\nHost: t\r\n\r\n";
    (void)state;
    int fd = connect_control();
    for (int i = 0; i < 5000; i++) {
        if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0) {
            break;
        }
        if (i % 100 == 0) {
            turn();
        }
    }
    int other = ask(connect_control(), "GET", "/v1/status", NULL);
    expect(other, "edge-1");
    close(other);
    close(fd);
}

static void
test_silent_ones_at_the_admin_listener(void **state)
{
    enum { COUNT = 70 };
    int fds[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        fds[i] = connect_admin();
        send_all(fds[i], "GET / HT", 8);
    }
    int control = ask(connect_control(), "GET", "/v1/status", NULL);
    expect(control, "edge-1");
    close(control);
    for (int i = 0; i < COUNT; i++) {
        close(fds[i]);
    }
    int fd = ask(connect_admin(), "GET", "/healthz", NULL);
    expect(fd, "200 OK");
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_follower_that_does_not_read_is_cut),
        TEST(test_a_client_that_leaves_does_not_matter),
        TEST(test_the_api_stops_with_clients),
        TEST(test_more_clients_than_slots),
        TEST(test_out_of_descriptors),
        TEST(test_hostile_requests),
        TEST(test_requests_without_reading_answers),
        TEST(test_silent_ones_at_the_admin_listener),
    };
    signal(SIGPIPE, SIG_IGN); /* as turnoutd does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
