/* The hold: requests wait at the door, routed nowhere. */
#include "proxy/flow/exchange.h"

enum { HOLD_RELEASE_TURN = 64 /* requests of a role that go on in one turn */ };

static void
hold_release_some(struct loop_task *task)
{
    hold_release(LIST_ITEM(task, struct role_view, release));
}

void
hold_init(struct role_view *role)
{
    list_init(&role->parked);
    loop_task_init(&role->release, hold_release_some);
}

/* Reserves from the node's bounds; false when they are reached. */
static bool
hold_reserve(struct exchange *exchange, uint32_t bytes)
{
    struct node_role *shared = &exchange->worker->node->shared[exchange->role_index];
    if (atomic_fetch_add(&shared->parked, 1) >= exchange->role->hold_requests) {
        atomic_fetch_sub(&shared->parked, 1);
        return false;
    }
    if (atomic_fetch_add(&shared->parked_bytes, bytes) + bytes > exchange->role->hold_bytes) {
        atomic_fetch_sub(&shared->parked_bytes, bytes);
        atomic_fetch_sub(&shared->parked, 1);
        return false;
    }
    exchange->parked_bytes = bytes;
    return true;
}

void
hold_park(struct exchange *exchange, uint32_t max_ms)
{
    struct role_view *role = &exchange->worker->view.roles[exchange->role_index];
    struct session *session = exchange->session;
    if (!upload_keep(exchange)) {
        return;
    }
    size_t bytes = sizeof(*exchange) + sizeof(*session) + exchange->outgoing.capacity +
                   exchange->facts.capacity + session->input.capacity;
    if (!hold_reserve(exchange, (uint32_t)bytes)) {
        exchange_reply(exchange, REASON_HOLD_FULL, EXCHANGE_END_REFUSED, NULL);
        return;
    }
    exchange->is_parked = true;
    list_add_last(&role->parked, &exchange->node);
    role->parked_count++;
    if (!session_wait(session, SESSION_WAIT_HOLD, max_ms)) {
        exchange_client_left(exchange);
    }
}

void
hold_leave(struct exchange *exchange)
{
    struct node_role *shared = &exchange->worker->node->shared[exchange->role_index];
    exchange->is_parked = false;
    list_remove(&exchange->node);
    exchange->worker->view.roles[exchange->role_index].parked_count--;
    atomic_fetch_sub(&shared->parked, 1);
    atomic_fetch_sub(&shared->parked_bytes, exchange->parked_bytes);
}

void
hold_release(struct role_view *role)
{
    struct worker *worker = role->worker;
    for (int i = 0; i < HOLD_RELEASE_TURN && role->parked_count > 0; i++) {
        /* Each by the table of its own moment: what the last one led to may have adopted a newer
         * one, whose sets stand elsewhere. */
        const struct table *table = view_current(&worker->view);
        if (table->roles[role->index].is_held) {
            return; /* held anew; whoever is left waits on */
        }
        struct exchange *exchange = LIST_ITEM(role->parked.next, struct exchange, node);
        hold_leave(exchange);
        exchange->was_parked = true;
        timer_clear(&exchange->session->timer);
        request_route(exchange, table);
    }
    if (role->parked_count > 0) {
        loop_defer(worker->loop, &role->release);
    }
}
