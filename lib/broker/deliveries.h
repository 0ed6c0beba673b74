#ifndef SP_BROKER_DELIVERIES_H
#define SP_BROKER_DELIVERIES_H

#include "core/ring.h"

#include <spectacles/types.h>
#include <stdbool.h>

/*
 * Which deliveries of the present channel are not settled yet. A handle for the owner joins the channel's
 * generation and the delivery tag, so that what came over a channel that is gone, or was settled before, is
 * known as such.
 */
typedef struct sp_delivery {
    uint64_t tag;
    uint64_t consumer; /* its id: see consumer.h */
} sp_delivery;

typedef struct sp_deliveries {
    sp_ring open;   /* of sp_delivery, in rising order of tags; the tag is 0 once it is settled */
    size_t settled; /* zeros among them */
    uint64_t last;  /* the newest tag */
    uint64_t generation;
} sp_deliveries;

void sp_deliveries_init(sp_deliveries *deliveries);
void sp_deliveries_free(sp_deliveries *deliveries);

/* A fresh channel: tags count from 1 again, and no handle given out before holds. */
void sp_deliveries_renew(sp_deliveries *deliveries);

/*
 * Notes a delivery of a consumer and gives it a handle. SPECTACLES_E_PROTO when the tag is not above the last one, or
 * is larger than any that an honest broker comes to. SPECTACLES_E_NOMEM.
 */
int sp_deliveries_add(sp_deliveries *deliveries, uint64_t tag, uint64_t consumer, uint64_t *handle);

/* Whether there is something to settle. */
bool sp_deliveries_holds(const sp_deliveries *deliveries, uint64_t handle);

/* Takes a handle back: its tag, or 0 when there is nothing to settle. */
uint64_t sp_deliveries_settle(sp_deliveries *deliveries, uint64_t handle);

/*
 * Takes back a handle and all that were given out before it. The newest tag that was open, or 0 when there is
 * nothing to settle, and how many there were.
 */
uint64_t sp_deliveries_settle_all(sp_deliveries *deliveries, uint64_t handle, int *count);

/*
 * Takes back what is open of one consumer, one delivery with each call: its tag, or 0 when nothing is left. *at begins
 * at 0; nothing else may be called in between.
 */
uint64_t sp_deliveries_take_of(sp_deliveries *deliveries, uint64_t consumer, size_t *at);

/* The tag of the oldest that is not settled; UINT64_MAX when all are. */
uint64_t sp_deliveries_oldest(const sp_deliveries *deliveries);

#endif
