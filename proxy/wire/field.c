#include "proxy/wire/field.h"

#include "proxy/base/check.h"
#include "proxy/wire/scan.h"

struct field_row {
    const char *name;
    uint8_t size;
    uint8_t class;
};

static const struct field_row field_rows[FIELD_COUNT] = {
    [FIELD_OTHER] = {"", 0, FIELD_CLASS_PLAIN},
#define FIELD(id, name, class) [FIELD_##id] = {name, sizeof(name) - 1, FIELD_CLASS_##class},
#include "proxy/wire/fields.def"
#undef FIELD
};

_Static_assert(FIELD_COUNT <= 64, "sets of fields are 64 bits");

enum { NAME_SIZE_MAX = 25, SAME_SIZE_MAX = 4 };

/* The names of each size. A test looks every name of fields.def up, so that none can be forgotten
 * here. */
static const uint8_t by_size[NAME_SIZE_MAX + 1][SAME_SIZE_MAX] = {
    [2] = {FIELD_TE},
    [3] = {FIELD_VIA},
    [4] = {FIELD_HOST, FIELD_DATE},
    [5] = {FIELD_PROXY},
    [6] = {FIELD_ACCEPT, FIELD_COOKIE, FIELD_SERVER, FIELD_EXPECT},
    [7] = {FIELD_REFERER, FIELD_UPGRADE, FIELD_TRAILER},
    [8] = {FIELD_LOCATION},
    [10] = {FIELD_CONNECTION, FIELD_USER_AGENT, FIELD_KEEP_ALIVE, FIELD_SET_COOKIE},
    [11] = {FIELD_RETRY_AFTER},
    [12] = {FIELD_CONTENT_TYPE, FIELD_REQUEST_ID, FIELD_MAX_FORWARDS},
    [13] = {FIELD_CACHE_CONTROL, FIELD_AUTHORIZATION, FIELD_CONTENT_RANGE, FIELD_TURNOUT_BUILD},
    [14] = {FIELD_CONTENT_LENGTH, FIELD_TURNOUT_REASON, FIELD_HTTP2_SETTINGS},
    [15] = {FIELD_FORWARDED_FOR},
    [16] = {FIELD_FORWARDED_HOST, FIELD_CONTENT_ENCODING, FIELD_PROXY_CONNECTION},
    [17] = {FIELD_TRANSFER_ENCODING, FIELD_FORWARDED_PROTO},
    [25] = {FIELD_HSTS},
};

static uint64_t
load_lower(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return word | 0x2020202020202020ULL;
}

/* Whether a token is this name of fields.def, in any case. Setting bit 5 folds letters, and takes
 * no other character of a token to one that our names have ('-' and digits have it set already). */
static bool
is_name(const char *token, const char *name, size_t size)
{
    if (((token[0] ^ name[0]) & ~0x20) != 0) {
        return false;
    }
    if (size < sizeof(uint64_t)) {
        size_t i = 1;
        while (i < size && (token[i] | 0x20) == name[i]) {
            i++;
        }
        return i == size;
    }
    size_t last = size - sizeof(uint64_t);
    for (size_t i = 0; i < last; i += sizeof(uint64_t)) {
        if (load_lower(token + i) != load_lower(name + i)) {
            return false;
        }
    }
    return load_lower(token + last) == load_lower(name + last);
}

enum field_id
field_id_of(struct span name)
{
    if (name.size > NAME_SIZE_MAX) {
        return FIELD_OTHER;
    }
    const uint8_t *ids = by_size[name.size];
    for (unsigned i = 0; i < SAME_SIZE_MAX && ids[i] != FIELD_OTHER; i++) {
        if (is_name(name.data, field_rows[ids[i]].name, name.size)) {
            return (enum field_id)ids[i];
        }
    }
    return FIELD_OTHER;
}

enum field_id
field_id_like(struct span name)
{
    char folded[NAME_SIZE_MAX];
    if (name.size == 0 || name.size > NAME_SIZE_MAX || memchr(name.data, '_', name.size) == NULL) {
        return FIELD_OTHER;
    }
    for (size_t i = 0; i < name.size; i++) {
        folded[i] = name.data[i] == '_' ? '-' : name.data[i];
    }
    return field_id_of((struct span){folded, name.size});
}

const char *
field_id_name(enum field_id id)
{
    CHECK((unsigned)id < FIELD_COUNT);
    return field_rows[id].name;
}

enum field_class
field_id_class(enum field_id id)
{
    CHECK((unsigned)id < FIELD_COUNT);
    return (enum field_class)field_rows[id].class;
}

const struct field *
field_list_find(const struct field_list *list, enum field_id id, const struct field *after)
{
    const struct field *end = list->items + list->count;
    if (!field_list_has(list, id)) {
        return NULL;
    }
    if (after == NULL) {
        return &list->items[list->first[id]];
    }
    for (const struct field *field = after + 1; field < end; field++) {
        if (field->id == id) {
            return field;
        }
    }
    return NULL;
}

const struct field *
field_list_find_name(const struct field_list *list, struct span name)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (span_equal_nocase(field_name(&list->items[i]), name)) {
            return &list->items[i];
        }
    }
    return NULL;
}

bool
field_is_token(struct span text)
{
    return text.size > 0 && scan_token(text.data, text.data + text.size) == text.data + text.size;
}

bool
field_is_value(struct span text)
{
    return text.size == 0 || scan_value(text.data, text.data + text.size) == text.data + text.size;
}
