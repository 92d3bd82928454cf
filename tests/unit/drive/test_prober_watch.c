/* The prober's life: intervals, never two checks of one instance at once, and no callback after the
 * end. */
#include "tests/unit/drive/prober_kit.h"

static const struct server_script holding = {.answer = "", .end = SERVER_HOLDS};
static const struct server_script passing = {.answer =
                                                 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};

static void
test_unwatch_during_the_check(void **state)
{
    (void)state;
    struct server server;
    struct seen seen = {0};
    health.timeout_ms = 20;
    assert_true(server_start(&server, AF_INET, &holding));
    /* Before it began, after it connected, and when it has asked. */
    struct probe *probe = watch(server.address, &seen);
    prober_unwatch(prober, probe);
    probe = watch(server.address, &seen);
    loop_turn(loop, false);
    prober_unwatch(prober, probe);
    probe = watch(server.address, &seen);
    unsigned before = atomic_load(&server.accepted);
    for (int i = 0; i < 1000 && atomic_load(&server.accepted) == before; i++) {
        loop_turn(loop, false);
    }
    prober_unwatch(prober, probe);
    prober_unwatch(prober, NULL);
    seen.is_over = true;
    turn_until(&seen, 1, 80);
    assert_int_equal(seen.count, 0);
    server_stop(&server);
}

static void
test_unwatch_in_the_callback(void **state)
{
    (void)state;
    struct server server;
    struct seen seen = {0};
    struct seen other = {.is_over = true};
    health.interval_ms = 10;
    assert_true(server_start(&server, AF_INET, &passing));
    /* The one that has ended, and one that still runs. */
    seen.unwatch = watch(server.address, &seen);
    turn_until(&seen, 1, WAIT_MS);
    assert_int_equal(seen.count, 1);
    struct server silent;
    assert_true(server_start(&silent, AF_INET, &holding));
    seen = (struct seen){0};
    seen.unwatch_too = watch(silent.address, &other);
    seen.unwatch = watch(server.address, &seen);
    turn_until(&seen, 1, WAIT_MS);
    assert_int_equal(seen.count, 1);
    turn_until(&seen, 2, 60);
    assert_int_equal(seen.count, 1);
    /* The same when the check ends before a connection was ever there. */
    seen = (struct seen){0};
    seen.unwatch_too = watch("unix:/nowhere/second.sock", &other);
    other.is_over = false;
    seen.unwatch = watch("unix:/nowhere/first.sock", &seen);
    turn_until(&seen, 1, WAIT_MS);
    server_stop(&server);
    server_stop(&silent);
}

static void
test_free_with_checks_running(void **state)
{
    (void)state;
    struct server server;
    struct seen seen = {.is_over = true};
    assert_true(server_start(&server, AF_INET, &holding));
    for (int i = 0; i < 5; i++) {
        watch(server.address, &seen);
    }
    loop_turn(loop, false);
    prober_unwatch(prober, watch(server.address, &seen));
    prober_free(prober);
    prober = NULL;
    loop_turn(loop, false);
    server_stop(&server);
}

static void
test_repeats_by_the_interval(void **state)
{
    (void)state;
    struct server server;
    struct seen seen = {0};
    health.interval_ms = 40;
    assert_true(server_start(&server, AF_INET, &passing));
    struct probe *probe = watch(server.address, &seen);
    turn_until(&seen, 5, WAIT_MS);
    assert_int_equal(seen.count, 5);
    for (unsigned i = 1; i < 5; i++) {
        uint64_t gap_us = seen.results[i].wall_us - seen.results[i - 1].wall_us;
        assert_int_equal(seen.results[i].reason, PROBE_PASSED);
        /* From the end of one to the begin of the next; the first one is cut by up to a half. */
        assert_true(gap_us >= (i == 1 ? 18000 : 38000));
    }
    prober_unwatch(prober, probe);
    server_stop(&server);
}

static void
test_interval_below_the_timeout_does_not_overlap(void **state)
{
    (void)state;
    struct server server;
    struct seen seen = {0};
    health.interval_ms = 1;
    health.timeout_ms = 30;
    assert_true(server_start(&server, AF_INET, &holding));
    struct probe *probe = watch(server.address, &seen);
    turn_until(&seen, 6, WAIT_MS);
    assert_int_equal(seen.count, 6);
    for (unsigned i = 1; i < 6; i++) {
        assert_int_equal(seen.results[i].reason, PROBE_TIMEOUT_HEAD);
        assert_true(seen.results[i].wall_us - seen.results[i - 1].wall_us >= 29000);
    }
    prober_unwatch(prober, probe);
    server_stop(&server);
    assert_true(atomic_load(&server.accepted) <= 7);
}

static void
test_checks_now_when_told(void **state)
{
    (void)state;
    struct server server;
    struct seen seen = {0};
    assert_true(server_start(&server, AF_INET, &passing));
    struct probe *probe = watch(server.address, &seen); /* every minute */
    turn_until(&seen, 1, WAIT_MS);
    for (unsigned i = 2; i <= 4; i++) {
        prober_check_now(prober, probe);
        prober_check_now(prober, probe);
        turn_until(&seen, i, WAIT_MS);
        assert_int_equal(seen.count, i);
    }
    turn_until(&seen, 5, 30);
    assert_int_equal(seen.count, 4);
    prober_unwatch(prober, probe);
    server_stop(&server);
}

static void
test_concurrency_is_bounded(void **state)
{
    (void)state;
    enum { PROBES = 20, AT_ONCE = 3 };
    struct server server;
    struct seen seen = {0};
    struct probe *probes[PROBES];
    prober_free(prober);
    assert_int_equal(prober_new(loop, AT_ONCE, 1, &prober), ERR_OK);
    struct server_script script = passing;
    script.delay_ms = 10;
    assert_true(server_start(&server, AF_INET, &script));
    for (int i = 0; i < PROBES; i++) {
        probes[i] = watch(server.address, &seen);
    }
    turn_until(&seen, PROBES, WAIT_MS);
    assert_int_equal(seen.count, PROBES);
    for (int i = 0; i < PROBES; i++) {
        assert_int_equal(seen.results[i].reason, PROBE_PASSED);
        prober_unwatch(prober, probes[i]);
    }
    /* The server may see the end of one after the begin of the next. */
    assert_true(atomic_load(&server.open_most) <= 2 * AT_ONCE);
    server_stop(&server);
}

/* A place is given on when the check that held it is ended from outside. */
static void
test_unwatch_gives_its_place_on(void **state)
{
    (void)state;
    struct server silent;
    struct server server;
    struct seen never = {.is_over = true};
    struct seen seen = {0};
    prober_free(prober);
    assert_int_equal(prober_new(loop, 1, 1, &prober), ERR_OK);
    assert_true(server_start(&silent, AF_INET, &holding));
    assert_true(server_start(&server, AF_INET, &passing));
    struct probe *first = watch(silent.address, &never);
    struct probe *second = watch(server.address, &seen);
    turn_until(&seen, 1, 30);
    assert_int_equal(seen.count, 0);
    prober_unwatch(prober, first);
    turn_until(&seen, 1, WAIT_MS);
    assert_int_equal(seen.count, 1);
    prober_unwatch(prober, second);
    server_stop(&silent);
    server_stop(&server);
}

/* An instance that comes, goes and comes again. */
static void
test_follows_an_instance(void **state)
{
    (void)state;
    struct server server = {.listener = -1, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct seen seen = {0};
    health.interval_ms = 5;
    assert_true(server_bind(&server, AF_INET));
    struct probe *probe = watch(server.address, &seen);
    turn_until(&seen, 2, WAIT_MS);
    assert_int_equal(seen.results[1].reason, PROBE_CONNECT_REFUSED);
    server.script = passing;
    assert_int_equal(listen(server.listener, 16), 0);
    pthread_create(&server.thread, NULL, server_main, &server);
    turn_until(&seen, 4, WAIT_MS);
    assert_int_equal(seen.results[3].reason, PROBE_PASSED);
    server_stop(&server);
    unsigned count = seen.count;
    turn_until(&seen, count + 2, WAIT_MS);
    assert_int_equal(seen.results[count + 1].reason, PROBE_CONNECT_REFUSED);
    prober_unwatch(prober, probe);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_unwatch_during_the_check),
        CASE(test_unwatch_in_the_callback),
        CASE(test_free_with_checks_running),
        CASE(test_repeats_by_the_interval),
        CASE(test_interval_below_the_timeout_does_not_overlap),
        CASE(test_checks_now_when_told),
        CASE(test_concurrency_is_bounded),
        CASE(test_unwatch_gives_its_place_on),
        CASE(test_follows_an_instance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
