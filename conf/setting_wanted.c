#include "conf/setting.h"

#include <inttypes.h>

/* A number and the largest unit that divides it. */
struct unit {
    uint64_t size;
    const char *name;
};

static const struct unit duration_units[] = {{3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
static const struct unit size_units[] = {
    {1ULL << 30, "g"}, {1ULL << 20, "m"}, {1ULL << 10, "k"}, {1, ""}};

static const char *const wanted_texts[] = {
    [SETTING_TYPE_GROUP] = "a group { }",
    [SETTING_TYPE_LATER] = "nothing",
#define TYPE(name, reader, store, wanted) [SETTING_TYPE_##name] = wanted,
#include "conf/types.def"
};

static bool
write_units(const struct unit *units, uint64_t number, struct buf *out)
{
    while (units->size > 1 && number % units->size != 0) {
        units++;
    }
    return buf_printf(out, "%" PRIu64 "%s", number / units->size, units->name);
}

static bool
is_duration(const struct setting *setting)
{
    return setting->type == SETTING_TYPE_DURATION;
}

static bool
is_size(const struct setting *setting)
{
    return setting->type == SETTING_TYPE_SIZE || setting->type == SETTING_TYPE_SIZE32;
}

bool
setting_write_number(const struct setting *setting, uint64_t number, struct buf *out)
{
    if (number == 0 || setting->is_list || (!is_duration(setting) && !is_size(setting))) {
        return buf_printf(out, "%" PRIu64, number);
    }
    return write_units(is_duration(setting) ? duration_units : size_units, number, out);
}

bool
setting_write_range(const struct setting *setting, struct buf *out)
{
    bool has_range = setting->is_list || is_duration(setting) || is_size(setting) ||
                     setting->type == SETTING_TYPE_COUNT;
    if (!has_range) {
        return true;
    }
    return setting_write_number(setting, setting->min, out) && buf_append_text(out, " to ") &&
           setting_write_number(setting, setting->max, out);
}

static bool
write_choices(const struct setting *setting, struct buf *out)
{
    const struct setting_choice *choice;
    const char *between = "";
    for (size_t i = 0; (choice = setting_choice_at(setting->type, i)) != NULL; i++) {
        if (!choice->is_available) {
            continue;
        }
        if (!buf_printf(out, "%s\"%s\"", between, choice->word)) {
            return false;
        }
        between = " or ";
    }
    return true;
}

bool
setting_write_wanted(const struct setting *setting, struct buf *out)
{
    if (setting_choice_at(setting->type, 0) != NULL) {
        return write_choices(setting, out);
    }
    if (setting->is_list) {
        return setting->type == SETTING_TYPE_GROUP
                   ? buf_append_text(out, "a list of groups ( { }, { } )")
                   : buf_printf(out, "a list ( ) with each item %s", wanted_texts[setting->type]);
    }
    if (!buf_append_text(out, wanted_texts[setting->type])) {
        return false;
    }
    size_t before = buf_size(out);
    if (!buf_append_text(out, " from ") || !setting_write_range(setting, out)) {
        return false;
    }
    if (buf_size(out) == before + sizeof(" from ") - 1) {
        out->end -= sizeof(" from ") - 1; /* there is no range */
    }
    return true;
}
