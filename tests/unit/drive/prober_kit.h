/* What the tests of the prober share: a loop, a prober, settings, and callbacks that remember. */
#ifndef TURNOUT_TESTS_PROBER_KIT_H
#define TURNOUT_TESTS_PROBER_KIT_H

#include "tests/unit/drive/probe_server.h"

#include "control/drive/prober.h"
#include "proxy/net/loop.h"
#include "proxy/net/timer.h"

enum { WAIT_MS = 10000, RESULTS_MAX = 64 };

#define OK_HEAD "HTTP/1.1 200 OK\r\n"

static struct loop *loop;
static struct prober *prober;
static struct conf_health health;

struct seen {
    unsigned count;
    struct probe_result results[RESULTS_MAX];
    bool is_over;          /* nothing may come any more */
    struct probe *unwatch; /* in the callback */
    struct probe *unwatch_too;
};

static inline void
on_result(void *context, const struct probe_result *result)
{
    struct seen *seen = context;
    assert_true(seen->count < RESULTS_MAX && !seen->is_over);
    seen->results[seen->count++] = *result;
    prober_unwatch(prober, seen->unwatch);
    prober_unwatch(prober, seen->unwatch_too);
    seen->unwatch = seen->unwatch_too = NULL;
}

static inline int
setup(void **state)
{
    (void)state;
    health = (struct conf_health){.is_given = true,
                                  .path = "/healthz",
                                  .host = "www.example.com",
                                  .expect = {.ranges = {{200, 299}}, .count = 1},
                                  .interval_ms = 60000,
                                  .timeout_ms = 5000,
                                  .build_header = ""};
    assert_int_equal(loop_new(&loop), ERR_OK);
    assert_int_equal(prober_new(loop, 0, 1, &prober), ERR_OK);
    return 0;
}

static inline int
teardown(void **state)
{
    (void)state;
    prober_free(prober);
    loop_free(loop);
    return 0;
}

static inline struct probe *
watch(const char *address, struct seen *seen)
{
    struct probe *probe = NULL;
    struct probe_target target = {.address = address, .build = "v42", .health = &health};
    assert_int_equal(prober_watch(prober, &target, on_result, seen, &probe), ERR_OK);
    return probe;
}

static inline void
on_wait_over(struct timer *timer)
{
    (void)timer;
}

/* Turns the loop until there are `count` results, or for `most_ms`. */
static inline void
turn_until(const struct seen *seen, unsigned count, uint64_t most_ms)
{
    struct timer timer;
    timer_init(&timer, on_wait_over);
    timer_set(loop, &timer, most_ms);
    while (seen->count < count && timer_is_set(&timer)) {
        loop_turn(loop, true);
    }
    timer_clear(&timer);
}

static inline void
expect_result(const struct probe_result *result, enum probe_reason reason, const char *answer)
{
    if (result->reason != reason) {
        fail_msg("%.60s: wanted %s, found %s (%s)", answer, probe_reason_word(reason),
                 probe_reason_word(result->reason), result->detail);
    }
}

#endif
