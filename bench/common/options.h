/* Command line options of the bench programs: one table makes the parser and --help. */
#ifndef BENCH_COMMON_OPTIONS_H
#define BENCH_COMMON_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#define OPTIONS_LIST_MAX 32

enum option_kind {
    OPTION_FLAG,    /* bool, no value */
    OPTION_NUMBER,  /* uint64_t */
    OPTION_DECIMAL, /* double, not negative */
    OPTION_TEXT,    /* const char * */
    OPTION_LIST     /* struct option_list, may be given several times */
};

struct option_list {
    const char *items[OPTIONS_LIST_MAX];
    size_t count;
};

struct option_row {
    const char *name;  /* without the dashes */
    const char *value; /* what --help calls the value; NULL for a flag */
    const char *help;
    enum option_kind kind;
    void *into; /* storage of the kind's type, holding the default */
};

/* Reads `--name value` and `--name=value` into the rows' storage; --help prints `usage` and every
 * row and exits 0; anything unknown or malformed is named and ends the program. Texts point into
 * argv. */
void options_read(const struct option_row *rows, size_t count, const char *usage, int argc,
                  char **argv);

#endif
