/*
 * list: doubly linked, intrusive, circular with a head. A node that is in no list points to itself,
 * so that removing it twice does no harm. One thread.
 */
#ifndef TURNOUT_BASE_LIST_H
#define TURNOUT_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next;
    struct list *previous;
};

#define LIST_ITEM(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void
list_init(struct list *node)
{
    node->next = node->previous = node;
}

static inline bool
list_is_empty(const struct list *head)
{
    return head->next == head;
}

static inline void
list_remove(struct list *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    list_init(node);
}

static inline void
list_add_first(struct list *head, struct list *node)
{
    node->next = head->next;
    node->previous = head;
    head->next->previous = node;
    head->next = node;
}

static inline void
list_add_last(struct list *head, struct list *node)
{
    list_add_first(head->previous, node);
}

/* Takes the first node off, or NULL when there is none. */
static inline struct list *
list_take_first(struct list *head)
{
    struct list *node = head->next;
    if (node == head) {
        return NULL;
    }
    list_remove(node);
    return node;
}

/* Moves all nodes of `from` behind those of `to`. */
static inline void
list_move_all(struct list *to, struct list *from)
{
    if (list_is_empty(from)) {
        return;
    }
    from->next->previous = to->previous;
    to->previous->next = from->next;
    from->previous->next = to;
    to->previous = from->previous;
    list_init(from);
}

#endif
