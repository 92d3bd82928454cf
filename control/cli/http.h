/*
 * http: one request to turnoutd over its Unix socket and the answer to it, blocking with deadlines.
 * The answer's body is given by lines, as it comes, or whole. One thread; one struct cli_http is
 * one connection and one request. While it waits, SIGINT and SIGTERM end the wait if
 * cli_http_catch_signals was called.
 */
#ifndef TURNOUT_CLI_HTTP_H
#define TURNOUT_CLI_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include "proxy/base/buf.h"
#include "proxy/base/span.h"
#include "proxy/wire/chunk.h"
#include "proxy/wire/wire.h"

enum cli_http_result {
    CLI_HTTP_OK,
    CLI_HTTP_END,         /* the answer has ended as it should */
    CLI_HTTP_UNREACHABLE, /* nothing was sent */
    CLI_HTTP_CUT,         /* the connection ended in the middle */
    CLI_HTTP_TIMEOUT,     /* nothing came in time */
    CLI_HTTP_INTERRUPTED, /* by a signal */
    CLI_HTTP_BAD,         /* not an answer that we understand */
};

struct cli_http {
    int fd;
    struct buf in;   /* as received */
    struct buf body; /* decoded */
    size_t scanned;  /* bytes of body that the last line took */
    struct chunk_decoder decoder;
    enum wire_framing framing;
    uint64_t left;    /* of a body with a length */
    unsigned status;  /* of the answer's head; 0 before */
    bool is_complete; /* the body has been decoded whole */
};

enum { CLI_HTTP_LINE_MAX = 1024 * 1024, CLI_HTTP_BODY_MAX = 16 * 1024 * 1024 };

void cli_http_init(struct cli_http *http);
void cli_http_fini(struct cli_http *http);

/* Connects and sends; `body` NULL for none. Anything but CLI_HTTP_OK leaves one sentence in
 * `error`. */
enum cli_http_result cli_http_send(struct cli_http *http, const char *socket, const char *method,
                                   const char *path, const char *body, struct buf *error);

/* Waits for the answer's head: http->status. */
enum cli_http_result cli_http_head(struct cli_http *http, uint64_t timeout_ms);

/* The next line of the body without its end, valid until the next call; CLI_HTTP_END behind the
 * last one. */
enum cli_http_result cli_http_line(struct cli_http *http, struct span *line, uint64_t timeout_ms);

/* The rest of the body as a whole, valid until the next call: CLI_HTTP_END. */
enum cli_http_result cli_http_rest(struct cli_http *http, struct span *body, uint64_t timeout_ms);

/* From now on SIGINT and SIGTERM do not end the program but only what waits here. */
void cli_http_catch_signals(void);

/* Whether one of them came. */
bool cli_http_is_interrupted(void);

/* For tests and fuzzing: takes bytes as if they had been received; then head, line and rest work on
 * them with http->fd -1, where no more come. */
bool cli_http_feed(struct cli_http *http, struct span bytes);

#endif
