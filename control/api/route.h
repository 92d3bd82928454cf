/*
 * route: which handler serves a request, and whether it may. Control thread only.
 */
#ifndef TURNOUT_API_ROUTE_H
#define TURNOUT_API_ROUTE_H

#include <stddef.h>
#include <stdint.h>
#include "control/api/request.h"

enum route_listener { ROUTE_CONTROL, ROUTE_ADMIN };
enum route_right { ROUTE_LOOK, ROUTE_CHANGE };

struct route {
    const char *method;
    const char *pattern;
    enum route_listener listener;
    enum route_right right;
    uint32_t allowed; /* keys of the body, BODY_BIT */
    uint32_t required;
    void (*serve)(const struct request *request, const struct route *route);
};

/* Serves a request that came to a listener: finds the route, checks the right, calls the handler;
 * or answers why not. */
void route_dispatch(struct request *request, enum route_listener listener);

/* The table, for its tests and documentation. */
size_t route_count(void);
const struct route *route_at(size_t i);

/* The handlers of routes.def. */
#define API_ROUTE(method, pattern, listener, right, allowed, required, handler)                    \
    void route_##handler(const struct request *request, const struct route *route);
#include "control/api/routes.def"
#undef API_ROUTE

#endif
