/* The paths of the admin listener: all of them only look. */
#include "control/api/internal.h"
#include "control/api/metrics.h"
#include "control/api/page.h"
#include "control/api/request.h"
#include "control/api/route.h"

static void
admin_reply(const struct request *request, const char *type, struct buf *text, bool is_fine)
{
    if (is_fine) {
        request_reply_bytes(request, 200, type, buf_span(text));
    } else {
        request_reply_bytes(request, 503, "text/plain; charset=utf-8", SPAN("out of memory\n"));
    }
    buf_fini(text);
}

void
route_page(const struct request *request, const struct route *route)
{
    const struct runner_view *view = runner_view_new(request->api->runner);
    struct buf text;
    (void)route;
    buf_init(&text);
    request_add_header(request, "Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'");
    request_add_header(request, "X-Frame-Options", "DENY");
    admin_reply(request, "text/html; charset=utf-8", &text,
                view != NULL && page_write(view, &text));
    runner_view_free(view);
}

void
route_metrics(const struct request *request, const struct route *route)
{
    const struct runner_view *view = runner_view_new(request->api->runner);
    const struct metrics_source source = {
        .view = view,
        .engine = request->api->engine,
        .certificates = &request->api->certificates,
        .control_clients = server_client_count(request->api->control),
        .control_cut = server_cut_count(request->api->control),
    };
    struct buf text;
    (void)route;
    buf_init(&text);
    admin_reply(request, "text/plain; version=0.0.4; charset=utf-8", &text,
                view != NULL && metrics_write(&source, &text));
    runner_view_free(view);
}

void
route_healthz(const struct request *request, const struct route *route)
{
    const struct runner_view *view = runner_view_new(request->api->runner);
    bool is_fine = view != NULL && !view->is_stopping;
    (void)route;
    request_reply_bytes(request, is_fine ? 200 : 503, "text/plain; charset=utf-8",
                        is_fine ? SPAN("ok\n") : SPAN("stopping\n"));
    runner_view_free(view);
}
