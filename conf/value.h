/*
 * value: what can stand behind a setting's name, and the functions that read each type of
 * conf/types.def. They return false when the value is not what is wanted (reader->hint may say why)
 * or memory is out, *out then being untouched. Internal to conf.
 */
#ifndef TURNOUT_CONF_VALUE_H
#define TURNOUT_CONF_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include "conf/reader.h"
#include "conf/setting.h"
#include "proxy/base/span.h"

enum value_kind { VALUE_NUMBER, VALUE_TEXT, VALUE_FLAG, VALUE_OTHER };

struct value {
    enum value_kind kind;
    int64_t number;   /* VALUE_NUMBER; 0 or 1 for VALUE_FLAG */
    struct span text; /* VALUE_TEXT */
};

typedef bool value_function(struct reader *reader, const struct setting *setting,
                            const struct value *value, void *out);

/* What libconfig read, or what a default's text stands for. */
struct value value_of(const config_setting_t *where);
struct value value_of_default(const char *text);

/* Reads a value of any type but groups, by the setting's own function. */
bool value_read(struct reader *reader, const struct setting *setting, const struct value *value,
                void *out);

/* Hosts of roles and of health checks: names or addresses, without a port. Writes nothing. */
bool value_is_host(struct span text);

#define TYPE(name, reader, store, wanted) value_function reader;
#include "conf/types.def"
#undef TYPE

#endif
