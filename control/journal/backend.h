/*
 * backend: what a kind of journal brings. Only back-ends and journal.c include this. The
 * functions' contracts are those of journal.h; arguments are checked before they are called.
 */
#ifndef TURNOUT_JOURNAL_BACKEND_H
#define TURNOUT_JOURNAL_BACKEND_H

#include "control/journal/journal.h"

struct journal_ops {
    enum err (*append)(struct journal *journal, enum journal_room room, struct span bytes,
                       struct journal_place *now);
    enum err (*snapshot)(struct journal *journal, const struct journal_place *place,
                         struct span state);
    enum err (*read)(struct journal *journal, uint64_t from_epoch, journal_event_fn event,
                     void *context);
    void (*close)(struct journal *journal);
};

/* The head of every back-end's own struct. */
struct journal {
    const struct journal_ops *ops;
    struct journal_cluster cluster;
    struct journal_place place; /* the last event that is stored for good */
    bool is_failed;
    char trouble[JOURNAL_TEXT_SIZE];
};

#endif
