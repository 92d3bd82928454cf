/*
 * buf: a growing run of bytes with one owner, consumed from the front. For what must be kept:
 * unsent bytes, a request's head, a text being built. Starts without memory; buf_fini gives it
 * back. Failure of an append leaves the content as it was. One thread.
 */
#ifndef TURNOUT_BASE_BUF_H
#define TURNOUT_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include "proxy/base/span.h"

struct buf {
    char *data;      /* start of the allocation, NULL when there is none */
    size_t start;    /* first byte not yet consumed */
    size_t end;      /* one past the last byte */
    size_t capacity; /* bytes of the allocation */
};

void buf_init(struct buf *buf);
void buf_fini(struct buf *buf);

static inline size_t
buf_size(const struct buf *buf)
{
    return buf->end - buf->start;
}

static inline struct span
buf_span(const struct buf *buf)
{
    return (struct span){buf->data == NULL ? "" : buf->data + buf->start, buf_size(buf)};
}

/* Room for at least `more` bytes behind the end; NULL when out of memory. The caller writes there
 * and says buf_add_size. */
char *buf_reserve(struct buf *buf, size_t more);
void buf_add_size(struct buf *buf, size_t size);

bool buf_append(struct buf *buf, const void *data, size_t size);
bool buf_append_span(struct buf *buf, struct span text);
bool buf_append_text(struct buf *buf, const char *text);
bool buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool buf_vprintf(struct buf *buf, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* Drops bytes from the front. An emptied buffer starts at its beginning again but keeps its memory.
 */
void buf_consume(struct buf *buf, size_t size);

/* Drops all content, keeps the memory. */
void buf_clear(struct buf *buf);

/* The content as a C string (a NUL is put behind it, not counted); NULL when out of memory. Valid
 * until the next change. */
const char *buf_string(struct buf *buf);

#endif
