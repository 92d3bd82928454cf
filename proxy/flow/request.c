/* A request's first steps: what is remembered of it, where it belongs, and whether it may go there.
 */
#include "proxy/flow/exchange.h"

#include <arpa/inet.h>

#include "proxy/base/check.h"
#include "proxy/wire/forwarded.h"
#include "proxy/wire/reply.h"
#include "proxy/wire/rewrite.h"
#include "proxy/wire/uri.h"

enum { REQUEST_ID_SIZE = 32, REQUEST_FACT_MAX = 8192 };

static struct exchange_fact
fact_add(struct exchange *exchange, struct span text)
{
    size_t size = text.size < REQUEST_FACT_MAX ? text.size : REQUEST_FACT_MAX;
    struct exchange_fact fact = {(uint16_t)buf_size(&exchange->facts), (uint16_t)size};
    if (size == 0 || fact.at > UINT16_MAX - REQUEST_FACT_MAX ||
        !buf_append(&exchange->facts, text.data, size)) {
        return (struct exchange_fact){0, 0};
    }
    return fact;
}

static void
make_request_id(struct worker *worker, char out[REQUEST_ID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (int half = 0; half < 2; half++) {
        uint64_t chance = random_next(&worker->random);
        for (int i = 0; i < REQUEST_ID_SIZE / 2; i++) {
            out[half * REQUEST_ID_SIZE / 2 + i] = digits[chance & 15];
            chance >>= 4;
        }
    }
}

/* IPv4 as ::ffff:a.b.c.d; false when it is no address. */
static bool
text_to_address(struct span text, uint8_t address[16])
{
    char copy[INET6_ADDRSTRLEN];
    const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff};
    if (!span_to_string(text, copy, sizeof(copy))) {
        return false;
    }
    memcpy(address, mapped, sizeof(mapped));
    return inet_pton(AF_INET, copy, address + 12) == 1 || inet_pton(AF_INET6, copy, address) == 1;
}

/* The rightmost address that is not trusted; the peer's own where nobody else is named. Who names
 * something that is no address ends the search: what stands before it is hearsay. */
static struct span
find_client(const struct session *session, const struct wire_request *request)
{
    struct span client = span_of(session->peer);
    struct forwarded walk;
    struct span named;
    uint8_t address[16];
    if (!session->is_trusted) {
        return client;
    }
    forwarded_init(&walk, &request->fields);
    while (forwarded_next(&walk, &named) && text_to_address(named, address)) {
        client = named;
        if (!node_trusts(session->worker->node, address)) {
            return client;
        }
    }
    return client;
}

/* What the exchange needs of its head later, when the bytes are gone. */
static void
remember(struct exchange *exchange, const struct wire_request *request)
{
    const struct session *session = exchange->session;
    const struct node *node = exchange->worker->node;
    char made[REQUEST_ID_SIZE];
    struct span id = session->is_trusted ? rewrite_request_id(request) : (struct span){"", 0};
    if (id.size == 0) {
        make_request_id(exchange->worker, made);
        id = (struct span){made, sizeof(made)};
    }
    struct span target = request->path;
    bool has_query = node->logs_query || exchange->role_index == node->role_count ||
                     exchange->role->redirect_https;
    if (has_query && target.data + target.size == request->query.data) {
        target.size += request->query.size;
    }
    exchange->request_id = fact_add(exchange, id);
    exchange->host = fact_add(exchange, uri_authority_host(request->host));
    exchange->path = fact_add(exchange, target);
    if (node->access != NULL) {
        exchange->method_name = fact_add(exchange, request->method_name);
        exchange->client = fact_add(exchange, find_client(session, request));
    }
    exchange->method = (uint8_t)request->method;
    exchange->minor = request->minor;
    exchange->is_idempotent = request->is_idempotent;
    exchange->keeps_alive = request->keep_alive;
    exchange->wants_json = reply_wants_json(&request->fields);
    exchange->bytes_in = request->head_size;
    exchange->request_framing = (uint8_t)request->framing;
    exchange->request_left = request->framing == WIRE_FRAMING_LENGTH ? request->length : 0;
    exchange->is_request_done = request->framing == WIRE_FRAMING_NONE ||
                                (request->framing == WIRE_FRAMING_LENGTH && request->length == 0);
    exchange->is_kept = true;
}

static bool
build_outgoing(struct exchange *exchange, const struct wire_request *request)
{
    const struct session *session = exchange->session;
    struct rewrite_request edits = {
        .peer = span_of(session->peer),
        .proto = session->listener->tls != NULL ? SPAN("https") : SPAN("http"),
        .request_id = exchange_fact(exchange, exchange->request_id),
        .is_trusted = session->is_trusted,
    };
    /* HTTP/1.0 knows requests without Host; the instance is sent HTTP/1.1, which does not. */
    if (exchange->way == LEDGER_PREVIEW || request->host.size == 0) {
        edits.host = span_of(exchange->role->preview_host);
    }
    if (request->framing == WIRE_FRAMING_CHUNKED) {
        chunk_decoder_init(&exchange->request_chunks, CHUNK_RAW);
    }
    return rewrite_request_append(&exchange->outgoing, request, &edits) == ERR_OK;
}

static struct exchange *
request_open(struct session *session)
{
    struct exchange *exchange = exchange_new(session);
    ledger_add(&session->worker->requests, 1);
    if (exchange == NULL) {
        session_close(session, false);
    }
    return exchange;
}

void
request_refuse(struct session *session, const struct wire_request *request, enum reason reason,
               const char *detail)
{
    struct exchange *exchange = request_open(session);
    if (exchange == NULL) {
        return;
    }
    exchange->minor = 1;
    exchange->method_name = fact_add(exchange, request->method_name);
    exchange->path = fact_add(exchange, request->target);
    exchange->client = fact_add(exchange, span_of(session->peer));
    session->closes = true;
    exchange_reply(exchange, reason, EXCHANGE_END_REFUSED, detail);
}

void
request_route(struct exchange *exchange, const struct table *table)
{
    const struct table_role *role = &table->roles[exchange->role_index];
    struct view *view = &exchange->worker->view;
    exchange->cutover_epoch = role->cutover_epoch;
    if (role->in_maintenance) {
        exchange_reply(exchange, REASON_MAINTENANCE, EXCHANGE_END_REFUSED,
                       role->maintenance_message);
        return;
    }
    /* Who comes while others still wait goes behind them. */
    bool has_others = !exchange->was_parked && view->roles[exchange->role_index].parked_count > 0;
    if (role->is_held || has_others) {
        uint32_t max_ms = role->hold_max_ms > 0 ? role->hold_max_ms : exchange->role->hold_max_ms;
        hold_park(exchange, max_ms);
        return;
    }
    struct set_view *set = view_choose_set(view, table, exchange->role_index);
    if (set == NULL) {
        exchange_reply(exchange, REASON_NO_LIVE_SET, EXCHANGE_END_REFUSED, NULL);
        return;
    }
    exchange_dispatch(exchange, set);
}

/* Where the request belongs: its role, and on the preview listener its set. */
static bool
find_place(struct exchange *exchange, const struct wire_request *request, const struct table *table,
           const struct table_set **preview)
{
    char host_bytes[URI_HOST_MAX];
    struct span host = request->host;
    *preview = NULL;
    if (host.size > 0) {
        host = uri_host_normalise(host, host_bytes);
    }
    uint32_t role;
    if (exchange->session->listener->is_preview) {
        *preview = table_find_preview(table, host);
        exchange->way = LEDGER_PREVIEW;
        role = *preview == NULL ? ROUTE_NONE : (*preview)->role;
    } else {
        role = route_find(table->routes, host, request->path);
    }
    if (role == ROUTE_NONE) {
        return false;
    }
    exchange->role_index = role;
    exchange->role = table->roles[role].settings;
    return true;
}

static bool
must_redirect(const struct exchange *exchange)
{
    return exchange->role->redirect_https && exchange->session->listener->tls == NULL &&
           exchange->way == LEDGER_NORMAL;
}

/* Why the request goes nowhere, or REASON_NONE. */
static enum reason
find_refusal(const struct exchange *exchange, const struct wire_request *request, bool has_place)
{
    uint64_t limit = exchange->worker->node->clients->body;
    if (limit > 0 && request->framing == WIRE_FRAMING_LENGTH && request->length > limit) {
        return REASON_BODY_TOO_LARGE;
    }
    if (!has_place) {
        return exchange->way == LEDGER_PREVIEW ? REASON_NO_SET : REASON_NO_ROUTE;
    }
    return must_redirect(exchange) ? REASON_REDIRECT_HTTPS : REASON_NONE;
}

void
request_start(struct session *session, const struct wire_request *request, struct span rest,
              size_t *taken)
{
    struct worker *worker = session->worker;
    struct exchange *exchange = request_open(session);
    if (exchange == NULL) {
        return;
    }
    const struct table *table = view_current(&worker->view);
    const struct table_set *preview;
    bool has_place = find_place(exchange, request, table, &preview);
    remember(exchange, request);
    enum reason reason = find_refusal(exchange, request, has_place);
    if (reason != REASON_NONE) {
        exchange_reply(exchange, reason, EXCHANGE_END_REFUSED, NULL);
        return;
    }
    if (!build_outgoing(exchange, request)) {
        exchange_reply(exchange, REASON_OVERLOAD, EXCHANGE_END_REFUSED, NULL);
        return;
    }
    struct span input = rest;
    if (!exchange->is_request_done && rest.size > 0 && !upload_take(exchange, &input)) {
        *taken = rest.size;
        return;
    }
    *taken = rest.size - input.size;
    if (preview != NULL) {
        exchange_dispatch(exchange, worker->view.listed[preview - table->sets]);
        return;
    }
    request_route(exchange, table);
}
