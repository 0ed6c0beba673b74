/*
 * Identifies of a whole fleet in made-up lives: four members with clocks of their own, of whom one is the leader. What
 * they say to each other is late, comes in another order for each of them, and comes twice. The leader changes, freezes
 * and wakes; the answers of GET /gateway/bot are slow. Discord never sees two identifies of a bucket within five
 * seconds, and never more than the day allows, less the reserve. When all is well, everybody gets its turn.
 *
 * Built with BROKEN, the name of a rule that was broken in the library (mutants.py), the lives have to find it out;
 * FIRST is the life to begin with.
 */
#include "fleet/asks.h"
#include "fleet/grants.h"
#include "unit.h"

#include "core/random.h"

#include <stdio.h>

#ifndef BROKEN
#define BROKEN ""
#define FIRST 1
#endif

enum {
    LIVES = 300,
    TICK = 25,
    TROUBLE = 60000,
    CALM = 60000,
    MEMBERS = 4,
    SHARDS = 16,
    LINE = 512,
    RESERVE = 3,
    LOST_MAX = 8 /* a count of identifies that others have made */
};

typedef struct letter {
    enum sp_fleet_message kind;
    sp_fleet_turn turn;
    uint64_t at;
    int to;
} letter;

typedef struct member {
    sp_grants grants;
    sp_asks asks;
    sp_ask shards[SHARDS];
    uint32_t rate; /* of its clock, in thousandths */
    uint64_t frozen_until;
    bool leads; /* as it believes */
    /* its request for limits */
    uint64_t sent_at;     /* SPECTACLES_NEVER: none is on its way */
    uint64_t read_at;     /* when Discord answers */
    uint64_t answered_at; /* when the answer arrives */
    uint32_t remaining;
} member;

static struct {
    member members[MEMBERS];
    letter letters[LINE];
    int count;
    uint64_t now;
    int leader; /* -1: nobody */
    uint64_t leads_at;
    uint32_t concurrency;
    uint64_t identified_at[SHARDS]; /* of each bucket; 0: never */
    uint32_t remaining;
    uint32_t calm;        /* of so many messages one is late */
    uint32_t reset_after; /* answers are believed so long */
    uint32_t identifies;
    sp_random chance;
    const char *failure;
} world;

static void fail_life(const char *why)
{
    if (!world.failure)
        world.failure = why;
}

static uint32_t below(uint32_t limit)
{
    return (uint32_t)sp_random_upto(&world.chance, limit - 1);
}

static uint64_t clock_of(const member *each)
{
    return 1000 + world.now * each->rate / 1000;
}

static bool acts(const member *each)
{
    return world.now >= each->frozen_until;
}

/* ---- What they say ---- */

static void send_to(int to, enum sp_fleet_message kind, const sp_fleet_turn *turn)
{
    uint32_t delay = below(world.calm) ? 1 + below(60) : below(4) ? below(4000) : below(25000);
    if (world.count < LINE)
        world.letters[world.count++] = (letter){kind, *turn, world.now + delay, to};
}

static void say(enum sp_fleet_message kind, const sp_fleet_turn *turn)
{
    for (int to = 0; to < MEMBERS; to++) {
        send_to(to, kind, turn);
        if (below(10) == 0)
            send_to(to, kind, turn);
    }
}

/* ---- Discord ---- */

static void identify(uint32_t shard_id)
{
    uint64_t *last = world.identified_at + shard_id % world.concurrency;
    if (*last > 0 && world.now < *last + 5000)
        fail_life("two identifies of a bucket within five seconds");
    if (world.remaining <= RESERVE)
        fail_life("the reserve was used up");
    *last = world.now;
    world.remaining--;
    world.identifies++;
}

/* ---- Members ---- */

static void hear(member *each, const letter *read)
{
    bool takes = false;
    uint64_t now = clock_of(each);
    if (read->kind == SP_FLEET_MESSAGE_ASK)
        sp_grants_asked(&each->grants, &read->turn, now);
    if (read->kind == SP_FLEET_MESSAGE_TOOK)
        sp_grants_took(&each->grants, &read->turn, now);
    if (read->kind != SP_FLEET_MESSAGE_GRANT || !sp_asks_granted(&each->asks, &read->turn, now, &takes))
        return;
    if (takes)
        identify(read->turn.shard_id);
    if (below(8) > 0) /* or it dies before it can say so */
        say(SP_FLEET_MESSAGE_TOOK, &read->turn);
}

static void read_letters(member *each)
{
    for (int i = 0; i < world.count;) {
        letter read = world.letters[i];
        if (read.to != (int)(each - world.members) || world.now < read.at) {
            i++;
            continue;
        }
        world.letters[i] = world.letters[--world.count];
        hear(each, &read);
    }
}

static void ask_for_limits(member *each)
{
    if (each->sent_at == SPECTACLES_NEVER && sp_grants_want_limits(&each->grants, clock_of(each))) {
        each->sent_at = clock_of(each);
        each->read_at = world.now + below(below(4) ? 300 : 9000);
        each->answered_at = each->read_at + below(below(4) ? 300 : 9000);
        each->remaining = UINT32_MAX;
    }
    if (each->sent_at == SPECTACLES_NEVER || world.now < each->answered_at)
        return;
    sp_grants_limits(&each->grants, world.concurrency, each->remaining, world.reset_after, each->sent_at,
                     clock_of(each));
    each->sent_at = SPECTACLES_NEVER;
}

/* Who is no leader any more sees it first of all. */
static void look_at_lease(member *each)
{
    bool leads = world.leader == (int)(each - world.members) && world.now >= world.leads_at;
    if (leads && !each->leads)
        sp_grants_lead(&each->grants, clock_of(each));
    if (!leads && each->leads)
        sp_grants_stop(&each->grants);
    each->leads = leads;
}

static void turn(member *each)
{
    sp_fleet_turn turn;
    look_at_lease(each);
    read_letters(each);
    ask_for_limits(each);
    while (sp_grants_next(&each->grants, clock_of(each), &turn))
        say(SP_FLEET_MESSAGE_GRANT, &turn);
    while (sp_asks_next(&each->asks, clock_of(each), &turn))
        say(SP_FLEET_MESSAGE_ASK, &turn);
}

/* ---- Trouble ---- */

/* The fence of the control queue is what test_lives.c shows: who led before has stopped by then, or is frozen. */
static void change_leader(void)
{
    world.leader = (int)below(MEMBERS);
    world.leads_at = world.now + TICK + below(2000);
    for (int i = 0; i < MEMBERS; i++)
        world.members[i].leads = world.members[i].leads && !acts(world.members + i);
    for (int i = 0; i < MEMBERS; i++) {
        if (acts(world.members + i))
            sp_grants_stop(&world.members[i].grants);
    }
}

static void want(member *each, uint32_t shard_id)
{
    sp_asks_want(&each->asks, each->shards + shard_id, shard_id, 8);
}

static void trouble(void)
{
    member *each = world.members + below(MEMBERS);
    switch (below(4)) {
    case 0:
        change_leader();
        break;
    case 1:
        each->frozen_until = world.now + below(12000);
        break;
    case 2: /* another program of the bot */
        if (world.remaining > RESERVE + SHARDS && below(4) == 0)
            world.remaining -= 1;
        break;
    default:
        want(each, below(SHARDS));
    }
}

static void tick(void)
{
    world.now += TICK;
    for (int i = 0; i < MEMBERS; i++) {
        member *each = world.members + i;
        if (each->sent_at != SPECTACLES_NEVER && each->remaining == UINT32_MAX && world.now >= each->read_at)
            each->remaining = world.remaining;
        if (acts(each))
            turn(each);
    }
}

/* ---- A life ---- */

static void begin(uint64_t seed)
{
    memset(&world, 0, sizeof world);
    world.chance = (sp_random){seed};
    world.leader = 0;
    world.concurrency = 1u << below(3);
    world.calm = below(2) ? 10 : 2;
    world.reset_after = below(2) ? 86400000 : 15000 + below(2000);
    world.remaining = below(2) ? 1000 : RESERVE + below(12);
    for (int i = 0; i < MEMBERS; i++) {
        member *each = world.members + i;
        char name[16];
        snprintf(name, sizeof name, "web-%d", i);
        sp_grants_init(&each->grants, RESERVE);
        sp_asks_init(&each->asks, name, "r");
        sp_asks_set_concurrency(&each->asks, world.concurrency);
        each->rate = 956 + below(89);
        each->sent_at = SPECTACLES_NEVER;
        for (uint32_t shard_id = (uint32_t)i; shard_id < SHARDS; shard_id += MEMBERS * (1 + below(2)))
            want(each, shard_id);
    }
}

static void end(void)
{
    for (int i = 0; i < MEMBERS; i++)
        sp_grants_free(&world.members[i].grants);
}

static size_t waiting(void)
{
    size_t count = 0;
    for (int i = 0; i < MEMBERS * SHARDS; i++)
        count += sp_list_holds(&world.members[i / SHARDS].shards[i % SHARDS].node);
    return count;
}

static const char *live(uint64_t seed)
{
    begin(seed);
    uint32_t pause = 20u << below(6);
    while (world.now < TROUBLE && !world.failure) {
        if (below(pause) == 0)
            trouble();
        tick();
    }
    uint32_t before = world.identifies;
    size_t wanted = waiting();
    for (int i = 0; i < MEMBERS; i++)
        world.members[i].frozen_until = 0;
    world.calm = 10;
    world.reset_after = 86400000;
    while (world.now < TROUBLE + CALM && !world.failure)
        tick();
    if (wanted > 0 && world.remaining > RESERVE + LOST_MAX && world.identifies == before)
        fail_life("nobody gets its turn, although all is well");
    end();
    return world.failure;
}

static void nothing_goes_wrong(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= LIVES; seed++) {
        if (live(seed))
            fail_msg("life %llu, after %llu ms: %s", (unsigned long long)seed, (unsigned long long)world.now,
                     world.failure);
    }
}

static void a_broken_rule_is_found_out(void **state)
{
    uint64_t seed = FIRST;
    (void)state;
    while (seed < FIRST + LIVES && !live(seed))
        seed++;
    if (!world.failure)
        fail_msg("%s: nobody noticed in %d lives", BROKEN, LIVES);
    print_message("# %s, in life %llu: %s\n", BROKEN, (unsigned long long)seed, world.failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_goes_wrong)};
    const struct CMUnitTest mutant[] = {cmocka_unit_test(a_broken_rule_is_found_out)};
    if (BROKEN[0])
        return cmocka_run_group_tests_name("fleet/identifies/" BROKEN, mutant, NULL, NULL);
    return cmocka_run_group_tests_name("fleet/identifies", tests, NULL, NULL);
}
