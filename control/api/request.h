/*
 * request: one whole request as handlers see it, and the ways to answer it. A request is answered
 * exactly once: request_reply_*, or a stream (stream.h). Control thread only; the struct is valid
 * until it was answered.
 */
#ifndef TURNOUT_API_REQUEST_H
#define TURNOUT_API_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include "proxy/base/span.h"

struct evhttp_request;
struct server_client;
struct api;

enum {
    REQUEST_SEGMENTS_MAX = 8,
    REQUEST_SEGMENT_SIZE = 256,
    REQUEST_QUERY_MAX = 8,
    REQUEST_KEY_SIZE = 32,
    REQUEST_BY_SIZE = 64
};

struct request_pair {
    char key[REQUEST_KEY_SIZE];
    char value[REQUEST_SEGMENT_SIZE];
};

struct request {
    struct api *api;
    struct evhttp_request *http;
    struct server_client *client;
    const char *method;                                    /* "GET", "POST", ...; "" for others */
    char path[REQUEST_SEGMENTS_MAX][REQUEST_SEGMENT_SIZE]; /* decoded, without slashes */
    size_t path_count;
    struct request_pair query[REQUEST_QUERY_MAX]; /* decoded */
    size_t query_count;
    char by[REQUEST_BY_SIZE]; /* "alice(1000)", by the peer's credentials */
};

/* Fills in what is said by the request itself. False when path or query cannot be meant so, with
 * *why in static storage. */
bool request_read(struct request *request, const char **why);

/* Splits and decodes a path ("/v1/roles/web"), or a query ("a=b&c=d", may be NULL). Alone for
 * tests. */
bool request_read_path(struct request *request, const char *path);
bool request_read_query(struct request *request, const char *query);

/* The value of a query's key; NULL when it is not there. */
const char *request_query(const struct request *request, const char *key);

/* The number under a query's key: `otherwise` when it is not there; false when it is none. */
bool request_query_number(const struct request *request, const char *key, uint64_t otherwise,
                          uint64_t *out);

/* The body's bytes; valid while the request is. */
struct span request_body(const struct request *request);

/* Answers with an object (taken over; NULL: out of memory, which is answered so). */
void request_reply_json(const struct request *request, int status, json_t *object);

/* Answers {"error":code,"message":...}. */
void request_reply_error(const struct request *request, int status, const char *code,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Answers with bytes of a type; HEAD gets the head alone. */
void request_reply_bytes(const struct request *request, int status, const char *type,
                         struct span bytes);

/* Adds a header to the answer to come. */
void request_add_header(const struct request *request, const char *name, const char *value);

#endif
