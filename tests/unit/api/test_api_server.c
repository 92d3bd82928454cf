/* The API over its real socket, on a fake runner: every call, every kind of answer, clients that
 * are slow, silent or hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <event2/event.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "control/api/api.h"
#include "control/api/server.h"
#include "proxy/base/address.h"
#include "proxy/base/clock.h"
#include "tests/unit/api/fake_runner.h"

enum { PATIENCE_US = 20 * 1000000 };

struct fixture {
    struct event_base *base;
    struct api *api;
    char path[64];
};

static struct fixture fixture;

static void
list_certificates(void *arg, void (*tell)(void *to, const struct api_certificate *certificate),
                  void *to)
{
    const struct api_certificate one = {"0.0.0.0:8443", "www.example.com", "/etc/site.pem",
                                        1800000000000000, ""};
    (void)arg;
    tell(to, &one);
}

static enum err
reload_certificates(void *arg, struct buf *report)
{
    (void)arg;
    buf_append_text(report, "site.pem: the key does not fit");
    return ERR_INVALID;
}

static int
set_up(void **state)
{
    struct buf error;
    (void)state;
    memset(&fake, 0, sizeof(fake));
    fixture.base = event_base_new();
    snprintf(fixture.path, sizeof(fixture.path), "/tmp/turnout-api-%d.sock", (int)getpid());
    const struct api_options options = {
        .base = fixture.base,
        .socket_path = fixture.path,
        .socket_mode = 0660,
        .socket_group = "",
        .admin_address = "127.0.0.1:0",
        .certificates = {list_certificates, reload_certificates, NULL},
    };
    buf_init(&error);
    enum err err = api_new(&options, &fixture.api, &error);
    if (err != ERR_OK) {
        fprintf(stderr, "%s\n", buf_string(&error));
    }
    buf_fini(&error);
    return err == ERR_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    api_free(fixture.api);
    event_base_free(fixture.base);
    assert_int_equal(fake.followers, 0);
    assert_int_equal(access(fixture.path, F_OK), -1);
    return 0;
}

static int
connect_to(const struct sockaddr *address, socklen_t size)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, address, size), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static int
connect_control(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, fixture.path, strlen(fixture.path) + 1);
    return connect_to((struct sockaddr *)&address, sizeof(address));
}

static int
connect_admin(void)
{
    struct address address;
    const char *why;
    assert_int_equal(address_parse(span_of(api_admin_address(fixture.api)), &address, &why),
                     ERR_OK);
    return connect_to((struct sockaddr *)&address.socket, address.size);
}

static void
turn(void)
{
    struct timeval moment = {.tv_usec = 1000};
    event_base_loopexit(fixture.base, &moment);
    event_base_loop(fixture.base, EVLOOP_ONCE);
}

/* Sends what the socket takes, turning the loop in between. */
static void
send_all(int fd, const char *text, size_t size)
{
    uint64_t end_us = clock_mono_us() + PATIENCE_US;
    while (size > 0 && clock_mono_us() < end_us) {
        ssize_t sent = send(fd, text, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            return;
        }
        text += sent > 0 ? sent : 0;
        size -= sent > 0 ? (size_t)sent : 0;
        turn();
    }
}

/* Reads until `needle` is there, or the peer closed; what was read, as a string. */
static const char *
read_until(int fd, const char *needle)
{
    static char text[1024 * 1024];
    size_t size = 0;
    uint64_t end_us = clock_mono_us() + PATIENCE_US;
    text[0] = '\0';
    while (clock_mono_us() < end_us && (needle == NULL || strstr(text, needle) == NULL)) {
        turn();
        ssize_t got = recv(fd, text + size, sizeof(text) - size - 1, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            break;
        }
        size += got > 0 ? (size_t)got : 0;
        text[size] = '\0';
    }
    return text;
}

static int
ask(int fd, const char *method, const char *path, const char *body)
{
    char request[4096];
    int size = snprintf(request, sizeof(request),
                        "%s %s HTTP/1.1\r\nHost: t\r\nContent-Length: %zu\r\n\r\n%s", method, path,
                        body == NULL ? (size_t)0 : strlen(body), body == NULL ? "" : body);
    send_all(fd, request, (size_t)size);
    return fd;
}

static void
expect(int fd, const char *words)
{
    const char *text = read_until(fd, words);
    if (strstr(text, words) == NULL) {
        fail_msg("wanted %s, got %s", words, text);
    }
}

static void
turn_until_submitted(unsigned count)
{
    uint64_t end_us = clock_mono_us() + PATIENCE_US;
    while (fake.submitted < count && clock_mono_us() < end_us) {
        turn();
    }
    assert_int_equal(fake.submitted, count);
}

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
    expect(fd, "\"error\":\"unknown_set\"");
    ask(fd, "GET", "/v1/roles/nothing", NULL);
    expect(fd, "\"error\":\"unknown_role\"");
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
        TEST(test_a_follower_that_does_not_read_is_cut),
        TEST(test_a_client_that_leaves_does_not_matter),
        TEST(test_the_api_stops_with_clients),
        TEST(test_more_clients_than_slots),
        TEST(test_out_of_descriptors),
        TEST(test_hostile_requests),
        TEST(test_requests_without_reading_answers),
        TEST(test_admin),
        TEST(test_mode_and_stale_socket),
    };
    signal(SIGPIPE, SIG_IGN); /* as turnoutd does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
