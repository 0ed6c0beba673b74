/*
 * The deliveries that are not acknowledged yet, and the handles under which the owner knows them. Called by ack.c,
 * by receive.c when a delivery arrives, by setup.c when a consumer ends, and by channels.c and connection.c for a new
 * channel.
 */
#include "broker/deliveries.h"

/* A handle: 24 bits of generation, 40 bits of tag. */
enum {
    TAG_BITS = 40,
    COMPACT_AT = 64
};

void sp_deliveries_init(sp_deliveries *deliveries)
{
    *deliveries = (sp_deliveries){.open = sp_ring_of(sizeof(sp_delivery))};
}

void sp_deliveries_free(sp_deliveries *deliveries)
{
    sp_ring_free(&deliveries->open);
}

void sp_deliveries_renew(sp_deliveries *deliveries)
{
    sp_ring_clear(&deliveries->open);
    deliveries->settled = 0;
    deliveries->last = 0;
    deliveries->generation = (deliveries->generation + 1) & 0xffffff;
}

int sp_deliveries_add(sp_deliveries *deliveries, uint64_t tag, uint64_t consumer, uint64_t *handle)
{
    if (tag <= deliveries->last || tag >> TAG_BITS)
        return SPECTACLES_E_PROTO;
    sp_delivery *open = sp_ring_push(&deliveries->open);
    if (!open)
        return SPECTACLES_E_NOMEM;
    *open = (sp_delivery){.tag = tag, .consumer = consumer};
    deliveries->last = tag;
    *handle = deliveries->generation << TAG_BITS | tag;
    return SPECTACLES_OK;
}

/* Removes what is settled. Otherwise one delivery that is held for long would keep the memory of all behind it. */
static void compact(sp_deliveries *deliveries)
{
    size_t count = deliveries->open.count;
    if (deliveries->settled < COMPACT_AT || deliveries->settled < count / 2)
        return;
    for (size_t i = 0; i < count; i++) {
        sp_delivery front = *(sp_delivery *)sp_ring_at(&deliveries->open, 0);
        sp_ring_pop(&deliveries->open);
        /* This needs no memory: a delivery has just been removed. */
        sp_delivery *kept = front.settled ? NULL : sp_ring_push(&deliveries->open);
        if (kept)
            *kept = front;
    }
    deliveries->settled = 0;
}

/* The open delivery with this tag, or NULL. */
static sp_delivery *find(const sp_deliveries *deliveries, uint64_t tag)
{
    size_t low = 0;
    size_t high = deliveries->open.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const sp_delivery *delivery = sp_ring_at(&deliveries->open, middle);
        if (delivery->tag < tag)
            low = middle + 1;
        else
            high = middle;
    }
    sp_delivery *found = sp_ring_find(&deliveries->open, low);
    return found && found->tag == tag && !found->settled ? found : NULL;
}

static void settle(sp_deliveries *deliveries, sp_delivery *delivery)
{
    delivery->settled = true;
    deliveries->settled++;
}

/* The delivery tag in a handle; 0 when the handle is from an earlier channel. */
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
    const sp_delivery *open;
    while ((open = sp_ring_front(&deliveries->open)) && open->settled) {
        sp_ring_pop(&deliveries->open);
        deliveries->settled--;
    }
    compact(deliveries);
}

uint64_t sp_deliveries_settle(sp_deliveries *deliveries, uint64_t handle)
{
    uint64_t tag = tag_of(deliveries, handle);
    sp_delivery *open = tag ? find(deliveries, tag) : NULL;
    if (!open)
        return 0;
    settle(deliveries, open);
    drop_front(deliveries);
    return tag;
}

uint64_t sp_deliveries_take_of(sp_deliveries *deliveries, uint64_t consumer, size_t *at)
{
    while (*at < deliveries->open.count) {
        sp_delivery *open = sp_ring_at(&deliveries->open, (*at)++);
        if (open->settled || open->consumer != consumer)
            continue;
        settle(deliveries, open);
        return open->tag;
    }
    drop_front(deliveries);
    return 0;
}

uint64_t sp_deliveries_settle_all(sp_deliveries *deliveries, uint64_t handle, int *count)
{
    uint64_t tag = tag_of(deliveries, handle);
    uint64_t newest = 0;
    *count = 0;
    for (size_t i = 0; i < deliveries->open.count; i++) {
        sp_delivery *open = sp_ring_at(&deliveries->open, i);
        if (open->tag > tag)
            break;
        if (open->settled)
            continue;
        newest = open->tag;
        settle(deliveries, open);
        ++*count;
    }
    drop_front(deliveries);
    return newest;
}

uint64_t sp_deliveries_oldest(const sp_deliveries *deliveries)
{
    /* The delivery at the front is never a settled one. */
    const sp_delivery *oldest = sp_ring_front(&deliveries->open);
    return oldest ? oldest->tag : UINT64_MAX;
}
