#ifndef SP_COPIES_IDS_H
#define SP_COPIES_IDS_H

#include <spectacles/copies.h>
#include <stdbool.h>

/*
 * A set of ids in two generations: the older one is forgotten as a whole when the younger one is full. So `most` ids at
 * least are remembered, and twice as many at most. An id of zeros is none, and is never in the set.
 */
typedef struct sp_ids {
    uint64_t (*young)[2];
    uint64_t (*old)[2];
    size_t slots; /* of each generation: a power of two, of which at most half is used */
    size_t most;
    size_t count; /* of the young one */
} sp_ids;

/* Returns 0 or SPECTACLES_E_NOMEM; sp_ids_destroy() may follow either. most: 1 to SPECTACLES_COPIES_REMEMBERED_MAX. */
int sp_ids_create(sp_ids *ids, size_t most);
void sp_ids_destroy(sp_ids *ids);

void sp_ids_add(sp_ids *ids, const uint64_t id[2]);
bool sp_ids_has(const sp_ids *ids, const uint64_t id[2]);

#endif
