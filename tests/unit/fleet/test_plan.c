/*
 * The plan: made-up fleets, thousands of them. Shares are even by weight, nothing moves without a need, nor to whoever
 * would not get it, standbys are somebody else and elsewhere, and the plan that is followed step by step comes to rest.
 *
 * Built with BROKEN, the name of a rule that was broken in the library (mutants.py), the fleets have to find it out.
 */
#include "fleet/plan.h"
#include "unit.h"

#include "core/random.h"

#include <stdio.h>

#ifndef BROKEN
#define BROKEN ""
#endif

enum {
    FLEETS = 4000,
    MEMBERS = 9,
    STEPS = 40
};

static sp_random chance;
static sp_plan_view view;
static sp_plan plan;
static const char *failure;

static void fail_fleet(const char *why)
{
    if (!failure)
        failure = why;
}

static uint32_t below(uint32_t limit)
{
    return (uint32_t)sp_random_upto(&chance, limit - 1);
}

static int16_t somebody_or_nobody(void)
{
    return (int16_t)((int)below((uint32_t)view.member_count + 1) - 1);
}

/* RabbitMQ gives somebody nothing of some slots. */
static void starve_members(void)
{
    for (uint32_t bits = 1 + below(SP_FLEET_SLOTS_MAX); bits > 0; bits--)
        view.members[below((uint32_t)view.member_count)].starved |= UINT64_C(1) << below(view.slot_count);
}

static void invent(uint64_t seed)
{
    static const char *const zones[] = {"", "a", "b", "c"};
    static const uint32_t weights[] = {100, 100, 100, 50, 1, 1000};
    chance = (sp_random){seed};
    memset(&view, 0, sizeof view);
    view.slot_count = 1 + below(SP_FLEET_SLOTS_MAX);
    view.member_count = 1 + below(MEMBERS);
    view.motion = below(3) ? SP_FLEET_SLOTS_MAX : SP_PLAN_MOTION;
    bool zoned = below(2), weighed = below(2), leaving = below(2), pinned = below(4) == 0;
    for (size_t i = 0; i < view.member_count; i++)
        view.members[i] = (sp_plan_member){.zone = zoned ? zones[below(4)] : "",
                                           .weight = weighed ? weights[below(6)] : 100,
                                           .leaves = leaving && below(4) == 0};
    for (uint32_t slot = 0; slot < SP_FLEET_SLOTS_MAX; slot++) {
        view.owners[slot] = somebody_or_nobody();
        view.standbys[slot] = somebody_or_nobody();
        view.pins[slot] = pinned && below(4) == 0 ? somebody_or_nobody() : SP_PLAN_NOBODY;
    }
    if (below(4) == 0)
        starve_members();
}

static bool stays(int member)
{
    return member != SP_PLAN_NOBODY && !view.members[member].leaves;
}

static uint64_t weight_of_all(void)
{
    uint64_t all = 0;
    for (size_t i = 0; i < view.member_count; i++)
        all += view.members[i].leaves ? 0 : view.members[i].weight;
    return all;
}

static bool has_pins(void)
{
    for (uint32_t slot = 0; slot < view.slot_count; slot++) {
        if (stays(view.pins[slot]))
            return true;
    }
    return false;
}

static bool is_starved(int member, uint32_t slot)
{
    return view.members[member].starved >> slot & 1;
}

static bool is_anybody_starved(void)
{
    for (size_t i = 0; i < view.member_count; i++) {
        if (view.members[i].starved)
            return true;
    }
    return false;
}

/* Somebody but `owner` would get the slot. */
static bool may_somebody_get(uint32_t slot, int owner)
{
    for (int i = 0; i < (int)view.member_count; i++) {
        if (i != owner && stays(i) && !is_starved(i, slot))
            return true;
    }
    return false;
}

static uint32_t count(const int16_t *owners, int member)
{
    uint32_t found = 0;
    for (uint32_t slot = 0; slot < view.slot_count; slot++)
        found += owners[slot] == member;
    return found;
}

static uint32_t moves(void)
{
    uint32_t found = 0;
    for (uint32_t slot = 0; slot < view.slot_count; slot++)
        found += view.owners[slot] != SP_PLAN_NOBODY && plan.owners[slot] != view.owners[slot];
    return found;
}

/* ---- What has to hold ---- */

static void check_owners(void)
{
    for (uint32_t slot = 0; slot < view.slot_count; slot++) {
        if (plan.owners[slot] == SP_PLAN_NOBODY)
            fail_fleet("a slot has no owner");
        else if (!stays(plan.owners[slot]) && plan.owners[slot] != view.owners[slot])
            fail_fleet("a member that leaves gets a slot");
    }
}

static void check_shares(void)
{
    uint64_t all = weight_of_all();
    for (int i = 0; i < (int)view.member_count; i++) {
        uint64_t weight = view.members[i].leaves ? 0 : view.members[i].weight;
        uint64_t has = count(plan.owners, i);
        uint64_t least = view.slot_count * weight / all;
        uint64_t most = (view.slot_count * weight + all - 1) / all;
        if (has < least || has > most)
            fail_fleet("a member has not its share, within one slot");
    }
}

/* How many slots have to move, whatever the plan is: what is above the shares, as well as they can be rounded. */
static uint32_t moves_needed(void)
{
    uint64_t all = weight_of_all();
    uint32_t above = 0, rounded_up = 0, rest = view.slot_count;
    for (int i = 0; i < (int)view.member_count; i++) {
        uint64_t weight = view.members[i].leaves ? 0 : view.members[i].weight;
        uint32_t least = (uint32_t)(view.slot_count * weight / all), has = count(view.owners, i);
        rest -= least;
        if (has <= least)
            continue;
        above += has - least;
        rounded_up += view.slot_count * weight % all > 0;
    }
    return above - (rounded_up < rest ? rounded_up : rest);
}

static void check_pins(void)
{
    for (uint32_t slot = 0; slot < view.slot_count; slot++) {
        if (stays(view.pins[slot]) && plan.owners[slot] != view.pins[slot])
            fail_fleet("a slot is not where a person wants it");
    }
}

static void check_starved(void)
{
    for (uint32_t slot = 0; slot < view.slot_count; slot++) {
        int owner = plan.owners[slot], standby = plan.standbys[slot];
        if (owner != view.owners[slot] && owner != view.pins[slot] && is_starved(owner, slot) &&
            may_somebody_get(slot, owner))
            fail_fleet("a slot goes to a member that would not get it");
        if (standby != SP_PLAN_NOBODY && is_starved(standby, slot) && may_somebody_get(slot, owner))
            fail_fleet("a member stands by for a slot that it would not get");
    }
}

static bool somebody_is_elsewhere(uint32_t slot, int owner)
{
    for (int i = 0; i < (int)view.member_count; i++) {
        if (i != owner && stays(i) && !is_starved(i, slot) &&
            strcmp(view.members[i].zone, view.members[owner].zone) != 0)
            return true;
    }
    return false;
}

static void check_standby(uint32_t slot)
{
    int owner = plan.owners[slot], standby = plan.standbys[slot], others = 0;
    for (int i = 0; i < (int)view.member_count; i++)
        others += stays(i) && i != owner;
    if ((standby == SP_PLAN_NOBODY) != (others == 0))
        fail_fleet("a slot has no standby, or one who is not there");
    if (standby == SP_PLAN_NOBODY)
        return;
    if (standby == owner || !stays(standby))
        fail_fleet("a standby is the owner, or leaves");
    if (somebody_is_elsewhere(slot, owner) &&
        strcmp(view.members[standby].zone, view.members[owner].zone) == 0)
        fail_fleet("a standby is in the zone of its owner");
}

static void check_plan(void)
{
    check_owners();
    if (view.motion == SP_FLEET_SLOTS_MAX) {
        check_pins();
        if (!has_pins() && !is_anybody_starved()) {
            check_shares();
            if (moves() > moves_needed())
                fail_fleet("more slots move than have to");
        }
    }
    if (moves() > view.motion)
        fail_fleet("too many slots move at a time");
    for (uint32_t slot = 0; slot < view.slot_count; slot++)
        check_standby(slot);
    check_starved();
}

/* Who is the owner has got the slot. */
static void feed_owners(void)
{
    for (uint32_t slot = 0; slot < view.slot_count; slot++)
        view.members[view.owners[slot]].starved &= ~(UINT64_C(1) << slot);
}

/* Members do what the plan says, again and again. */
static void follow(void)
{
    for (int step = 0; step < STEPS; step++) {
        sp_plan last = plan;
        memcpy(view.owners, plan.owners, sizeof view.owners);
        memcpy(view.standbys, plan.standbys, sizeof view.standbys);
        feed_owners();
        sp_plan_make(&view, &plan);
        check_plan();
        if (memcmp(&last, &plan, sizeof last) == 0)
            return;
    }
    fail_fleet("the plan does not come to rest");
}

static void everybody_leaves(void)
{
    for (uint32_t slot = 0; slot < view.slot_count; slot++) {
        if (plan.owners[slot] != view.owners[slot] || plan.standbys[slot] != SP_PLAN_NOBODY)
            fail_fleet("where nobody stays, nothing moves");
    }
}

static const char *try_fleet(uint64_t seed)
{
    failure = NULL;
    invent(seed);
    sp_plan_make(&view, &plan);
    if (weight_of_all() == 0) {
        everybody_leaves();
        return failure;
    }
    check_plan();
    follow();
    return failure;
}

static void nothing_goes_wrong(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= FLEETS; seed++) {
        if (try_fleet(seed))
            fail_msg("fleet %llu: %s", (unsigned long long)seed, failure);
    }
}

static void a_broken_rule_is_found_out(void **state)
{
    uint64_t seed = 1;
    (void)state;
    while (seed <= FLEETS && !try_fleet(seed))
        seed++;
    if (!failure)
        fail_msg("%s: nobody noticed in %d fleets", BROKEN, FLEETS);
    print_message("# %s, in fleet %llu: %s\n", BROKEN, (unsigned long long)seed, failure);
}

/* ---- By hand ---- */

static void three_of_a_kind(void)
{
    memset(&view, 0, sizeof view);
    view.slot_count = 8;
    view.motion = SP_PLAN_MOTION;
    view.member_count = 3;
    for (int i = 0; i < 3; i++)
        view.members[i] = (sp_plan_member){.zone = "", .weight = 100};
    for (int slot = 0; slot < SP_FLEET_SLOTS_MAX; slot++)
        view.owners[slot] = view.standbys[slot] = view.pins[slot] = SP_PLAN_NOBODY;
}

/* The owner of slots 0 to 3 dies: its standbys have taken them, and keep what they can. */
static void a_takeover_moves_little(void **state)
{
    (void)state;
    three_of_a_kind();
    sp_plan_make(&view, &plan);
    memcpy(view.standbys, plan.standbys, sizeof view.standbys);
    for (int slot = 0; slot < 8; slot++)
        view.owners[slot] = plan.owners[slot] == 2 ? plan.standbys[slot] : plan.owners[slot];
    view.members[2].leaves = true;
    sp_plan_make(&view, &plan);
    assert_in_range(moves(), 0, 1);
    assert_int_equal(count(plan.owners, 0), 4);
    assert_int_equal(count(plan.owners, 1), 4);
}

/* Who leaves goes first, whatever else is uneven. */
static void who_leaves_is_not_kept_waiting(void **state)
{
    (void)state;
    three_of_a_kind();
    for (int slot = 0; slot < 8; slot++)
        view.owners[slot] = slot < 6 ? 0 : 1;
    view.members[1].leaves = true;
    view.motion = 2;
    sp_plan_make(&view, &plan);
    assert_int_equal(plan.owners[6], 2);
    assert_int_equal(plan.owners[7], 2);
    assert_int_equal(count(plan.owners, 0), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_goes_wrong),
        cmocka_unit_test(a_takeover_moves_little),
        cmocka_unit_test(who_leaves_is_not_kept_waiting),
    };
    const struct CMUnitTest mutant[] = {cmocka_unit_test(a_broken_rule_is_found_out)};
    if (BROKEN[0])
        return cmocka_run_group_tests_name("fleet/plan/" BROKEN, mutant, NULL, NULL);
    return cmocka_run_group_tests_name("fleet/plan", tests, NULL, NULL);
}
