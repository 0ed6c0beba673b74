#ifndef GATEWAY_ARENA_H
#define GATEWAY_ARENA_H

#include <stddef.h>

/* Memory that is given piece by piece, and freed all at once. An arena that is all zero is empty. */
struct arena {
    struct arena_block *newest;
};

/* A piece of memory, all zero, aligned for every type. NULL: memory ran out. */
void *arena_take(struct arena *arena, size_t length);

/* A NUL-terminated copy. NULL: memory ran out. */
char *arena_copy(struct arena *arena, const char *text, size_t length);

/* Wipes all memory of the arena and frees it. The arena is empty after it. */
void arena_free(struct arena *arena);

#endif
