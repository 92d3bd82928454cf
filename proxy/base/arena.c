#include "proxy/base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BLOCK_BYTES = 16 * 1024 };

struct arena_block {
    struct arena_block *older;
    size_t used;
    size_t capacity;
    alignas(max_align_t) char data[];
};

void
arena_fini(struct arena *arena)
{
    while (arena->newest != NULL) {
        struct arena_block *block = arena->newest;
        arena->newest = block->older;
        free(block);
    }
}

static struct arena_block *
arena_grow(struct arena *arena, size_t size)
{
    size_t capacity = size > ARENA_BLOCK_BYTES ? size : ARENA_BLOCK_BYTES;
    struct arena_block *block = calloc(1, sizeof(*block) + capacity);
    if (block == NULL) {
        return NULL;
    }
    block->capacity = capacity;
    block->older = arena->newest;
    arena->newest = block;
    return block;
}

void *
arena_take(struct arena *arena, size_t size)
{
    size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct arena_block *block = arena->newest;
    if (rounded < size) {
        return NULL;
    }
    if (block == NULL || block->capacity - block->used < rounded) {
        block = arena_grow(arena, rounded);
    }
    if (block == NULL) {
        return NULL;
    }
    void *place = block->data + block->used;
    block->used += rounded;
    return place;
}

const char *
arena_copy(struct arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = arena_take(arena, size);
    return copy == NULL ? NULL : memcpy(copy, text, size);
}
