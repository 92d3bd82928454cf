/* Canned answers of the API as text for people: tests/golden/cli/KIND-NAME.json gives
 * KIND-NAME.txt. TURNOUT_GOLDEN_WRITE=1 makes the texts anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "control/cli/answer.h"
#include "control/cli/show.h"
#include "control/cli/text.h"

/* 2026-11-20T12:00:00Z, when all of them are looked at. */
static const uint64_t now_us = 1795176000000000;

static char *
read_file(const char *folder, const char *name, size_t *size)
{
    char path[1024];
    char *data = NULL;
    FILE *out = open_memstream(&data, size);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *in = fopen(path, "r");
    for (int c = in == NULL ? EOF : fgetc(in); c != EOF; c = fgetc(in)) {
        fputc(c, out);
    }
    if (in != NULL) {
        fclose(in);
    }
    fclose(out);
    return data;
}

/* Every line of an events file is one event; the others are one object. */
static void
show(const char *name, char *json, FILE *out, bool has_colour)
{
    const struct cli_page page = {.out = out, .now_us = now_us, .has_colour = has_colour};
    bool is_events = strncmp(name, "events", 6) == 0;
    char *rest = json;
    for (char *line = is_events ? strsep(&rest, "\n") : json; line != NULL && *line != '\0';
         line = is_events ? strsep(&rest, "\n") : NULL) {
        json_t *answer = cli_answer_parse(span_of(line));
        assert_non_null(answer);
        if (strncmp(name, "status", 6) == 0) {
            assert_true(cli_show_status(&page, answer));
        } else if (strncmp(name, "role", 4) == 0) {
            assert_true(cli_show_role(&page, answer));
        } else if (strncmp(name, "certificates", 12) == 0) {
            assert_true(cli_show_certificates(&page, answer));
        } else {
            assert_true(is_events);
            cli_show_event(&page, answer);
        }
        json_decref(answer);
    }
}

static void
check(const char *folder, const char *name)
{
    char text_name[256];
    char path[1024];
    char *got = NULL;
    size_t size;
    size_t got_size;
    snprintf(text_name, sizeof(text_name), "%.*stxt", (int)(strlen(name) - 4), name);
    snprintf(path, sizeof(path), "%s/%s", folder, text_name);
    char *json = read_file(folder, name, &size);
    FILE *out = open_memstream(&got, &got_size);
    show(name, json, out, strstr(name, "colour") != NULL);
    fclose(out);
    if (getenv("TURNOUT_GOLDEN_WRITE") != NULL) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(got, file);
        fclose(file);
    }
    char *wanted = read_file(folder, text_name, &size);
    if (strcmp(got, wanted) != 0) {
        fail_msg("%s: wanted\n%s\ngot\n%s", name, wanted, got);
    }
    free(wanted);
    free(got);
    free(json);
}

static void
test_golden(void **state)
{
    char folder[512];
    const char *source = getenv("TURNOUT_SOURCE");
    unsigned count = 0;
    (void)state;
    snprintf(folder, sizeof(folder), "%s/tests/golden/cli", source == NULL ? "." : source);
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        const char *end = strrchr(entry->d_name, '.');
        if (end != NULL && strcmp(end, ".json") == 0) {
            check(folder, entry->d_name);
            count++;
        }
    }
    closedir(entries);
    assert_true(count > 0);
}

static void
test_durations_and_ages(void **state)
{
    static const struct {
        uint64_t us;
        const char *text;
    } cases[] = {
        {0, "0us"},
        {999, "999us"},
        {12345, "12ms"},
        {3250000, "3.2s"},
        {59999999, "59.9s"},
        {60000000, "1m 00s"},
        {3599000000, "59m 59s"},
        {7800000000, "2h 10m"},
        {86400000000, "1d 00h"},
        {8640000000000, "100d 00h"},
    };
    char out[CLI_AGE_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(cli_duration_text(cases[i].us, out), cases[i].text);
    }
    assert_int_equal(cli_time("2026-11-20T12:00:00.000Z"), now_us);
    assert_int_equal(cli_time("2026-11-20T12:00:00.123Z"), now_us + 123000);
    assert_int_equal(cli_time("nonsense"), 0);
    assert_int_equal(cli_time(""), 0);
    assert_string_equal(cli_age_text(now_us, "2026-11-20T11:59:57.000Z", out), "3s ago");
    assert_string_equal(cli_age_text(now_us, "2026-11-20T11:59:59.900Z", out), "just now");
    assert_string_equal(cli_age_text(now_us, "2026-11-20T12:09:10.000Z", out), "in 9m 10s");
    assert_string_equal(cli_age_text(now_us, "", out), "-");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_durations_and_ages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
