/*
 * Leases in made-up lives: three members, one slot, one modelled queue. Members are killed, freeze and wake, lose their
 * connections and are suspected by RabbitMQ; they hand over; the queue is deleted, or takes no publishes. Their clocks
 * run differently fast. At no moment two of them may identify. Whoever may identify knows what was ever stored. When
 * all is well again, exactly one of them serves the shard.
 *
 * Built with BROKEN, the name of a rule that was broken in the library (mutants.py), the lives have to find it out;
 * FIRST is the life to begin with.
 */
#include "lives.h"
#include "unit.h"

#include <stdio.h>

#ifndef BROKEN
#define BROKEN ""
#define FIRST 1
#endif

enum {
    LIVES = 400,
    MUTANT_LIVES = 2000, /* until one of them has found the broken rule out */
    TICK = 25,           /* milliseconds */
    TROUBLE = 40000,
    CALM = 45000
};

/* ---- Trouble ---- */

/* Whether the last record of a member that leaves was in the queue already: then the operator deletes that as well. */
static bool has_stored_all(int index)
{
    const sp_lease *lease = &world.members[index].lease;
    const model_line *up = world.queue.up + index;
    if (lease->state != SP_LEASE_RELEASING || !lease->flight.is_open)
        return false;
    for (int i = 0; i < up->count; i++) {
        if (up->ops[i].kind == MODEL_PUBLISH && up->ops[i].number == lease->flight.write)
            return false;
    }
    return true;
}

static void delete_queue(void)
{
    int active = world.queue.active;
    model_delete(&world.queue, world.now);
    bool knows = active >= 0 && world.members[active].runs && world.guardian < 0 &&
                 world.members[active].lease.state >= SP_LEASE_OWNED && !has_stored_all(active) &&
                 sp_fleet_content_covers(&world.members[active].lease.content, &world.queue.best);
    if (world.guardian >= 0)
        return;
    world.guardian = knows ? active : -1;
    if (!knows)
        forget_all();
}

static void want_or_not(member *each)
{
    if (!acts(each))
        return;
    each->wants = model_chance(3) > 0;
    if (each->wants && each->lease.state == SP_LEASE_IDLE)
        sp_lease_want(&each->lease, clock_of(each));
    else
        sp_lease_release(&each->lease, each->wants, clock_of(each));
}

enum kind {
    KILLED,
    FREEZES,
    CUT_OFF,
    SUSPECTED,
    HANDS_OVER,
    CRASHES,
    FALLS,
    DELETED,
    ALARM,
    SESSIONS_END,
    KINDS
};

/* What has to come together for some rules to be needed. */
static const uint32_t together[][3] = {
    {SUSPECTED, HANDS_OVER, SESSIONS_END}, {CRASHES, CRASHES, KILLED},    {FALLS, SESSIONS_END, SUSPECTED},
    {HANDS_OVER, DELETED, HANDS_OVER},     {HANDS_OVER, CUT_OFF, KILLED},
};

static void strike(member *each, uint32_t kind)
{
    if (kind == KILLED)
        kill_member(each);
    else if (kind == FREEZES && each->runs)
        each->frozen_until = soon(30000);
    else if (kind == CUT_OFF && each->runs)
        cut(each, 12000, 8000);
    else if (kind == SUSPECTED)
        model_suspect(&world.queue, index_of(each));
    else if (kind == HANDS_OVER)
        want_or_not(each);
    else if (kind == CRASHES)
        each->crashes = 1 + model_chance(12);
    else if (kind == FALLS)
        each->falls = each->runs;
}

static void trouble(void)
{
    member *each = world.members + model_chance(MEMBERS);
    uint32_t kind = world.kinds[model_chance(3)];
    strike(each, kind);
    if (kind == DELETED && model_chance(3) == 0)
        delete_queue();
    if (kind == SESSIONS_END)
        world.dead = world.sessions;
    if (kind == ALARM) {
        world.queue.blocked = true;
        world.unblocked_at = soon(15000);
    }
}

/* RabbitMQ ends the connection of a member that says nothing for eight seconds. */
static void end_connections(void)
{
    for (int i = 0; i < MEMBERS; i++) {
        member *each = world.members + i;
        if (each->runs && each->frozen_until > world.now + 8000 && model_chance(300) == 0)
            cut(each, 1, 1);
        if (world.now < world.cut_at[i])
            continue;
        world.cut_at[i] = SPECTACLES_NEVER;
        model_end(&world.queue, i, delivery_limit(), world.now);
    }
    if (world.now >= world.unblocked_at)
        world.queue.blocked = false;
}

/* The hellos of an owner reach whoever is connected. */
static void say_hello(const member *owner)
{
    if (owner->lease.state != SP_LEASE_OWNED || !is_connected(owner) || model_chance(80) > 0)
        return;
    for (int i = 0; i < MEMBERS; i++) {
        member *each = world.members + i;
        if (each != owner && acts(each) && is_connected(each))
            sp_lease_heard(&each->lease, owner->lease.epoch, clock_of(each));
    }
}

/* ---- A life ---- */

static void tick(void)
{
    world.now += TICK;
    end_connections();
    model_work(&world.queue, delivery_limit(), world.now);
    for (int i = 0; i < MEMBERS; i++) {
        member *each = world.members + i;
        if (!each->runs && world.now >= each->starts_at && world.cut_at[i] == SPECTACLES_NEVER)
            start(each);
        check_identifies();
        if (acts(each))
            turn(each);
        if (acts(each))
            say_hello(each);
    }
    check_identifies();
}

static void heal(void)
{
    world.unblocked_at = 0;
    for (int i = 0; i < MEMBERS; i++) {
        member *each = world.members + i;
        each->frozen_until = 0;
        each->falls = false;
        each->crashes = 0;
        each->starts_at = 0;
        each->wants = true;
        if (each->runs)
            sp_lease_want(&each->lease, clock_of(each));
    }
}

static void judge(void)
{
    int owners = 0, served = 0;
    for (int i = 0; i < MEMBERS; i++) {
        const member *each = world.members + i;
        owners += each->runs && each->lease.state == SP_LEASE_OWNED;
        served += each->runs && each->session[0];
    }
    if (owners != 1 || served != 1)
        fail_life("when all is well, one member has to own the slot, and to serve the shard");
}

static void begin(uint32_t seed)
{
    memset(&world, 0, sizeof world);
    world.seed = seed;
    world.guardian = -1;
    world.version = seed % 2 ? 4 : 3;
    model_init(&world.queue, seed);
    world.rest = 300u << 2 * model_chance(4);
    bool chosen = model_chance(2);
    uint32_t which = model_chance(sizeof together / sizeof together[0]);
    for (int i = 0; i < 3; i++)
        world.kinds[i] = chosen ? together[which][i] : model_chance(KINDS);
    for (int i = 0; i < MEMBERS; i++) {
        world.cut_at[i] = SPECTACLES_NEVER;
        world.members[i].wants = true;
        world.members[i].rate = 956 + model_chance(89);
        world.members[i].starts_at = soon(5000);
    }
}

static void end(void)
{
    for (int i = 0; i < MEMBERS; i++) {
        while (world.members[i].open_count > 0)
            forget_publish(world.members + i);
        sp_fleet_content_free(&world.members[i].known);
        if (world.members[i].runs)
            sp_lease_free(&world.members[i].lease);
    }
    model_free(&world.queue);
}

/* What is wrong with this life; NULL: nothing. */
static const char *live(uint32_t seed)
{
    begin(seed);
    uint32_t pause = 20u << model_chance(6);
    while (world.now < TROUBLE && !world.failure) {
        if (model_chance(pause) == 0)
            trouble();
        tick();
    }
    heal();
    while (world.now < TROUBLE + CALM && !world.failure)
        tick();
    judge();
    end();
    return world.failure;
}

static void nothing_goes_wrong(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= LIVES; seed++) {
        const char *failure = live(seed);
        if (failure)
            fail_msg("life %u, after %llu ms: %s", (unsigned)seed, (unsigned long long)world.now, failure);
    }
}

static void a_broken_rule_is_found_out(void **state)
{
    const char *failure = NULL;
    (void)state;
    for (uint32_t seed = FIRST; seed < FIRST + MUTANT_LIVES && !failure; seed++)
        failure = live(seed);
    if (!failure)
        fail_msg("%s: nobody noticed in %d lives", BROKEN, MUTANT_LIVES);
    print_message("# %s, in life %u: %s\n", BROKEN, (unsigned)world.seed, failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_goes_wrong)};
    const struct CMUnitTest mutant[] = {cmocka_unit_test(a_broken_rule_is_found_out)};
    if (BROKEN[0])
        return cmocka_run_group_tests_name("fleet/lives/" BROKEN, mutant, NULL, NULL);
    return cmocka_run_group_tests_name("fleet/lives", tests, NULL, NULL);
}
