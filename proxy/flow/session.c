#include "proxy/flow/session.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/base/address.h"
#include "proxy/flow/exchange.h"
#include "proxy/wire/reply.h"

enum {
    SESSION_TURN_HEADS = 64, /* steps of one client's pipeline before others have their turn */
    SESSION_GRACE_MS = 1000, /* for another request while the worker leaves */
    SESSION_LINGER_MS = 2000,
    SESSION_LINGER_BYTES = 64 * 1024 * 1024, /* more than sockets hold of what was sent already */
};

static void session_on_ready(struct stream *stream);
static void session_expired(struct timer *timer);
static void session_drop(struct session *session);

static void
session_free(struct loop_task *task)
{
    struct session *session = LIST_ITEM(task, struct session, task);
    buf_fini(&session->input);
    buf_fini(&session->output);
    free(session);
}

void
session_close(struct session *session, bool reset)
{
    if (session->state == SESSION_CLOSED) {
        return;
    }
    session->state = SESSION_CLOSED;
    timer_clear(&session->timer);
    list_remove(&session->node);
    stream_close(&session->stream, reset);
    worker_count_closed(session->worker);
    session->task.run = session_free;
    loop_defer(session->worker->loop, &session->task);
}

/* After others had their turn: a request's body goes on, or pipelined requests, or what follows our
 * last answer is read off. */
static void
session_resume(struct loop_task *task)
{
    struct session *session = LIST_ITEM(task, struct session, task);
    if (session->exchange != NULL) {
        upload_run(session->exchange);
    } else if (session->state == SESSION_HEAD) {
        session_run(session);
    } else if (session->state == SESSION_LINGER) {
        session_drop(session);
    }
}

static void
session_set_peer(struct session *session, const struct sockaddr_storage *peer)
{
    uint8_t address[16] = {[10] = 0xff, [11] = 0xff};
    const struct node *node = session->worker->node;
    if (peer->ss_family == AF_INET) {
        const struct sockaddr_in *ipv4 = (const void *)peer;
        inet_ntop(AF_INET, &ipv4->sin_addr, session->peer, sizeof(session->peer));
        memcpy(address + 12, &ipv4->sin_addr, 4);
    } else if (peer->ss_family == AF_INET6) {
        const struct sockaddr_in6 *ipv6 = (const void *)peer;
        inet_ntop(AF_INET6, &ipv6->sin6_addr, session->peer, sizeof(session->peer));
        memcpy(address, &ipv6->sin6_addr, 16);
    } else {
        memcpy(session->peer, "unix", 5);
        return;
    }
    session->is_trusted = node->trusted_count > 0 && node_trusts(node, address);
}

void
session_accept(struct worker_listener *listener, int fd, const struct sockaddr_storage *peer)
{
    struct worker *worker = listener->worker;
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL) {
        close(fd);
        return;
    }
    session->worker = worker;
    session->listener = listener;
    stream_init(&session->stream, worker->loop, fd, session_on_ready);
    buf_init(&session->input);
    buf_init(&session->output);
    timer_init(&session->timer, session_expired);
    loop_task_init(&session->task, session_resume);
    list_add_last(&worker->sessions, &session->node);
    worker_count_opened(worker);
    session_set_peer(session, peer);
    session->head_began_us = loop_now_us(worker->loop);
    if (listener->tls != NULL && stream_start_tls(&session->stream, listener->tls) != ERR_OK) {
        session_close(session, false);
        return;
    }
    session_run(session);
}

bool
session_wait(struct session *session, enum session_wait wait, uint32_t ms)
{
    if (stream_register(&session->stream) != ERR_OK) {
        return false;
    }
    session->wait = (uint8_t)wait;
    timer_set(session->worker->loop, &session->timer, ms);
    return true;
}

/* Puts what a write did not take behind the output. */
static bool
session_keep_output(struct session *session, const struct iovec *pieces, int count, size_t written)
{
    for (int i = 0; i < count; i++) {
        size_t skipped = written < pieces[i].iov_len ? written : pieces[i].iov_len;
        written -= skipped;
        const char *rest = (const char *)pieces[i].iov_base + skipped;
        if (!buf_append(&session->output, rest, pieces[i].iov_len - skipped)) {
            return false;
        }
    }
    return true;
}

bool
session_send(struct session *session, const struct iovec *pieces, int count)
{
    size_t written = 0;
    if (!session_is_blocked(session)) {
        enum stream_result result = stream_write(&session->stream, pieces, count, &written);
        if (result == STREAM_FAILED || result == STREAM_EOF) {
            return false;
        }
        if (result == STREAM_AGAIN) {
            written = 0;
        }
    }
    if (!session_keep_output(session, pieces, count, written)) {
        return false;
    }
    return !session_is_blocked(session) ||
           session_wait(session, SESSION_WAIT_SEND, session->worker->node->clients->send_ms);
}

static void
session_linger(struct session *session)
{
    session->state = SESSION_LINGER;
    stream_shutdown_write(&session->stream);
    if (!session_wait(session, SESSION_WAIT_LINGER, SESSION_LINGER_MS)) {
        session_close(session, false);
        return;
    }
    /* No event tells of bytes that have been left unread for long. */
    if (session->stream.may_read) {
        loop_defer(session->worker->loop, &session->task);
    }
}

/* All that was to be sent is sent, and it was the last. */
static void
session_finish(struct session *session)
{
    bool may_get_more =
        session->must_linger || session->stream.may_read || buf_size(&session->input) > 0;
    if (may_get_more && !session->stream.has_eof) {
        session_linger(session);
        return;
    }
    stream_shutdown_write(&session->stream);
    session_close(session, false);
}

void
session_answered(struct session *session)
{
    session->has_served = true;
    session->state = SESSION_HEAD;
    session->head_began_us = loop_now_us(session->worker->loop); /* of one that is here already */
    if (session_is_blocked(session)) {
        return; /* goes on when the client has taken its answer */
    }
    if (session->closes) {
        session_finish(session);
        return;
    }
    timer_clear(&session->timer);
    if (!session->is_running) {
        session_run(session);
    }
}

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

void
session_run(struct session *session)
{
    int steps = 0;
    session->is_running = true;
    while (session->state == SESSION_HEAD && !session_is_blocked(session) && !session->closes) {
        if (steps++ == SESSION_TURN_HEADS) {
            loop_defer(session->worker->loop, &session->task);
            break;
        }
        struct span bytes = buf_span(&session->input);
        bool is_kept = bytes.size > 0;
        if (!session_has_head(session)) {
            if (!is_kept) {
                session->head_began_us = loop_now_us(session->worker->loop);
            }
            enum stream_result result =
                session->stream.may_read ? session_read_head(session, &bytes) : STREAM_AGAIN;
            if (result == STREAM_AGAIN) {
                session_wait_head(session);
                /* Registering may have told of something to read. */
                break;
            }
            if (result != STREAM_OK) {
                session_ended(session);
                break;
            }
            is_kept = buf_size(&session->input) > 0;
            if (is_kept && !session_has_head(session)) {
                continue;
            }
        }
        if (!session_take_head(session, bytes, is_kept)) {
            break;
        }
    }
    session->is_running = false;
    if (session->state == SESSION_HEAD && session->closes && !session_is_blocked(session)) {
        session_finish(session);
    }
}

/* True when all output is sent (or there was none). */
static bool
session_flush(struct session *session)
{
    while (session_is_blocked(session)) {
        struct span output = buf_span(&session->output);
        size_t written = 0;
        enum stream_result result =
            stream_write_data(&session->stream, output.data, output.size, &written);
        if (result == STREAM_AGAIN) {
            return false;
        }
        if (result != STREAM_OK) {
            if (session->exchange != NULL) {
                exchange_client_left(session->exchange);
            } else {
                session_close(session, true);
            }
            return false;
        }
        buf_consume(&session->output, written);
        timer_set(session->worker->loop, &session->timer, session->worker->node->clients->send_ms);
    }
    buf_fini(&session->output);
    timer_clear(&session->timer);
    return true;
}

static void
session_drop(struct session *session)
{
    size_t dropped = 0;
    enum stream_result result = STREAM_OK;
    while (result == STREAM_OK && dropped < WORKER_TURN_BYTES) {
        size_t size = 0;
        result = stream_read(&session->stream, session->worker->client_bytes, WORKER_SCRATCH_BYTES,
                             &size);
        dropped += size;
    }
    session->lingered_bytes += (uint32_t)dropped;
    if (result == STREAM_OK && session->lingered_bytes < SESSION_LINGER_BYTES) {
        loop_defer(session->worker->loop, &session->task);
        return;
    }
    if (result != STREAM_AGAIN) {
        session_close(session, false);
    }
}

/* A parked client that sent a FIN has left, or only said that it sends nothing more (a half-close).
 * An interim answer tells: who has left answers it with a reset (RFC 9110 section 15.2 lets a
 * client get one at any time; HTTP/1.0 knows none). */
static void
session_probe(struct session *session)
{
    struct span interim = REPLY_CONTINUE;
    struct iovec piece = {(void *)(uintptr_t)interim.data, interim.size};
    if (session->is_probed || session->exchange->minor == 0) {
        return;
    }
    session->is_probed = true;
    if (!session_send(session, &piece, 1)) {
        exchange_client_left(session->exchange);
    }
}

/* Something happened to a client whose request is in progress: has it left? */
static bool
session_has_left(struct session *session)
{
    struct exchange *exchange = session->exchange;
    if (stream_check_dead(&session->stream)) {
        return true;
    }
    return session->stream.has_hangup && exchange->role != NULL && exchange->role->abort_on_close &&
           exchange->is_request_done;
}

static void
session_on_exchange(struct session *session)
{
    struct exchange *exchange = session->exchange;
    if (session_has_left(session)) {
        exchange_client_left(exchange);
        return;
    }
    /* An answer, interim or not, that waited for the client has taken the timer of what is waited
     * for besides. */
    bool is_timed = timer_is_set(&session->timer);
    if (exchange->is_parked) {
        if (!is_timed) {
            session_wait(session, SESSION_WAIT_HOLD, exchange->role->hold_max_ms);
        }
        if (session->stream.has_hangup) {
            session_probe(session);
        }
        return;
    }
    if (!exchange->is_request_done && (session->stream.may_read || !is_timed)) {
        upload_run(exchange);
    }
}

static void
session_on_ready(struct stream *stream)
{
    struct session *session = LIST_ITEM(stream, struct session, stream);
    if (session_is_blocked(session) && stream->may_write) {
        if (!session_flush(session)) {
            return;
        }
        if (session->exchange != NULL && session->exchange->upstream != NULL) {
            download_run(session->exchange);
        } else if (session->state == SESSION_HEAD) {
            session_run(session);
            return;
        }
    }
    switch ((enum session_state)session->state) {
    case SESSION_HEAD:
        if (!session_is_blocked(session)) {
            session_run(session);
        } else if (stream_check_dead(stream)) {
            session_close(session, true);
        }
        return;
    case SESSION_EXCHANGE:
        session_on_exchange(session);
        return;
    case SESSION_LINGER:
        session_drop(session);
        return;
    case SESSION_CLOSED:
    default:
        return;
    }
}

static void
session_head_expired(struct session *session)
{
    if (buf_size(&session->input) == 0) {
        session_close(session, false);
        return;
    }
    memset(&session->worker->request, 0, sizeof(session->worker->request));
    request_refuse(session, &session->worker->request, REASON_HEADER_TIMEOUT, NULL);
}

static void
session_expired(struct timer *timer)
{
    struct session *session = LIST_ITEM(timer, struct session, timer);
    struct exchange *exchange = session->exchange;
    switch ((enum session_wait)session->wait) {
    case SESSION_WAIT_HEAD:
        session_head_expired(session);
        return;
    case SESSION_WAIT_BODY:
        exchange_fail(exchange, REASON_BODY_TIMEOUT, EXCHANGE_END_CLIENT);
        return;
    case SESSION_WAIT_SEND:
        if (exchange != NULL) {
            exchange_client_left(exchange);
            return;
        }
        session_close(session, true);
        return;
    case SESSION_WAIT_HOLD:
        exchange_reply(exchange, REASON_HOLD_TIMEOUT, EXCHANGE_END_TIMEOUT, NULL);
        return;
    case SESSION_WAIT_REGISTER:
        stream_register(&session->stream);
        return;
    case SESSION_WAIT_IDLE:
    case SESSION_WAIT_LINGER:
    default:
        session_close(session, false);
        return;
    }
}

void
session_leave(struct session *session)
{
    if (session->state != SESSION_HEAD || buf_size(&session->input) > 0 ||
        session_is_blocked(session)) {
        return;
    }
    /* A request may have come whose event has not: it is served. */
    session->stream.may_read = true;
    session_run(session);
}
