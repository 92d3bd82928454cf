/* Hosts, ports and path prefixes. */
#include "tests/unit/wire/wire_test.h"
#include "proxy/wire/uri.h"

static void
test_authorities(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_valid;
        const char *host;
        const char *port;
        const char *normal;
    } rows[] = {
        {"Www.Example.COM", true, "Www.Example.COM", "", "www.example.com"},
        {"a.b.:8080", true, "a.b.", "8080", "a.b"},
        {"a:", true, "a", "", "a"},
        {"127.0.0.1:65535", true, "127.0.0.1", "65535", "127.0.0.1"},
        {"[2001:DB8::1]:1", true, "[2001:DB8::1]", "1", "[2001:db8::1]"},
        {"[::]", true, "[::]", "", "[::]"},
        {"v4.2_x~y", true, "v4.2_x~y", "", "v4.2_x~y"},
        {".", true, ".", "", "."},
        {"", false, NULL, NULL, NULL},
        {":1", false, NULL, NULL, NULL},
        {"a:65536", false, NULL, NULL, NULL},
        {"a:000080", false, NULL, NULL, NULL},
        {"a:8x", false, NULL, NULL, NULL},
        {"a:1:2", false, NULL, NULL, NULL},
        {"a%41", false, NULL, NULL, NULL},
        {"a,b", false, NULL, NULL, NULL},
        {"a@b", false, NULL, NULL, NULL},
        {"a\\b", false, NULL, NULL, NULL},
        {"[]", false, NULL, NULL, NULL},
        {"[::1", false, NULL, NULL, NULL},
        {"[::1]x", false, NULL, NULL, NULL},
        {"[fe80::1%25eth0]", false, NULL, NULL, NULL},
        {"::1", false, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span text = span_of(rows[i].text);
        char out[URI_HOST_MAX];
        if (uri_authority_is_valid(text) != rows[i].is_valid) {
            fail_msg("%s", rows[i].text);
        }
        if (rows[i].is_valid) {
            assert_span(uri_authority_host(text), rows[i].host);
            assert_span(uri_authority_port(text), rows[i].port);
            assert_span(uri_host_normalise(text, out), rows[i].normal);
        }
    }
}

static void
test_long_host(void **state)
{
    (void)state;
    char text[URI_HOST_MAX + 1];
    memset(text, 'a', sizeof(text));
    assert_true(uri_authority_is_valid((struct span){text, URI_HOST_MAX}));
    assert_false(uri_authority_is_valid((struct span){text, URI_HOST_MAX + 1}));
}

static void
test_prefixes(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *prefix;
        bool wanted;
    } rows[] = {
        {"/", "/", true},      {"/a", "/", true},    {"*", "/", true},    {"/a", "/a", true},
        {"/a/b", "/a", true},  {"/ab", "/a", false}, {"/a", "/a/", true}, {"/a/b", "/a/", true},
        {"/ab", "/a/", false}, {"/", "/a", false},   {"/A", "/a", false}, {"/a/b", "/a/b", true},
        {"/a", "/a/b", false}, {"/a", "", true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (uri_path_has_prefix(span_of(rows[i].path), span_of(rows[i].prefix)) != rows[i].wanted) {
            fail_msg("%s under %s", rows[i].path, rows[i].prefix);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_authorities),
        cmocka_unit_test(test_long_host),
        cmocka_unit_test(test_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
