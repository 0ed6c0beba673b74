/*
 * What a lease wants done now: deliveries settled, the queue consumed or left, a record published. Called by whoever
 * called lease.c.
 */
#include "fleet/lease.h"

#include <spectacles/broker.h>
#include <stdio.h>

/* A publish to a queue that was deleted is confirmed, unless it is mandatory. */
enum {
    FLAGS = SPECTACLES_MESSAGE_MANDATORY
};

/* ---- Which record ---- */

/* When the next record of an owner is due. */
static uint64_t renewal_at(const sp_lease *lease)
{
    if (lease->is_urgent)
        return 0;
    return lease->wrote_at + (lease->is_changed ? SP_LEASE_WRITE : SP_LEASE_RENEW);
}

/* When a record is due; SPECTACLES_NEVER: none is. One record at a time is on its way. */
static uint64_t record_at(const sp_lease *lease)
{
    uint64_t at = SPECTACLES_NEVER;
    if (!lease->is_subscribed || lease->flight.is_open)
        return SPECTACLES_NEVER;
    if (lease->state == SP_LEASE_CLAIMING || (lease->state == SP_LEASE_RELEASING && lease->is_drained))
        at = lease->is_urgent ? 0 : SPECTACLES_NEVER;
    else if (lease->state == SP_LEASE_OWNED || (lease->state == SP_LEASE_DOUBTFUL && lease->serves))
        at = renewal_at(lease);
    return at < lease->retry_at ? lease->retry_at : at;
}

static enum sp_fleet_kind kind_of(const sp_lease *lease)
{
    if (lease->state == SP_LEASE_CLAIMING)
        return SP_FLEET_CLAIM;
    return lease->state == SP_LEASE_RELEASING && lease->is_clean ? SP_FLEET_RELEASED : SP_FLEET_OWNED;
}

/* ---- Publishing ---- */

static bool write_record(sp_lease *lease, sp_fleet_record *record, uint64_t unix_time)
{
    snprintf(record->owner, sizeof record->owner, "%s", lease->member);
    record->time = unix_time;
    return sp_fleet_record_write(record, &lease->place, &lease->body) == SPECTACLES_OK;
}

/* A seed is a claim of no term: it says nothing, so that anybody may write it at any time. It wakes the consumer. */
static bool publish_seed(sp_lease *lease, uint64_t unix_time, sp_lease_step *step)
{
    sp_fleet_record seed = {.kind = SP_FLEET_CLAIM};
    lease->wants_seed = false;
    if (!write_record(lease, &seed, unix_time))
        return false;
    *step = (sp_lease_step){.flags = FLAGS, .body = sp_buffer_slice(&lease->body)};
    return true;
}

static void note_sent(sp_lease *lease)
{
    for (size_t i = 0; i < lease->content.count; i++)
        lease->content.shards[i].sent = lease->content.shards[i].record->seq;
}

static bool publish(sp_lease *lease, uint64_t unix_time, uint64_t now, sp_lease_step *step)
{
    sp_fleet_record record = {
        .kind = kind_of(lease), .version = {lease->epoch, lease->writes + 1}, .content = lease->content};
    snprintf(record.nonce, sizeof record.nonce, "%s", lease->nonce);
    lease->retry_at = now + SP_LEASE_RETRY; /* when memory ran out, or the record has become too large */
    if (!write_record(lease, &record, unix_time))
        return false;
    lease->flight = (sp_lease_flight){true, record.kind, ++lease->writes, now};
    lease->wrote_at = now;
    lease->retry_at = 0;
    lease->is_urgent = lease->is_changed = false;
    note_sent(lease);
    *step = (sp_lease_step){.write = lease->writes, .flags = FLAGS, .body = sp_buffer_slice(&lease->body)};
    return true;
}

/* ---- What is to be done ---- */

/* The next delivery that is to be settled in this way. */
static bool settle(sp_lease *lease, enum sp_lease_action action, sp_lease_step *step)
{
    for (size_t i = 0; i < lease->held.count; i++) {
        const sp_lease_held *held = sp_ring_at(&lease->held, i);
        if (held->settle != action)
            continue;
        *step = (sp_lease_step){.delivery = held->delivery};
        sp_ring_remove(&lease->held, i);
        return true;
    }
    return false;
}

static bool take(bool *wants)
{
    bool wanted = *wants;
    *wants = false;
    return wanted;
}

/*
 * The subscription ends before deliveries go back: or the queue would deliver them here again, and the next consumer
 * would begin without them.
 */
static enum sp_lease_action next_of_queue(sp_lease *lease, sp_lease_step *step)
{
    if (settle(lease, SP_LEASE_ACKNOWLEDGE, step))
        return SP_LEASE_ACKNOWLEDGE;
    if (take(&lease->wants_cancel))
        return SP_LEASE_CANCEL;
    if (settle(lease, SP_LEASE_GIVE_BACK, step))
        return SP_LEASE_GIVE_BACK;
    return take(&lease->wants_consume) ? SP_LEASE_CONSUME : SP_LEASE_NOTHING;
}

enum sp_lease_action sp_lease_next(sp_lease *lease, uint64_t unix_time, uint64_t now, sp_lease_step *step)
{
    sp_lease_serves(lease, now); /* looks at the deadline */
    enum sp_lease_action action = next_of_queue(lease, step);
    if (action != SP_LEASE_NOTHING)
        return action;
    if (lease->wants_seed && lease->is_subscribed)
        return publish_seed(lease, unix_time, step) ? SP_LEASE_PUBLISH : SP_LEASE_NOTHING;
    if (record_at(lease) > now)
        return SP_LEASE_NOTHING;
    return publish(lease, unix_time, now, step) ? SP_LEASE_PUBLISH : SP_LEASE_NOTHING;
}

static uint64_t earlier(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

uint64_t sp_lease_deadline(const sp_lease *lease)
{
    uint64_t at = record_at(lease);
    if (lease->state == SP_LEASE_OWNED)
        at = earlier(at, lease->renewed + SP_LEASE_TIME + 1);
    if (lease->state == SP_LEASE_CLAIMING && !lease->serves)
        at = earlier(at, lease->since + SP_LEASE_RESUME_AFTER);
    if (lease->state == SP_LEASE_RELEASING)
        at = earlier(at, lease->since + SP_LEASE_LEAVE);
    if (lease->state == SP_LEASE_WAITING && lease->is_subscribed)
        at = earlier(at, lease->seed_at);
    return at;
}
