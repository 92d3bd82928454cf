/* A session's waiting for requests: heads are read, whole ones start an exchange. */
#include "proxy/flow/session.h"

#include "proxy/flow/exchange.h"

enum {
    SESSION_TURN_HEADS = 64, /* steps of one client's pipeline before others have their turn */
    SESSION_GRACE_MS = 1000, /* for another request while the worker leaves */
};

/* A client that sends nothing more: closed, unless its answer is still on the way. */
static void
session_ended(struct session *session)
{
    session_close(session, session->stream.has_failed);
}

/* Reads behind what is kept of a head, or into the worker's bytes when nothing is. */
static enum stream_result
session_read_head(struct session *session, struct span *bytes)
{
    struct worker *worker = session->worker;
    size_t size = 0;
    enum stream_result result;
    if (buf_size(&session->input) == 0) {
        result = stream_read(&session->stream, worker->client_bytes, WORKER_HEAD_READ_BYTES, &size);
        *bytes = (struct span){worker->client_bytes, size};
        return result;
    }
    char *place = buf_reserve(&session->input, worker->node->limits.head_bytes);
    if (place == NULL) {
        return STREAM_FAILED;
    }
    result = stream_read(&session->stream, place, worker->node->limits.head_bytes, &size);
    if (result == STREAM_OK) {
        buf_add_size(&session->input, size);
    }
    *bytes = buf_span(&session->input);
    return result;
}

/* Nothing to read now: waits for the next request, or for the rest of a head. */
static void
session_wait_head(struct session *session)
{
    const struct client_settings *clients = session->worker->node->clients;
    bool is_begun = buf_size(&session->input) > 0 || !session->has_served;
    bool is_set = timer_is_set(&session->timer);
    bool is_watched = true;
    const struct worker *worker = session->worker;
    bool is_silent = buf_size(&session->input) == 0;
    /* Who was just told that it may ask again may be doing so now. */
    bool has_grace = session->has_served && !is_set;
    if (is_silent && worker->has_left && !has_grace) {
        session_close(session, false);
        return;
    }
    if (is_begun && !(is_set && session->wait == SESSION_WAIT_HEAD)) {
        is_watched = session_wait(session, SESSION_WAIT_HEAD, clients->header_ms);
    } else if (!is_begun && !(is_set && session->wait == SESSION_WAIT_IDLE)) {
        bool is_short = worker->has_left && clients->idle_ms > SESSION_GRACE_MS;
        is_watched = session_wait(session, SESSION_WAIT_IDLE,
                                  is_short ? (uint32_t)SESSION_GRACE_MS : clients->idle_ms);
    }
    if (!is_watched) {
        session_close(session, false);
    }
}

static enum reason
reason_of_wire(enum wire_reason reason)
{
    switch (wire_reason_status(reason)) {
    case 414:
        return REASON_LINE_TOO_LONG;
    case 431:
        return REASON_HEAD_TOO_LARGE;
    case 501:
        return REASON_NOT_IMPLEMENTED;
    case 505:
        return REASON_VERSION;
    default:
        return REASON_BAD_REQUEST;
    }
}

/* Puts aside what follows a request: pipelined requests. Body would have been taken whole, so
 * nothing was put aside meanwhile. */
static void
session_keep_input(struct session *session, struct span rest, struct buf *kept)
{
    if (session->state == SESSION_CLOSED || rest.size == 0) {
        return;
    }
    if (kept != NULL) {
        buf_consume(kept, buf_size(kept) - rest.size);
        session->input = *kept;
        buf_init(kept);
        return;
    }
    if (!buf_append_span(&session->input, rest)) {
        session->closes = true;
    }
}

/* One head out of `bytes`. False: there is nothing more to do for now. */
static bool
session_take_head(struct session *session, struct span bytes, bool is_kept)
{
    struct worker *worker = session->worker;
    struct wire_request *request = &worker->request;
    enum wire_result result =
        head_request_parse(request, bytes.data, bytes.size, &worker->node->limits);
    if (result == WIRE_MORE) {
        if (!is_kept && !buf_append(&session->input, bytes.data, bytes.size)) {
            session_close(session, false);
            return false;
        }
        return true;
    }
    timer_clear(&session->timer);
    memset(&session->head_wait, 0, sizeof(session->head_wait));
    if (result == WIRE_BAD) {
        request_refuse(session, request, reason_of_wire(request->reason),
                       wire_reason_text(request->reason));
        return false;
    }
    /* The bytes are held here while they are used, so that `input` is free for what is read
     * meanwhile. */
    struct buf kept = session->input;
    buf_init(&session->input);
    size_t taken = 0;
    struct span rest = {bytes.data + request->head_size, bytes.size - request->head_size};
    request_start(session, request, rest, &taken);
    rest.data += taken;
    rest.size -= taken;
    session_keep_input(session, rest, is_kept ? &kept : NULL);
    buf_fini(&kept);
    return true;
}

/* What is kept may hold a whole head (pipelining); parsing it again is worth it only when more has
 * come. */
static bool
session_has_head(struct session *session)
{
    struct span kept = buf_span(&session->input);
    return kept.size > 0 && head_wait_is_due(&session->head_wait, kept.data, kept.size,
                                             &session->worker->node->limits);
}

/* What there is to parse: what is kept, or what is read now. */
enum gathered { GATHERED_HEAD, GATHERED_TOO_LITTLE, GATHERED_NOTHING };

static enum gathered
session_gather(struct session *session, struct span *bytes)
{
    *bytes = buf_span(&session->input);
    if (session_has_head(session)) {
        return GATHERED_HEAD;
    }
    if (bytes->size == 0) {
        session->head_began_us = loop_now_us(session->worker->loop);
    }
    enum stream_result result =
        session->stream.may_read ? session_read_head(session, bytes) : STREAM_AGAIN;
    if (result == STREAM_AGAIN) {
        session_wait_head(session);
        return GATHERED_NOTHING;
    }
    if (result != STREAM_OK) {
        session_ended(session);
        return GATHERED_NOTHING;
    }
    bool is_kept = buf_size(&session->input) > 0;
    return is_kept && !session_has_head(session) ? GATHERED_TOO_LITTLE : GATHERED_HEAD;
}

/* Whether the next request may be looked at: the client takes its answers, and may ask again. */
static bool
session_may_go_on(const struct session *session)
{
    return session->state == SESSION_HEAD && !session_is_blocked(session) && !session->closes;
}

void
session_run(struct session *session)
{
    int steps = 0;
    session->is_running = true;
    while (session_may_go_on(session)) {
        struct span bytes;
        if (steps++ == SESSION_TURN_HEADS) {
            loop_defer(session->worker->loop, &session->task);
            break;
        }
        enum gathered gathered = session_gather(session, &bytes);
        if (gathered == GATHERED_TOO_LITTLE) {
            continue;
        }
        if (gathered == GATHERED_NOTHING ||
            !session_take_head(session, bytes, buf_size(&session->input) > 0)) {
            break;
        }
    }
    session->is_running = false;
    if (session->state == SESSION_HEAD && session->closes && !session_is_blocked(session)) {
        session_finish(session);
    }
}
