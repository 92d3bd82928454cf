/*
 * page: the status page of the admin listener, one self-contained HTML document without script. Any
 * thread.
 */
#ifndef TURNOUT_API_PAGE_H
#define TURNOUT_API_PAGE_H

#include <stdbool.h>
#include "control/drive/runner.h"
#include "proxy/base/buf.h"

/* Appends the page; false when out of memory. */
bool page_write(const struct runner_view *view, struct buf *out);

/* Appends text with what means something in HTML escaped, and control characters replaced. */
bool page_text(struct buf *out, const char *text);

/* The page's style sheet. Static storage. */
const char *page_style(void);

#endif
