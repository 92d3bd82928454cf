/* A growing run of bytes: added to at the end, cut at the front. Owned by one caller; a tool that
   runs out of memory stops, for a test has nothing better to do. */
#ifndef TOOLS_BUF_H
#define TOOLS_BUF_H

#include <stddef.h>

struct buf {
    char *at;
    size_t size;
    size_t room;
};

void buf_add(struct buf *buf, const void *bytes, size_t size);
void buf_add_text(struct buf *buf, const char *text);
void buf_print(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes room for size more bytes and says where they go; the caller adds to buf->size what it
 * wrote. */
char *buf_reserve(struct buf *buf, size_t size);

/* Drops size bytes at the front. */
void buf_cut(struct buf *buf, size_t size);

void buf_free(struct buf *buf);

#endif
