/*
 * loop: one thread's event loop. A turn is: sleep until something happens, run callbacks of
 * sockets, run timers that are due, run what was deferred, call the turn hooks. Everything but
 * loop_stop belongs to the thread that runs the loop (before the run: to the one that made it).
 */
#ifndef TURNOUT_NET_LOOP_H
#define TURNOUT_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include "proxy/base/err.h"
#include "proxy/base/list.h"

struct loop;

enum { LOOP_HOOK_LIMIT = 4 };

/* Something to run at the end of a turn: a free that must not happen under a callback, a stream
 * that goes on after its byte budget. Embedded in its owner. */
struct loop_task {
    struct list node;
    void (*run)(struct loop_task *task);
};

enum err loop_new(struct loop **out);
void loop_free(struct loop *loop);

/* Turns until loop_stop; tasks that are deferred by then still run once. */
void loop_run(struct loop *loop);

/* Ends loop_run after the turn it is in. Any thread. */
void loop_stop(struct loop *loop);

/* One turn; sleeps only when may_sleep and nothing is deferred. For tests and for a loop driven by
 * hand. */
void loop_turn(struct loop *loop, bool may_sleep);

/* Monotonic time, read once a turn (at the first call after the wake). */
uint64_t loop_now_us(struct loop *loop);
uint64_t loop_now_ms(struct loop *loop);

/* Reads the clock anew, after something that took long. */
void loop_refresh(struct loop *loop);

/* libevent's struct event_base, for evhttp on the control thread. */
void *loop_event_base(struct loop *loop);

static inline void
loop_task_init(struct loop_task *task, void (*run)(struct loop_task *task))
{
    list_init(&task->node);
    task->run = run;
}

/* Runs the task at the end of this turn; one deferred by a task runs at the end of the next turn,
 * which then does not sleep. Deferring what is deferred already changes nothing. The task may free
 * its owner. */
void loop_defer(struct loop *loop, struct loop_task *task);

/* Takes a deferred task back; no harm if it is not deferred. */
static inline void
loop_task_cancel(struct loop_task *task)
{
    list_remove(&task->node);
}

/* Calls fn(arg) as the last thing of every turn: nothing of a snapshot is held then. At most
 * LOOP_HOOK_LIMIT hooks. */
void loop_on_turn(struct loop *loop, void (*fn)(void *arg), void *arg);

#endif
