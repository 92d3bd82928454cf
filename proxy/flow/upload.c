/* The request's way to the instance: its head, and its body as it comes. */
#include "proxy/flow/exchange.h"

#include "proxy/base/check.h"

enum { UPLOAD_REGISTER_MS = 1000 /* a client that waits for longer is watched for its leaving */ };

/* Puts bytes behind `outgoing`, where they wait or are kept for another try. */
static bool
upload_queue(struct exchange *exchange, struct span bytes)
{
    /* A large body of which a part went out is not kept, or it would pile up here. */
    exchange->is_kept = exchange->is_kept &&
                        (exchange->sent == 0 || exchange->body_bytes <= EXCHANGE_KEPT_BODY_BYTES);
    if (!exchange->is_kept && exchange->sent > 0) {
        buf_consume(&exchange->outgoing, exchange->sent);
        exchange->sent = 0;
    }
    return buf_append_span(&exchange->outgoing, bytes);
}

bool
upload_keep(struct exchange *exchange)
{
    struct span carry = exchange->carry;
    exchange->carry = (struct span){NULL, 0};
    if (carry.size == 0 || upload_queue(exchange, carry)) {
        return true;
    }
    exchange_fail(exchange, REASON_OVERLOAD, EXCHANGE_END_REFUSED);
    return false;
}

/* One run of the body. Small bodies are kept whole; others are carried, to be sent from where they
 * are. */
static bool
upload_add(struct exchange *exchange, struct span run, bool is_borrowed)
{
    bool is_small = exchange->is_kept && exchange->body_bytes <= EXCHANGE_KEPT_BODY_BYTES &&
                    exchange->request_left <= EXCHANGE_KEPT_BODY_BYTES;
    if (run.size == 0) {
        return true;
    }
    if (exchange->carry.size > 0 && exchange->carry.data + exchange->carry.size == run.data) {
        exchange->carry.size += run.size;
        return true;
    }
    if (!upload_keep(exchange)) {
        return false;
    }
    if (!is_small && !is_borrowed) {
        exchange->carry = run;
        return true;
    }
    exchange->carry = run;
    return upload_keep(exchange);
}

static bool
upload_is_too_large(const struct exchange *exchange, uint64_t size)
{
    uint64_t limit = exchange->worker->node->clients->body;
    return limit > 0 && size > limit;
}

static bool
upload_take_chunks(struct exchange *exchange, struct span *input)
{
    struct chunk_decoder *decoder = &exchange->request_chunks;
    enum wire_result result = WIRE_MORE;
    const char *start = input->data;
    const char *end = input->data + input->size;
    while (result == WIRE_MORE && input->size > 0) {
        struct span run;
        result = chunk_decode(decoder, input, &run);
        exchange->body_bytes = decoder->decoded;
        bool is_borrowed = run.data < start || run.data >= end;
        if (result != WIRE_BAD && !upload_add(exchange, run, is_borrowed)) {
            return false;
        }
    }
    if (result == WIRE_BAD) {
        exchange->session->closes = true;
        if (exchange->is_answering) {
            exchange_fail(exchange, REASON_BAD_REQUEST, EXCHANGE_END_REFUSED);
        } else {
            exchange_reply(exchange, REASON_BAD_REQUEST, EXCHANGE_END_REFUSED,
                           wire_reason_text(chunk_decoder_reason(decoder)));
        }
        return false;
    }
    exchange->is_request_done = result == WIRE_DONE;
    return true;
}

bool
upload_take(struct exchange *exchange, struct span *input)
{
    size_t before = input->size;
    if (exchange->request_framing == WIRE_FRAMING_CHUNKED) {
        if (!upload_take_chunks(exchange, input)) {
            return false;
        }
    } else {
        uint64_t left = exchange->request_left;
        struct span run = {input->data, input->size < left ? input->size : (size_t)left};
        exchange->body_bytes += run.size;
        if (!upload_add(exchange, run, false)) {
            return false;
        }
        exchange->request_left -= run.size;
        exchange->is_request_done = exchange->request_left == 0;
        input->data += run.size;
        input->size -= run.size;
    }
    exchange->bytes_in += before - input->size;
    if (upload_is_too_large(exchange, exchange->body_bytes)) {
        exchange->session->closes = true; /* what follows the body is not looked at */
        exchange_fail(exchange, REASON_BODY_TOO_LARGE, EXCHANGE_END_REFUSED);
        return false;
    }
    return true;
}

/* What is left of the request waits for the instance: the client is not blamed meanwhile. False:
 * the exchange has ended. */
static bool
upload_pause(struct exchange *exchange)
{
    struct session *session = exchange->session;
    if (session != NULL && session->wait == SESSION_WAIT_BODY) {
        timer_clear(&session->timer);
    }
    return upload_keep(exchange);
}

/* The instance takes no more of the request. It may have answered before it closed: then that
 * answer counts. */
static void
upload_break(struct exchange *exchange)
{
    if (!upload_pause(exchange)) {
        return;
    }
    exchange->is_upload_broken = true;
    timer_set(exchange->worker->loop, &exchange->upstream->timer, exchange->role->response_ms);
    download_run(exchange);
}

static void
upload_advance(struct exchange *exchange, size_t written)
{
    struct upstream *upstream = exchange->upstream;
    size_t queued = buf_size(&exchange->outgoing) - exchange->sent;
    size_t from_queue = written < queued ? written : queued;
    size_t from_carry = written - from_queue;
    if (!upstream->is_connected) {
        upstream->is_connected = true;
        exchange->connect_us = loop_now_us(exchange->worker->loop) - exchange->connect_began_us;
    }
    if (!exchange->is_answering) {
        timer_clear(&upstream->timer); /* it took something: a new wait begins, if any */
    }
    upstream->sent += written;
    exchange->sent += from_queue;
    exchange->carry.data += from_carry;
    exchange->carry.size -= from_carry;
    exchange->is_kept = exchange->is_kept && from_carry == 0;
    if (!exchange->is_kept && exchange->sent == buf_size(&exchange->outgoing)) {
        buf_clear(&exchange->outgoing);
        exchange->sent = 0;
    }
}

static int
upload_pieces(const struct exchange *exchange, struct iovec pieces[2])
{
    struct span queue = buf_span(&exchange->outgoing);
    int count = 0;
    if (queue.size > exchange->sent) {
        pieces[count].iov_base = (void *)(uintptr_t)(queue.data + exchange->sent);
        pieces[count++].iov_len = queue.size - exchange->sent;
    }
    if (exchange->carry.size > 0) {
        pieces[count].iov_base = (void *)(uintptr_t)exchange->carry.data;
        pieces[count++].iov_len = exchange->carry.size;
    }
    return count;
}

/* True when all that is there was sent; false when it must wait, or the exchange has gone another
 * way. */
static bool
upload_flush(struct exchange *exchange)
{
    struct upstream *upstream = exchange->upstream;
    struct iovec pieces[2];
    int count;
    while ((count = upload_pieces(exchange, pieces)) > 0) {
        size_t written = 0;
        enum stream_result result = stream_write(&upstream->stream, pieces, count, &written);
        if (result == STREAM_AGAIN) {
            if (upload_pause(exchange) && upstream->is_connected) {
                timer_set(exchange->worker->loop, &upstream->timer, exchange->role->stall_ms);
            }
            return false;
        }
        if (result != STREAM_OK) {
            upload_break(exchange);
            return false;
        }
        upload_advance(exchange, written);
    }
    return true;
}

/* The whole request is with the instance: its time to answer runs. The client is watched only if
 * that takes long. */
static void
upload_done(struct exchange *exchange)
{
    struct session *session = exchange->session;
    struct worker *worker = exchange->worker;
    if (!exchange->is_answering) {
        timer_set(worker->loop, &exchange->upstream->timer, exchange->role->response_ms);
    }
    if (session == NULL || session_is_blocked(session)) {
        return;
    }
    timer_clear(&session->timer);
    if (!session->stream.is_registered) {
        session->wait = SESSION_WAIT_REGISTER;
        timer_set(worker->loop, &session->timer, UPLOAD_REGISTER_MS);
    }
}

/* Body that was read earlier, with a head or behind a chunk. */
static bool
upload_read_kept(struct exchange *exchange)
{
    struct session *session = exchange->session;
    struct span kept = buf_span(&session->input);
    struct span rest = kept;
    if (!upload_take(exchange, &rest) || !upload_keep(exchange)) {
        return false;
    }
    buf_consume(&session->input, kept.size - rest.size);
    return true;
}

static bool
upload_wait(struct exchange *exchange)
{
    struct session *session = exchange->session;
    if (session_is_blocked(session)) {
        return false; /* its timer runs already */
    }
    if (!session_wait(session, SESSION_WAIT_BODY, exchange->worker->node->clients->body_ms)) {
        exchange_client_left(exchange);
    }
    return false;
}

/* Gets more of the body. False: there is none now, or the exchange has ended. */
static bool
upload_read(struct exchange *exchange, size_t *moved)
{
    struct session *session = exchange->session;
    struct worker *worker = exchange->worker;
    if (buf_size(&session->input) > 0) {
        return upload_read_kept(exchange);
    }
    if (!session->stream.may_read) {
        return upload_wait(exchange);
    }
    size_t capacity = WORKER_SCRATCH_BYTES;
    if (exchange->request_framing == WIRE_FRAMING_LENGTH && exchange->request_left < capacity) {
        capacity = (size_t)exchange->request_left;
    }
    size_t size = 0;
    enum stream_result result =
        stream_read(&session->stream, worker->client_bytes, capacity, &size);
    if (result == STREAM_AGAIN) {
        return upload_wait(exchange);
    }
    if (result != STREAM_OK) {
        exchange_client_left(exchange);
        return false;
    }
    *moved += size;
    struct span input = {worker->client_bytes, size};
    if (!upload_take(exchange, &input)) {
        return false;
    }
    if (!buf_append_span(&session->input, input)) {
        exchange_client_left(exchange);
        return false;
    }
    return true;
}

void
upload_run(struct exchange *exchange)
{
    size_t moved = 0;
    if (exchange->upstream == NULL || exchange->is_upload_broken) {
        return;
    }
    while (upload_flush(exchange)) {
        if (exchange->is_request_done) {
            upload_done(exchange);
            return;
        }
        if (moved >= WORKER_TURN_BYTES) {
            loop_defer(exchange->worker->loop, &exchange->session->task);
            return;
        }
        if (!upload_read(exchange, &moved)) {
            return;
        }
    }
}
