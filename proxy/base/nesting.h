/*
 * nesting: how deep a JSON text's brackets go, looked at before it is parsed: the parser's own
 * bound lets a small text make a deep tree. Any thread.
 */
#ifndef TURNOUT_BASE_NESTING_H
#define TURNOUT_BASE_NESTING_H

#include <stdbool.h>
#include "proxy/base/span.h"

/* Whether brackets nest no deeper than `depth`, whatever else is wrong with the text. */
bool nesting_is_within(struct span text, size_t depth);

#endif
