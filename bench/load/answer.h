/* One answer as it comes in: its head, which may come in pieces, and its body, checked as it goes.
 */
#ifndef BENCH_LOAD_ANSWER_H
#define BENCH_LOAD_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/common/http.h"

#define ANSWER_BUILD_MAX 64

struct answer {
    bool has_begun; /* a byte of it has come */
    bool has_head;
    bool is_close;
    unsigned status;
    char build[ANSWER_BUILD_MAX + 1]; /* "" if it does not say */
    struct http_body body;
    char *kept; /* the start of a head that is not whole */
    size_t kept_size;
};

/* Forgets the answer before; keeps nothing. */
void answer_reset(struct answer *answer);

/* Takes bytes of it. HTTP_DONE: it is whole; `used` says how many bytes it took. */
enum http_result answer_take(struct answer *answer, const char *bytes, size_t size, size_t *used);

#endif
