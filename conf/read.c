#include "conf/reader.h"

#include "conf/setting.h"
#include "conf/value.h"
#include "proxy/base/check.h"
#include "proxy/base/log.h"

static void read_group(struct reader *reader, config_setting_t *group, const char *path,
                       char *base);

/* What was found, in words that fit behind "found". */
static void
write_found(config_setting_t *where, struct buf *out)
{
    char quoted[LOG_QUOTE_SIZE];
    switch (config_setting_type(where)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        buf_printf(out, "%lld", config_setting_get_int64(where));
        return;
    case CONFIG_TYPE_STRING:
        buf_append_text(out, log_quote(config_setting_get_string(where), quoted));
        return;
    case CONFIG_TYPE_BOOL:
        buf_append_text(out, config_setting_get_bool(where) ? "true" : "false");
        return;
    case CONFIG_TYPE_FLOAT:
        buf_append_text(out, "a number with a fraction");
        return;
    case CONFIG_TYPE_GROUP:
        buf_append_text(out, "a group { }");
        return;
    default:
        buf_printf(out, "a list of %d", config_setting_length(where));
    }
}

static const char *
text_of(struct buf *buf)
{
    const char *text = buf_string(buf);
    return text == NULL ? "?" : text;
}

static void
refuse_value(struct reader *reader, const struct setting *setting, config_setting_t *where)
{
    struct buf wanted;
    struct buf found;
    buf_init(&wanted);
    buf_init(&found);
    write_found(where, &found);
    setting_write_wanted(setting, &wanted);
    if (reader->has_no_memory) {
        /* Nothing is wrong with the file. */
    } else if (reader->is_later) {
        reader_error(reader, where, "%s is not available in this version; wanted %s",
                     text_of(&found), text_of(&wanted));
    } else {
        const char *hint = reader->hint;
        reader_error(reader, where, "wanted %s, found %s%s%s", text_of(&wanted), text_of(&found),
                     hint == NULL ? "" : ": ", hint == NULL ? "" : hint);
    }
    reader->hint = NULL;
    reader->is_later = false;
    buf_fini(&found);
    buf_fini(&wanted);
}

static void
default_one(struct reader *reader, const struct setting *setting, char *base)
{
    struct value value = value_of_default(setting->default_text);
    void *out = base + setting->offset;
    if (setting->is_list) {
        out = reader_take(reader, setting->item_size);
    }
    if (out == NULL) {
        return;
    }
    bool is_read = value_read(reader, setting, &value, out);
    CHECK(is_read || reader->has_no_memory);
    if (setting->is_list) {
        *(void **)(void *)(base + setting->offset) = out;
        *(size_t *)(void *)(base + setting->count_offset) = 1;
    }
}

/* What is there before the file has its say, in a group and in the groups within it. */
static void
default_all(struct reader *reader, const char *path, char *base)
{
    const struct setting *setting;
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
        if (!setting_is_in(setting, path) || setting->type == SETTING_TYPE_LATER) {
            continue;
        }
        if (setting->is_text) {
            *(const char **)(void *)(base + setting->offset) = "";
        }
        if (setting->type == SETTING_TYPE_GROUP) {
            if (!setting->is_list) {
                default_all(reader, setting->path, base);
            }
        } else if (setting->default_text != NULL && setting->default_text[0] != '\0') {
            default_one(reader, setting, base);
        }
    }
}

/* An empty text says the same as leaving the setting out. */
static bool
is_empty_default(const struct setting *setting)
{
    return setting->default_text != NULL && setting->default_text[0] == '\0';
}

static void
read_item(struct reader *reader, const struct setting *setting, config_setting_t *where, void *out)
{
    struct setting item = *setting;
    item.is_list = false;
    if (setting->type == SETTING_TYPE_GROUP) {
        if (!config_setting_is_group(where)) {
            default_all(reader, setting->path, out);
            refuse_value(reader, &item, where);
            return;
        }
        read_group(reader, where, setting->path, out);
        return;
    }
    struct value value = value_of(where);
    if (!setting->is_list && value.kind == VALUE_TEXT && value.text.size == 0 &&
        is_empty_default(setting)) {
        return;
    }
    if (!value_read(reader, &item, &value, out)) {
        refuse_value(reader, &item, where);
        config_setting_set_hook(config_setting_parent(where), config_setting_get_hook(where));
    }
}

static void
read_list(struct reader *reader, const struct setting *setting, config_setting_t *where, char *base)
{
    bool is_list = config_setting_is_list(where) || config_setting_is_array(where);
    size_t count = is_list ? (size_t)config_setting_length(where) : 0;
    if (!is_list || count < setting->min || count > setting->max) {
        refuse_value(reader, setting, where);
        return;
    }
    char *items = reader_take(reader, count * setting->item_size);
    if (items == NULL) {
        return;
    }
    *(void **)(void *)(base + setting->offset) = items;
    *(size_t *)(void *)(base + setting->count_offset) = count;
    for (size_t i = 0; i < count; i++) {
        read_item(reader, setting, config_setting_get_elem(where, (unsigned)i),
                  items + i * setting->item_size);
    }
}

static void
read_setting(struct reader *reader, const struct setting *setting, config_setting_t *where,
             char *base)
{
    if (setting->type == SETTING_TYPE_LATER) {
        reader_error(reader, where, "not available in this version; take it out");
        return;
    }
    if (setting->is_list) {
        read_list(reader, setting, where, base);
        return;
    }
    if (setting->type == SETTING_TYPE_GROUP && setting->offset != SETTING_NOWHERE) {
        *(bool *)(base + setting->offset) = true;
    }
    void *out = setting->offset == SETTING_NOWHERE || setting->type == SETTING_TYPE_GROUP
                    ? base
                    : base + setting->offset;
    read_item(reader, setting, where, out);
}

static void
refuse_name(struct reader *reader, const char *path, config_setting_t *where)
{
    const struct setting *nearest = setting_nearest(path, config_setting_name(where));
    if (nearest == NULL) {
        reader_error(reader, where,
                     "no setting has this name; turnoutd --print-settings lists them");
    } else if (setting_is_in(nearest, path)) {
        reader_error(reader, where, "no setting has this name; did you mean \"%s\"?",
                     setting_key(nearest));
    } else {
        reader_error(reader, where, "no setting has this name here; did you mean \"%s\"?",
                     nearest->path);
    }
}

static void
require_all(struct reader *reader, config_setting_t *group, const char *path)
{
    struct buf wanted;
    const struct setting *setting;
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
        if (!setting_is_in(setting, path) || setting->default_text != NULL ||
            config_setting_get_member(group, setting_key(setting)) != NULL) {
            continue;
        }
        buf_init(&wanted);
        setting_write_wanted(setting, &wanted);
        reader_error(reader, group, "\"%s\" is missing; wanted %s", setting_key(setting),
                     text_of(&wanted));
        buf_fini(&wanted);
    }
}

static void
read_group(struct reader *reader, config_setting_t *group, const char *path, char *base)
{
    default_all(reader, path, base);
    for (int i = 0; i < config_setting_length(group); i++) {
        config_setting_t *where = config_setting_get_elem(group, (unsigned)i);
        const struct setting *setting = setting_find(path, config_setting_name(where));
        if (setting == NULL) {
            refuse_name(reader, path, where);
        } else {
            read_setting(reader, setting, where, base);
        }
    }
    require_all(reader, group, path);
}

void
read_file(struct reader *reader, config_setting_t *root, struct conf *conf)
{
    read_group(reader, root, "", (char *)conf);
}
