/*
 * What the leader does: it plans, tells the plan, and grants identifies. Called by fleet.c. The leader is whoever owns
 * the control queue; it only advises, so that nothing depends on it for long.
 *
 *   FOLLOWS --control queue OWNED--> LISTENS --3 s--> PLANS
 *      ^                                 |              |
 *      +---- anything else but OWNED ----+--------------+      grants: behind the fence of the control queue
 */
#include "fleet/internal.h"

#include "codec/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Becoming the leader ---- */

/* What the leader before has stored goes on. */
static void read_stored(spectacles_fleet *fleet)
{
    sp_slice object;
    const char *stored = fleet->control.lease.content.control;
    sp_slice text = {(const uint8_t *)stored, stored ? strlen(stored) : 0};
    if (stored && sp_json_check(text, &object, NULL) == SPECTACLES_OK &&
        sp_control_read(object, &fleet->heard) == SPECTACLES_OK)
        sp_fleet_follow(fleet, &fleet->heard);
}

static void begin(spectacles_fleet *fleet, uint64_t now)
{
    fleet->leads = true;
    fleet->leads_since = now;
    fleet->plan_at = now + SP_FLEET_LISTEN;
    read_stored(fleet);
    sp_fleet_notice notice = {.type = SPECTACLES_FLEET_EVENT_LEADER, .epoch = fleet->control.lease.epoch};
    snprintf(notice.member, sizeof notice.member, "%s", fleet->hello.member);
    sp_fleet_tell(fleet, &notice, NULL);
}

static void end(spectacles_fleet *fleet)
{
    fleet->leads = false;
    sp_grants_stop(&fleet->grants);
    sp_fleet_tell(fleet, &(sp_fleet_notice){.type = SPECTACLES_FLEET_EVENT_LEADER}, NULL);
}

/* Whoever was set to another number of shards does not plan for those who serve. */
static bool is_other_set_served(const spectacles_fleet *fleet)
{
    const char *name = fleet->said.set_count > 0 ? fleet->said.sets[0].name : sp_fleet_set_name(fleet);
    if (strcmp(name, sp_fleet_set_name(fleet)) == 0)
        return false;
    for (size_t i = 0; i < fleet->members.count; i++) {
        if (sp_hello_set_of(&fleet->members.items[i]->hello, name))
            return true;
    }
    return false;
}

static void step_back(spectacles_fleet *fleet, uint64_t now)
{
    if (!fleet->is_told_of_other_set)
        sp_fleet_tell_problem(fleet, SPECTACLES_E_INVAL, SP_FLEET_OTHER_SET, fleet->said.sets[0].name,
                              sp_fleet_set_name(fleet));
    fleet->is_told_of_other_set = true;
    fleet->said.set_count = 0;
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

static int16_t owner_now(const spectacles_fleet *fleet, uint32_t slot)
{
    const sp_member *owner = sp_members_owner(&fleet->members, sp_fleet_set_name(fleet), slot, NULL);
    for (size_t i = 0; owner && i < fleet->members.count; i++) {
        if (fleet->members.items[i] == owner)
            return (int16_t)i;
    }
    return SP_PLAN_NOBODY;
}

static void look_at_members(const spectacles_fleet *fleet, sp_plan_view *view)
{
    view->member_count = fleet->members.count;
    for (size_t i = 0; i < view->member_count; i++) {
        const sp_hello *hello = &fleet->members.items[i]->hello;
        bool serves = sp_hello_set_of(hello, sp_fleet_set_name(fleet)) != NULL;
        view->members[i] =
            (sp_plan_member){hello->zone, hello->weight, hello->state != SP_HELLO_HERE || !serves};
    }
}

static void look_at_slots(spectacles_fleet *fleet, sp_plan_view *view)
{
    const sp_control_set *set = sp_control_set_of(&fleet->said, sp_fleet_set_name(fleet));
    for (uint32_t slot = 0; slot < view->slot_count; slot++) {
        view->owners[slot] = owner_now(fleet, slot);
        view->standbys[slot] = set ? place_now(fleet, set->plan.standbys[slot]) : SP_PLAN_NOBODY;
        view->pins[slot] = set ? place_now(fleet, set->pins[slot]) : SP_PLAN_NOBODY;
    }
}

/* Whoever owned the slot has died, though it may count as a member for seconds more: nothing moves to it meanwhile. */
static void note_takeovers(spectacles_fleet *fleet, uint64_t now)
{
    const sp_control_set *set = sp_control_set_of(&fleet->said, sp_fleet_set_name(fleet));
    for (uint32_t slot = 0; set && slot < set->slot_count; slot++) {
        uint64_t epoch = 0;
        const sp_member *owner = sp_members_owner(&fleet->members, set->name, slot, &epoch);
        int planned = set->plan.owners[slot];
        if (owner && set->epochs[slot] > 0 && epoch > set->epochs[slot] &&
            (planned == SP_PLAN_NOBODY || strcmp(owner->hello.member, fleet->said.members[planned]) != 0))
            fleet->taken_over_at = now;
    }
}

static void make_view(spectacles_fleet *fleet, sp_plan_view *view, uint64_t now)
{
    uint64_t settled_at = fleet->members.changed_at + fleet->settle;
    if (fleet->taken_over_at && fleet->taken_over_at + SP_FLEET_CALM > settled_at)
        settled_at = fleet->taken_over_at + SP_FLEET_CALM;
    *view = (sp_plan_view){.slot_count = fleet->slot_count};
    view->motion = now < settled_at ? 0 : SP_PLAN_MOTION;
    look_at_members(fleet, view);
    look_at_slots(fleet, view);
}

static void write_control(spectacles_fleet *fleet, const sp_plan_view *view, sp_control *out)
{
    const sp_control_set *before = sp_control_set_of(&fleet->said, sp_fleet_set_name(fleet));
    sp_control_set *set = out->sets;
    *out = (sp_control){
        .concurrency = fleet->said.concurrency, .set_count = 1, .member_count = view->member_count};
    for (size_t i = 0; i < view->member_count; i++)
        snprintf(out->members[i], sizeof out->members[i], "%s", fleet->members.items[i]->hello.member);
    snprintf(set->name, sizeof set->name, "%s", sp_fleet_set_name(fleet));
    set->slot_count = view->slot_count;
    set->known = before ? before->known : 0;
    memcpy(set->pins, view->pins, sizeof set->pins);
    for (uint32_t slot = 0; slot < view->slot_count; slot++) {
        if (sp_members_owner(&fleet->members, set->name, slot, set->epochs + slot))
            set->known |= UINT64_C(1) << slot;
    }
    if (fleet->grants.has_limits)
        out->concurrency = fleet->grants.concurrency;
    sp_plan_make(view, &set->plan);
}

static void say_plan(spectacles_fleet *fleet)
{
    sp_fleet_message_begin(&fleet->body, SP_FLEET_MESSAGE_PLAN, fleet->bot);
    sp_control_write(&fleet->said, &fleet->body);
    sp_buffer_text(&fleet->body, "}");
    sp_fleet_say(fleet);
}

static void store_plan(spectacles_fleet *fleet, uint64_t now)
{
    sp_buffer *body = &fleet->body;
    sp_buffer_clear(body);
    sp_buffer_text(body, "{\"v\":1");
    sp_control_write(&fleet->said, body);
    sp_buffer_text(body, "}");
    sp_slice text = sp_buffer_slice(body);
    char *copy = sp_buffer_failed(body) ? NULL : sp_text_copy((const char *)text.bytes, text.length);
    if (copy)
        sp_lease_report_control(&fleet->control.lease, copy, now);
}

static void plan(spectacles_fleet *fleet, uint64_t now)
{
    sp_plan_view view;
    note_takeovers(fleet, now);
    make_view(fleet, &view, now);
    write_control(fleet, &view, &fleet->heard);
    bool is_new = !sp_control_equals(&fleet->heard, &fleet->said);
    uint64_t epoch = fleet->control.lease.epoch;
    uint64_t write = fleet->said.version.epoch == epoch ? fleet->said.version.write + 1 : 1;
    fleet->heard.version = (sp_fleet_version){epoch, write};
    if (!is_new && fleet->said.version.epoch == epoch)
        return;
    fleet->said = fleet->heard;
    if (fleet->said.concurrency > 0)
        fleet->asks.concurrency = fleet->said.concurrency;
    store_plan(fleet, now);
    fleet->say_plan_at = now;
}

/* ---- All of it ---- */

static void lead_grants(spectacles_fleet *fleet, uint64_t now)
{
    bool may = sp_lease_may_identify(&fleet->control.lease, now);
    if (may && !fleet->grants.leads)
        sp_grants_lead(&fleet->grants, now);
    if (!may && fleet->grants.leads)
        sp_grants_stop(&fleet->grants);
    if (sp_grants_want_limits(&fleet->grants, now))
        sp_fleet_tell(fleet, &(sp_fleet_notice){.type = SPECTACLES_FLEET_EVENT_WANTS_LIMITS}, NULL);
}

void sp_fleet_lead(spectacles_fleet *fleet, uint64_t now)
{
    lead_grants(fleet, now); /* looks at the deadline */
    bool leads = fleet->control.lease.state == SP_LEASE_OWNED;
    if (leads && !fleet->leads)
        begin(fleet, now);
    if (!leads && fleet->leads)
        end(fleet);
    if (!fleet->leads || now < fleet->plan_at)
        return;
    fleet->plan_at = now + SP_FLEET_PLAN_EVERY;
    if (is_other_set_served(fleet)) {
        step_back(fleet, now);
        return;
    }
    plan(fleet, now);
    if (now < fleet->say_plan_at)
        return;
    say_plan(fleet);
    fleet->say_plan_at = now + SP_HELLO_EVERY;
}

uint64_t sp_fleet_lead_deadline(const spectacles_fleet *fleet)
{
    uint64_t grants = sp_grants_deadline(&fleet->grants);
    if (!fleet->leads)
        return SPECTACLES_NEVER;
    return grants < fleet->plan_at ? grants : fleet->plan_at;
}
