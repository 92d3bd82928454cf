#include "bench/origin/page.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/common/die.h"

#define PAGE_HEAD_MAX       512
#define PAGE_CHUNK_SIZE     4096U
#define PAGE_CHUNK_HEAD_MAX 16U

enum page_index {
    PAGE_ROOT,
    PAGE_10K,
    PAGE_10K_CHUNKED,
    PAGE_1M,
    PAGE_HEALTH,
    PAGE_POSTED,
    PAGE_NOT_FOUND,
    PAGE_BAD,
    PAGE_COUNT
};

struct page_row {
    const char *path; /* NULL: reached otherwise */
    const char *status;
    size_t body_size;
    bool is_chunked;
};

static const struct page_row page_rows[PAGE_COUNT] = {
    [PAGE_ROOT] = {"/", "200 OK", 200, false},
    [PAGE_10K] = {"/10k", "200 OK", 10240, false},
    [PAGE_10K_CHUNKED] = {"/10kc", "200 OK", 10240, true},
    [PAGE_1M] = {"/1m", "200 OK", 1048576, false},
    [PAGE_HEALTH] = {"/healthz", "200 OK", 3, false},
    [PAGE_POSTED] = {NULL, "200 OK", 2, false},
    [PAGE_NOT_FOUND] = {NULL, "404 Not Found", 10, false},
    [PAGE_BAD] = {NULL, "400 Bad Request", 4, false},
};

static struct page pages[PAGE_COUNT];

static void
page_fill(char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = i + 1 == size ? '\n' : (char)('a' + (char)(i % 26));
}

/* Appends the body as chunks; returns the bytes written. */
static size_t
page_chunks(char *bytes, size_t body_size)
{
    size_t at = 0;

    while (body_size > 0) {
        size_t chunk = body_size < PAGE_CHUNK_SIZE ? body_size : PAGE_CHUNK_SIZE;
        at += (size_t)snprintf(bytes + at, PAGE_CHUNK_HEAD_MAX, "%zx\r\n", chunk);
        page_fill(bytes + at, chunk);
        memcpy(bytes + at + chunk, "\r\n", 2);
        at += chunk + 2;
        body_size -= chunk;
    }
    memcpy(bytes + at, "0\r\n\r\n", 5);
    return at + 5;
}

static void
page_render(struct page *page, const struct page_row *row, const char *build)
{
    char framing[64] = "Transfer-Encoding: chunked";
    int head;

    if (!row->is_chunked)
        snprintf(framing, sizeof framing, "Content-Length: %zu", row->body_size);
    page->bytes = die_calloc(1, PAGE_HEAD_MAX + row->body_size * 2);
    head = snprintf(page->bytes, PAGE_HEAD_MAX,
                    "HTTP/1.1 %s\r\nServer: bench-origin\r\nContent-Type: text/plain\r\n"
                    "X-Build: %s\r\n%s\r\n\r\n",
                    row->status, build, framing);
    if (head < 0 || head >= PAGE_HEAD_MAX)
        die("--build: too long");
    page->size = (size_t)head;
    if (row->is_chunked) {
        page->size += page_chunks(page->bytes + head, row->body_size);
        return;
    }
    page_fill(page->bytes + head, row->body_size);
    page->size += row->body_size;
}

void
page_init(const char *build)
{
    for (size_t i = 0; i < PAGE_COUNT; i++)
        page_render(&pages[i], &page_rows[i], build);
}

void
page_fini(void)
{
    for (size_t i = 0; i < PAGE_COUNT; i++)
        free(pages[i].bytes);
}

const struct page *
page_find(const char *path, size_t size)
{
    for (size_t i = 0; i < PAGE_COUNT; i++) {
        const char *name = page_rows[i].path;
        if (name && strlen(name) == size && memcmp(name, path, size) == 0)
            return &pages[i];
    }
    return &pages[PAGE_NOT_FOUND];
}

const struct page *
page_posted(void)
{
    return &pages[PAGE_POSTED];
}

const struct page *
page_bad(void)
{
    return &pages[PAGE_BAD];
}
