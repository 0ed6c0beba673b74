/*
 * The ownership of one slot: its states, and what each of them allows. Called by whoever wants slots. lease_write.c
 * says which record is due.
 */
#include "fleet/lease.h"

#include "core/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sp_lease_init(sp_lease *lease, const sp_fleet_place *place, const char *member, uint64_t seed)
{
    *lease = (sp_lease){.place = *place, .random = {seed}, .held = sp_ring_of(sizeof(sp_lease_held))};
    snprintf(lease->member, sizeof lease->member, "%s", member);
}

void sp_lease_free(sp_lease *lease)
{
    sp_fleet_content_free(&lease->content);
    sp_ring_free(&lease->held);
    sp_buffer_free(&lease->body);
}

/* ---- States ---- */

static bool may_follow(enum sp_lease_state before, enum sp_lease_state state)
{
    enum {
        AWAY = 1 << SP_LEASE_IDLE | 1 << SP_LEASE_WAITING
    };
    static const unsigned followers[] = {
        [SP_LEASE_IDLE] = 1 << SP_LEASE_WAITING,
        [SP_LEASE_WAITING] = AWAY | 1 << SP_LEASE_CLAIMING,
        [SP_LEASE_CLAIMING] = AWAY | 1 << SP_LEASE_CLAIMING | 1 << SP_LEASE_OWNED | 1 << SP_LEASE_DOUBTFUL,
        [SP_LEASE_OWNED] = AWAY | 1 << SP_LEASE_CLAIMING | 1 << SP_LEASE_RELEASING | 1 << SP_LEASE_DOUBTFUL,
        [SP_LEASE_RELEASING] = AWAY,
        [SP_LEASE_DOUBTFUL] = AWAY | 1 << SP_LEASE_CLAIMING | 1 << SP_LEASE_OWNED,
    };
    return followers[before] >> state & 1;
}

static void set_state(sp_lease *lease, enum sp_lease_state state, uint64_t now)
{
    bool allowed = may_follow(lease->state, state);
    assert(allowed);
    (void)allowed; /* a release build has no assertions */
    lease->state = state;
    lease->since = now;
    lease->doubtful_resumes = 0;
    if (state == SP_LEASE_IDLE || state == SP_LEASE_WAITING || state == SP_LEASE_RELEASING)
        lease->serves = false;
    if (state == SP_LEASE_WAITING)
        lease->seed_at = now + SP_LEASE_SEED;
}

static void give_all_back(sp_lease *lease)
{
    for (size_t i = 0; i < lease->held.count; i++)
        ((sp_lease_held *)sp_ring_at(&lease->held, i))->settle = SP_LEASE_GIVE_BACK;
}

/* Leaves the line of consumers, and goes to its end if the slot is still wanted. */
static void leave(sp_lease *lease, bool stays, uint64_t now)
{
    give_all_back(lease);
    lease->flight.is_open = lease->wants_seed = false;
    lease->wants_cancel = true;
    lease->wants_consume = stays;
    lease->is_subscribed = false;
    set_state(lease, stays ? SP_LEASE_WAITING : SP_LEASE_IDLE, now);
}

/* Begins a term of its own, later than all that is known. The content so far is merged. */
static void claim(sp_lease *lease, uint64_t now)
{
    uint64_t foreign = lease->foreign.epoch;
    set_state(lease, SP_LEASE_CLAIMING, now);
    lease->epoch = (foreign > lease->epoch ? foreign : lease->epoch) + 1;
    lease->active_at = now;
    lease->is_lifted = false;
    lease->flight.is_open = lease->wants_seed = false;
    lease->is_urgent = true;
    snprintf(lease->nonce, sizeof lease->nonce, "%016llx",
             (unsigned long long)sp_random_next(&lease->random));
}

/* Time that has passed since the last call changes the state before anything else does. */
static void look_at_deadline(sp_lease *lease, uint64_t now)
{
    if (lease->state == SP_LEASE_OWNED && now > lease->renewed + SP_LEASE_TIME)
        set_state(lease, SP_LEASE_DOUBTFUL, now);
    if (lease->state == SP_LEASE_CLAIMING && now >= lease->since + SP_LEASE_RESUME_AFTER)
        lease->serves = true;
    if (lease->state == SP_LEASE_RELEASING && now >= lease->since + SP_LEASE_LEAVE)
        leave(lease, lease->stays, now);
    if (lease->state == SP_LEASE_WAITING && lease->is_subscribed && now >= lease->seed_at) {
        lease->wants_seed = true;
        lease->seed_at = now + SP_LEASE_SEED;
    }
}

/* Nobody who owned the slot before may identify any more, and nobody who left still has a record of it. */
static bool is_behind_fence(const sp_lease *lease, uint64_t now)
{
    return lease->is_lifted ||
           now >= lease->active_at + (lease->is_founded ? SP_LEASE_FENCE : SP_LEASE_BLIND_FENCE);
}

/* ---- What the owner wants ---- */

void sp_lease_want(sp_lease *lease, uint64_t now)
{
    look_at_deadline(lease, now);
    if (lease->state == SP_LEASE_RELEASING)
        lease->stays = true;
    if (lease->state != SP_LEASE_IDLE)
        return;
    lease->wants_consume = true;
    set_state(lease, SP_LEASE_WAITING, now);
}

void sp_lease_release(sp_lease *lease, bool stays, uint64_t now)
{
    look_at_deadline(lease, now);
    if (lease->state == SP_LEASE_RELEASING)
        lease->stays = stays;
    if (lease->state == SP_LEASE_IDLE || lease->state == SP_LEASE_RELEASING ||
        (lease->state == SP_LEASE_WAITING && stays))
        return;
    if (lease->state != SP_LEASE_OWNED) {
        leave(lease, stays, now);
        return;
    }
    lease->stays = stays;
    lease->is_drained = false;
    lease->is_clean = is_behind_fence(lease, now);
    set_state(lease, SP_LEASE_RELEASING, now);
}

void sp_lease_drained(sp_lease *lease, uint64_t now)
{
    look_at_deadline(lease, now);
    if (lease->state != SP_LEASE_RELEASING || lease->is_drained)
        return;
    lease->is_drained = lease->is_urgent = true;
    lease->flight.is_open = false;
}

/* Since when the shard is so: in each term anew, so that no record of a former owner can contradict. */
static sp_fleet_version version_of(const sp_lease *lease, const sp_fleet_shard *known,
                                   const sp_record *record)
{
    sp_fleet_version next = {lease->epoch, lease->writes + 1};
    if (!known || known->since.epoch < lease->epoch)
        return next;
    sp_record compared = *record;
    compared.seq = known->record->seq;
    return sp_record_equals(known->record, &compared) ? known->since : next;
}

int sp_lease_report(sp_lease *lease, sp_record *record, uint64_t now)
{
    look_at_deadline(lease, now);
    const sp_fleet_shard *known = sp_fleet_content_find(&lease->content, record->shard_id);
    sp_fleet_version since = version_of(lease, known, record);
    bool is_new = !known || sp_fleet_version_compare(known->since, since) != 0;
    int error = sp_fleet_content_merge_shard(&lease->content, record, since);
    if (error != SPECTACLES_OK)
        return error;
    lease->is_changed = true;
    lease->is_urgent |= is_new;
    return SPECTACLES_OK;
}

void sp_lease_report_control(sp_lease *lease, char *control, uint64_t now)
{
    look_at_deadline(lease, now);
    free(lease->content.control);
    lease->content.control = control;
    lease->content.control_since = (sp_fleet_version){lease->epoch, lease->writes + 1};
    lease->is_urgent = true;
}

/* Two owners with one epoch: nothing is known of what they were allowed to do. */
static void contest(sp_lease *lease)
{
    lease->foreign_nonce[0] = '\0';
    lease->foreign_released = false;
}

static void note_foreign(sp_lease *lease, const sp_fleet_record *record)
{
    if (record->version.epoch < lease->foreign.epoch)
        return;
    if (record->version.epoch == lease->foreign.epoch && strcmp(record->nonce, lease->foreign_nonce) != 0)
        contest(lease);
    else if (sp_fleet_version_compare(record->version, lease->foreign) >= 0) {
        lease->foreign = record->version;
        lease->foreign_released = record->kind == SP_FLEET_RELEASED;
        snprintf(lease->foreign_nonce, sizeof lease->foreign_nonce, "%s", record->nonce);
    }
}

static bool is_serving_state(const sp_lease *lease)
{
    return lease->state == SP_LEASE_CLAIMING || lease->state == SP_LEASE_OWNED ||
           lease->state == SP_LEASE_DOUBTFUL;
}

void sp_lease_heard(sp_lease *lease, uint64_t epoch, uint64_t now)
{
    look_at_deadline(lease, now);
    if (epoch <= lease->epoch || epoch <= lease->foreign.epoch)
        return;
    lease->foreign = (sp_fleet_version){epoch, 0};
    contest(lease);
    if (is_serving_state(lease))
        leave(lease, true, now);
}

/* ---- What the broker tells ---- */

void sp_lease_subscribed(sp_lease *lease, bool is_empty, uint64_t now)
{
    look_at_deadline(lease, now);
    lease->is_subscribed = true;
    if (lease->state == SP_LEASE_WAITING) {
        lease->wants_seed = is_empty;
        lease->seed_at = now + SP_LEASE_SEED;
    }
    if (lease->state == SP_LEASE_DOUBTFUL || lease->state == SP_LEASE_RELEASING)
        lease->is_urgent = true;
}

/* The flight of a last record goes on: the broker publishes it again, and confirms it. */
void sp_lease_lost(sp_lease *lease, uint64_t now)
{
    look_at_deadline(lease, now);
    sp_ring_clear(&lease->held);
    lease->is_subscribed = lease->wants_seed = false;
    if (lease->state == SP_LEASE_RELEASING)
        return;
    lease->flight.is_open = false;
    if (lease->state == SP_LEASE_CLAIMING)
        set_state(lease, lease->serves ? SP_LEASE_DOUBTFUL : SP_LEASE_WAITING, now);
    else if (lease->state == SP_LEASE_OWNED)
        set_state(lease, SP_LEASE_DOUBTFUL, now);
}

static int hold(sp_lease *lease, uint64_t delivery, enum sp_lease_action settle)
{
    sp_lease_held *held = sp_ring_push(&lease->held);
    if (!held)
        return SPECTACLES_E_NOMEM;
    *held = (sp_lease_held){delivery, lease->writes + 1, settle};
    return SPECTACLES_OK;
}

/* What a record of ours contains is safe once that record has come back. */
static void acknowledge_contained(sp_lease *lease, uint64_t delivery)
{
    for (size_t i = 0; i < lease->held.count; i++) {
        sp_lease_held *held = sp_ring_at(&lease->held, i);
        if (held->delivery != delivery && held->contained_in <= lease->flight.write)
            held->settle = SP_LEASE_ACKNOWLEDGE;
    }
}

static void note_stored(sp_lease *lease)
{
    lease->returned = (sp_fleet_version){lease->epoch, lease->flight.write};
    for (size_t i = 0; i < lease->content.count; i++)
        lease->content.shards[i].stored = lease->content.shards[i].sent;
}

/*
 * The claim came back: the slot is ours. Where the state before was DOUBTFUL, somebody else may have owned the slot in
 * between, and its record may still be on its way: the fence begins anew.
 */
static void own(sp_lease *lease, uint64_t now)
{
    bool is_first = lease->flight.kind == SP_FLEET_CLAIM;
    if (is_first)
        lease->is_lifted = lease->foreign_released;
    else {
        lease->active_at = now;
        lease->is_lifted = false;
    }
    set_state(lease, SP_LEASE_OWNED, now);
    lease->serves = true;
    lease->is_urgent |= is_first;
}

/* The last record of an owner who leaves is in the queue: its confirm says so, or its delivery if that comes first. */
static void leave_when_stored(sp_lease *lease, uint64_t now)
{
    if (lease->state == SP_LEASE_RELEASING && lease->is_drained)
        leave(lease, lease->stays, now);
}

/* Our record came back. Its time counts from when it was sent. */
static void on_back(sp_lease *lease, uint64_t delivery, uint64_t now)
{
    lease->flight.is_open = false;
    lease->renewed = lease->flight.sent_at;
    if (lease->flight.kind == SP_FLEET_CLAIM)
        lease->returned = (sp_fleet_version){lease->epoch, 0};
    else {
        acknowledge_contained(lease, delivery);
        note_stored(lease);
    }
    leave_when_stored(lease, now);
    if (lease->state == SP_LEASE_CLAIMING ||
        (lease->state == SP_LEASE_DOUBTFUL && now <= lease->renewed + SP_LEASE_TIME))
        own(lease, now);
    look_at_deadline(lease, now);
}

/* Somebody else has owned the slot meanwhile. A record was delivered, so it is our turn again. */
static void claim_again(sp_lease *lease, uint64_t now)
{
    lease->serves = false;
    claim(lease, now);
}

static bool is_ours(const sp_lease *lease, const sp_fleet_record *record)
{
    return lease->epoch > 0 && record->version.epoch == lease->epoch &&
           strcmp(record->nonce, lease->nonce) == 0;
}

static void on_record(sp_lease *lease, uint64_t delivery, const sp_fleet_record *record, uint64_t now)
{
    bool ours = is_ours(lease, record);
    bool is_found = !ours || lease->state == SP_LEASE_WAITING; /* not written in this term */
    if (!ours)
        note_foreign(lease, record);
    lease->is_founded |= is_found && record->kind != SP_FLEET_CLAIM;
    if (lease->state == SP_LEASE_WAITING)
        claim(lease, now);
    else if (!ours && record->version.epoch >= lease->epoch && is_serving_state(lease))
        claim_again(lease, now);
    else if (ours && lease->flight.is_open && record->version.write == lease->flight.write)
        on_back(lease, delivery, now);
    else if (ours && lease->state == SP_LEASE_DOUBTFUL)
        lease->is_urgent = true;
}

/* Whoever cannot read a record does not overwrite it. */
static int step_back(sp_lease *lease, uint64_t delivery, int error, uint64_t now)
{
    if (error == SPECTACLES_E_NOMEM || hold(lease, delivery, SP_LEASE_GIVE_BACK) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    leave(lease, false, now);
    return error;
}

int sp_lease_delivered(sp_lease *lease, uint64_t delivery, sp_slice body, uint64_t now,
                       spectacles_problem *problem)
{
    sp_fleet_record record;
    look_at_deadline(lease, now);
    if (lease->state == SP_LEASE_IDLE)
        return hold(lease, delivery, SP_LEASE_GIVE_BACK);
    int error = sp_fleet_record_read(body, &lease->place, &record, problem);
    if (error != SPECTACLES_OK)
        return step_back(lease, delivery, error, now);
    error = sp_fleet_content_merge(&lease->content, &record.content);
    sp_fleet_record_free(&record);
    if (error != SPECTACLES_OK || hold(lease, delivery, SP_LEASE_NOTHING) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    on_record(lease, delivery, &record, now);
    return SPECTACLES_OK;
}

void sp_lease_answered(sp_lease *lease, uint64_t write, enum sp_lease_answer answer, uint64_t now)
{
    look_at_deadline(lease, now);
    if (!lease->flight.is_open || lease->flight.write != write)
        return;
    if (answer == SP_LEASE_RETURNED) {
        lease->flight.is_open = false;
        lease->is_urgent = true;
        lease->retry_at = now + SP_LEASE_RETRY;
    } else if (lease->state == SP_LEASE_RELEASING) {
        leave_when_stored(lease, now);
    }
    /* Else a confirm says nothing: everybody's publish is confirmed. */
}

/* ---- What is allowed ---- */

bool sp_lease_serves(sp_lease *lease, uint64_t now)
{
    look_at_deadline(lease, now);
    return lease->serves;
}

bool sp_lease_is_stored(const sp_lease *lease, uint32_t shard_id, uint64_t *seq)
{
    const sp_fleet_shard *shard = sp_fleet_content_find(&lease->content, shard_id);
    if (!shard || !shard->record->session_id || sp_fleet_version_compare(shard->since, lease->returned) > 0)
        return false;
    *seq = shard->stored;
    return true;
}

enum sp_lease_verdict sp_lease_verdict(sp_lease *lease, uint32_t shard_id, uint64_t now)
{
    uint64_t seq;
    look_at_deadline(lease, now);
    if (!lease->serves)
        return SP_LEASE_LEAVE_SESSION;
    if (lease->state == SP_LEASE_DOUBTFUL && !sp_lease_is_stored(lease, shard_id, &seq))
        return SP_LEASE_END_SESSION;
    return SP_LEASE_KEEP;
}

bool sp_lease_may_identify(sp_lease *lease, uint64_t now)
{
    look_at_deadline(lease, now);
    return lease->state == SP_LEASE_OWNED && is_behind_fence(lease, now);
}

/* Also behind the longer fence: that one is for what is not known of the shards. */
uint64_t sp_lease_alone_since(const sp_lease *lease)
{
    return lease->active_at + (lease->is_lifted ? 0 : SP_LEASE_FENCE);
}

bool sp_lease_may_resume(sp_lease *lease, uint64_t now)
{
    look_at_deadline(lease, now);
    if (lease->state != SP_LEASE_DOUBTFUL)
        return lease->serves;
    if (!lease->serves || now < lease->since + SP_LEASE_DOUBTFUL_RESUME ||
        lease->doubtful_resumes == SP_LEASE_DOUBTFUL_RESUMES)
        return false;
    lease->doubtful_resumes++;
    return true;
}
