/* Names, addresses and digests: what is taken, what is not, and one spelling for each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "control/core/name.h"

static void
role_names(void **in)
{
    static const char *const good[] = {"w", "web", "web-1", "a2345678901234567890123456789012"};
    static const char *const bad[] = {"",    "1web", "-web",
                                      "Web", "we_b", "a23456789012345678901234567890123",
                                      "w.b", "we b", "w\xc3\xa9"};
    (void)in;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(core_role_name_is_valid(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(core_role_name_is_valid(bad[i]));
    }
}

static void
build_names(void **in)
{
    static const char *const good[] = {"v42", "2026-11-20-3fa9", "_x", "A.b-c_d"};
    static const char *const bad[] = {"", ".v", "-v", "v 1", "v#1", "v@1", "v/1", "v\n"};
    char text[CORE_BUILD_SIZE + 1];
    (void)in;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(core_build_name_is_valid(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(core_build_name_is_valid(bad[i]));
    }
    memset(text, 'v', sizeof text);
    text[CORE_BUILD_SIZE - 1] = '\0';
    assert_true(core_build_name_is_valid(text));
    text[CORE_BUILD_SIZE - 1] = 'v';
    text[CORE_BUILD_SIZE] = '\0';
    assert_false(core_build_name_is_valid(text));
}

static void
addresses(void **in)
{
    static const char *const good[][2] = {
        {"127.0.0.1:80", "127.0.0.1:80"},
        {"[::1]:8080", "[::1]:8080"},
        {"[2001:DB8:0:0:0:0:0:1]:65535", "[2001:db8::1]:65535"},
        {"unix:/run/app.sock", "unix:/run/app.sock"},
    };
    static const char *const bad[] = {"",        "web1:80",         "127.0.0.1", "127.0.0.1:0",
                                      "10.1:80", "127.0.0.1:65536", "::1:80",    "[::1]",
                                      "unix:",   "unix:app",        "[::1]:0",   "1.2.3.4:80 "};
    char out[CORE_ADDRESS_SIZE] = "untouched";
    (void)in;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(core_address_normalize(bad[i], out), ERR_INVALID);
        assert_string_equal(out, "untouched");
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(core_address_normalize(good[i][0], out), ERR_OK);
        assert_string_equal(out, good[i][1]);
    }
}

/* The canonical form is for ever: old journals name sets by its digest. */
static void
digests(void **in)
{
    char one[2][CORE_ADDRESS_SIZE] = {"10.0.0.2:80", "10.0.0.1:80"};
    char other[2][CORE_ADDRESS_SIZE] = {"10.0.0.1:80", "10.0.0.2:80"};
    char hex[DIGEST_HEX_SIZE];
    struct digest a, b;
    (void)in;
    core_set_digest("web", "v1", one, 2, &a);
    core_set_digest("web", "v1", other, 2, &b);
    assert_true(core_digest_equal(&a, &b));
    assert_string_equal(one[0], "10.0.0.1:80");
    digest_to_hex(&a, hex);
    /* printf 'turnout-set-1\nweb\nv1\n10.0.0.1:80\n10.0.0.2:80\n' | sha256sum */
    assert_string_equal(hex, "124a6b0fb5aae624f0653f97fd696c80ef6ad803fa4f5e998348b8931245c6a8");
    core_set_digest("web", "v1", other, 1, &b);
    assert_false(core_digest_equal(&a, &b));
    core_set_digest("web", "v2", other, 2, &b);
    assert_false(core_digest_equal(&a, &b));
    core_set_digest("api", "v1", other, 2, &b);
    assert_false(core_digest_equal(&a, &b));
    memset(&b, 0, sizeof b);
    assert_true(core_digest_is_none(&b));
    assert_false(core_digest_is_none(&a));
}

static void
texts_are_cut_between_characters(void **in)
{
    char out[8];
    (void)in;
    core_text_copy(out, sizeof out, "short");
    assert_string_equal(out, "short");
    core_text_copy(out, sizeof out, "1234567");
    assert_string_equal(out, "1234567");
    core_text_copy(out, sizeof out, "12345678");
    assert_string_equal(out, "1234567");
    core_text_copy(out, sizeof out, "123456\xc3\xa9");
    assert_string_equal(out, "123456");
    core_text_copy(out, sizeof out, "1234\xe2\x82\xac\xe2\x82\xac");
    assert_string_equal(out, "1234\xe2\x82\xac");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(role_names), cmocka_unit_test(build_names),
                                       cmocka_unit_test(addresses), cmocka_unit_test(digests),
                                       cmocka_unit_test(texts_are_cut_between_characters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
