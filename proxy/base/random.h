/*
 * random: the only source of chance. random_fill asks the kernel (identities, secrets); struct
 * random is a fast generator for balancing and request ids, seeded by whoever owns it, so that a
 * simulation can replay it. One thread per struct.
 */
#ifndef TURNOUT_BASE_RANDOM_H
#define TURNOUT_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state[4];
};

/* Fills with bytes fit for keys. Stops the process if the kernel has none to give: nothing safe
 * could follow. */
void random_fill(void *out, size_t size);

/* xoshiro256** by Blackman and Vigna (2018), its state spread from the seed by splitmix64. */
void random_init(struct random *random, uint64_t seed);
uint64_t random_next(struct random *random);

/* Uniform in [0, bound), bound > 0. The bias is below bound/2^64 (Lemire's multiplication without
 * rejection). */
uint64_t random_below(struct random *random, uint64_t bound);

#endif
