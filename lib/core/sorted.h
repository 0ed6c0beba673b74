#ifndef SP_CORE_SORTED_H
#define SP_CORE_SORTED_H

#include <stddef.h>
#include <stdint.h>

/*
 * The place of the first element whose id is not below `id`, in an array that is sorted by id: the place of the element
 * with this id, or where it would have to be. id_at: the id of the element at an index.
 */
static inline size_t sp_sorted_place(const void *array, size_t count, uint32_t id,
                                     uint32_t (*id_at)(const void *array, size_t index))
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (id_at(array, middle) < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

#endif
