/* The answers of the origin, made once at start: each is one piece of bytes, head and body. */
#ifndef BENCH_ORIGIN_PAGE_H
#define BENCH_ORIGIN_PAGE_H

#include <stddef.h>

struct page {
    char *bytes;
    size_t size;
};

/* Renders every page with the build's name in X-Build. */
void page_init(const char *build);
void page_fini(void);

/* The page for a path; the page "not found" for one that is none of ours. */
const struct page *page_find(const char *path, size_t size);

/* The answer to any POST. */
const struct page *page_posted(void);

/* The answer to what is not HTTP; the connection is closed after it. */
const struct page *page_bad(void);

#endif
