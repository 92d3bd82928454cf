#include "control/api/stream.h"

#include <stdlib.h>
#include <string.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include "control/api/request.h"
#include "control/api/server.h"
#include "proxy/base/clock.h"

struct stream {
    struct evhttp_request *http; /* NULL once the client has gone */
    struct server_client *client;
    struct event *heartbeat;
    struct evbuffer *line;
    void (*gone)(void *arg);
    void *arg;
    bool is_cut; /* no more lines are taken */
};

static const struct timeval stream_period = {.tv_sec = STREAM_HEARTBEAT_S};

/* evhttp frees a request with its connection unless it has parted the two already. */
static void
stream_on_abandoned(void *arg)
{
    if (evhttp_request_get_connection(arg) == NULL) {
        evhttp_request_free(arg);
    }
}

static void
stream_on_gone(void *arg)
{
    struct stream *stream = arg;
    stream_on_abandoned(stream->http);
    stream->http = NULL;
    stream->client = NULL;
    stream->is_cut = true;
    event_del(stream->heartbeat);
    if (stream->gone != NULL) {
        stream->gone(stream->arg);
    }
}

static void
stream_cut(struct stream *stream)
{
    stream->is_cut = true;
    server_client_cut(stream->client);
}

void
stream_text(struct stream *stream, struct span text)
{
    if (stream->is_cut) {
        return;
    }
    if (server_client_unread(stream->client) + text.size > SERVER_UNREAD_MAX ||
        evbuffer_add(stream->line, text.data, text.size) != 0 ||
        evbuffer_add(stream->line, "\n", 1) != 0) {
        stream_cut(stream);
        return;
    }
    evhttp_send_reply_chunk(stream->http, stream->line);
    evbuffer_drain(stream->line, evbuffer_get_length(stream->line));
    event_add(stream->heartbeat, &stream_period);
}

void
stream_line(struct stream *stream, json_t *object)
{
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(object);
    if (text == NULL) {
        if (!stream->is_cut) {
            stream_cut(stream);
        }
        return;
    }
    stream_text(stream, span_of(text));
    free(text);
}

static void
stream_on_heartbeat(evutil_socket_t fd, short what, void *arg)
{
    char at[CLOCK_RFC3339_SIZE];
    (void)fd;
    (void)what;
    clock_format_rfc3339(clock_wall_us(), at);
    stream_line(arg, json_pack("{s:s}", "heartbeat", at));
}

struct stream *
stream_begin(struct event_base *base, const struct request *request, void (*gone)(void *arg),
             void *arg)
{
    struct stream *stream = calloc(1, sizeof(*stream));
    if (stream != NULL) {
        stream->heartbeat = event_new(base, -1, 0, stream_on_heartbeat, stream);
        stream->line = evbuffer_new();
    }
    if (stream == NULL || stream->heartbeat == NULL || stream->line == NULL) {
        request_reply_error(request, 503, "no_memory", "turnoutd is out of memory");
        stream_free(stream);
        return NULL;
    }
    stream->http = request->http;
    stream->client = request->client;
    stream->gone = gone;
    stream->arg = arg;
    request_add_header(request, "Content-Type", "application/x-ndjson");
    request_add_header(request, "Cache-Control", "no-store");
    request_add_header(request, "Connection", "close");
    server_client_stream(stream->client, stream_on_gone, stream);
    evhttp_send_reply_start(stream->http, 200, "OK");
    event_add(stream->heartbeat, &stream_period);
    return stream;
}

void
stream_end(struct stream *stream)
{
    if (!stream->is_cut) {
        server_client_finished(stream->client);
        evhttp_send_reply_end(stream->http);
        stream->http = NULL;
        stream->client = NULL;
    }
    stream_free(stream);
}

void
stream_free(struct stream *stream)
{
    if (stream == NULL) {
        return;
    }
    if (stream->client != NULL) {
        /* The client is cut at the end of the turn, after this stream is gone. */
        server_client_stream(stream->client, stream_on_abandoned, stream->http);
        server_client_cut(stream->client);
    }
    if (stream->heartbeat != NULL) {
        event_free(stream->heartbeat);
    }
    if (stream->line != NULL) {
        evbuffer_free(stream->line);
    }
    free(stream);
}
