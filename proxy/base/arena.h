/*
 * arena: memory that is given back all at once. For what is built together and dies together: a
 * view, an answer. One thread.
 */
#ifndef TURNOUT_BASE_ARENA_H
#define TURNOUT_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *newest;
};

static inline void
arena_init(struct arena *arena)
{
    arena->newest = NULL;
}

/* Gives everything back. */
void arena_fini(struct arena *arena);

/* Zeroed memory, aligned for any object; NULL when out of memory. */
void *arena_take(struct arena *arena, size_t size);

/* A copy of a C string; NULL when out of memory. */
const char *arena_copy(struct arena *arena, const char *text);

#endif
