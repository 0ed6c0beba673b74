/*
 * Acknowledges and rejects deliveries. Called by owners, and by receive.c for the deliveries that the library rejects
 * by itself.
 */
#include "broker/ack.h"
#include "broker/events.h"
#include "core/export.h"

/*
 * Joins the acknowledgements of one turn into one frame. The last basic.ack is changed to cover this delivery as well,
 * with `multiple`. This needs that the basic.ack is the last frame that waits to be written, and that no older delivery
 * is open.
 */
static bool join_last_ack(spectacles_broker *broker, uint64_t tag)
{
    uint64_t last = tag > broker->last_ack ? tag : broker->last_ack;
    if (broker->last_ack_end == 0 || broker->last_ack_end != sp_buffer_length(&broker->control) ||
        sp_deliveries_oldest(&broker->deliveries) <= last)
        return false;
    sp_wire_set_ack(&broker->control, last);
    broker->last_ack = last;
    return true;
}

static void acknowledge(spectacles_broker *broker, uint64_t tag)
{
    amqp_basic_ack_t ack = {.delivery_tag = tag};
    if (join_last_ack(broker, tag))
        return;
    sp_wire_method(&broker->control, SP_CHANNEL_CONSUME, AMQP_BASIC_ACK_METHOD, &ack);
    broker->last_ack = tag;
    broker->last_ack_end = sp_buffer_length(&broker->control);
}

static bool consumes(const spectacles_broker *broker)
{
    return broker->transport == SP_TRANSPORT_OPEN && broker->state != SPECTACLES_BROKER_CLOSING &&
           broker->channels[SP_CHANNEL_CONSUME] == SP_CHANNEL_OPEN;
}

/* Whether a delivery can be settled now: 1, 0, or an error. With 1, the buffer has room for the method. */
static int may_answer(spectacles_broker *broker)
{
    if (!consumes(broker))
        return 0;
    /* Room comes first: the tag of the delivery can be taken back only once. */
    if (sp_buffer_reserve(&broker->control, 8192))
        return 1;
    broker->control.failed = false;
    return sp_broker_fail(broker, SPECTACLES_E_NOMEM, spectacles_strerror(SPECTACLES_E_NOMEM));
}

static int answer_delivery(spectacles_broker *broker, uint64_t delivery, amqp_method_number_t id, int requeue)
{
    amqp_basic_reject_t reject = {.requeue = requeue ? 1 : 0};
    int may = may_answer(broker);
    reject.delivery_tag = may == 1 ? sp_deliveries_settle(&broker->deliveries, delivery) : 0;
    if (reject.delivery_tag == 0)
        return may < 0 ? may : 0;
    sp_stream_touch(&broker->stream);
    if (id == AMQP_BASIC_ACK_METHOD)
        acknowledge(broker, reject.delivery_tag);
    else
        sp_wire_method(&broker->control, SP_CHANNEL_CONSUME, id, &reject);
    return 1;
}

SPECTACLES_EXPORT int spectacles_broker_ack(spectacles_broker *broker, uint64_t delivery)
{
    int done = answer_delivery(broker, delivery, AMQP_BASIC_ACK_METHOD, 0);
    if (done == 1)
        broker->stats.acknowledged++;
    return done;
}

SPECTACLES_EXPORT int spectacles_broker_ack_all(spectacles_broker *broker, uint64_t delivery)
{
    int count = 0;
    int may = may_answer(broker);
    uint64_t tag = may == 1 ? sp_deliveries_settle_all(&broker->deliveries, delivery, &count) : 0;
    if (tag == 0)
        return may < 0 ? may : 0;
    sp_stream_touch(&broker->stream);
    amqp_basic_ack_t ack = {.delivery_tag = tag, .multiple = 1};
    sp_wire_method(&broker->control, SP_CHANNEL_CONSUME, AMQP_BASIC_ACK_METHOD, &ack);
    broker->stats.acknowledged += (uint64_t)count;
    return count;
}

int sp_broker_reject(spectacles_broker *broker, uint64_t delivery, int requeue)
{
    int done = answer_delivery(broker, delivery, AMQP_BASIC_REJECT_METHOD, requeue);
    if (done == 1)
        broker->stats.rejected++;
    return done;
}

SPECTACLES_EXPORT int spectacles_broker_reject(spectacles_broker *broker, uint64_t delivery, int requeue)
{
    return sp_broker_reject(broker, delivery, requeue);
}

SPECTACLES_EXPORT int spectacles_broker_holds(const spectacles_broker *broker, uint64_t delivery)
{
    return consumes(broker) && sp_deliveries_holds(&broker->deliveries, delivery);
}
