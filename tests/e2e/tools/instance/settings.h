/* What the test instance was told to be and do: at its start, by lines on standard input, and by
   requests to /_set?key=value&... One of it, read everywhere, changed by settings_apply alone. */
#ifndef INSTANCE_SETTINGS_H
#define INSTANCE_SETTINGS_H

#include <stdbool.h>

struct settings {
    char build[128];        /* X-Build of every answer */
    char health_build[128]; /* X-Build of /healthz, where it is to differ */
    /* ok, fail, redirect, slow, hang, hang_head, close, junk, big, continue, chunked_junk, nobuild
     */
    char health[32];
    long health_status;   /* of "fail" and "ok" */
    long health_delay_ms; /* of "slow" */
    /* none, before_read, on_head, mid_body, mid_answer, after_answer, idle */
    char close_when[32];
    char close_how[8];       /* fin or rst */
    long close_from;         /* the first request of a connection (from 1) that it concerns */
    long close_limit;        /* so many closes, then none: -1 is no limit */
    long close_after_ms;     /* of "idle": so long after the answer */
    long status;             /* of plain answers */
    long delay_ms;           /* before plain answers */
    long keep_alive_timeout; /* Keep-Alive: timeout=N in plain answers; -1 is none */
};

extern struct settings settings;

/* Takes what the query names; the rest stays. */
void settings_apply(const char *query);

/* Whether a close at this moment is wanted for request number nth of a connection; it counts as
 * done. */
bool settings_take_close(const char *when, unsigned nth);

#endif
