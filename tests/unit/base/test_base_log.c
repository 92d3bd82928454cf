/* The daemon's log: quoting, one write a line, levels, lines that are too long, the table of
 * events.
 */
#include "tests/unit/base/base_test.h"
#include <fcntl.h>
#include <unistd.h>
#include "proxy/base/log.h"

static void
test_quote(void **state)
{
    static const struct {
        const char *text;
        const char *quoted;
    } cases[] = {
        {"", "\"\""},
        {"plain text", "\"plain text\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"a\nready", "\"a\\x0aready\""},
        {"\x1b[31m", "\"\\x1b[31m\""},
        {"\x7f\xc3\xa4", "\"\\x7f\\xc3\\xa4\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[LOG_QUOTE_SIZE];
        assert_ptr_equal(log_quote(cases[i].text, out), out);
        assert_string_equal(out, cases[i].quoted);
    }
}

/* Whatever the length, the quotes are closed and no escape is cut. */
static void
test_quote_cut(void **state)
{
    static const char fills[] = {'a', '"', '\n', (char)0xff};
    char text[2 * LOG_QUOTE_SIZE];
    (void)state;
    for (size_t fill = 0; fill < COUNT_OF(fills); fill++) {
        for (size_t lead = 0; lead < 5; lead++) {
            char out[LOG_QUOTE_SIZE];
            memset(text, fills[fill], sizeof(text) - 1);
            memset(text, 'x', lead);
            text[sizeof(text) - 1] = '\0';
            log_quote(text, out);
            size_t size = strlen(out);
            assert_in_range(size, LOG_QUOTE_SIZE - 12, LOG_QUOTE_SIZE - 1);
            assert_int_equal(out[0], '"');
            assert_int_equal(out[size - 1], '"');
            size_t step = fills[fill] == 'a' ? 1 : fills[fill] == '"' ? 2 : 4;
            assert_int_equal((size - 2 - lead) % step, 0);
        }
    }
}

/* What a call writes to standard error. */
static size_t
captured(char *out, size_t size, void (*call)(void))
{
    int ends[2];
    int kept = dup(STDERR_FILENO);
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    dup2(ends[1], STDERR_FILENO);
    call();
    dup2(kept, STDERR_FILENO);
    ssize_t got = read(ends[0], out, size - 1);
    close(kept);
    close(ends[0]);
    close(ends[1]);
    out[got < 0 ? 0 : got] = '\0';
    return got < 0 ? 0 : (size_t)got;
}

static void
say_ready(void)
{
    LOG(READY, "workers=%u Role=%s", 2U, "WEB");
}

static void
say_long(void)
{
    LOG(TROUBLE, "what=%05000d", 7);
}

static void
test_lines(void **state)
{
    char line[8192];
    (void)state;
    assert_true(captured(line, sizeof(line), say_ready) > 25);
    assert_int_equal(line[23], 'Z');
    assert_string_equal(line + 24, " info  ready workers=2 Role=WEB\n");
    size_t size = captured(line, sizeof(line), say_long);
    assert_int_equal(size, 2048);
    assert_int_equal(strchr(line, '\n') - line, 2047);
    assert_non_null(strstr(line, " warn  trouble what=000"));
    log_set_level(LOG_LEVEL_WARN);
    assert_int_equal(captured(line, sizeof(line), say_ready), 0);
    assert_int_equal(captured(line, sizeof(line), say_long), 2048);
    log_set_level(LOG_LEVEL_ERROR);
    assert_int_equal(captured(line, sizeof(line), say_long), 0);
    log_set_level(LOG_LEVEL_INFO);
}

static void
test_events(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LOG_EVENT_COUNT; i++) {
        const char *name = log_event_name((enum log_event)i);
        assert_true(strlen(log_event_meaning((enum log_event)i)) > 10);
        assert_in_range(log_event_level((enum log_event)i), LOG_LEVEL_DEBUG, LOG_LEVEL_ERROR);
        assert_int_equal(strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), strlen(name));
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(name, log_event_name((enum log_event)j));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_quote_cut),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
