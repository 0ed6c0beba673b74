/*
 * Does what leases want done: queues are consumed and left, deliveries settled, records published. Called by fleet.c.
 */
#include "fleet/internal.h"

#include "fleet/names.h"

#include <string.h>

enum {
    NAME_SIZE = 256
};

static void try_again(spectacles_fleet *fleet, uint64_t now)
{
    fleet->retry_at = now + SP_FLEET_RETRY;
}

static int subscribe(spectacles_fleet *fleet, const sp_fleet_slot *slot)
{
    char name[NAME_SIZE];
    spectacles_header arguments[SP_FLEET_ARGUMENT_COUNT];
    spectacles_subscription subscription;
    int length = slot == &fleet->control ? sp_fleet_control_name(name, sizeof name, fleet->group)
                                         : sp_fleet_lease_name(name, sizeof name, fleet->group,
                                                               slot->set->name, sp_fleet_slot_number(slot));
    sp_fleet_arguments(arguments);
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.queue = name;
    subscription.queue_length = (size_t)length;
    subscription.arguments = arguments;
    subscription.argument_count = SP_FLEET_ARGUMENT_COUNT;
    subscription.prefetch = SP_LEASE_HELD_MAX; /* the own claim comes back behind everything that is held */
    return spectacles_broker_subscribe(fleet->broker, &subscription);
}

static void consume(spectacles_fleet *fleet, sp_fleet_slot *slot, uint64_t now)
{
    slot->subscription = subscribe(fleet, slot);
    slot->must_subscribe = slot->subscription < 0;
    if (slot->must_subscribe)
        try_again(fleet, now);
}

/* Before the deliveries are given back: see doc/fleet-design.md. */
static void cancel(spectacles_fleet *fleet, sp_fleet_slot *slot, uint64_t now)
{
    slot->must_subscribe = false;
    slot->must_cancel =
        slot->subscription >= 0 &&
        spectacles_broker_unsubscribe(fleet->broker, (uint32_t)slot->subscription) == SPECTACLES_E_NOMEM;
    if (slot->must_cancel)
        try_again(fleet, now);
    else
        slot->subscription = -1;
}

/* SPECTACLES_E_NOMEM: the broker gives deliveries back by itself when the connection or the subscription ends. */
static void settle(spectacles_fleet *fleet, enum sp_lease_action action, uint64_t delivery)
{
    if (action == SP_LEASE_ACKNOWLEDGE)
        spectacles_broker_ack(fleet->broker, delivery);
    else
        spectacles_broker_reject(fleet->broker, delivery, 1);
}

static void carry_out(spectacles_fleet *fleet, sp_fleet_slot *slot, enum sp_lease_action action,
                      const sp_lease_step *step, uint64_t now)
{
    if (action == SP_LEASE_CONSUME)
        consume(fleet, slot, now);
    else if (action == SP_LEASE_CANCEL)
        cancel(fleet, slot, now);
    else if (action == SP_LEASE_PUBLISH)
        sp_fleet_store(fleet, slot, step, now);
    else
        settle(fleet, action, step->delivery);
}

void sp_fleet_carry_out(spectacles_fleet *fleet, sp_fleet_slot *slot, uint64_t now)
{
    sp_lease_step step;
    enum sp_lease_action action;
    if (slot->must_cancel)
        cancel(fleet, slot, now);
    if (slot->must_subscribe)
        consume(fleet, slot, now);
    if (slot->must_cancel || slot->must_subscribe)
        return;
    uint64_t unix_time = sp_fleet_unix_time(fleet, now);
    while ((action = sp_lease_next(&slot->lease, unix_time, now, &step)) != SP_LEASE_NOTHING) {
        carry_out(fleet, slot, action, &step, now);
        if (slot->must_cancel || slot->must_subscribe)
            return;
    }
}

void sp_fleet_subscribe_bus(spectacles_fleet *fleet)
{
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    subscription.event = SP_FLEET_KEY;
    subscription.event_length = strlen(SP_FLEET_KEY);
    subscription.exclusive = 1;
    subscription.prefetch = SP_FLEET_PREFETCH * 16;
    fleet->bus = spectacles_broker_subscribe(fleet->broker, &subscription);
}

/* UNSUBSCRIBED follows, and then it is subscribed again. SPECTACLES_E_NOMEM: with the next hello. */
void sp_fleet_renew_bus(spectacles_fleet *fleet)
{
    if (spectacles_broker_unsubscribe(fleet->broker, (uint32_t)fleet->bus) == SPECTACLES_OK)
        fleet->bus_stands = false;
}
