/*
 * values: what people type for durations, weights and addresses, read strictly. Any thread but
 * cli_resolve, which may wait for a name server.
 */
#ifndef TURNOUT_CLI_VALUES_H
#define TURNOUT_CLI_VALUES_H

#include <stdbool.h>
#include <stdint.h>
#include "proxy/base/address.h"
#include "proxy/base/buf.h"
#include "proxy/base/span.h"

/* "250ms", "5s", "10m", "1h", or a plain number of seconds; at most 30 days. */
bool cli_duration(struct span text, uint64_t *out_ms);

/* "2.5" or "2.5%", 0 to 100 with at most two decimals, as basis points. */
bool cli_weight(struct span text, uint32_t *out_bp);

/* A numeric address as it is, or name:port with the one address that the name has. False and one
 * sentence in `error`. */
bool cli_resolve(const char *text, char out[ADDRESS_TEXT_SIZE], struct buf *error);

#endif
