/* A run: the connections, the loop that serves them, and the pace at which requests fall due. One
 * thread owns all of it. */
#ifndef BENCH_LOAD_RUN_H
#define BENCH_LOAD_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "bench/load/conn.h"
#include "bench/load/plan.h"
#include "bench/load/tally.h"

#define RUN_SCRATCH_SIZE 262144U

struct run {
    const struct plan *plan;
    struct tally *tally;
    SSL_CTX *tls; /* NULL: plain */
    int loop;
    uint64_t now_ns; /* when the events being served were fetched, or later */
    uint64_t begun_ns;
    uint64_t end_ns; /* nothing is issued from here on */
    double interval_ns;
    uint64_t issued;
    uint64_t outstanding; /* issued and not ended */
    uint64_t swept_ns;
    struct conn *conns;
    struct conn_list idle;   /* open, waiting for a request; the longest idle first */
    struct conn_list closed; /* waiting to be opened again */
    char scratch[RUN_SCRATCH_SIZE];
};

/* Runs the plan to its end; what happened is in the tally. Returns the requests that were due and
 * never sent. */
uint64_t run_plan(const struct plan *plan, struct tally *tally, uint64_t *begun_ns);

/* The next request, if one is due: false if none is, else when it was due. */
bool run_take(struct run *run, uint64_t *due_ns);

#endif
