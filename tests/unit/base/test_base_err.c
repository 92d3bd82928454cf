/* The one list of failures: a text for each, and what errno becomes. */
#include "tests/unit/base/base_test.h"
#include <errno.h>
#include "proxy/base/err.h"

static void
test_texts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ERR_COUNT; i++) {
        const char *text = err_text((enum err)i);
        assert_true(strlen(text) > 3);
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(text, err_text((enum err)j));
        }
    }
    assert_string_equal(err_text(ERR_COUNT), "unknown error");
}

static void
test_errno(void **state)
{
    static const struct {
        int number;
        enum err err;
    } cases[] = {
        {0, ERR_OK},
        {ENOMEM, ERR_NO_MEMORY},
        {EINVAL, ERR_INVALID},
        {ENOENT, ERR_NOT_FOUND},
        {EEXIST, ERR_EXISTS},
        {EADDRINUSE, ERR_IN_USE},
        {EACCES, ERR_PERMISSION},
        {EPERM, ERR_PERMISSION},
        {ENOSPC, ERR_NO_SPACE},
        {EDQUOT, ERR_NO_SPACE},
        {EROFS, ERR_READ_ONLY},
        {EMFILE, ERR_LIMIT},
        {ENFILE, ERR_LIMIT},
        {ETIMEDOUT, ERR_TIMEOUT},
        {ECONNREFUSED, ERR_REFUSED},
        {EHOSTUNREACH, ERR_UNREACHABLE},
        {ENETUNREACH, ERR_UNREACHABLE},
        {ECONNRESET, ERR_RESET},
        {EPIPE, ERR_CLOSED},
        {EIO, ERR_IO},
        {99999, ERR_IO},
        {-1, ERR_IO},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(err_from_errno(cases[i].number), cases[i].err);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_errno),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
