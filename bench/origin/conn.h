/* One client of the origin: reads requests, swallows their bodies, sends pages, in order. */
#ifndef BENCH_ORIGIN_CONN_H
#define BENCH_ORIGIN_CONN_H

#include <stdbool.h>

struct conn;

/* Takes over a connected non-blocking socket; it must be registered edge-triggered for both
 * directions with the result as its data. */
struct conn *conn_new(int fd);

/* Does what can be done now; has_ended says that the peer has shut its side. False when the
 * connection is over: then call conn_free. */
bool conn_run(struct conn *conn, bool has_ended);

/* Closes the socket too. */
void conn_free(struct conn *conn);

#endif
