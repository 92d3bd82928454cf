#include "proxy/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/base/check.h"

enum { BUF_CAPACITY_MIN = 256 };

void
buf_init(struct buf *buf)
{
    memset(buf, 0, sizeof(*buf));
}

void
buf_fini(struct buf *buf)
{
    free(buf->data);
    buf_init(buf);
}

char *
buf_reserve(struct buf *buf, size_t more)
{
    if (buf->data != NULL && buf->capacity - buf->end >= more) {
        return buf->data + buf->end;
    }
    size_t size = buf_size(buf);
    if (buf->start > 0 && buf->capacity - size >= more) {
        memmove(buf->data, buf->data + buf->start, size);
        buf->start = 0;
        buf->end = size;
        return buf->data + size;
    }
    size_t capacity = buf->capacity < BUF_CAPACITY_MIN ? BUF_CAPACITY_MIN : buf->capacity;
    while (capacity - size < more) {
        if (capacity > SIZE_MAX / 2) {
            return NULL;
        }
        capacity *= 2;
    }
    char *data = malloc(capacity);
    if (data == NULL) {
        return NULL;
    }
    if (size > 0) {
        memcpy(data, buf->data + buf->start, size);
    }
    free(buf->data);
    *buf = (struct buf){.data = data, .start = 0, .end = size, .capacity = capacity};
    return data + size;
}

void
buf_add_size(struct buf *buf, size_t size)
{
    CHECK(buf->capacity - buf->end >= size);
    buf->end += size;
}

bool
buf_append(struct buf *buf, const void *data, size_t size)
{
    if (size == 0) {
        return true;
    }
    char *place = buf_reserve(buf, size);
    if (place == NULL) {
        return false;
    }
    memcpy(place, data, size);
    buf->end += size;
    return true;
}

bool
buf_append_span(struct buf *buf, struct span text)
{
    return buf_append(buf, text.data, text.size);
}

bool
buf_append_text(struct buf *buf, const char *text)
{
    return buf_append(buf, text, strlen(text));
}

bool
buf_vprintf(struct buf *buf, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *place = size < 0 ? NULL : buf_reserve(buf, (size_t)size + 1);
    if (place == NULL) {
        return false;
    }
    vsnprintf(place, (size_t)size + 1, format, arguments);
    buf->end += (size_t)size;
    return true;
}

bool
buf_printf(struct buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    bool is_done = buf_vprintf(buf, format, arguments);
    va_end(arguments);
    return is_done;
}

void
buf_consume(struct buf *buf, size_t size)
{
    CHECK(size <= buf_size(buf));
    buf->start += size;
    if (buf->start == buf->end) {
        buf->start = buf->end = 0;
    }
}

void
buf_clear(struct buf *buf)
{
    buf->start = buf->end = 0;
}

const char *
buf_string(struct buf *buf)
{
    char *place = buf_reserve(buf, 1);
    if (place == NULL) {
        return NULL;
    }
    *place = '\0';
    return buf->data + buf->start;
}
