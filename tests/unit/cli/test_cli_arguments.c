/* What people type: each command's words, options and values, and the words of each refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "control/cli/cli.h"
#include "control/cli/values.h"

enum { WORDS_MAX = 16 };

/* Splits a line at spaces and parses it; the static struct holds what was typed. */
static struct cli_typed typed;

static bool
parse(const char *line, struct buf *error)
{
    static char copy[1024];
    const char *words[WORDS_MAX];
    size_t count = 0;
    char *rest = copy;
    strncpy(copy, line, sizeof(copy) - 1);
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
        assert_true(count < WORDS_MAX);
        words[count++] = word;
    }
    buf_init(error);
    return cli_parse(words, count, &typed, error);
}

static void
test_refused_lines(void **state)
{
    static const struct {
        const char *line;
        const char *words;
    } cases[] = {
        {"statsu", "did you mean `turnout status`?"},
        {"set", "unknown command \"set\"; did you mean `turnout set add`?"},
        {"set drop web v1", "unknown command \"set drop\""},
        {"xyzzy", "unknown command \"xyzzy\"; `turnout --help` lists them"},
        {"deploy web", "too few arguments; usage: turnout deploy ROLE BUILD ADDR..."},
        {"status web", "too many arguments; usage: turnout status"},
        {"rollback web v1 v2", "too many arguments"},
        {"status --nonsense", "unknown option --nonsense"},
        {"status -x", "unknown option -x"},
        {"status --force", "`turnout status` does not take --force"},
        {"hold web --max", "--max wants a value: DUR"},
        {"hold web --max tomorrow",
         "--max wants a duration such as 250ms, 5s, 10m or 1h, not \"tomorrow\""},
        {"hold web --max 5s --max 6s", "--max is given twice"},
        {"deploy web v1 a:1 --expect-epoch -1", "--expect-epoch wants a whole number"},
        {"deploy web v1 a:1 --no-wait=1", "--no-wait takes no value"},
        {"-s", "-s wants the path"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf error;
        assert_false(parse(cases[i].line, &error));
        if (strstr(buf_string(&error), cases[i].words) == NULL) {
            fail_msg("%s: %s", cases[i].line, buf_string(&error));
        }
        buf_fini(&error);
    }
}

static void
test_taken_lines(void **state)
{
    struct buf error;
    (void)state;
    assert_true(
        parse("--json deploy -s /run/x.sock web --timeout=90s v1 a:1 b:2 --wait 250ms --note why",
              &error));
    assert_ptr_equal(typed.command, cli_command_at(CLI_COMMAND_DEPLOY));
    assert_int_equal(typed.argument_count, 4);
    assert_string_equal(typed.arguments[3], "b:2");
    assert_string_equal(typed.socket, "/run/x.sock");
    assert_int_equal(typed.numbers[CLI_OPTION_TIMEOUT], 90000);
    assert_int_equal(typed.numbers[CLI_OPTION_WAIT], 250);
    assert_string_equal(typed.texts[CLI_OPTION_NOTE], "why");
    assert_null(typed.texts[CLI_OPTION_ORDER]);
    assert_true(typed.is_json);
    assert_true(parse("set add web v1 -- --odd", &error));
    assert_string_equal(typed.arguments[2], "--odd");
    assert_true(parse("-s/run/y.sock certificates list", &error));
    assert_string_equal(typed.socket, "/run/y.sock");
    assert_ptr_equal(typed.command, cli_command_at(CLI_COMMAND_CERTIFICATES_LIST));
    assert_true(parse("deploy --help", &error));
    assert_true(typed.wants_help);
    assert_true(parse("release create x", &error));
    assert_true(typed.command->is_later);
}

/* Every command: found by its name, with at least its least arguments taken, and documented. */
static void
test_every_command(void **state)
{
    struct buf page;
    struct buf help;
    (void)state;
    buf_init(&page);
    buf_init(&help);
    assert_true(cli_document(&page));
    assert_true(cli_help_all(&help));
    for (unsigned i = 0; i < CLI_COMMAND_COUNT; i++) {
        const struct cli_command *command = cli_command_at((enum cli_command_id)i);
        char line[512];
        size_t least;
        size_t most;
        size_t size = (size_t)snprintf(line, sizeof(line), "%s", command->typed);
        struct buf error;
        cli_command_arity(command, &least, &most);
        for (size_t a = 0; a < least; a++) {
            size += (size_t)snprintf(line + size, sizeof(line) - size, " x");
        }
        assert_true(parse(line, &error));
        assert_ptr_equal(typed.command, command);
        assert_int_equal(typed.argument_count, least);
        assert_true(most >= least);
        assert_non_null(command->run);
        assert_non_null(strstr(buf_string(&page), command->typed));
        assert_true(command->is_later || strstr(buf_string(&help), command->summary) != NULL);
        assert_true(command->is_later || command->options == 0 || command->help[0] != '\0');
    }
    buf_fini(&page);
    buf_fini(&help);
}

static void
test_durations(void **state)
{
    static const struct {
        const char *text;
        long long ms; /* -1: refused */
    } cases[] = {
        {"0", 0},        {"7", 7000},     {"250ms", 250},       {"5s", 5000},
        {"10m", 600000}, {"1h", 3600000}, {"720h", 2592000000}, {"721h", -1},
        {"", -1},        {"ms", -1},      {"-1", -1},           {"1.5s", -1},
        {"1d", -1},      {"5 s", -1},     {"5S", -1},           {"99999999999999999999s", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t ms = 0;
        bool is_fine = cli_duration(span_of(cases[i].text), &ms);
        if (is_fine != (cases[i].ms >= 0) || (is_fine && (long long)ms != cases[i].ms)) {
            fail_msg("%s", cases[i].text);
        }
    }
}

static void
test_weights(void **state)
{
    static const struct {
        const char *text;
        int bp; /* -1: refused */
    } cases[] = {
        {"0", 0},      {"100", 10000},   {"2.5", 250},      {"2.5%", 250},  {"2.05", 205},
        {"0.01", 1},   {"99.99%", 9999}, {"100.00", 10000}, {"100.01", -1}, {"101", -1},
        {"2.555", -1}, {"", -1},         {"%", -1},         {".5", -1},     {"5.", -1},
        {"-1", -1},    {"1,5", -1},      {"2.5%%", -1},     {"1e2", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t bp = 0;
        bool is_fine = cli_weight(span_of(cases[i].text), &bp);
        if (is_fine != (cases[i].bp >= 0) || (is_fine && (int)bp != cases[i].bp)) {
            fail_msg("%s", cases[i].text);
        }
    }
}

static void
test_addresses(void **state)
{
    static const struct {
        const char *text;
        const char *address; /* NULL: refused */
    } cases[] = {
        {"127.0.0.1:80", "127.0.0.1:80"},
        {"[::1]:80", "[::1]:80"},
        {"unix:/run/app.sock", "unix:/run/app.sock"},
        {"127.0.0.1", NULL},
        {"127.0.0.1:99999", NULL},
        {"300.0.0.1:80", NULL},
        {"host", NULL},
        {"host:", NULL},
        {":80", NULL},
        {"host:0", NULL},
        {"host:http", NULL},
        {"a:b:80", NULL},
        {"/run/app.sock", NULL},
        {"no-such-host.invalid:80", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char address[ADDRESS_TEXT_SIZE] = "";
        struct buf error;
        buf_init(&error);
        bool is_fine = cli_resolve(cases[i].text, address, &error);
        if (is_fine != (cases[i].address != NULL) || is_fine != (buf_size(&error) == 0)) {
            fail_msg("%s: %s", cases[i].text, buf_string(&error));
        }
        if (is_fine) {
            assert_string_equal(address, cases[i].address);
        }
        buf_fini(&error);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_lines), cmocka_unit_test(test_taken_lines),
        cmocka_unit_test(test_every_command), cmocka_unit_test(test_durations),
        cmocka_unit_test(test_weights),       cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
