#include <string.h>
#include "control/cli/answer.h"
#include "control/cli/show.h"
#include "control/cli/text.h"

enum { STATUS_COLUMNS = 8 };

static void
status_head(struct cli_table *table)
{
    static const char *const titles[STATUS_COLUMNS] = {
        "ROLE", "LIVE", "HEALTHY", "IN FLIGHT", "CANDIDATE", "WEIGHT", "OPERATION", "LAST CUTOVER",
    };
    for (size_t i = 0; i < STATUS_COLUMNS; i++) {
        cli_table_add(table, CLI_TONE_HEAD, titles[i]);
    }
}

static enum cli_tone
health_tone(const json_t *set)
{
    uint64_t healthy = cli_answer_number(set, "healthy");
    return healthy == 0                                    ? CLI_TONE_BAD
           : healthy < cli_answer_number(set, "instances") ? CLI_TONE_WARN
                                                           : CLI_TONE_GOOD;
}

static void
status_health(struct cli_table *table, const json_t *set)
{
    if (set == NULL) {
        cli_table_add(table, CLI_TONE_PLAIN, "");
        return;
    }
    cli_table_addf(table, health_tone(set), "%llu/%llu",
                   (unsigned long long)cli_answer_number(set, "healthy"),
                   (unsigned long long)cli_answer_number(set, "instances"));
}

static void
status_candidate(struct cli_table *table, const json_t *candidate)
{
    if (candidate == NULL) {
        cli_table_add(table, CLI_TONE_PLAIN, "");
        cli_table_add(table, CLI_TONE_PLAIN, "");
        return;
    }
    unsigned bp = (unsigned)cli_answer_number(candidate, "weight_bp");
    cli_table_addf(table, health_tone(candidate), "%s (%llu/%llu)",
                   cli_answer_text(candidate, "build"),
                   (unsigned long long)cli_answer_number(candidate, "healthy"),
                   (unsigned long long)cli_answer_number(candidate, "instances"));
    if (bp % 100 == 0) {
        cli_table_addf(table, CLI_TONE_PLAIN, "%u%%", bp / 100);
    } else if (bp % 10 == 0) {
        cli_table_addf(table, CLI_TONE_PLAIN, "%u.%u%%", bp / 100, bp / 10 % 10);
    } else {
        cli_table_addf(table, CLI_TONE_PLAIN, "%u.%02u%%", bp / 100, bp % 100);
    }
}

/* What runs, or what the role is in. */
static void
status_operation(struct cli_table *table, const json_t *role, uint64_t now_us)
{
    const json_t *operation = cli_answer_object(role, "operation");
    const json_t *hold = cli_answer_object(role, "hold");
    char age[CLI_AGE_SIZE];
    if (operation != NULL) {
        cli_table_addf(table, CLI_TONE_WARN, "%s %s: %s, %s", cli_answer_text(operation, "kind"),
                       cli_answer_text(operation, "id"), cli_answer_text(operation, "step"),
                       cli_age_text(now_us, cli_answer_text(operation, "since"), age));
    } else if (hold != NULL) {
        cli_table_addf(table, CLI_TONE_WARN, "held: %llu waiting",
                       (unsigned long long)cli_answer_number(hold, "parked"));
    } else if (cli_answer_object(role, "maintenance") != NULL) {
        cli_table_add(table, CLI_TONE_WARN, "maintenance");
    } else if (cli_answer_count(role, "draining") > 0) {
        const json_t *set = cli_answer_item(role, "draining", 0);
        cli_table_addf(table, CLI_TONE_PLAIN, "draining %s: %llu left",
                       cli_answer_text(set, "build"),
                       (unsigned long long)cli_answer_number(set, "in_flight"));
    } else {
        cli_table_add(table, CLI_TONE_PLAIN, "");
    }
}

static void
status_cutover(struct cli_table *table, const json_t *cutover, uint64_t now_us)
{
    if (cutover == NULL) {
        cli_table_add(table, CLI_TONE_PLAIN, "");
        return;
    }
    char age[CLI_AGE_SIZE];
    const char *from = cli_answer_text(cutover, "from");
    cli_table_addf(table, CLI_TONE_PLAIN, "%s -> %s, %s, %s", from[0] == '\0' ? "-" : from,
                   cli_answer_text(cutover, "to"), cli_answer_text(cutover, "result"),
                   cli_age_text(now_us, cli_answer_text(cutover, "at"), age));
}

static void
status_row(struct cli_table *table, const json_t *role, uint64_t now_us)
{
    const json_t *live = cli_answer_object(role, "live");
    cli_table_add(table, CLI_TONE_PLAIN, cli_answer_text(role, "role"));
    cli_table_add(table, CLI_TONE_PLAIN, cli_answer_text(live, "build"));
    status_health(table, live);
    if (live == NULL) {
        cli_table_add(table, CLI_TONE_PLAIN, "");
    } else {
        cli_table_addf(table, CLI_TONE_PLAIN, "%llu",
                       (unsigned long long)cli_answer_number(live, "in_flight"));
    }
    status_candidate(table, cli_answer_object(role, "candidate"));
    status_operation(table, role, now_us);
    status_cutover(table, cli_answer_object(role, "last_cutover"), now_us);
}

/* What a person should not overlook. */
static void
status_warn(const struct cli_page *page, const json_t *role)
{
    const json_t *live = cli_answer_object(role, "live");
    const json_t *candidate = cli_answer_object(role, "candidate");
    char text[512] = "";
    if (live != NULL && cli_answer_number(live, "healthy") == 0) {
        snprintf(text, sizeof(text), "%s: no instance of the live %s is healthy; clients get 503",
                 cli_answer_text(role, "role"), cli_answer_text(live, "build"));
    } else if (candidate != NULL && cli_answer_number(candidate, "weight_bp") > 0 &&
               cli_answer_number(candidate, "healthy") == 0) {
        snprintf(text, sizeof(text),
                 "%s: no instance of %s is healthy; its share goes to the live set",
                 cli_answer_text(role, "role"), cli_answer_text(candidate, "build"));
    }
    if (text[0] != '\0') {
        cli_print_tone(page->out, CLI_TONE_BAD, "warning: ", page->has_colour);
        cli_print(page->out, text);
        fputc('\n', page->out);
    }
}

static void
status_foot(const struct cli_page *page, const json_t *status)
{
    const json_t *journal = cli_answer_object(status, "journal");
    fputs("\nnode ", page->out);
    cli_print(page->out, cli_answer_text(status, "node"));
    fprintf(page->out, ", epoch %llu\n", (unsigned long long)cli_answer_number(status, "epoch"));
    for (size_t i = 0; i < cli_answer_count(status, "roles"); i++) {
        status_warn(page, cli_answer_item(status, "roles", i));
    }
    if (journal != NULL && !cli_answer_flag(journal, "writable")) {
        cli_print_tone(page->out, CLI_TONE_BAD, "warning: ", page->has_colour);
        fputs("the journal cannot be written, changes are refused: ", page->out);
        cli_print(page->out, cli_answer_text(journal, "error"));
        fputc('\n', page->out);
    }
}

bool
cli_show_status(const struct cli_page *page, const json_t *status)
{
    struct cli_table table;
    cli_table_init(&table, STATUS_COLUMNS);
    status_head(&table);
    for (size_t i = 0; i < cli_answer_count(status, "roles"); i++) {
        status_row(&table, cli_answer_item(status, "roles", i), page->now_us);
    }
    bool is_fine = cli_table_print(&table, page->out, 0, page->has_colour);
    cli_table_fini(&table);
    status_foot(page, status);
    return is_fine;
}
