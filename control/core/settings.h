/*
 * settings: what decisions obey of the configuration. Plain values that the driver fills once at
 * start; the names are its own and live as long.
 */
#ifndef TURNOUT_CORE_SETTINGS_H
#define TURNOUT_CORE_SETTINGS_H

#include <stddef.h>
#include <stdint.h>
#include "proxy/table/settings.h"

struct core_role_settings {
    const char *name;
    enum table_order order;
    uint32_t rise; /* passed checks in a row that make an instance ready */
    uint64_t ready_timeout_ms;
    uint64_t drain_timeout_ms;
    uint64_t rollback_window_ms;
    uint64_t hold_timeout_ms;
    uint64_t hold_max_ms;
};

struct core_settings {
    const struct core_role_settings *roles;
    size_t role_count;
};

/* NULL when it is not configured. */
const struct core_role_settings *core_settings_find(const struct core_settings *settings,
                                                    const char *role);

#endif
