#include "control/api/route.h"

#include <string.h>
#include "control/api/body.h"
#include "control/api/server.h"
#include "proxy/base/check.h"

static const struct route routes[] = {
#define API_ROUTE(method, pattern, listener, right, allowed, required, handler)                    \
    {method, pattern, ROUTE_##listener, ROUTE_##right, allowed, required, route_##handler},
#include "control/api/routes.def"
#undef API_ROUTE
};

enum { ROUTES = sizeof(routes) / sizeof(routes[0]) };

size_t
route_count(void)
{
    return ROUTES;
}

const struct route *
route_at(size_t i)
{
    CHECK(i < ROUTES);
    return &routes[i];
}

static bool
route_fits(const struct route *route, const struct request *request)
{
    const char *rest = route->pattern;
    for (size_t i = 0; i < request->path_count; i++) {
        if (rest[0] != '/' || rest[1] == '\0') {
            return false;
        }
        struct span wanted = {rest + 1, strcspn(rest + 1, "/")};
        if (!span_equal(wanted, SPAN("*")) && !span_equal(wanted, span_of(request->path[i]))) {
            return false;
        }
        rest += 1 + wanted.size;
    }
    return rest[0] == '\0' || strcmp(rest, "/") == 0;
}

/* HEAD is served as GET without the body, on the admin listener. */
static bool
route_is_method(const struct route *route, const struct request *request)
{
    return strcmp(route->method, request->method) == 0 ||
           (route->listener == ROUTE_ADMIN && strcmp(request->method, "HEAD") == 0);
}

/* Whoever could open the control socket may change things; the admin listener only shows them. */
static bool
route_is_granted(const struct route *route, enum route_listener listener)
{
    return route->listener == listener && (route->right == ROUTE_LOOK || listener == ROUTE_CONTROL);
}

void
route_dispatch(struct request *request, enum route_listener listener)
{
    const struct route *other = NULL;
    const char *why = "";
    if (!request_read(request, &why)) {
        request_reply_error(request, 400, "bad_request", "%s", why);
        return;
    }
    for (size_t i = 0; i < ROUTES; i++) {
        if (!route_is_granted(&routes[i], listener) || !route_fits(&routes[i], request)) {
            continue;
        }
        if (route_is_method(&routes[i], request)) {
            routes[i].serve(request, &routes[i]);
            return;
        }
        other = &routes[i];
    }
    if (other != NULL) {
        request_add_header(request, "Allow", listener == ROUTE_ADMIN ? "GET, HEAD" : other->method);
        request_reply_error(request, 405, "method", "%s takes %s", other->pattern, other->method);
        return;
    }
    request_reply_error(request, 404, "not_found", "there is no such path; docs/api.md lists them");
}
