/*
 * prober: asks instances over HTTP/1.1 whether they are well. Each watched instance is asked at
 * once, then `interval` after the end of the check before, so that checks of one instance never
 * overlap; a check lasts at most `timeout` in all. Results are single observations with a named
 * reason: what they add up to (rise, fall, ready) is decided elsewhere. Runs on the control loop;
 * all calls and callbacks are on its thread.
 */
#ifndef TURNOUT_DRIVE_PROBER_H
#define TURNOUT_DRIVE_PROBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "conf/conf.h"
#include "proxy/base/err.h"

struct loop;
struct prober;
struct probe;

enum probe_reason {
#define PROBE_REASON(name, word, meaning) PROBE_##name,
#include "control/drive/probe_reasons.def"
#undef PROBE_REASON
    PROBE_REASON_COUNT
};

/* The word that users see ("wrong_build"), and what it means. Static storage. */
const char *probe_reason_word(enum probe_reason reason);
const char *probe_reason_meaning(enum probe_reason reason);

enum { PROBE_DETAIL_SIZE = 200 };

/* How one check ended. */
struct probe_result {
    enum probe_reason reason; /* PROBE_PASSED or why not */
    unsigned status;          /* of the answer, 0 when there was none */
    uint64_t wall_us;         /* when it ended */
    uint64_t duration_us;
    char detail[PROBE_DETAIL_SIZE]; /* printable, for a person: "said v41, declared v42"; or "" */
};

/* Called once per check, never after prober_unwatch. May unwatch this or any other probe. */
typedef void (*probe_fn)(void *context, const struct probe_result *result);

struct probe_target {
    const char *address;              /* "IPv4:port", "[IPv6]:port" or "unix:/path"; copied */
    const char *build;                /* declared by the set; copied */
    const struct conf_health *health; /* outlives the probe */
    const char *forwarded_proto;      /* X-Forwarded-Proto to send; NULL: none; copied */
};

/* At most `concurrent_max` checks run at once (0: 64); the others wait their turn. `seed` spreads
 * the checks in time. The caller owns *out. */
enum err prober_new(struct loop *loop, unsigned concurrent_max, uint64_t seed, struct prober **out);

/* Ends all probes without a callback. Not to be called from a callback of one. Accepts NULL. */
void prober_free(struct prober *prober);

/* Watches an instance: the first check is sent in this turn of the loop or the next. *out is valid
 * until prober_unwatch. ERR_NO_MEMORY or ERR_INVALID (address). */
enum err prober_watch(struct prober *prober, const struct probe_target *target, probe_fn result,
                      void *context, struct probe **out);

/* Ends it: its callback is never called again. Accepts NULL. */
void prober_unwatch(struct prober *prober, struct probe *probe);

/* Checks now rather than when the interval has passed. Nothing happens while a check runs. */
void prober_check_now(struct prober *prober, struct probe *probe);

#endif
