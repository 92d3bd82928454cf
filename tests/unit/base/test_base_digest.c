/* SHA-256 by the vectors of FIPS 180-4, HKDF by RFC 5869's and one made by another program, hex. */
#include "tests/unit/base/base_test.h"
#include "proxy/base/digest.h"

static const char digest_abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static void
test_vectors(void **state)
{
    static const struct {
        const char *text;
        const char *hex;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", digest_abc},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct span piece = span_of(cases[i].text);
        struct digest digest;
        char hex[DIGEST_HEX_SIZE];
        digest_of(&piece, 1, &digest);
        digest_to_hex(&digest, hex);
        assert_string_equal(hex, cases[i].hex);
    }
}

/* A million times "a", in pieces: how it is cut does not matter. */
static void
test_pieces(void **state)
{
    enum { PIECES = 1000, PIECE_SIZE = 1000 };
    static char text[PIECE_SIZE];
    static struct span pieces[PIECES];
    struct digest digest;
    char hex[DIGEST_HEX_SIZE];
    (void)state;
    memset(text, 'a', sizeof(text));
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = (struct span){text, sizeof(text)};
    }
    digest_of(pieces, PIECES, &digest);
    digest_to_hex(&digest, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    const struct span split[] = {SPAN("a"), SPAN(""), SPAN("bc")};
    digest_of(split, COUNT_OF(split), &digest);
    digest_to_hex(&digest, hex);
    assert_string_equal(hex, digest_abc);
    digest_of(NULL, 0, &digest);
    digest_to_hex(&digest, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void
bytes_to_hex(const uint8_t *bytes, size_t size, char *out)
{
    for (size_t i = 0; i < size; i++) {
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

static void
test_derive(void **state)
{
    static const struct {
        const char *purpose;
        size_t size;
        const char *hex;
    } cases[] = {
        /* RFC 5869, appendix A.3: neither salt nor info. */
        {"", 42,
         "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
        {"ticket-keys/4711", 80,
         "62896b29843d4ca7d1c2e1e5190d7c532555b2982b3888f70e11c5080d4bc727c569921585a369efaec6a587a"
         "3"
         "77a4cb1d037a5808bcfcba12d9b78a09a196fd00cce91c190251d71152a816792431d3"},
    };
    char key[22];
    (void)state;
    memset(key, 0x0b, sizeof(key));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint8_t out[80];
        char hex[2 * sizeof(out) + 1];
        digest_derive((struct span){key, sizeof(key)}, span_of(cases[i].purpose), out,
                      cases[i].size);
        bytes_to_hex(out, cases[i].size, hex);
        assert_string_equal(hex, cases[i].hex);
    }
}

static void
test_from_hex(void **state)
{
    struct digest digest;
    struct digest kept;
    char hex[DIGEST_HEX_SIZE];
    char changed[DIGEST_HEX_SIZE + 1];
    (void)state;
    assert_true(digest_from_hex(span_of(digest_abc), &digest));
    digest_to_hex(&digest, hex);
    assert_string_equal(hex, digest_abc);
    for (size_t i = 0; i < 64; i++) {
        changed[i] = (char)(hex[i] >= 'a' ? hex[i] - 32 : hex[i]);
    }
    assert_true(digest_from_hex((struct span){changed, 64}, &kept));
    assert_memory_equal(&kept, &digest, sizeof(kept));
    for (size_t i = 0; i < 64; i++) {
        static const char wrong[] = {'g', 'G', '/', ':', '@', '`', ' ', '\0', (char)0xe4};
        assert_false(digest_from_hex((struct span){hex, i}, &kept));
        snprintf(changed, sizeof(changed), "%s", hex);
        changed[i] = wrong[i % sizeof(wrong)];
        assert_false(digest_from_hex((struct span){changed, 64}, &kept));
    }
    snprintf(changed, sizeof(changed), "%s0", hex);
    assert_false(digest_from_hex((struct span){changed, 65}, &kept));
    assert_memory_equal(&kept, &digest, sizeof(kept));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_derive),
        cmocka_unit_test(test_from_hex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
