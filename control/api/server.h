/*
 * server: bounded HTTP clients on one listening socket, by evhttp. At most so many clients at once
 * (more wait in the socket's queue), each with a deadline for a request to be whole and for an
 * answer to be taken, so that a slow, silent or hostile one costs a slot for a while and nothing
 * else. Every whole request is handed to `serve`. Control thread only.
 */
#ifndef TURNOUT_API_SERVER_H
#define TURNOUT_API_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "proxy/base/err.h"

struct event_base;
struct evhttp_request;
struct server;
struct server_client;

enum {
    SERVER_CLIENTS_MAX = 64,
    SERVER_HEAD_MAX = 8 * 1024,
    SERVER_BODY_MAX = 64 * 1024,
    SERVER_UNREAD_MAX = 256 * 1024, /* of an answer that streams */
    SERVER_REQUEST_S = 10,          /* for a request to be whole; an idle connection too */
    SERVER_ANSWER_S = 60,           /* for an answer to be taken that does not stream */
    SERVER_STALL_S = 10             /* without progress of a write */
};

typedef void (*server_fn)(void *arg, struct server_client *client, struct evhttp_request *request);

/* Serves on a listening descriptor, non-blocking, which the server owns from now on (on failure:
 * the caller still). */
enum err server_new(struct event_base *base, int fd, server_fn serve, void *arg,
                    struct server **out);

/* Closes all clients and the listener. Accepts NULL. */
void server_free(struct server *server);

size_t server_client_count(const struct server *server);

/* Clients that were turned away or cut since the start, for metrics. */
uint64_t server_cut_count(const struct server *server);

/* The user at the other end of a Unix socket, as it connected; (uid_t)-1 elsewhere. */
uid_t server_client_uid(const struct server_client *client);

/* From now on this client's answer streams: it has no deadline as a whole, is cut when
 * SERVER_UNREAD_MAX bytes wait for it, and `gone` is called once when it is cut or leaves (never
 * after server_client_finished). */
void server_client_stream(struct server_client *client, void (*gone)(void *arg), void *arg);

/* What waits to be sent to it. */
size_t server_client_unread(const struct server_client *client);

/* Cuts it at the end of this turn of the loop. */
void server_client_cut(struct server_client *client);

/* The stream is over: `gone` is not called any more. */
void server_client_finished(struct server_client *client);

#endif
