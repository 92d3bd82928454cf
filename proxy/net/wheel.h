/*
 * wheel: timers in order of their tick, without a clock: four levels of 64 slots, each level 64
 * times as coarse. Adding is O(1); a timer moves down a level at most three times in its life; one
 * beyond the wheel's reach (about 38 hours of 8 ms) waits at its rim. Used by loop and timer only.
 * One thread.
 */
#ifndef TURNOUT_NET_WHEEL_H
#define TURNOUT_NET_WHEEL_H

#include <stdint.h>
#include "proxy/base/list.h"
#include "proxy/net/timer.h"

enum { WHEEL_LEVELS = 4, WHEEL_SLOT_BITS = 6, WHEEL_SLOTS = 1 << WHEEL_SLOT_BITS };

struct wheel {
    uint64_t now;                  /* every timer due up to this tick was given out */
    uint64_t filled[WHEEL_LEVELS]; /* a bit for each slot that may hold timers */
    struct list slots[WHEEL_LEVELS][WHEEL_SLOTS];
};

void wheel_init(struct wheel *wheel, uint64_t now);

/* Files the timer under its due_tick; one that is due already goes to the next tick. */
void wheel_add(struct wheel *wheel, struct timer *timer);

/* Moves time on and appends what became due to `due`, in order of ticks. */
void wheel_advance(struct wheel *wheel, uint64_t now, struct list *due);

/* The tick at which the wheel must be looked at again; UINT64_MAX: it is empty. */
uint64_t wheel_next(struct wheel *wheel);

#endif
