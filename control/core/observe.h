/*
 * observe: what one node sees, as decisions need it: never in the journal. A plain value, filled by
 * the driver before each decision; it owns nothing, the pointers are the driver's and hold until
 * the call returns.
 */
#ifndef TURNOUT_CORE_OBSERVE_H
#define TURNOUT_CORE_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "control/core/health.h"
#include "control/core/state.h"
#include "proxy/base/digest.h"

/* Ways into a set, each with its own ledger. */
enum core_way { CORE_WAY_NORMAL, CORE_WAY_PREVIEW, CORE_WAY_COUNT };

struct core_observed_instance {
    enum core_verdict verdict;
    uint32_t passes;     /* in a row, counted for warm_epoch */
    uint64_t warm_epoch; /* of the set when they were counted */
    const char *reason;  /* of the last failed check ("connect refused"), "" or NULL for none */
    const char *build;   /* that it said last, "" or NULL for none */
};

struct core_observed_set {
    struct digest digest;
    const struct core_observed_instance *instances; /* in the order of the set's addresses */
    size_t instance_count;
    uint64_t in_flight[CORE_WAY_COUNT]; /* ledgers of all workers, read after passed_epoch was */
    uint64_t finished;                  /* exchanges that ended since it drains */
    uint64_t cut;                       /* of these, cut by us */
    uint64_t oldest_ms;                 /* age of the oldest that it had while it drains */
    bool is_cut;                        /* the driver was told to cut it, and it drains still */
    bool has_timed_out; /* an exchange timed out while a cutover held the role: the instance may
                           still be at it, though the ledger reads zero */
};

struct core_observations {
    const struct core_observed_set *sets;
    size_t set_count;
    uint64_t passed_epoch; /* every worker routes by a table made of the state at this epoch or
                              later */
    bool is_journal_well;  /* the last append worked */
    const char *journal_trouble; /* why it is not well, else NULL */
    bool is_journal_failed;      /* none will work before a restart: no cutover gets an outcome */
};

/* NULL when it was not observed. */
const struct core_observed_set *core_observed_find(const struct core_observations *observations,
                                                   const struct digest *digest);

struct core_set_health {
    size_t instances;
    size_t ready;   /* `rise` passes in a row since the set was last warmed, and up */
    size_t healthy; /* up, or unknown while the set is live */
    size_t up;      /* verdict up */
    size_t down;    /* verdict down */
};

/* Counts of a set; an unobserved one has nothing ready. */
void core_set_observe(const struct core_set *set, const struct core_observations *observations,
                      uint32_t rise, struct core_set_health *out);

/* The life of a set as people see it: its status, or "warming", "ready", "canary" of a registered
 * one. Static storage. */
const char *core_set_life(const struct core_set *set, const struct core_observations *observations,
                          uint32_t rise);

/* "10.0.0.3:8080: connect refused; …": who is not ready (or not up) and why; empty when all are. */
void core_set_explain(const struct core_set *set, const struct core_observations *observations,
                      uint32_t rise, char *out, size_t capacity);

/* Everything on every way. */
uint64_t core_observed_in_flight(const struct core_observed_set *observed);

#endif
