#include "control/core/settings.h"

#include <string.h>

const struct core_role_settings *
core_settings_find(const struct core_settings *settings, const char *role)
{
    for (size_t i = 0; i < settings->role_count; i++) {
        if (strcmp(settings->roles[i].name, role) == 0) {
            return &settings->roles[i];
        }
    }
    return NULL;
}
