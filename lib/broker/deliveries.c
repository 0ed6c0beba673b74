#include "broker/deliveries.h"

enum {
    TAG_BITS = 40
};

void sp_deliveries_init(sp_deliveries *deliveries)
{
    *deliveries = (sp_deliveries){.open = sp_ring_of(1), .first = 1};
}

void sp_deliveries_free(sp_deliveries *deliveries)
{
    sp_ring_free(&deliveries->open);
}

void sp_deliveries_renew(sp_deliveries *deliveries)
{
    sp_ring_clear(&deliveries->open);
    deliveries->first = 1;
    deliveries->generation++;
}

uint64_t sp_deliveries_add(sp_deliveries *deliveries, uint64_t tag)
{
    if (tag != deliveries->first + deliveries->open.count || tag >> TAG_BITS)
        return 0;
    unsigned char *open = sp_ring_push(&deliveries->open);
    if (!open)
        return 0;
    *open = 1;
    return deliveries->generation << TAG_BITS | tag;
}

uint64_t sp_deliveries_settle(sp_deliveries *deliveries, uint64_t handle)
{
    uint64_t tag = handle & ((UINT64_C(1) << TAG_BITS) - 1);
    uint64_t generation = deliveries->generation << TAG_BITS >> TAG_BITS;
    if (handle >> TAG_BITS != generation || tag < deliveries->first)
        return 0;
    unsigned char *open = sp_ring_at(&deliveries->open, (size_t)(tag - deliveries->first));
    if (!open || !*open)
        return 0;
    *open = 0;
    while ((open = sp_ring_front(&deliveries->open)) && !*open) {
        sp_ring_pop(&deliveries->open);
        deliveries->first++;
    }
    return tag;
}
