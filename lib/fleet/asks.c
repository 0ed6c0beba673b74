/* The identifies that a member waits for. Called by the member, with what the leader says. */
#include "fleet/asks.h"

#include <stdio.h>
#include <string.h>

void sp_asks_init(sp_asks *asks, const char *member, const char *run)
{
    *asks = (sp_asks){.concurrency = 1, .shards = sp_ring_of(sizeof(sp_ask))};
    snprintf(asks->member, sizeof asks->member, "%s", member);
    snprintf(asks->run, sizeof asks->run, "%s", run);
}

void sp_asks_free(sp_asks *asks)
{
    sp_ring_free(&asks->shards);
}

static sp_ask *ask_at(const sp_asks *asks, size_t index)
{
    return sp_ring_at(&asks->shards, index);
}

/* Where a shard waits; the count: it does not wait. */
static size_t place_of(const sp_asks *asks, uint32_t shard_id, uint32_t shard_count)
{
    for (size_t place = 0; place < asks->shards.count; place++) {
        const sp_ask *ask = ask_at(asks, place);
        if (ask->shard_id == shard_id && ask->shard_count == shard_count)
            return place;
    }
    return asks->shards.count;
}

int sp_asks_want(sp_asks *asks, uint32_t shard_id, uint32_t shard_count)
{
    if (place_of(asks, shard_id, shard_count) < asks->shards.count)
        return SPECTACLES_OK;
    sp_ask *ask = sp_ring_push(&asks->shards);
    if (!ask)
        return SPECTACLES_E_NOMEM;
    ask->shard_id = shard_id;
    ask->shard_count = shard_count;
    return SPECTACLES_OK;
}

void sp_asks_forget(sp_asks *asks, uint32_t shard_id, uint32_t shard_count)
{
    size_t place = place_of(asks, shard_id, shard_count);
    if (place < asks->shards.count)
        sp_ring_remove(&asks->shards, place);
}

/* An ask lapses: whatever comes for it later is not taken. */
static void close_late(sp_asks *asks, uint64_t now)
{
    for (size_t i = 0; i < asks->shards.count; i++) {
        sp_ask *ask = ask_at(asks, i);
        if (ask->is_open && now > ask->asked_at + SP_ASK_TIME)
            ask->is_open = false;
    }
}

static bool is_bucket_asked(const sp_asks *asks, uint32_t bucket)
{
    for (size_t i = 0; i < asks->shards.count; i++) {
        if (ask_at(asks, i)->is_open && ask_at(asks, i)->shard_id % asks->concurrency == bucket)
            return true;
    }
    return false;
}

static sp_fleet_turn turn_of(const sp_asks *asks, const sp_ask *ask)
{
    sp_fleet_turn turn = {.ask = ask->number, .shard_id = ask->shard_id, .shard_count = ask->shard_count};
    snprintf(turn.member, sizeof turn.member, "%s", asks->member);
    snprintf(turn.run, sizeof turn.run, "%s", asks->run);
    return turn;
}

bool sp_asks_next(sp_asks *asks, uint64_t now, sp_fleet_turn *out)
{
    close_late(asks, now);
    for (size_t i = 0; i < asks->shards.count; i++) {
        sp_ask *ask = ask_at(asks, i);
        if (ask->is_open || is_bucket_asked(asks, ask->shard_id % asks->concurrency))
            continue;
        ask->is_open = true;
        ask->number = ++asks->number;
        ask->asked_at = now;
        *out = turn_of(asks, ask);
        return true;
    }
    return false;
}

bool sp_asks_granted(sp_asks *asks, const sp_fleet_turn *turn, uint64_t now, bool *takes)
{
    *takes = false;
    if (strcmp(turn->member, asks->member) != 0 || strcmp(turn->run, asks->run) != 0)
        return false;
    close_late(asks, now);
    size_t place = place_of(asks, turn->shard_id, turn->shard_count);
    const sp_ask *ask = sp_ring_find(&asks->shards, place);
    *takes = ask && ask->is_open && ask->number == turn->ask;
    if (*takes)
        sp_ring_remove(&asks->shards, place);
    return true;
}

uint64_t sp_asks_deadline(const sp_asks *asks)
{
    uint64_t deadline = SPECTACLES_NEVER;
    for (size_t i = 0; i < asks->shards.count; i++) {
        const sp_ask *ask = ask_at(asks, i);
        if (ask->is_open && ask->asked_at + SP_ASK_TIME + 1 < deadline)
            deadline = ask->asked_at + SP_ASK_TIME + 1;
    }
    return deadline;
}
