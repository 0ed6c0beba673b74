/* What the broker tells, and whom it is for: a lease, or everybody. Called by fleet.c. */
#include "fleet/internal.h"

#include "core/stream.h"

/* The slot with this subscription; NULL: none has it any more. */
static sp_fleet_slot *find_slot(spectacles_fleet *fleet, uint32_t subscription)
{
    if (fleet->control.subscription == (int)subscription)
        return &fleet->control;
    for (size_t i = 0; i < fleet->set_count; i++) {
        sp_fleet_set *set = fleet->sets[i];
        for (uint32_t slot = 0; slot < set->slot_count; slot++) {
            if (set->slots[slot].subscription == (int)subscription)
                return set->slots + slot;
        }
    }
    return NULL;
}

/* ---- The connection ---- */

/* The next connection is to another node, or RabbitMQ has what was missing there. */
static void lose_slot(sp_fleet_slot *slot, uint64_t now)
{
    slot->is_starved = false;
    sp_lease_lost(&slot->lease, now);
}

static void on_disconnected(spectacles_fleet *fleet, const spectacles_broker_event *event, uint64_t now)
{
    fleet->is_ready = fleet->bus_stands = false;
    sp_lease_lost(&fleet->control.lease, now);
    for (size_t i = 0; i < fleet->set_count; i++) {
        for (uint32_t slot = 0; slot < fleet->sets[i]->slot_count; slot++)
            lose_slot(fleet->sets[i]->slots + slot, now);
    }
    sp_fleet_tell(fleet,
                  &(sp_fleet_notice){.type = SPECTACLES_FLEET_EVENT_BROKER_DISCONNECTED,
                                     .error = event->error,
                                     .until = event->until},
                  event->text);
}

static void on_ready(spectacles_fleet *fleet, const spectacles_broker_event *event)
{
    fleet->is_ready = true;
    sp_fleet_tell(fleet, &(sp_fleet_notice){.type = SPECTACLES_FLEET_EVENT_BROKER_READY}, event->text);
}

/* ---- Subscriptions ---- */

static void on_subscribed(spectacles_fleet *fleet, const spectacles_broker_event *event, uint64_t now)
{
    sp_fleet_slot *slot = find_slot(fleet, event->subscription);
    if (fleet->bus == (int)event->subscription) {
        fleet->bus_stands = true;
        fleet->is_bus_refused = false;
        fleet->hello_at = now;
        fleet->hear_by = now + SP_MEMBER_GONE;
    } else if (slot) {
        slot->is_refused = false;
        sp_lease_subscribed(&slot->lease, event->message_count == 0 && event->consumer_count == 0, now);
    }
}

/* Told once: RabbitMQ is asked again each second. */
static void tell_refused(spectacles_fleet *fleet, const spectacles_broker_event *event, bool *is_told)
{
    bool is_refused = event->error == SPECTACLES_E_INVAL || event->error == SPECTACLES_E_AUTH;
    if (is_refused && !*is_told)
        sp_fleet_tell_problem(fleet, event->error, "RabbitMQ refuses a queue of the fleet: %s", event->text);
    *is_told |= is_refused;
}

/* SPECTACLES_NEVER: we asked for it, and the lease knows. The own queue is given up for another one. */
static void on_unsubscribed(spectacles_fleet *fleet, const spectacles_broker_event *event, uint64_t now)
{
    sp_fleet_slot *slot = find_slot(fleet, event->subscription);
    bool is_bus = fleet->bus == (int)event->subscription;
    if (event->until == SPECTACLES_NEVER && is_bus) {
        fleet->bus = -1;
        fleet->retry_at = now;
    }
    if (event->until == SPECTACLES_NEVER)
        return;
    if (is_bus) {
        fleet->bus_stands = false;
        tell_refused(fleet, event, &fleet->is_bus_refused);
    } else if (slot) {
        sp_lease_lost(&slot->lease, now);
        tell_refused(fleet, event, &slot->is_refused);
    }
}

/* ---- Deliveries ---- */

static void on_record(spectacles_fleet *fleet, sp_fleet_slot *slot, const spectacles_broker_event *event,
                      uint64_t now)
{
    spectacles_problem problem = {0};
    sp_slice body = {event->body, event->body_length};
    int error = sp_lease_delivered(&slot->lease, event->delivery, body, now, &problem);
    sp_fleet_mark(slot);
    if (error == SPECTACLES_E_NOMEM)
        spectacles_broker_reject(fleet->broker, event->delivery, 1);
    else if (error != SPECTACLES_OK) {
        slot->unreadable_until = now + SP_FLEET_UNREADABLE;
        sp_fleet_tell_problem(fleet, error, "a record of the fleet is not touched: %s", problem.text);
    }
}

static void on_message(spectacles_fleet *fleet, const spectacles_broker_event *event, uint64_t now)
{
    sp_fleet_slot *slot = find_slot(fleet, event->subscription);
    if (fleet->bus == (int)event->subscription) {
        spectacles_broker_ack(fleet->broker, event->delivery);
        sp_fleet_hear(fleet, (sp_slice){event->body, event->body_length}, now);
    } else if (slot) {
        on_record(fleet, slot, event, now);
    } else {
        spectacles_broker_reject(fleet->broker, event->delivery, 1);
    }
}

/* ---- All of it ---- */

static void on_event(spectacles_fleet *fleet, const spectacles_broker_event *event, uint64_t now)
{
    switch (event->type) {
    case SPECTACLES_BROKER_EVENT_READY:
        on_ready(fleet, event);
        return;
    case SPECTACLES_BROKER_EVENT_DISCONNECTED:
    case SPECTACLES_BROKER_EVENT_CLOSED:
        on_disconnected(fleet, event, now);
        return;
    case SPECTACLES_BROKER_EVENT_SUBSCRIBED:
        on_subscribed(fleet, event, now);
        return;
    case SPECTACLES_BROKER_EVENT_UNSUBSCRIBED:
        on_unsubscribed(fleet, event, now);
        return;
    case SPECTACLES_BROKER_EVENT_MESSAGE:
        on_message(fleet, event, now);
        return;
    case SPECTACLES_BROKER_EVENT_CONFIRMED:
        sp_fleet_answered(fleet, event->tag, SP_LEASE_CONFIRMED, now);
        return;
    case SPECTACLES_BROKER_EVENT_RETURNED:
    case SPECTACLES_BROKER_EVENT_FAILED:
        sp_fleet_answered(fleet, event->tag, SP_LEASE_RETURNED, now);
        return;
    default:
        return; /* what is blocked, refused or asked for shows in the leases */
    }
}

void sp_fleet_pull(spectacles_fleet *fleet, uint64_t now)
{
    const spectacles_broker_event *event;
    while ((event = sp_stream_next_event(fleet->stream, now)))
        on_event(fleet, event, now);
}
