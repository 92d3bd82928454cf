#include "control/cli/answer.h"

enum { ANSWER_DEPTH_MAX = 16 };

/* jansson bounds the depth that it parses at 2048; what we print is flat. */
static bool
answer_is_shallow(struct span text)
{
    size_t depth = 0;
    bool is_string = false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (is_string) {
            i += c == '\\' ? 1 : 0;
            is_string = c != '"';
            continue;
        }
        is_string = c == '"';
        depth += c == '{' || c == '[' ? 1 : 0;
        depth -= (c == '}' || c == ']') && depth > 0 ? 1 : 0;
        if (depth > ANSWER_DEPTH_MAX) {
            return false;
        }
    }
    return true;
}

json_t *
cli_answer_parse(struct span text)
{
    if (!answer_is_shallow(text)) {
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
