/* Paths and queries of requests, decoded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "control/api/request.h"

static void
test_paths(void **state)
{
    static const struct {
        const char *path;
        int count; /* -1: refused */
        const char *last;
    } cases[] = {
        {"/", 0, ""},
        {"/v1/status", 2, "status"},
        {"/v1/roles/web/sets/v42%231f3a", 5, "v42#1f3a"},
        {"/v1/roles/a%2Fb", 3, "a/b"},
        {"/v1//x", 3, "x"},
        {"/v1/status/", 2, "status"},
        {"", -1, NULL},
        {"v1", -1, NULL},
        {"/%00", -1, NULL},
        {"/%0a", -1, NULL},
        {"/%7f", -1, NULL},
        {"/%2", -1, NULL},
        {"/%", -1, NULL},
        {"/%zz", -1, NULL},
        {"/1/2/3/4/5/6/7/8", 8, "8"},
        {"/1/2/3/4/5/6/7/8/9", -1, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct request request = {.method = ""};
        bool is_fine = request_read_path(&request, cases[i].path);
        if (is_fine != (cases[i].count >= 0)) {
            fail_msg("%s", cases[i].path);
        }
        if (is_fine) {
            assert_int_equal(request.path_count, cases[i].count);
        }
        if (is_fine && cases[i].count > 0) {
            assert_string_equal(request.path[cases[i].count - 1], cases[i].last);
        }
    }
}

static void
test_a_segment_that_is_too_long(void **state)
{
    char path[REQUEST_SEGMENT_SIZE + 2] = "/";
    struct request request = {.method = ""};
    (void)state;
    memset(path + 1, 'a', REQUEST_SEGMENT_SIZE - 1);
    path[REQUEST_SEGMENT_SIZE] = '\0';
    assert_true(request_read_path(&request, path));
    path[REQUEST_SEGMENT_SIZE] = 'a';
    path[REQUEST_SEGMENT_SIZE + 1] = '\0';
    assert_false(request_read_path(&request, path));
}

static void
test_queries(void **state)
{
    struct request request = {.method = ""};
    uint64_t number = 0;
    (void)state;
    assert_true(request_read_query(&request, NULL));
    assert_true(request_read_query(&request, ""));
    assert_null(request_query(&request, "role"));
    assert_true(request_read_query(&request, "role=web&limit=7&set=v1%23ab&empty=&bare"));
    assert_string_equal(request_query(&request, "role"), "web");
    assert_string_equal(request_query(&request, "set"), "v1#ab");
    assert_string_equal(request_query(&request, "empty"), "");
    assert_string_equal(request_query(&request, "bare"), "");
    assert_true(request_query_number(&request, "limit", 1, &number));
    assert_int_equal(number, 7);
    assert_true(request_query_number(&request, "other", 5, &number));
    assert_int_equal(number, 5);
    assert_false(request_query_number(&request, "role", 5, &number));
    assert_false(request_read_query(&request, "a=1&a=2"));
    assert_false(request_read_query(&request, "a=%0"));
    assert_false(request_read_query(&request, "a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_a_segment_that_is_too_long),
        cmocka_unit_test(test_queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
