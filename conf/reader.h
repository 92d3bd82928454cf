/*
 * reader: what one reading of a file carries along, and how its mistakes are written down. Internal
 * to conf; one thread.
 */
#ifndef TURNOUT_CONF_READER_H
#define TURNOUT_CONF_READER_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>
#include "conf/conf.h"
#include "conf/memory.h"
#include "proxy/base/buf.h"

/* Mistakes that are written out; more are counted. */
enum { READER_ERRORS_MAX = 1000 };

struct reader {
    const char *name;   /* of the file, for messages */
    const char *folder; /* relative paths start there */
    struct buf *errors;
    size_t error_count;
    struct conf_memory *memory;
    bool has_no_memory;
    const char *hint; /* what a value function adds to "wanted ..., found ..."; NULL for nothing */
    bool is_later;    /* what a value function was given is known, but not in this version */
};

/* One mistake at a line (0: of the whole file). */
void reader_error_at(struct reader *reader, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One mistake at a setting, whose path goes before the text: "site.cfg:7: roles[0].path: ...". It
 * marks the setting as bad. */
void reader_error(struct reader *reader, config_setting_t *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether a mistake was written about the setting itself. NULL is not bad. */
bool reader_is_bad(const config_setting_t *where);

/* Says how many mistakes were not written out, if any. */
void reader_finish(struct reader *reader);

/* A block or a copy that lives as long as the configuration; NULL and has_no_memory when there is
 * none. */
void *reader_take(struct reader *reader, size_t size);
char *reader_string(struct reader *reader, struct span text);

/* Puts a copy of the text into the const char * at out; false, and *out untouched, when out of
 * memory. */
bool reader_keep(struct reader *reader, struct span text, void *out);

/* Reads a parsed file into a zeroed struct conf, by the table of settings (read.c). */
void read_file(struct reader *reader, config_setting_t *root, struct conf *conf);

/* Fills in what defaults to something else in the configuration (derive.c). */
void derive_all(struct reader *reader, struct conf *conf);

/* What no single setting can say: names and claims given twice, times that contradict each other
 * (check.c). */
void check_all(struct reader *reader, const config_t *config, const struct conf *conf);

#endif
