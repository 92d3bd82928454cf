/* What the test instance counts, and says at /_stats: above all how often each request that carried
   an X-Post-Id arrived (its head) and was executed (it arrived whole). */
#ifndef INSTANCE_STATS_H
#define INSTANCE_STATS_H

#include "tests/e2e/tools/common/buf.h"

struct stats {
    unsigned long connections; /* accepted */
    unsigned long open;
    unsigned long requests; /* heads that arrived, probes apart */
    unsigned long probes;
    unsigned long in_flight;
    unsigned long most_in_flight;
    unsigned long closings; /* connections closed because the settings said so */
    unsigned long bad;      /* connections closed because the request could not be read */
};

extern struct stats stats;

void stats_begun(const char *id);
void stats_executed(const char *id);

/* Adds them as a JSON object. */
void stats_print(struct buf *out);

#endif
