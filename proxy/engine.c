#include "proxy/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "proxy/base/check.h"
#include "proxy/flow/access.h"
#include "proxy/flow/worker.h"

/* A table that a worker may still be using. */
struct old_table {
    struct list node;
    struct table *table;
};

struct engine {
    struct node node;
    struct worker **workers;
    uint32_t worker_count;
    struct table *table; /* the current one, node.table to the workers */
    struct list old_tables;
    uint64_t serial;
    struct ledger **ledgers;
    uint32_t ledger_count;
    uint32_t ledger_capacity;
    struct inbox inbox;
    struct message notice;
    _Atomic bool is_notice_posted;
    void (*on_passed)(void *argument);
    void *argument;
};

/* Any thread: wakes control, once until it has looked. */
static void
engine_notify(struct node *node)
{
    struct engine *engine = LIST_ITEM(node, struct engine, node);
    if (!atomic_exchange(&engine->is_notice_posted, true)) {
        inbox_post(&engine->inbox, &engine->notice);
    }
}

static void
engine_free_passed(struct engine *engine)
{
    uint64_t passed = engine_passed(engine);
    while (!list_is_empty(&engine->old_tables)) {
        struct old_table *old = LIST_ITEM(engine->old_tables.next, struct old_table, node);
        if (old->table->serial >= passed) {
            return;
        }
        list_remove(&old->node);
        table_free(old->table);
        free(old);
    }
}

static void
engine_on_notice(struct inbox *inbox, struct message *message)
{
    (void)message;
    struct engine *engine = LIST_ITEM(inbox, struct engine, inbox);
    atomic_store(&engine->is_notice_posted, false);
    engine_free_passed(engine);
    if (engine->on_passed != NULL) {
        engine->on_passed(engine->argument);
    }
}

static struct ledger *
engine_find_ledger(const struct engine *engine, uint64_t set_id)
{
    for (uint32_t i = 0; i < engine->ledger_count; i++) {
        if (engine->ledgers[i]->set_id == set_id) {
            return engine->ledgers[i];
        }
    }
    return NULL;
}

static struct ledger *
engine_add_ledger(struct engine *engine, const struct table_set *set)
{
    if (engine->ledger_count == engine->ledger_capacity) {
        uint32_t capacity = engine->ledger_capacity == 0 ? 8 : engine->ledger_capacity * 2;
        struct ledger **ledgers = realloc(engine->ledgers, capacity * sizeof(struct ledger *));
        if (ledgers == NULL) {
            return NULL;
        }
        engine->ledgers = ledgers;
        engine->ledger_capacity = capacity;
    }
    struct ledger *ledger;
    if (ledger_new(set->id, engine->worker_count, set->instance_count, &ledger) != ERR_OK) {
        return NULL;
    }
    engine->ledgers[engine->ledger_count++] = ledger;
    return ledger;
}

static bool
engine_give_ledgers(struct engine *engine, struct table *table)
{
    for (uint32_t i = 0; i < table->set_count; i++) {
        struct table_set *set = &table->sets[i];
        set->ledger = engine_find_ledger(engine, set->id);
        if (set->ledger == NULL) {
            set->ledger = engine_add_ledger(engine, set);
        }
        if (set->ledger == NULL) {
            return false;
        }
    }
    return true;
}

uint64_t
engine_publish(struct engine *engine, struct table *table)
{
    struct old_table *old = malloc(sizeof(*old));
    if (old == NULL || !engine_give_ledgers(engine, table)) {
        free(old);
        table_free(table);
        return 0;
    }
    old->table = engine->table;
    table->serial = ++engine->serial;
    engine->table = table;
    atomic_store_explicit(&engine->node.table, table, memory_order_release);
    list_add_last(&engine->old_tables, &old->node);
    for (uint32_t i = 0; i < engine->worker_count; i++) {
        worker_wake(engine->workers[i]);
    }
    return table->serial;
}

uint64_t
engine_passed(const struct engine *engine)
{
    uint64_t passed = UINT64_MAX;
    for (uint32_t i = 0; i < engine->worker_count; i++) {
        uint64_t own = atomic_load_explicit(&engine->workers[i]->passed, memory_order_acquire);
        passed = own < passed ? own : passed;
    }
    return passed;
}

const struct ledger *
engine_ledger(const struct engine *engine, uint64_t set_id)
{
    return engine_find_ledger(engine, set_id);
}

static bool
table_names(const struct table *table, uint64_t set_id)
{
    for (uint32_t i = 0; i < table->set_count; i++) {
        if (table->sets[i].id == set_id) {
            return true;
        }
    }
    return false;
}

bool
engine_forget(struct engine *engine, uint64_t set_id)
{
    struct ledger *ledger = engine_find_ledger(engine, set_id);
    if (ledger == NULL) {
        return true;
    }
    bool is_passed = engine_passed(engine) == engine->table->serial;
    if (!is_passed || table_names(engine->table, set_id) || !ledger_is_idle(ledger)) {
        return false;
    }
    for (uint32_t i = 0; i < engine->ledger_count; i++) {
        if (engine->ledgers[i] == ledger) {
            engine->ledgers[i] = engine->ledgers[--engine->ledger_count];
            break;
        }
    }
    ledger_free(ledger);
    return true;
}

static uint64_t
worker_accept_pauses(const struct worker *worker)
{
    uint64_t pauses = 0;
    for (uint32_t i = 0; i < worker->listener_count; i++) {
        pauses += worker->listeners[i].listener.pauses;
    }
    return pauses;
}

void
engine_count(const struct engine *engine, struct engine_counts *out)
{
    *out = (struct engine_counts){.connections = 0};
    for (uint32_t i = 0; i < engine->worker_count; i++) {
        const struct worker *worker = engine->workers[i];
        uint64_t closed = ledger_read(&worker->closed);
        uint64_t opened = ledger_read(&worker->connections);
        uint64_t ended = ledger_read(&worker->exchanges_ended);
        out->accepted += opened;
        out->connections += opened - closed;
        out->requests += ledger_read(&worker->requests);
        out->exchanges += ledger_read(&worker->exchanges) - ended;
        out->accept_pauses += worker_accept_pauses(worker);
    }
    if (engine->node.access != NULL) {
        access_log_count(engine->node.access, &out->access_log_lines, &out->access_log_dropped);
    }
}

uint64_t
engine_count_reason(const struct engine *engine, uint32_t role, enum reason reason)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < engine->worker_count; i++) {
        count += ledger_read(&engine->workers[i]->reasons[role].counts[reason]);
    }
    return count;
}

uint64_t
engine_count_parked(const struct engine *engine, uint32_t role)
{
    return atomic_load(&engine->node.shared[role].parked);
}

static void
engine_order(struct engine *engine, const struct worker_order *order)
{
    for (uint32_t i = 0; i < engine->worker_count; i++) {
        struct worker_order *copy = malloc(sizeof(*copy));
        CHECK(copy != NULL);
        *copy = *order;
        if (order->tls != NULL) {
            copy->tls = tls_store_ref(order->tls);
        }
        worker_post(engine->workers[i], copy);
    }
}

void
engine_set_tls(struct engine *engine, uint32_t listener, struct tls_store *store)
{
    struct worker_order order = {.kind = WORKER_ORDER_TLS, .listener = listener, .tls = store};
    engine_order(engine, &order);
    tls_store_unref(store);
}

void
engine_reopen_logs(struct engine *engine)
{
    if (engine->node.access != NULL) {
        access_log_reopen(engine->node.access);
    }
}

void
engine_leave(struct engine *engine, uint32_t accept_ms)
{
    struct worker_order order = {.kind = WORKER_ORDER_LEAVE, .accept_ms = accept_ms};
    engine_order(engine, &order);
}

bool
engine_is_drained(const struct engine *engine)
{
    struct engine_counts counts;
    engine_count(engine, &counts);
    return counts.connections == 0 && counts.exchanges == 0;
}

static void
node_init(struct node *node, const struct engine_options *options)
{
    const struct client_settings *clients = options->clients;
    node->clients = clients;
    node->limits = (struct wire_limits){.line_bytes = clients->request_line,
                                        .head_bytes = clients->header_bytes,
                                        .fields = clients->headers};
    node->trusted = options->trusted;
    node->trusted_count = options->trusted_count;
    node->roles = options->roles;
    node->role_count = options->role_count;
    node->https_port = options->https_port;
    node->logs_query = options->access_log_query;
    node->notify = engine_notify;
}

/* One worker's share of the listeners. */
static enum err
engine_add_worker(struct engine *engine, const struct engine_options *options, uint32_t index)
{
    struct worker_listener *listeners = calloc(options->listener_count + 1U, sizeof(*listeners));
    if (listeners == NULL) {
        return ERR_NO_MEMORY;
    }
    for (uint32_t i = 0; i < options->listener_count; i++) {
        const struct engine_listener *listener = &options->listeners[i];
        listeners[i].fd = listener->fds[index];
        listeners[i].is_preview = listener->is_preview;
        listeners[i].tls = listener->tls == NULL ? NULL : tls_store_ref(listener->tls);
    }
    enum err err = worker_new(&engine->node, index, listeners, options->listener_count,
                              &engine->workers[index]);
    free(listeners);
    if (err == ERR_OK) {
        engine->worker_count = index + 1;
    }
    return err;
}

static enum err
engine_open(struct engine *engine, const struct engine_options *options, char *error,
            size_t error_size)
{
    engine->node.shared = calloc(options->role_count + 1U, sizeof(*engine->node.shared));
    engine->workers = calloc(options->worker_count, sizeof(struct worker *));
    if (engine->node.shared == NULL || engine->workers == NULL) {
        return ERR_NO_MEMORY;
    }
    if (options->access_log_path[0] == '\0') {
        return ERR_OK;
    }
    return access_log_new(options->access_log_path, options->node, options->worker_count,
                          &engine->node.access, error, error_size);
}

enum err
engine_start(const struct engine_options *options, struct table *table, struct engine **out,
             char *error, size_t error_size)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    if (engine == NULL) {
        return ERR_NO_MEMORY;
    }
    snprintf(error, error_size, "cannot start the workers");
    list_init(&engine->old_tables);
    inbox_init(&engine->inbox, options->control_loop, engine_on_notice);
    engine->on_passed = options->on_passed;
    engine->argument = options->argument;
    node_init(&engine->node, options);
    enum err err = engine_open(engine, options, error, error_size);
    engine->worker_count = options->worker_count; /* for the size of the ledgers */
    if (err == ERR_OK && !engine_give_ledgers(engine, table)) {
        err = ERR_NO_MEMORY;
    }
    engine->worker_count = 0;
    table->serial = ++engine->serial;
    atomic_store(&engine->node.table, table);
    for (uint32_t i = 0; i < options->worker_count && err == ERR_OK; i++) {
        err = engine_add_worker(engine, options, i);
    }
    for (uint32_t i = 0; i < engine->worker_count && err == ERR_OK; i++) {
        err = worker_start(engine->workers[i]);
    }
    if (err != ERR_OK) {
        engine_stop(engine);
        return err;
    }
    engine->table = table;
    for (uint32_t i = 0; i < engine->worker_count; i++) {
        engine->workers[i]->owns_sockets = true;
    }
    for (uint32_t i = 0; i < options->listener_count; i++) {
        tls_store_unref(options->listeners[i].tls);
    }
    *out = engine;
    return ERR_OK;
}

void
engine_stop(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    for (uint32_t i = 0; engine->workers != NULL && i < engine->worker_count; i++) {
        worker_free(engine->workers[i]);
    }
    engine->worker_count = 0;
    engine->on_passed = NULL;
    inbox_fini(&engine->inbox);
    access_log_free(engine->node.access);
    while (!list_is_empty(&engine->old_tables)) {
        struct old_table *old = LIST_ITEM(engine->old_tables.next, struct old_table, node);
        list_remove(&old->node);
        table_free(old->table);
        free(old);
    }
    table_free(engine->table);
    for (uint32_t i = 0; i < engine->ledger_count; i++) {
        ledger_free(engine->ledgers[i]);
    }
    free(engine->ledgers);
    free(engine->workers);
    free(engine->node.shared);
    free(engine);
}
