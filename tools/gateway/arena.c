/*
 * Memory that is given piece by piece, and wiped and freed all at once. It owns the blocks that the pieces are cut
 * from. A document of TOML and the settings call it: a token may be in any of their texts.
 */
#include "arena.h"

#include "wipe.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_ROOM = 4000,
    ALIGNMENT = sizeof(max_align_t)
};

struct arena_block {
    struct arena_block *older;
    size_t room;
    size_t used;
    _Alignas(max_align_t) unsigned char bytes[];
};

static struct arena_block *add_block(struct arena *arena, size_t length)
{
    size_t room = length > BLOCK_ROOM ? length : BLOCK_ROOM;
    struct arena_block *block = calloc(1, sizeof *block + room);
    if (!block)
        return NULL;
    block->older = arena->newest;
    block->room = room;
    arena->newest = block;
    return block;
}

void *arena_take(struct arena *arena, size_t length)
{
    struct arena_block *block = arena->newest;
    if (length > SIZE_MAX / 2)
        return NULL;
    size_t whole = (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!block || block->room - block->used < whole)
        block = add_block(arena, whole);
    if (!block)
        return NULL;
    block->used += whole;
    return block->bytes + block->used - whole;
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_take(arena, length + 1);
    if (copy && length > 0)
        memcpy(copy, text, length);
    return copy;
}

void arena_free(struct arena *arena)
{
    struct arena_block *older;
    for (struct arena_block *block = arena->newest; block; block = older) {
        older = block->older;
        wipe(block->bytes, block->used);
        free(block);
    }
    arena->newest = NULL;
}
