/*
 * prober_parts: what the files of the prober share. Only prober*.c include this.
 */
#ifndef TURNOUT_DRIVE_PROBER_PARTS_H
#define TURNOUT_DRIVE_PROBER_PARTS_H

#include "control/drive/prober.h"
#include "proxy/base/address.h"
#include "proxy/base/buf.h"
#include "proxy/base/list.h"
#include "proxy/base/random.h"
#include "proxy/net/connect.h"
#include "proxy/net/loop.h"
#include "proxy/net/timer.h"
#include "proxy/wire/chunk.h"
#include "proxy/wire/head.h"

enum {
    PROBER_CONCURRENT_DEFAULT = 64,
    PROBER_BODY_MAX = 16 * 1024, /* more of an answer's body is not read: its head said enough */
    PROBER_INTERIM_MAX = 8,      /* 1xx answers before the final one */
    PROBER_READ_SIZE = 4 * 1024
};

/* How far a check is; its deadline's reason follows from it. */
enum check_phase { CHECK_IDLE, CHECK_CONNECTING, CHECK_HEAD, CHECK_BODY };

/* One connection to one instance. */
struct check {
    struct stream stream;
    struct timer deadline;
    enum check_phase phase;
    struct buf request; /* what is still to be sent of it */
    struct buf answer;  /* the head so far */
    struct head_wait wait;
    uint64_t started_us;
    uint64_t received;
    unsigned interims;
    unsigned status;
    enum wire_framing framing;
    uint64_t body_left; /* with a length */
    uint64_t body_seen;
    struct chunk_decoder decoder;
};

struct probe {
    struct list node;    /* in the prober's probes, or in its gone ones */
    struct list waiting; /* for one of the concurrent checks */
    struct prober *prober;
    struct address address;
    char *build;
    char *forwarded_proto;
    const struct conf_health *health;
    probe_fn result;
    void *context;
    struct timer interval;
    struct loop_task free_task;
    struct check check;
    bool has_been_checked;
};

struct prober {
    struct loop *loop;
    struct list probes;
    struct list gone;    /* unwatched in this turn: freed at its end */
    struct list waiting; /* probes that are due, first come first served */
    struct loop_task start_task;
    struct random random;
    unsigned running;
    unsigned concurrent_max;
};

/* Begins a check; its end is told by prober_on_end, perhaps before this returns. */
void probe_start(struct probe *probe);

/* Ends a check without telling anyone. No harm if none runs. */
void probe_cancel(struct probe *probe);

/* The check is over and its connection closed. Called once for each probe_start that was not
 * cancelled; the probe may be gone when it returns. */
void prober_on_end(struct probe *probe, const struct probe_result *result);

/* What the final answer's head says; PROBE_PASSED when its body may decide. */
enum probe_reason verdict_of_head(const struct probe *probe, const struct wire_response *response,
                                  char detail[PROBE_DETAIL_SIZE]);

/* The reason of a failed connect. */
enum probe_reason verdict_of_connect(enum err err);

#endif
