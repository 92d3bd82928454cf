/* The engine through its door: start, publish, pass, count, forget, leave, stop, over real sockets.
 */
#include "tests/unit/base/base_test.h"
#include <sys/mman.h>
#include <sys/resource.h>
#include "proxy/engine.h"
#include "tests/unit/net/support.h"

enum { WORKERS = 2, READ_MAX = 4096 };

static const struct role_settings web = {
    .name = "web",
    .connect_ms = 5000,
    .response_ms = 30000,
    .stall_ms = 30000,
    .upstream_idle_ms = 4000,
    .retries = 1,
    .hold_max_ms = 5000,
    .hold_requests = 100,
    .hold_bytes = 1 << 20,
    .preview_host = "www.example.com",
    .hsts = "",
};
static const struct role_settings *const roles[] = {&web};
static const struct client_settings clients = {
    .header_ms = 10000,
    .body_ms = 30000,
    .send_ms = 30000,
    .idle_ms = 60000,
    .request_line = 8192,
    .header_bytes = 16384,
    .headers = 100,
};

/* One engine with what it stands on: a control loop, a route map, a listener. */
struct kit {
    struct loop *loop;
    struct route_map *routes;
    struct address bound;
    int fds[WORKERS];
    struct engine_listener listener;
    struct engine_options options;
    struct engine *engine;
    unsigned passed_calls;
};

static void
on_passed(void *argument)
{
    ((struct kit *)argument)->passed_calls++;
}

static void
kit_prepare(struct kit *kit)
{
    static const struct route_claim claim = {"*", "/", 0};
    struct address address = parsed("127.0.0.1:0");
    const struct listener_options options = {0};
    char why[256];
    size_t at;
    memset(kit, 0, sizeof(*kit));
    assert_int_equal(loop_new(&kit->loop), ERR_OK);
    assert_int_equal(route_map_new(&claim, 1, &kit->routes, &at), ERR_OK);
    assert_int_equal(
        listener_open(&address, WORKERS, &options, kit->fds, &kit->bound, why, sizeof(why)),
        ERR_OK);
    kit->listener = (struct engine_listener){.address = kit->bound.text, .fds = kit->fds};
    kit->options = (struct engine_options){
        .worker_count = WORKERS,
        .node = "edge-1",
        .clients = &clients,
        .roles = roles,
        .role_count = 1,
        .listeners = &kit->listener,
        .listener_count = 1,
        .access_log_path = "",
        .control_loop = kit->loop,
        .on_passed = on_passed,
        .argument = kit,
    };
}

static void
kit_end(struct kit *kit)
{
    engine_stop(kit->engine);
    route_map_free(kit->routes);
    loop_free(kit->loop);
}

/* A table with sets 1 to `count`, each with one instance at the address; `live` of them is live, 0:
 * none. */
static struct table *
make_table(const struct kit *kit, const struct address *instance, uint32_t first, uint32_t count,
           uint32_t live)
{
    struct table *table;
    assert_int_equal(table_new(kit->routes, 1, count, &table), ERR_OK);
    table->roles[0].settings = &web;
    for (uint32_t i = 0; i < count; i++) {
        struct table_set *set = &table->sets[i];
        set->id = first + i;
        snprintf(set->build, sizeof(set->build), "v%u", first + i);
        assert_int_equal(table_set_reserve(set, 1), ERR_OK);
        set->instances[0].address = *instance;
        set->instances[0].is_up = true;
        table_set_finish(set);
        if (set->id == live) {
            table->roles[0].live = i;
        }
    }
    return table;
}

/* Starts with set 1, live or not. */
static void
kit_start(struct kit *kit, const struct address *instance, uint32_t live)
{
    char error[256];
    kit_prepare(kit);
    struct table *table = make_table(kit, instance, 1, 1, live);
    assert_int_equal(engine_start(&kit->options, table, &kit->engine, error, sizeof(error)),
                     ERR_OK);
}

static int
dial(const struct address *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(fd, (const struct sockaddr *)&address->socket, address->size), 0);
    return fd;
}

/* Reads until the text has come. */
static void
expect(int fd, const char *text)
{
    char got[READ_MAX + 1] = "";
    size_t size = 0;
    while (strstr(got, text) == NULL) {
        ssize_t more = recv(fd, got + size, READ_MAX - size, 0);
        if (more <= 0) {
            print_error("wanted %s, got %s\n", text, got);
        }
        assert_true(more > 0);
        size += (size_t)more;
        got[size] = '\0';
    }
}

static void
expect_closed(int fd)
{
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    close(fd);
}

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
