/* The calls of the control socket that only look. */
#include <string.h>
#include "control/api/feed.h"
#include "control/api/follow.h"
#include "control/api/internal.h"
#include "control/api/request.h"
#include "control/api/route.h"
#include "control/api/view_json.h"

static void
look_no_memory(const struct request *request)
{
    request_reply_error(request, 503, "no_memory", "turnoutd is out of memory");
}

void
route_status(const struct request *request, const struct route *route)
{
    const struct runner_view *view = runner_view_new(request->api->runner);
    (void)route;
    request_reply_json(request, 200, view == NULL ? NULL : view_json_status(view));
    runner_view_free(view);
}

/* The role that the path names, or NULL after the answer. */
static const struct runner_view_role *
look_find_role(const struct request *request, const struct runner_view *view)
{
    if (view == NULL) {
        look_no_memory(request);
        return NULL;
    }
    const struct runner_view_role *role = view_find_role(view, request->path[2]);
    if (role == NULL) {
        request_reply_error(
            request, 404, "not_found",
            "there is no role \"%s\" in the configuration; `turnout status` lists them",
            request->path[2]);
    }
    return role;
}

void
route_role(const struct request *request, const struct route *route)
{
    const struct runner_view *view = runner_view_new(request->api->runner);
    const struct runner_view_role *role = look_find_role(request, view);
    (void)route;
    if (role != NULL) {
        request_reply_json(request, 200, view_json_role(role));
    }
    runner_view_free(view);
}

void
route_set(const struct request *request, const struct route *route)
{
    const struct runner_view *view = runner_view_new(request->api->runner);
    const struct runner_view_role *role = look_find_role(request, view);
    const struct runner_view_set *set = role == NULL ? NULL : view_find_set(role, request->path[4]);
    (void)route;
    if (set != NULL) {
        request_reply_json(request, 200, view_json_set(role, set));
    } else if (role != NULL) {
        request_reply_error(request, 404, "not_found",
                            "%s has no set \"%s\"; `turnout show %s` lists them", role->name,
                            request->path[4], role->name);
    }
    runner_view_free(view);
}

void
route_wait(const struct request *request, const struct route *route)
{
    static const struct {
        const char *name;
        enum runner_wait state;
    } states[] = {
        {"ready", RUNNER_WAIT_READY},
        {"live", RUNNER_WAIT_LIVE},
        {"drained", RUNNER_WAIT_DRAINED},
        {"idle", RUNNER_WAIT_IDLE},
    };
    const char *state = request_query(request, "state");
    const char *set = request_query(request, "set");
    uint64_t timeout_ms;
    (void)route;
    if (!request_query_number(request, "timeout_ms", 0, &timeout_ms)) {
        request_reply_error(request, 400, "bad_request", "timeout_ms is to be a whole number");
        return;
    }
    for (size_t i = 0; state != NULL && i < sizeof(states) / sizeof(states[0]); i++) {
        bool is_idle = states[i].state == RUNNER_WAIT_IDLE;
        if (strcmp(states[i].name, state) == 0 && is_idle == (set == NULL)) {
            follow_wait(request, request->path[2], states[i].state, is_idle ? "" : set, timeout_ms);
            return;
        }
    }
    request_reply_error(request, 400, "bad_request",
                        "state is to be ready, live or drained with a set, or idle without one");
}

void
route_history(const struct request *request, const struct route *route)
{
    const char *role = request_query(request, "role");
    uint64_t limit;
    (void)route;
    if (!request_query_number(request, "limit", FEED_HISTORY_DEFAULT, &limit) || limit == 0 ||
        limit > FEED_HISTORY_MAX) {
        request_reply_error(request, 400, "bad_request", "limit is to be a number from 1 to %d",
                            FEED_HISTORY_MAX);
        return;
    }
    feed_history(request, role == NULL ? "" : role, limit);
}

void
route_events(const struct request *request, const struct route *route)
{
    const struct runner_view *view = runner_view_new(request->api->runner);
    uint64_t after;
    (void)route;
    if (view == NULL) {
        look_no_memory(request);
        return;
    }
    bool is_fine = request_query_number(request, "after", view->epoch, &after);
    runner_view_free(view);
    if (!is_fine) {
        request_reply_error(request, 400, "bad_request",
                            "after is to be a number: the epoch behind which to begin");
        return;
    }
    feed_events(request, after);
}

void
route_operation(const struct request *request, const struct route *route)
{
    (void)route;
    follow_operation(request, request->path[2]);
}

static void
look_tell_certificate(void *to, const struct api_certificate *certificate)
{
    json_array_append_new(
        to, json_pack("{s:s,s:s,s:s,s:o,s:s*}", "listener", certificate->listener, "names",
                      certificate->names, "file", certificate->file, "not_after",
                      view_json_time(certificate->not_after_us), "trouble",
                      certificate->trouble == NULL || certificate->trouble[0] == '\0'
                          ? NULL
                          : certificate->trouble));
}

void
route_certificates(const struct request *request, const struct route *route)
{
    const struct api_certificates *certificates = &request->api->certificates;
    json_t *list = json_array();
    (void)route;
    if (certificates->list != NULL && list != NULL) {
        certificates->list(certificates->arg, look_tell_certificate, list);
    }
    request_reply_json(request, 200, json_pack("{s:o}", "certificates", list));
}

void
route_certificates_reload(const struct request *request, const struct route *route)
{
    const struct api_certificates *certificates = &request->api->certificates;
    struct buf report;
    (void)route;
    buf_init(&report);
    enum err err =
        certificates->reload == NULL ? ERR_OK : certificates->reload(certificates->arg, &report);
    const char *text = buf_string(&report);
    if (err == ERR_OK) {
        request_reply_json(request, 200, json_pack("{s:b}", "reloaded", 1));
    } else {
        request_reply_error(request, 409, "certificate", "%s",
                            text == NULL || text[0] == '\0' ? err_text(err) : text);
    }
    buf_fini(&report);
}
