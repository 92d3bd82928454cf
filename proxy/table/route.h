/*
 * route: which role a host and a path belong to. Built once from the configuration, const
 * afterwards, shared by every routing table and read by every worker. The most specific host wins
 * (an exact name, then the longest wildcard, then any), and among the roles of that host the
 * longest path prefix, on segment borders.
 */
#ifndef TURNOUT_TABLE_ROUTE_H
#define TURNOUT_TABLE_ROUTE_H

#include <stdint.h>
#include "proxy/base/err.h"
#include "proxy/base/span.h"

enum { ROUTE_NONE = INT32_MAX, ROUTE_HOST_MAX = 255 };

struct route_map;

/* One claim of a role: a host pattern ("www.example.com", "*.example.com", "*") and a path prefix
 * ("/", "/api"). */
struct route_claim {
    const char *host;
    const char *path;
    uint32_t role;
};

/* Builds the map; it keeps its own copies. ERR_EXISTS when two claims are the same: *at is then the
 * second one's index. ERR_NO_MEMORY. Free with route_map_free, which accepts NULL. */
enum err route_map_new(const struct route_claim *claims, size_t count, struct route_map **out,
                       size_t *at);
void route_map_free(struct route_map *map);

/* The role of a request, or ROUTE_NONE. `host` is without port, of any case; `path` begins with '/'
 * and may carry a query. */
uint32_t route_find(const struct route_map *map, struct span host, struct span path);

#endif
