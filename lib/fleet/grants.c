/*
 * Which identify of the fleet is next. Called by the leader, with what members say, and with Discord's limits. All
 * times are of its own clock.
 */
#include "fleet/grants.h"

#include <string.h>

void sp_grants_init(sp_grants *grants, uint32_t reserve)
{
    *grants = (sp_grants){.reserve = reserve,
                          .asks = sp_ring_of(sizeof(sp_grant_ask)),
                          .busy = sp_ring_of(sizeof(sp_grant_bucket)),
                          .recent = sp_ring_of(sizeof(uint64_t))};
}

void sp_grants_free(sp_grants *grants)
{
    sp_ring_free(&grants->asks);
    sp_ring_free(&grants->busy);
    sp_ring_free(&grants->recent);
}

/* ---- The leader ---- */

void sp_grants_stop(sp_grants *grants)
{
    grants->leads = grants->has_limits = false;
    sp_ring_clear(&grants->asks);
    sp_ring_clear(&grants->busy);
    sp_ring_clear(&grants->recent);
}

void sp_grants_lead(sp_grants *grants, uint64_t alone_since)
{
    sp_grants_stop(grants);
    grants->leads = true;
    grants->quiet_until = alone_since + SP_GRANT_LIFE + SP_GRANT_SPACE;
    grants->retry_at = grants->quiet_until;
}

/* ---- The budget of the day ---- */

static bool knows_limits(const sp_grants *grants, uint64_t now)
{
    return grants->has_limits && now < grants->fresh_until;
}

bool sp_grants_want_limits(sp_grants *grants, uint64_t now)
{
    bool is_needed = grants->asks.count > 0 || grants->is_counted;
    if (!grants->leads || now < grants->retry_at || !is_needed || knows_limits(grants, now))
        return false;
    grants->retry_at = now + SP_LIMITS_RETRY;
    return true;
}

uint64_t sp_grants_left(const sp_grants *grants, uint64_t now)
{
    return grants->leads && knows_limits(grants, now) ? grants->left : 0;
}

/* Drops the grants that an answer of this age has counted. */
static void forget_counted(sp_grants *grants, uint64_t asked_at)
{
    while (grants->recent.count > 0 &&
           *(uint64_t *)sp_ring_at(&grants->recent, 0) + SP_GRANT_COUNTED < asked_at)
        sp_ring_pop(&grants->recent);
}

void sp_grants_limits(sp_grants *grants, uint32_t concurrency, uint32_t remaining, uint64_t reset_after,
                      uint64_t asked_at, uint64_t now)
{
    uint64_t fresh = reset_after < SP_LIMITS_FRESH ? reset_after : SP_LIMITS_FRESH;
    if (!grants->leads || asked_at < grants->quiet_until || now >= asked_at + fresh || concurrency == 0)
        return;
    forget_counted(grants, asked_at);
    uint64_t spent = (uint64_t)grants->reserve + grants->recent.count;
    grants->left = remaining > spent ? remaining - spent : 0;
    grants->concurrency = concurrency;
    grants->fresh_until = asked_at + fresh;
    grants->has_limits = true;
}

/* ---- Asks ---- */

static bool is_same_shard(const sp_fleet_turn *one, const sp_fleet_turn *other)
{
    return one->shard_id == other->shard_id && one->shard_count == other->shard_count &&
           strcmp(one->run, other->run) == 0 && strcmp(one->member, other->member) == 0;
}

static sp_grant_ask *find_ask(const sp_grants *grants, const sp_fleet_turn *turn)
{
    for (size_t i = 0; i < grants->asks.count; i++) {
        sp_grant_ask *ask = sp_ring_at(&grants->asks, i);
        if (is_same_shard(&ask->turn, turn))
            return ask;
    }
    return NULL;
}

/* A later ask takes the place of the former one. */
int sp_grants_asked(sp_grants *grants, const sp_fleet_turn *turn, uint64_t now)
{
    if (!grants->leads)
        return SPECTACLES_OK;
    sp_grant_ask *ask = find_ask(grants, turn);
    if (ask && turn->ask <= ask->turn.ask)
        return SPECTACLES_OK; /* a copy */
    if (!ask && grants->asks.count == SP_GRANT_ASKS_MAX)
        return SPECTACLES_E_TOOBIG;
    if (!ask)
        ask = sp_ring_push(&grants->asks);
    if (!ask)
        return SPECTACLES_E_NOMEM;
    *ask = (sp_grant_ask){*turn, now};
    return SPECTACLES_OK;
}

static void drop_late_asks(sp_grants *grants, uint64_t now)
{
    for (size_t i = grants->asks.count; i-- > 0;) {
        const sp_grant_ask *ask = sp_ring_at(&grants->asks, i);
        if (now >= ask->heard_at + SP_GRANT_ASK)
            sp_ring_remove(&grants->asks, i);
    }
}

/* ---- Buckets ---- */

/* The bucket that is free again at a later time than now; NULL: it is free. */
static sp_grant_bucket *find_busy(const sp_grants *grants, uint32_t bucket)
{
    for (size_t i = 0; i < grants->busy.count; i++) {
        sp_grant_bucket *busy = sp_ring_at(&grants->busy, i);
        if (busy->bucket == bucket)
            return busy;
    }
    return NULL;
}

static void drop_free_buckets(sp_grants *grants, uint64_t now)
{
    for (size_t i = grants->busy.count; i-- > 0;) {
        const sp_grant_bucket *busy = sp_ring_at(&grants->busy, i);
        if (now >= busy->free_at)
            sp_ring_remove(&grants->busy, i);
    }
}

/* The member has identified before it said so, or will not identify at all. */
void sp_grants_took(sp_grants *grants, const sp_fleet_turn *turn, uint64_t now)
{
    for (size_t i = 0; i < grants->busy.count; i++) {
        sp_grant_bucket *busy = sp_ring_at(&grants->busy, i);
        if (sp_fleet_turn_equals(&busy->turn, turn) && now + SP_GRANT_SPACE < busy->free_at)
            busy->free_at = now + SP_GRANT_SPACE;
    }
}

/* ---- Grants ---- */

/* Notes a grant. False: memory ran out, and nothing is granted. */
static bool note_grant(sp_grants *grants, const sp_fleet_turn *turn, uint64_t now)
{
    uint64_t *given = sp_ring_push(&grants->recent);
    sp_grant_bucket *busy = given ? sp_ring_push(&grants->busy) : NULL;
    if (given && !busy)
        sp_ring_pop_back(&grants->recent);
    if (!busy)
        return false;
    *given = now;
    *busy =
        (sp_grant_bucket){turn->shard_id % grants->concurrency, now + SP_GRANT_LIFE + SP_GRANT_SPACE, *turn};
    grants->left--;
    return true;
}

bool sp_grants_next(sp_grants *grants, uint64_t now, sp_fleet_turn *out)
{
    drop_late_asks(grants, now);
    drop_free_buckets(grants, now);
    if (!grants->leads || now < grants->quiet_until || !knows_limits(grants, now) || grants->left == 0)
        return false;
    for (size_t i = 0; i < grants->asks.count; i++) {
        const sp_grant_ask *ask = sp_ring_at(&grants->asks, i);
        if (find_busy(grants, ask->turn.shard_id % grants->concurrency))
            continue;
        *out = ask->turn;
        if (!note_grant(grants, out, now))
            return false;
        sp_ring_remove(&grants->asks, i);
        return true;
    }
    return false;
}

/* Asks lapse soon, so there is nothing to do without one. */
uint64_t sp_grants_deadline(const sp_grants *grants)
{
    uint64_t deadline = SPECTACLES_NEVER;
    if (!grants->leads || grants->asks.count == 0)
        return SPECTACLES_NEVER;
    for (size_t i = 0; i < grants->busy.count; i++) {
        const sp_grant_bucket *busy = sp_ring_at(&grants->busy, i);
        deadline = busy->free_at < deadline ? busy->free_at : deadline;
    }
    if (!grants->has_limits && grants->retry_at < deadline)
        deadline = grants->retry_at;
    if (grants->has_limits && grants->fresh_until < deadline)
        deadline = grants->fresh_until;
    return deadline < grants->quiet_until ? grants->quiet_until : deadline;
}
