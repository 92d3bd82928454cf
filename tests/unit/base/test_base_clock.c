/* Time as text, and clocks that do not run backwards. */
#include "tests/unit/base/base_test.h"
#include "proxy/base/clock.h"

static void
test_format(void **state)
{
    static const struct {
        uint64_t wall_us;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {999, "1970-01-01T00:00:00.000Z"}, /* cut, not rounded: never in the future */
        {1000, "1970-01-01T00:00:00.001Z"},
        {999999, "1970-01-01T00:00:00.999Z"},
        {951782400000000, "2000-02-29T00:00:00.000Z"},
        {1582934399999000, "2020-02-28T23:59:59.999Z"},
        {1709210096123456, "2024-02-29T12:34:56.123Z"},
        {4102444800000000, "2100-01-01T00:00:00.000Z"},
        {253402300799999999, "9999-12-31T23:59:59.999Z"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[CLOCK_RFC3339_SIZE + 1];
        memset(out, '#', sizeof(out));
        clock_format_rfc3339(cases[i].wall_us, out);
        assert_string_equal(out, cases[i].text);
        assert_int_equal(out[CLOCK_RFC3339_SIZE], '#');
    }
}

/* RFC 9110 section 5.6.7 has the first one. */
static void
test_http(void **state)
{
    static const struct {
        uint64_t wall_us;
        const char *text;
    } cases[] = {
        {784111777000000, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {951782399999999, "Mon, 28 Feb 2000 23:59:59 GMT"},
        {1795176000000000, "Fri, 20 Nov 2026 12:00:00 GMT"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[CLOCK_HTTP_SIZE];
        clock_format_http(cases[i].wall_us, out);
        assert_string_equal(out, cases[i].text);
    }
}

static void
test_forward(void **state)
{
    uint64_t mono_us = clock_mono_us();
    uint64_t coarse_ms = clock_coarse_ms();
    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint64_t now_us = clock_mono_us();
        uint64_t now_ms = clock_coarse_ms();
        assert_true(now_us >= mono_us && now_ms >= coarse_ms);
        mono_us = now_us;
        coarse_ms = now_ms;
    }
    /* Both count from the same start. */
    assert_true(mono_us / 1000 - coarse_ms < 1000);
    assert_true(clock_wall_us() > 1700000000000000ULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_http),
        cmocka_unit_test(test_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
