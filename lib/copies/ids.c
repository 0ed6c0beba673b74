/* The ids of messages whose work is done. copies.c calls it: it adds them, and asks for each message. */
#include "copies/ids.h"

#include <stdlib.h>
#include <string.h>

static bool is_none(const uint64_t id[2])
{
    return (id[0] | id[1]) == 0;
}

/* The slot of the id, or the free one where it belongs. Ids are hashes: each word of one is as good as any. */
static uint64_t *find(uint64_t (*slots)[2], size_t count, const uint64_t id[2])
{
    size_t at = (size_t)id[0] & (count - 1);
    while (!is_none(slots[at]) && memcmp(slots[at], id, sizeof slots[at]) != 0)
        at = (at + 1) & (count - 1);
    return slots[at];
}

int sp_ids_create(sp_ids *ids, size_t most)
{
    *ids = (sp_ids){.slots = 2, .most = most};
    while (ids->slots < 2 * most)
        ids->slots *= 2;
    ids->young = calloc(ids->slots, sizeof *ids->young);
    ids->old = calloc(ids->slots, sizeof *ids->old);
    return ids->young && ids->old ? SPECTACLES_OK : SPECTACLES_E_NOMEM;
}

void sp_ids_destroy(sp_ids *ids)
{
    free(ids->young);
    free(ids->old);
}

static void begin_generation(sp_ids *ids)
{
    uint64_t(*spare)[2] = ids->old;
    ids->old = ids->young;
    ids->young = spare;
    ids->count = 0;
    memset(spare, 0, ids->slots * sizeof *spare);
}

void sp_ids_add(sp_ids *ids, const uint64_t id[2])
{
    if (is_none(id) || !is_none(find(ids->young, ids->slots, id)))
        return;
    if (ids->count == ids->most)
        begin_generation(ids);
    memcpy(find(ids->young, ids->slots, id), id, sizeof *ids->young);
    ids->count++;
}

bool sp_ids_has(const sp_ids *ids, const uint64_t id[2])
{
    return !is_none(id) &&
           (!is_none(find(ids->young, ids->slots, id)) || !is_none(find(ids->old, ids->slots, id)));
}
