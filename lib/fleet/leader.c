/*
 * What the leader does: it plans, tells the plan, and grants identifies. Called by fleet.c. The leader is whoever owns
 * the control queue; it only advises, so that nothing depends on it for long.
 *
 *   FOLLOWS --control queue OWNED--> LISTENS --3 s--> PLANS
 *      ^                                 |              |
 *      +---- anything else but OWNED ----+--------------+      grants: behind the fence of the control queue
 *
 * Nobody acts on a plan before it is stored, the leader least of all: who leads next goes on from what is stored, and
 * has to find in it whatever somebody may have done.
 */
#include "fleet/internal.h"

#include "codec/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Becoming the leader ---- */

static bool was_served(const sp_control *control)
{
    uint64_t known = 0;
    for (size_t i = 0; i < control->set_count; i++)
        known |= control->sets[i].known;
    return known != 0;
}

/* What the leader before has stored goes on, unless it is of shards that are not ours. */
static void read_stored(spectacles_fleet *fleet, uint64_t now)
{
    sp_slice object;
    const char *stored = fleet->control.lease.content.control;
    sp_slice text = {(const uint8_t *)stored, stored ? strlen(stored) : 0};
    fleet->stranger[0] = '\0';
    fleet->begins_anew = false;
    if (!stored || sp_json_check(text, &object, NULL) != SPECTACLES_OK ||
        sp_control_read(object, &fleet->heard) != SPECTACLES_OK || fleet->heard.set_count == 0)
        return;
    if (sp_fleet_is_for_us(fleet, &fleet->heard))
        sp_fleet_follow(fleet, &fleet->heard, now);
    else {
        memcpy(fleet->stranger, fleet->heard.sets[0].name, sizeof fleet->stranger);
        fleet->begins_anew = was_served(&fleet->heard);
    }
}

static void begin(spectacles_fleet *fleet, uint64_t now)
{
    fleet->leads = true;
    fleet->leads_since = fleet->prepares_since = now;
    fleet->plan_at = now + SP_FLEET_LISTEN;
    read_stored(fleet, now);
    sp_fleet_notice notice = {.type = SPECTACLES_FLEET_EVENT_LEADER, .epoch = fleet->control.lease.epoch};
    snprintf(notice.member, sizeof notice.member, "%s", fleet->hello.member);
    sp_fleet_tell(fleet, &notice, NULL);
}

static void end(spectacles_fleet *fleet)
{
    fleet->leads = fleet->has_draft = fleet->is_pinned = false;
    fleet->change = (sp_fleet_change){0};
    sp_grants_stop(&fleet->grants);
    sp_fleet_tell(fleet, &(sp_fleet_notice){.type = SPECTACLES_FLEET_EVENT_LEADER}, NULL);
}

/* Whoever was set to another number of shards does not plan for those who serve. */
static bool is_other_set_served(const spectacles_fleet *fleet)
{
    for (size_t i = 0; fleet->stranger[0] && i < fleet->members.count; i++) {
        if (sp_hello_set_of(&fleet->members.items[i]->hello, fleet->stranger))
            return true;
    }
    return false;
}

static void step_back(spectacles_fleet *fleet, uint64_t now)
{
    if (!fleet->is_told_of_other_set)
        sp_fleet_tell_problem(fleet, SPECTACLES_E_INVAL, SP_FLEET_OTHER_SET, fleet->stranger,
                              fleet->serving->name);
    fleet->is_told_of_other_set = true;
    sp_lease_release(&fleet->control.lease, true, now);
    sp_lease_drained(&fleet->control.lease, now);
    end(fleet);
}

/* ---- Planning ---- */

/* The place of a member of the plan so far among those who are there now. */
static int16_t place_now(const spectacles_fleet *fleet, int16_t place)
{
    if (place == SP_PLAN_NOBODY)
        return SP_PLAN_NOBODY;
    for (size_t i = 0; i < fleet->members.count; i++) {
        if (strcmp(fleet->members.items[i]->hello.member, fleet->said.members[place]) == 0)
            return (int16_t)i;
    }
    return SP_PLAN_NOBODY;
}

static int16_t owner_now(const spectacles_fleet *fleet, const char *set_name, uint32_t slot)
{
    const sp_member *owner = sp_members_owner(&fleet->members, set_name, slot, NULL);
    for (size_t i = 0; owner && i < fleet->members.count; i++) {
        if (fleet->members.items[i] == owner)
            return (int16_t)i;
    }
    return SP_PLAN_NOBODY;
}

static void look_at_members(const spectacles_fleet *fleet, const char *set_name, sp_plan_view *view)
{
    view->member_count = fleet->members.count;
    for (size_t i = 0; i < view->member_count; i++) {
        const sp_hello *hello = &fleet->members.items[i]->hello;
        const sp_hello_set *set = sp_hello_set_of(hello, set_name);
        view->members[i] = (sp_plan_member){hello->zone, hello->weight, hello->state != SP_HELLO_HERE || !set,
                                            set ? set->starved : 0};
    }
}

/* before: the plan so far. */
static void look_at_slots(const spectacles_fleet *fleet, const sp_control_set *before, sp_plan_view *view)
{
    for (uint32_t slot = 0; slot < view->slot_count; slot++) {
        view->owners[slot] = owner_now(fleet, before->name, slot);
        view->standbys[slot] = place_now(fleet, before->plan.standbys[slot]);
        view->pins[slot] = place_now(fleet, before->pins[slot]);
    }
}

/* Whoever owned the slot has died, though it may count as a member for seconds more: nothing moves to it meanwhile. */
static void note_takeovers(spectacles_fleet *fleet, const sp_control_set *set, uint64_t now)
{
    for (uint32_t slot = 0; slot < set->slot_count; slot++) {
        uint64_t epoch = 0;
        const sp_member *owner = sp_members_owner(&fleet->members, set->name, slot, &epoch);
        int planned = set->plan.owners[slot];
        if (owner && set->epochs[slot] > 0 && epoch > set->epochs[slot] &&
            (planned == SP_PLAN_NOBODY || strcmp(owner->hello.member, fleet->said.members[planned]) != 0))
            fleet->taken_over_at = now;
    }
}

/* Nothing but what is there stays of it. */
static void make_view(const spectacles_fleet *fleet, const sp_control_set *before, sp_plan_view *view,
                      uint64_t now)
{
    uint64_t settled_at = fleet->members.changed_at + fleet->settle;
    if (fleet->taken_over_at && fleet->taken_over_at + SP_FLEET_CALM > settled_at)
        settled_at = fleet->taken_over_at + SP_FLEET_CALM;
    *view = (sp_plan_view){.slot_count = before->slot_count};
    view->motion = now < settled_at ? 0 : SP_PLAN_MOTION;
    look_at_members(fleet, before->name, view);
    look_at_slots(fleet, before, view);
}

static void plan_nobody(sp_control_set *set)
{
    for (uint32_t slot = 0; slot < SP_FLEET_SLOTS_MAX; slot++)
        set->plan.owners[slot] = set->plan.standbys[slot] = set->pins[slot] = SP_PLAN_NOBODY;
}

/* Plans the slots of a set anew: `set` holds the plan so far. */
static void plan_set(spectacles_fleet *fleet, sp_control_set *set, bool waits, uint64_t now)
{
    sp_plan_view view;
    note_takeovers(fleet, set, now);
    if (waits && !sp_fleet_is_known_to_all(fleet, set, now)) {
        plan_nobody(set);
        return;
    }
    make_view(fleet, set, &view, now);
    memcpy(set->pins, view.pins, sizeof set->pins);
    for (uint32_t slot = 0; slot < view.slot_count; slot++) {
        set->epochs[slot] = 0;
        if (sp_members_owner(&fleet->members, set->name, slot, set->epochs + slot))
            set->known |= UINT64_C(1) << slot;
    }
    sp_plan_make(&view, &set->plan);
}

/*
 * The plan so far; at first one without anybody. Whoever begins anew knows that there were sessions, and not which:
 * each shard has a gap (actions.c).
 */
static void begin_control(const spectacles_fleet *fleet, sp_control *out)
{
    const sp_fleet_set *serving = fleet->serving;
    *out = fleet->said;
    if (out->set_count > 0)
        return;
    *out = (sp_control){.concurrency = fleet->said.concurrency, .set_count = 1};
    sp_control_set *set = out->sets;
    memcpy(set->name, serving->name, sizeof set->name);
    set->slot_count = serving->slot_count;
    set->known = fleet->begins_anew ? UINT64_MAX : 0;
    out->generation = serving->generation;
    plan_nobody(set);
}

static void write_control(spectacles_fleet *fleet, sp_control *out, uint64_t now)
{
    begin_control(fleet, out);
    sp_fleet_next_phase(fleet, out, now);
    for (size_t i = 0; i < out->set_count; i++)
        plan_set(fleet, out->sets + i, i > 0 && out->phase == SP_RESHARD_PREPARE, now);
    out->member_count = fleet->members.count;
    for (size_t i = 0; i < out->member_count; i++)
        snprintf(out->members[i], sizeof out->members[i], "%s", fleet->members.items[i]->hello.member);
    if (fleet->grants.has_limits)
        out->concurrency = fleet->grants.concurrency;
}

/* ---- A plan is stored, and then it is told ---- */

static void say_plan(spectacles_fleet *fleet)
{
    sp_fleet_message_begin(&fleet->body, SP_FLEET_MESSAGE_PLAN, fleet->bot);
    sp_control_write(&fleet->said, &fleet->body);
    sp_buffer_text(&fleet->body, "}");
    sp_fleet_say(fleet);
}

/* False: memory ran out. */
static bool store_draft(spectacles_fleet *fleet, uint64_t now)
{
    sp_buffer *body = &fleet->body;
    sp_buffer_clear(body);
    sp_buffer_text(body, "{\"v\":1");
    sp_control_write(&fleet->draft, body);
    sp_buffer_text(body, "}");
    sp_slice text = sp_buffer_slice(body);
    char *copy = sp_buffer_failed(body) ? NULL : sp_text_copy((const char *)text.bytes, text.length);
    if (copy)
        sp_lease_report_control(&fleet->control.lease, copy, now);
    return copy != NULL;
}

static bool is_draft_stored(const spectacles_fleet *fleet)
{
    const sp_lease *lease = &fleet->control.lease;
    return sp_fleet_version_compare(lease->content.control_since, lease->returned) <= 0;
}

/* It is stored: now it holds. */
static void follow_draft(spectacles_fleet *fleet, uint64_t now)
{
    fleet->has_draft = false;
    sp_fleet_follow(fleet, &fleet->draft, now);
    fleet->say_plan_at = now;
}

static void plan(spectacles_fleet *fleet, uint64_t now)
{
    sp_control *next = &fleet->draft;
    write_control(fleet, next, now);
    bool is_new = fleet->is_pinned || !sp_control_equals(next, &fleet->said);
    uint64_t epoch = fleet->control.lease.epoch;
    uint64_t write = fleet->said.version.epoch == epoch ? fleet->said.version.write + 1 : 1;
    next->version = (sp_fleet_version){epoch, write};
    if (!is_new && fleet->said.version.epoch == epoch)
        return;
    fleet->has_draft = store_draft(fleet, now);
    if (!fleet->has_draft)
        return;
    fleet->change = (sp_fleet_change){0};
    fleet->is_pinned = false;
}

/* ---- All of it ---- */

static void lead_grants(spectacles_fleet *fleet, uint64_t now)
{
    bool may = sp_lease_may_identify(&fleet->control.lease, now);
    if (may && !fleet->grants.leads)
        sp_grants_lead(&fleet->grants, sp_lease_alone_since(&fleet->control.lease));
    if (!may && fleet->grants.leads)
        sp_grants_stop(&fleet->grants);
    if (sp_grants_want_limits(&fleet->grants, now))
        sp_fleet_tell(fleet, &(sp_fleet_notice){.type = SPECTACLES_FLEET_EVENT_WANTS_LIMITS}, NULL);
}

static void lead_plan(spectacles_fleet *fleet, uint64_t now)
{
    if (fleet->has_draft && is_draft_stored(fleet))
        follow_draft(fleet, now);
    if (!fleet->has_draft && now >= fleet->plan_at) {
        fleet->plan_at = now + SP_FLEET_PLAN_EVERY;
        plan(fleet, now);
    }
    if (fleet->said.set_count == 0 || now < fleet->say_plan_at)
        return;
    say_plan(fleet);
    fleet->say_plan_at = now + SP_HELLO_EVERY;
}

void sp_fleet_lead(spectacles_fleet *fleet, uint64_t now)
{
    lead_grants(fleet, now); /* looks at the deadline */
    bool leads = fleet->control.lease.state == SP_LEASE_OWNED;
    if (leads && !fleet->leads)
        begin(fleet, now);
    if (!leads && fleet->leads)
        end(fleet);
    if (!fleet->leads || now < fleet->leads_since + SP_FLEET_LISTEN)
        return;
    if (is_other_set_served(fleet))
        step_back(fleet, now);
    else
        lead_plan(fleet, now);
}

uint64_t sp_fleet_lead_deadline(const spectacles_fleet *fleet)
{
    uint64_t grants = sp_grants_deadline(&fleet->grants);
    uint64_t plan_at =
        fleet->has_draft ? SPECTACLES_NEVER : fleet->plan_at; /* its record comes back before */
    if (!fleet->leads)
        return SPECTACLES_NEVER;
    return grants < plan_at ? grants : plan_at;
}
