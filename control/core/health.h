/*
 * health: verdicts from the results of checks, of one instance of one set. Pure; the storage is the
 * caller's (the prober's, one thread).
 */
#ifndef TURNOUT_CORE_HEALTH_H
#define TURNOUT_CORE_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

enum core_verdict {
    CORE_VERDICT_UNKNOWN, /* neither `rise` passes nor `fall` failures yet */
    CORE_VERDICT_UP,
    CORE_VERDICT_DOWN
};

struct core_health {
    enum core_verdict verdict;
    uint32_t passes;   /* in a row, since the set was last warmed */
    uint32_t failures; /* in a row */
    uint64_t warm_epoch;
};

/* Nothing is known; passes count for this warming of the set. */
void core_health_init(struct core_health *health, uint64_t warm_epoch);

/* The set is warmed anew: passes begin at zero, the verdict stays. Nothing if it is the same
 * epoch. */
void core_health_warm(struct core_health *health, uint64_t warm_epoch);

/* One check ended. `rise` and `fall` at least 1. True when the verdict changed. */
bool core_health_passed(struct core_health *health, uint32_t rise);
bool core_health_failed(struct core_health *health, uint32_t fall);

/* Whether requests may go there: up, or unknown in a live set (as after a restart: an instance that
 * was live is presumed up until `fall` checks failed; a candidate is down until `rise` passed). */
bool core_health_routes(enum core_verdict verdict, bool is_live);

const char *core_verdict_name(enum core_verdict verdict);

#endif
