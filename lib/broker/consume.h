#ifndef SP_BROKER_CONSUME_H
#define SP_BROKER_CONSUME_H

#include "broker/frame.h"
#include "core/buffer.h"
#include "core/ring.h"

/*
 * Deliveries that the owner has in hand. The number that the owner gets is base + delivery tag; base grows
 * past every tag of a channel when that channel is gone, so that an old number means nothing to a new one.
 */
typedef struct sp_inbox {
    sp_ring deliveries; /* of sp_delivery, by tag */
    uint64_t base;
    uint64_t last_tag;
    size_t acked;   /* acknowledged by the owner, not yet written */
    size_t settled; /* kept only because an older one is still in hand */
} sp_inbox;

void sp_inbox_init(sp_inbox *inbox);
void sp_inbox_free(sp_inbox *inbox);

/* The channel is gone: what was in hand will be delivered again, under other numbers. */
void sp_inbox_reset(sp_inbox *inbox);

/* Puts a delivery into the owner's hand. SPECTACLES_E_NOMEM. */
int sp_inbox_add(sp_inbox *inbox, uint64_t tag);

/* 1 when it was in hand, else 0. Acknowledgements go out with the next flush. */
int sp_inbox_ack(sp_inbox *inbox, uint64_t delivery);

/* As ack, and written to `control` at once. SPECTACLES_E_NOMEM. */
int sp_inbox_reject(sp_inbox *inbox, uint64_t delivery, bool requeue, sp_buffer *control);

/* Writes what was acknowledged: one basic.ack for all deliveries below which none is in hand any more, and
 * one for each of the others. */
int sp_inbox_flush(sp_inbox *inbox, sp_buffer *control);

/* basic.reject of a tag. */
int sp_inbox_write_reject(sp_buffer *control, uint64_t tag, bool requeue);

#endif
