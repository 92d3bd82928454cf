#include "control/api/feed.h"

#include <stdlib.h>
#include "control/api/event_names.h"
#include "control/api/internal.h"
#include "control/api/request.h"
#include "control/api/stream.h"
#include "control/api/view_json.h"
#include "control/drive/runner.h"

struct history {
    struct event_names names;
    struct buf text;
    bool has_failed;
};

static bool
history_on_event(void *arg, const struct runner_event *event)
{
    struct history *history = arg;
    json_t *object = event_names_apply(&history->names, event->json);
    char *line = object == NULL ? NULL : json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
    history->has_failed = line == NULL || buf_size(&history->text) > FEED_HISTORY_BYTES_MAX ||
                          !buf_append_text(&history->text, line) ||
                          !buf_append_text(&history->text, "\n");
    free(line);
    json_decref(object);
    return !history->has_failed;
}

/* Whether the configuration has the role, or none was named. */
static bool
feed_is_role(const struct request *request, const char *role)
{
    const struct runner_view *view = runner_view_new(request->api->runner);
    bool is_role = role[0] == '\0' || view == NULL || view_find_role(view, role) != NULL;
    runner_view_free(view);
    return is_role;
}

void
feed_history(const struct request *request, const char *role, uint64_t limit)
{
    struct history history = {.has_failed = false};
    event_names_init(&history.names, request->api->runner);
    buf_init(&history.text);
    enum err err =
        runner_history(request->api->runner, role, (size_t)limit, history_on_event, &history);
    if (err != ERR_OK) {
        request_reply_error(request, 503, "journal_failed", "the journal cannot be read: %s",
                            err_text(err));
    } else if (history.has_failed) {
        request_reply_error(request, 503, "too_large",
                            "that is more than 8 MiB at once; ask for fewer events");
    } else if (buf_size(&history.text) == 0 && !feed_is_role(request, role)) {
        request_reply_error(request, 404, "not_found",
                            "there is no role \"%s\" in the configuration and none in the journal; "
                            "`turnout status` lists them",
                            role);
    } else {
        request_reply_bytes(request, 200, "application/x-ndjson", buf_span(&history.text));
    }
    buf_fini(&history.text);
    event_names_fini(&history.names);
}

/* One follower of the journal. */
struct feed {
    struct list node;
    struct event_names names;
    struct runner_events *events;
    struct stream *stream;
};

static void
feed_free(struct feed *feed)
{
    list_remove(&feed->node);
    runner_events_free(feed->events);
    stream_free(feed->stream);
    event_names_fini(&feed->names);
    free(feed);
}

static void
feed_on_gone(void *arg)
{
    feed_free(arg);
}

static bool
feed_on_event(void *arg, const struct runner_event *event)
{
    struct feed *feed = arg;
    stream_line(feed->stream, event_names_apply(&feed->names, event->json));
    return true;
}

void
feed_events(const struct request *request, uint64_t after_epoch)
{
    struct feed *feed = calloc(1, sizeof(*feed));
    if (feed == NULL) {
        request_reply_error(request, 503, "no_memory", "turnoutd is out of memory");
        return;
    }
    event_names_init(&feed->names, request->api->runner);
    list_add_last(&request->api->feeds, &feed->node);
    feed->stream = stream_begin(request->api->base, request, feed_on_gone, feed);
    if (feed->stream != NULL) {
        feed->events = runner_events_follow(request->api->runner, after_epoch, feed_on_event, feed);
    }
    if (feed->events == NULL) {
        feed_free(feed);
    }
}

void
feed_free_all(struct api *api)
{
    while (!list_is_empty(&api->feeds)) {
        feed_free(LIST_ITEM(api->feeds.next, struct feed, node));
    }
}
