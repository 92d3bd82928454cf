/* Just enough of HTTP/1.1 (RFC 9112) to check framing strictly from both ends: heads in one piece,
 * bodies piecemeal. No allocation, no I/O. */
#ifndef BENCH_COMMON_HTTP_H
#define BENCH_COMMON_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_result {
    HTTP_DONE,
    HTTP_MORE, /* the bytes end too early */
    HTTP_BAD   /* they break the framing rules */
};

enum http_framing {
    HTTP_UNFRAMED, /* neither of the two: no body of a request, until close for an answer */
    HTTP_LENGTH,
    HTTP_CHUNKED
};

/* Pointers go into the bytes read. */
struct http_head {
    size_t size;      /* with the empty line */
    const char *line; /* the first line, without its CRLF */
    size_t line_size;
    const char *build; /* value of X-Build, NULL if absent */
    size_t build_size;
    enum http_framing framing;
    uint64_t length; /* of the body, when framed by length */
    bool is_close;   /* Connection: close */
};

enum http_body_phase {
    HTTP_BODY_PLAIN,
    HTTP_BODY_SIZE_FIRST,
    HTTP_BODY_SIZE,
    HTTP_BODY_EXTENSION,
    HTTP_BODY_SIZE_LF,
    HTTP_BODY_CHUNK,
    HTTP_BODY_CHUNK_CR,
    HTTP_BODY_CHUNK_LF,
    HTTP_BODY_TRAILER,
    HTTP_BODY_TRAILER_LINE,
    HTTP_BODY_END_LF
};

struct http_body {
    enum http_body_phase phase;
    uint64_t left; /* of the body, or of the chunk */
    uint64_t seen; /* content bytes so far */
};

/* Reads one head from the start of the bytes; `head` is whole only after HTTP_DONE. Bare LF, two
 * lengths, a length beside chunked, and a malformed length are HTTP_BAD. */
enum http_result http_head_read(const char *bytes, size_t size, struct http_head *head);

/* The status of an answer's first line, 0 if it is not `HTTP/1.1 nnn `. */
unsigned http_head_status(const struct http_head *head);

void http_body_begin(struct http_body *body, const struct http_head *head);

/* Consumes body bytes; `used` says how many of them, also when HTTP_DONE comes before their end. */
enum http_result http_body_take(struct http_body *body, const char *bytes, size_t size,
                                size_t *used);

#endif
