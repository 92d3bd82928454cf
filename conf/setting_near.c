#include "conf/setting.h"

#include <string.h>
#include "proxy/base/near.h"

static const struct setting *
near_elsewhere(const char *key)
{
    const struct setting *setting;
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
        if (setting->type != SETTING_TYPE_LATER && strcmp(setting_key(setting), key) == 0) {
            return setting;
        }
    }
    return NULL;
}

const struct setting *
setting_nearest(const char *group_path, const char *key)
{
    const struct setting *nearest = NULL;
    size_t nearest_distance = strlen(key) / 3 + 1;
    const struct setting *setting;
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
        if (setting->type == SETTING_TYPE_LATER || !setting_is_in(setting, group_path)) {
            continue;
        }
        size_t distance = near_distance(key, setting_key(setting));
        if (distance <= nearest_distance) {
            nearest = setting;
            nearest_distance = distance - (distance > 0 ? 1 : 0);
        }
    }
    return nearest != NULL ? nearest : near_elsewhere(key);
}
