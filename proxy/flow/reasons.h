/*
 * reasons: why the proxy itself gave an answer, one table (reasons.def) for the header
 * Turnout-Reason, the body, the access log, the metrics and the documentation. Any thread.
 */
#ifndef TURNOUT_FLOW_REASONS_H
#define TURNOUT_FLOW_REASONS_H

enum reason {
    REASON_NONE,
#define REASON(name, text, status, meaning, advice) REASON_##name,
#include "proxy/flow/reasons.def"
#undef REASON
    REASON_COUNT
};

struct reason_facts {
    const char *name; /* as in Turnout-Reason: "no_live_set" */
    int status;
    const char *meaning;
    const char *advice;
};

/* The facts of a reason other than REASON_NONE. Static storage. */
const struct reason_facts *reason_facts(enum reason reason);

#endif
