/*
 * choose: which set and which instance serves a request. The choice of the set is stratified, so
 * that a share is kept exactly in every block of requests and not only on average; the choice of
 * the instance is the less loaded of two random ones. Chance comes from the caller's generator. One
 * chooser belongs to one worker and one role.
 */
#ifndef TURNOUT_TABLE_CHOOSE_H
#define TURNOUT_TABLE_CHOOSE_H

#include <stdbool.h>
#include <stdint.h>
#include "proxy/base/random.h"

/* The state of the weighted choice of one role at one worker. Zeroed memory is a fresh chooser. */
struct chooser {
    uint32_t weight_bp; /* that the block was made for */
    uint32_t block;     /* requests of the current block */
    uint32_t place;     /* of the block's request that goes to the smaller share */
    uint32_t at;        /* requests of the block that have passed */
    uint32_t carry;     /* what blocks so far fell short of whole/share, in units of 1/share */
};

/*
 * True when the next request goes to the candidate. Each block holds exactly one request of the
 * smaller share, at a random place; block lengths are the floor or the ceiling of whole/share and
 * sum exactly, so that over whole blocks the shares are exact. 0 and 10000 are exact from the first
 * request. A changed weight begins a new block at a random phase.
 */
bool choose_candidate(struct chooser *chooser, uint32_t weight_bp, struct random *random);

/* Two different random indexes below count (count >= 2), for the choice of the less loaded. */
void choose_two(struct random *random, uint32_t count, uint32_t *first, uint32_t *second);

#endif
