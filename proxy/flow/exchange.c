#include "proxy/flow/exchange.h"

#include <stdlib.h>

#include "proxy/base/check.h"
#include "proxy/base/clock.h"
#include "proxy/flow/access.h"

static const char *const end_names[] = {
    [EXCHANGE_END_OK] = "ok",           [EXCHANGE_END_REFUSED] = "refused",
    [EXCHANGE_END_CLIENT] = "client",   [EXCHANGE_END_UPSTREAM] = "upstream",
    [EXCHANGE_END_TIMEOUT] = "timeout", [EXCHANGE_END_DRAIN] = "drain",
    [EXCHANGE_END_STOP] = "stop",
};

enum { EXCHANGE_BUF_KEPT = 2048 /* larger memory is not kept in the stock */ };

static struct exchange *
exchange_from_stock(struct worker *worker)
{
    struct list *node = list_take_first(&worker->free_exchanges);
    if (node == NULL) {
        return calloc(1, sizeof(struct exchange));
    }
    worker->free_exchange_count--;
    struct exchange *exchange = LIST_ITEM(node, struct exchange, node);
    struct buf outgoing = exchange->outgoing;
    struct buf facts = exchange->facts;
    memset(exchange, 0, offsetof(struct exchange, request_chunks));
    exchange->outgoing = outgoing;
    exchange->facts = facts;
    return exchange;
}

static void
buf_trim(struct buf *buf)
{
    buf_clear(buf);
    if (buf->capacity > EXCHANGE_BUF_KEPT) {
        buf_fini(buf);
    }
}

static void
exchange_to_stock(struct exchange *exchange)
{
    struct worker *worker = exchange->worker;
    if (worker->free_exchange_count == WORKER_FREE_MAX) {
        buf_fini(&exchange->outgoing);
        buf_fini(&exchange->facts);
        free(exchange);
        return;
    }
    buf_trim(&exchange->outgoing);
    buf_trim(&exchange->facts);
    list_add_first(&worker->free_exchanges, &exchange->node);
    worker->free_exchange_count++;
}

struct exchange *
exchange_new(struct session *session)
{
    struct worker *worker = session->worker;
    struct exchange *exchange = exchange_from_stock(worker);
    if (exchange == NULL) {
        return NULL;
    }
    exchange->worker = worker;
    exchange->session = session;
    exchange->role_index = worker->node->role_count;
    exchange->began_us = session->head_began_us;
    exchange->read_bytes = EXCHANGE_READ_FIRST_BYTES;
    list_init(&exchange->node);
    session->exchange = exchange;
    session->state = SESSION_EXCHANGE;
    ledger_add(&worker->exchanges, 1);
    return exchange;
}

struct span
exchange_fact(const struct exchange *exchange, struct exchange_fact fact)
{
    return (struct span){buf_span(&exchange->facts).data + fact.at, fact.size};
}

/* The ledger knows the oldest exchange in flight, for the drain's report. */
static void
set_note_oldest(struct set_view *set)
{
    uint64_t oldest_us = 0;
    if (!list_is_empty(&set->exchanges)) {
        oldest_us = LIST_ITEM(set->exchanges.next, struct exchange, node)->began_us;
    }
    atomic_store_explicit(&set->cell->oldest_us, oldest_us, memory_order_relaxed);
}

void
exchange_dispatch(struct exchange *exchange, struct set_view *set)
{
    exchange->set = set;
    exchange->is_counted = true;
    ledger_add(&set->cell->begun[exchange->way], 1);
    bool is_first = list_is_empty(&set->exchanges);
    list_add_last(&set->exchanges, &exchange->node);
    if (is_first) {
        set_note_oldest(set);
    }
    exchange_try(exchange);
}

static void
exchange_count(struct exchange *exchange, enum exchange_end end, uint64_t total_us)
{
    struct ledger_cell *cell = exchange->set->cell;
    unsigned code = exchange->status / 100U;
    if (exchange->instance != NULL) {
        ledger_add(&exchange->instance->counts->codes[code < LEDGER_CODE_CLASSES ? code : 0], 1);
        ledger_add(&exchange->instance->counts->retries, exchange->retries);
    }
    ledger_add(&cell->bytes_in, exchange->bytes_in);
    ledger_add(&cell->bytes_out, exchange->bytes_out);
    ledger_count_duration(cell, total_us);
    if (end == EXCHANGE_END_DRAIN) {
        ledger_add(&cell->cut, 1);
    }
    /* A connection that did not come about has brought the instance no work. */
    if (end == EXCHANGE_END_TIMEOUT && exchange->reason != REASON_UPSTREAM_CONNECT_TIMEOUT) {
        ledger_add(&cell->timed_out, 1);
    }
}

/* Last of all: control may free the ledger's memory once it has read that nothing is in flight. */
static void
exchange_uncount(struct exchange *exchange)
{
    struct set_view *set = exchange->set;
    bool was_first = set->exchanges.next == &exchange->node;
    list_remove(&exchange->node);
    if (was_first) {
        set_note_oldest(set);
    }
    ledger_add(&set->cell->ended[exchange->way], 1);
    if (list_is_empty(&set->exchanges)) {
        view_set_idle(&exchange->worker->view, set);
    }
}

static const char *
exchange_tls(const struct exchange *exchange)
{
    if (exchange->session == NULL || !stream_is_tls(&exchange->session->stream)) {
        return NULL;
    }
    return stream_tls_version(&exchange->session->stream);
}

/* The target without its query, unless that is wanted: it may hold what should not be kept. */
static struct span
logged_path(const struct exchange *exchange)
{
    struct span path = exchange_fact(exchange, exchange->path);
    const char *query = path.size == 0 ? NULL : memchr(path.data, '?', path.size);
    if (query != NULL && !exchange->worker->node->logs_query) {
        path.size = (size_t)(query - path.data);
    }
    return path;
}

static void
exchange_log(const struct exchange *exchange, enum exchange_end end, uint64_t now_us)
{
    const struct node *node = exchange->worker->node;
    bool has_reason = exchange->reason != REASON_NONE;
    struct access_record record = {
        .wall_us = clock_wall_us(),
        .request_id = exchange_fact(exchange, exchange->request_id),
        .role = exchange->role == NULL ? NULL : exchange->role->name,
        .build = exchange->set == NULL ? NULL : exchange->set->build,
        .instance = exchange->instance == NULL ? NULL : exchange->instance->address.text,
        .client = exchange_fact(exchange, exchange->client),
        .method = exchange_fact(exchange, exchange->method_name),
        .host = exchange_fact(exchange, exchange->host),
        .path = logged_path(exchange),
        .protocol = exchange->minor == 0 ? "HTTP/1.0" : "HTTP/1.1",
        .status = exchange->status,
        .bytes_in = exchange->bytes_in,
        .bytes_out = exchange->bytes_out,
        .first_byte_us =
            exchange->first_byte_us == 0 ? 0 : exchange->first_byte_us - exchange->began_us,
        .total_us = now_us - exchange->began_us,
        .connect_us = exchange->connect_us,
        .retries = exchange->retries,
        .reason = has_reason ? reason_facts((enum reason)exchange->reason)->name : NULL,
        .tls = exchange_tls(exchange),
        .cutover = exchange->cutover_epoch,
        .end = end_names[end],
    };
    access_log_write(node->access, exchange->worker->index, &record);
}

void
exchange_end(struct exchange *exchange, enum exchange_end end)
{
    struct worker *worker = exchange->worker;
    uint64_t now_us = loop_now_us(worker->loop);
    if (exchange->upstream != NULL) {
        exchange->instance->load--;
        upstream_close(exchange->upstream);
        exchange->upstream = NULL;
    }
    if (exchange->is_parked) {
        hold_leave(exchange);
    }
    if (worker->node->access != NULL) {
        exchange_log(exchange, end, now_us);
    }
    if (exchange->session != NULL) {
        exchange->session->exchange = NULL;
        exchange->session = NULL;
    }
    ledger_add(&worker->exchanges_ended, 1);
    if (exchange->is_counted) {
        exchange_count(exchange, end, now_us - exchange->began_us);
        exchange_uncount(exchange);
    }
    exchange_to_stock(exchange);
}

void
exchange_fail(struct exchange *exchange, enum reason reason, enum exchange_end end)
{
    if (!exchange->is_answering) {
        exchange_reply(exchange, reason, end, NULL);
        return;
    }
    struct session *session = exchange->session;
    /* An answer that ends with the connection would look complete after a FIN. */
    bool reset = exchange->client_framing == WIRE_FRAMING_CLOSE || end == EXCHANGE_END_DRAIN;
    exchange->reason = (uint8_t)reason;
    exchange_end(exchange, end);
    if (session != NULL) {
        session_close(session, reset);
    }
}

bool
exchange_detach(struct exchange *exchange)
{
    struct session *session = exchange->session;
    bool goes_on = exchange->role != NULL && exchange->role->order == TABLE_ORDER_EXCLUSIVE &&
                   exchange->upstream != NULL && exchange->is_request_done;
    if (!goes_on) {
        return false;
    }
    exchange->session = NULL;
    session->exchange = NULL;
    session_close(session, true);
    return true;
}

void
exchange_client_left(struct exchange *exchange)
{
    struct session *session = exchange->session;
    if (exchange_detach(exchange)) {
        download_run(exchange);
        return;
    }
    if (!exchange->is_answering) {
        exchange->status = 0;
    }
    exchange_end(exchange, EXCHANGE_END_CLIENT);
    if (session != NULL) {
        session_close(session, true);
    }
}

void
exchange_cut(struct exchange *exchange)
{
    exchange_fail(exchange, REASON_DRAIN_TIMEOUT, EXCHANGE_END_DRAIN);
}

void
exchange_complete(struct exchange *exchange)
{
    struct session *session = exchange->session;
    struct upstream *upstream = exchange->upstream;
    bool is_whole = exchange->is_request_done && !exchange->is_upload_broken &&
                    exchange->sent == buf_size(&exchange->outgoing);
    exchange->instance->load--;
    exchange->upstream = NULL;
    timer_clear(&upstream->timer);
    exchange->instance->keeps_connections |= upstream->is_reused;
    upstream_give_back(upstream, exchange->keeps_upstream && is_whole);
    if (session != NULL) {
        session->closes |= !exchange->keeps_alive;
        session->must_linger |= !exchange->is_request_done;
    }
    exchange_end(exchange, EXCHANGE_END_OK);
    if (session != NULL) {
        session_answered(session);
    }
}
