/*
 * access: the access log. Workers format a record as one line of JSON into a ring of their own and
 * never wait; one thread writes the rings out. When a ring is full the line is dropped and counted,
 * so that a slow or blocked sink never stalls traffic. access_log_write is called by the worker
 * that owns the ring, everything else by control.
 */
#ifndef TURNOUT_FLOW_ACCESS_H
#define TURNOUT_FLOW_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proxy/base/err.h"
#include "proxy/base/span.h"

struct access_log;

/* One ended exchange. Empty spans and NULL texts are written as null. Times in microseconds; 0
 * where it did not come to that. */
struct access_record {
    uint64_t wall_us; /* when the exchange ended */
    struct span request_id;
    const char *role;
    const char *build;
    const char *instance;
    struct span client; /* the client's address as it is believed */
    struct span method;
    struct span host;
    struct span path;
    const char *protocol; /* "HTTP/1.1" */
    int status;           /* 0: none was sent */
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t first_byte_us; /* from the request's first byte to the answer's */
    uint64_t total_us;
    uint64_t connect_us;
    uint32_t retries;
    const char *reason; /* why the proxy itself answered */
    const char *tls;    /* "TLSv1.3" */
    uint64_t cutover;   /* epoch of the role's last commit; 0: none */
    const char *end;    /* how it ended */
};

/* Opens the sink ("-" standard output, "syslog:", else a file, appended to) and starts the writer.
 * `error` says what went wrong. */
enum err access_log_new(const char *path, const char *node, uint32_t worker_count,
                        struct access_log **out, char *error, size_t error_size);

/* Writes out what the rings hold, waiting at most a second for a blocked sink, and frees. Workers
 * must have ended. Accepts NULL. */
void access_log_free(struct access_log *log);

/* Puts a line into a worker's ring, or drops and counts it. */
void access_log_write(struct access_log *log, uint32_t worker, const struct access_record *record);

/* The writer opens the file anew before its next line. */
void access_log_reopen(struct access_log *log);

void access_log_count(const struct access_log *log, uint64_t *lines, uint64_t *dropped);

/* Formats a record as one line with its end into `out`, cutting what is too long so that it stays
 * JSON; the line's size. For access_log_write and its tests. */
enum { ACCESS_LINE_MAX = 16384 };
size_t access_format(const struct access_record *record, const char *node,
                     char out[ACCESS_LINE_MAX]);

#endif
