#include "control/api/body.h"

#include <string.h>
#include "proxy/base/nesting.h"

enum body_type { TYPE_TEXT, TYPE_NUMBER, TYPE_FLAG, TYPE_ADDRESSES, TYPE_TARGETS };

static const struct body_facts {
    const char *key;
    enum body_type type;
    size_t offset;
} facts[BODY_FIELD_COUNT] = {
#define API_FIELD(name, key, type, member) {key, TYPE_##type, offsetof(struct body, member)},
#include "control/api/fields.def"
#undef API_FIELD
};

static const char *const type_names[] = {
    [TYPE_TEXT] = "a text",
    [TYPE_NUMBER] = "a whole number from 0 on",
    [TYPE_FLAG] = "true or false",
    [TYPE_ADDRESSES] = "a list of at most 256 texts",
    [TYPE_TARGETS] = "a list of at most 8 objects {\"role\",\"set\"}",
};

static const json_int_t number_max = ((json_int_t)1 << 53) - 1;

static bool
body_take_text(const json_t *value, void *out)
{
    *(const char **)out = json_string_value(value);
    return json_is_string(value);
}

static bool
body_take_number(const json_t *value, void *out)
{
    json_int_t number = json_integer_value(value);
    *(uint64_t *)out = (uint64_t)number;
    return json_is_integer(value) && number >= 0 && number <= number_max;
}

static bool
body_take_flag(const json_t *value, void *out)
{
    *(bool *)out = json_is_true(value);
    return json_is_boolean(value);
}

static bool
body_take_addresses(const json_t *value, void *out)
{
    struct body_addresses *addresses = out;
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count > BODY_ADDRESSES_MAX) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        addresses->items[i] = json_string_value(json_array_get(value, i));
        if (addresses->items[i] == NULL) {
            return false;
        }
    }
    addresses->count = count;
    return true;
}

static bool
body_take_targets(const json_t *value, void *out)
{
    struct body_targets *targets = out;
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count == 0 || count > BODY_TARGETS_MAX) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(value, i);
        targets->items[i].role = json_string_value(json_object_get(item, "role"));
        targets->items[i].set = json_string_value(json_object_get(item, "set"));
        if (json_object_size(item) != 2 || targets->items[i].role == NULL ||
            targets->items[i].set == NULL) {
            return false;
        }
    }
    targets->count = count;
    return true;
}

static bool
body_take(const struct body_facts *field, const json_t *value, struct body *out)
{
    static bool (*const takers[])(const json_t *value, void *out) = {
        [TYPE_TEXT] = body_take_text,       [TYPE_NUMBER] = body_take_number,
        [TYPE_FLAG] = body_take_flag,       [TYPE_ADDRESSES] = body_take_addresses,
        [TYPE_TARGETS] = body_take_targets,
    };
    return takers[field->type](value, (char *)out + field->offset);
}

/* The field with this key among the allowed ones; BODY_FIELD_COUNT when there is none. */
static unsigned
body_find(const char *key, uint32_t allowed)
{
    unsigned i = 0;
    while (i < BODY_FIELD_COUNT && ((allowed & (1U << i)) == 0 || strcmp(facts[i].key, key) != 0)) {
        i++;
    }
    return i;
}

static bool
body_fill(struct body *out, uint32_t allowed, struct buf *error)
{
    const char *key;
    json_t *value;
    json_object_foreach(out->root, key, value)
    {
        unsigned field = body_find(key, allowed);
        if (field == BODY_FIELD_COUNT) {
            buf_printf(error, "this call does not take the key \"%.64s\"", key);
            return false;
        }
        if (!body_take(&facts[field], value, out)) {
            buf_printf(error, "\"%s\" is to be %s", key, type_names[facts[field].type]);
            return false;
        }
        out->given |= 1U << field;
    }
    return true;
}

static bool
body_check_required(const struct body *body, uint32_t required, struct buf *error)
{
    for (unsigned i = 0; i < BODY_FIELD_COUNT; i++) {
        if ((required & (1U << i)) != 0 && (body->given & (1U << i)) == 0) {
            buf_printf(error, "the key \"%s\" is missing", facts[i].key);
            return false;
        }
    }
    return true;
}

static json_t *
body_parse(struct span text, struct buf *error)
{
    json_error_t where;
    if (!nesting_is_within(text, BODY_DEPTH_MAX)) {
        buf_printf(error, "the body is nested deeper than %d", BODY_DEPTH_MAX);
        return NULL;
    }
    json_t *root = text.size == 0
                       ? json_object()
                       : json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL) {
        buf_printf(error, "the body is not JSON: line %d, column %d: %s", where.line, where.column,
                   where.text);
    } else if (!json_is_object(root)) {
        buf_append_text(error, "the body is to be one JSON object");
        json_decref(root);
        root = NULL;
    }
    return root;
}

bool
body_read(struct span text, uint32_t allowed, uint32_t required, struct body *out,
          struct buf *error)
{
    memset(out, 0, sizeof(*out));
    out->root = body_parse(text, error);
    if (out->root == NULL) {
        return false;
    }
    if (!body_fill(out, allowed, error) || !body_check_required(out, required, error)) {
        body_fini(out);
        return false;
    }
    return true;
}

void
body_fini(struct body *body)
{
    json_decref(body->root);
    body->root = NULL;
}
