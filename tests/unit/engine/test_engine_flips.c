/* Tables published as fast as it goes, under load: every request is answered, by the set that was
 * live, and nothing stays counted. */
#include "tests/unit/engine/engine_kit.h"
#include <poll.h>
#include <pthread.h>

enum { FLIPS = 100000, CLIENTS = 4, SETS = 2, CONNECTIONS_MAX = 64 };

static const char request[] = "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";

/* An instance that answers its number to everything, on a thread. */
struct origin {
    struct address address;
    int listening;
    char number;
    pthread_t thread;
    _Atomic bool is_over;
};

static bool
answer(int fd, char number)
{
    char text[1024];
    char out[128];
    ssize_t size = recv(fd, text, sizeof(text) - 1, 0);
    if (size <= 0) {
        return false;
    }
    text[size] = '\0';
    /* The proxy sends a head of this size in one piece; one request at a time on a connection. */
    assert_non_null(strstr(text, "\r\n\r\n"));
    int length =
        snprintf(out, sizeof(out), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%c", number);
    return send(fd, out, (size_t)length, MSG_NOSIGNAL) == length;
}

static void *
origin_run(void *argument)
{
    struct origin *origin = argument;
    struct pollfd fds[CONNECTIONS_MAX] = {{.fd = origin->listening, .events = POLLIN}};
    nfds_t count = 1;
    while (!atomic_load(&origin->is_over)) {
        poll(fds, count, 20);
        for (nfds_t i = count; i-- > 1;) {
            if (fds[i].revents != 0 && !answer(fds[i].fd, origin->number)) {
                close(fds[i].fd);
                fds[i] = fds[--count];
            }
        }
        if (fds[0].revents != 0 && count < CONNECTIONS_MAX) {
            fds[count++] = (struct pollfd){
                .fd = accept4(origin->listening, NULL, NULL, SOCK_CLOEXEC), .events = POLLIN};
        }
    }
    while (count > 1) {
        close(fds[--count].fd);
    }
    return NULL;
}

static void
origin_start(struct origin *origin, char number)
{
    struct address any = parsed("127.0.0.1:0");
    const struct listener_options options = {0};
    char why[256];
    origin->number = number;
    assert_int_equal(
        listener_open(&any, 1, &options, &origin->listening, &origin->address, why, sizeof(why)),
        ERR_OK);
    assert_int_equal(pthread_create(&origin->thread, NULL, origin_run, origin), 0);
}

static void
origin_end(struct origin *origin)
{
    atomic_store(&origin->is_over, true);
    pthread_join(origin->thread, NULL);
    close(origin->listening);
}

/* A client that asks on one connection until it is told to stop, and counts what is no 200. */
struct client {
    const struct address *address;
    pthread_t thread;
    _Atomic bool is_over;
    uint64_t answers[SETS];
    uint64_t failures;
};

static bool
ask(int fd, struct client *client)
{
    char got[512];
    size_t size = 0;
    send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
    for (;;) {
        ssize_t more = recv(fd, got + size, sizeof(got) - 1 - size, 0);
        if (more <= 0) {
            return false;
        }
        size += (size_t)more;
        got[size] = '\0';
        const char *end = strstr(got, "\r\n\r\n");
        if (end != NULL && end[4] != '\0') {
            bool is_ok = strncmp(got, "HTTP/1.1 200 ", 13) == 0;
            client->answers[is_ok && end[4] == '2']++;
            return is_ok;
        }
    }
}

static void *
client_run(void *argument)
{
    struct client *client = argument;
    int fd = dial(client->address);
    while (!atomic_load(&client->is_over)) {
        client->failures += !ask(fd, client);
    }
    close(fd);
    return NULL;
}

static struct table *
both_sets(const struct kit *kit, const struct origin *origins, uint32_t live)
{
    struct table *table = make_table(kit, &origins[0].address, 1, SETS, live);
    table->sets[1].instances[0].address = origins[1].address;
    return table;
}

static void
flip_many(struct kit *kit, const struct origin *origins)
{
    uint64_t serial = 0;
    for (uint32_t i = 0; i < FLIPS; i++) {
        serial = engine_publish(kit->engine, both_sets(kit, origins, 1 + i % SETS));
        assert_true(serial > 0);
        if (i % 64 == 0) {
            loop_turn(kit->loop, false); /* where passed tables are freed */
        }
    }
    TURN_UNTIL(kit->loop, engine_passed(kit->engine) == serial);
}

static void
test_flips_under_load(void **state)
{
    static struct origin origins[SETS];
    static struct client clients_[CLIENTS];
    struct kit kit;
    char error[256];
    (void)state;
    kit_prepare(&kit);
    for (int i = 0; i < SETS; i++) {
        origin_start(&origins[i], (char)('1' + i));
    }
    struct table *table = both_sets(&kit, origins, 1);
    assert_int_equal(engine_start(&kit.options, table, &kit.engine, error, sizeof(error)), ERR_OK);
    for (int i = 0; i < CLIENTS; i++) {
        clients_[i].address = &kit.bound;
        assert_int_equal(pthread_create(&clients_[i].thread, NULL, client_run, &clients_[i]), 0);
    }
    flip_many(&kit, origins);
    uint64_t answers[SETS] = {0};
    for (int i = 0; i < CLIENTS; i++) {
        atomic_store(&clients_[i].is_over, true);
        pthread_join(clients_[i].thread, NULL);
        assert_int_equal(clients_[i].failures, 0);
        answers[0] += clients_[i].answers[0];
        answers[1] += clients_[i].answers[1];
    }
    assert_true(answers[0] > 0 && answers[1] > 0);
    /* Each was counted by the set that answered it, and has ended. */
    for (uint64_t id = 1; id <= SETS; id++) {
        const struct ledger *ledger = engine_ledger(kit.engine, id);
        uint64_t begun = 0;
        TURN_UNTIL(kit.loop, ledger_is_idle(ledger));
        for (uint32_t i = 0; i < WORKERS; i++) {
            begun += ledger_read(&ledger->cells[i].begun[LEDGER_NORMAL]);
        }
        assert_int_equal(begun, answers[id - 1]);
    }
    kit_end(&kit);
    for (int i = 0; i < SETS; i++) {
        origin_end(&origins[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_flips_under_load)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
