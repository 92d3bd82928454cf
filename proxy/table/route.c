#include "proxy/table/route.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum route_kind { ROUTE_EXACT, ROUTE_WILDCARD, ROUTE_ANY };

struct route_path {
    char *prefix; /* without a trailing slash; "" is the root */
    size_t size;
    uint32_t role;
};

/* One host pattern with its path prefixes, longest first. */
struct route_host {
    enum route_kind kind;
    char *name; /* lower case; of a wildcard what follows the '*', with its dot */
    size_t size;
    uint64_t hash;
    struct route_path *paths;
    size_t path_count;
    struct route_host *next; /* in its bucket */
};

struct route_map {
    struct route_host *hosts;
    size_t host_count;
    struct route_host **buckets; /* exact and wildcard names by hash; a power of two */
    size_t bucket_count;
    const struct route_host *any;
};

void
route_map_free(struct route_map *map)
{
    if (map == NULL) {
        return;
    }
    for (size_t i = 0; i < map->host_count; i++) {
        for (size_t j = 0; j < map->hosts[i].path_count; j++) {
            free(map->hosts[i].paths[j].prefix);
        }
        free(map->hosts[i].paths);
        free(map->hosts[i].name);
    }
    free(map->hosts);
    free(map->buckets);
    free(map);
}

static enum route_kind
claim_kind(const char *host)
{
    if (strcmp(host, "*") == 0) {
        return ROUTE_ANY;
    }
    return host[0] == '*' ? ROUTE_WILDCARD : ROUTE_EXACT;
}

static struct span
claim_name(const char *host)
{
    switch (claim_kind(host)) {
    case ROUTE_ANY:
        return SPAN("");
    case ROUTE_WILDCARD:
        return span_of(host + 1);
    case ROUTE_EXACT:
    default:
        return span_of(host);
    }
}

static char *
copy_lower(struct span text)
{
    char *copy = malloc(text.size + 1);
    if (copy == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < text.size; i++) {
        copy[i] = span_lower(text.data[i]);
    }
    copy[text.size] = '\0';
    return copy;
}

static struct route_host *
map_host(struct route_map *map, const char *host)
{
    enum route_kind kind = claim_kind(host);
    struct span name = claim_name(host);
    for (size_t i = 0; i < map->host_count; i++) {
        struct route_host *known = &map->hosts[i];
        if (known->kind == kind &&
            span_equal_nocase((struct span){known->name, known->size}, name)) {
            return known;
        }
    }
    struct route_host *added = &map->hosts[map->host_count];
    added->kind = kind;
    added->name = copy_lower(name);
    added->size = name.size;
    added->hash = span_hash_nocase(name);
    if (added->name == NULL) {
        return NULL;
    }
    map->host_count++;
    return added;
}

static enum err
host_add_path(struct route_host *host, struct span prefix, uint32_t role)
{
    while (prefix.size > 0 && prefix.data[prefix.size - 1] == '/') {
        prefix.size--;
    }
    size_t place = 0;
    while (place < host->path_count && host->paths[place].size > prefix.size) {
        place++;
    }
    for (size_t i = place; i < host->path_count && host->paths[i].size == prefix.size; i++) {
        if (prefix.size == 0 || memcmp(host->paths[i].prefix, prefix.data, prefix.size) == 0) {
            return ERR_EXISTS;
        }
    }
    struct route_path *paths = realloc(host->paths, (host->path_count + 1) * sizeof(*paths));
    char *copy = strndup(prefix.data, prefix.size);
    if (paths != NULL) {
        host->paths = paths;
    }
    if (paths == NULL || copy == NULL) {
        free(copy);
        return ERR_NO_MEMORY;
    }
    memmove(&paths[place + 1], &paths[place], (host->path_count - place) * sizeof(*paths));
    paths[place] = (struct route_path){.prefix = copy, .size = prefix.size, .role = role};
    host->path_count++;
    return ERR_OK;
}

static void
map_index(struct route_map *map)
{
    for (size_t i = 0; i < map->host_count; i++) {
        struct route_host *host = &map->hosts[i];
        if (host->kind == ROUTE_ANY) {
            map->any = host;
            continue;
        }
        struct route_host **bucket = &map->buckets[host->hash & (map->bucket_count - 1)];
        host->next = *bucket;
        *bucket = host;
    }
}

enum err
route_map_new(const struct route_claim *claims, size_t count, struct route_map **out, size_t *at)
{
    struct route_map *map = calloc(1, sizeof(*map));
    if (map == NULL) {
        return ERR_NO_MEMORY;
    }
    map->bucket_count = 16;
    while (map->bucket_count < 2 * count) {
        map->bucket_count *= 2;
    }
    map->hosts = calloc(count + 1, sizeof(*map->hosts));
    map->buckets = calloc(map->bucket_count, sizeof(struct route_host *));
    enum err err = map->hosts == NULL || map->buckets == NULL ? ERR_NO_MEMORY : ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        struct route_host *host = map_host(map, claims[i].host);
        err = host == NULL ? ERR_NO_MEMORY
                           : host_add_path(host, span_of(claims[i].path), claims[i].role);
        if (err != ERR_OK) {
            *at = i;
        }
    }
    if (err != ERR_OK) {
        route_map_free(map);
        return err;
    }
    map_index(map);
    *out = map;
    return ERR_OK;
}

static bool
path_has_prefix(struct span path, const struct route_path *prefix)
{
    if (path.size < prefix->size || memcmp(path.data, prefix->prefix, prefix->size) != 0) {
        return false;
    }
    if (path.size == prefix->size || prefix->size == 0) {
        return true;
    }
    char next = path.data[prefix->size];
    return next == '/' || next == '?';
}

static uint32_t
host_find_path(const struct route_host *host, struct span path)
{
    for (size_t i = 0; i < host->path_count; i++) {
        if (path_has_prefix(path, &host->paths[i])) {
            return host->paths[i].role;
        }
    }
    return ROUTE_NONE;
}

static const struct route_host *
map_find(const struct route_map *map, enum route_kind kind, struct span name)
{
    uint64_t hash = span_hash_nocase(name);
    const struct route_host *host = map->buckets[hash & (map->bucket_count - 1)];
    for (; host != NULL; host = host->next) {
        if (host->hash == hash && host->kind == kind &&
            span_equal_nocase((struct span){host->name, host->size}, name)) {
            return host;
        }
    }
    return NULL;
}

/* A host without a fitting path does not end the search: a less specific host may claim the path.
 */
uint32_t
route_find(const struct route_map *map, struct span host, struct span path)
{
    uint32_t role = ROUTE_NONE;
    if (host.size > 0 && host.data[host.size - 1] == '.') {
        host.size--;
    }
    if (host.size <= ROUTE_HOST_MAX && map->host_count > (map->any != NULL ? 1U : 0U)) {
        const struct route_host *found = map_find(map, ROUTE_EXACT, host);
        role = found == NULL ? ROUTE_NONE : host_find_path(found, path);
        for (size_t i = 0; i < host.size && role == ROUTE_NONE; i++) {
            if (host.data[i] != '.' || i == 0) {
                continue;
            }
            found = map_find(map, ROUTE_WILDCARD, (struct span){host.data + i, host.size - i});
            role = found == NULL ? ROUTE_NONE : host_find_path(found, path);
        }
    }
    if (role == ROUTE_NONE && map->any != NULL) {
        role = host_find_path(map->any, path);
    }
    return role;
}
