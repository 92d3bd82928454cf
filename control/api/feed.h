/*
 * feed: events of the journal as lines: the newest ones, or all from an epoch on without end. Each
 * takes the request over. Control thread only.
 */
#ifndef TURNOUT_API_FEED_H
#define TURNOUT_API_FEED_H

#include <stdint.h>

struct api;
struct request;

enum {
    FEED_HISTORY_DEFAULT = 100,
    FEED_HISTORY_MAX = 10000,
    FEED_HISTORY_BYTES_MAX = 8 * 1024 * 1024
};

void feed_history(const struct request *request, const char *role, uint64_t limit);
void feed_events(const struct request *request, uint64_t after_epoch);

/* Ends all that are left, when the API stops. */
void feed_free_all(struct api *api);

#endif
