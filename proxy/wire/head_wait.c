#include "proxy/wire/head.h"

static bool
has_end(const char *data, size_t from, size_t size)
{
    /* An end may have begun in what was seen before. */
    size_t start = from < 2 ? 0 : from - 2;
    return memmem(data + start, size - start, "\n\r\n", 3) != NULL;
}

bool
head_wait_is_due(struct head_wait *wait, const char *data, size_t size,
                 const struct wire_limits *limits)
{
    if (size > WIRE_HEAD_BYTES_MAX) {
        return true;
    }
    size_t seen = wait->seen < size ? wait->seen : size;
    bool is_due = wait->parsed == 0 || size >= 2 * (size_t)wait->parsed ||
                  size >= limits->head_bytes || has_end(data, seen, size);
    wait->seen = (uint32_t)size;
    if (is_due) {
        wait->parsed = (uint32_t)size;
    }
    return is_due;
}
