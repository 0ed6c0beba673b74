/*
 * Who is to own which slot: shares by weight, then as little movement as they allow, then standbys. Pure. Called by
 * whoever is the leader.
 */
#include "fleet/plan.h"

#include <string.h>

/* What is known of each member while a plan is made. */
typedef struct share_table {
    uint32_t slots[SP_MEMBERS_MAX]; /* how many it is to own */
    uint32_t given[SP_MEMBERS_MAX]; /* how many it has so far */
    uint32_t rest[SP_MEMBERS_MAX];  /* of the division: whoever has one may get one slot more */
} share_table;

static bool stays(const sp_plan_view *view, int member)
{
    return member != SP_PLAN_NOBODY && !view->members[member].leaves;
}

/* Where a person wants the slot, as far as that is possible. */
static int pin_of(const sp_plan_view *view, uint32_t slot)
{
    return stays(view, view->pins[slot]) ? view->pins[slot] : SP_PLAN_NOBODY;
}

/* ---- Shares ---- */

static uint64_t weight_of_all(const sp_plan_view *view)
{
    uint64_t weight = 0;
    for (size_t i = 0; i < view->member_count; i++)
        weight += view->members[i].leaves ? 0 : view->members[i].weight;
    return weight;
}

/* How many slots the members have now, without those that a person wants elsewhere. */
static void count_present(const sp_plan_view *view, uint32_t present[SP_MEMBERS_MAX])
{
    memset(present, 0, SP_MEMBERS_MAX * sizeof *present);
    for (uint32_t slot = 0; slot < view->slot_count; slot++) {
        int pin = pin_of(view, slot);
        int owner = pin == SP_PLAN_NOBODY ? view->owners[slot] : pin;
        if (stays(view, owner))
            present[owner]++;
    }
}

/* Who gets one slot more: whoever has it already, then whoever lost most by the division. */
static int next_for_one_more(const sp_plan_view *view, const share_table *shares, const uint32_t *present)
{
    int best = SP_PLAN_NOBODY;
    for (int i = 0; i < (int)view->member_count; i++) {
        if (shares->rest[i] == 0)
            continue;
        bool keeps = present[i] > shares->slots[i];
        bool best_keeps = best != SP_PLAN_NOBODY && present[best] > shares->slots[best];
        if (best == SP_PLAN_NOBODY || keeps > best_keeps ||
            (keeps == best_keeps && shares->rest[i] > shares->rest[best]))
            best = i;
    }
    return best;
}

static void divide(const sp_plan_view *view, share_table *shares)
{
    uint64_t all = weight_of_all(view);
    uint32_t present[SP_MEMBERS_MAX];
    uint32_t left = view->slot_count;
    count_present(view, present);
    for (size_t i = 0; i < view->member_count; i++) {
        uint64_t weight = view->members[i].leaves ? 0 : view->members[i].weight;
        shares->slots[i] = (uint32_t)(view->slot_count * weight / all);
        shares->rest[i] = (uint32_t)(view->slot_count * weight % all);
        left -= shares->slots[i];
    }
    for (; left > 0; left--) {
        int member = next_for_one_more(view, shares, present);
        shares->slots[member]++;
        shares->rest[member] = 0;
    }
}

/* ---- Owners ---- */

static void give(sp_plan *plan, share_table *shares, uint32_t slot, int member)
{
    plan->owners[slot] = (int16_t)member;
    shares->given[member]++;
}

static bool is_starved(const sp_plan_view *view, int member, uint32_t slot)
{
    return view->members[member].starved >> slot & 1;
}

static bool is_anybody_starved(const sp_plan_view *view, uint32_t slot)
{
    for (int i = 0; i < (int)view->member_count; i++) {
        if (stays(view, i) && is_starved(view, i, slot))
            return true;
    }
    return false;
}

/* How many slots a member may still get; less than 0: it has more than its share. */
static int64_t room_of(const share_table *shares, int member)
{
    return (int64_t)shares->slots[member] - shares->given[member];
}

static bool has_room(const sp_plan_view *view, const share_table *shares, int member)
{
    return stays(view, member) && room_of(shares, member) > 0;
}

/* Whoever has the most room, the present owner before others. anybody: also who is starved of the slot. */
static int member_with_most_room(const sp_plan_view *view, const share_table *shares, uint32_t slot,
                                 bool anybody)
{
    int owner = view->owners[slot];
    int best = stays(view, owner) ? owner : SP_PLAN_NOBODY;
    for (int i = 0; i < (int)view->member_count; i++) {
        if (!stays(view, i) || (!anybody && is_starved(view, i, slot)))
            continue;
        if (best == SP_PLAN_NOBODY || room_of(shares, i) > room_of(shares, best))
            best = i;
    }
    return best;
}

/* The standby, which knows the slot already, or whoever has the most room. */
static int next_owner(const sp_plan_view *view, const share_table *shares, uint32_t slot)
{
    int standby = view->standbys[slot];
    if (has_room(view, shares, standby) && !is_starved(view, standby, slot))
        return standby;
    int member = member_with_most_room(view, shares, slot, false);
    return member == SP_PLAN_NOBODY ? member_with_most_room(view, shares, slot, true) : member;
}

/* contested: the slots of which somebody is starved. They stay before others do: not everybody can take them. */
static void keep_owners(const sp_plan_view *view, share_table *shares, sp_plan *plan, bool contested)
{
    for (uint32_t slot = 0; slot < view->slot_count; slot++) {
        if (plan->owners[slot] == SP_PLAN_NOBODY && is_anybody_starved(view, slot) == contested &&
            has_room(view, shares, view->owners[slot]))
            give(plan, shares, slot, view->owners[slot]);
    }
}

static void choose_owners(const sp_plan_view *view, share_table *shares, sp_plan *plan)
{
    for (uint32_t slot = 0; slot < view->slot_count; slot++) {
        plan->owners[slot] = SP_PLAN_NOBODY;
        if (pin_of(view, slot) != SP_PLAN_NOBODY)
            give(plan, shares, slot, pin_of(view, slot));
    }
    keep_owners(view, shares, plan, true);
    keep_owners(view, shares, plan, false);
    for (uint32_t slot = 0; slot < view->slot_count; slot++) {
        if (plan->owners[slot] == SP_PLAN_NOBODY)
            give(plan, shares, slot, next_owner(view, shares, slot));
    }
}

/* ---- Motion ---- */

static bool moves(const sp_plan_view *view, const sp_plan *plan, uint32_t slot)
{
    return view->owners[slot] != SP_PLAN_NOBODY && plan->owners[slot] != view->owners[slot];
}

/* What somebody waits for: a member that leaves, or a person. */
static bool is_asked_for(const sp_plan_view *view, uint32_t slot)
{
    return !stays(view, view->owners[slot]) || pin_of(view, slot) != SP_PLAN_NOBODY;
}

/* More slots than may move stay where they are, until the next plan. */
static void limit_motion(const sp_plan_view *view, sp_plan *plan)
{
    uint32_t left = view->motion;
    for (int asked = 1; asked >= 0; asked--) {
        for (uint32_t slot = 0; slot < view->slot_count; slot++) {
            if (!moves(view, plan, slot) || is_asked_for(view, slot) != asked)
                continue;
            if (left > 0)
                left--;
            else
                plan->owners[slot] = view->owners[slot];
        }
    }
}

/* ---- Standbys ---- */

/* Who is asked to stand by: at first those in another zone who are not starved of the slot. */
enum asked {
    ELSEWHERE,
    ANY_ZONE,
    ANYBODY, /* also who is starved */
    NOBODY_ELSE
};

static bool may_stand_by(const sp_plan_view *view, uint32_t slot, int owner, int member, enum asked asked)
{
    if (!stays(view, member) || member == owner || (asked != ANYBODY && is_starved(view, member, slot)))
        return false;
    return asked != ELSEWHERE || owner == SP_PLAN_NOBODY ||
           strcmp(view->members[member].zone, view->members[owner].zone) != 0;
}

/* The one with the least to stand by for, by weight. */
static int lightest(const sp_plan_view *view, const share_table *load, uint32_t slot, int owner,
                    enum asked asked)
{
    int best = SP_PLAN_NOBODY;
    for (int i = 0; i < (int)view->member_count; i++) {
        if (!may_stand_by(view, slot, owner, i, asked))
            continue;
        if (best == SP_PLAN_NOBODY || (uint64_t)load->given[i] * view->members[best].weight <
                                          (uint64_t)load->given[best] * view->members[i].weight)
            best = i;
    }
    return best;
}

/* Slots whose standby stays count first: then the others go to whoever is left with less. */
static void keep_standbys(const sp_plan_view *view, share_table *load, sp_plan *plan)
{
    for (uint32_t slot = 0; slot < view->slot_count; slot++) {
        int owner = plan->owners[slot], standby = view->standbys[slot];
        bool elsewhere = lightest(view, load, slot, owner, ELSEWHERE) != SP_PLAN_NOBODY;
        bool keeps = may_stand_by(view, slot, owner, standby, elsewhere ? ELSEWHERE : ANY_ZONE) &&
                     load->given[standby] <= load->slots[standby];
        plan->standbys[slot] = (int16_t)(keeps ? standby : SP_PLAN_NOBODY);
        if (keeps)
            load->given[standby]++;
    }
}

static void choose_standbys(const sp_plan_view *view, share_table *load, sp_plan *plan)
{
    memset(load->given, 0, sizeof load->given);
    keep_standbys(view, load, plan);
    for (uint32_t slot = 0; slot < view->slot_count; slot++) {
        int owner = plan->owners[slot];
        if (plan->standbys[slot] != SP_PLAN_NOBODY)
            continue;
        int standby = SP_PLAN_NOBODY;
        for (enum asked asked = ELSEWHERE; standby == SP_PLAN_NOBODY && asked < NOBODY_ELSE; asked++)
            standby = lightest(view, load, slot, owner, asked);
        plan->standbys[slot] = (int16_t)standby;
        if (standby != SP_PLAN_NOBODY)
            load->given[standby]++;
    }
}

void sp_plan_make(const sp_plan_view *view, sp_plan *out)
{
    share_table shares = {.slots = {0}};
    for (uint32_t slot = 0; slot < SP_FLEET_SLOTS_MAX; slot++) {
        out->owners[slot] = slot < view->slot_count ? view->owners[slot] : SP_PLAN_NOBODY;
        out->standbys[slot] = SP_PLAN_NOBODY;
    }
    if (weight_of_all(view) == 0)
        return; /* nobody is left who could take anything */
    divide(view, &shares);
    choose_owners(view, &shares, out);
    limit_motion(view, out);
    choose_standbys(view, &shares, out);
}
