#include "bench/load/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "bench/common/clock.h"
#include "bench/common/die.h"

#define RUN_EVENTS_MAX 256
#define RUN_WAIT_NS    (20 * CLOCK_NS_PER_MS)
#define RUN_RETRY_NS   CLOCK_NS_PER_MS
#define RUN_SWEEP_NS   (100 * CLOCK_NS_PER_MS)

static uint64_t
run_seconds_ns(double seconds)
{
    return (uint64_t)(seconds * (double)CLOCK_NS_PER_S);
}

/* Times are multiplied from the start, not added up, so that the rate does not drift. */
static uint64_t
run_due_ns(const struct run *run)
{
    return run->begun_ns + (uint64_t)((double)run->issued * run->interval_ns);
}

static bool
run_is_stopping(const struct run *run)
{
    uint64_t limit = run->plan->requests;

    return run->now_ns >= run->end_ns || (limit > 0 && run->issued >= limit);
}

bool
run_take(struct run *run, uint64_t *due_ns)
{
    bool is_open_loop = run->interval_ns > 0;

    if (run_is_stopping(run) || (is_open_loop && run_due_ns(run) > run->now_ns))
        return false;
    *due_ns = is_open_loop ? run_due_ns(run) : run->now_ns;
    run->issued++;
    run->outstanding++;
    return true;
}

/* Hands what has fallen due to the connections that wait. */
static void
run_issue(struct run *run)
{
    struct conn *conn;

    while ((conn = TAILQ_FIRST(&run->idle))) {
        conn_next(run, conn);
        if (conn->place == CONN_IDLE)
            return;
    }
}

/* At the end only requests that were raced need their connection again. */
static void
run_reopen(struct run *run)
{
    struct conn *conn = TAILQ_FIRST(&run->closed);
    struct conn *last = TAILQ_LAST(&run->closed, conn_list);
    struct conn *next;

    for (; conn; conn = next) {
        next = conn == last ? NULL : TAILQ_NEXT(conn, links);
        if (conn->reopen_ns <= run->now_ns && (conn->has_request || !run_is_stopping(run)))
            conn_open(run, conn);
    }
}

static void
run_sweep(struct run *run)
{
    uint64_t timeout_ns = run->plan->timeout_ms * CLOCK_NS_PER_MS;

    if (run->now_ns < run->swept_ns + RUN_SWEEP_NS)
        return;
    run->swept_ns = run->now_ns;
    for (uint64_t i = 0; i < run->plan->connections; i++) {
        struct conn *conn = &run->conns[i];

        if (conn->place == CONN_BUSY && run->now_ns > conn->sent_ns + timeout_ns)
            conn_expire(run, conn);
    }
}

static uint64_t
run_wait_ns(const struct run *run)
{
    uint64_t wait_ns = RUN_WAIT_NS;
    uint64_t due_ns = run_due_ns(run);

    if (!TAILQ_EMPTY(&run->closed) && !run_is_stopping(run))
        wait_ns = RUN_RETRY_NS;
    if (run->interval_ns > 0 && !TAILQ_EMPTY(&run->idle) && due_ns < run->now_ns + wait_ns)
        wait_ns = due_ns > run->now_ns ? due_ns - run->now_ns : 0;
    if (run->now_ns < run->end_ns && run->end_ns - run->now_ns < wait_ns)
        wait_ns = run->end_ns - run->now_ns;
    return wait_ns;
}

static void
run_turn(struct run *run)
{
    struct epoll_event events[RUN_EVENTS_MAX];
    struct timespec wait = {.tv_nsec = (long)run_wait_ns(run)};
    int count = epoll_pwait2(run->loop, events, RUN_EVENTS_MAX, &wait, NULL);

    if (count < 0 && errno != EINTR)
        die("epoll_pwait2: %s", strerror(errno));
    for (int i = 0; i < count; i++) {
        run->now_ns = clock_now_ns();
        conn_event(run, events[i].data.ptr, events[i].events);
    }
    run->now_ns = clock_now_ns();
    run_reopen(run);
    if (run->interval_ns > 0)
        run_issue(run);
    run_sweep(run);
}

static struct run *
run_new(const struct plan *plan, struct tally *tally)
{
    struct run *run = die_calloc(1, sizeof *run);

    run->plan = plan;
    run->tally = tally;
    run->tls = plan->has_tls ? stream_tls_new(plan->has_resumption) : NULL;
    run->interval_ns = plan->rate > 0 ? (double)CLOCK_NS_PER_S / plan->rate : 0;
    run->conns = die_calloc(plan->connections, sizeof *run->conns);
    run->loop = epoll_create1(EPOLL_CLOEXEC);
    if (run->loop < 0)
        die("epoll_create1: %s", strerror(errno));
    TAILQ_INIT(&run->idle);
    TAILQ_INIT(&run->closed);
    for (uint64_t i = 0; i < plan->connections; i++) {
        run->conns[i].stream.fd = -1;
        run->conns[i].place = CONN_CLOSED;
        TAILQ_INSERT_TAIL(&run->closed, &run->conns[i], links);
    }
    return run;
}

static void
run_free(struct run *run)
{
    for (uint64_t i = 0; i < run->plan->connections; i++) {
        answer_reset(&run->conns[i].answer);
        stream_fini(&run->conns[i].stream);
    }
    SSL_CTX_free(run->tls);
    close(run->loop);
    free(run->conns);
    free(run);
}

static uint64_t
run_unsent(const struct run *run)
{
    uint64_t last_ns = run->now_ns < run->end_ns ? run->now_ns : run->end_ns;
    uint64_t due =
        run->interval_ns > 0 ? (uint64_t)((double)(last_ns - run->begun_ns) / run->interval_ns) : 0;

    if (run->plan->requests > 0 && due > run->plan->requests)
        due = run->plan->requests;
    return due > run->issued ? due - run->issued : 0;
}

uint64_t
run_plan(const struct plan *plan, struct tally *tally, uint64_t *begun_ns)
{
    struct run *run = run_new(plan, tally);
    uint64_t give_up_ns;
    uint64_t unsent;

    /* The default slack of 50 us would be added to every due time. */
    prctl(PR_SET_TIMERSLACK, 1UL);
    run->now_ns = run->begun_ns = clock_now_ns();
    run->end_ns = run->begun_ns + run_seconds_ns(plan->seconds);
    give_up_ns = run->end_ns + 2 * plan->timeout_ms * CLOCK_NS_PER_MS;
    tally->counted_from_ns = run->begun_ns + run_seconds_ns(plan->warmup);
    run_reopen(run);
    while ((!run_is_stopping(run) || run->outstanding > 0) && run->now_ns < give_up_ns)
        run_turn(run);
    *begun_ns = run->begun_ns;
    unsent = run_unsent(run);
    run_free(run);
    return unsent;
}
