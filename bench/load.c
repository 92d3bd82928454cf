/* bench-load: an HTTP/1.1 load generator that checks every answer, knows which build gave it, and
 * in its open loop counts latency from when a request should have been sent. */
#include <signal.h>

#include "bench/common/clock.h"
#include "bench/load/plan.h"
#include "bench/load/run.h"
#include "bench/load/tally.h"

int
main(int argc, char **argv)
{
    struct plan plan;
    struct tally *tally;
    uint64_t begun_ns = 0;
    uint64_t unsent;
    uint64_t failed;

    signal(SIGPIPE, SIG_IGN);
    plan_init(&plan, argc, argv);
    tally = tally_new(plan.trace != NULL);
    unsent = run_plan(&plan, tally, &begun_ns);
    failed = tally_print(tally, begun_ns, clock_now_ns(), unsent);
    if (plan.trace)
        tally_trace_write(tally, plan.trace);
    tally_free(tally);
    plan_fini(&plan);
    return failed > 0;
}
