/*
 * text: plain text for people: aligned tables, ages, durations, and strings of others made harmless
 * for a terminal. One thread.
 */
#ifndef TURNOUT_CLI_TEXT_H
#define TURNOUT_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum cli_tone { CLI_TONE_PLAIN, CLI_TONE_HEAD, CLI_TONE_GOOD, CLI_TONE_BAD, CLI_TONE_WARN };

struct cli_cell;

/* Rows of `columns` cells each, filled from left to right. */
struct cli_table {
    size_t columns;
    struct cli_cell *cells;
    size_t count;
    size_t capacity;
    bool has_failed; /* out of memory: prints nothing */
};

void cli_table_init(struct cli_table *table, size_t columns);
void cli_table_fini(struct cli_table *table);

/* The next cell; an empty text becomes "-". */
void cli_table_add(struct cli_table *table, enum cli_tone tone, const char *text);
void cli_table_addf(struct cli_table *table, enum cli_tone tone, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Prints all rows with columns aligned, each row after `indent` spaces; false when out of memory.
 */
bool cli_table_print(const struct cli_table *table, FILE *out, size_t indent, bool has_colour);

/* Prints a text with control characters replaced by '?': what others wrote must not steer a
 * terminal. */
void cli_print(FILE *out, const char *text);

/* The same with a tone, where the output has colour. */
void cli_print_tone(FILE *out, enum cli_tone tone, const char *text, bool has_colour);

enum { CLI_AGE_SIZE = 32 };

/* "850us", "12ms", "3.2s", "4m 05s", "2h 10m", "3d 4h"; returns out. */
const char *cli_duration_text(uint64_t us, char out[CLI_AGE_SIZE]);

/* Wall microseconds of an RFC 3339 time as the API writes it; 0 when it is none. */
uint64_t cli_time(const char *text);

/* "just now", "3s ago", "in 9m 10s" for what is to come, "-" for no time; returns out. */
const char *cli_age_text(uint64_t now_us, const char *time, char out[CLI_AGE_SIZE]);

#endif
