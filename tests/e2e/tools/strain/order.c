#include "tests/e2e/tools/strain/order.h"

#include <stdio.h>
#include <string.h>

static struct {
    char target[128];
    char old[128];
    uint64_t first_new_us;      /* first byte of the target's first answer, or UINT64_MAX */
    uint64_t committed_us;      /* when the command had returned, or UINT64_MAX */
    uint64_t previous_first_us; /* when the cutover before had shown, or had returned */
    unsigned seen;
} order;

static void
name_set(char *to, const char *name)
{
    snprintf(to, sizeof(order.target), "%s", name);
}

void
order_begin(const char *build)
{
    name_set(order.target, build);
    order.first_new_us = 0;
    order.committed_us = UINT64_MAX;
}

void
order_flip(const char *build, uint64_t now_us)
{
    (void)now_us;
    name_set(order.old, order.target);
    name_set(order.target, build);
    /* A cutover that no answer has shown is over for whoever begins after its command's end. */
    order.previous_first_us =
        order.first_new_us < order.committed_us ? order.first_new_us : order.committed_us;
    order.first_new_us = UINT64_MAX;
    order.committed_us = UINT64_MAX;
}

void
order_flipped(uint64_t now_us)
{
    order.committed_us = now_us;
}

bool
order_answer(const char *build, uint64_t begun_us, uint64_t first_us)
{
    if (strcmp(build, order.target) == 0) {
        /* A request that was begun before the last cutover showed may be a straggler of the time
           before it, when this build was live too: it proves nothing. */
        if (order.first_new_us == UINT64_MAX && begun_us > order.previous_first_us) {
            order.first_new_us = first_us;
            order.seen++;
        }
        return true;
    }
    if (strcmp(build, order.old) != 0) {
        return false;
    }
    return begun_us <= order.first_new_us && begun_us <= order.committed_us;
}

unsigned
order_seen(void)
{
    return order.seen;
}
