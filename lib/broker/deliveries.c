#include "broker/deliveries.h"

/* A handle: 24 bits of generation, 40 bits of tag. */
enum {
    TAG_BITS = 40,
    COMPACT_AT = 64
};

void sp_deliveries_init(sp_deliveries *deliveries)
{
    *deliveries = (sp_deliveries){.tags = sp_ring_of(sizeof(uint64_t))};
}

void sp_deliveries_free(sp_deliveries *deliveries)
{
    sp_ring_free(&deliveries->tags);
}

void sp_deliveries_renew(sp_deliveries *deliveries)
{
    sp_ring_clear(&deliveries->tags);
    deliveries->settled = 0;
    deliveries->last = 0;
    deliveries->generation = (deliveries->generation + 1) & 0xffffff;
}

int sp_deliveries_add(sp_deliveries *deliveries, uint64_t tag, uint64_t *handle)
{
    if (tag <= deliveries->last || tag >> TAG_BITS)
        return SPECTACLES_E_PROTO;
    uint64_t *open = sp_ring_push(&deliveries->tags);
    if (!open)
        return SPECTACLES_E_NOMEM;
    *open = deliveries->last = tag;
    *handle = deliveries->generation << TAG_BITS | tag;
    return SPECTACLES_OK;
}

/* One that is held for long must not keep the memory of all that came after it. */
static void compact(sp_deliveries *deliveries)
{
    size_t count = deliveries->tags.count;
    if (deliveries->settled < COMPACT_AT || deliveries->settled < count / 2)
        return;
    for (size_t i = 0; i < count; i++) {
        uint64_t tag = *(uint64_t *)sp_ring_front(&deliveries->tags);
        sp_ring_pop(&deliveries->tags);
        /* There is room: one has just left. */
        uint64_t *kept = tag ? sp_ring_push(&deliveries->tags) : NULL;
        if (kept)
            *kept = tag;
    }
    deliveries->settled = 0;
}

static uint64_t *find(const sp_deliveries *deliveries, uint64_t tag)
{
    /* Nearly always among the oldest: owners settle in the order in which they were given. */
    for (size_t i = 0; i < deliveries->tags.count; i++) {
        uint64_t *open = sp_ring_at(&deliveries->tags, i);
        if (*open == tag)
            return open;
        if (*open > tag)
            return NULL;
    }
    return NULL;
}

/* The tag in a handle; 0 when it is not of this channel. */
static uint64_t tag_of(const sp_deliveries *deliveries, uint64_t handle)
{
    return handle >> TAG_BITS == deliveries->generation ? handle & ((UINT64_C(1) << TAG_BITS) - 1) : 0;
}

bool sp_deliveries_holds(const sp_deliveries *deliveries, uint64_t handle)
{
    uint64_t tag = tag_of(deliveries, handle);
    return tag != 0 && find(deliveries, tag) != NULL;
}

static void drop_front(sp_deliveries *deliveries)
{
    const uint64_t *open;
    while ((open = sp_ring_front(&deliveries->tags)) && *open == 0) {
        sp_ring_pop(&deliveries->tags);
        deliveries->settled--;
    }
    compact(deliveries);
}

uint64_t sp_deliveries_settle(sp_deliveries *deliveries, uint64_t handle)
{
    uint64_t tag = tag_of(deliveries, handle);
    uint64_t *open = tag ? find(deliveries, tag) : NULL;
    if (!open)
        return 0;
    *open = 0;
    deliveries->settled++;
    drop_front(deliveries);
    return tag;
}

uint64_t sp_deliveries_settle_all(sp_deliveries *deliveries, uint64_t handle, int *count)
{
    uint64_t tag = tag_of(deliveries, handle);
    uint64_t newest = 0;
    *count = 0;
    for (size_t i = 0; i < deliveries->tags.count; i++) {
        uint64_t *open = sp_ring_at(&deliveries->tags, i);
        if (*open > tag)
            break;
        if (*open == 0)
            continue;
        newest = *open;
        *open = 0;
        deliveries->settled++;
        ++*count;
    }
    drop_front(deliveries);
    return newest;
}

uint64_t sp_deliveries_oldest(const sp_deliveries *deliveries)
{
    /* What is settled has left the front. */
    const uint64_t *oldest = sp_ring_front(&deliveries->tags);
    return oldest ? *oldest : UINT64_MAX;
}
