#include "control/drive/codec.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "proxy/base/check.h"
#include "proxy/base/clock.h"

enum { CODEC_DUMP = JSON_COMPACT, CODEC_NONCE_SIZE = 17 };

static json_t *
encode_digest(const struct digest *digest)
{
    char hex[DIGEST_HEX_SIZE];
    digest_to_hex(digest, hex);
    return json_string(hex);
}

static json_t *
encode_addresses(const struct core_event *event)
{
    json_t *array = json_array();
    for (size_t i = 0; i < event->address_count; i++) {
        json_array_append_new(array, json_string(event->addresses[i]));
    }
    return array;
}

static json_t *
encode_moves(const struct core_event *event)
{
    json_t *array = json_array();
    for (size_t i = 0; i < event->move_count; i++) {
        const struct core_move *move = &event->moves[i];
        json_t *object = json_object();
        json_object_set_new(object, "role", json_string(move->role));
        if (!core_digest_is_none(&move->from)) {
            json_object_set_new(object, "from", encode_digest(&move->from));
        }
        json_object_set_new(object, "to", encode_digest(&move->to));
        json_array_append_new(array, object);
    }
    return array;
}

/* The value of a field, NULL when it is zero, empty or false: such a field is left out. */
static json_t *
encode_field(const struct core_event *event, const struct core_field_info *info)
{
    const void *member = (const char *)event + info->offset;
    uint64_t number;
    switch (info->type) {
    case CORE_TYPE_TEXT:
        return *(const char *)member == '\0' ? NULL : json_string(member);
    case CORE_TYPE_NUMBER:
        number = *(const uint64_t *)member;
        return number == 0 ? NULL : json_integer((json_int_t)number);
    case CORE_TYPE_FLAG:
        return *(const bool *)member ? json_true() : NULL;
    case CORE_TYPE_DIGEST:
        return core_digest_is_none(member) ? NULL : encode_digest(member);
    case CORE_TYPE_NAME:
        number = *(const uint64_t *)member;
        CHECK(number < info->name_count);
        return json_string(info->names[number]);
    case CORE_TYPE_ADDRESSES:
        return encode_addresses(event);
    case CORE_TYPE_MOVES:
        return encode_moves(event);
    default:
        return NULL;
    }
}

static void
encode_fields(json_t *object, const struct core_event *event)
{
    for (int field = 0; field < CORE_FIELD_COUNT; field++) {
        const struct core_field_info *info = core_field_info((enum core_field)field);
        json_t *value = NULL;
        if (core_event_has_field(event->kind, (enum core_field)field)) {
            value = encode_field(event, info);
        }
        if (value != NULL) {
            json_object_set_new(object, info->key, value);
        }
    }
}

static void
set_text(json_t *object, const char *key, const char *text)
{
    if (text[0] != '\0') {
        json_object_set_new(object, key, json_string(text));
    }
}

/* Takes the object over. Every setter above may have failed for want of memory, which leaves a gap;
 * the caller counts. */
static enum err
dump(json_t *object, struct buf *out)
{
    char *text = json_dumps(object, CODEC_DUMP);
    json_decref(object);
    bool is_done = text != NULL && buf_append_text(out, text);
    free(text);
    return is_done ? ERR_OK : ERR_NO_MEMORY;
}

enum err
codec_encode(const struct core_event *event, uint64_t nonce, struct buf *out)
{
    json_t *object = json_object();
    json_object_set_new(object, "event", json_string(core_event_name(event->kind)));
    json_object_set_new(object, "at_us", json_integer((json_int_t)event->wall_us));
    set_text(object, "by", event->by);
    set_text(object, "claimed", event->claimed);
    set_text(object, "note", event->note);
    if (nonce != 0) {
        char text[CODEC_NONCE_SIZE];
        snprintf(text, sizeof(text), "%016" PRIx64, nonce);
        json_object_set_new(object, "nonce", json_string(text));
    }
    encode_fields(object, event);
    return dump(object, out);
}

enum err
codec_describe(const struct core_event *event, uint64_t epoch, struct buf *out)
{
    char at[CLOCK_RFC3339_SIZE];
    clock_format_rfc3339(event->wall_us, at);
    json_t *object = json_object();
    json_object_set_new(object, "epoch", json_integer((json_int_t)epoch));
    json_object_set_new(object, "at", json_string(at));
    json_object_set_new(object, "event", json_string(core_event_name(event->kind)));
    json_object_set_new(object, "by", json_string(event->by));
    set_text(object, "claimed", event->claimed);
    json_object_set_new(object, "note", json_string(event->note));
    encode_fields(object, event);
    return dump(object, out);
}

static bool
decode_text(const json_t *value, char *out, size_t size)
{
    const char *text = json_string_value(value);
    if (text == NULL || json_string_length(value) >= size ||
        strlen(text) != json_string_length(value)) {
        return false;
    }
    memcpy(out, text, json_string_length(value) + 1);
    return true;
}

static bool
decode_digest(const json_t *value, struct digest *out)
{
    return json_is_string(value) &&
           digest_from_hex((struct span){json_string_value(value), json_string_length(value)}, out);
}

static bool
decode_number(const json_t *value, uint64_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return false;
    }
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static bool
decode_name(const json_t *value, const struct core_field_info *info, uint64_t *out)
{
    const char *text = json_string_value(value);
    for (size_t i = 0; text != NULL && i < info->name_count; i++) {
        if (strcmp(text, info->names[i]) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool
decode_addresses(const json_t *value, struct core_event *event)
{
    char addresses[CORE_ADDRESSES_MAX][CORE_ADDRESS_SIZE];
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count > CORE_ADDRESSES_MAX) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!decode_text(json_array_get(value, i), addresses[i], CORE_ADDRESS_SIZE)) {
            return false;
        }
    }
    return core_event_set_addresses(event, addresses, count) == ERR_OK;
}

static bool
decode_moves(const json_t *value, struct core_event *event)
{
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count > CORE_MOVES_MAX) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *object = json_array_get(value, i);
        const json_t *from = json_object_get(object, "from");
        struct core_move *move = &event->moves[i];
        if (!decode_text(json_object_get(object, "role"), move->role, sizeof(move->role)) ||
            (from != NULL && !decode_digest(from, &move->from)) ||
            !decode_digest(json_object_get(object, "to"), &move->to)) {
            return false;
        }
    }
    event->move_count = count;
    return true;
}

static bool
decode_field(const json_t *value, const struct core_field_info *info, struct core_event *event)
{
    void *member = (char *)event + info->offset;
    switch (info->type) {
    case CORE_TYPE_TEXT:
        return decode_text(value, member, info->size);
    case CORE_TYPE_NUMBER:
        return decode_number(value, member);
    case CORE_TYPE_FLAG:
        *(bool *)member = json_is_true(value);
        return json_is_boolean(value);
    case CORE_TYPE_DIGEST:
        return decode_digest(value, member);
    case CORE_TYPE_NAME:
        return decode_name(value, info, member);
    case CORE_TYPE_ADDRESSES:
        return decode_addresses(value, event);
    case CORE_TYPE_MOVES:
        return decode_moves(value, event);
    default:
        return false;
    }
}

/* The field of the event's kind with this key, or CORE_FIELD_COUNT. */
static enum core_field
find_field(enum core_event_kind kind, const char *key)
{
    for (int field = 0; field < CORE_FIELD_COUNT; field++) {
        if (core_event_has_field(kind, (enum core_field)field) &&
            strcmp(core_field_info((enum core_field)field)->key, key) == 0) {
            return (enum core_field)field;
        }
    }
    return CORE_FIELD_COUNT;
}

/* What every event has; 0: the key is one of them and right, 1: it is not one of them, -1: it is
 * wrong. */
static int
decode_common(const char *key, const json_t *value, struct core_event *event)
{
    bool is_right;
    if (strcmp(key, "event") == 0 || strcmp(key, "nonce") == 0) {
        is_right = json_is_string(value);
    } else if (strcmp(key, "at_us") == 0) {
        is_right = decode_number(value, &event->wall_us);
    } else if (strcmp(key, "by") == 0) {
        is_right = decode_text(value, event->by, sizeof(event->by));
    } else if (strcmp(key, "claimed") == 0) {
        is_right = decode_text(value, event->claimed, sizeof(event->claimed));
    } else if (strcmp(key, "note") == 0) {
        is_right = decode_text(value, event->note, sizeof(event->note));
    } else {
        return 1;
    }
    return is_right ? 0 : -1;
}

static enum err
decode_members(json_t *object, struct core_event *event, char *trouble, size_t trouble_size)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        int common = decode_common(key, value, event);
        if (common == 0) {
            continue;
        }
        enum core_field field = find_field(event->kind, key);
        if (common > 0 && field == CORE_FIELD_COUNT) {
            snprintf(trouble, trouble_size,
                     "event %s has a field \"%s\" that this version does not know",
                     core_event_name(event->kind), key);
            return ERR_VERSION;
        }
        if (common < 0 || !decode_field(value, core_field_info(field), event)) {
            snprintf(trouble, trouble_size, "event %s has a value of \"%s\" that is not valid",
                     core_event_name(event->kind), key);
            return ERR_CORRUPT;
        }
    }
    return ERR_OK;
}

enum err
codec_decode(struct span bytes, struct core_event *out, char *trouble, size_t trouble_size)
{
    json_error_t error;
    json_t *object = json_loadb(bytes.data, bytes.size, JSON_REJECT_DUPLICATES, &error);
    const char *name = json_string_value(json_object_get(object, "event"));
    if (name == NULL) {
        snprintf(trouble, trouble_size, "an event is no JSON object with its name: %s", error.text);
        json_decref(object);
        return ERR_CORRUPT;
    }
    struct core_event event;
    enum core_event_kind kind;
    if (!core_event_kind_of(name, &kind)) {
        snprintf(trouble, trouble_size, "an event \"%.64s\" is not known to this version", name);
        json_decref(object);
        return ERR_VERSION;
    }
    core_event_init(&event, kind);
    enum err err = decode_members(object, &event, trouble, trouble_size);
    json_decref(object);
    if (err != ERR_OK) {
        core_event_fini(&event);
        return err;
    }
    *out = event;
    return ERR_OK;
}
