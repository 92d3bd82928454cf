#include <stdlib.h>
#include "control/core/state.h"

/* Snapshots of two states, event by event: what a snapshot does not hold is no state. */
struct equal {
    struct core_event *events;
    size_t count;
    size_t next;
    bool is_equal;
};

static enum err
equal_keep(void *context, const struct core_event *event)
{
    struct equal *equal = context;
    struct core_event *events = realloc(equal->events, (equal->count + 1) * sizeof *events);
    if (events == NULL) {
        return ERR_NO_MEMORY;
    }
    equal->events = events;
    events[equal->count] = *event;
    events[equal->count].addresses = NULL;
    events[equal->count].address_count = 0;
    equal->count++;
    return core_event_set_addresses(&events[equal->count - 1], event->addresses,
                                    event->address_count);
}

static enum err
equal_compare(void *context, const struct core_event *event)
{
    struct equal *equal = context;
    if (equal->next >= equal->count || !core_event_equal(&equal->events[equal->next], event)) {
        equal->is_equal = false;
        return ERR_CONFLICT;
    }
    equal->next++;
    return ERR_OK;
}

bool
core_state_equal(const struct core_state *a, const struct core_state *b)
{
    struct equal equal = {NULL, 0, 0, true};
    bool is_equal = core_state_save(a, equal_keep, &equal) == ERR_OK &&
                    core_state_save(b, equal_compare, &equal) == ERR_OK && equal.is_equal &&
                    equal.next == equal.count;
    for (size_t i = 0; i < equal.count; i++) {
        core_event_fini(&equal.events[i]);
    }
    free(equal.events);
    return is_equal;
}
