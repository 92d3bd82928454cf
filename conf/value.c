#include "conf/value.h"

#include "proxy/base/check.h"

static value_function *const functions[] = {
#define TYPE(name, reader, store, wanted) [SETTING_TYPE_##name] = reader,
#include "conf/types.def"
#undef TYPE
};

struct value
value_of(const config_setting_t *where)
{
    struct value value = {VALUE_OTHER, 0, SPAN("")};
    switch (config_setting_type(where)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        value.kind = VALUE_NUMBER;
        value.number = config_setting_get_int64(where);
        break;
    case CONFIG_TYPE_STRING:
        value.kind = VALUE_TEXT;
        value.text = span_of(config_setting_get_string(where));
        break;
    case CONFIG_TYPE_BOOL:
        value.kind = VALUE_FLAG;
        value.number = config_setting_get_bool(where) ? 1 : 0;
        break;
    default:
        break;
    }
    return value;
}

struct value
value_of_default(const char *text)
{
    uint64_t number;
    struct value value = {VALUE_TEXT, 0, span_of(text)};
    if (text[0] != '0' && span_to_u64(value.text, &number)) {
        return (struct value){VALUE_NUMBER, (int64_t)number, SPAN("")};
    }
    if (span_equal(value.text, SPAN("0"))) {
        return (struct value){VALUE_NUMBER, 0, SPAN("")};
    }
    if (span_equal(value.text, SPAN("false"))) {
        return (struct value){VALUE_FLAG, 0, SPAN("")};
    }
    return value;
}

bool
value_read(struct reader *reader, const struct setting *setting, const struct value *value,
           void *out)
{
    CHECK(setting->type > SETTING_TYPE_LATER && setting->type < SETTING_TYPE_COUNT_OF);
    reader->hint = NULL;
    reader->is_later = false;
    return functions[setting->type](reader, setting, value, out);
}
