#include "proxy/flow/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/base/check.h"
#include "proxy/flow/exchange.h"

enum { WORKER_FULL_MS = 50 /* how soon a full worker looks whether there is room again */ };

/* The last thing of a turn: no table is held now, so all older ones have been passed. */
static void
worker_on_turn(void *argument)
{
    struct worker *worker = argument;
    if (worker->view.roles == NULL) {
        return; /* the last turn, in which only frees are left to do */
    }
    uint64_t serial = view_current(&worker->view)->serial;
    if (serial != atomic_load_explicit(&worker->passed, memory_order_relaxed)) {
        atomic_store_explicit(&worker->passed, serial, memory_order_release);
        worker->node->notify(worker->node);
    }
}

static void
worker_on_accept(struct listener *listener, int fd, const struct sockaddr_storage *peer,
                 socklen_t peer_size)
{
    (void)peer_size;
    session_accept(LIST_ITEM(listener, struct worker_listener, listener), fd, peer);
}

static void
worker_pause(struct worker *worker, bool is_paused)
{
    for (uint32_t i = 0; i < worker->listener_count; i++) {
        if (is_paused) {
            listener_pause(&worker->listeners[i].listener);
        } else {
            listener_resume(&worker->listeners[i].listener);
        }
    }
}

static bool
node_is_full(struct node *node)
{
    uint32_t limit = node->clients->connections;
    return limit > 0 && atomic_load_explicit(&node->connections, memory_order_relaxed) >= limit;
}

static void
worker_look_for_room(struct timer *timer)
{
    struct worker *worker = LIST_ITEM(timer, struct worker, full_timer);
    if (node_is_full(worker->node)) {
        timer_set(worker->loop, timer, WORKER_FULL_MS);
        return;
    }
    worker->is_full = false;
    if (!worker->has_left) {
        worker_pause(worker, false);
    }
}

void
worker_count_opened(struct worker *worker)
{
    ledger_add(&worker->connections, 1);
    atomic_fetch_add_explicit(&worker->node->connections, 1, memory_order_relaxed);
    if (!worker->is_full && node_is_full(worker->node)) {
        worker->is_full = true;
        worker_pause(worker, true);
        timer_set(worker->loop, &worker->full_timer, WORKER_FULL_MS);
    }
}

void
worker_count_closed(struct worker *worker)
{
    ledger_add(&worker->closed, 1);
    atomic_fetch_sub_explicit(&worker->node->connections, 1, memory_order_relaxed);
}

void
worker_count_reason(struct worker *worker, uint32_t role, enum reason reason)
{
    ledger_add(&worker->reasons[role].counts[reason], 1);
}

/* What was queued has been accepted: the door is closed, and connections without a request go. */
static void
worker_left(struct timer *timer)
{
    struct worker *worker = LIST_ITEM(timer, struct worker, leave_timer);
    worker->has_left = true;
    for (uint32_t i = 0; i < worker->listener_count; i++) {
        listener_stop(&worker->listeners[i].listener);
        close(worker->listeners[i].fd);
        worker->listeners[i].fd = -1;
    }
    struct list *next;
    for (struct list *node = worker->sessions.next; node != &worker->sessions; node = next) {
        next = node->next;
        session_leave(LIST_ITEM(node, struct session, node));
    }
    worker->node->notify(worker->node);
}

static void
worker_on_message(struct inbox *inbox, struct message *message)
{
    struct worker *worker = LIST_ITEM(inbox, struct worker, inbox);
    if (message == &worker->wake) {
        /* The turn's end looks at the table. */
        atomic_store(&worker->is_wake_posted, false);
        return;
    }
    struct worker_order *order = MESSAGE_ITEM(message, struct worker_order, message);
    if (order->kind == WORKER_ORDER_TLS) {
        tls_store_unref(worker->listeners[order->listener].tls);
        worker->listeners[order->listener].tls = order->tls;
    } else if (!worker->is_leaving) {
        worker->is_leaving = true;
        for (uint32_t i = 0; i < worker->listener_count; i++) {
            listener_clear_deferred_accept(worker->listeners[i].fd);
        }
        timer_set(worker->loop, &worker->leave_timer, order->accept_ms);
    }
    free(order);
}

static enum err
worker_allocate(struct worker *worker)
{
    struct node *node = worker->node;
    worker->client_bytes = malloc(WORKER_SCRATCH_BYTES);
    worker->upstream_bytes = malloc(WORKER_SCRATCH_BYTES);
    worker->reasons = calloc(node->role_count + 1U, sizeof(*worker->reasons));
    worker->listeners = calloc(worker->listener_count + 1U, sizeof(*worker->listeners));
    if (worker->client_bytes == NULL || worker->upstream_bytes == NULL || worker->reasons == NULL ||
        worker->listeners == NULL) {
        return ERR_NO_MEMORY;
    }
    enum err err = loop_new(&worker->loop);
    if (err != ERR_OK) {
        return err;
    }
    inbox_init(&worker->inbox, worker->loop, worker_on_message);
    loop_on_turn(worker->loop, worker_on_turn, worker);
    return view_init(&worker->view, worker, node->role_count);
}

enum err
worker_new(struct node *node, uint32_t index, const struct worker_listener *listeners,
           uint32_t listener_count, struct worker **out)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    if (worker == NULL) {
        return ERR_NO_MEMORY;
    }
    worker->node = node;
    worker->index = index;
    worker->listener_count = listener_count;
    list_init(&worker->sessions);
    list_init(&worker->free_exchanges);
    timer_init(&worker->leave_timer, worker_left);
    timer_init(&worker->full_timer, worker_look_for_room);
    buf_init(&worker->head);
    uint64_t seed;
    random_fill(&seed, sizeof(seed));
    random_init(&worker->random, seed);
    enum err err = worker_allocate(worker);
    for (uint32_t i = 0; i < listener_count && err == ERR_OK; i++) {
        struct worker_listener *listener = &worker->listeners[i];
        *listener = listeners[i];
        listener->worker = worker;
        err = listener_start(&listener->listener, worker->loop, listener->fd, worker_on_accept);
    }
    if (err != ERR_OK) {
        worker_free(worker);
        return err;
    }
    *out = worker;
    return ERR_OK;
}

static void *
worker_run(void *argument)
{
    struct worker *worker = argument;
    char name[16];
    snprintf(name, sizeof(name), "worker-%u", worker->index);
    pthread_setname_np(pthread_self(), name);
    loop_run(worker->loop);
    return NULL;
}

enum err
worker_start(struct worker *worker)
{
    if (pthread_create(&worker->thread, NULL, worker_run, worker) != 0) {
        return ERR_LIMIT;
    }
    worker->is_started = true;
    return ERR_OK;
}

void
worker_wake(struct worker *worker)
{
    if (!atomic_exchange(&worker->is_wake_posted, true)) {
        inbox_post(&worker->inbox, &worker->wake);
    }
}

void
worker_post(struct worker *worker, struct worker_order *order)
{
    inbox_post(&worker->inbox, &order->message);
}

/* With the thread gone, everything that is left is ended here. */
static void
worker_end_sessions(struct worker *worker)
{
    while (!list_is_empty(&worker->sessions)) {
        struct session *session = LIST_ITEM(worker->sessions.next, struct session, node);
        if (session->exchange != NULL) {
            exchange_end(session->exchange, EXCHANGE_END_STOP);
        }
        session_close(session, false);
    }
    for (struct list *node = worker->view.sets.next; node != &worker->view.sets;
         node = node->next) {
        struct set_view *set = LIST_ITEM(node, struct set_view, node);
        while (!list_is_empty(&set->exchanges)) {
            exchange_end(LIST_ITEM(set->exchanges.next, struct exchange, node), EXCHANGE_END_STOP);
        }
    }
}

static void
worker_free_stock(struct worker *worker)
{
    struct list *node;
    while ((node = list_take_first(&worker->free_exchanges)) != NULL) {
        struct exchange *exchange = LIST_ITEM(node, struct exchange, node);
        buf_fini(&exchange->outgoing);
        buf_fini(&exchange->facts);
        free(exchange);
    }
}

void
worker_free(struct worker *worker)
{
    if (worker == NULL) {
        return;
    }
    if (worker->is_started) {
        loop_stop(worker->loop);
        pthread_join(worker->thread, NULL);
    }
    for (uint32_t i = 0; worker->listeners != NULL && i < worker->listener_count; i++) {
        struct worker_listener *listener = &worker->listeners[i];
        if (listener->worker != NULL && listener->fd >= 0) {
            listener_stop(&listener->listener);
        }
        if (worker->owns_sockets && listener->fd >= 0) {
            close(listener->fd);
        }
        tls_store_unref(listener->tls);
    }
    if (worker->view.roles != NULL) {
        worker_end_sessions(worker);
        view_fini(&worker->view);
    }
    worker_free_stock(worker);
    if (worker->loop != NULL) {
        inbox_fini(&worker->inbox);
        timer_clear(&worker->leave_timer);
        timer_clear(&worker->full_timer);
        loop_turn(worker->loop, false); /* the frees that were deferred */
        loop_free(worker->loop);
    }
    buf_fini(&worker->head);
    free(worker->client_bytes);
    free(worker->upstream_bytes);
    free(worker->listeners);
    free(worker->reasons);
    free(worker);
}
