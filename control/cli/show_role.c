#include <string.h>
#include "control/cli/answer.h"
#include "control/cli/show.h"
#include "control/cli/text.h"

/* One label and its value, when there is one. */
static void role_line(const struct cli_page *page, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
role_line(const struct cli_page *page, const char *label, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fprintf(page->out, "  %-13s ", label);
    cli_print(page->out, text);
    fputc('\n', page->out);
}

static void
role_operation(const struct cli_page *page, const json_t *role)
{
    char age[CLI_AGE_SIZE];
    const json_t *operation = cli_answer_object(role, "operation");
    if (operation != NULL) {
        role_line(page, "operation", "%s %s by %s: %s, %s", cli_answer_text(operation, "kind"),
                  cli_answer_text(operation, "id"), cli_answer_text(operation, "by"),
                  cli_answer_text(operation, "step"),
                  cli_age_text(page->now_us, cli_answer_text(operation, "since"), age));
    }
    const json_t *cutover = cli_answer_object(role, "last_cutover");
    if (cutover != NULL) {
        const char *from = cli_answer_text(cutover, "from");
        role_line(page, "last cutover", "%s -> %s, %s, %s", from[0] == '\0' ? "-" : from,
                  cli_answer_text(cutover, "to"), cli_answer_text(cutover, "result"),
                  cli_age_text(page->now_us, cli_answer_text(cutover, "at"), age));
    }
}

static void
role_doors(const struct cli_page *page, const json_t *role)
{
    char age[CLI_AGE_SIZE];
    const json_t *hold = cli_answer_object(role, "hold");
    if (hold != NULL) {
        role_line(page, "hold", "%llu requests wait; it ends %s",
                  (unsigned long long)cli_answer_number(hold, "parked"),
                  cli_age_text(page->now_us, cli_answer_text(hold, "until"), age));
    }
    const json_t *maintenance = cli_answer_object(role, "maintenance");
    if (maintenance != NULL) {
        const char *message = cli_answer_text(maintenance, "message");
        role_line(page, "maintenance", "%s", message[0] == '\0' ? "on" : message);
    }
}

static void
set_head(const struct cli_page *page, const json_t *set)
{
    char text[256];
    char age[CLI_AGE_SIZE];
    const char *place = cli_answer_text(set, "place");
    const char *state = cli_answer_text(set, "state");
    bool has_place = strcmp(place, "other") != 0 && strcmp(place, state) != 0;
    snprintf(text, sizeof(text), "%s", cli_answer_text(set, "set"));
    cli_print_tone(page->out, CLI_TONE_HEAD, text, page->has_colour);
    snprintf(text, sizeof(text), "  %s%s%s%s, %llu/%llu healthy, %llu in flight, registered %s",
             state, has_place ? ", " : "", has_place ? place : "",
             cli_answer_flag(set, "bad") ? ", marked bad" : "",
             (unsigned long long)cli_answer_number(set, "healthy"),
             (unsigned long long)cli_answer_number(set, "instances"),
             (unsigned long long)cli_answer_number(set, "in_flight"),
             cli_age_text(page->now_us, cli_answer_text(set, "registered_at"), age));
    cli_print(page->out, text);
    unsigned bp = (unsigned)cli_answer_number(set, "weight_bp");
    if (bp > 0) {
        fprintf(page->out, ", weight %u.%02u%%", bp / 100, bp % 100);
    }
    const char *until = cli_answer_text(set, "rollback_until");
    if (cli_time(until) > page->now_us) {
        fprintf(page->out, ", can be gone back to for %s",
                cli_duration_text(cli_time(until) - page->now_us, age));
    }
    fputc('\n', page->out);
    if (cli_answer_text(set, "why")[0] != '\0') {
        fputs("  ", page->out);
        cli_print_tone(page->out, CLI_TONE_BAD, cli_answer_text(set, "why"), page->has_colour);
        fputc('\n', page->out);
    }
}

static void
set_member(struct cli_table *table, const json_t *member, bool is_over, uint64_t now_us)
{
    char age[CLI_AGE_SIZE];
    char took[CLI_AGE_SIZE];
    const char *checked_at = cli_answer_text(member, "checked_at");
    bool is_up = cli_answer_flag(member, "up");
    const char *reason = cli_answer_text(member, "reason");
    const char *detail = cli_answer_text(member, "detail");
    cli_table_add(table, CLI_TONE_PLAIN, cli_answer_text(member, "address"));
    if (is_over) {
        cli_table_add(table, CLI_TONE_PLAIN, "not checked any more");
        cli_table_add(table, CLI_TONE_PLAIN, "");
        cli_table_add(table, CLI_TONE_PLAIN, "");
        return;
    }
    cli_table_add(table, is_up ? CLI_TONE_GOOD : CLI_TONE_BAD,
                  is_up                   ? "up"
                  : checked_at[0] == '\0' ? "unknown"
                                          : "down");
    if (checked_at[0] == '\0') {
        cli_table_add(table, CLI_TONE_PLAIN, "not checked yet");
    } else {
        cli_table_addf(table, CLI_TONE_PLAIN, "checked %s in %s",
                       cli_age_text(now_us, checked_at, age),
                       cli_duration_text(cli_answer_number(member, "check_us"), took));
    }
    cli_table_addf(table, reason[0] == '\0' ? CLI_TONE_PLAIN : CLI_TONE_BAD, "%s%s%s",
                   reason[0] == '\0' ? (checked_at[0] == '\0' ? "" : "passed") : reason,
                   detail[0] == '\0' ? "" : ": ", detail);
}

bool
cli_show_set(const struct cli_page *page, const json_t *set)
{
    struct cli_table table;
    const char *state = cli_answer_text(set, "state");
    bool is_over = strcmp(state, "failed") == 0 || strcmp(state, "retired") == 0;
    cli_table_init(&table, 4);
    set_head(page, set);
    for (size_t i = 0; i < cli_answer_count(set, "members"); i++) {
        set_member(&table, cli_answer_item(set, "members", i), is_over, page->now_us);
    }
    bool is_fine = cli_table_print(&table, page->out, 2, page->has_colour);
    cli_table_fini(&table);
    return is_fine;
}

bool
cli_show_role(const struct cli_page *page, const json_t *role)
{
    cli_print_tone(page->out, CLI_TONE_HEAD, cli_answer_text(role, "role"), page->has_colour);
    fprintf(page->out, " (%s), epoch %llu\n", cli_answer_text(role, "kind"),
            (unsigned long long)cli_answer_number(role, "epoch"));
    role_operation(page, role);
    role_doors(page, role);
    bool is_fine = true;
    for (size_t i = 0; i < cli_answer_count(role, "sets") && is_fine; i++) {
        fputc('\n', page->out);
        is_fine = cli_show_set(page, cli_answer_item(role, "sets", i));
    }
    if (cli_answer_count(role, "sets") == 0) {
        fputs("  no sets; `turnout deploy` brings one live\n", page->out);
    }
    return is_fine;
}
