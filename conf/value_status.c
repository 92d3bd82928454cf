#include "conf/value.h"

enum { STATUS_MIN = 100, STATUS_MAX = 599, STATUS_DIGITS = 3 };

static bool
status_of(struct span text, uint16_t *out)
{
    uint64_t number;
    text = span_trim(text);
    if (text.size != STATUS_DIGITS || !span_to_u64(text, &number) || number < STATUS_MIN ||
        number > STATUS_MAX) {
        return false;
    }
    *out = (uint16_t)number;
    return true;
}

static bool
range_of(struct span text, struct conf_status_range *out)
{
    struct conf_status_range range;
    const char *dash = memchr(text.data, '-', text.size);
    if (dash == NULL) {
        return status_of(text, &out->first) && status_of(text, &out->last);
    }
    size_t before = (size_t)(dash - text.data);
    if (!status_of((struct span){text.data, before}, &range.first) ||
        !status_of((struct span){dash + 1, text.size - before - 1}, &range.last) ||
        range.first > range.last) {
        return false;
    }
    *out = range;
    return true;
}

static bool
ranges_of(struct reader *reader, struct span text, struct conf_statuses *out)
{
    struct span element;
    while (span_next_element(&text, &element)) {
        if (out->count == CONF_STATUS_RANGES_MAX) {
            reader->hint = "at most 8 of them";
            return false;
        }
        if (!range_of(element, &out->ranges[out->count])) {
            return false;
        }
        out->count++;
    }
    return out->count > 0;
}

bool
value_statuses(struct reader *reader, const struct setting *setting, const struct value *value,
               void *out)
{
    (void)setting;
    struct conf_statuses statuses = {.count = 0};
    if (value->kind == VALUE_TEXT && ranges_of(reader, value->text, &statuses)) {
        *(struct conf_statuses *)out = statuses;
        return true;
    }
    if (value->kind == VALUE_NUMBER && value->number >= STATUS_MIN && value->number <= STATUS_MAX) {
        uint16_t status = (uint16_t)value->number;
        *(struct conf_statuses *)out = (struct conf_statuses){{{status, status}}, 1};
        return true;
    }
    return false;
}

bool
conf_statuses_have(const struct conf_statuses *statuses, unsigned status)
{
    for (size_t i = 0; i < statuses->count; i++) {
        if (status >= statuses->ranges[i].first && status <= statuses->ranges[i].last) {
            return true;
        }
    }
    return false;
}
