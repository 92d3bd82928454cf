/* The answer's way to the client: interim answers, the head, the body in the framing that the
 * client understands. */
#include "proxy/flow/exchange.h"

#include <stdio.h>

#include "proxy/base/check.h"
#include "proxy/wire/rewrite.h"

enum {
    DOWNLOAD_JOIN_BYTES = 2048,
    DOWNLOAD_PIECES = 16,
    DOWNLOAD_INTERIM_MAX = 32,
    DOWNLOAD_EXTRA_SIZE = 640
};

/* Answers' heads may be longer than requests': the instances are our own. */
static const struct wire_limits answer_limits = {
    .line_bytes = 8 * 1024, .head_bytes = 64 * 1024, .fields = WIRE_FIELDS_MAX};

/* Pieces on their way to the client, sent together. */
struct batch {
    struct exchange *exchange;
    int count;
    bool is_sent; /* false: the client is gone */
    char chunk_head[CHUNK_HEAD_MAX];
    struct iovec pieces[DOWNLOAD_PIECES];
};

/* A head with a short body behind it is one piece: copying so little costs less than gathering. */
static void
batch_join(struct batch *batch)
{
    struct buf *head = &batch->exchange->worker->head;
    struct iovec *pieces = batch->pieces;
    bool is_short = batch->count == 2 && pieces[0].iov_base == head->data + head->start &&
                    pieces[1].iov_len <= DOWNLOAD_JOIN_BYTES;
    if (is_short && buf_append(head, pieces[1].iov_base, pieces[1].iov_len)) {
        struct span bytes = buf_span(head);
        pieces[0] = (struct iovec){(void *)(uintptr_t)bytes.data, bytes.size};
        batch->count = 1;
    }
}

static void
batch_flush(struct batch *batch)
{
    struct session *session = batch->exchange->session;
    batch_join(batch);
    if (batch->count > 0 && batch->is_sent && session != NULL) {
        batch->is_sent = session_send(session, batch->pieces, batch->count);
    }
    batch->count = 0;
}

static void
batch_add(struct batch *batch, struct span bytes)
{
    if (bytes.size == 0) {
        return;
    }
    if (batch->count == DOWNLOAD_PIECES) {
        batch_flush(batch);
    }
    batch->pieces[batch->count].iov_base = (void *)(uintptr_t)bytes.data;
    batch->pieces[batch->count++].iov_len = bytes.size;
    batch->exchange->bytes_out += bytes.size;
}

static enum wire_framing
client_framing(const struct exchange *exchange, enum wire_framing framing)
{
    bool is_unbounded = framing == WIRE_FRAMING_CHUNKED || framing == WIRE_FRAMING_CLOSE;
    if (!is_unbounded) {
        return framing;
    }
    return exchange->minor == 0 ? WIRE_FRAMING_CLOSE : WIRE_FRAMING_CHUNKED;
}

/* Lines of our own behind the instance's. */
static struct span
answer_extra(const struct exchange *exchange, uint64_t *drop, char out[DOWNLOAD_EXTRA_SIZE])
{
    const struct role_settings *role = exchange->role;
    const struct session *session = exchange->session;
    int size = 0;
    if (session != NULL && session->listener->tls != NULL && role->hsts[0] != '\0') {
        size = snprintf(out, DOWNLOAD_EXTRA_SIZE, "Strict-Transport-Security: %s\r\n", role->hsts);
        *drop |= FIELD_BIT(FIELD_HSTS);
    }
    if (role->expose_build && size < DOWNLOAD_EXTRA_SIZE) {
        size += snprintf(out + size, DOWNLOAD_EXTRA_SIZE - (size_t)size, "Turnout-Build: %s\r\n",
                         exchange->set->build);
        *drop |= FIELD_BIT(FIELD_TURNOUT_BUILD);
    }
    return (struct span){out, size > 0 && size < DOWNLOAD_EXTRA_SIZE ? (size_t)size : 0};
}

static enum wire_connection
answer_connection(struct exchange *exchange)
{
    struct session *session = exchange->session;
    exchange->keeps_alive = exchange->keeps_alive && exchange->is_request_done &&
                            exchange->client_framing != WIRE_FRAMING_CLOSE &&
                            !exchange->worker->is_leaving && session != NULL && !session->closes;
    if (!exchange->keeps_alive) {
        return WIRE_CONNECTION_CLOSE;
    }
    return exchange->minor == 0 ? WIRE_CONNECTION_KEEP_ALIVE : WIRE_CONNECTION_DEFAULT;
}

static void
answer_begin(struct exchange *exchange, const struct wire_response *response)
{
    exchange->status = response->status;
    exchange->answer_framing = (uint8_t)response->framing;
    exchange->client_framing = (uint8_t)client_framing(exchange, response->framing);
    exchange->answer_left = response->framing == WIRE_FRAMING_LENGTH ? response->length : 0;
    exchange->keeps_upstream = response->keep_alive && response->framing != WIRE_FRAMING_CLOSE;
    exchange->first_byte_us = loop_now_us(exchange->worker->loop);
    if (response->framing == WIRE_FRAMING_CHUNKED) {
        bool is_raw = exchange->client_framing == WIRE_FRAMING_CHUNKED;
        chunk_decoder_init(&exchange->answer_chunks, is_raw ? CHUNK_RAW : CHUNK_DATA);
    }
    if (response->keep_alive_s != UINT32_MAX) {
        uint32_t idle_ms = response->keep_alive_s < 2 ? 0 : (response->keep_alive_s - 1) * 1000;
        uint32_t set_ms = exchange->role->upstream_idle_ms;
        exchange->instance->idle_ms = idle_ms < set_ms ? idle_ms : set_ms;
    }
}

static bool
answer_send_head(struct exchange *exchange, const struct wire_response *response,
                 struct batch *batch)
{
    char extra[DOWNLOAD_EXTRA_SIZE];
    struct rewrite_response edits = {.length = response->length};
    answer_begin(exchange, response);
    edits.framing = (enum wire_framing)exchange->client_framing;
    edits.connection = answer_connection(exchange);
    edits.extra = answer_extra(exchange, &edits.drop, extra);
    struct buf *head = &exchange->worker->head;
    buf_clear(head);
    if (rewrite_response_append(head, response, &edits) != ERR_OK) {
        return false;
    }
    batch_add(batch, buf_span(head));
    exchange->is_answering = true;
    return true;
}

/* Whether the answer has ended with these bytes. */
enum taken { TAKEN_MORE, TAKEN_DONE, TAKEN_BAD };

static enum taken
take_length(struct exchange *exchange, struct span bytes, struct batch *batch)
{
    uint64_t left = exchange->answer_left;
    if (bytes.size > left) {
        exchange->keeps_upstream = false; /* an answer to a question that was not asked */
        bytes.size = (size_t)left;
    }
    batch_add(batch, bytes);
    exchange->answer_left -= bytes.size;
    return exchange->answer_left == 0 ? TAKEN_DONE : TAKEN_MORE;
}

static enum taken
take_chunks(struct exchange *exchange, struct span bytes, struct batch *batch)
{
    const char *start = bytes.data;
    const char *end = bytes.data + bytes.size;
    enum wire_result result = WIRE_MORE;
    while (result == WIRE_MORE && bytes.size > 0) {
        struct span run;
        result = chunk_decode(&exchange->answer_chunks, &bytes, &run);
        if (result == WIRE_BAD) {
            return TAKEN_BAD;
        }
        batch_add(batch, run);
        if (run.size > 0 && (run.data < start || run.data >= end)) {
            batch_flush(batch); /* the decoder's own bytes last until its next call */
        }
    }
    exchange->keeps_upstream = exchange->keeps_upstream && bytes.size == 0;
    return result == WIRE_DONE ? TAKEN_DONE : TAKEN_MORE;
}

static enum taken
take_until_close(struct exchange *exchange, struct span bytes, struct batch *batch)
{
    if (bytes.size == 0) {
        return TAKEN_MORE;
    }
    if (exchange->client_framing == WIRE_FRAMING_CLOSE) {
        batch_add(batch, bytes);
        return TAKEN_MORE;
    }
    size_t size = chunk_encode_head(batch->chunk_head, bytes.size);
    batch_add(batch, (struct span){batch->chunk_head, size});
    batch_add(batch, bytes);
    batch_add(batch, CHUNK_END);
    return TAKEN_MORE;
}

static enum taken
take_body(struct exchange *exchange, struct span bytes, struct batch *batch)
{
    switch ((enum wire_framing)exchange->answer_framing) {
    case WIRE_FRAMING_LENGTH:
        return take_length(exchange, bytes, batch);
    case WIRE_FRAMING_CHUNKED:
        return take_chunks(exchange, bytes, batch);
    case WIRE_FRAMING_CLOSE:
        return take_until_close(exchange, bytes, batch);
    case WIRE_FRAMING_NONE:
    default:
        exchange->keeps_upstream = exchange->keeps_upstream && bytes.size == 0;
        return TAKEN_DONE;
    }
}

/* Sends what was gathered and looks at where the exchange stands. False: it has ended. */
static bool
download_settle(struct exchange *exchange, struct batch *batch, enum taken taken)
{
    batch_flush(batch);
    if (!batch->is_sent && !exchange_detach(exchange)) {
        exchange_client_left(exchange);
        return false;
    }
    if (taken == TAKEN_BAD) {
        ledger_add(&exchange->instance->counts->failures, 1);
        exchange_fail(exchange, REASON_UPSTREAM_INVALID, EXCHANGE_END_UPSTREAM);
        return false;
    }
    if (taken == TAKEN_DONE) {
        exchange_complete(exchange);
        return false;
    }
    return true;
}

/* 1xx goes on to clients of HTTP/1.1 (RFC 9110 section 15.2). */
static bool
download_interim(struct exchange *exchange, const struct wire_response *response)
{
    struct batch batch = {.exchange = exchange, .is_sent = true};
    struct rewrite_response edits = {.framing = WIRE_FRAMING_NONE};
    struct buf *head = &exchange->worker->head;
    if (exchange->interim_count++ == DOWNLOAD_INTERIM_MAX) {
        return download_settle(exchange, &batch, TAKEN_BAD);
    }
    if (exchange->minor == 0 || exchange->session == NULL) {
        return true;
    }
    buf_clear(head);
    if (rewrite_response_append(head, response, &edits) == ERR_OK) {
        batch_add(&batch, buf_span(head));
    }
    return download_settle(exchange, &batch, TAKEN_MORE);
}

static bool
download_invalid(struct exchange *exchange)
{
    ledger_add(&exchange->instance->counts->failures, 1);
    exchange_fail(exchange, REASON_UPSTREAM_INVALID, EXCHANGE_END_UPSTREAM);
    return false;
}

/* The answer's head, and what of its body came with it. */
static bool
download_final(struct exchange *exchange, const struct wire_response *response, struct span rest)
{
    struct batch batch = {.exchange = exchange, .is_sent = true};
    if (!answer_send_head(exchange, response, &batch)) {
        exchange_fail(exchange, REASON_OVERLOAD, EXCHANGE_END_REFUSED);
        return false;
    }
    return download_settle(exchange, &batch, take_body(exchange, rest, &batch));
}

/* Heads out of bytes that lie in the scratch or, after a part had come before, in the connection's
 * own buffer. */
static bool
download_heads(struct exchange *exchange, struct span bytes, bool is_kept)
{
    struct wire_response *response = &exchange->worker->response;
    struct upstream *upstream = exchange->upstream;
    while (bytes.size > 0) {
        enum wire_result result = head_response_parse(
            response, bytes.data, bytes.size, &answer_limits, (enum wire_method)exchange->method);
        if (result == WIRE_BAD) {
            return download_invalid(exchange);
        }
        if (result == WIRE_MORE) {
            stream_expect_more(&upstream->stream);
            if (is_kept) {
                buf_consume(&upstream->input, buf_size(&upstream->input) - bytes.size);
                return true;
            }
            if (!buf_append_span(&upstream->input, bytes)) {
                exchange_fail(exchange, REASON_OVERLOAD, EXCHANGE_END_REFUSED);
                return false;
            }
            return true;
        }
        bytes.data += response->head_size;
        bytes.size -= response->head_size;
        if (!response->is_interim) {
            /* The buffer may be the bytes' own: it is given back when they were taken. */
            struct buf kept = upstream->input;
            buf_init(&upstream->input);
            bool goes_on = download_final(exchange, response, bytes);
            buf_fini(&kept);
            return goes_on;
        }
        if (!download_interim(exchange, response)) {
            return false;
        }
    }
    buf_clear(&upstream->input);
    stream_expect_more(&upstream->stream); /* the answer itself is still to come */
    return true;
}

static bool
download_take(struct exchange *exchange, struct span bytes)
{
    struct upstream *upstream = exchange->upstream;
    exchange->has_answer = true;
    upstream->is_connected = true;
    if (exchange->is_answering) {
        struct batch batch = {.exchange = exchange, .is_sent = true};
        return download_settle(exchange, &batch, take_body(exchange, bytes, &batch));
    }
    if (buf_size(&upstream->input) == 0) {
        return download_heads(exchange, bytes, false);
    }
    if (!buf_append_span(&upstream->input, bytes)) {
        exchange_fail(exchange, REASON_OVERLOAD, EXCHANGE_END_REFUSED);
        return false;
    }
    return download_heads(exchange, buf_span(&upstream->input), true);
}

/* The instance closed, or the connection broke. */
static void
download_ended(struct exchange *exchange, bool is_clean)
{
    if (!exchange->has_answer) {
        exchange_retry(exchange, REASON_UPSTREAM_CLOSED);
        return;
    }
    if (is_clean && exchange->is_answering && exchange->answer_framing == WIRE_FRAMING_CLOSE) {
        struct batch batch = {.exchange = exchange, .is_sent = true};
        if (exchange->client_framing == WIRE_FRAMING_CHUNKED) {
            batch_add(&batch, CHUNK_LAST);
        }
        download_settle(exchange, &batch, TAKEN_DONE);
        return;
    }
    ledger_add(&exchange->instance->counts->failures, 1);
    exchange_fail(exchange, REASON_UPSTREAM_CLOSED, EXCHANGE_END_UPSTREAM);
}

/* Large reads pay while the client keeps up; a client that does not is not worth the memory. */
static void
download_adapt(struct exchange *exchange, size_t size)
{
    if (exchange->session != NULL && session_is_blocked(exchange->session)) {
        exchange->read_bytes = EXCHANGE_READ_FIRST_BYTES;
    } else if (size == exchange->read_bytes) {
        exchange->read_bytes = WORKER_SCRATCH_BYTES;
    }
}

void
download_run(struct exchange *exchange)
{
    struct worker *worker = exchange->worker;
    struct upstream *upstream = exchange->upstream;
    size_t moved = 0;
    for (;;) {
        if (exchange->session != NULL && session_is_blocked(exchange->session)) {
            timer_clear(&upstream->timer); /* now it is the client who has to hurry */
            return;
        }
        if (moved >= WORKER_TURN_BYTES) {
            loop_defer(worker->loop, &upstream->task);
            return;
        }
        if (!upstream->stream.may_read && !upstream->stream.has_failed) {
            break;
        }
        size_t size = 0;
        enum stream_result result =
            stream_read(&upstream->stream, worker->upstream_bytes, exchange->read_bytes, &size);
        if (result == STREAM_AGAIN) {
            break;
        }
        if (result != STREAM_OK) {
            download_ended(exchange, result == STREAM_EOF);
            return;
        }
        moved += size;
        if (!download_take(exchange, (struct span){worker->upstream_bytes, size})) {
            return;
        }
        download_adapt(exchange, size);
    }
    if (exchange->is_answering) {
        upstream_wait_body(upstream);
    } else if (exchange->is_request_done && !timer_is_set(&upstream->timer)) {
        /* An interim answer that the client was slow to take has stopped the wait. */
        timer_set(worker->loop, &upstream->timer, exchange->role->response_ms);
    }
}
