/* The tables of docs/reasons.md, each made from the table that the program itself uses; the
 * argument says which. */
#include <stdio.h>
#include <string.h>

/* A bar would end the cell. */
static void
cell(const char *text)
{
    for (; *text != '\0'; text++) {
        printf(*text == '|' ? "\\|" : "%c", *text);
    }
}

static void
row(const char *name, int number, const char *meaning, const char *what_to_do)
{
    printf("| `%s` | ", name);
    if (number > 0) {
        printf("%d | ", number);
    }
    cell(meaning);
    if (what_to_do[0] != '\0') {
        fputs(" | ", stdout);
        cell(what_to_do);
    }
    fputs(" |\n", stdout);
}

static void
answers(void)
{
    fputs("| reason | status | meaning | what to do |\n| --- | --- | --- | --- |\n", stdout);
#define REASON(id, name, status, text, what_to_do) row(name, status, text, what_to_do);
#include "proxy/flow/reasons.def"
#undef REASON
}

static void
rules(void)
{
    fputs("| rule | status | what was found | RFC and section |\n| --- | --- | --- | --- |\n",
          stdout);
#define REASON(id, name, status, text, section) row(name, status, text, section);
#include "proxy/wire/reasons.def"
#undef REASON
}

static void
checks(void)
{
    fputs("| reason | meaning and what to do |\n| --- | --- |\n", stdout);
#define PROBE_REASON(id, word, text) row(word, 0, text, "");
#include "control/drive/probe_reasons.def"
#undef PROBE_REASON
}

static void
refusals(void)
{
    fputs(
        "| code | exit code | HTTP status | meaning and what to do |\n| --- | --- | --- | --- |\n",
        stdout);
#define REFUSAL(id, code, exit_code, status, text)                                                 \
    printf("| `%s` | %d | %d | ", code, exit_code, status);                                        \
    cell(text);                                                                                    \
    fputs(" |\n", stdout);
#include "control/core/refusals.def"
#undef REFUSAL
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } tables[] = {
        {"answers", answers}, {"rules", rules}, {"checks", checks}, {"refusals", refusals}};
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (argc == 2 && strcmp(argv[1], tables[i].name) == 0) {
            tables[i].print();
            return 0;
        }
    }
    return 2;
}
