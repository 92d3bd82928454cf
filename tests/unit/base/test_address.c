/* Addresses as text and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include "proxy/base/address.h"

static const struct {
    const char *text;
    const char *canonical; /* NULL: refused */
    uint16_t port;
} cases[] = {
    {"127.0.0.1:80", "127.0.0.1:80", 80},
    {"0.0.0.0:0", "0.0.0.0:0", 0},
    {"255.255.255.255:65535", "255.255.255.255:65535", 65535},
    {"127.0.0.1:080", "127.0.0.1:80", 80},
    {"[::1]:8080", "[::1]:8080", 8080},
    {"[::]:1", "[::]:1", 1},
    {"[2001:DB8:0:0::1]:443", "[2001:db8::1]:443", 443},
    {"[::ffff:10.0.0.1]:9", "[::ffff:10.0.0.1]:9", 9},
    {"unix:/run/web.sock", "unix:/run/web.sock", 0},
    {"unix:/a:b]c", "unix:/a:b]c", 0},
    {"", NULL, 0},
    {":", NULL, 0},
    {":80", NULL, 0},
    {"80", NULL, 0},
    {"127.0.0.1", NULL, 0},
    {"127.0.0.1:", NULL, 0},
    {"127.0.0.1:65536", NULL, 0},
    {"127.0.0.1:-1", NULL, 0},
    {"127.0.0.1:+1", NULL, 0},
    {"127.0.0.1:8 0", NULL, 0},
    {"127.0.0.1:00000000080", NULL, 0},
    {"127.0.0:80", NULL, 0},
    {"127.0.0.256:80", NULL, 0},
    {" 127.0.0.1:80", NULL, 0},
    {"localhost:80", NULL, 0},
    {"web1.example.org:80", NULL, 0},
    {"::1:80", NULL, 0},
    {"[::1]", NULL, 0},
    {"[::1:80", NULL, 0},
    {"[:80", NULL, 0},
    {"[]:80", NULL, 0},
    {"[127.0.0.1]:80", NULL, 0},
    {"[fe80::1%eth0]:80", NULL, 0},
    {"[::1]x:80", NULL, 0},
    {"unix:", NULL, 0},
    {"unix:run/web.sock", NULL, 0},
};

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct address address = {.size = 77};
        const char *why = NULL;
        enum err err = address_parse(span_of(cases[i].text), &address, &why);
        if (cases[i].canonical == NULL) {
            assert_int_equal(err, ERR_INVALID);
            assert_true(why != NULL && why[0] != '\0');
            assert_int_equal(address.size, 77);
            continue;
        }
        assert_int_equal(err, ERR_OK);
        assert_string_equal(address.text, cases[i].canonical);
        assert_int_equal(address_port(&address), cases[i].port);
        struct address again;
        assert_int_equal(
            address_from_socket((struct sockaddr *)&address.socket, address.size, &again), ERR_OK);
        assert_true(address_equal(&address, &again));
    }
}

static void
test_reasons(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *part;
    } reasons[] = {
        {"web:80", "names are not resolved"},
        {"127.0.0.1", "the port is missing"},
        {"[::1]", "the port is missing"},
        {"127.0.0.1:http", "not a number from 0 to 65535"},
        {"::1:80", "in brackets"},
        {"[::1:80", "closing bracket"},
        {"unix:web.sock", "must be absolute"},
        {":80", "the host is missing"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        struct address address;
        const char *why = "";
        assert_int_equal(address_parse(span_of(reasons[i].text), &address, &why), ERR_INVALID);
        if (strstr(why, reasons[i].part) == NULL) {
            fail_msg("%s: %s", reasons[i].text, why);
        }
    }
}

/* Cut at every byte: no crash, and only what is whole is taken. */
static void
test_cut(void **state)
{
    (void)state;
    static const char *const texts[] = {"127.0.0.1:80", "[2001:db8::1]:8080", "unix:/run/x"};
    for (size_t i = 0; i < 3; i++) {
        for (size_t size = 0; size <= strlen(texts[i]); size++) {
            struct address address;
            const char *why;
            char *copy = strndup(texts[i], size);
            enum err err = address_parse((struct span){copy, size}, &address, &why);
            assert_true(err == ERR_INVALID || strncmp(address.text, copy, size) == 0);
            free(copy);
        }
    }
}

static void
test_long_path_and_nul(void **state)
{
    (void)state;
    char text[200] = "unix:/";
    struct address address;
    const char *why;
    memset(text + 6, 'a', 107);
    assert_int_equal(address_parse((struct span){text, 5 + 107}, &address, &why), ERR_OK);
    assert_int_equal(address_parse((struct span){text, 5 + 108}, &address, &why), ERR_INVALID);
    text[10] = '\0';
    assert_int_equal(address_parse((struct span){text, 20}, &address, &why), ERR_INVALID);
    assert_int_equal(address_parse((struct span){"127.0.0.1\0:80", 13}, &address, &why),
                     ERR_INVALID);
}

static void
test_nameless_and_unknown(void **state)
{
    (void)state;
    struct address address;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    assert_int_equal(address_from_socket((struct sockaddr *)&name, sizeof(sa_family_t), &address),
                     ERR_OK);
    assert_string_equal(address.text, "unix:");
    struct sockaddr other = {.sa_family = AF_NETLINK};
    assert_int_equal(address_from_socket(&other, sizeof other, &address), ERR_INVALID);
    char text[ADDRESS_TEXT_SIZE];
    address_format(&other, sizeof other, text);
    assert_string_equal(text, "?");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_long_path_and_nul),
        cmocka_unit_test(test_nameless_and_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
