/* The routing table: what the core wants, with what the roster sees of each set. */
#include "control/drive/roster.h"

#include <string.h>

static enum err
table_add_set(struct table *table, uint32_t index, const struct roster_set *set)
{
    struct table_set *added = &table->sets[index];
    char hex[DIGEST_HEX_SIZE];
    added->id = set->id;
    added->role = set->role;
    added->is_closed = set->is_sealed;
    added->is_cut = set->is_cut;
    memcpy(added->build, set->build, sizeof(added->build));
    digest_to_hex(&set->digest, hex);
    memcpy(added->digest, hex, TABLE_DIGEST_SHORT_SIZE - 1);
    enum err err = table_set_reserve(added, (uint32_t)set->instance_count);
    for (size_t i = 0; i < set->instance_count && err == ERR_OK; i++) {
        const char *why;
        err = address_parse(span_of(set->addresses[i]), &added->instances[i].address, &why);
        added->instances[i].is_up = roster_instance_is_up(&set->instances[i]);
    }
    if (err == ERR_OK) {
        table_set_finish(added);
    }
    return err;
}

static uint64_t
role_cutover(const struct core_role *role)
{
    for (size_t i = 0; role != NULL && i < role->cutover_count; i++) {
        enum core_result result = role->cutovers[i].result;
        if (result == CORE_RESULT_COMMITTED || result == CORE_RESULT_FINISHED) {
            return role->cutovers[i].id;
        }
    }
    return 0;
}

static enum err
table_add_role(struct table *table, uint32_t index, const struct core_target_role *wanted,
               const struct role_settings *settings)
{
    struct table_role *role = &table->roles[index];
    role->settings = settings;
    role->weight_bp = wanted->weight_bp;
    role->is_held = wanted->is_held;
    role->hold_max_ms = (uint32_t)wanted->hold_max_ms;
    role->in_maintenance = wanted->is_in_maintenance;
    role->retry_after_s = (uint32_t)wanted->retry_after_s;
    role->cutover_epoch = role_cutover(wanted->role);
    if (wanted->is_in_maintenance && wanted->message[0] != '\0') {
        role->maintenance_message = strdup(wanted->message);
        if (role->maintenance_message == NULL) {
            return ERR_NO_MEMORY;
        }
    }
    return ERR_OK;
}

enum err
roster_table(struct roster *roster, const struct core_target *target,
             const struct role_settings *const *settings, const struct route_map *routes,
             struct table **out)
{
    struct table *table;
    uint32_t set_count = 0;
    for (size_t i = 0; i < target->role_count; i++) {
        set_count += (uint32_t)target->roles[i].set_count;
    }
    enum err err = table_new(routes, (uint32_t)target->role_count, set_count, &table);
    if (err != ERR_OK) {
        return err;
    }
    uint32_t at = 0;
    for (uint32_t i = 0; i < target->role_count && err == ERR_OK; i++) {
        const struct core_target_role *role = &target->roles[i];
        err = table_add_role(table, i, role, settings[i]);
        for (size_t j = 0; j < role->set_count && err == ERR_OK; j++, at++) {
            const struct roster_set *set = roster_find(roster, &role->sets[j].set->digest);
            err = set == NULL ? ERR_NO_MEMORY : table_add_set(table, at, set);
            table->roles[i].live = role->sets[j].is_live ? at : table->roles[i].live;
            table->roles[i].candidate = role->sets[j].is_canary ? at : table->roles[i].candidate;
        }
    }
    if (err != ERR_OK) {
        table_free(table);
        return err;
    }
    *out = table;
    return ERR_OK;
}
