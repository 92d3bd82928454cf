/* Certificate stores: what is proved before use, what is told of it, which host gets what. */
#include "tests/unit/net/tls_kit.h"

static struct tls_store *store;
static char why[512];

static enum err
load(const char *const names[], size_t count, const struct tls_options *options)
{
    static const struct tls_options plain;
    store = NULL;
    why[0] = '\0';
    return kit_store(names, count, options == NULL ? &plain : options, &store, why, sizeof why);
}

static void
expect_refused(const char *name, enum err expected, const char *file, const char *reason)
{
    assert_int_equal(load(&name, 1, NULL), expected);
    assert_null(store);
    if (strstr(why, file) == NULL || strstr(why, reason) == NULL) {
        fail_msg("found \"%s\", wanted \"%s\" and \"%s\"", why, file, reason);
    }
}

static void
write_file(const char *name, const char *ending, const char *text)
{
    char path[256];
    kit_path(path, name, ending);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void
copy_file(const char *from, const char *to, const char *ending, const char *mode)
{
    char source[256], target[256], data[8192];
    kit_path(source, from, ending);
    kit_path(target, to, ending);
    FILE *in = fopen(source, "r"), *out = fopen(target, mode);
    assert_true(in != NULL && out != NULL);
    size_t size = fread(data, 1, sizeof data, in);
    assert_int_equal(fwrite(data, 1, size, out), size);
    fclose(in);
    fclose(out);
}

static void
test_what_is_refused(void **state)
{
    (void)state;
    expect_refused("missing", ERR_NOT_FOUND, "missing.crt", "No such file");
    write_file("garbage", "crt", "this is no certificate\n");
    expect_refused("garbage", ERR_INVALID, "garbage.crt", "no certificate in PEM form");
    copy_file("one", "keyless", "crt", "w");
    expect_refused("keyless", ERR_NOT_FOUND, "keyless.key", "No such file");
    write_file("keyless", "key", "nothing\n");
    expect_refused("keyless", ERR_INVALID, "keyless.key", "no private key in PEM form");
    copy_file("two", "keyless", "key", "w");
    expect_refused("keyless", ERR_INVALID, "keyless.key", "does not belong to the certificate in");
    copy_file("one", "broken", "crt", "w");
    copy_file("one", "broken", "key", "w");
    FILE *file = NULL;
    char path[256];
    kit_path(path, "broken", "crt");
    file = fopen(path, "a");
    fputs("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", file);
    fclose(file);
    expect_refused("broken", ERR_INVALID, "broken.crt", "");
}

static void
test_validity(void **state)
{
    (void)state;
    kit_make_pair("expired", "old.example", NULL, -2 * KIT_DAY_S, -KIT_DAY_S);
    expect_refused("expired", ERR_INVALID, "expired.crt", "expired at 20");
    kit_make_pair("future", "new.example", NULL, KIT_DAY_S, 2 * KIT_DAY_S);
    expect_refused("future", ERR_INVALID, "future.crt", "is not valid before 20");
}

static void
test_passphrase_is_not_asked_for(void **state)
{
    (void)state;
    char path[256];
    copy_file("one", "locked", "crt", "w");
    EVP_PKEY *key = EVP_EC_gen("P-256");
    kit_path(path, "locked", "key");
    kit_write_key(path, key, "secret");
    EVP_PKEY_free(key);
    expect_refused("locked", ERR_INVALID, "locked.key", "has a passphrase");
}

static void
test_settings_that_openssl_does_not_know(void **state)
{
    (void)state;
    const char *name = "one";
    struct tls_options options = {.ciphers = "NO-SUCH-CIPHER"};
    assert_int_equal(load(&name, 1, &options), ERR_INVALID);
    assert_non_null(strstr(why, "NO-SUCH-CIPHER"));
    options = (struct tls_options){.suites = "TLS_NO_SUCH_SUITE"};
    assert_int_equal(load(&name, 1, &options), ERR_INVALID);
    assert_non_null(strstr(why, "TLS_NO_SUCH_SUITE"));
    assert_int_equal(load(&name, 0, NULL), ERR_INVALID);
}

static void
test_one_bad_pair_refuses_all(void **state)
{
    (void)state;
    const char *const names[] = {"one", "missing"};
    assert_int_equal(load(names, 2, NULL), ERR_NOT_FOUND);
    assert_null(store);
}

static void
test_list(void **state)
{
    (void)state;
    const char *const names[] = {"one", "two", "plain"};
    assert_int_equal(load(names, 3, NULL), ERR_OK);
    const struct tls_certificate *list;
    assert_int_equal(tls_store_list(store, &list), 3);
    assert_int_equal(list[0].name_count, 2);
    assert_string_equal(list[0].names[0], "one.example");
    assert_string_equal(list[0].names[1], "www.one.example");
    assert_string_equal(list[0].subject, "CN=One");
    assert_string_equal(list[0].issuer, "CN=One");
    assert_int_equal(strlen(list[0].fingerprint), 64);
    assert_non_null(strstr(list[0].file, "one.crt"));
    assert_non_null(strstr(list[0].key_file, "one.key"));
    uint64_t now = clock_wall_us() / 1000000;
    assert_in_range(list[0].not_before_s, now - KIT_DAY_S - 60, now - KIT_DAY_S);
    assert_in_range(list[0].not_after_s, now + KIT_DAY_S - 60, now + KIT_DAY_S);
    assert_int_equal(list[2].name_count, 1);
    assert_string_equal(list[2].names[0], "plain.example");
    tls_store_unref(tls_store_ref(store));
    tls_store_unref(store);
    tls_store_unref(NULL);
}

static void
test_chain_is_kept(void **state)
{
    (void)state;
    copy_file("one", "chain", "crt", "w");
    copy_file("one", "chain", "key", "w");
    copy_file("two", "chain", "crt", "a");
    struct loop *loop;
    struct kit_link link;
    assert_int_equal(loop_new(&loop), ERR_OK);
    struct tls_store *chain = kit_good_store("chain", "");
    kit_open(&link, loop, chain);
    assert_true(kit_handshake(&link));
    assert_int_equal(sk_X509_num(SSL_get_peer_cert_chain(link.ssl)), 2);
    kit_close(&link);
    tls_store_unref(chain);
    loop_free(loop);
}

static void
test_choice(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t index;
    } cases[] = {
        {"", 0},
        {"one.example", 0},
        {"www.one.example", 0},
        {"two.example", 1},
        {"TWO.Example", 1},
        {"two.example.", 1},
        {"a.two.example", 1},
        {"A.TWO.EXAMPLE", 1},
        {"exact.two.example", 2}, /* an exact name goes before a wildcard */
        {"b.a.two.example", 0},   /* a wildcard is one label */
        {".two.example", 0},
        {"*.two.example", 1},
        {"twoXexample", 0},
        {"plain.example", 2},
        {"unknown.example", 0},
        {".", 0},
        {"..", 0},
        {"example", 0},
    };
    const char *const names[] = {"one", "two", "exact"};
    assert_int_equal(load(names, 3, NULL), ERR_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t index = tls_store_choose(store, span_of(cases[i].name));
        if (index != cases[i].index) {
            fail_msg("%s: %zu, wanted %zu", cases[i].name, index, cases[i].index);
        }
    }
    char name[1000];
    memset(name, 'a', sizeof name);
    for (size_t size = 250; size < 270; size++) {
        assert_int_equal(tls_store_choose(store, (struct span){name, size}), 0);
    }
    assert_int_equal(tls_store_choose(store, (struct span){"a\0.two.example", 14}), 0);
    tls_store_unref(store);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_validity),
        cmocka_unit_test(test_passphrase_is_not_asked_for),
        cmocka_unit_test(test_settings_that_openssl_does_not_know),
        cmocka_unit_test(test_one_bad_pair_refuses_all),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_chain_is_kept),
        cmocka_unit_test(test_choice),
    };
    if (mkdtemp(kit_folder) == NULL) {
        return 1;
    }
    kit_make_pair("one", "One", "DNS:one.example,DNS:WWW.one.example,IP:127.0.0.1", -KIT_DAY_S,
                  KIT_DAY_S);
    kit_make_pair("two", "Two", "DNS:two.example,DNS:*.two.example", -KIT_DAY_S, KIT_DAY_S);
    kit_make_pair("exact", "Exact", "DNS:exact.two.example,DNS:plain.example,DNS:two.example",
                  -KIT_DAY_S, KIT_DAY_S);
    kit_make_pair("plain", "Plain.Example", NULL, -KIT_DAY_S, KIT_DAY_S);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    kit_remove();
    return failed;
}
