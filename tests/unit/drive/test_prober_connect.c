/* The prober and what lies before an answer: addresses, ports, connections that are not made,
 * requests that cannot be. */
#include "tests/unit/drive/prober_kit.h"

#include <sys/resource.h>

static void
test_kinds_of_addresses(void **state)
{
    (void)state;
    const int families[] = {AF_INET, AF_INET6, AF_UNIX};
    struct server_script script = {.answer = OK_HEAD "Content-Length: 0\r\n\r\n"};
    for (unsigned i = 0; i < 3; i++) {
        struct server server;
        struct seen seen = {0};
        if (!server_start(&server, families[i], &script)) {
            continue; /* a machine without IPv6 */
        }
        struct probe *probe = watch(server.address, &seen);
        turn_until(&seen, 1, WAIT_MS);
        expect_result(&seen.results[0], PROBE_PASSED, server.address);
        prober_unwatch(prober, probe);
        server_stop(&server);
    }
    struct probe *probe = NULL;
    struct seen seen = {0};
    struct probe_target target = {.address = "web1:80", .build = "v42", .health = &health};
    assert_int_equal(prober_watch(prober, &target, on_result, &seen, &probe), ERR_INVALID);
    assert_null(probe);
}

static void
test_port_of_the_checks(void **state)
{
    (void)state;
    struct server server;
    struct seen seen = {0};
    struct server_script script = {.answer = OK_HEAD "Content-Length: 0\r\n\r\n"};
    assert_true(server_start(&server, AF_INET, &script));
    health.port = server_port(&server);
    struct probe *probe = watch("127.0.0.1:1", &seen);
    turn_until(&seen, 1, WAIT_MS);
    expect_result(&seen.results[0], PROBE_PASSED, "another port");
    prober_unwatch(prober, probe);
    server_stop(&server);
}

static void
test_refused_connections(void **state)
{
    (void)state;
    struct server server = {.listener = -1};
    struct seen seen = {0};
    assert_true(server_bind(&server, AF_INET)); /* and does not listen */
    struct probe *probe = watch(server.address, &seen);
    turn_until(&seen, 1, WAIT_MS);
    expect_result(&seen.results[0], PROBE_CONNECT_REFUSED, "refused");
    prober_unwatch(prober, probe);
    close(server.listener);
    seen = (struct seen){0};
    probe = watch("unix:/nowhere/at/all.sock", &seen);
    turn_until(&seen, 1, WAIT_MS);
    expect_result(&seen.results[0], PROBE_CONNECT_REFUSED, "no such socket");
    assert_true(seen.results[0].detail[0] != '\0');
    prober_unwatch(prober, probe);
}

/* A listener whose queue is full drops what comes. */
static void
test_connect_timeout(void **state)
{
    (void)state;
    struct server server = {.listener = -1};
    struct seen seen = {0};
    int fillers[4];
    assert_true(server_bind(&server, AF_INET));
    assert_int_equal(listen(server.listener, 0), 0);
    struct sockaddr_in name;
    socklen_t size = sizeof(name);
    getsockname(server.listener, (struct sockaddr *)&name, &size);
    for (int i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fillers[i], (struct sockaddr *)&name, size);
    }
    health.timeout_ms = 60;
    struct probe *probe = watch(server.address, &seen);
    turn_until(&seen, 1, WAIT_MS);
    expect_result(&seen.results[0], PROBE_CONNECT_TIMEOUT, "full queue");
    assert_true(seen.results[0].duration_us >= 60000);
    prober_unwatch(prober, probe);
    for (int i = 0; i < 4; i++) {
        close(fillers[i]);
    }
    close(server.listener);
}

static void
test_out_of_descriptors(void **state)
{
    (void)state;
    struct rlimit before;
    struct seen seen = {0};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct probe *probe = watch("127.0.0.1:1", &seen);
    int lowest_free = dup(0);
    close(lowest_free);
    struct rlimit none = {.rlim_cur = (rlim_t)lowest_free, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    turn_until(&seen, 1, WAIT_MS);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    expect_result(&seen.results[0], PROBE_OUT_OF_RESOURCES, "no descriptors");
    prober_unwatch(prober, probe);
}

static void
test_request_that_cannot_be_made(void **state)
{
    (void)state;
    struct seen seen = {0};
    health.path = "/a b";
    struct probe *probe = watch("127.0.0.1:1", &seen);
    turn_until(&seen, 1, WAIT_MS);
    expect_result(&seen.results[0], PROBE_BAD_REQUEST, "a space");
    prober_unwatch(prober, probe);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_kinds_of_addresses),  CASE(test_port_of_the_checks),
        CASE(test_refused_connections), CASE(test_connect_timeout),
        CASE(test_out_of_descriptors),  CASE(test_request_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
