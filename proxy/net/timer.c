#include "proxy/net/timer.h"

#include "proxy/net/loop_parts.h"

void
timer_set(struct loop *loop, struct timer *timer, uint64_t delay_ms)
{
    uint64_t due_us = loop_now_us(loop) + delay_ms * 1000;
    list_remove(&timer->node);
    timer->due_tick = (due_us >> LOOP_TICK_SHIFT) + 1;
    wheel_add(&loop->wheel, timer);
}
