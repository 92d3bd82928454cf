#include "tests/e2e/tools/common/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *
buf_reserve(struct buf *buf, size_t size)
{
    if (buf->room - buf->size < size) {
        size_t room = buf->room == 0 ? 4096 : buf->room;
        while (room - buf->size < size) {
            room *= 2;
        }
        buf->at = realloc(buf->at, room);
        if (buf->at == NULL) {
            abort();
        }
        buf->room = room;
    }
    return buf->at + buf->size;
}

void
buf_add(struct buf *buf, const void *bytes, size_t size)
{
    if (size == 0) {
        return;
    }
    memcpy(buf_reserve(buf, size), bytes, size);
    buf->size += size;
}

void
buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void
buf_print(struct buf *buf, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char *text = NULL;
    int size = vasprintf(&text, format, list);
    va_end(list);
    if (size < 0) {
        abort();
    }
    buf_add(buf, text, (size_t)size);
    free(text);
}

void
buf_cut(struct buf *buf, size_t size)
{
    buf->size -= size;
    if (buf->size > 0) {
        memmove(buf->at, buf->at + size, buf->size);
    }
}

void
buf_free(struct buf *buf)
{
    free(buf->at);
    *buf = (struct buf){0};
}
