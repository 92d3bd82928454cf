#include "bench/common/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/common/die.h"

static void
options_help(const struct option_row *rows, size_t count, const char *usage)
{
    char left[64];

    printf("%s\n\n", usage);
    for (size_t i = 0; i < count; i++) {
        snprintf(left, sizeof left, "--%s %s", rows[i].name, rows[i].value ? rows[i].value : "");
        printf("  %-24s %s\n", left, rows[i].help);
    }
    printf("  %-24s %s\n", "--help", "this text");
    exit(0);
}

static uint64_t
options_number(const char *name, const char *value)
{
    char *end = NULL;
    unsigned long long number;

    errno = 0;
    number = strtoull(value, &end, 10);
    if (errno || end == value || *end || *value == '-')
        die("--%s: wanted a whole number, found \"%s\"", name, value);
    return number;
}

static double
options_decimal(const char *name, const char *value)
{
    char *end = NULL;
    double number;

    errno = 0;
    number = strtod(value, &end);
    if (errno || end == value || *end || !(number >= 0.0))
        die("--%s: wanted a number of 0 or more, found \"%s\"", name, value);
    return number;
}

static void
options_append(struct option_list *list, const char *name, const char *value)
{
    if (list->count == OPTIONS_LIST_MAX)
        die("--%s: at most %d of them", name, OPTIONS_LIST_MAX);
    list->items[list->count++] = value;
}

static void
options_store(const struct option_row *row, const char *value)
{
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)row->into = true;
        break;
    case OPTION_NUMBER:
        *(uint64_t *)row->into = options_number(row->name, value);
        break;
    case OPTION_DECIMAL:
        *(double *)row->into = options_decimal(row->name, value);
        break;
    case OPTION_TEXT:
        *(const char **)row->into = value;
        break;
    case OPTION_LIST:
        options_append(row->into, row->name, value);
        break;
    }
}

static const struct option_row *
options_find(const struct option_row *rows, size_t count, const char *name, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(rows[i].name) == size && memcmp(rows[i].name, name, size) == 0)
            return &rows[i];
    }
    return NULL;
}

void
options_read(const struct option_row *rows, size_t count, const char *usage, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i] + 2;
        size_t size = strcspn(name, "=");
        const struct option_row *row;
        const char *value;

        if (strcmp(argv[i], "--help") == 0)
            options_help(rows, count, usage);
        row = strncmp(argv[i], "--", 2) == 0 ? options_find(rows, count, name, size) : NULL;
        if (!row)
            die("unknown option \"%s\"; --help names them", argv[i]);
        value = name[size] == '=' ? name + size + 1 : NULL;
        if (row->kind == OPTION_FLAG && value)
            die("--%s takes no value", row->name);
        if (row->kind != OPTION_FLAG && !value && i + 1 < argc)
            value = argv[++i];
        if (row->kind != OPTION_FLAG && !value)
            die("--%s wants a value", row->name);
        options_store(row, value);
    }
}
