#ifndef SP_CORE_RING_H
#define SP_CORE_RING_H

#include <stddef.h>

/* A queue of items of one size that grows when it is full. Pointers into it last until the next push. */
typedef struct sp_ring {
    unsigned char *items;
    size_t item_size;
    size_t head;
    size_t count;
    size_t capacity; /* 0 or a power of two: the hot path has no time for a division */
} sp_ring;

sp_ring sp_ring_of(size_t item_size);
void sp_ring_free(sp_ring *ring);
void sp_ring_clear(sp_ring *ring);

/* Adds an item of zero bytes at the end (or at the front) and returns it, or NULL when memory ran out. */
void *sp_ring_push(sp_ring *ring);
void *sp_ring_push_front(sp_ring *ring);

/* The item `index` places behind the front; NULL beyond the end. */
static inline void *sp_ring_at(const sp_ring *ring, size_t index)
{
    if (index >= ring->count)
        return NULL;
    return ring->items + ((ring->head + index) & (ring->capacity - 1)) * ring->item_size;
}

static inline void *sp_ring_front(const sp_ring *ring)
{
    return sp_ring_at(ring, 0);
}

/* Drops the front (or the last) item; nothing when the ring is empty. */
void sp_ring_pop(sp_ring *ring);
void sp_ring_pop_back(sp_ring *ring);

/* Takes an item out of the middle; what stands behind it moves up. */
void sp_ring_remove(sp_ring *ring, size_t index);

#endif
