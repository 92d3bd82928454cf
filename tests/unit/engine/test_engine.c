/* The engine through its door: start, publish, pass, count, forget, leave, stop, over real sockets.
 */
#include <sys/mman.h>
#include <sys/resource.h>
#include "tests/unit/engine/engine_kit.h"

static const char request[] = "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/* An origin that the test plays itself. */
static int
origin_open(struct address *address)
{
    struct address any = parsed("127.0.0.1:0");
    const struct listener_options options = {0};
    char why[256];
    int fd;
    assert_int_equal(listener_open(&any, 1, &options, &fd, address, why, sizeof(why)), ERR_OK);
    set_blocking(fd, true);
    return fd;
}

static int
origin_take(int origin)
{
    struct timeval patience = {.tv_sec = 10};
    setsockopt(origin, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    int fd = accept4(origin, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    expect(fd, "\r\n\r\n");
    return fd;
}

static uint64_t
in_flight(const struct kit *kit, uint64_t set_id)
{
    const struct ledger *ledger = engine_ledger(kit->engine, set_id);
    assert_non_null(ledger);
    return ledger_in_flight(ledger, LEDGER_NORMAL);
}

/* A request stays with its set over a publication, the set is not forgotten before it ended, and
 * the next request of the same connection goes to the new set. */
static void
test_publish_and_forget(void **state)
{
    struct kit kit;
    struct address one;
    struct address two;
    int first = origin_open(&one);
    int second = origin_open(&two);
    (void)state;
    kit_start(&kit, &one, 1);
    int client = dial(&kit.bound);
    send_text(client, request);
    int held = origin_take(first);
    assert_int_equal(in_flight(&kit, 1), 1);

    uint64_t serial = engine_publish(kit.engine, make_table(&kit, &two, 2, 1, 2));
    assert_true(serial > 1);
    TURN_UNTIL(kit.loop, engine_passed(kit.engine) == serial);
    TURN_UNTIL(kit.loop, kit.passed_calls > 0);
    assert_int_equal(in_flight(&kit, 1), 1);
    assert_int_equal(in_flight(&kit, 2), 0);
    assert_false(engine_forget(kit.engine, 1)); /* in flight */
    assert_false(engine_forget(kit.engine, 2)); /* in the table */
    assert_true(ledger_oldest_us(engine_ledger(kit.engine, 1)) > 0);

    send_text(held, answer);
    expect(client, "hi");
    TURN_UNTIL(kit.loop, in_flight(&kit, 1) == 0);
    assert_true(engine_forget(kit.engine, 1));
    assert_true(engine_forget(kit.engine, 1));
    assert_null(engine_ledger(kit.engine, 1));

    send_text(client, request);
    int other = origin_take(second);
    assert_int_equal(in_flight(&kit, 2), 1);
    send_text(other, answer);
    expect(client, "hi");
    close(held);
    close(other);
    close(client);
    close(first);
    close(second);
    kit_end(&kit);
}

static void
test_counts(void **state)
{
    struct kit kit;
    struct address nowhere = parsed("127.0.0.1:1");
    struct engine_counts counts;
    (void)state;
    kit_start(&kit, &nowhere, 0);
    int client = dial(&kit.bound);
    send_text(client, request);
    expect(client, "Turnout-Reason: no_live_set");
    assert_int_equal(engine_count_reason(kit.engine, 0, REASON_NO_LIVE_SET), 1);
    int bad = dial(&kit.bound);
    send_text(bad, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    expect(bad, "Turnout-Reason: bad_request");
    assert_int_equal(engine_count_reason(kit.engine, 1, REASON_BAD_REQUEST), 1);
    /* An exchange ends a little after its answer is sent. */
    TURN_UNTIL(kit.loop, (engine_count(kit.engine, &counts), counts.exchanges == 0));
    assert_int_equal(counts.accepted, 2);
    assert_int_equal(counts.requests, 2);
    assert_int_equal(counts.accept_pauses, 0);
    assert_int_equal(engine_count_parked(kit.engine, 0), 0);
    close(client);
    close(bad);
    TURN_UNTIL(kit.loop, (engine_count(kit.engine, &counts), counts.connections == 0));
    kit_end(&kit);
}

/* Out of descriptors: the pause is counted, and who waited is served. */
static void
test_counts_accept_pauses(void **state)
{
    struct kit kit;
    struct address nowhere = parsed("127.0.0.1:1");
    struct engine_counts counts;
    int taken[256];
    size_t taken_count = 0;
    (void)state;
    kit_start(&kit, &nowhere, 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct rlimit was;
    getrlimit(RLIMIT_NOFILE, &was);
    struct rlimit low = {(rlim_t)client + 8, was.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    for (int fd; taken_count < COUNT_OF(taken) && (fd = dup(client)) >= 0;) {
        taken[taken_count++] = fd;
    }
    assert_int_equal(connect(client, (const struct sockaddr *)&kit.bound.socket, kit.bound.size),
                     0);
    TURN_UNTIL(kit.loop, (engine_count(kit.engine, &counts), counts.accept_pauses > 0));
    while (taken_count > 0) {
        close(taken[--taken_count]);
    }
    setrlimit(RLIMIT_NOFILE, &was);
    send_text(client, request);
    expect(client, "Turnout-Reason: no_live_set");
    close(client);
    kit_end(&kit);
}

/* Leaving closes what is idle, lets what runs end, and then the engine is drained. */
static void
test_leave(void **state)
{
    struct kit kit;
    struct address one;
    int origin = origin_open(&one);
    (void)state;
    kit_start(&kit, &one, 1);
    int idle = dial(&kit.bound);
    send_text(idle, request);
    int upstream = origin_take(origin);
    send_text(upstream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
    close(upstream);
    expect(idle, "hi");
    int busy = dial(&kit.bound);
    send_text(busy, request);
    upstream = origin_take(origin);
    assert_false(engine_is_drained(kit.engine));
    engine_leave(kit.engine, 0);
    expect_closed(idle);
    assert_false(engine_is_drained(kit.engine));
    send_text(upstream, answer);
    expect(busy, "hi");
    expect_closed(busy);
    TURN_UNTIL(kit.loop, engine_is_drained(kit.engine));
    close(upstream);
    close(origin);
    kit_end(&kit);
}

/* Stopped in the middle of everything: nothing leaks, clients see an end. */
static void
test_stop_in_flight(void **state)
{
    struct kit kit;
    struct address one;
    int origin = origin_open(&one);
    char rest[256];
    (void)state;
    kit_start(&kit, &one, 1);
    int busy = dial(&kit.bound);
    send_text(busy, request);
    int upstream = origin_take(origin);
    int half = dial(&kit.bound);
    send_text(half, "GET / HT");
    int silent = dial(&kit.bound);
    for (int i = 0; i < 50; i++) {
        assert_true(engine_publish(kit.engine, make_table(&kit, &one, 1, 3, 1)) > 0);
    }
    kit_end(&kit);
    while (recv(busy, rest, sizeof(rest), 0) > 0) {
    }
    close(busy);
    close(half);
    close(silent);
    close(upstream);
    close(origin);
}

/* Where it cannot start, sockets and table stay the caller's. */
static void
test_start_fails(void **state)
{
    struct kit kit;
    struct address nowhere = parsed("127.0.0.1:1");
    char error[256] = "";
    (void)state;
    kit_prepare(&kit);
    struct table *table = make_table(&kit, &nowhere, 1, 1, 0);
    kit.options.access_log_path = "/no/such/folder/access.log";
    assert_int_equal(engine_start(&kit.options, table, &kit.engine, error, sizeof(error)),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(error, "/no/such/folder"));
    kit.options.access_log_path = "";
    int kept = kit.fds[1];
    kit.fds[1] = memfd_create("no socket", MFD_CLOEXEC); /* which cannot be watched */
    assert_int_not_equal(engine_start(&kit.options, table, &kit.engine, error, sizeof(error)),
                         ERR_OK);
    for (int i = 0; i < WORKERS; i++) {
        assert_true(fcntl(kit.fds[i], F_GETFD) >= 0);
    }
    close(kit.fds[1]);
    kit.fds[1] = kept;
    assert_int_equal(engine_start(&kit.options, table, &kit.engine, error, sizeof(error)), ERR_OK);
    kit_end(&kit);
    engine_stop(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publish_and_forget),   cmocka_unit_test(test_counts),
        cmocka_unit_test(test_counts_accept_pauses), cmocka_unit_test(test_leave),
        cmocka_unit_test(test_stop_in_flight),       cmocka_unit_test(test_start_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
