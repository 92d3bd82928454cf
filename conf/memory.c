#include "conf/memory.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct block {
    struct block *next;
    max_align_t data[];
};

struct conf_memory {
    struct block *blocks;
};

struct conf_memory *
conf_memory_new(void)
{
    return calloc(1, sizeof(struct conf_memory));
}

void
conf_memory_free(struct conf_memory *memory)
{
    if (memory == NULL) {
        return;
    }
    for (struct block *block = memory->blocks, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    free(memory);
}

void *
conf_memory_take(struct conf_memory *memory, size_t size)
{
    struct block *block = calloc(1, sizeof(*block) + size);
    if (block == NULL) {
        return NULL;
    }
    block->next = memory->blocks;
    memory->blocks = block;
    return block->data;
}

char *
conf_memory_string(struct conf_memory *memory, struct span text)
{
    char *copy = conf_memory_take(memory, text.size + 1);
    if (copy != NULL) {
        memcpy(copy, text.data, text.size);
    }
    return copy;
}
