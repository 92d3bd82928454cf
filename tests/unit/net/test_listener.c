/* Listening sockets: opening, sharing, accepting, running out of descriptors, handing over. */
#include "tests/unit/net/support.h"

#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "proxy/base/log.h"

enum { SLOTS = 3, CLIENT_LIMIT = 256 };

static struct loop *loop;
static int accepted[CLIENT_LIMIT];
static unsigned accepted_count;
static char folder[] = "/tmp/turnout-listener-XXXXXX";

static int
set_up(void **state)
{
    (void)state;
    accepted_count = 0;
    return loop_new(&loop) == ERR_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < accepted_count; i++) {
        close(accepted[i]);
    }
    loop_free(loop);
    return 0;
}

static void
on_accept(struct listener *listener, int fd, const struct sockaddr_storage *peer, socklen_t size)
{
    struct address address;
    assert_int_equal(address_from_socket((const struct sockaddr *)peer, size, &address), ERR_OK);
    assert_true(listener->loop == loop && accepted_count < CLIENT_LIMIT);
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    accepted[accepted_count++] = fd;
}

static enum err
open_at(const char *text, size_t count, const struct listener_options *options, int fds[],
        struct address *bound)
{
    static const struct listener_options plain;
    static char why[256];
    struct address address = parsed(text);
    why[0] = '\0';
    enum err err = listener_open(&address, count, options == NULL ? &plain : options, fds, bound,
                                 why, sizeof why);
    assert_true((err == ERR_OK) == (why[0] == '\0'));
    if (err != ERR_OK) {
        assert_non_null(strstr(why, text));
    }
    return err;
}

static int
dial(const struct address *address)
{
    int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address->socket, address->size), 0);
    return fd;
}

static void
close_all(const int fds[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        close(fds[i]);
    }
}

static void
test_slots_share_one_port(void **state)
{
    (void)state;
    static const char *const hosts[] = {"127.0.0.1:0", "[::1]:0"};
    for (size_t i = 0; i < 2; i++) {
        int fds[SLOTS];
        struct address bound;
        if (open_at(hosts[i], SLOTS, NULL, fds, &bound) == ERR_IO && i == 1) {
            continue; /* a machine without IPv6 */
        }
        assert_int_not_equal(address_port(&bound), 0);
        struct listener listeners[SLOTS];
        for (size_t j = 0; j < SLOTS; j++) {
            assert_int_equal(listener_start(&listeners[j], loop, fds[j], on_accept), ERR_OK);
        }
        unsigned before = accepted_count;
        int clients[32];
        for (size_t j = 0; j < 32; j++) {
            clients[j] = dial(&bound);
        }
        TURN_UNTIL(loop, accepted_count == before + 32);
        int on = 0;
        socklen_t size = sizeof on;
        assert_int_equal(getsockopt(accepted[before], IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
        assert_true(on != 0);
        for (size_t j = 0; j < SLOTS; j++) {
            listener_stop(&listeners[j]);
            listener_stop(&listeners[j]);
        }
        close_all(clients, 32);
        close_all(fds, SLOTS);
    }
}

static void
test_port_in_use_is_refused(void **state)
{
    (void)state;
    int fds[2], others[2];
    struct address bound;
    assert_int_equal(open_at("127.0.0.1:0", 2, NULL, fds, &bound), ERR_OK);
    assert_int_equal(open_at(bound.text, 2, NULL, others, NULL), ERR_IN_USE);
    close_all(fds, 2);
    assert_int_equal(open_at(bound.text, 2, NULL, others, NULL), ERR_OK);
    close_all(others, 2);
}

static void
test_pause_leaves_clients_queued(void **state)
{
    (void)state;
    int fd;
    struct address bound;
    struct listener listener;
    assert_int_equal(open_at("127.0.0.1:0", 1, NULL, &fd, &bound), ERR_OK);
    assert_int_equal(listener_start(&listener, loop, fd, on_accept), ERR_OK);
    listener_pause(&listener);
    listener_pause(&listener);
    int client = dial(&bound);
    turn_some(loop);
    assert_int_equal(accepted_count, 0);
    listener_resume(&listener);
    TURN_UNTIL(loop, accepted_count == 1);
    listener_stop(&listener);
    close(client);
    close(fd);
}

static void
stop_on_accept(struct listener *listener, int fd, const struct sockaddr_storage *peer,
               socklen_t size)
{
    on_accept(listener, fd, peer, size);
    listener_stop(listener);
}

static void
test_stop_within_the_callback(void **state)
{
    (void)state;
    int fd;
    struct address bound;
    struct listener listener;
    assert_int_equal(open_at("127.0.0.1:0", 1, NULL, &fd, &bound), ERR_OK);
    assert_int_equal(listener_start(&listener, loop, fd, stop_on_accept), ERR_OK);
    int clients[] = {dial(&bound), dial(&bound)};
    TURN_UNTIL(loop, accepted_count == 1);
    turn_some(loop);
    assert_int_equal(accepted_count, 1);
    close_all(clients, 2);
    close(fd);
}

static void
test_burst_is_bounded(void **state)
{
    (void)state;
    int fd;
    struct address bound;
    struct listener listener;
    assert_int_equal(open_at("127.0.0.1:0", 1, NULL, &fd, &bound), ERR_OK);
    int clients[LISTENER_BURST + 10];
    for (size_t i = 0; i < LISTENER_BURST + 10; i++) {
        clients[i] = dial(&bound);
    }
    assert_int_equal(listener_start(&listener, loop, fd, on_accept), ERR_OK);
    loop_turn(loop, false);
    assert_int_equal(accepted_count, LISTENER_BURST);
    loop_turn(loop, false);
    assert_int_equal(accepted_count, LISTENER_BURST + 10);
    listener_stop(&listener);
    close_all(clients, LISTENER_BURST + 10);
    close(fd);
}

/* Out of descriptors the listener rests, does not spin, and takes everybody when there are some
 * again. */
static void
test_back_off_when_out_of_descriptors(void **state)
{
    (void)state;
    enum { CLIENTS = 20 };
    int fd;
    struct address bound;
    struct listener listener;
    assert_int_equal(open_at("127.0.0.1:0", 1, NULL, &fd, &bound), ERR_OK);
    assert_int_equal(listener_start(&listener, loop, fd, on_accept), ERR_OK);
    int clients[CLIENTS];
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i] = dial(&bound);
    }
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit tight = {.rlim_cur = (rlim_t)clients[CLIENTS - 1] + 6,
                           .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    TURN_UNTIL(loop, listener.is_backing_off);
    assert_in_range(accepted_count, 1, CLIENTS - 1);
    unsigned had = accepted_count;
    TURN_UNTIL(loop, listener.back_off_ms >= 40);
    assert_int_equal(accepted_count, had);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    TURN_UNTIL(loop, accepted_count == CLIENTS);
    assert_int_equal(listener.back_off_ms, 0);
    listener_stop(&listener);
    close_all(clients, CLIENTS);
    close(fd);
}

static void
test_stop_while_backing_off(void **state)
{
    (void)state;
    int fd;
    struct address bound;
    struct listener listener;
    assert_int_equal(open_at("127.0.0.1:0", 1, NULL, &fd, &bound), ERR_OK);
    assert_int_equal(listener_start(&listener, loop, fd, on_accept), ERR_OK);
    int client = dial(&bound);
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit none = {.rlim_cur = 3, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    TURN_UNTIL(loop, listener.is_backing_off);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    listener_pause(&listener);
    listener_resume(&listener);
    listener_stop(&listener);
    assert_false(timer_is_set(&listener.retry));
    turn_some(loop);
    assert_int_equal(accepted_count, 0);
    close(client);
    close(fd);
}

/* A silent client is not given out while accepting is deferred; once that is off it is. */
static void
test_deferred_accept(void **state)
{
    (void)state;
    int fd;
    struct address bound;
    struct listener listener;
    struct listener_options options = {.deferred_s = 30};
    assert_int_equal(open_at("127.0.0.1:0", 1, &options, &fd, &bound), ERR_OK);
    assert_int_equal(listener_start(&listener, loop, fd, on_accept), ERR_OK);
    int client = dial(&bound);
    turn_some(loop);
    assert_int_equal(accepted_count, 0);
    send_text(client, "x");
    TURN_UNTIL(loop, accepted_count == 1);
    listener_clear_deferred_accept(fd);
    int silent = dial(&bound);
    TURN_UNTIL(loop, accepted_count == 2);
    listener_stop(&listener);
    close(silent);
    close(client);
    close(fd);
}

static void
test_unix_socket(void **state)
{
    (void)state;
    char text[64];
    snprintf(text, sizeof text, "unix:%s/web.sock", folder);
    int fds[2], others[2];
    struct address bound;
    assert_int_equal(open_at(text, 2, NULL, fds, &bound), ERR_OK);
    assert_string_equal(bound.text, text);
    assert_int_equal(open_at(text, 1, NULL, others, NULL), ERR_IN_USE);
    struct listener listener;
    assert_int_equal(listener_start(&listener, loop, fds[1], on_accept), ERR_OK);
    int client = dial(&bound);
    TURN_UNTIL(loop, accepted_count == 2); /* the probe of the second opening, and this client */
    close(client);
    listener_stop(&listener);
    close_all(fds, 2);
    /* What a dead process left behind is replaced, a file of another kind is not. */
    assert_int_equal(open_at(text, 1, NULL, others, NULL), ERR_OK);
    close(others[0]);
    assert_int_equal(unlink(text + 5), 0);
    assert_int_equal(mkdir(text + 5, 0700), 0);
    assert_int_equal(open_at(text, 1, NULL, others, NULL), ERR_EXISTS);
    assert_int_equal(rmdir(text + 5), 0);
}

static void
test_adopt(void **state)
{
    (void)state;
    int fds[2];
    struct address bound, found;
    char why[256] = "";
    struct listener_options options = {.backlog = 0};
    assert_int_equal(open_at("127.0.0.1:0", 2, NULL, fds, &bound), ERR_OK);
    set_blocking(fds[1], true);
    assert_int_equal(fcntl(fds[1], F_SETFD, 0), 0);
    struct address any = parsed("127.0.0.1:0"), other = parsed("127.0.0.2:0");
    assert_int_equal(listener_adopt(&bound, fds, 2, &options, &found, why, sizeof why), ERR_OK);
    assert_true(address_equal(&bound, &found));
    assert_true((fcntl(fds[1], F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(fds[1], F_GETFD) & FD_CLOEXEC) != 0);
    assert_int_equal(listener_adopt(&any, fds, 2, &options, &found, why, sizeof why), ERR_OK);
    assert_int_equal(listener_adopt(&other, fds, 2, &options, &found, why, sizeof why),
                     ERR_INVALID);
    assert_non_null(strstr(why, bound.text));
    int plain = dial(&bound);
    assert_int_equal(listener_adopt(&any, &plain, 1, &options, &found, why, sizeof why),
                     ERR_INVALID);
    close(plain);
    close_all(fds, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_slots_share_one_port),
        TEST(test_port_in_use_is_refused),
        TEST(test_pause_leaves_clients_queued),
        TEST(test_stop_within_the_callback),
        TEST(test_burst_is_bounded),
        TEST(test_back_off_when_out_of_descriptors),
        TEST(test_stop_while_backing_off),
        TEST(test_deferred_accept),
        TEST(test_unix_socket),
        TEST(test_adopt),
    };
    log_set_level(LOG_LEVEL_ERROR);
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
