#ifndef SP_BROKER_DELIVERIES_H
#define SP_BROKER_DELIVERIES_H

#include "core/ring.h"

#include <spectacles/types.h>
#include <stdbool.h>

/*
 * The deliveries of the present channel that are not settled yet. The owner knows a delivery by its handle: the
 * generation of the channel, and the delivery tag. So a handle from an earlier channel is recognised, and so is a
 * handle that is settled already.
 */
typedef struct sp_delivery {
    uint64_t tag;
    uint64_t consumer; /* the consumer's id: see consumer.h */
    bool settled;
} sp_delivery;

typedef struct sp_deliveries {
    sp_ring open;   /* of sp_delivery, in rising order of tags. Settled ones stay until a compaction */
    size_t settled; /* how many deliveries in `open` are settled */
    uint64_t last;  /* the newest delivery tag */
    uint64_t generation;
} sp_deliveries;

void sp_deliveries_init(sp_deliveries *deliveries);
void sp_deliveries_free(sp_deliveries *deliveries);

/* A new channel: delivery tags count from 1 again, and all earlier handles are invalid. */
void sp_deliveries_renew(sp_deliveries *deliveries);

/*
 * Adds a delivery of a consumer, and gives it a handle. SPECTACLES_E_PROTO when the delivery tag is not larger than the
 * last one, or does not fit into a handle. SPECTACLES_E_NOMEM.
 */
int sp_deliveries_add(sp_deliveries *deliveries, uint64_t tag, uint64_t consumer, uint64_t *handle);

/* Whether the delivery with this handle can still be settled. */
bool sp_deliveries_holds(const sp_deliveries *deliveries, uint64_t handle);

/* Settles a delivery. Returns its delivery tag, or 0 when it can not be settled any more. */
uint64_t sp_deliveries_settle(sp_deliveries *deliveries, uint64_t handle);

/*
 * Settles a delivery and all deliveries before it. Returns the newest delivery tag among them, or 0 when none can be
 * settled any more. *count: receives how many were settled.
 */
uint64_t sp_deliveries_settle_all(sp_deliveries *deliveries, uint64_t handle, int *count);

/*
 * Settles the deliveries of one consumer, one delivery with each call. Returns its delivery tag, or 0 when no delivery
 * is left. *at begins at 0. No other function of this file may be called in between.
 */
uint64_t sp_deliveries_take_of(sp_deliveries *deliveries, uint64_t consumer, size_t *at);

/* The delivery tag of the oldest delivery that is not settled; UINT64_MAX when all are settled. */
uint64_t sp_deliveries_oldest(const sp_deliveries *deliveries);

#endif
