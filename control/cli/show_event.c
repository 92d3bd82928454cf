#include <string.h>
#include "control/cli/answer.h"
#include "control/cli/show.h"
#include "control/cli/text.h"

/* A growing line of limited size. */
struct line {
    char text[2048];
    size_t size;
};

static void line_add(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
line_add(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int wrote =
        vsnprintf(line->text + line->size, sizeof(line->text) - line->size, format, arguments);
    va_end(arguments);
    if (wrote > 0) {
        line->size += (size_t)wrote;
        line->size = line->size < sizeof(line->text) ? line->size : sizeof(line->text) - 1;
    }
}

/* A set by its name, or by what its digest begins with, or "-". */
static void
line_set(struct line *line, const json_t *object, const char *name_key, const char *digest_key)
{
    const char *name = cli_answer_text(object, name_key);
    const char *digest = cli_answer_text(object, digest_key);
    if (name[0] != '\0') {
        line_add(line, "%s", name);
    } else if (digest[0] != '\0') {
        line_add(line, "#%.8s", digest);
    } else {
        line_add(line, "-");
    }
}

static void
event_moves(struct line *line, const json_t *event)
{
    for (size_t i = 0; i < cli_answer_count(event, "moves"); i++) {
        const json_t *move = cli_answer_item(event, "moves", i);
        line_add(line, "%s %s: ", i == 0 ? "" : ",", cli_answer_text(move, "role"));
        line_set(line, move, "from_set", "from");
        line_add(line, " -> ");
        line_set(line, move, "to_set", "to");
    }
}

/* What an event says beside its name, in the order in which a person reads it. */
static void
event_facts(struct line *line, json_t *event)
{
    static const char *const shown[] = {
        "epoch",
        "at",
        "event",
        "by",
        "note",
        "role",
        "build",
        "digest",
        "set",
        "moves",
        "kind",
        "nonce",
        "ready_timeout_ms",
        "drain_timeout_ms",
        "hold_timeout_ms",
        "order",
        "cluster",
    };
    const char *key;
    json_t *value;
    json_object_foreach(event, key, value)
    {
        bool is_shown = false;
        for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
            is_shown = is_shown || strcmp(shown[i], key) == 0;
        }
        if (!is_shown && json_is_string(value) && json_string_length(value) > 0) {
            line_add(line, " %s=\"%s\"", key, json_string_value(value));
        } else if (!is_shown && json_is_integer(value)) {
            line_add(line, " %s=%lld", key, (long long)json_integer_value(value));
        } else if (!is_shown && json_is_true(value)) {
            line_add(line, " %s", key);
        } else if (!is_shown && json_is_array(value)) {
            line_add(line, " %s=%zu", key, json_array_size(value));
        }
    }
}

void
cli_show_event(const struct cli_page *page, json_t *event)
{
    struct line line = {.size = 0};
    const char *kind = cli_answer_text(event, "kind");
    const char *note = cli_answer_text(event, "note");
    const char *role = cli_answer_text(event, "role");
    char at[20];
    snprintf(at, sizeof(at), "%.19s", cli_answer_text(event, "at"));
    line_add(&line, "%6llu  %sZ  %-16s  %s", (unsigned long long)cli_answer_number(event, "epoch"),
             at, cli_answer_text(event, "by"), cli_answer_text(event, "event"));
    line_add(&line, "%s%s%s%s", kind[0] == '\0' ? "" : " ", kind, role[0] == '\0' ? "" : " ", role);
    if (cli_answer_text(event, "digest")[0] != '\0') {
        const char *build = cli_answer_text(event, "build");
        line_add(&line, "%s",
                 cli_answer_text(event, "set")[0] != '\0' || build[0] != '\0' ? "@" : "");
        line_set(&line, event, build[0] == '\0' ? "set" : "build", "digest");
    }
    event_moves(&line, event);
    event_facts(&line, event);
    if (note[0] != '\0') {
        line_add(&line, "  (%s)", note);
    }
    cli_print(page->out, line.text);
    fputc('\n', page->out);
}

bool
cli_show_certificates(const struct cli_page *page, const json_t *answer)
{
    static const char *const titles[] = {"LISTENER", "NAMES", "EXPIRES", "FILE", "TROUBLE"};
    struct cli_table table;
    cli_table_init(&table, 5);
    for (size_t i = 0; i < 5; i++) {
        cli_table_add(&table, CLI_TONE_HEAD, titles[i]);
    }
    for (size_t i = 0; i < cli_answer_count(answer, "certificates"); i++) {
        const json_t *one = cli_answer_item(answer, "certificates", i);
        char age[CLI_AGE_SIZE];
        const char *not_after = cli_answer_text(one, "not_after");
        bool is_over = cli_time(not_after) < page->now_us;
        cli_table_add(&table, CLI_TONE_PLAIN, cli_answer_text(one, "listener"));
        cli_table_add(&table, CLI_TONE_PLAIN, cli_answer_text(one, "names"));
        cli_table_addf(&table, is_over ? CLI_TONE_BAD : CLI_TONE_PLAIN, "%.10s (%s)", not_after,
                       cli_age_text(page->now_us, not_after, age));
        cli_table_add(&table, CLI_TONE_PLAIN, cli_answer_text(one, "file"));
        cli_table_add(&table, CLI_TONE_BAD, cli_answer_text(one, "trouble"));
    }
    bool is_fine = cli_table_print(&table, page->out, 0, page->has_colour);
    cli_table_fini(&table);
    return is_fine;
}
