#include "control/api/server.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/http.h>
#include <event2/listener.h>
#include "proxy/base/check.h"
#include "proxy/base/clock.h"
#include "proxy/base/list.h"
#include "proxy/base/log.h"

/*
 * evhttp tells of a connection only with its first whole request. To count and bound those that
 * never get so far, the bufferevent of each is made here; evhttp then sets itself as its callbacks'
 * argument, so that a moment later (an event of ours in the same turn of the loop, before any of
 * the connection's own) the evhttp_connection is known and its close can be followed.
 */
struct server_client {
    struct list node;
    struct server *server;
    struct bufferevent *stream; /* a reference is held until `adopt` ran */
    struct evhttp_connection *connection;
    struct event adopt;
    uint64_t deadline_us; /* UINT64_MAX: none */
    uid_t uid;
    bool is_cut;
    void (*gone)(void *arg);
    void *gone_arg;
};

struct server {
    struct list all;
    struct evhttp *http;
    struct event_base *base;
    struct evconnlistener *listener;
    struct list clients;
    size_t count;
    uint64_t cut_count;
    struct event *sweep;
    bool is_paused;
    bool has_warned;
    server_fn serve;
    void *arg;
};

enum { SERVER_SWEEP_MS = 500 };

/* The input that a connection may keep in memory: a whole body and its head; reading stops there.
 */
enum { SERVER_UNPARSED_MAX = SERVER_BODY_MAX + 2 * SERVER_HEAD_MAX };

static void
server_pause(struct server *server, const char *why)
{
    if (server->is_paused) {
        return;
    }
    server->is_paused = true;
    evconnlistener_disable(server->listener);
    if (!server->has_warned) {
        LOG(CONTROL_REFUSED, "clients=%zu reason=%s text=\"more wait in the socket's queue\"",
            server->count, why);
        server->has_warned = true;
    }
}

/* Accepts again where there is room. */
static void
server_resume(struct server *server)
{
    if (server->is_paused && server->count < SERVER_CLIENTS_MAX) {
        server->is_paused = false;
        evconnlistener_enable(server->listener);
    }
}

static void
client_free(struct server_client *client)
{
    struct server *server = client->server;
    void (*gone)(void *arg) = client->gone;
    void *arg = client->gone_arg;
    event_del(&client->adopt);
    list_remove(&client->node);
    CHECK(server->count > 0);
    server->count--;
    free(client);
    if (gone != NULL) {
        gone(arg);
    }
    server_resume(server);
}

static void
client_on_close(struct evhttp_connection *connection, void *arg)
{
    evhttp_connection_set_closecb(connection, NULL, NULL);
    client_free(arg);
}

static void
client_set_deadline(struct server_client *client, uint64_t seconds)
{
    client->deadline_us = clock_mono_us() + seconds * 1000000;
}

static void
client_read_peer(struct server_client *client)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    if (getsockopt(bufferevent_getfd(client->stream), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
        size == sizeof(peer) && peer.pid != 0) {
        client->uid = peer.uid;
    }
}

/* Learns which evhttp_connection the bufferevent has become; it may have failed already. */
static void
client_on_adopt(evutil_socket_t fd, short what, void *arg)
{
    struct server_client *client = arg;
    bufferevent_data_cb on_read;
    bufferevent_event_cb on_event;
    void *connection = NULL;
    (void)fd;
    (void)what;
    bufferevent_getcb(client->stream, &on_read, NULL, &on_event, &connection);
    bool is_alive = on_event != NULL && connection != NULL;
    if (is_alive) {
        client->connection = connection;
        client_read_peer(client);
        evhttp_connection_set_closecb(client->connection, client_on_close, client);
    }
    struct bufferevent *stream = client->stream;
    if (!is_alive) {
        client->stream = NULL;
        client_free(client);
    }
    bufferevent_decref(stream);
}

static struct bufferevent *
server_on_accept(struct event_base *base, void *arg)
{
    struct server *server = arg;
    struct server_client *client = calloc(1, sizeof(*client));
    struct bufferevent *stream = bufferevent_socket_new(base, -1, 0);
    if (client == NULL || stream == NULL) {
        /* evhttp then makes one of its own, or fails by itself. */
        free(client);
        return stream;
    }
    bufferevent_setwatermark(stream, EV_READ, 0, SERVER_UNPARSED_MAX);
    bufferevent_incref(stream);
    client->server = server;
    client->stream = stream;
    client->uid = (uid_t)-1;
    client_set_deadline(client, SERVER_REQUEST_S);
    list_add_last(&server->clients, &client->node);
    event_assign(&client->adopt, base, -1, 0, client_on_adopt, client);
    event_active(&client->adopt, EV_TIMEOUT, 0);
    server->count++;
    if (server->count >= SERVER_CLIENTS_MAX) {
        server_pause(server, "clients");
    }
    return stream;
}

static struct server_client *
server_find(struct server *server, const struct evhttp_connection *connection)
{
    for (struct list *node = server->clients.next; node != &server->clients; node = node->next) {
        struct server_client *client = LIST_ITEM(node, struct server_client, node);
        if (client->connection == connection) {
            return client;
        }
    }
    return NULL;
}

/* An answer was sent whole; the connection waits for another request. */
static void
server_on_answered(struct evhttp_request *request, void *arg)
{
    struct server *server = arg;
    struct server_client *client = server_find(server, evhttp_request_get_connection(request));
    if (client != NULL) {
        client_set_deadline(client, SERVER_REQUEST_S);
    }
}

static void
server_on_request(struct evhttp_request *request, void *arg)
{
    struct server *server = arg;
    struct server_client *client = server_find(server, evhttp_request_get_connection(request));
    if (client == NULL) {
        /* Out of memory when it connected. */
        evhttp_send_error(request, HTTP_SERVUNAVAIL, NULL);
        return;
    }
    client_set_deadline(client, SERVER_ANSWER_S);
    evhttp_request_set_on_complete_cb(request, server_on_answered, server);
    server->serve(server->arg, client, request);
}

/* Ends who is late or is to be cut. */
static void
server_on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct server *server = arg;
    uint64_t now_us = clock_mono_us();
    struct list *node = server->clients.next;
    (void)fd;
    (void)what;
    while (node != &server->clients) {
        struct server_client *client = LIST_ITEM(node, struct server_client, node);
        node = node->next;
        if (client->connection != NULL && (client->is_cut || client->deadline_us <= now_us)) {
            server->cut_count++;
            evhttp_connection_free(client->connection);
        }
    }
    server->has_warned = server->has_warned && server->is_paused;
    server_resume(server);
}

/* A listener's error callback is given evhttp's argument, not one of ours: servers are found by
 * their listener. */
static struct list server_all = {&server_all, &server_all};

/* Out of descriptors: a listener that stays enabled would spin. The sweep enables it again. */
static void
server_on_accept_error(struct evconnlistener *listener, void *arg)
{
    (void)arg;
    for (struct list *node = server_all.next; node != &server_all; node = node->next) {
        struct server *server = LIST_ITEM(node, struct server, all);
        if (server->listener == listener) {
            server_pause(server, "descriptors");
        }
    }
}

static bool
server_set_up(struct server *server, int fd)
{
    struct timeval period = {.tv_usec = SERVER_SWEEP_MS * 1000};
    server->http = evhttp_new(server->base);
    server->sweep = event_new(server->base, -1, EV_PERSIST, server_on_sweep, server);
    if (server->http == NULL || server->sweep == NULL || event_add(server->sweep, &period) != 0) {
        return false;
    }
    evhttp_set_bevcb(server->http, server_on_accept, server);
    evhttp_set_gencb(server->http, server_on_request, server);
    evhttp_set_max_headers_size(server->http, SERVER_HEAD_MAX);
    evhttp_set_max_body_size(server->http, SERVER_BODY_MAX);
    evhttp_set_timeout(server->http, SERVER_STALL_S);
    evhttp_set_default_content_type(server->http, NULL);
    struct evhttp_bound_socket *bound = evhttp_accept_socket_with_handle(server->http, fd);
    if (bound == NULL) {
        return false;
    }
    server->listener = evhttp_bound_socket_get_listener(bound);
    evconnlistener_set_error_cb(server->listener, server_on_accept_error);
    return true;
}

enum err
server_new(struct event_base *base, int fd, server_fn serve, void *arg, struct server **out)
{
    struct server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        return ERR_NO_MEMORY;
    }
    server->base = base;
    server->serve = serve;
    server->arg = arg;
    list_init(&server->clients);
    list_add_last(&server_all, &server->all);
    if (!server_set_up(server, fd)) {
        server_free(server);
        return ERR_NO_MEMORY;
    }
    *out = server;
    return ERR_OK;
}

void
server_free(struct server *server)
{
    if (server == NULL) {
        return;
    }
    list_remove(&server->all);
    if (server->sweep != NULL) {
        event_free(server->sweep);
    }
    struct list *node = server->clients.next;
    while (node != &server->clients) {
        struct server_client *client = LIST_ITEM(node, struct server_client, node);
        node = node->next;
        if (client->connection == NULL) {
            bufferevent_decref(client->stream);
            client_free(client);
        }
    }
    server->is_paused = false; /* so that no leaving client wakes the listener, which goes first */
    if (server->http != NULL) {
        evhttp_free(server->http);
    }
    free(server);
}

size_t
server_client_count(const struct server *server)
{
    return server->count;
}

uint64_t
server_cut_count(const struct server *server)
{
    return server->cut_count;
}

uid_t
server_client_uid(const struct server_client *client)
{
    return client->uid;
}

void
server_client_stream(struct server_client *client, void (*gone)(void *arg), void *arg)
{
    /* A follower sends nothing, so only writes have a timeout. */
    struct timeval stall = {.tv_sec = SERVER_STALL_S};
    bufferevent_set_timeouts(evhttp_connection_get_bufferevent(client->connection), NULL, &stall);
    client->deadline_us = UINT64_MAX;
    client->gone = gone;
    client->gone_arg = arg;
}

size_t
server_client_unread(const struct server_client *client)
{
    return evbuffer_get_length(
        bufferevent_get_output(evhttp_connection_get_bufferevent(client->connection)));
}

void
server_client_cut(struct server_client *client)
{
    client->is_cut = true;
    event_active(client->server->sweep, EV_TIMEOUT, 0);
}

void
server_client_finished(struct server_client *client)
{
    client->gone = NULL;
    client_set_deadline(client, SERVER_ANSWER_S);
}
