#include "conf/setting.h"

#include <string.h>
#include "conf/conf.h"

/* Each member has the C type that its setting's type writes. */
#define STORES(owner, member, want)                                                                \
    _Static_assert(__builtin_types_compatible_p(__typeof__(((struct owner *)0)->member), want),    \
                   #member " is not stored as its type says")
#define TYPE(name, reader, store, wanted) typedef store setting_store_##name;
#include "conf/types.def"
#undef TYPE
#define GROUP(path, meaning)
#define OPTIONAL(path, owner, flag, meaning) STORES(owner, flag, bool);
#define LIST(path, owner, member, count, item, min, max, meaning)                                  \
    STORES(owner, member, const struct item *);                                                    \
    STORES(owner, count, size_t);
#define SETTING(path, owner, member, type, text, min, max, meaning)                                \
    STORES(owner, member, setting_store_##type);
#define SETTINGS(path, owner, member, count, type, text, min, max, meaning)                        \
    STORES(owner, count, size_t);
#define LATER(path)
#include "conf/settings.def"
#undef GROUP
#undef OPTIONAL
#undef LIST
#undef SETTING
#undef SETTINGS
#undef LATER

#define IS_TEXT(type)     __builtin_types_compatible_p(setting_store_##type, const char *)
#define AT(owner, member) ((long)offsetof(struct owner, member))
#define GROUP(path, meaning)                                                                       \
    {path, SETTING_TYPE_GROUP, false, false, SETTING_NOWHERE, 0, 0, "", 0, 0, meaning},
#define OPTIONAL(path, owner, flag, meaning)                                                       \
    {path, SETTING_TYPE_GROUP, false, false, AT(owner, flag), 0, 0, "", 0, 0, meaning},
#define LIST(path, owner, member, count, item, min, max, meaning)                                  \
    {path,                                                                                         \
     SETTING_TYPE_GROUP,                                                                           \
     true,                                                                                         \
     false,                                                                                        \
     AT(owner, member),                                                                            \
     AT(owner, count),                                                                             \
     sizeof(struct item),                                                                          \
     (min) > 0 ? NULL : "",                                                                        \
     min,                                                                                          \
     max,                                                                                          \
     meaning},
#define SETTING(path, owner, member, type, text, min, max, meaning)                                \
    {path,   SETTING_TYPE_##type, false, IS_TEXT(type), AT(owner, member), 0, 0, text, min, max,   \
     meaning},
#define SETTINGS(path, owner, member, count, type, text, min, max, meaning)                        \
    {path,                                                                                         \
     SETTING_TYPE_##type,                                                                          \
     true,                                                                                         \
     false,                                                                                        \
     AT(owner, member),                                                                            \
     AT(owner, count),                                                                             \
     sizeof(setting_store_##type),                                                                 \
     text,                                                                                         \
     min,                                                                                          \
     max,                                                                                          \
     meaning},
#define LATER(path) {path, SETTING_TYPE_LATER, false, false, SETTING_NOWHERE, 0, 0, "", 0, 0, ""},

static const struct setting settings[] = {
#include "conf/settings.def"
};

#define CHOICE(type, word, value, available) {SETTING_TYPE_##type, word, value, available},
static const struct setting_choice choices[] = {
#include "conf/choices.def"
};

const struct setting *
setting_at(size_t index)
{
    return index < sizeof(settings) / sizeof(settings[0]) ? &settings[index] : NULL;
}

const char *
setting_key(const struct setting *setting)
{
    const char *dot = strrchr(setting->path, '.');
    return dot == NULL ? setting->path : dot + 1;
}

bool
setting_is_in(const struct setting *setting, const char *group_path)
{
    size_t parent_size = (size_t)(setting_key(setting) - setting->path);
    size_t group_size = strlen(group_path);
    if (group_size == 0 || parent_size == 0) {
        return group_size == parent_size;
    }
    return parent_size == group_size + 1 && memcmp(setting->path, group_path, group_size) == 0;
}

const struct setting *
setting_find(const char *group_path, const char *key)
{
    const struct setting *setting;
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
        if (setting_is_in(setting, group_path) && strcmp(setting_key(setting), key) == 0) {
            return setting;
        }
    }
    return NULL;
}

const struct setting_choice *
setting_choice_at(enum setting_type type, size_t index)
{
    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        if (choices[i].type == type && index-- == 0) {
            return &choices[i];
        }
    }
    return NULL;
}
