/* Tries: an instance, a connection, the request on it, and when it may be sent again. */
#include "proxy/flow/exchange.h"

#include "proxy/base/check.h"

/* Takes the failed connection off the exchange. */
static void
try_drop(struct exchange *exchange)
{
    if (exchange->upstream != NULL) {
        exchange->instance->load--;
        upstream_close(exchange->upstream);
        exchange->upstream = NULL;
    }
}

static enum err
try_connect(struct exchange *exchange, struct instance_view *instance)
{
    struct upstream *upstream;
    /* What may not be sent twice goes where the instance is not likely to have hung up. */
    bool is_careful = !exchange->is_idempotent;
    enum err err = upstream_take(exchange->worker, instance, exchange, exchange->needs_fresh,
                                 is_careful, &upstream);
    if (err != ERR_OK) {
        return err;
    }
    exchange->instance = instance;
    exchange->upstream = upstream;
    exchange->sent = 0;
    instance->load++;
    if (!upstream->is_connected) {
        exchange->connect_began_us = loop_now_us(exchange->worker->loop);
        timer_set(exchange->worker->loop, &upstream->timer, exchange->role->connect_ms);
    }
    return ERR_OK;
}

void
exchange_try(struct exchange *exchange)
{
    struct instance_view *instance =
        view_choose_instance(&exchange->worker->view, exchange->set, exchange->instance);
    while (instance != NULL && try_connect(exchange, instance) != ERR_OK) {
        exchange->instance = instance;
        ledger_add(&instance->counts->connect_failures, 1);
        if (exchange->retries >= exchange->role->retries) {
            exchange_reply(exchange, REASON_UPSTREAM_CONNECT, EXCHANGE_END_UPSTREAM, NULL);
            return;
        }
        exchange->retries++;
        instance = view_choose_instance(&exchange->worker->view, exchange->set, instance);
    }
    if (instance == NULL) {
        exchange_reply(exchange, REASON_NO_HEALTHY_INSTANCE, EXCHANGE_END_REFUSED, NULL);
        return;
    }
    upload_run(exchange);
}

/* What failed: the connect, an old connection that the instance had left, or the request itself. */
enum failure { FAILURE_CONNECT, FAILURE_UNDELIVERED, FAILURE_MAYBE_EXECUTED };

static enum failure
failure_of(const struct exchange *exchange)
{
    if (!exchange->upstream->is_connected) {
        return FAILURE_CONNECT;
    }
    return upstream_is_undelivered(exchange->upstream) ? FAILURE_UNDELIVERED
                                                       : FAILURE_MAYBE_EXECUTED;
}

static bool
may_try_again(struct exchange *exchange, enum failure failure)
{
    if (!exchange->is_kept || exchange->has_answer) {
        return false;
    }
    switch (failure) {
    case FAILURE_CONNECT:
        return exchange->retries < exchange->role->retries;
    case FAILURE_UNDELIVERED:
        /* On a fresh connection this cannot happen twice in a row without the instance refusing. */
        return !exchange->needs_fresh;
    case FAILURE_MAYBE_EXECUTED:
    default:
        return exchange->is_idempotent && !exchange->is_resent &&
               exchange->retries < exchange->role->retries;
    }
}

void
exchange_retry(struct exchange *exchange, enum reason reason)
{
    enum failure failure = failure_of(exchange);
    if (failure == FAILURE_CONNECT) {
        ledger_add(&exchange->instance->counts->connect_failures, 1);
    }
    if (!may_try_again(exchange, failure)) {
        bool is_connect = failure == FAILURE_CONNECT && reason == REASON_UPSTREAM_CLOSED;
        enum exchange_end end =
            reason == REASON_UPSTREAM_CLOSED ? EXCHANGE_END_UPSTREAM : EXCHANGE_END_TIMEOUT;
        exchange_fail(exchange, is_connect ? REASON_UPSTREAM_CONNECT : reason, end);
        return;
    }
    if (exchange->upstream->is_reused) {
        exchange->instance->keeps_connections = false;
    }
    try_drop(exchange);
    exchange->retries++;
    exchange->needs_fresh = failure != FAILURE_CONNECT;
    exchange->is_resent |= failure == FAILURE_MAYBE_EXECUTED;
    exchange->is_upload_broken = false;
    exchange_try(exchange);
}
