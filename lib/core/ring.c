/* A queue of items of one size. The engines call it for what is pending: events, tags, tickets, gaps. */
#include "core/ring.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

sp_ring sp_ring_of(size_t item_size)
{
    return (sp_ring){.item_size = item_size};
}

void sp_ring_free(sp_ring *ring)
{
    free(ring->items);
    *ring = sp_ring_of(ring->item_size);
}

void sp_ring_clear(sp_ring *ring)
{
    ring->head = ring->count = 0;
}

/* The item `index` places behind the front. */
static unsigned char *slot(const sp_ring *ring, size_t index)
{
    return ring->items + ((ring->head + index) & (ring->capacity - 1)) * ring->item_size;
}

/* Doubles the capacity until `count` items fit. The items are copied in their order. */
int sp_ring_reserve(sp_ring *ring, size_t count)
{
    if (count <= ring->capacity)
        return 1;
    if (count > SIZE_MAX / 4 / ring->item_size)
        return 0;
    size_t capacity = ring->capacity ? ring->capacity : 8;
    while (capacity < count)
        capacity *= 2;
    unsigned char *items = malloc(capacity * ring->item_size);
    if (!items)
        return 0;
    for (size_t i = 0; i < ring->count; i++)
        memcpy(items + i * ring->item_size, slot(ring, i), ring->item_size);
    free(ring->items);
    ring->items = items;
    ring->head = 0;
    ring->capacity = capacity;
    return 1;
}

void *sp_ring_push(sp_ring *ring)
{
    if (!sp_ring_reserve(ring, ring->count + 1))
        return NULL;
    ring->count++;
    return memset(slot(ring, ring->count - 1), 0, ring->item_size);
}

void *sp_ring_push_front(sp_ring *ring)
{
    if (!sp_ring_reserve(ring, ring->count + 1))
        return NULL;
    ring->head = (ring->head - 1) & (ring->capacity - 1);
    ring->count++;
    return memset(slot(ring, 0), 0, ring->item_size);
}

void sp_ring_pop(sp_ring *ring)
{
    if (ring->count == 0)
        return;
    ring->head = (ring->head + 1) & (ring->capacity - 1);
    ring->count--;
}

void sp_ring_pop_back(sp_ring *ring)
{
    if (ring->count > 0)
        ring->count--;
}

void sp_ring_remove(sp_ring *ring, size_t index)
{
    if (index >= ring->count)
        return;
    for (size_t i = index; i + 1 < ring->count; i++)
        memcpy(slot(ring, i), slot(ring, i + 1), ring->item_size);
    ring->count--;
}
