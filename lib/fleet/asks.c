/* The identifies that a member waits for. Called by the member, with what the leader says. */
#include "fleet/asks.h"

#include <stdio.h>
#include <string.h>

void sp_asks_init(sp_asks *asks, const char *member, const char *run)
{
    *asks = (sp_asks){.concurrency = 1};
    snprintf(asks->member, sizeof asks->member, "%s", member);
    snprintf(asks->run, sizeof asks->run, "%s", run);
    sp_list_init(&asks->waiting);
    sp_list_init(&asks->asked);
}

void sp_asks_set_concurrency(sp_asks *asks, uint32_t concurrency)
{
    if (asks->concurrency != concurrency)
        asks->is_looked_through = false;
    asks->concurrency = concurrency;
}

static sp_ask *ask_of(sp_list_node *node)
{
    return sp_list_owner(node, sp_ask, node);
}

void sp_asks_want(sp_asks *asks, sp_ask *ask, uint32_t shard_id, uint32_t shard_count)
{
    if (sp_list_holds(&ask->node))
        return;
    ask->shard_id = shard_id;
    ask->shard_count = shard_count;
    sp_list_add(&asks->waiting, &ask->node);
    asks->is_looked_through = false;
}

void sp_asks_forget(sp_asks *asks, sp_ask *ask)
{
    if (!sp_list_holds(&ask->node))
        return;
    sp_list_remove(&ask->node);
    asks->is_looked_through = false;
}

/* An ask lapses: whatever comes for it later is not taken. The shard is the next one of its bucket again. */
static void close_late(sp_asks *asks, uint64_t now)
{
    sp_list_node *node;
    while ((node = sp_list_front(&asks->asked))) {
        const sp_ask *ask = ask_of(node);
        bool is_late = now > ask->asked_at + SP_ASK_TIME;
        if (!is_late)
            return;
        sp_list_remove(node);
        sp_list_add_front(&asks->waiting, node);
        asks->is_looked_through = false;
    }
}

static bool is_bucket_asked(const sp_asks *asks, uint32_t bucket)
{
    const sp_list_node *head = &asks->asked.head;
    for (sp_list_node *node = head->next; node != head; node = node->next) {
        if (ask_of(node)->shard_id % asks->concurrency == bucket)
            return true;
    }
    return false;
}

/* The first shard whose bucket has no ask. NULL: there is none. */
static sp_ask *find_next(const sp_asks *asks)
{
    const sp_list_node *head = &asks->waiting.head;
    for (sp_list_node *node = head->next; node != head; node = node->next) {
        if (!is_bucket_asked(asks, ask_of(node)->shard_id % asks->concurrency))
            return ask_of(node);
    }
    return NULL;
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
    sp_ask *ask = asks->is_looked_through ? NULL : find_next(asks);
    asks->is_looked_through = !ask;
    if (!ask)
        return false;
    ask->number = ++asks->number;
    ask->asked_at = now;
    sp_list_remove(&ask->node);
    sp_list_add(&asks->asked, &ask->node);
    *out = turn_of(asks, ask);
    return true;
}

/* The ask that a grant is for; NULL: it has lapsed, or the shard does not wait any more. */
static sp_ask *find_asked(const sp_asks *asks, const sp_fleet_turn *turn)
{
    const sp_list_node *head = &asks->asked.head;
    for (sp_list_node *node = head->next; node != head; node = node->next) {
        sp_ask *ask = ask_of(node);
        if (ask->number == turn->ask && ask->shard_id == turn->shard_id &&
            ask->shard_count == turn->shard_count)
            return ask;
    }
    return NULL;
}

bool sp_asks_granted(sp_asks *asks, const sp_fleet_turn *turn, uint64_t now, bool *takes)
{
    *takes = false;
    if (strcmp(turn->member, asks->member) != 0 || strcmp(turn->run, asks->run) != 0)
        return false;
    close_late(asks, now);
    sp_ask *ask = find_asked(asks, turn);
    if (ask)
        sp_asks_forget(asks, ask);
    *takes = ask != NULL;
    return true;
}

uint64_t sp_asks_deadline(const sp_asks *asks)
{
    sp_list_node *first = sp_list_front(&asks->asked);
    return first ? ask_of(first)->asked_at + SP_ASK_TIME + 1 : SPECTACLES_NEVER;
}
