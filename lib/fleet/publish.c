/*
 * What a member publishes: records to the queues of slots, and what it says to everybody. Called by carry.c, talk.c and
 * leader.c; bus.c brings the answers.
 */
#include "fleet/internal.h"

#include "fleet/names.h"

#include <string.h>

enum {
    NAME_SIZE = 256
};

/* A text of the wire: what is said is of no use to anybody after so many milliseconds. */
static const char expiration[] = "5000";

/* Who waits for the answer. A tag without room for it has nobody who waits: then the lease tries again by itself. */
static void note_tag(spectacles_fleet *fleet, uint64_t tag, sp_fleet_slot *slot, uint64_t write)
{
    if (fleet->tags.count == 0)
        fleet->first_tag = tag;
    sp_fleet_tag *waits = sp_ring_push(&fleet->tags);
    if (waits)
        *waits = (sp_fleet_tag){slot, write, false};
}

static int publish(spectacles_fleet *fleet, spectacles_message *message, sp_fleet_slot *slot, uint64_t write)
{
    uint64_t tag = 0;
    if (!sp_ring_reserve(&fleet->tags, fleet->tags.count + 1))
        return SPECTACLES_E_NOMEM;
    message->content_type = "application/json";
    int error = spectacles_broker_publish(fleet->broker, message, &tag);
    if (error == SPECTACLES_OK)
        note_tag(fleet, tag, slot, write);
    return error;
}

void sp_fleet_say(spectacles_fleet *fleet)
{
    spectacles_message message;
    sp_slice body = sp_buffer_slice(&fleet->body);
    if (!fleet->bus_stands || sp_buffer_failed(&fleet->body))
        return;
    spectacles_message_init(&message, sizeof message);
    message.flags = SPECTACLES_MESSAGE_TRANSIENT;
    message.key = SP_FLEET_KEY;
    message.key_length = strlen(SP_FLEET_KEY);
    message.body = body.bytes;
    message.body_length = body.length;
    message.expiration = expiration;
    publish(fleet, &message, NULL, 0); /* what is not said now is said again soon */
}

static int queue_name(const spectacles_fleet *fleet, const sp_fleet_slot *slot, char out[NAME_SIZE])
{
    if (slot == &fleet->control)
        return sp_fleet_control_name(out, NAME_SIZE, fleet->group);
    return sp_fleet_lease_name(out, NAME_SIZE, fleet->group, slot->set->name, sp_fleet_slot_number(slot));
}

void sp_fleet_store(spectacles_fleet *fleet, sp_fleet_slot *slot, const sp_lease_step *step, uint64_t now)
{
    char name[NAME_SIZE];
    spectacles_message message;
    int length = queue_name(fleet, slot, name);
    spectacles_message_init(&message, sizeof message);
    message.flags = step->flags;
    message.exchange = "";
    message.key = name;
    message.key_length = (size_t)length;
    message.body = step->body.bytes;
    message.body_length = step->body.length;
    int error = publish(fleet, &message, slot, step->write);
    if (error != SPECTACLES_OK && step->write > 0)
        sp_lease_answered(&slot->lease, step->write, SP_LEASE_RETURNED, now); /* it tries again */
}

void sp_fleet_answered(spectacles_fleet *fleet, uint64_t tag, enum sp_lease_answer answer, uint64_t now)
{
    sp_fleet_tag *waits = tag < fleet->first_tag ? NULL : sp_ring_find(&fleet->tags, tag - fleet->first_tag);
    if (!waits || waits->is_answered)
        return;
    waits->is_answered = true;
    if (waits->slot && waits->write > 0)
        sp_lease_answered(&waits->slot->lease, waits->write, answer, now);
    while ((waits = sp_ring_front(&fleet->tags)) && waits->is_answered) {
        sp_ring_pop(&fleet->tags);
        fleet->first_tag++;
    }
}
