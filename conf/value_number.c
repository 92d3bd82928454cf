#include "conf/value.h"

#include <string.h>

struct unit {
    struct span name;
    uint64_t factor;
};

static const struct unit duration_units[] = {
    {{"ms", 2}, 1}, {{"s", 1}, 1000}, {{"m", 1}, 60000}, {{"h", 1}, 3600000}, {{"", 0}, 0}};
static const struct unit size_units[] = {
    {{"k", 1}, 1ULL << 10}, {{"m", 1}, 1ULL << 20}, {{"g", 1}, 1ULL << 30}, {{"", 0}, 0}};

/* Nine digits and any unit fit into 64 bits. */
enum { DIGITS_MAX = 9 };

static bool
with_unit(struct span text, const struct unit *units, uint64_t *out)
{
    size_t digits = 0;
    uint64_t number;
    while (digits < text.size && text.data[digits] >= '0' && text.data[digits] <= '9') {
        digits++;
    }
    if (digits > DIGITS_MAX || !span_to_u64((struct span){text.data, digits}, &number)) {
        return false;
    }
    struct span unit = {text.data + digits, text.size - digits};
    for (; units->factor > 0; units++) {
        if (span_equal(units->name, unit)) {
            *out = number * units->factor;
            return true;
        }
    }
    return false;
}

/* A plain integer in base units, or text with a unit. */
static bool
measure(const struct value *value, const struct unit *units, uint64_t factor, uint64_t *out)
{
    if (value->kind == VALUE_NUMBER && value->number >= 0) {
        *out = (uint64_t)value->number * factor;
        return true;
    }
    return value->kind == VALUE_TEXT && with_unit(value->text, units, out);
}

static bool
is_in_range(const struct setting *setting, uint64_t number)
{
    return number >= setting->min && number <= setting->max;
}

bool
value_count(struct reader *reader, const struct setting *setting, const struct value *value,
            void *out)
{
    (void)reader;
    if (value->kind != VALUE_NUMBER || value->number < 0 ||
        !is_in_range(setting, (uint64_t)value->number)) {
        return false;
    }
    *(uint32_t *)out = (uint32_t)value->number;
    return true;
}

bool
value_flag(struct reader *reader, const struct setting *setting, const struct value *value,
           void *out)
{
    (void)reader;
    (void)setting;
    if (value->kind != VALUE_FLAG) {
        return false;
    }
    *(bool *)out = value->number != 0;
    return true;
}

bool
value_duration(struct reader *reader, const struct setting *setting, const struct value *value,
               void *out)
{
    (void)reader;
    uint64_t ms;
    if (!measure(value, duration_units, 1000, &ms) || !is_in_range(setting, ms)) {
        return false;
    }
    *(uint32_t *)out = (uint32_t)ms;
    return true;
}

bool
value_size(struct reader *reader, const struct setting *setting, const struct value *value,
           void *out)
{
    (void)reader;
    uint64_t bytes;
    if (!measure(value, size_units, 1, &bytes) || !is_in_range(setting, bytes)) {
        return false;
    }
    *(uint64_t *)out = bytes;
    return true;
}

bool
value_size32(struct reader *reader, const struct setting *setting, const struct value *value,
             void *out)
{
    uint64_t bytes;
    if (!value_size(reader, setting, value, &bytes)) {
        return false;
    }
    *(uint32_t *)out = (uint32_t)bytes;
    return true;
}

bool
value_mode(struct reader *reader, const struct setting *setting, const struct value *value,
           void *out)
{
    uint32_t mode = 0;
    if (value->kind != VALUE_TEXT) {
        reader->hint = "without quotes it would not be octal";
        return false;
    }
    if (value->text.size < 3 || value->text.size > 4) {
        return false;
    }
    for (size_t i = 0; i < value->text.size; i++) {
        char digit = value->text.data[i];
        if (digit < '0' || digit > '7') {
            return false;
        }
        mode = mode * 8 + (uint32_t)(digit - '0');
    }
    if (mode > setting->max) {
        return false;
    }
    *(uint32_t *)out = mode;
    return true;
}

bool
value_choice(struct reader *reader, const struct setting *setting, const struct value *value,
             void *out)
{
    const struct setting_choice *choice;
    for (size_t i = 0; (choice = setting_choice_at(setting->type, i)) != NULL; i++) {
        if (value->kind != VALUE_TEXT || !span_equal(value->text, span_of(choice->word))) {
            continue;
        }
        if (!choice->is_available) {
            reader->is_later = true;
            return false;
        }
        memcpy(out, &choice->value, sizeof(choice->value));
        return true;
    }
    return false;
}
