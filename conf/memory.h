/*
 * memory: blocks that live and die with one struct conf. One thread.
 */
#ifndef TURNOUT_CONF_MEMORY_H
#define TURNOUT_CONF_MEMORY_H

#include <stddef.h>
#include "proxy/base/span.h"

struct conf_memory;

/* NULL when out of memory. */
struct conf_memory *conf_memory_new(void);

/* Gives every block back. Accepts NULL. */
void conf_memory_free(struct conf_memory *memory);

/* A zeroed block; NULL when out of memory. */
void *conf_memory_take(struct conf_memory *memory, size_t size);

/* A copy as a C string; NULL when out of memory. The text holds no NUL. */
char *conf_memory_string(struct conf_memory *memory, struct span text);

#endif
