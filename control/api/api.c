#include "control/api/api.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "control/api/feed.h"
#include "control/api/follow.h"
#include "control/api/internal.h"
#include "control/api/listen.h"
#include "control/api/request.h"
#include "control/api/route.h"
#include "proxy/base/log.h"

static void
api_serve(struct api *api, struct server_client *client, struct evhttp_request *http,
          enum route_listener listener)
{
    struct request request = {.api = api, .http = http, .client = client};
    route_dispatch(&request, listener);
}

static void
api_serve_control(void *arg, struct server_client *client, struct evhttp_request *http)
{
    api_serve(arg, client, http, ROUTE_CONTROL);
}

static void
api_serve_admin(void *arg, struct server_client *client, struct evhttp_request *http)
{
    api_serve(arg, client, http, ROUTE_ADMIN);
}

/* Serves on a descriptor, or closes it. */
static enum err
api_serve_on(struct api *api, int fd, server_fn serve, struct server **out, struct buf *error)
{
    enum err err = server_new(api->base, fd, serve, api, out);
    if (err != ERR_OK) {
        close(fd);
        buf_append_text(error, err_text(err));
    }
    return err;
}

static enum err
api_open_control(struct api *api, const struct api_options *options, struct buf *error)
{
    int fd = -1;
    enum err err =
        listen_unix(options->socket_path, options->socket_mode, options->socket_group, &fd, error);
    if (err != ERR_OK) {
        return err;
    }
    api->socket_path = strdup(options->socket_path);
    if (api->socket_path == NULL) {
        close(fd);
        unlink(options->socket_path);
        return ERR_NO_MEMORY;
    }
    return api_serve_on(api, fd, api_serve_control, &api->control, error);
}

static enum err
api_open_admin(struct api *api, const struct api_options *options, struct buf *error)
{
    int fd = -1;
    struct address bound;
    if (options->admin_address[0] == '\0') {
        return ERR_OK;
    }
    enum err err = listen_tcp(options->admin_address, &fd, &bound, error);
    if (err != ERR_OK) {
        return err;
    }
    memcpy(api->admin_address, bound.text, sizeof(api->admin_address));
    return api_serve_on(api, fd, api_serve_admin, &api->admin, error);
}

enum err
api_new(const struct api_options *options, struct api **out, struct buf *error)
{
    struct api *api = calloc(1, sizeof(*api));
    if (api == NULL) {
        buf_append_text(error, err_text(ERR_NO_MEMORY));
        return ERR_NO_MEMORY;
    }
    api->base = options->base;
    api->runner = options->runner;
    api->engine = options->engine;
    api->certificates = options->certificates;
    list_init(&api->follows);
    list_init(&api->feeds);
    enum err err = api_open_control(api, options, error);
    if (err == ERR_OK) {
        err = api_open_admin(api, options, error);
    }
    if (err != ERR_OK) {
        api_free(api);
        return err;
    }
    *out = api;
    return ERR_OK;
}

void
api_free(struct api *api)
{
    if (api == NULL) {
        return;
    }
    follow_free_all(api);
    feed_free_all(api);
    server_free(api->control);
    server_free(api->admin);
    if (api->socket_path != NULL) {
        unlink(api->socket_path);
    }
    free(api->socket_path);
    free(api);
}

const char *
api_admin_address(const struct api *api)
{
    return api->admin_address;
}
