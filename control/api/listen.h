/*
 * listen: the descriptors that the API listens on. Any thread.
 */
#ifndef TURNOUT_API_LISTEN_H
#define TURNOUT_API_LISTEN_H

#include <stdint.h>
#include "proxy/base/address.h"
#include "proxy/base/buf.h"
#include "proxy/base/err.h"

/* A listening Unix socket with these permissions from its first moment on; what was left at the
 * path by a process that is gone is removed. ERR_IN_USE: somebody listens there, perhaps with a
 * state directory of their own, whose lock the caller does not hold. On failure nothing is left and
 * `error` has a sentence. */
enum err listen_unix(const char *path, uint32_t mode, const char *group, int *out,
                     struct buf *error);

/* A listening TCP socket; *bound says where, with the port that the kernel gave for 0. */
enum err listen_tcp(const char *address, int *out, struct address *bound, struct buf *error);

#endif
