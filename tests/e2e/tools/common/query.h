/* Reads "key=value&key=value" as the test instance's control requests and paths carry it. No
 * escapes. */
#ifndef TOOLS_QUERY_H
#define TOOLS_QUERY_H

#include <stdbool.h>
#include <stddef.h>

/* Finds key: true with where its value begins and its length. */
bool query_find(const char *query, const char *key, const char **value, size_t *size);

/* The value as a number, or other if the key is absent. */
long query_number(const char *query, const char *key, long other);

/* Copies the value (cut to the room there is), or leaves out as it was: whether it was there. */
bool query_text(const char *query, const char *key, char *out, size_t out_size);

/* Whether the key has exactly this value. */
bool query_is(const char *query, const char *key, const char *value);

#endif
