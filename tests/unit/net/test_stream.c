/* Streams without TLS: readiness, ends, back-pressure, resets. */
#include "tests/unit/net/support.h"

#include <sys/ioctl.h>
#include <sys/un.h>

struct fixture {
    struct loop *loop;
    struct probe near;
    int far;
};

static int
set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_int_equal(loop_new(&fixture->loop), ERR_OK);
    int fd;
    tcp_pair(&fd, &fixture->far);
    stream_init(&fixture->near.stream, fixture->loop, fd, count_ready);
    *state = fixture;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *fixture = *state;
    stream_close(&fixture->near.stream, false);
    if (fixture->far >= 0) {
        close(fixture->far);
    }
    loop_free(fixture->loop);
    free(fixture);
    return 0;
}

/* Registers and takes the first events, which tell of a writable socket: nothing new. */
static void
watch(struct fixture *fixture)
{
    fixture->near.stream.may_read = false;
    assert_int_equal(stream_register(&fixture->near.stream), ERR_OK);
    assert_int_equal(stream_register(&fixture->near.stream), ERR_OK);
    turn_some(fixture->loop);
}

static void
expect_read(struct stream *stream, enum stream_result result, const char *text)
{
    char data[100];
    size_t size = 0;
    assert_int_equal(stream_read(stream, data, sizeof data, &size), result);
    if (text != NULL) {
        assert_int_equal(size, strlen(text));
        assert_memory_equal(data, text, size);
    }
}

static void
test_first_try_needs_no_registration(void **state)
{
    struct fixture *fixture = *state;
    struct stream *stream = &fixture->near.stream;
    assert_true(stream->may_read && stream->may_write && !stream->is_registered);
    send_text(fixture->far, "hello");
    expect_read(stream, STREAM_OK, "hello");
    assert_false(stream->may_read);
    size_t size = 0;
    assert_int_equal(stream_write_data(stream, "answer", 6, &size), STREAM_OK);
    assert_int_equal(size, 6);
    assert_true(stream->may_write);
}

static void
test_late_registration_tells_what_is_there(void **state)
{
    struct fixture *fixture = *state;
    struct stream *stream = &fixture->near.stream;
    expect_read(stream, STREAM_AGAIN, NULL);
    send_text(fixture->far, "early");
    shutdown(fixture->far, SHUT_WR);
    assert_int_equal(stream_register(stream), ERR_OK);
    TURN_UNTIL(fixture->loop, fixture->near.ready_count > 0);
    assert_true(stream->may_read && stream->has_hangup);
    expect_read(stream, STREAM_OK, "early");
    assert_true(stream->may_read);
    expect_read(stream, STREAM_EOF, NULL);
}

static void
test_readiness_is_told_once(void **state)
{
    struct fixture *fixture = *state;
    watch(fixture);
    send_text(fixture->far, "a");
    TURN_UNTIL(fixture->loop, fixture->near.ready_count == 1);
    send_text(fixture->far, "b");
    turn_some(fixture->loop);
    assert_int_equal(fixture->near.ready_count, 1);
    expect_read(&fixture->near.stream, STREAM_OK, "ab");
    send_text(fixture->far, "c");
    TURN_UNTIL(fixture->loop, fixture->near.ready_count == 2);
    expect_read(&fixture->near.stream, STREAM_OK, "c");
}

static void
test_full_read_stays_readable(void **state)
{
    struct fixture *fixture = *state;
    watch(fixture);
    send_text(fixture->far, "four more");
    TURN_UNTIL(fixture->loop, fixture->near.stream.may_read);
    char data[4];
    size_t size;
    assert_int_equal(stream_read(&fixture->near.stream, data, 4, &size), STREAM_OK);
    assert_true(fixture->near.stream.may_read);
    expect_read(&fixture->near.stream, STREAM_OK, " more");
    assert_false(fixture->near.stream.may_read);
}

/* The FIN arrives in the same event as the bytes, or between the event and the read, or later. */
static void
test_fin_behind_short_read(void **state)
{
    struct fixture *fixture = *state;
    struct stream *stream = &fixture->near.stream;
    watch(fixture);
    send_text(fixture->far, "last");
    TURN_UNTIL(fixture->loop, stream->may_read);
    shutdown(fixture->far, SHUT_WR);
    expect_read(stream, STREAM_OK, "last");
    TURN_UNTIL(fixture->loop, stream->may_read);
    assert_true(stream->has_hangup);
    expect_read(stream, STREAM_EOF, NULL);
    assert_true(stream->has_eof && !stream->may_read);
    turn_some(fixture->loop);
    assert_int_equal(fixture->near.ready_count, 2);
}

static void
test_half_close_still_answers(void **state)
{
    struct fixture *fixture = *state;
    struct stream *stream = &fixture->near.stream;
    watch(fixture);
    send_text(fixture->far, "request");
    shutdown(fixture->far, SHUT_WR);
    TURN_UNTIL(fixture->loop, stream->has_hangup);
    expect_read(stream, STREAM_OK, "request");
    expect_read(stream, STREAM_EOF, NULL);
    size_t size;
    assert_int_equal(stream_write_data(stream, "answer", 6, &size), STREAM_OK);
    stream_shutdown_write(stream);
    char data[10];
    assert_int_equal(recv(fixture->far, data, sizeof data, MSG_WAITALL), 6);
}

static void
test_reset_after_half_close_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct stream *stream = &fixture->near.stream;
    watch(fixture);
    shutdown(fixture->far, SHUT_WR);
    TURN_UNTIL(fixture->loop, stream->may_read);
    expect_read(stream, STREAM_EOF, NULL);
    unsigned before = fixture->near.ready_count;
    size_t size;
    assert_int_equal(stream_write_data(stream, "unread", 6, &size), STREAM_OK);
    reset_socket(fixture->far);
    fixture->far = -1;
    TURN_UNTIL(fixture->loop, fixture->near.ready_count > before);
    assert_true(stream->has_failed);
    expect_read(stream, STREAM_FAILED, NULL);
}

static void
test_reset(void **state)
{
    struct fixture *fixture = *state;
    struct stream *stream = &fixture->near.stream;
    watch(fixture);
    reset_socket(fixture->far);
    fixture->far = -1;
    TURN_UNTIL(fixture->loop, stream->may_read);
    assert_true(stream_peer_closed(stream));
    expect_read(stream, STREAM_FAILED, NULL);
    assert_int_equal(stream->error, ECONNRESET);
    assert_int_equal(stream_err(stream), ERR_RESET);
    size_t size;
    assert_int_equal(stream_write_data(stream, "x", 1, &size), STREAM_FAILED);
}

/* What the peer said before it hung up is not lost by a write that found it gone, and the end
 * behind it is not taken for an orderly one. */
static void
test_bytes_are_read_behind_a_failed_write(void **state)
{
    struct fixture *fixture = *state;
    struct stream *stream = &fixture->near.stream;
    send_text(fixture->far, "answer");
    reset_socket(fixture->far);
    fixture->far = -1;
    size_t size;
    assert_int_equal(stream_write_data(stream, "x", 1, &size), STREAM_FAILED);
    assert_true(stream_check_dead(stream));
    assert_int_not_equal(stream_err(stream), ERR_OK);
    assert_true(stream->may_read);
    expect_read(stream, STREAM_OK, "answer");
    expect_read(stream, STREAM_FAILED, NULL);
    assert_int_equal(stream_write_data(stream, "x", 1, &size), STREAM_FAILED);
}

/* A FIN before the reset says that the bytes before it are all there were. */
static void
test_a_fin_before_a_reset_is_an_orderly_end(void **state)
{
    struct fixture *fixture = *state;
    struct stream *stream = &fixture->near.stream;
    send_text(fixture->far, "answer");
    shutdown(fixture->far, SHUT_WR);
    reset_socket(fixture->far);
    fixture->far = -1;
    assert_true(stream_check_dead(stream));
    expect_read(stream, STREAM_OK, "answer");
    expect_read(stream, STREAM_EOF, NULL);
    size_t size;
    assert_int_equal(stream_write_data(stream, "x", 1, &size), STREAM_FAILED);
}

/* A reset behind bytes that are not read, as with back-pressure, is seen by asking. */
static void
test_reset_of_a_stream_that_is_not_read(void **state)
{
    struct fixture *fixture = *state;
    struct stream *stream = &fixture->near.stream;
    watch(fixture);
    send_text(fixture->far, "unread");
    TURN_UNTIL(fixture->loop, stream->may_read);
    assert_false(stream_check_dead(stream));
    reset_socket(fixture->far);
    fixture->far = -1;
    TURN_UNTIL(fixture->loop, stream_check_dead(stream));
    assert_int_equal(stream_err(stream), ERR_RESET);
    expect_read(stream, STREAM_OK, "unread");
    expect_read(stream, STREAM_FAILED, NULL);
}

/* Bytes and a reset in one event: whoever needs more asks again. */
static void
test_reset_with_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct stream *stream = &fixture->near.stream;
    watch(fixture);
    send_text(fixture->far, "part");
    reset_socket(fixture->far);
    fixture->far = -1;
    TURN_UNTIL(fixture->loop, stream->may_read);
    char data[10];
    size_t size = 0;
    enum stream_result result = stream_read(stream, data, sizeof data, &size);
    if (result == STREAM_OK) {
        assert_int_equal(size, 4);
        stream_expect_more(stream);
        result = stream_read(stream, data, sizeof data, &size);
    }
    assert_int_equal(result, STREAM_FAILED);
}

static size_t
fill(struct stream *stream, enum stream_result *last)
{
    static char block[64 * 1024];
    size_t total = 0;
    for (int i = 0; i < 10000; i++) {
        size_t size = 0;
        *last = stream_write_data(stream, block, sizeof block, &size);
        if (*last != STREAM_OK) {
            break;
        }
        total += size;
    }
    return total;
}

static void
drain_far(int far, size_t total)
{
    char *block = malloc(1 << 20);
    while (total > 0) {
        ssize_t got = recv(far, block, total < 1 << 20 ? total : 1 << 20, 0);
        assert_true(got > 0);
        total -= (size_t)got;
    }
    free(block);
}

static void
test_back_pressure(void **state)
{
    struct fixture *fixture = *state;
    struct stream *stream = &fixture->near.stream;
    watch(fixture);
    for (int round = 0; round < 3; round++) {
        unsigned before = fixture->near.ready_count;
        enum stream_result last;
        size_t total = fill(stream, &last);
        assert_int_equal(last, STREAM_AGAIN);
        assert_false(stream->may_write);
        turn_some(fixture->loop);
        drain_far(fixture->far, total);
        TURN_UNTIL(fixture->loop, stream->may_write);
        assert_int_equal(fixture->near.ready_count, before + 1);
    }
}

static void
test_pieces_go_out_in_order(void **state)
{
    struct fixture *fixture = *state;
    char head[] = "head ", middle[] = "middle ", tail[] = "tail";
    struct iovec pieces[] = {{head, 5}, {middle, 7}, {tail, 4}};
    size_t size;
    assert_int_equal(stream_write(&fixture->near.stream, pieces, 3, &size), STREAM_OK);
    assert_int_equal(size, 16);
    char data[17] = "";
    assert_int_equal(recv(fixture->far, data, 16, MSG_WAITALL), 16);
    assert_string_equal(data, "head middle tail");
}

static void
test_close_with_reset(void **state)
{
    struct fixture *fixture = *state;
    stream_close(&fixture->near.stream, true);
    stream_close(&fixture->near.stream, true);
    char byte;
    assert_int_equal(recv(fixture->far, &byte, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
}

static void
test_probe_sees_fin_and_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct stream *stream = &fixture->near.stream;
    watch(fixture);
    assert_false(stream_peer_closed(stream));
    assert_false(stream_probe_closed(stream));
    send_text(fixture->far, "?");
    assert_false(stream_peer_closed(stream));
    assert_true(stream_probe_closed(stream));
    expect_read(stream, STREAM_OK, "?");
    shutdown(fixture->far, SHUT_WR);
    assert_true(stream_probe_closed(stream));
    assert_true(stream->has_hangup);
}

/* Listens on loopback without a layer of ours. */
static int
plain_listener(struct address *address)
{
    struct address any = parsed("127.0.0.1:0");
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&any.socket, any.size), 0);
    assert_int_equal(listen(fd, 16), 0);
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &size), 0);
    assert_int_equal(address_from_socket((struct sockaddr *)&name, size, address), ERR_OK);
    return fd;
}

static void
test_connect_and_write_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct address address;
    int listening = plain_listener(&address);
    struct probe probe = {.ready_count = 0};
    assert_int_equal(connect_start(&probe.stream, fixture->loop, &address, count_ready), ERR_OK);
    size_t size;
    enum stream_result result = stream_write_data(&probe.stream, "now", 3, &size);
    if (result == STREAM_AGAIN) {
        assert_int_equal(stream_register(&probe.stream), ERR_OK);
        TURN_UNTIL(fixture->loop, probe.stream.may_write);
        result = stream_write_data(&probe.stream, "now", 3, &size);
    }
    assert_int_equal(result, STREAM_OK);
    assert_int_equal(connect_result(&probe.stream), ERR_OK);
    int far = accept(listening, NULL, NULL);
    char data[4];
    assert_int_equal(recv(far, data, 4, 0), 3);
    stream_close(&probe.stream, false);
    close(far);
    close(listening);
}

static void
test_connect_refused(void **state)
{
    struct fixture *fixture = *state;
    struct address address;
    close(plain_listener(&address));
    struct probe probe = {.ready_count = 0};
    enum err err = connect_start(&probe.stream, fixture->loop, &address, count_ready);
    if (err == ERR_OK) {
        assert_int_equal(stream_register(&probe.stream), ERR_OK);
        TURN_UNTIL(fixture->loop, probe.stream.may_read);
        size_t size;
        assert_int_equal(stream_write_data(&probe.stream, "x", 1, &size), STREAM_FAILED);
        err = stream_err(&probe.stream);
    }
    assert_int_equal(err, ERR_REFUSED);
    stream_close(&probe.stream, false);
}

static void
test_connect_result_of_refused(void **state)
{
    struct fixture *fixture = *state;
    struct address address;
    close(plain_listener(&address));
    struct probe probe = {.ready_count = 0};
    enum err err = connect_start(&probe.stream, fixture->loop, &address, count_ready);
    if (err == ERR_OK) {
        err = connect_result(&probe.stream);
    }
    assert_int_equal(err, ERR_REFUSED);
    stream_close(&probe.stream, false);
}

static void
test_bytes_acked(void **state)
{
    struct fixture *fixture = *state;
    struct address address;
    int listening = plain_listener(&address);
    struct probe probe = {.ready_count = 0};
    struct stream *stream = &probe.stream;
    assert_int_equal(connect_start(stream, fixture->loop, &address, count_ready), ERR_OK);
    assert_int_equal(stream_register(stream), ERR_OK);
    uint64_t count = 99;
    int far = accept(listening, NULL, NULL);
    assert_int_equal(stream_bytes_acked(stream, &count), ERR_OK);
    assert_int_equal(count, 0);
    size_t size;
    assert_int_equal(stream_write_data(stream, "12345", 5, &size), STREAM_OK);
    TURN_UNTIL(fixture->loop, stream_bytes_acked(stream, &count) == ERR_OK && count == 5);
    /* An instance that has closed its end resets what comes after: nothing of it is counted. */
    char data[8];
    assert_int_equal(recv(far, data, sizeof data, 0), 5);
    close(far);
    TURN_UNTIL(fixture->loop, stream->has_hangup);
    assert_int_equal(stream_write_data(stream, "more", 4, &size), STREAM_OK);
    TURN_UNTIL(fixture->loop, stream_write_data(stream, "x", 1, &size) == STREAM_FAILED);
    assert_int_equal(stream_bytes_acked(stream, &count), ERR_OK);
    assert_int_equal(count, 5);
    stream_close(stream, false);
    close(listening);
}

static void
test_unix_stream(void **state)
{
    struct fixture *fixture = *state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    set_blocking(pair[0], false);
    struct probe probe = {.ready_count = 0};
    stream_init(&probe.stream, fixture->loop, pair[0], count_ready);
    probe.stream.may_read = false;
    assert_int_equal(stream_register(&probe.stream), ERR_OK);
    uint64_t count;
    assert_int_equal(stream_bytes_acked(&probe.stream, &count), ERR_INVALID);
    send_text(pair[1], "over unix");
    close(pair[1]);
    TURN_UNTIL(fixture->loop, probe.stream.may_read);
    expect_read(&probe.stream, STREAM_OK, "over unix");
    TURN_UNTIL(fixture->loop, probe.stream.may_read);
    expect_read(&probe.stream, STREAM_EOF, NULL);
    stream_close(&probe.stream, false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_first_try_needs_no_registration),
        TEST(test_late_registration_tells_what_is_there),
        TEST(test_readiness_is_told_once),
        TEST(test_full_read_stays_readable),
        TEST(test_fin_behind_short_read),
        TEST(test_half_close_still_answers),
        TEST(test_reset_after_half_close_is_told),
        TEST(test_reset),
        TEST(test_bytes_are_read_behind_a_failed_write),
        TEST(test_a_fin_before_a_reset_is_an_orderly_end),
        TEST(test_reset_of_a_stream_that_is_not_read),
        TEST(test_reset_with_bytes),
        TEST(test_back_pressure),
        TEST(test_pieces_go_out_in_order),
        TEST(test_close_with_reset),
        TEST(test_probe_sees_fin_and_bytes),
        TEST(test_connect_and_write_at_once),
        TEST(test_connect_refused),
        TEST(test_connect_result_of_refused),
        TEST(test_bytes_acked),
        TEST(test_unix_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
