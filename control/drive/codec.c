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

/* False when there was no memory for the value, or it is no UTF-8: then the event is not encoded,
 * for one that lacks a field would say something else. */
static bool
put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static bool
put_text(json_t *object, const char *key, const char *text)
{
    return text[0] == '\0' || put(object, key, json_string(text));
}

static bool
put_number(json_t *object, const char *key, uint64_t number)
{
    return number == 0 || put(object, key, json_integer((json_int_t)number));
}

static bool
put_digest(json_t *object, const char *key, const struct digest *digest)
{
    return core_digest_is_none(digest) || put(object, key, encode_digest(digest));
}

static bool
put_addresses(json_t *object, const char *key, const struct core_event *event)
{
    json_t *array = json_array();
    bool is_whole = true;
    for (size_t i = 0; i < event->address_count; i++) {
        is_whole &= json_array_append_new(array, json_string(event->addresses[i])) == 0;
    }
    return put(object, key, array) && is_whole;
}

static bool
put_moves(json_t *object, const char *key, const struct core_event *event)
{
    json_t *array = json_array();
    bool is_whole = true;
    for (size_t i = 0; i < event->move_count; i++) {
        const struct core_move *move = &event->moves[i];
        json_t *item = json_object();
        is_whole &= put(item, "role", json_string(move->role));
        is_whole &= put_digest(item, "from", &move->from);
        is_whole &= put(item, "to", encode_digest(&move->to));
        is_whole &= json_array_append_new(array, item) == 0;
    }
    return put(object, key, array) && is_whole;
}

/* A field that is zero, empty or false is left out. */
static bool
put_field(json_t *object, const struct core_event *event, const struct core_field_info *info)
{
    const void *member = (const char *)event + info->offset;
    uint64_t number;
    switch (info->type) {
    case CORE_TYPE_TEXT:
        return put_text(object, info->key, member);
    case CORE_TYPE_NUMBER:
        return put_number(object, info->key, *(const uint64_t *)member);
    case CORE_TYPE_FLAG:
        return !*(const bool *)member || put(object, info->key, json_true());
    case CORE_TYPE_DIGEST:
        return put_digest(object, info->key, member);
    case CORE_TYPE_NAME:
        number = *(const uint64_t *)member;
        CHECK(number < info->name_count);
        return put(object, info->key, json_string(info->names[number]));
    case CORE_TYPE_ADDRESSES:
        return put_addresses(object, info->key, event);
    case CORE_TYPE_MOVES:
        return put_moves(object, info->key, event);
    default:
        return false;
    }
}

static bool
put_fields(json_t *object, const struct core_event *event)
{
    bool is_whole = true;
    for (int field = 0; field < CORE_FIELD_COUNT; field++) {
        if (core_event_has_field(event->kind, (enum core_field)field)) {
            is_whole &= put_field(object, event, core_field_info((enum core_field)field));
        }
    }
    return is_whole;
}

/* Takes the object over; one that is not whole is not written. */
static enum err
dump(json_t *object, bool is_whole, struct buf *out)
{
    char *text = is_whole ? json_dumps(object, CODEC_DUMP) : NULL;
    json_decref(object);
    bool is_done = text != NULL && buf_append_text(out, text);
    free(text);
    return is_done ? ERR_OK : ERR_NO_MEMORY;
}

enum err
codec_encode(const struct core_event *event, uint64_t nonce, struct buf *out)
{
    json_t *object = json_object();
    bool is_whole = put(object, "event", json_string(core_event_name(event->kind)));
    is_whole &= put(object, "at_us", json_integer((json_int_t)event->wall_us));
    is_whole &= put_text(object, "by", event->by);
    is_whole &= put_text(object, "claimed", event->claimed);
    is_whole &= put_text(object, "note", event->note);
    if (nonce != 0) {
        char text[CODEC_NONCE_SIZE];
        snprintf(text, sizeof(text), "%016" PRIx64, nonce);
        is_whole &= put(object, "nonce", json_string(text));
    }
    is_whole &= put_fields(object, event);
    return dump(object, is_whole, out);
}

/* Of these nothing is an answer too: a share that was taken away, a drain that cut nobody. */
static bool
put_counts(json_t *object, const struct core_event *event)
{
    static const enum core_field counts[] = {CORE_FIELD_WEIGHT_BP, CORE_FIELD_FINISHED,
                                             CORE_FIELD_CUT, CORE_FIELD_OLDEST_MS};
    bool is_whole = true;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        const char *key = core_field_info(counts[i])->key;
        if (core_event_has_field(event->kind, counts[i]) && json_object_get(object, key) == NULL) {
            is_whole &= put(object, key, json_integer(0));
        }
    }
    return is_whole;
}

enum err
codec_describe(const struct core_event *event, uint64_t epoch, struct buf *out)
{
    char at[CLOCK_RFC3339_SIZE];
    clock_format_rfc3339(event->wall_us, at);
    json_t *object = json_object();
    bool is_whole = put(object, "epoch", json_integer((json_int_t)epoch));
    is_whole &= put(object, "at", json_string(at));
    is_whole &= put(object, "event", json_string(core_event_name(event->kind)));
    is_whole &= put(object, "by", json_string(event->by));
    is_whole &= put_text(object, "claimed", event->claimed);
    is_whole &= put(object, "note", json_string(event->note));
    is_whole &= put_fields(object, event);
    is_whole &= put_counts(object, event);
    return dump(object, is_whole, out);
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

/* A move with a member that only a newer version knows. */
static bool
moves_are_newer(const json_t *value)
{
    bool is_newer = false;
    for (size_t i = 0; i < json_array_size(value); i++) {
        json_t *move = json_array_get(value, i);
        const char *key;
        json_t *member;
        json_object_foreach(move, key, member)
        {
            is_newer |=
                strcmp(key, "role") != 0 && strcmp(key, "from") != 0 && strcmp(key, "to") != 0;
        }
    }
    return is_newer;
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
        bool is_newer =
            field == CORE_FIELD_COUNT || (field == CORE_FIELD_MOVES && moves_are_newer(value));
        if (common > 0 && is_newer) {
            snprintf(trouble, trouble_size,
                     "event %s has a field \"%s\" that this version does not understand",
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
