/*
 * inbox: how other threads speak to a loop. Messages are embedded in what they carry, so posting
 * allocates nothing and cannot fail; each stands in one inbox at a time, which bounds the queue by
 * what its senders own. Order is kept per sender.
 */
#ifndef TURNOUT_NET_INBOX_H
#define TURNOUT_NET_INBOX_H

#include "proxy/base/list.h"
#include "proxy/net/loop.h"

struct message {
    struct message *next;
};

struct inbox {
    struct list node; /* in its loop */
    struct loop *loop;
    struct message *_Atomic newest;
    void (*on_message)(struct inbox *inbox, struct message *message);
};

#define MESSAGE_ITEM(message, type, member)                                                        \
    ((type *)(void *)((char *)(message)-offsetof(type, member)))

/* Opens an inbox on a loop, on its thread or before it runs. on_message runs on the loop's thread
 * and then owns the message. */
void inbox_init(struct inbox *inbox, struct loop *loop,
                void (*on_message)(struct inbox *inbox, struct message *message));

/* Closes it, on the loop's thread, when nobody posts any more. Messages not yet handled are handled
 * now. */
void inbox_fini(struct inbox *inbox);

/* Hands the message over and wakes the loop. Any thread. */
void inbox_post(struct inbox *inbox, struct message *message);

#endif
