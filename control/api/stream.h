/*
 * stream: an answer of one JSON object a line, sent as it happens, with a heartbeat while nothing
 * does. Control thread only. The stream is its owner's until stream_end or stream_free; `gone` is
 * called at most once, when the client left or was cut because it does not read: the stream then
 * takes no more lines and is only to be freed.
 */
#ifndef TURNOUT_API_STREAM_H
#define TURNOUT_API_STREAM_H

#include <stdbool.h>
#include <jansson.h>
#include "proxy/base/span.h"

struct event_base;
struct request;
struct stream;

enum { STREAM_HEARTBEAT_S = 5 };

/* Begins the answer to a request, which it takes over. NULL when out of memory; then the request
 * has been answered. */
struct stream *stream_begin(struct event_base *base, const struct request *request,
                            void (*gone)(void *arg), void *arg);

/* Sends a line. The object is taken over; NULL (out of memory) cuts the client. */
void stream_line(struct stream *stream, json_t *object);
void stream_text(struct stream *stream, struct span text);

/* Ends the answer as it should, and frees. */
void stream_end(struct stream *stream);

/* Frees, and cuts the client if it is still there. Accepts NULL. */
void stream_free(struct stream *stream);

#endif
