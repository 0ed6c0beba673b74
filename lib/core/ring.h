#ifndef SP_CORE_RING_H
#define SP_CORE_RING_H

#include <assert.h>
#include <stddef.h>

/*
 * A queue of items of one size. It grows when it is full. A pointer to an item is valid until the next push or removal.
 */
typedef struct sp_ring {
    unsigned char *items;
    size_t item_size;
    size_t head;
    size_t count;
    size_t capacity; /* items; 0 or a power of two, so that no division is needed */
} sp_ring;

/* An empty ring; free its memory (it can be used again); drop its items and keep its memory. item_size: bytes. */
sp_ring sp_ring_of(size_t item_size);
void sp_ring_free(sp_ring *ring);
void sp_ring_clear(sp_ring *ring);

/* Adds an item that is all zero, at the end or at the front. Returns it, or NULL when memory ran out. */
void *sp_ring_push(sp_ring *ring);
void *sp_ring_push_front(sp_ring *ring);

/* The item `index` places behind the front, of which there are more than `index`. */
static inline void *sp_ring_at(const sp_ring *ring, size_t index)
{
    assert(index < ring->count);
    return ring->items + ((ring->head + index) & (ring->capacity - 1)) * ring->item_size;
}

/* The same; NULL when there are not so many. */
static inline void *sp_ring_find(const sp_ring *ring, size_t index)
{
    return index < ring->count ? sp_ring_at(ring, index) : NULL;
}

/* The first and the last item; NULL when there is none. */
static inline void *sp_ring_front(const sp_ring *ring)
{
    return sp_ring_find(ring, 0);
}

static inline void *sp_ring_back(const sp_ring *ring)
{
    return sp_ring_find(ring, ring->count - 1);
}

/* Makes room for `count` items in all, so that pushes up to it cannot fail. Returns 0 when memory ran out. */
int sp_ring_reserve(sp_ring *ring, size_t count);

/* Drops the first or the last item. Does nothing when the ring is empty. */
void sp_ring_pop(sp_ring *ring);
void sp_ring_pop_back(sp_ring *ring);

/* Removes an item. The items behind it move up. */
void sp_ring_remove(sp_ring *ring, size_t index);

#endif
