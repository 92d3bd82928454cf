/* What one run of the load generator is to do: the command line, and the request made of it. */
#ifndef BENCH_LOAD_PLAN_H
#define BENCH_LOAD_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/common/net.h"
#include "bench/common/options.h"

struct plan {
    const char *target;
    const char *path;
    const char *host;
    struct option_list headers;
    bool is_browser;
    bool has_post;
    uint64_t post_bytes;
    uint64_t connections;
    double rate; /* requests a second; 0: closed loop */
    bool is_one_shot;
    uint64_t requests; /* 0: until the time is over */
    double seconds;
    double warmup;
    uint64_t timeout_ms;
    uint64_t expect_status;
    uint64_t expect_length; /* UINT64_MAX: whatever the answer's framing says */
    bool has_tls;
    bool has_resumption;
    const char *trace; /* file, NULL: none */

    struct net_address address;
    char *request;
    size_t request_size;
};

/* Reads the command line; dies on a mistake. */
void plan_init(struct plan *plan, int argc, char **argv);
void plan_fini(struct plan *plan);

#endif
