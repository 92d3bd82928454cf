/*
 * tls_kit: certificates made on the spot and a TLS client that is driven step by step.
 */
#ifndef TURNOUT_TESTS_NET_TLS_KIT_H
#define TURNOUT_TESTS_NET_TLS_KIT_H

#include "tests/unit/net/support.h"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include "proxy/net/tls.h"

enum { KIT_DAY_S = 86400 };

static char kit_folder[] = "/tmp/turnout-tls-XXXXXX";

static inline void
kit_path(char out[256], const char *name, const char *ending)
{
    snprintf(out, 256, "%s/%s.%s", kit_folder, name, ending);
}

/* Removes the folder, which holds nothing but files. */
static inline void
kit_remove(void)
{
    DIR *folder = opendir(kit_folder);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.') {
            unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    rmdir(kit_folder);
}

static inline void
kit_write_key(const char *path, EVP_PKEY *key, const char *passphrase)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    const EVP_CIPHER *cipher = passphrase == NULL ? NULL : EVP_aes_128_cbc();
    assert_int_equal(PEM_write_PrivateKey(file, key, cipher, (const unsigned char *)passphrase,
                                          passphrase == NULL ? 0 : (int)strlen(passphrase), NULL,
                                          NULL),
                     1);
    fclose(file);
}

static inline X509 *
kit_make_certificate(EVP_PKEY *key, const char *common_name, const char *names, long from_s,
                     long to_s)
{
    static long serial;
    X509 *made = X509_new();
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(made), from_s);
    X509_gmtime_adj(X509_getm_notAfter(made), to_s);
    X509_set_pubkey(made, key);
    X509_NAME *name = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1,
                               0);
    X509_set_issuer_name(made, name);
    if (names != NULL) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
        X509_add_ext(made, extension, -1);
        X509_EXTENSION_free(extension);
    }
    assert_true(X509_sign(made, key, EVP_sha256()) > 0);
    return made;
}

/* NAME.crt and NAME.key in the folder; `names` like "DNS:a.example,DNS:*.b.example". */
static inline void
kit_make_pair(const char *file_name, const char *common_name, const char *names, long from_s,
              long to_s)
{
    char path[256];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *made = kit_make_certificate(key, common_name, names, from_s, to_s);
    kit_path(path, file_name, "crt");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, made), 1);
    fclose(file);
    kit_path(path, file_name, "key");
    kit_write_key(path, key, NULL);
    X509_free(made);
    EVP_PKEY_free(key);
}

/* SSL_set_tlsext_host_name, which casts const away. */
static inline void
kit_ask_for(SSL *ssl, const char *name)
{
    void *text = (void *)(uintptr_t)name;
    assert_int_equal(SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, text),
                     1);
}

/* A store of the pairs with these file names, on the rules of `base`. */
static inline enum err
kit_store(const char *const names[], size_t count, const struct tls_options *base,
          struct tls_store **out, char *why, size_t why_size)
{
    static char paths[8][2][256];
    static struct tls_files files[8];
    for (size_t i = 0; i < count; i++) {
        kit_path(paths[i][0], names[i], "crt");
        kit_path(paths[i][1], names[i], "key");
        files[i] = (struct tls_files){paths[i][0], paths[i][1]};
    }
    struct tls_options options = *base;
    options.pairs = files;
    options.pair_count = count;
    options.wall_s = clock_wall_us() / 1000000;
    return tls_store_new(&options, out, why, why_size);
}

static inline struct tls_store *
kit_good_store(const char *name, const char *secret)
{
    struct tls_store *store = NULL;
    char why[256] = "";
    struct tls_options options = {.secret = span_of(secret)};
    enum err err = kit_store(&name, 1, &options, &store, why, sizeof why);
    assert_string_equal(why[0] == '\0' || err == ERR_OK ? "" : why, "");
    assert_int_equal(err, ERR_OK);
    return store;
}

/* One TLS connection: our stream on one end, OpenSSL's client on the other. */
struct kit_link {
    struct loop *loop;
    struct probe near;
    int far;
    SSL_CTX *context;
    SSL *ssl;
    SSL_SESSION *session; /* the newest ticket */
};

static inline int
kit_on_session(SSL *ssl, SSL_SESSION *session)
{
    struct kit_link *link = SSL_get_app_data(ssl);
    SSL_SESSION_free(link->session);
    link->session = session;
    return 1;
}

/* Opens the pair of sockets and starts TLS on our end; the client has not begun. */
static inline void
kit_open(struct kit_link *link, struct loop *loop, struct tls_store *store)
{
    int fd;
    *link = (struct kit_link){.loop = loop};
    tcp_pair(&fd, &link->far);
    set_blocking(link->far, false);
    stream_init(&link->near.stream, loop, fd, count_ready);
    assert_int_equal(stream_start_tls(&link->near.stream, store), ERR_OK);
    link->context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_session_cache_mode(link->context,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(link->context, kit_on_session);
    link->ssl = SSL_new(link->context);
    SSL_set_app_data(link->ssl, link);
    SSL_set_fd(link->ssl, link->far);
    SSL_set_connect_state(link->ssl);
    SSL_set_mode(link->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static inline void
kit_close(struct kit_link *link)
{
    stream_close(&link->near.stream, false);
    SSL_set_shutdown(link->ssl, SSL_SENT_SHUTDOWN); /* or OpenSSL spoils the session for later */
    SSL_free(link->ssl);
    SSL_CTX_free(link->context);
    SSL_SESSION_free(link->session);
    if (link->far >= 0) {
        close(link->far);
    }
    ERR_clear_error();
}

/* Reads once at our end, if that may be worth it, as an owner would. */
static inline enum stream_result
kit_serve(struct kit_link *link, char *data, size_t capacity, size_t *size)
{
    struct stream *stream = &link->near.stream;
    *size = 0;
    loop_turn(link->loop, false);
    if (stream->has_failed) {
        return STREAM_FAILED;
    }
    if (!stream->may_read) {
        return STREAM_AGAIN;
    }
    return stream_read(stream, data, capacity, size);
}

/* Drives both ends until the client's handshake is over; false when it failed at either end. */
static inline bool
kit_handshake(struct kit_link *link)
{
    uint64_t limit_us = clock_mono_us() + WAIT_LIMIT_US;
    assert_int_equal(stream_register(&link->near.stream), ERR_OK);
    bool is_near_dead = false;
    for (;;) {
        assert_true(clock_mono_us() < limit_us);
        ERR_clear_error();
        int result = SSL_do_handshake(link->ssl);
        if (result == 1) {
            return true;
        }
        if (SSL_get_error(link->ssl, result) != SSL_ERROR_WANT_READ || is_near_dead) {
            ERR_clear_error();
            return false;
        }
        char byte;
        size_t size;
        is_near_dead = kit_serve(link, &byte, 1, &size) == STREAM_FAILED;
    }
}

/* The client sends a text; our end reads until it has it all. */
static inline void
kit_request(struct kit_link *link, const char *text)
{
    char data[256];
    size_t total = 0, size;
    assert_int_equal(SSL_write(link->ssl, text, (int)strlen(text)), (int)strlen(text));
    uint64_t limit_us = clock_mono_us() + WAIT_LIMIT_US;
    while (total < strlen(text)) {
        assert_true(clock_mono_us() < limit_us);
        enum stream_result result = kit_serve(link, data + total, sizeof data - total, &size);
        assert_true(result == STREAM_OK || result == STREAM_AGAIN);
        total += size;
    }
    assert_int_equal(total, strlen(text));
    assert_memory_equal(data, text, total);
}

/* Our end answers with a text; the client reads until it has it all, tickets on the way included.
 */
static inline void
kit_answer(struct kit_link *link, const char *text)
{
    char data[256];
    size_t size = 0;
    assert_int_equal(stream_write_data(&link->near.stream, text, strlen(text), &size), STREAM_OK);
    assert_int_equal(size, strlen(text));
    int got = 0;
    uint64_t limit_us = clock_mono_us() + WAIT_LIMIT_US;
    while ((got = SSL_read(link->ssl, data, sizeof data)) <= 0) {
        assert_true(clock_mono_us() < limit_us);
        assert_int_equal(SSL_get_error(link->ssl, got), SSL_ERROR_WANT_READ);
        loop_turn(link->loop, false);
    }
    assert_int_equal(got, strlen(text));
    assert_memory_equal(data, text, (size_t)got);
}

#endif
