#include "proxy/net/wheel.h"

#include <stddef.h>
#include "proxy/base/check.h"

enum { SLOT_MASK = WHEEL_SLOTS - 1 };

static unsigned
level_shift(unsigned level)
{
    return level * WHEEL_SLOT_BITS;
}

void
wheel_init(struct wheel *wheel, uint64_t now)
{
    wheel->now = now;
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        wheel->filled[level] = 0;
        for (unsigned slot = 0; slot < WHEEL_SLOTS; slot++) {
            list_init(&wheel->slots[level][slot]);
        }
    }
}

/* The level is that of the highest bit in which the tick differs from now: the slot then comes up
 * exactly when the higher digits of time have become those of the tick. */
static void
file(struct wheel *wheel, struct list *node, uint64_t tick)
{
    uint64_t reach = (uint64_t)1 << level_shift(WHEEL_LEVELS);
    if ((tick ^ wheel->now) >= reach) {
        /* Beyond the rim: looked at again when the wheel has come round. */
        tick = (wheel->now | (reach - 1)) + 1;
    }
    uint64_t difference = (tick ^ wheel->now) | 1;
    unsigned level = (63U - (unsigned)__builtin_clzll(difference)) / WHEEL_SLOT_BITS;
    level = level < WHEEL_LEVELS ? level : WHEEL_LEVELS - 1;
    unsigned slot = (unsigned)(tick >> level_shift(level)) & SLOT_MASK;
    list_add_last(&wheel->slots[level][slot], node);
    wheel->filled[level] |= (uint64_t)1 << slot;
}

void
wheel_add(struct wheel *wheel, struct timer *timer)
{
    uint64_t tick = timer->due_tick > wheel->now ? timer->due_tick : wheel->now + 1;
    file(wheel, &timer->node, tick);
}

/* The first tick after now at which the level has a filled slot to be looked at. Slots that were
 * emptied by clearing are forgotten on the way. */
static uint64_t
level_next(struct wheel *wheel, unsigned level)
{
    unsigned shift = level_shift(level);
    unsigned here = (unsigned)(wheel->now >> shift) & SLOT_MASK;
    while (wheel->filled[level] != 0) {
        /* Bit i of the rotated word is the slot that comes up after 1 + i steps. */
        unsigned turn = (here + 1) & SLOT_MASK;
        uint64_t filled = wheel->filled[level];
        uint64_t rotated = turn == 0 ? filled : (filled >> turn) | (filled << (WHEEL_SLOTS - turn));
        unsigned steps = 1 + (unsigned)__builtin_ctzll(rotated);
        unsigned slot = (here + steps) & SLOT_MASK;
        if (!list_is_empty(&wheel->slots[level][slot])) {
            return ((wheel->now >> shift) + steps) << shift;
        }
        wheel->filled[level] &= ~((uint64_t)1 << slot);
    }
    return UINT64_MAX;
}

uint64_t
wheel_next(struct wheel *wheel)
{
    uint64_t next = UINT64_MAX;
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        uint64_t tick = level_next(wheel, level);
        next = tick < next ? tick : next;
    }
    return next;
}

/* Empties the slot of a level that now has come to: what is due goes out, the rest moves down. */
static void
open_slot(struct wheel *wheel, unsigned level, struct list *due)
{
    unsigned slot = (unsigned)(wheel->now >> level_shift(level)) & SLOT_MASK;
    struct list timers;
    list_init(&timers);
    list_move_all(&timers, &wheel->slots[level][slot]);
    wheel->filled[level] &= ~((uint64_t)1 << slot);
    for (struct list *node; (node = list_take_first(&timers)) != NULL;) {
        struct timer *timer = LIST_ITEM(node, struct timer, node);
        if (timer->due_tick <= wheel->now) {
            list_add_last(due, node);
        } else {
            file(wheel, node, timer->due_tick);
        }
    }
}

void
wheel_advance(struct wheel *wheel, uint64_t now, struct list *due)
{
    for (uint64_t next = wheel_next(wheel); next <= now; next = wheel_next(wheel)) {
        CHECK(next > wheel->now);
        wheel->now = next;
        for (unsigned level = WHEEL_LEVELS; level-- > 0;) {
            uint64_t below = ((uint64_t)1 << level_shift(level)) - 1;
            if ((next & below) == 0) {
                open_slot(wheel, level, due);
            }
        }
    }
    wheel->now = now > wheel->now ? now : wheel->now;
}
