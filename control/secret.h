/*
 * secret: the node's secret, from which keys are derived per purpose and period. Read once at
 * start; made when there is none. In a cluster the file is the same on all nodes. Main thread.
 */
#ifndef TURNOUT_CONTROL_SECRET_H
#define TURNOUT_CONTROL_SECRET_H

#include <stddef.h>
#include <stdint.h>
#include "proxy/base/err.h"

enum { SECRET_SIZE = 32 };

/* Reads the file (64 hex digits), or makes it with a random secret, readable by its owner alone.
 * `error` says what to do. */
enum err secret_load(const char *path, uint8_t secret[SECRET_SIZE], char *error, size_t error_size);

#endif
