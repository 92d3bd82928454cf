#include "proxy/flow/session.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/base/address.h"
#include "proxy/flow/exchange.h"
#include "proxy/wire/reply.h"

enum {
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
void
session_finish(struct session *session)
{
    bool may_get_more =
        session->must_linger || session->stream.may_read || buf_size(&session->input) > 0;
    if (may_get_more && !session->stream.has_eof) {
        session_linger(session);
        return;
    }
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
