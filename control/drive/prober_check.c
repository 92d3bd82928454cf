/* One check: connect, ask, read the answer, judge it. Every step may end it, and then the probe may
 * be gone. */
#include "control/drive/prober_parts.h"

#include <stdio.h>
#include <string.h>

#include "proxy/base/check.h"
#include "proxy/base/clock.h"
#include "proxy/wire/client.h"

/* Frees what the check holds. An answer that was not read to its end is cut by a reset. */
static void
probe_close(struct check *check, bool is_answer_whole)
{
    stream_close(&check->stream, !is_answer_whole);
    timer_clear(&check->deadline);
    buf_fini(&check->request);
    buf_fini(&check->answer);
    check->phase = CHECK_IDLE;
}

static void
probe_end(struct probe *probe, enum probe_reason reason, bool is_answer_whole, const char *detail)
{
    struct check *check = &probe->check;
    CHECK(check->phase != CHECK_IDLE);
    struct probe_result result = {
        .reason = reason,
        .status = check->status,
        .wall_us = clock_wall_us(),
        .duration_us = loop_now_us(probe->prober->loop) - check->started_us,
    };
    snprintf(result.detail, sizeof(result.detail), "%s", detail);
    probe_close(check, is_answer_whole);
    prober_on_end(probe, &result);
}

static void
probe_fail(struct probe *probe, enum probe_reason reason, const char *detail)
{
    probe_end(probe, reason, false, detail);
}

static void
probe_pass(struct probe *probe, bool is_answer_whole)
{
    probe_end(probe, PROBE_PASSED, is_answer_whole, "");
}

static void
fail_with_count(struct probe *probe, enum probe_reason reason, const char *what)
{
    char detail[PROBE_DETAIL_SIZE];
    snprintf(detail, sizeof(detail), "%s after %llu bytes", what,
             (unsigned long long)probe->check.received);
    probe_fail(probe, reason, detail);
}

static void
on_deadline(struct timer *timer)
{
    struct probe *probe = LIST_ITEM(timer, struct probe, check.deadline);
    char detail[PROBE_DETAIL_SIZE];
    snprintf(detail, sizeof(detail), "%llu bytes of an answer within %u ms",
             (unsigned long long)probe->check.received, probe->health->timeout_ms);
    switch (probe->check.phase) {
    case CHECK_CONNECTING:
        snprintf(detail, sizeof(detail), "no connection within %u ms", probe->health->timeout_ms);
        probe_fail(probe, PROBE_CONNECT_TIMEOUT, detail);
        return;
    case CHECK_HEAD:
        probe_fail(probe, PROBE_TIMEOUT_HEAD, detail);
        return;
    case CHECK_BODY:
        probe_fail(probe, PROBE_TIMEOUT_BODY, detail);
        return;
    case CHECK_IDLE:
    default:
        CHECK(probe->check.phase != CHECK_IDLE); /* its end clears the deadline */
    }
}

/* The connection is dead. */
static void
fail_stream(struct probe *probe)
{
    enum err err = stream_err(&probe->check.stream);
    if (probe->check.phase == CHECK_CONNECTING) {
        probe_fail(probe, verdict_of_connect(err), strerror(probe->check.stream.error));
        return;
    }
    fail_with_count(probe, PROBE_CONNECTION_LOST, err_text(err));
}

/* The instance sends no more. */
static void
take_end(struct probe *probe)
{
    struct check *check = &probe->check;
    if (check->phase == CHECK_BODY && check->framing == WIRE_FRAMING_CLOSE) {
        probe_pass(probe, true);
        return;
    }
    if (check->received == 0) {
        probe_fail(probe, PROBE_CLOSED_WITHOUT_ANSWER, "");
        return;
    }
    fail_with_count(probe, PROBE_CLOSED_IN_ANSWER, "closed");
}

/* Takes body bytes; true when the check goes on. */
static bool
take_body(struct probe *probe, struct span bytes)
{
    struct check *check = &probe->check;
    check->body_seen += bytes.size;
    if (check->framing == WIRE_FRAMING_LENGTH) {
        bool is_whole = check->body_seen >= check->body_left;
        if (is_whole || check->body_seen >= PROBER_BODY_MAX) {
            probe_pass(probe, is_whole);
            return false;
        }
        return true;
    }
    enum wire_result result = WIRE_MORE;
    while (check->framing == WIRE_FRAMING_CHUNKED && bytes.size > 0 && result == WIRE_MORE) {
        struct span run;
        result = chunk_decode(&check->decoder, &bytes, &run);
    }
    if (result == WIRE_BAD) {
        probe_fail(probe, PROBE_MALFORMED_ANSWER,
                   wire_reason_text(chunk_decoder_reason(&check->decoder)));
        return false;
    }
    if (result == WIRE_DONE || check->body_seen >= PROBER_BODY_MAX) {
        probe_pass(probe, result == WIRE_DONE);
        return false;
    }
    return true;
}

/* The head of the final answer is there; true when the check goes on. */
static bool
take_head(struct probe *probe, const struct wire_response *response)
{
    struct check *check = &probe->check;
    char detail[PROBE_DETAIL_SIZE] = "";
    check->status = response->status;
    enum probe_reason reason = verdict_of_head(probe, response, detail);
    if (reason != PROBE_PASSED) {
        probe_fail(probe, reason, detail);
        return false;
    }
    check->phase = CHECK_BODY;
    check->framing = response->framing;
    check->body_left = response->length;
    chunk_decoder_init(&check->decoder, CHUNK_DATA);
    if (check->framing == WIRE_FRAMING_NONE) {
        probe_pass(probe, true);
        return false;
    }
    buf_consume(&check->answer, response->head_size);
    return take_body(probe, buf_span(&check->answer));
}

static void
fail_malformed(struct probe *probe, enum wire_reason reason)
{
    bool is_limit = reason == WIRE_REASON_LINE_TOO_LONG || reason == WIRE_REASON_HEAD_TOO_LARGE ||
                    reason == WIRE_REASON_TOO_MANY_FIELDS;
    probe_fail(probe, is_limit ? PROBE_HEAD_TOO_LARGE : PROBE_MALFORMED_ANSWER,
               wire_reason_text(reason));
}

/* Takes what has come of heads; true when the check goes on. */
static bool
take_heads(struct probe *probe)
{
    struct check *check = &probe->check;
    struct wire_response response;
    for (;;) {
        struct span bytes = buf_span(&check->answer);
        if (!head_wait_is_due(&check->wait, bytes.data, bytes.size, &wire_limits_default)) {
            return true;
        }
        enum wire_result result = head_response_parse(&response, bytes.data, bytes.size,
                                                      &wire_limits_default, WIRE_METHOD_GET);
        if (result == WIRE_MORE) {
            return true;
        }
        if (result == WIRE_BAD) {
            fail_malformed(probe, response.reason);
            return false;
        }
        if (!response.is_interim) {
            return take_head(probe, &response);
        }
        if (++check->interims > PROBER_INTERIM_MAX) {
            probe_fail(probe, PROBE_MALFORMED_ANSWER, "too many interim (1xx) answers");
            return false;
        }
        buf_consume(&check->answer, response.head_size);
        check->wait = (struct head_wait){0};
    }
}

/* Takes bytes of the answer; true when the check goes on. */
static bool
take_bytes(struct probe *probe, struct span bytes)
{
    struct check *check = &probe->check;
    check->received += bytes.size;
    if (check->phase == CHECK_BODY) {
        return take_body(probe, bytes);
    }
    if (!buf_append_span(&check->answer, bytes)) {
        probe_fail(probe, PROBE_OUT_OF_RESOURCES, err_text(ERR_NO_MEMORY));
        return false;
    }
    return take_heads(probe);
}

static void
read_answer(struct probe *probe)
{
    char bytes[PROBER_READ_SIZE];
    for (;;) {
        size_t size = 0;
        switch (stream_read(&probe->check.stream, bytes, sizeof(bytes), &size)) {
        case STREAM_OK:
            if (!take_bytes(probe, (struct span){bytes, size})) {
                return;
            }
            break;
        case STREAM_AGAIN:
            return;
        case STREAM_EOF:
            take_end(probe);
            return;
        case STREAM_FAILED:
        default:
            fail_stream(probe);
            return;
        }
    }
}

/* Sends what is left of the request; true when the check goes on and the connection stands. */
static bool
send_request(struct probe *probe)
{
    struct check *check = &probe->check;
    while (buf_size(&check->request) > 0) {
        struct span rest = buf_span(&check->request);
        size_t size = 0;
        switch (stream_write_data(&check->stream, rest.data, rest.size, &size)) {
        case STREAM_OK:
            buf_consume(&check->request, size);
            check->phase = check->phase == CHECK_CONNECTING ? CHECK_HEAD : check->phase;
            break;
        case STREAM_AGAIN:
            return check->phase != CHECK_CONNECTING;
        case STREAM_EOF:
        case STREAM_FAILED:
        default:
            fail_stream(probe);
            return false;
        }
    }
    return true;
}

static void
on_ready(struct stream *stream)
{
    struct probe *probe = LIST_ITEM(stream, struct probe, check.stream);
    if (send_request(probe)) {
        read_answer(probe);
    }
}

static enum err
compose_request(struct probe *probe)
{
    const struct conf_health *health = probe->health;
    struct client_request request = {
        .path = span_of(health->path),
        .host = span_of(health->host),
        .proto = span_of(probe->forwarded_proto == NULL ? "" : probe->forwarded_proto),
        .accept = SPAN("*/*"),
    };
    return client_request_append(&probe->check.request, &request);
}

void
probe_start(struct probe *probe)
{
    struct check *check = &probe->check;
    struct loop *loop = probe->prober->loop;
    CHECK(check->phase == CHECK_IDLE);
    *check = (struct check){.phase = CHECK_CONNECTING, .started_us = loop_now_us(loop)};
    check->stream.fd = -1;
    buf_init(&check->request);
    buf_init(&check->answer);
    timer_init(&check->deadline, on_deadline);
    enum err err = compose_request(probe);
    if (err != ERR_OK) {
        probe_fail(probe, err == ERR_INVALID ? PROBE_BAD_REQUEST : PROBE_OUT_OF_RESOURCES,
                   err_text(err));
        return;
    }
    err = connect_start(&check->stream, loop, &probe->address, on_ready);
    if (err != ERR_OK) {
        probe_fail(probe, verdict_of_connect(err), strerror(check->stream.error));
        return;
    }
    err = stream_register(&check->stream);
    if (err != ERR_OK) {
        probe_fail(probe, PROBE_OUT_OF_RESOURCES, err_text(err));
        return;
    }
    timer_set(loop, &check->deadline, probe->health->timeout_ms);
    on_ready(&check->stream);
}

void
probe_cancel(struct probe *probe)
{
    if (probe->check.phase != CHECK_IDLE) {
        probe_close(&probe->check, false);
    }
}
