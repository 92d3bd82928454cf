#include "control/cli/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "proxy/base/check.h"

enum { CELL_SIZE = 256, CELL_GAP = 2 };

struct cli_cell {
    char text[CELL_SIZE];
    size_t width;
    enum cli_tone tone;
};

/* Control characters: C0, DEL, and C1 as UTF-8 writes it (0xc2 0x80 to 0xc2 0x9f). */
static bool
text_is_control(const unsigned char *c)
{
    return *c < 0x20 || *c == 0x7f || (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f);
}

static void
text_make_harmless(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
        if (text_is_control(c)) {
            *c = '?';
        }
    }
}

/* Columns on a terminal: characters of UTF-8, each taken for one wide. */
static size_t
text_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80 ? 1 : 0;
    }
    return width;
}

void
cli_table_init(struct cli_table *table, size_t columns)
{
    *table = (struct cli_table){.columns = columns};
}

void
cli_table_fini(struct cli_table *table)
{
    free(table->cells);
    table->cells = NULL;
}

static struct cli_cell *
table_next(struct cli_table *table)
{
    if (table->count == table->capacity) {
        size_t capacity = table->capacity == 0 ? 64 : table->capacity * 2;
        struct cli_cell *cells = realloc(table->cells, capacity * sizeof(*cells));
        if (cells == NULL) {
            table->has_failed = true;
            return NULL;
        }
        table->cells = cells;
        table->capacity = capacity;
    }
    return &table->cells[table->count++];
}

void
cli_table_addf(struct cli_table *table, enum cli_tone tone, const char *format, ...)
{
    struct cli_cell *cell = table_next(table);
    if (cell == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(cell->text, sizeof(cell->text), format, arguments);
    va_end(arguments);
    if (cell->text[0] == '\0') {
        cell->text[0] = '-';
        cell->text[1] = '\0';
    }
    text_make_harmless(cell->text);
    cell->width = text_width(cell->text);
    cell->tone = tone;
}

void
cli_table_add(struct cli_table *table, enum cli_tone tone, const char *text)
{
    cli_table_addf(table, tone, "%s", text);
}

static size_t
table_column_width(const struct cli_table *table, size_t column)
{
    size_t width = 0;
    for (size_t i = column; i < table->count; i += table->columns) {
        width = table->cells[i].width > width ? table->cells[i].width : width;
    }
    return width;
}

bool
cli_table_print(const struct cli_table *table, FILE *out, size_t indent, bool has_colour)
{
    enum { COLUMNS_MAX = 16 };
    size_t widths[COLUMNS_MAX];
    CHECK(table->columns <= COLUMNS_MAX && table->count % table->columns == 0);
    for (size_t c = 0; c < table->columns; c++) {
        widths[c] = table_column_width(table, c);
    }
    for (size_t i = 0; i < table->count && !table->has_failed; i++) {
        const struct cli_cell *cell = &table->cells[i];
        size_t column = i % table->columns;
        if (column == 0) {
            fprintf(out, "%*s", (int)indent, "");
        }
        cli_print_tone(out, cell->tone, cell->text, has_colour);
        if (column + 1 < table->columns) {
            fprintf(out, "%*s", (int)(widths[column] - cell->width + CELL_GAP), "");
        } else {
            fputc('\n', out);
        }
    }
    return !table->has_failed;
}

void
cli_print(FILE *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        fputc(text_is_control(c) ? '?' : *c, out);
    }
}

void
cli_print_tone(FILE *out, enum cli_tone tone, const char *text, bool has_colour)
{
    static const char *const codes[] = {
        [CLI_TONE_PLAIN] = "",       [CLI_TONE_HEAD] = "\033[1m",  [CLI_TONE_GOOD] = "\033[32m",
        [CLI_TONE_BAD] = "\033[31m", [CLI_TONE_WARN] = "\033[33m",
    };
    bool is_toned = has_colour && tone != CLI_TONE_PLAIN;
    fputs(is_toned ? codes[tone] : "", out);
    cli_print(out, text);
    fputs(is_toned ? "\033[0m" : "", out);
}

const char *
cli_duration_text(uint64_t us, char out[CLI_AGE_SIZE])
{
    uint64_t s = us / 1000000;
    unsigned long long minutes = s / 60;
    if (us < 1000) {
        snprintf(out, CLI_AGE_SIZE, "%uus", (unsigned)us);
    } else if (us < 1000000) {
        snprintf(out, CLI_AGE_SIZE, "%ums", (unsigned)(us / 1000));
    } else if (s < 60) {
        snprintf(out, CLI_AGE_SIZE, "%u.%us", (unsigned)s, (unsigned)(us / 100000 % 10));
    } else if (s < 3600) {
        snprintf(out, CLI_AGE_SIZE, "%llum %02us", minutes, (unsigned)(s % 60));
    } else if (s < 86400) {
        snprintf(out, CLI_AGE_SIZE, "%lluh %02um", minutes / 60, (unsigned)(minutes % 60));
    } else {
        snprintf(out, CLI_AGE_SIZE, "%llud %02uh", minutes / 1440, (unsigned)(minutes / 60 % 24));
    }
    return out;
}

uint64_t
cli_time(const char *text)
{
    struct tm parts = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == NULL) {
        return 0;
    }
    time_t seconds = timegm(&parts);
    unsigned ms = 0;
    if (rest[0] == '.') {
        for (size_t i = 1; i <= 3 && rest[i] >= '0' && rest[i] <= '9'; i++) {
            ms = ms * 10 + (unsigned)(rest[i] - '0');
        }
    }
    return seconds < 0 ? 0 : (uint64_t)seconds * 1000000 + (uint64_t)ms * 1000;
}

const char *
cli_age_text(uint64_t now_us, const char *time, char out[CLI_AGE_SIZE])
{
    uint64_t at_us = cli_time(time);
    char text[CLI_AGE_SIZE];
    if (at_us == 0) {
        snprintf(out, CLI_AGE_SIZE, "-");
        return out;
    }
    uint64_t us = now_us >= at_us ? now_us - at_us : at_us - now_us;
    if (us < 1000000) {
        snprintf(out, CLI_AGE_SIZE, "just now");
        return out;
    }
    if (us < UINT64_C(60000000)) {
        snprintf(text, sizeof(text), "%us", (unsigned)(us / 1000000));
    } else {
        cli_duration_text(us, text);
    }
    snprintf(out, CLI_AGE_SIZE, now_us >= at_us ? "%.20s ago" : "in %.20s", text);
    return out;
}
