/* Answers of our own: why a request goes nowhere, said to the client. */
#include "proxy/flow/exchange.h"

#include "proxy/base/clock.h"
#include "proxy/wire/reply.h"

/* Whether our own answer can be followed by another request on this connection. */
static enum wire_connection
reply_connection(const struct exchange *exchange)
{
    const struct session *session = exchange->session;
    bool keeps = exchange->keeps_alive && exchange->is_request_done && !session->closes &&
                 !exchange->worker->is_leaving;
    if (!keeps) {
        return WIRE_CONNECTION_CLOSE;
    }
    return exchange->minor == 0 ? WIRE_CONNECTION_KEEP_ALIVE : WIRE_CONNECTION_DEFAULT;
}

static uint32_t
reply_retry_after(const struct exchange *exchange, enum reason reason)
{
    const struct table *table;
    switch ((int)reason) {
    case REASON_MAINTENANCE:
        table = view_current(&exchange->worker->view);
        return table->roles[exchange->role_index].retry_after_s;
    case REASON_HOLD_FULL:
    case REASON_HOLD_TIMEOUT:
    case REASON_NO_HEALTHY_INSTANCE:
    case REASON_NO_LIVE_SET:
    case REASON_OVERLOAD:
        return 1;
    default:
        return 0;
    }
}

static bool
reply_send(struct exchange *exchange, const struct reply *reply)
{
    struct buf *head = &exchange->worker->head;
    buf_clear(head);
    if (reply_append(head, reply) != ERR_OK) {
        return false;
    }
    struct span bytes = buf_span(head);
    struct iovec piece = {(void *)(uintptr_t)bytes.data, bytes.size};
    exchange->bytes_out += bytes.size;
    return session_send(exchange->session, &piece, 1);
}

/* Strict-Transport-Security is said with every answer of a TLS listener, RFC 6797 section 7.1. */
static struct span
reply_extra(const struct exchange *exchange, struct buf *out)
{
    const struct role_settings *role = exchange->role;
    bool has_hsts =
        role != NULL && role->hsts[0] != '\0' && exchange->session->listener->tls != NULL;
    if (!has_hsts || !buf_printf(out, "Strict-Transport-Security: %s\r\n", role->hsts)) {
        return (struct span){"", 0};
    }
    return buf_span(out);
}

/* "https://host[:port]target", where redirect_https sends; an empty span when there is no such
 * place: a request of HTTP/1.0 without Host, OPTIONS for "*". */
static struct span
reply_location(const struct exchange *exchange, struct buf *out)
{
    const struct node *node = exchange->worker->node;
    struct span host = exchange_fact(exchange, exchange->host);
    struct span path = exchange_fact(exchange, exchange->path);
    bool is_place = host.size > 0 && path.size > 0 && path.data[0] == '/';
    bool is_done = is_place && buf_append_text(out, "https://") && buf_append_span(out, host);
    if (is_done && node->https_port != 443 && node->https_port != 0) {
        is_done = buf_printf(out, ":%u", node->https_port);
    }
    return is_done && buf_append_span(out, path) ? buf_span(out) : (struct span){"", 0};
}

void
exchange_reply(struct exchange *exchange, enum reason reason, enum exchange_end end,
               const char *detail)
{
    const struct reason_facts *facts = reason_facts(reason);
    struct session *session = exchange->session;
    worker_count_reason(exchange->worker, exchange->role_index, reason);
    exchange->reason = (uint8_t)reason;
    exchange->status = (uint16_t)facts->status;
    exchange->first_byte_us = loop_now_us(exchange->worker->loop);
    if (session == NULL) {
        exchange_end(exchange, end);
        return;
    }
    struct buf location;
    struct buf extra;
    buf_init(&location);
    buf_init(&extra);
    struct reply reply = {
        .reason = span_of(facts->name),
        .text = span_of(detail == NULL ? facts->meaning : detail),
        .request_id = exchange_fact(exchange, exchange->request_id),
        .extra = reply_extra(exchange, &extra),
        .wall_us = clock_wall_us(),
        .retry_after_s = reply_retry_after(exchange, reason),
        .status = exchange->status,
        .connection = reply_connection(exchange),
        .is_json = exchange->wants_json,
        .is_head = exchange->method == WIRE_METHOD_HEAD,
    };
    if (reason == REASON_REDIRECT_HTTPS) {
        reply.location = reply_location(exchange, &location);
    }
    session->closes |= reply.connection == WIRE_CONNECTION_CLOSE;
    session->must_linger |= !exchange->is_request_done;
    bool is_sent = reply_send(exchange, &reply);
    buf_fini(&location);
    buf_fini(&extra);
    exchange_end(exchange, end);
    if (is_sent) {
        session_answered(session);
    } else {
        session_close(session, true);
    }
}
