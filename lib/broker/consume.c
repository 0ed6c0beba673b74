#include "broker/consume.h"

enum {
    CHANNEL = 3
};

enum delivery_state {
    IN_HAND,
    ACKED, /* by the owner; the broker does not know yet */
    SETTLED
};

typedef struct sp_delivery {
    uint64_t tag;
    uint32_t state; /* enum delivery_state */
} sp_delivery;

void sp_inbox_init(sp_inbox *inbox)
{
    *inbox = (sp_inbox){.deliveries = sp_ring_of(sizeof(sp_delivery))};
}

void sp_inbox_free(sp_inbox *inbox)
{
    sp_ring_free(&inbox->deliveries);
}

void sp_inbox_reset(sp_inbox *inbox)
{
    inbox->base += inbox->last_tag;
    inbox->last_tag = 0;
    inbox->acked = inbox->settled = 0;
    sp_ring_clear(&inbox->deliveries);
}

/* One delivery that stays in hand for long must not keep all later ones in memory. */
static void compact(sp_inbox *inbox)
{
    if (inbox->settled <= inbox->deliveries.count / 2)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < inbox->deliveries.count; i++) {
        const sp_delivery *delivery = sp_ring_at(&inbox->deliveries, i);
        if (delivery->state != SETTLED)
            *(sp_delivery *)sp_ring_at(&inbox->deliveries, kept++) = *delivery;
    }
    while (inbox->deliveries.count > kept)
        sp_ring_pop_back(&inbox->deliveries);
    inbox->settled = 0;
}

int sp_inbox_add(sp_inbox *inbox, uint64_t tag)
{
    compact(inbox);
    sp_delivery *delivery = sp_ring_push(&inbox->deliveries);
    if (!delivery)
        return SPECTACLES_E_NOMEM;
    delivery->tag = tag;
    return SPECTACLES_OK;
}

/* Binary search: the ring is sorted by tag. */
static sp_delivery *find(const sp_inbox *inbox, uint64_t delivery)
{
    if (delivery <= inbox->base)
        return NULL;
    uint64_t tag = delivery - inbox->base;
    size_t low = 0;
    size_t high = inbox->deliveries.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        sp_delivery *found = sp_ring_at(&inbox->deliveries, middle);
        if (found->tag == tag)
            return found->state == IN_HAND ? found : NULL;
        if (found->tag < tag)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

int sp_inbox_ack(sp_inbox *inbox, uint64_t delivery)
{
    sp_delivery *found = find(inbox, delivery);
    if (!found)
        return 0;
    found->state = ACKED;
    inbox->acked++;
    return 1;
}

int sp_inbox_write_reject(sp_buffer *control, uint64_t tag, bool requeue)
{
    amqp_basic_reject_t method = {.delivery_tag = tag, .requeue = requeue};
    return sp_frame_write_method(control, CHANNEL, AMQP_BASIC_REJECT_METHOD, &method);
}

int sp_inbox_reject(sp_inbox *inbox, uint64_t delivery, bool requeue, sp_buffer *control)
{
    sp_delivery *found = find(inbox, delivery);
    if (!found)
        return 0;
    if (sp_inbox_write_reject(control, found->tag, requeue) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    found->state = SETTLED;
    inbox->settled++;
    return 1;
}

static int write_ack(sp_buffer *control, uint64_t tag, bool multiple)
{
    amqp_basic_ack_t method = {.delivery_tag = tag, .multiple = multiple};
    return sp_frame_write_method(control, CHANNEL, AMQP_BASIC_ACK_METHOD, &method);
}

/* Nothing at the front is in hand any more: one acknowledgement covers all of that. */
static int flush_front(sp_inbox *inbox, sp_buffer *control)
{
    size_t length = 0;
    size_t acked = 0;
    uint64_t last = 0;
    const sp_delivery *delivery;
    while ((delivery = sp_ring_at(&inbox->deliveries, length)) && delivery->state != IN_HAND) {
        if (delivery->state == ACKED) {
            last = delivery->tag;
            acked++;
        }
        length++;
    }
    if (acked > 0 && write_ack(control, last, acked > 1) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    inbox->acked -= acked;
    inbox->settled -= length - acked;
    while (length-- > 0)
        sp_ring_pop(&inbox->deliveries);
    return SPECTACLES_OK;
}

int sp_inbox_flush(sp_inbox *inbox, sp_buffer *control)
{
    if (inbox->acked == 0)
        return SPECTACLES_OK;
    if (flush_front(inbox, control) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    for (size_t i = 0; inbox->acked > 0 && i < inbox->deliveries.count; i++) {
        sp_delivery *delivery = sp_ring_at(&inbox->deliveries, i);
        if (delivery->state != ACKED)
            continue;
        if (write_ack(control, delivery->tag, false) != SPECTACLES_OK)
            return SPECTACLES_E_NOMEM;
        delivery->state = SETTLED;
        inbox->settled++;
        inbox->acked--;
    }
    return SPECTACLES_OK;
}
