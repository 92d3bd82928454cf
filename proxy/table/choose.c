#include "proxy/table/choose.h"

#include "proxy/table/table.h"

/* Begins the next block: its length is whole/share rounded so that the lengths of all blocks sum
 * exactly. */
static void
begin_block(struct chooser *chooser, uint32_t share, struct random *random)
{
    uint32_t due = TABLE_WEIGHT_WHOLE_BP + chooser->carry;
    chooser->block = due / share;
    chooser->carry = due % share;
    chooser->place = (uint32_t)random_below(random, chooser->block);
    chooser->at = 0;
}

bool
choose_candidate(struct chooser *chooser, uint32_t weight_bp, struct random *random)
{
    if (weight_bp == 0 || weight_bp >= TABLE_WEIGHT_WHOLE_BP) {
        chooser->block = 0;
        return weight_bp != 0;
    }
    bool is_minority = weight_bp <= TABLE_WEIGHT_WHOLE_BP / 2;
    uint32_t share = is_minority ? weight_bp : TABLE_WEIGHT_WHOLE_BP - weight_bp;
    if (chooser->block == 0 || chooser->weight_bp != weight_bp) {
        chooser->weight_bp = weight_bp;
        chooser->carry = (uint32_t)random_below(random, share);
        begin_block(chooser, share, random);
        /* A random phase, so that workers do not send their minority requests in step. */
        chooser->at = (uint32_t)random_below(random, chooser->block);
    } else if (chooser->at == chooser->block) {
        begin_block(chooser, share, random);
    }
    bool is_place = chooser->at == chooser->place;
    chooser->at++;
    return is_place == is_minority;
}

void
choose_two(struct random *random, uint32_t count, uint32_t *first, uint32_t *second)
{
    uint64_t chance = random_next(random);
    *first = (uint32_t)(((chance >> 32) * count) >> 32);
    *second = (uint32_t)(((chance & UINT32_MAX) * (count - 1)) >> 32);
    if (*second >= *first) {
        *second += 1;
    }
}
