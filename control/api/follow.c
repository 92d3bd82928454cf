#include "control/api/follow.h"

#include <stdlib.h>
#include <string.h>
#include <event2/http.h>
#include "control/api/internal.h"
#include "control/api/request.h"
#include "control/api/stream.h"
#include "proxy/base/clock.h"

enum { FOLLOW_NAME_SIZE = 256 };

struct follow {
    struct list node;
    struct request request; /* unanswered until `stream` is there */
    struct runner_follower *follower;
    struct stream *stream;
    bool is_followed;
    bool has_then;
    const char *then_step;
    enum runner_wait then_state;
    uint64_t then_timeout_ms;
    char then_role[FOLLOW_NAME_SIZE];
    char then_build[FOLLOW_NAME_SIZE];
};

static void
follow_free(struct follow *follow)
{
    list_remove(&follow->node);
    runner_follower_free(follow->follower);
    stream_free(follow->stream);
    free(follow);
}

/* The client left before its answer began. */
static void
follow_on_left(void *arg)
{
    struct follow *follow = arg;
    if (evhttp_request_get_connection(follow->request.http) == NULL) {
        evhttp_request_free(follow->request.http);
    }
    follow_free(follow);
}

/* The client left its stream, or was cut. */
static void
follow_on_gone(void *arg)
{
    follow_free(arg);
}

static struct follow *
follow_new(const struct request *request)
{
    struct follow *follow = calloc(1, sizeof(*follow));
    if (follow == NULL) {
        request_reply_error(request, 503, "no_memory",
                            "turnoutd is out of memory; nothing was changed");
        return NULL;
    }
    follow->request = *request;
    follow->is_followed = true;
    list_add_last(&request->api->follows, &follow->node);
    server_client_stream(request->client, follow_on_left, follow);
    return follow;
}

/* The answer begins: whoever waited for it is told at once from now on. False when it could not. */
static bool
follow_begin(struct follow *follow)
{
    if (follow->stream != NULL) {
        return true;
    }
    server_client_finished(follow->request.client);
    follow->stream =
        stream_begin(follow->request.api->base, &follow->request, follow_on_gone, follow);
    if (follow->stream == NULL) {
        follow_free(follow);
        return false;
    }
    return true;
}

static const char *
follow_result_name(enum runner_result result)
{
    switch (result) {
    case RUNNER_RESULT_DONE:
        return "done";
    case RUNNER_RESULT_FAILED:
        return "failed";
    case RUNNER_RESULT_REFUSED:
        return "refused";
    case RUNNER_RESULT_UNKNOWN:
        return "unknown";
    case RUNNER_RESULT_PARTIAL:
        return "partial";
    case RUNNER_RESULT_SUPERSEDED:
        return "superseded";
    }
    return "unknown";
}

/* A line with what every line has; `key` is "step" or "result". */
static json_t *
follow_line(const struct runner_step *step, const char *key, const char *value)
{
    char at[CLOCK_RFC3339_SIZE];
    json_t *text = json_string(step->text);
    clock_format_rfc3339(step->at_us, at);
    return json_pack("{s:s,s:s,s:s,s:s,s:I,s:s,s:o}", key, value, "operation", step->operation,
                     "kind", step->kind, "role", step->role, "epoch", (json_int_t)step->epoch, "at",
                     at, "text", text == NULL ? json_string("(text that is not UTF-8)") : text);
}

static json_t *
follow_drain(const struct runner_step *step)
{
    if (!step->has_drain) {
        return json_null();
    }
    return json_pack("{s:I,s:I,s:I}", "finished", (json_int_t)step->drain.finished, "cut",
                     (json_int_t)step->drain.cut, "oldest_age_us",
                     (json_int_t)step->drain.oldest_age_us);
}

static const struct runner_follower_calls follow_calls;

/* The command has ended well; its set is followed further. */
static void
follow_go_on(struct follow *follow)
{
    runner_follower_free(follow->follower);
    follow->has_then = false;
    follow->follower =
        runner_wait(follow->request.api->runner, follow->then_role, follow->then_state,
                    follow->then_build, follow->then_timeout_ms, &follow_calls, follow);
    if (follow->follower == NULL) {
        follow_free(follow);
    }
}

static void
follow_end(struct follow *follow, const struct runner_step *step)
{
    /* Who asked for the drain is told that it did not end well for everyone; who waits for a state
       has it. */
    bool is_partial = follow->then_step != NULL && step->has_drain && step->drain.cut > 0 &&
                      step->result == RUNNER_RESULT_DONE;
    json_t *line = follow_line(
        step, "result", follow_result_name(is_partial ? RUNNER_RESULT_PARTIAL : step->result));
    json_object_set_new(line, "drain", follow_drain(step));
    stream_line(follow->stream, line);
    stream_end(follow->stream);
    follow->stream = NULL;
    follow_free(follow);
}

/* Not followed: the first step says that it is accepted, and under which id. */
static void
follow_accept(struct follow *follow, const struct runner_step *step)
{
    server_client_finished(follow->request.client);
    request_reply_json(&follow->request, 202,
                       json_pack("{s:s,s:s,s:I}", "operation", step->operation, "kind", step->kind,
                                 "epoch", (json_int_t)step->epoch));
    follow_free(follow);
}

static void
follow_on_step(void *arg, const struct runner_step *step)
{
    struct follow *follow = arg;
    if (!follow->is_followed && !step->is_last) {
        follow_accept(follow, step);
        return;
    }
    if (!follow_begin(follow)) {
        return;
    }
    bool goes_on = step->is_last && follow->has_then && step->result == RUNNER_RESULT_DONE;
    if (step->is_last && !goes_on) {
        follow_end(follow, step);
        return;
    }
    stream_line(follow->stream,
                follow_line(step, "step", goes_on ? follow->then_step : step->name));
    if (goes_on) {
        follow_go_on(follow);
    }
}

static void
follow_on_refused(void *arg, const struct runner_refusal *refusal)
{
    struct follow *follow = arg;
    if (follow->stream != NULL) {
        stream_line(follow->stream, json_pack("{s:s,s:s,s:s,s:n}", "result", "refused", "error",
                                              refusal->code, "text", refusal->text, "drain"));
        stream_end(follow->stream);
        follow->stream = NULL;
    } else {
        server_client_finished(follow->request.client);
        request_reply_error(&follow->request, refusal->status, refusal->code, "%s", refusal->text);
    }
    follow_free(follow);
}

static const struct runner_follower_calls follow_calls = {follow_on_step, follow_on_refused};

/* What could not be handed over at all. */
static void
follow_fail(struct follow *follow, int status, const char *code, const char *text)
{
    server_client_finished(follow->request.client);
    request_reply_error(&follow->request, status, code, "%s", text);
    follow_free(follow);
}

void
follow_command(const struct request *request, const struct core_command *command, uint64_t wait_ms,
               bool is_followed, const struct follow_then *then)
{
    struct follow *follow = follow_new(request);
    if (follow == NULL) {
        return;
    }
    follow->is_followed = is_followed;
    if (then->is_wanted && is_followed) {
        follow->then_step = then->step;
        follow->then_state = then->state;
        follow->then_timeout_ms = then->timeout_ms;
        follow->has_then =
            span_to_string(span_of(then->role), follow->then_role, FOLLOW_NAME_SIZE) &&
            span_to_string(span_of(then->build), follow->then_build, FOLLOW_NAME_SIZE);
    }
    follow->follower = runner_submit(request->api->runner, command, wait_ms, &follow_calls, follow);
    if (follow->follower == NULL) {
        follow_fail(follow, 503, "no_memory", "turnoutd is out of memory; nothing was changed");
    }
}

void
follow_operation(const struct request *request, const char *id)
{
    struct follow *follow = follow_new(request);
    if (follow == NULL) {
        return;
    }
    enum err err =
        runner_follow(request->api->runner, id, &follow_calls, follow, &follow->follower);
    if (err == ERR_NOT_FOUND) {
        follow_fail(follow, 404, "not_found",
                    "there is no such operation, or it is forgotten; `turnout history` shows more");
    } else if (err != ERR_OK) {
        follow_fail(follow, 503, "no_memory", err_text(err));
    }
}

void
follow_wait(const struct request *request, const char *role, enum runner_wait state,
            const char *build, uint64_t timeout_ms)
{
    struct follow *follow = follow_new(request);
    if (follow == NULL) {
        return;
    }
    follow->follower =
        runner_wait(request->api->runner, role, state, build, timeout_ms, &follow_calls, follow);
    if (follow->follower == NULL) {
        follow_fail(follow, 503, "no_memory", "turnoutd is out of memory");
    }
}

void
follow_free_all(struct api *api)
{
    while (!list_is_empty(&api->follows)) {
        struct follow *follow = LIST_ITEM(api->follows.next, struct follow, node);
        if (follow->stream == NULL) {
            server_client_finished(follow->request.client);
        }
        follow_free(follow);
    }
}
