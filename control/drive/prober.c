#include "control/drive/prober_parts.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/base/check.h"

/* Starts checks that wait, as many as may run. Checks that end at once leave their place to the
 * next; each probe waits again only after its interval, so this ends. */
static void
start_waiting(struct loop_task *task)
{
    struct prober *prober = LIST_ITEM(task, struct prober, start_task);
    while (prober->running < prober->concurrent_max) {
        struct list *node = list_take_first(&prober->waiting);
        if (node == NULL) {
            return;
        }
        prober->running++;
        probe_start(LIST_ITEM(node, struct probe, waiting));
    }
}

/* Puts a probe in line; it starts at the end of this turn of the loop. */
static void
make_due(struct probe *probe)
{
    struct prober *prober = probe->prober;
    if (list_is_empty(&probe->waiting)) {
        list_add_last(&prober->waiting, &probe->waiting);
    }
    loop_defer(prober->loop, &prober->start_task);
}

static void
on_interval(struct timer *timer)
{
    make_due(LIST_ITEM(timer, struct probe, interval));
}

/* The first interval is cut by chance to between a half and the whole, so that probes that began
 * together go on apart. */
static uint64_t
next_delay_ms(struct probe *probe)
{
    uint64_t interval_ms = probe->health->interval_ms;
    if (probe->has_been_checked) {
        return interval_ms;
    }
    probe->has_been_checked = true;
    return interval_ms - random_below(&probe->prober->random, interval_ms / 2 + 1);
}

void
prober_on_end(struct probe *probe, const struct probe_result *result)
{
    struct prober *prober = probe->prober;
    CHECK(prober->running > 0);
    prober->running--;
    timer_set(prober->loop, &probe->interval, next_delay_ms(probe));
    if (!list_is_empty(&prober->waiting)) {
        loop_defer(prober->loop, &prober->start_task);
    }
    probe->result(probe->context, result); /* the probe may be gone now */
}

enum err
prober_new(struct loop *loop, unsigned concurrent_max, uint64_t seed, struct prober **out)
{
    struct prober *prober = calloc(1, sizeof(*prober));
    if (prober == NULL) {
        return ERR_NO_MEMORY;
    }
    prober->loop = loop;
    prober->concurrent_max = concurrent_max == 0 ? PROBER_CONCURRENT_DEFAULT : concurrent_max;
    list_init(&prober->probes);
    list_init(&prober->gone);
    list_init(&prober->waiting);
    loop_task_init(&prober->start_task, start_waiting);
    random_init(&prober->random, seed);
    *out = prober;
    return ERR_OK;
}

/* Accepts what is half built. */
static void
probe_free(struct probe *probe)
{
    if (probe != NULL) {
        list_remove(&probe->node);
        loop_task_cancel(&probe->free_task);
        free(probe->build);
        free(probe->forwarded_proto);
        free(probe);
    }
}

static void
on_free(struct loop_task *task)
{
    probe_free(LIST_ITEM(task, struct probe, free_task));
}

void
prober_free(struct prober *prober)
{
    if (prober == NULL) {
        return;
    }
    while (!list_is_empty(&prober->probes)) {
        prober_unwatch(prober, LIST_ITEM(prober->probes.next, struct probe, node));
    }
    while (!list_is_empty(&prober->gone)) {
        probe_free(LIST_ITEM(prober->gone.next, struct probe, node));
    }
    loop_task_cancel(&prober->start_task);
    free(prober);
}

static enum err
use_port(struct address *address, uint32_t port)
{
    struct sockaddr_storage socket = address->socket;
    if (port == 0 || address_is_unix(address)) {
        return ERR_OK;
    }
    if (port > UINT16_MAX) {
        return ERR_INVALID;
    }
    if (socket.ss_family == AF_INET) {
        ((struct sockaddr_in *)&socket)->sin_port = htons((uint16_t)port);
    } else {
        ((struct sockaddr_in6 *)&socket)->sin6_port = htons((uint16_t)port);
    }
    return address_from_socket((const struct sockaddr *)&socket, address->size, address);
}

static struct probe *
probe_new(struct prober *prober, const struct probe_target *target)
{
    struct probe *probe = calloc(1, sizeof(*probe));
    if (probe == NULL) {
        return NULL;
    }
    list_init(&probe->node);
    list_init(&probe->waiting);
    timer_init(&probe->interval, on_interval);
    loop_task_init(&probe->free_task, on_free);
    probe->prober = prober;
    probe->health = target->health;
    probe->build = strdup(target->build == NULL ? "" : target->build);
    bool has_proto = target->forwarded_proto != NULL;
    probe->forwarded_proto = has_proto ? strdup(target->forwarded_proto) : NULL;
    if (probe->build == NULL || (has_proto && probe->forwarded_proto == NULL)) {
        probe_free(probe);
        return NULL;
    }
    return probe;
}

enum err
prober_watch(struct prober *prober, const struct probe_target *target, probe_fn result,
             void *context, struct probe **out)
{
    struct address address;
    const char *why;
    enum err err = address_parse(span_of(target->address), &address, &why);
    err = err == ERR_OK ? use_port(&address, target->health->port) : err;
    if (err != ERR_OK) {
        return err;
    }
    struct probe *probe = probe_new(prober, target);
    if (probe == NULL) {
        return ERR_NO_MEMORY;
    }
    probe->address = address;
    probe->result = result;
    probe->context = context;
    list_add_last(&prober->probes, &probe->node);
    make_due(probe);
    *out = probe;
    return ERR_OK;
}

void
prober_unwatch(struct prober *prober, struct probe *probe)
{
    if (probe == NULL) {
        return;
    }
    if (probe->check.phase != CHECK_IDLE) {
        probe_cancel(probe);
        prober->running--;
        loop_defer(prober->loop, &prober->start_task);
    }
    timer_clear(&probe->interval);
    list_remove(&probe->waiting);
    /* A callback of its stream or timer may be on the stack above us. */
    list_remove(&probe->node);
    list_add_last(&prober->gone, &probe->node);
    loop_defer(prober->loop, &probe->free_task);
}

void
prober_check_now(struct prober *prober, struct probe *probe)
{
    CHECK(probe->prober == prober);
    if (probe->check.phase == CHECK_IDLE) {
        timer_clear(&probe->interval);
        make_due(probe);
    }
}
