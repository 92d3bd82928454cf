#include "proxy/flow/upstream.h"

#include <errno.h>
#include <stdlib.h>

#include "proxy/base/check.h"
#include "proxy/flow/exchange.h"
#include "proxy/flow/worker.h"
#include "proxy/net/connect.h"

static void
upstream_free(struct loop_task *task)
{
    struct upstream *upstream = LIST_ITEM(task, struct upstream, task);
    buf_fini(&upstream->input);
    free(upstream);
}

void
upstream_close(struct upstream *upstream)
{
    if (upstream->is_closed) {
        return;
    }
    upstream->is_closed = true;
    upstream->exchange = NULL;
    upstream->instance->connections--;
    upstream->instance = NULL;
    list_remove(&upstream->node);
    timer_clear(&upstream->timer);
    stream_close(&upstream->stream, false);
    upstream->task.run = upstream_free;
    loop_defer(upstream->worker->loop, &upstream->task);
}

/* A long answer goes on after others had their turn. */
static void
upstream_resume(struct loop_task *task)
{
    struct upstream *upstream = LIST_ITEM(task, struct upstream, task);
    if (upstream->exchange != NULL) {
        download_run(upstream->exchange);
    }
}

/* The instance closed a connection that it had left open: soon after its answer, others will go the
 * same way. */
static void
upstream_hung_up(struct upstream *upstream)
{
    uint64_t idle_ms = loop_now_ms(upstream->worker->loop) - upstream->idle_since_ms;
    if (idle_ms <= UPSTREAM_RECENT_MS) {
        upstream->instance->keeps_connections = false;
    }
    upstream_close(upstream);
}

static void
upstream_on_ready(struct stream *stream)
{
    struct upstream *upstream = LIST_ITEM(stream, struct upstream, stream);
    struct exchange *exchange = upstream->exchange;
    if (exchange == NULL) {
        /* An idle connection has nothing to say: this is its end, or an answer to nothing. */
        if (stream_peer_closed(stream)) {
            upstream_hung_up(upstream);
        }
        return;
    }
    if (stream->may_read || stream->has_hangup) {
        download_run(exchange);
    }
    /* The exchange may have ended in the meantime, and even another one begun on this connection.
     */
    if (!upstream->is_closed && upstream->exchange == exchange && stream->may_write &&
        (exchange->sent < buf_size(&exchange->outgoing) || !exchange->is_request_done)) {
        upload_run(exchange);
    }
}

static void
upstream_set_look(struct upstream *upstream, uint64_t left_ms)
{
    timer_set(upstream->worker->loop, &upstream->timer,
              left_ms < UPSTREAM_LOOK_MS ? left_ms : UPSTREAM_LOOK_MS);
}

void
upstream_wait_body(struct upstream *upstream)
{
    upstream->idle_since_ms = loop_now_ms(upstream->worker->loop);
    upstream_set_look(upstream, upstream->exchange->role->stall_ms);
}

/* A reset that came together with the last bytes is told by no event (stream_read): it is looked
 * for. False: the answer's time is up. */
static bool
upstream_look(struct upstream *upstream)
{
    struct exchange *exchange = upstream->exchange;
    uint64_t waited_ms = loop_now_ms(upstream->worker->loop) - upstream->idle_since_ms;
    if (stream_check_dead(&upstream->stream)) {
        download_run(exchange);
        return true;
    }
    if (waited_ms >= exchange->role->stall_ms) {
        return false;
    }
    upstream_set_look(upstream, exchange->role->stall_ms - waited_ms);
    return true;
}

static void
upstream_expired(struct timer *timer)
{
    struct upstream *upstream = LIST_ITEM(timer, struct upstream, timer);
    struct exchange *exchange = upstream->exchange;
    if (exchange == NULL) {
        upstream_close(upstream);
        return;
    }
    if (exchange->is_answering && upstream_look(upstream)) {
        return;
    }
    ledger_add(&exchange->instance->counts->failures, 1);
    if (!upstream->is_connected) {
        exchange_retry(exchange, REASON_UPSTREAM_CONNECT_TIMEOUT);
        return;
    }
    exchange_fail(exchange, REASON_UPSTREAM_TIMEOUT, EXCHANGE_END_TIMEOUT);
}

/* Whether a request that may not be sent twice can go there. */
static bool
is_safe(struct upstream *upstream, uint64_t now_ms)
{
    uint64_t idle_ms = now_ms - upstream->idle_since_ms;
    bool is_proven = upstream->instance->keeps_connections || idle_ms >= UPSTREAM_PROOF_MS;
    return is_proven && idle_ms <= UPSTREAM_RECENT_MS && !stream_probe_closed(&upstream->stream);
}

/* The latest used, or for a careful request to an instance that is not known yet, the longest idle.
 */
static struct upstream *
take_idle(struct instance_view *instance, bool is_careful, uint64_t now_ms)
{
    bool is_last = is_careful && !instance->keeps_connections;
    while (!list_is_empty(&instance->idle)) {
        struct list *node = is_last ? instance->idle.previous : instance->idle.next;
        struct upstream *upstream = LIST_ITEM(node, struct upstream, node);
        if (stream_peer_closed(&upstream->stream)) {
            upstream_close(upstream);
            continue;
        }
        if (is_careful && !is_safe(upstream, now_ms)) {
            return NULL;
        }
        list_remove(&upstream->node);
        timer_clear(&upstream->timer);
        upstream->is_reused = true;
        return upstream;
    }
    return NULL;
}

static enum err
connect_new(struct worker *worker, struct instance_view *instance, struct upstream **out)
{
    struct upstream *upstream = calloc(1, sizeof(*upstream));
    if (upstream == NULL) {
        return ERR_NO_MEMORY;
    }
    upstream->worker = worker;
    buf_init(&upstream->input);
    list_init(&upstream->node);
    timer_init(&upstream->timer, upstream_expired);
    loop_task_init(&upstream->task, upstream_resume);
    ledger_add(&instance->counts->connects, 1);
    enum err err =
        connect_start(&upstream->stream, worker->loop, &instance->address, upstream_on_ready);
    if (err == ERR_OK) {
        err = stream_register(&upstream->stream);
    }
    if (err != ERR_OK) {
        stream_close(&upstream->stream, false);
        free(upstream);
        return err;
    }
    upstream->instance = instance;
    instance->connections++;
    *out = upstream;
    return ERR_OK;
}

enum err
upstream_take(struct worker *worker, struct instance_view *instance, struct exchange *exchange,
              bool is_fresh, bool is_careful, struct upstream **out)
{
    struct upstream *upstream =
        is_fresh ? NULL : take_idle(instance, is_careful, loop_now_ms(worker->loop));
    if (upstream == NULL) {
        enum err err = connect_new(worker, instance, &upstream);
        if (err != ERR_OK) {
            return err;
        }
    }
    upstream->exchange = exchange;
    upstream->sent_before += upstream->sent;
    upstream->sent = 0;
    *out = upstream;
    return ERR_OK;
}

void
upstream_give_back(struct upstream *upstream, bool is_reusable)
{
    struct instance_view *instance = upstream->instance;
    bool is_kept = is_reusable && instance->set->is_listed && instance->idle_ms > 0 &&
                   !stream_peer_closed(&upstream->stream) && buf_size(&upstream->input) == 0;
    if (!is_kept) {
        upstream_close(upstream);
        return;
    }
    upstream->exchange = NULL;
    loop_task_cancel(&upstream->task);
    upstream->idle_since_ms = loop_now_ms(upstream->worker->loop);
    list_add_first(&instance->idle, &upstream->node);
    timer_set(upstream->worker->loop, &upstream->timer, instance->idle_ms);
}

/* A FIN that was there before our bytes came, and no byte of ours acknowledged since: the
 * instance's kernel threw the request away unread (RFC 9112 section 9.3.1 lets such a request be
 * sent again, whatever its method). */
bool
upstream_is_undelivered(const struct upstream *upstream)
{
    uint64_t acknowledged = 0;
    if (upstream->sent == 0) {
        return true;
    }
    /* EPIPE of a read is a reset that came after a FIN. */
    bool has_fin = upstream->stream.has_hangup || upstream->stream.has_eof ||
                   (upstream->stream.has_failed && upstream->stream.error == EPIPE);
    return has_fin && stream_bytes_acked(&upstream->stream, &acknowledged) == ERR_OK &&
           acknowledged <= upstream->sent_before;
}
