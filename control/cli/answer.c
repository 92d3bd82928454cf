#include "control/cli/answer.h"

#include "proxy/base/nesting.h"

enum { ANSWER_DEPTH_MAX = 16 };

json_t *
cli_answer_parse(struct span text)
{
    if (!nesting_is_within(text, ANSWER_DEPTH_MAX)) {
        return NULL;
    }
    json_t *value = json_loadb(text.data, text.size, 0, NULL);
    if (!json_is_object(value)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

const char *
cli_answer_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

uint64_t
cli_answer_number(const json_t *object, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(object, key));
    return number < 0 ? 0 : (uint64_t)number;
}

bool
cli_answer_flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

const json_t *
cli_answer_object(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_object(value) ? value : NULL;
}

size_t
cli_answer_count(const json_t *object, const char *key)
{
    return json_array_size(json_object_get(object, key));
}

const json_t *
cli_answer_item(const json_t *object, const char *key, size_t i)
{
    return json_array_get(json_object_get(object, key), i);
}
