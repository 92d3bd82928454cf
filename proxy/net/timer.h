/*
 * timer: deadlines of one loop, embedded in their owner, kept on a wheel: setting and clearing are
 * list operations without a system call. A timer never fires before loop_now + delay, and at most
 * one tick (8.2 ms) plus the turn later. One thread.
 */
#ifndef TURNOUT_NET_TIMER_H
#define TURNOUT_NET_TIMER_H

#include <stdbool.h>
#include <stdint.h>
#include "proxy/base/list.h"
#include "proxy/net/loop.h"

struct timer {
    struct list node;
    uint64_t due_tick;
    void (*expired)(struct timer *timer);
};

static inline void
timer_init(struct timer *timer, void (*expired)(struct timer *timer))
{
    list_init(&timer->node);
    timer->due_tick = 0;
    timer->expired = expired;
}

/* Fires once after delay_ms; a timer that is set is moved. The callback may set it again and may
 * free its owner. */
void timer_set(struct loop *loop, struct timer *timer, uint64_t delay_ms);

/* No harm if it is not set. */
static inline void
timer_clear(struct timer *timer)
{
    list_remove(&timer->node);
}

static inline bool
timer_is_set(const struct timer *timer)
{
    return !list_is_empty(&timer->node);
}

#endif
