/*
 * event_names: events of the journal as people want to read them: with the names of sets beside
 * their digests, and with what a cutover moves beside its id. One per reader; control thread only.
 */
#ifndef TURNOUT_API_EVENT_NAMES_H
#define TURNOUT_API_EVENT_NAMES_H

#include <jansson.h>
#include "proxy/base/span.h"

struct runner;

struct event_names {
    struct runner *runner;
    json_t *names;  /* digest → name, of sets seen so far */
    json_t *begins; /* id of a cutover → its kind and moves, of those whose begin was seen */
};

/* Knows the sets that the runner's view has. */
void event_names_init(struct event_names *names, struct runner *runner);
void event_names_fini(struct event_names *names);

/* The event as an object with names added; NULL when out of memory. The caller owns it. */
json_t *event_names_apply(struct event_names *names, struct span event);

#endif
