/*
 * setting: the table of all settings (conf/settings.def) as data: what is known where, of which
 * type, stored where. Constant; any thread.
 */
#ifndef TURNOUT_CONF_SETTING_H
#define TURNOUT_CONF_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proxy/base/buf.h"

/* Durations in milliseconds, for ranges. */
#define SETTING_HOUR      3600000ULL
#define SETTING_DAY       (24 * SETTING_HOUR)
#define SETTING_BYTES_MAX (1ULL << 40)

enum setting_type {
    SETTING_TYPE_GROUP,
    SETTING_TYPE_LATER,
#define TYPE(name, reader, store, wanted) SETTING_TYPE_##name,
#include "conf/types.def"
#undef TYPE
    SETTING_TYPE_COUNT_OF
};

enum { SETTING_NOWHERE = -1 };

struct setting {
    const char *path; /* "roles.health.interval" */
    enum setting_type type;
    bool is_list;
    bool is_text;      /* stored as const char * */
    long offset;       /* in its owner: the value, an optional group's flag, a list's pointer; or
                          SETTING_NOWHERE */
    long count_offset; /* of a list's count */
    size_t item_size;  /* of a list's items */
    const char *default_text; /* NULL: must be given */
    uint64_t min;             /* of the value, or of a list's length */
    uint64_t max;
    const char *meaning;
};

/* All settings in the order of the table; NULL past its end. */
const struct setting *setting_at(size_t index);

/* Whether the setting stands directly in the group or list of that path; "" is the file itself. */
bool setting_is_in(const struct setting *setting, const char *group_path);

/* The last part of its path. */
const char *setting_key(const struct setting *setting);

/* The setting of that key in that group; NULL where there is none. */
const struct setting *setting_find(const char *group_path, const char *key);

/* What somebody may have meant by an unknown key: one of that group with nearly the same letters,
 * else one of the same key in another group, else NULL. */
const struct setting *setting_nearest(const char *group_path, const char *key);

/* One of the words of a type; NULL past the last. */
struct setting_choice {
    enum setting_type type;
    const char *word;
    unsigned value;
    bool is_available;
};
const struct setting_choice *setting_choice_at(enum setting_type type, size_t index);

/* Appends what a value must be ("a whole number from 1 to 100"). False when out of memory. */
bool setting_write_wanted(const struct setting *setting, struct buf *out);

/* Appends its range ("1 to 100"), or nothing where it has none. */
bool setting_write_range(const struct setting *setting, struct buf *out);

/* Appends a number of the setting in its own units: "250ms", "16k", "7". */
bool setting_write_number(const struct setting *setting, uint64_t number, struct buf *out);

#endif
