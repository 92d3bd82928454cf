#include "proxy/net/inbox.h"

#include <stdatomic.h>
#include "proxy/net/loop_parts.h"

void
inbox_init(struct inbox *inbox, struct loop *loop,
           void (*on_message)(struct inbox *inbox, struct message *message))
{
    inbox->loop = loop;
    inbox->on_message = on_message;
    atomic_init(&inbox->newest, NULL);
    list_init(&inbox->node);
    list_add_last(&loop->inboxes, &inbox->node);
}

/* Takes all messages at once, oldest first: they are linked newest first. */
static struct message *
take_all(struct inbox *inbox)
{
    struct message *message = atomic_exchange_explicit(&inbox->newest, NULL, memory_order_acquire);
    struct message *oldest = NULL;
    while (message != NULL) {
        struct message *older = message->next;
        message->next = oldest;
        oldest = message;
        message = older;
    }
    return oldest;
}

static void
drain(struct inbox *inbox)
{
    struct message *message = take_all(inbox);
    while (message != NULL) {
        struct message *next = message->next;
        inbox->on_message(inbox, message);
        message = next;
    }
}

void
inbox_drain_all(struct loop *loop)
{
    /* A handler may close its own inbox, but no other one. */
    struct list *node = loop->inboxes.next;
    while (node != &loop->inboxes) {
        struct list *next = node->next;
        drain(LIST_ITEM(node, struct inbox, node));
        node = next;
    }
}

void
inbox_fini(struct inbox *inbox)
{
    list_remove(&inbox->node);
    drain(inbox);
}

void
inbox_post(struct inbox *inbox, struct message *message)
{
    /* Once the message is in, its inbox may be handled and gone: the loop, which outlives it, is
     * read before. */
    struct loop *loop = inbox->loop;
    struct message *newest = atomic_load_explicit(&inbox->newest, memory_order_relaxed);
    do {
        message->next = newest;
    } while (!atomic_compare_exchange_weak_explicit(&inbox->newest, &newest, message,
                                                    memory_order_release, memory_order_relaxed));
    if (newest == NULL) {
        loop_wake(loop);
    }
}
