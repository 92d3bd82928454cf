/*
 * api: what control shows to the outside: /v1 as HTTP and JSON on a Unix socket, and a read-only
 * admin listener (metrics, health, status page). Both live on the control thread's loop and never
 * block it: every client, size and time is bounded. Control thread only. docs/api.md is the
 * contract.
 */
#ifndef TURNOUT_API_API_H
#define TURNOUT_API_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proxy/base/buf.h"
#include "proxy/base/err.h"

struct runner;
struct engine;
struct event_base;
struct api;

/* One certificate in use, as `certificates list` shows it. Strings belong to who tells. */
struct api_certificate {
    const char *listener; /* address */
    const char *names;    /* comma-separated */
    const char *file;
    uint64_t not_after_us; /* wall time */
    const char *trouble;   /* why a newer file is not used; "" for none */
};

/* What turnoutd's wiring provides of certificates, whose owner is traffic. */
struct api_certificates {
    /* Tells each certificate in use. */
    void (*list)(void *arg, void (*tell)(void *to, const struct api_certificate *certificate),
                 void *to);
    /* Looks at the files now. ERR_OK, or the first trouble with a sentence for a person in *report.
     */
    enum err (*reload)(void *arg, struct buf *report);
    void *arg;
};

struct api_options {
    struct event_base *base;   /* of the control loop; borrowed */
    struct runner *runner;     /* borrowed */
    struct engine *engine;     /* for metrics; borrowed */
    const char *socket_path;   /* of the control socket; the caller holds the state lock, so that a
                                  socket found there is stale */
    uint32_t socket_mode;      /* permission bits */
    const char *socket_group;  /* "" leaves the process's own */
    const char *admin_address; /* "IPv4:port" or "[IPv6]:port"; "" for no admin listener */
    struct api_certificates certificates; /* calls may be NULL: there is no TLS */
};

/* Listens. On failure nothing is left behind and `error` has a sentence for a person. The options'
 * strings are copied. */
enum err api_new(const struct api_options *options, struct api **out, struct buf *error);

/* Closes the listeners and all clients, removes the socket. Operations go on. Accepts NULL. */
void api_free(struct api *api);

/* Where the admin listener listens ("127.0.0.1:9180"), with the port that the kernel gave for 0; ""
 * when there is none. */
const char *api_admin_address(const struct api *api);

#endif
