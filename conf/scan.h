/*
 * scan: the text of a configuration file, looked at before libconfig parses it. libconfig 1.5
 * misreads integers beyond 32 bits, cuts strings at \x00 and says no more than "syntax error"; the
 * scan refuses the first two and explains the third. It knows the words of libconfig's grammar, not
 * what they mean. No memory but the caller's; any thread.
 */
#ifndef TURNOUT_CONF_SCAN_H
#define TURNOUT_CONF_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include "proxy/base/span.h"

enum { SCAN_DEPTH_MAX = 16 };

enum scan_kind {
    SCAN_END,
    SCAN_NAME, /* also true and false */
    SCAN_NUMBER,
    SCAN_STRING,  /* one piece, with its quotes */
    SCAN_SIGN,    /* one of = : , ; { } ( ) [ ] */
    SCAN_PROBLEM, /* the scan ends here; its problem says why */
};

struct scan {
    struct span text;
    size_t at;
    unsigned line;       /* of the next byte, from 1 */
    const char *problem; /* static text: what is wrong and what to do; NULL while nothing is */
};

struct scan_token {
    enum scan_kind kind;
    unsigned line;
    struct span text;
};

void scan_init(struct scan *scan, struct span text);

/* The next word or sign; comments and space between are passed over. */
void scan_next(struct scan *scan, struct scan_token *token);

/* What is wrong with a text, at which line; `what` is the piece that it is about and may be empty.
 */
struct scan_finding {
    unsigned line;
    struct span what;
    const char *problem;
    unsigned other_line; /* where a bracket was opened, a name was given first; 0 for none */
};

/* True when nothing is wrong that the scan knows of. Then libconfig may still refuse it. */
bool scan_check(struct span text, struct scan_finding *finding);

/* Finds a name that is given twice in one group, the second time at this line. False when there is
 * none or memory is out. */
bool scan_find_twin(struct span text, unsigned line, struct scan_finding *finding);

#endif
