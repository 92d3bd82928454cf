#include "proxy/table/table.h"

#include <stdlib.h>

enum err
table_new(const struct route_map *routes, uint32_t role_count, uint32_t set_count,
          struct table **out)
{
    struct table *table = calloc(1, sizeof(*table));
    if (table == NULL) {
        return ERR_NO_MEMORY;
    }
    table->routes = routes;
    table->roles = calloc(role_count + 1U, sizeof(*table->roles));
    table->sets = calloc(set_count + 1U, sizeof(*table->sets));
    if (table->roles == NULL || table->sets == NULL) {
        table_free(table);
        return ERR_NO_MEMORY;
    }
    table->role_count = role_count;
    table->set_count = set_count;
    for (uint32_t i = 0; i < role_count; i++) {
        table->roles[i].live = TABLE_NO_SET;
        table->roles[i].candidate = TABLE_NO_SET;
    }
    *out = table;
    return ERR_OK;
}

void
table_free(struct table *table)
{
    if (table == NULL) {
        return;
    }
    for (uint32_t i = 0; table->sets != NULL && i < table->set_count; i++) {
        free(table->sets[i].instances);
        free(table->sets[i].up);
    }
    for (uint32_t i = 0; table->roles != NULL && i < table->role_count; i++) {
        free(table->roles[i].maintenance_message);
    }
    free(table->sets);
    free(table->roles);
    free(table);
}

enum err
table_set_reserve(struct table_set *set, uint32_t instance_count)
{
    set->instances = calloc(instance_count, sizeof(*set->instances));
    set->up = calloc(instance_count, sizeof(*set->up));
    if (set->instances == NULL || set->up == NULL) {
        return ERR_NO_MEMORY;
    }
    set->instance_count = instance_count;
    return ERR_OK;
}

void
table_set_finish(struct table_set *set)
{
    set->up_count = 0;
    for (uint32_t i = 0; i < set->instance_count; i++) {
        if (set->instances[i].is_up) {
            set->up[set->up_count++] = i;
        }
    }
}

const struct table_set *
table_find_preview(const struct table *table, struct span host)
{
    size_t dot = host.size;
    while (dot > 0 && host.data[dot - 1] != '.') {
        dot--;
    }
    if (dot < 2) {
        return NULL;
    }
    struct span build = {host.data, dot - 1};
    struct span role = {host.data + dot, host.size - dot};
    for (uint32_t i = table->set_count; i > 0; i--) {
        const struct table_set *set = &table->sets[i - 1];
        if (!set->is_closed && span_equal_nocase(build, span_of(set->build)) &&
            span_equal_nocase(role, span_of(table->roles[set->role].settings->name))) {
            return set;
        }
    }
    return NULL;
}
