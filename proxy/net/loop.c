#include "proxy/net/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <event2/event.h>
#include "proxy/base/check.h"
#include "proxy/base/clock.h"
#include "proxy/net/loop_parts.h"
#include "proxy/net/tls_thread.h"

static void
on_wake(int fd, short what, void *arg)
{
    (void)what;
    uint64_t count;
    if (read(fd, &count, sizeof count) < 0) {
        /* Nothing to do: an empty counter only means that somebody else's wake was read already. */
    }
    inbox_drain_all(arg);
}

static void
on_alarm(int fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct loop *loop = arg;
    loop->alarm_us = UINT64_MAX; /* the turn looks at the wheel anyway */
}

static struct event_base *
new_base(void)
{
    struct event_config *config = event_config_new();
    if (config == NULL) {
        return NULL;
    }
    struct event_base *base = NULL;
    if (event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE) == 0 &&
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0 &&
        event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV) == 0) {
        base = event_base_new_with_config(config);
    }
    event_config_free(config);
    return base;
}

static bool
open_loop(struct loop *loop)
{
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    loop->base = new_base();
    if (loop->wake_fd < 0 || loop->base == NULL) {
        return false;
    }
    loop->wake_event = event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
    loop->alarm = event_new(loop->base, -1, 0, on_alarm, loop);
    return loop->wake_event != NULL && loop->alarm != NULL &&
           event_add(loop->wake_event, NULL) == 0;
}

enum err
loop_new(struct loop **out)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        return ERR_NO_MEMORY;
    }
    loop->alarm_us = UINT64_MAX;
    loop->now_us = clock_mono_us();
    wheel_init(&loop->wheel, loop->now_us >> LOOP_TICK_SHIFT);
    list_init(&loop->tasks);
    list_init(&loop->inboxes);
    if (!open_loop(loop)) {
        enum err err = err_from_errno(errno == 0 ? ENOMEM : errno);
        loop_free(loop);
        return err;
    }
    *out = loop;
    return ERR_OK;
}

void
loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    tls_thread_free(loop->tls);
    if (loop->wake_event != NULL) {
        event_free(loop->wake_event);
    }
    if (loop->alarm != NULL) {
        event_free(loop->alarm);
    }
    if (loop->base != NULL) {
        event_base_free(loop->base);
    }
    if (loop->wake_fd >= 0) {
        close(loop->wake_fd);
    }
    free(loop);
}

void *
loop_event_base(struct loop *loop)
{
    return loop->base;
}

void
loop_refresh(struct loop *loop)
{
    loop->now_us = clock_mono_us();
    loop->is_now_stale = false;
}

uint64_t
loop_now_us(struct loop *loop)
{
    if (loop->is_now_stale) {
        loop_refresh(loop);
    }
    return loop->now_us;
}

uint64_t
loop_now_ms(struct loop *loop)
{
    return loop_now_us(loop) / 1000;
}

void
loop_wake(struct loop *loop)
{
    uint64_t one = 1;
    if (write(loop->wake_fd, &one, sizeof one) < 0) {
        /* A full counter wakes the reader as well as one more would. */
    }
}

void
loop_stop(struct loop *loop)
{
    atomic_store(&loop->is_stopping, true);
    loop_wake(loop);
}

void
loop_defer(struct loop *loop, struct loop_task *task)
{
    if (list_is_empty(&task->node)) {
        list_add_last(&loop->tasks, &task->node);
    }
}

void
loop_on_turn(struct loop *loop, void (*fn)(void *arg), void *arg)
{
    CHECK(loop->hook_count < LOOP_HOOK_LIMIT);
    loop->hooks[loop->hook_count++] = (struct loop_hook){fn, arg};
}

/* Sees to it that the sleep ends when the wheel must be looked at. An alarm that rings too early is
 * left alone: that is one wake for nothing instead of a heap operation for every timer. */
static void
set_alarm(struct loop *loop)
{
    uint64_t next = wheel_next(&loop->wheel);
    if (next == UINT64_MAX || next << LOOP_TICK_SHIFT >= loop->alarm_us) {
        return;
    }
    uint64_t due_us = next << LOOP_TICK_SHIFT;
    uint64_t now_us = clock_mono_us();
    uint64_t wait_us = due_us > now_us ? due_us - now_us : 0;
    struct timeval wait = {.tv_sec = (time_t)(wait_us / 1000000),
                           .tv_usec = (suseconds_t)(wait_us % 1000000)};
    if (event_add(loop->alarm, &wait) == 0) {
        loop->alarm_us = due_us;
    }
}

static void
run_timers(struct loop *loop)
{
    struct list due;
    list_init(&due);
    wheel_advance(&loop->wheel, loop_now_us(loop) >> LOOP_TICK_SHIFT, &due);
    for (struct list *node; (node = list_take_first(&due)) != NULL;) {
        struct timer *timer = LIST_ITEM(node, struct timer, node);
        timer->expired(timer);
    }
}

static void
run_tasks(struct loop *loop)
{
    struct list tasks;
    list_init(&tasks);
    list_move_all(&tasks, &loop->tasks);
    for (struct list *node; (node = list_take_first(&tasks)) != NULL;) {
        struct loop_task *task = LIST_ITEM(node, struct loop_task, node);
        task->run(task);
    }
}

void
loop_turn(struct loop *loop, bool may_sleep)
{
    bool sleeps = may_sleep && list_is_empty(&loop->tasks);
    if (sleeps) {
        set_alarm(loop);
    }
    loop->is_now_stale = true;
    event_base_loop(loop->base, sleeps ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
    run_timers(loop);
    run_tasks(loop);
    for (size_t i = 0; i < loop->hook_count; i++) {
        loop->hooks[i].fn(loop->hooks[i].arg);
    }
}

void
loop_run(struct loop *loop)
{
    while (!atomic_load_explicit(&loop->is_stopping, memory_order_relaxed)) {
        loop_turn(loop, true);
    }
    loop_turn(loop, false);
    atomic_store(&loop->is_stopping, false);
}
