/*
 * loop_parts: what a loop is made of, for the files of this folder only.
 */
#ifndef TURNOUT_NET_LOOP_PARTS_H
#define TURNOUT_NET_LOOP_PARTS_H

#include <stdatomic.h>
#include <stddef.h>
#include "proxy/net/loop.h"
#include "proxy/net/wheel.h"

/* A tick of the wheel is 2^13 us, 8.2 ms. */
enum { LOOP_TICK_SHIFT = 13 };

struct event;
struct event_base;
struct tls_thread;

struct loop_hook {
    void (*fn)(void *arg);
    void *arg;
};

struct loop {
    struct event_base *base;
    struct event *wake_event; /* other threads write to wake_fd */
    struct event *alarm;      /* the wheel's next look, by libevent's own timer */
    uint64_t alarm_us;        /* when it rings; UINT64_MAX: not set */
    uint64_t now_us;
    bool is_now_stale;
    int wake_fd;
    atomic_bool is_stopping;
    struct wheel wheel;
    struct list tasks;   /* run at the end of this turn */
    struct list inboxes; /* struct inbox.node */
    struct loop_hook hooks[LOOP_HOOK_LIMIT];
    size_t hook_count;
    struct tls_thread *tls; /* made by the first TLS stream */
};

/* Makes the loop's thread look into its inboxes. Any thread. */
void loop_wake(struct loop *loop);

/* Gives every message that stands in the loop's inboxes to its handler. */
void inbox_drain_all(struct loop *loop);

#endif
