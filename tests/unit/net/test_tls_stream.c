/* TLS streams against OpenSSL's client: handshakes, ends, transfers, bytes that come one by one. */
#include "tests/unit/net/tls_kit.h"

#include "proxy/base/random.h"
#include "proxy/net/loop_parts.h"
#include "proxy/net/tls_session_parts.h"

static struct loop *loop;
static struct tls_store *store;
static struct kit_link kit;

static int
set_up(void **state)
{
    (void)state;
    assert_int_equal(loop_new(&loop), ERR_OK);
    kit_open(&kit, loop, store);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    kit_close(&kit);
    loop_free(loop);
    return 0;
}

static void
use_version(int version)
{
    assert_int_equal(SSL_set_min_proto_version(kit.ssl, version), 1);
    assert_int_equal(SSL_set_max_proto_version(kit.ssl, version), 1);
}

static void
check_version(int version, const char *name)
{
    struct stream *stream = &kit.near.stream;
    use_version(version);
    kit_ask_for(kit.ssl, "site.example");
    assert_string_equal(stream_tls_version(stream), "");
    assert_string_equal(stream_tls_server_name(stream), "");
    assert_true(kit_handshake(&kit));
    kit_request(&kit, "GET / HTTP/1.1\r\n\r\n");
    kit_answer(&kit, "HTTP/1.1 200 OK\r\n\r\n");
    assert_true(stream_is_tls(stream) && stream_tls_is_ready(stream));
    assert_string_equal(stream_tls_version(stream), name);
    assert_string_equal(stream_tls_cipher(stream), SSL_get_cipher_name(kit.ssl));
    assert_string_equal(stream_tls_server_name(stream), "site.example");
    assert_false(stream_tls_is_resumed(stream));
}

static void
test_version_1_2(void **state)
{
    (void)state;
    check_version(TLS1_2_VERSION, "TLSv1.2");
}

static void
test_version_1_3(void **state)
{
    (void)state;
    check_version(TLS1_3_VERSION, "TLSv1.3");
}

static void
test_older_versions_are_refused(void **state)
{
    (void)state;
    SSL_set_security_level(kit.ssl, 0);
    use_version(TLS1_1_VERSION);
    assert_false(kit_handshake(&kit));
    assert_true(kit.near.stream.has_failed);
    assert_int_equal(stream_err(&kit.near.stream), ERR_TLS);
    assert_string_not_equal(stream_tls_failure(&kit.near.stream), "");
}

static void
test_alpn(void **state)
{
    (void)state;
    static const unsigned char offered[] = "\x02h2\x08http/1.1";
    assert_int_equal(SSL_set_alpn_protos(kit.ssl, offered, sizeof offered - 1), 0);
    assert_true(kit_handshake(&kit));
    const unsigned char *chosen;
    unsigned size;
    SSL_get0_alpn_selected(kit.ssl, &chosen, &size);
    assert_int_equal(size, 8);
    assert_memory_equal(chosen, "http/1.1", 8);
}

static void
test_alpn_without_ours_is_refused(void **state)
{
    (void)state;
    static const unsigned char offered[] = "\x02h2\x03spd";
    assert_int_equal(SSL_set_alpn_protos(kit.ssl, offered, sizeof offered - 1), 0);
    assert_false(kit_handshake(&kit));
}

static void
test_cleartext_to_tls_fails(void **state)
{
    (void)state;
    struct stream *stream = &kit.near.stream;
    assert_int_equal(stream_register(stream), ERR_OK);
    send_text(kit.far, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    char byte;
    size_t size;
    TURN_UNTIL(loop, kit_serve(&kit, &byte, 1, &size) == STREAM_FAILED);
    assert_string_equal(stream_tls_failure(stream), "http request");
    assert_int_equal(stream_err(stream), ERR_TLS);
}

/* What the client has to say, in one segment. */
static void
send_pending(BIO *out)
{
    char data[8192];
    int size = BIO_read(out, data, sizeof data);
    if (size > 0) {
        assert_int_equal(send(kit.far, data, (size_t)size, MSG_NOSIGNAL), size);
    }
}

/* The last message of the handshake and the first request arrive in one segment: one event for
 * both. */
static void
test_request_behind_the_handshake(void **state)
{
    (void)state;
    struct stream *stream = &kit.near.stream;
    BIO *out = BIO_new(BIO_s_mem());
    SSL_set0_wbio(kit.ssl, out);
    assert_int_equal(stream_register(stream), ERR_OK);
    char data[100];
    size_t size = 0, total = 0;
    uint64_t limit_us = clock_mono_us() + WAIT_LIMIT_US;
    while (SSL_do_handshake(kit.ssl) != 1) {
        assert_true(clock_mono_us() < limit_us);
        send_pending(out);
        assert_int_equal(kit_serve(&kit, data, sizeof data, &size), STREAM_AGAIN);
    }
    assert_int_equal(SSL_write(kit.ssl, "request", 7), 7);
    send_pending(out);
    TURN_UNTIL(loop, stream->may_read);
    while (stream->may_read) {
        if (stream_read(stream, data + total, 3, &size) == STREAM_OK) {
            total += size;
        }
    }
    assert_int_equal(total, 7);
    assert_memory_equal(data, "request", 7);
}

/* A record is larger than the caller's room: what OpenSSL holds counts as readable. */
static void
test_rest_of_a_record_is_readable(void **state)
{
    (void)state;
    struct stream *stream = &kit.near.stream;
    assert_true(kit_handshake(&kit));
    kit_request(&kit, "first");
    assert_int_equal(SSL_write(kit.ssl, "0123456789", 10), 10);
    TURN_UNTIL(loop, stream->may_read);
    char data[10];
    size_t size;
    for (int i = 0; i < 5; i++) {
        assert_true(stream->may_read);
        assert_int_equal(stream_read(stream, data + 2 * i, 2, &size), STREAM_OK);
        assert_int_equal(size, 2);
    }
    assert_memory_equal(data, "0123456789", 10);
    assert_int_equal(stream_read(stream, data, 10, &size), STREAM_AGAIN);
    assert_false(stream->may_read);
}

static void
test_server_name_chooses_certificate(void **state)
{
    (void)state;
    const char *const names[] = {"site", "other"};
    static const struct {
        const char *host;
        const char *subject;
    } cases[] = {{"other.example", "Other"}, {"site.example", "Site"}, {"none.example", "Site"}};
    char why[256];
    struct tls_store *both;
    struct tls_options options = {.secret = SPAN("s")};
    assert_int_equal(kit_store(names, 2, &options, &both, why, sizeof why), ERR_OK);
    for (size_t i = 0; i < 3; i++) {
        kit_close(&kit);
        kit_open(&kit, loop, both);
        kit_ask_for(kit.ssl, cases[i].host);
        assert_true(kit_handshake(&kit));
        X509 *got = SSL_get1_peer_certificate(kit.ssl);
        char name[100];
        X509_NAME_get_text_by_NID(X509_get_subject_name(got), NID_commonName, name, sizeof name);
        assert_string_equal(name, cases[i].subject);
        X509_free(got);
    }
    tls_store_unref(both);
}

/* The store is gone from its maker's hands while a stream still uses it. */
static void
test_stream_keeps_its_store(void **state)
{
    (void)state;
    struct tls_store *brief = kit_good_store("other", "s");
    kit_close(&kit);
    kit_open(&kit, loop, brief);
    tls_store_unref(brief);
    assert_true(kit_handshake(&kit));
    kit_request(&kit, "ping");
}

static void
test_close_notify_then_answer(void **state)
{
    (void)state;
    struct stream *stream = &kit.near.stream;
    assert_true(kit_handshake(&kit));
    kit_request(&kit, "ask");
    SSL_shutdown(kit.ssl);
    char data[10];
    size_t size;
    TURN_UNTIL(loop, stream->may_read);
    assert_int_equal(stream_read(stream, data, sizeof data, &size), STREAM_EOF);
    assert_true(stream->has_eof && !stream->may_read);
    assert_int_equal(stream_read(stream, data, sizeof data, &size), STREAM_EOF);
    assert_int_equal(stream_write_data(stream, "answer", 6, &size), STREAM_OK);
    stream_shutdown_write(stream);
    stream_shutdown_write(stream);
    assert_int_equal(SSL_read(kit.ssl, data, sizeof data), 6);
    int result = SSL_read(kit.ssl, data, sizeof data);
    assert_int_equal(SSL_get_error(kit.ssl, result), SSL_ERROR_ZERO_RETURN);
    assert_int_equal(recv(kit.far, data, 1, 0), 0);
}

/* Data, close_notify and FIN in one go, then a FIN alone. */
static void
test_fin_behind_data(void **state)
{
    (void)state;
    struct stream *stream = &kit.near.stream;
    char data[100];
    size_t size;
    for (int with_notify = 0; with_notify < 2; with_notify++) {
        kit_close(&kit);
        kit_open(&kit, loop, store);
        assert_true(kit_handshake(&kit));
        kit_request(&kit, "first");
        assert_int_equal(SSL_write(kit.ssl, "last", 4), 4);
        if (with_notify) {
            SSL_shutdown(kit.ssl);
        }
        shutdown(kit.far, SHUT_WR);
        TURN_UNTIL(loop, stream->may_read);
        assert_int_equal(stream_read(stream, data, sizeof data, &size), STREAM_OK);
        assert_int_equal(size, 4);
        TURN_UNTIL(loop, stream->may_read);
        assert_int_equal(stream_read(stream, data, sizeof data, &size), STREAM_EOF);
    }
}

static void
test_reset(void **state)
{
    (void)state;
    assert_true(kit_handshake(&kit));
    kit_request(&kit, "first");
    reset_socket(kit.far);
    kit.far = -1;
    char byte;
    size_t size;
    TURN_UNTIL(loop, kit_serve(&kit, &byte, 1, &size) == STREAM_FAILED);
    assert_int_equal(kit.near.stream.error, ECONNRESET);
}

static void
test_close_says_so(void **state)
{
    (void)state;
    assert_true(kit_handshake(&kit));
    kit_request(&kit, "first");
    stream_close(&kit.near.stream, false);
    char data[10];
    int result = SSL_read(kit.ssl, data, sizeof data);
    assert_int_equal(SSL_get_error(kit.ssl, result), SSL_ERROR_ZERO_RETURN);
}

/* Writing before the handshake is done waits for it. */
static void
test_write_before_handshake(void **state)
{
    (void)state;
    struct stream *stream = &kit.near.stream;
    size_t size;
    assert_int_equal(stream_register(stream), ERR_OK);
    turn_some(loop);
    assert_int_equal(stream_write_data(stream, "hello", 5, &size), STREAM_AGAIN);
    assert_false(stream->may_write);
    bool is_written = false;
    char data[10];
    int got = 0;
    uint64_t limit_us = clock_mono_us() + WAIT_LIMIT_US;
    while (got <= 0) {
        assert_true(clock_mono_us() < limit_us);
        loop_turn(loop, false);
        if (!is_written && stream->may_write) {
            is_written = stream_write_data(stream, "hello", 5, &size) == STREAM_OK;
        }
        got = SSL_read(kit.ssl, data, sizeof data);
    }
    assert_int_equal(got, 5);
    assert_memory_equal(data, "hello", 5);
}

/* Everything that the client sends comes byte by byte, each in a turn of its own. */
static void
test_bytes_one_by_one(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < 2; i++) {
        kit_close(&kit);
        kit_open(&kit, loop, store);
        use_version(versions[i]);
        BIO *out = BIO_new(BIO_s_mem());
        SSL_set0_wbio(kit.ssl, out);
        assert_int_equal(stream_register(&kit.near.stream), ERR_OK);
        bool is_sent = false;
        char data[100];
        size_t total = 0;
        uint64_t limit_us = clock_mono_us() + WAIT_LIMIT_US;
        while (total < 7) {
            assert_true(clock_mono_us() < limit_us);
            if (!is_sent && SSL_do_handshake(kit.ssl) == 1) {
                is_sent = SSL_write(kit.ssl, "request", 7) == 7;
            }
            char byte;
            do {
                if (BIO_read(out, &byte, 1) == 1) {
                    assert_int_equal(send(kit.far, &byte, 1, MSG_NOSIGNAL), 1);
                }
                size_t size;
                assert_int_not_equal(kit_serve(&kit, data + total, sizeof data - total, &size),
                                     STREAM_FAILED);
                total += size;
            } while (BIO_pending(out) > 0);
        }
        assert_memory_equal(data, "request", 7);
    }
}

enum { TRANSFER = 6 << 20, PIECE_MAX = 70000 };

static char *
make_content(void)
{
    struct random random;
    random_init(&random, 4711);
    char *content = malloc(TRANSFER);
    for (size_t i = 0; i < TRANSFER; i += 8) {
        uint64_t word = random_next(&random);
        memcpy(content + i, &word, 8);
    }
    return content;
}

/* Offers what is left in up to four pieces of random sizes; always the same bytes first. */
static size_t
offer(struct random *random, char *content, size_t sent)
{
    struct iovec pieces[4];
    int count = 0;
    size_t at = sent;
    while (count < 4 && at < TRANSFER) {
        size_t size = 1 + random_below(random, PIECE_MAX);
        size = size < TRANSFER - at ? size : TRANSFER - at;
        pieces[count++] = (struct iovec){content + at, size};
        at += size;
    }
    size_t taken = 0;
    enum stream_result result = stream_write(&kit.near.stream, pieces, count, &taken);
    assert_true(result == STREAM_OK || (result == STREAM_AGAIN && taken == 0));
    return taken;
}

/* Both directions at once through small socket buffers, so that both meet back-pressure. */
static void
transfer(int version)
{
    struct stream *stream = &kit.near.stream;
    use_version(version);
    int small = 16384; /* below it, each window waits for the kernel's delayed acknowledgement */
    setsockopt(kit.far, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    setsockopt(stream->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    setsockopt(kit.far, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    assert_true(kit_handshake(&kit));
    char *content = make_content(), *down = malloc(TRANSFER), *up = malloc(TRANSFER);
    size_t sent = 0, received = 0, pushed = 0, served = 0, size;
    struct random random;
    random_init(&random, 1);
    unsigned stalls = 0;
    uint64_t limit_us = clock_mono_us() + 6 * (uint64_t)WAIT_LIMIT_US;
    while (received < TRANSFER || served < TRANSFER) {
        assert_true(clock_mono_us() < limit_us);
        loop_turn(loop, false);
        if (stream->may_write && sent < TRANSFER) {
            sent += offer(&random, content, sent);
            stalls += !stream->may_write;
        }
        if (stream->may_read && served < TRANSFER) {
            size_t room = 1 + random_below(&random, PIECE_MAX);
            room = room < TRANSFER - served ? room : TRANSFER - served;
            size = 0;
            assert_int_not_equal(stream_read(stream, up + served, room, &size), STREAM_FAILED);
            served += size;
        }
        size = 0;
        SSL_write_ex(kit.ssl, content + pushed, pushed < TRANSFER ? TRANSFER - pushed : 0, &size);
        pushed += pushed < TRANSFER ? size : 0;
        size = 0;
        if (received < TRANSFER) {
            SSL_read_ex(kit.ssl, down + received, TRANSFER - received, &size);
        }
        received += size;
        ERR_clear_error();
    }
    assert_true(stalls > 10);
    assert_memory_equal(content, down, TRANSFER);
    assert_memory_equal(content, up, TRANSFER);
    assert_int_equal(buf_size(&stream->tls->waiting), 0);
    free(content);
    free(down);
    free(up);
}

static void
test_transfer_1_2(void **state)
{
    (void)state;
    transfer(TLS1_2_VERSION);
}

static void
test_transfer_1_3(void **state)
{
    (void)state;
    transfer(TLS1_3_VERSION);
}

/* What was reported as taken arrives although the stream is closed at once. */
static void
test_close_loses_nothing_taken(void **state)
{
    (void)state;
    struct stream *stream = &kit.near.stream;
    assert_true(kit_handshake(&kit));
    kit_request(&kit, "first");
    static char block[300000];
    size_t taken = 0, size = 0;
    while (stream->may_write) {
        if (stream_write_data(stream, block, sizeof block, &size) == STREAM_OK) {
            taken += size;
        }
    }
    stream_close(stream, false);
    size_t received = 0;
    for (;;) {
        int result = SSL_read(kit.ssl, block, sizeof block);
        if (result > 0) {
            received += (size_t)result;
            continue;
        }
        if (SSL_get_error(kit.ssl, result) != SSL_ERROR_WANT_READ) {
            break;
        }
    }
    assert_true(received >= taken && taken > 0);
    ERR_clear_error();
}

/* A client that asks for new keys again and again without reading cannot fill our memory. */
static void
test_key_updates_are_bounded(void **state)
{
    (void)state;
    use_version(TLS1_3_VERSION);
    assert_true(kit_handshake(&kit));
    kit_request(&kit, "first");
    struct stream *stream = &kit.near.stream;
    char data[100];
    size_t size;
    for (int i = 0; i < 20000; i++) {
        SSL_key_update(kit.ssl, SSL_KEY_UPDATE_REQUESTED);
        if (SSL_write(kit.ssl, "x", 1) != 1) {
            ERR_clear_error();
        }
        kit_serve(&kit, data, sizeof data, &size);
        assert_true(buf_size(&stream->tls->waiting) < 128 * 1024);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_version_1_2),
        TEST(test_version_1_3),
        TEST(test_older_versions_are_refused),
        TEST(test_alpn),
        TEST(test_alpn_without_ours_is_refused),
        TEST(test_cleartext_to_tls_fails),
        TEST(test_request_behind_the_handshake),
        TEST(test_rest_of_a_record_is_readable),
        TEST(test_server_name_chooses_certificate),
        TEST(test_stream_keeps_its_store),
        TEST(test_close_notify_then_answer),
        TEST(test_fin_behind_data),
        TEST(test_reset),
        TEST(test_close_says_so),
        TEST(test_write_before_handshake),
        TEST(test_bytes_one_by_one),
        TEST(test_transfer_1_2),
        TEST(test_transfer_1_3),
        TEST(test_close_loses_nothing_taken),
        TEST(test_key_updates_are_bounded),
    };
    if (mkdtemp(kit_folder) == NULL) {
        return 1;
    }
    kit_make_pair("site", "Site", "DNS:site.example", -KIT_DAY_S, KIT_DAY_S);
    kit_make_pair("other", "Other", "DNS:other.example", -KIT_DAY_S, KIT_DAY_S);
    store = kit_good_store("site", "a secret of the tests");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tls_store_unref(store);
    kit_remove();
    return failed;
}
