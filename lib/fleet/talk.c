/*
 * What members say to each other, and who is there. Called by bus.c, when a message comes, and by fleet.c, when it is
 * time to say something.
 */
#include "fleet/internal.h"

#include <stdio.h>
#include <string.h>

/* ---- What is heard ---- */

static void tell_member(spectacles_fleet *fleet, uint32_t type, const char *name)
{
    sp_fleet_notice notice = {.type = type};
    snprintf(notice.member, sizeof notice.member, "%s", name);
    sp_fleet_tell(fleet, &notice, NULL);
}

/* Two processes with one name: each slot still has one owner, but no plan can tell the two apart. */
static bool is_namesake(spectacles_fleet *fleet, const sp_hello *hello)
{
    if (strcmp(hello->member, fleet->hello.member) != 0 || strcmp(hello->run, fleet->hello.run) == 0)
        return false;
    if (!fleet->is_told_of_namesake && hello->state != SP_HELLO_GONE)
        sp_fleet_tell_problem(fleet, SPECTACLES_E_INVAL,
                              "another process of the fleet calls itself %s: give each its own name",
                              hello->member);
    fleet->is_told_of_namesake |= hello->state != SP_HELLO_GONE;
    return true;
}

/* Somebody who owns our slot in a later epoch ends our service. */
static void hear_epochs(spectacles_fleet *fleet, const sp_hello *hello, uint64_t now)
{
    if (!sp_members_find(&fleet->members, hello->member))
        return;
    for (size_t i = 0; i < fleet->set_count; i++) {
        sp_fleet_set *own = fleet->sets[i];
        const sp_hello_set *set = sp_hello_set_of(hello, own->name);
        for (uint32_t slot = 0; set && slot < own->slot_count; slot++) {
            if (set->epochs[slot] > 0)
                sp_lease_heard(&own->slots[slot].lease, set->epochs[slot], now);
        }
    }
}

static void hear_hello(spectacles_fleet *fleet, sp_slice object, uint64_t now)
{
    sp_hello hello;
    if (sp_hello_read(object, &hello) != SPECTACLES_OK || is_namesake(fleet, &hello))
        return;
    bool is_own = strcmp(hello.run, fleet->hello.run) == 0;
    if (is_own)
        fleet->hear_by = now + SP_MEMBER_GONE;
    bool was_there = sp_members_find(&fleet->members, hello.member) != NULL;
    int heard = sp_members_heard(&fleet->members, &hello, now);
    if (heard == 1)
        tell_member(fleet, SPECTACLES_FLEET_EVENT_MEMBER_JOINED, hello.member);
    if (heard == SPECTACLES_E_TOOBIG)
        sp_fleet_tell_problem(fleet, heard, "the fleet has more than %d members: %s is not counted",
                              SP_MEMBERS_MAX, hello.member);
    if (hello.state == SP_HELLO_GONE && was_there)
        tell_member(fleet, SPECTACLES_FLEET_EVENT_MEMBER_LEFT, hello.member);
    if (!is_own)
        hear_epochs(fleet, &hello, now);
}

/* Whoever was set to another number of shards gets nothing. */
static void tell_other_set(spectacles_fleet *fleet, const char *served)
{
    if (!fleet->is_told_of_other_set)
        sp_fleet_tell_problem(fleet, SPECTACLES_E_INVAL, SP_FLEET_OTHER_SET, served, fleet->serving->name);
    fleet->is_told_of_other_set = true;
}

static void hear_plan(spectacles_fleet *fleet, sp_slice object, uint64_t now)
{
    sp_control *control = &fleet->heard;
    if (fleet->leads || sp_control_read(object, control) != SPECTACLES_OK || control->set_count == 0)
        return;
    fleet->led_at = now;
    if (sp_fleet_is_for_us(fleet, control))
        sp_fleet_follow(fleet, control, now);
    else
        tell_other_set(fleet, control->sets[0].name);
}

/* A grant waits for its turn: whether it is taken is decided when the owner is told. */
static void keep_grant(spectacles_fleet *fleet, const sp_fleet_turn *turn)
{
    if (strcmp(turn->run, fleet->hello.run) != 0)
        return;
    sp_fleet_turn *kept = sp_ring_push(&fleet->granted);
    if (kept)
        *kept = *turn; /* else it lapses, and the shard asks again */
}

static void hear_turn(spectacles_fleet *fleet, enum sp_fleet_message kind, sp_slice object, uint64_t now)
{
    sp_fleet_turn turn;
    if (sp_fleet_turn_read(object, &turn) != SPECTACLES_OK)
        return;
    if (kind == SP_FLEET_MESSAGE_ASK)
        sp_grants_asked(&fleet->grants, &turn, now);
    else if (kind == SP_FLEET_MESSAGE_TOOK)
        sp_grants_took(&fleet->grants, &turn, now);
    else
        keep_grant(fleet, &turn);
}

static void pin(sp_control *control, const sp_fleet_wish *wish)
{
    sp_control_set *set = sp_control_set_of(control, wish->set);
    if (set && wish->slot < set->slot_count)
        set->pins[wish->slot] = (int16_t)sp_control_member(control, wish->member);
}

static void hear_change(spectacles_fleet *fleet, const sp_fleet_wish *wish)
{
    sp_fleet_change change = {wish->shard_count, wish->kind == SP_FLEET_WISH_GIVE_UP};
    const char *why = sp_fleet_refuse_change(fleet, &change);
    if (why)
        sp_fleet_tell_problem(fleet, SPECTACLES_E_STATE, "another number of shards was asked for: %s", why);
    else
        fleet->change = change;
}

/* The next plan has it. */
static void hear_wish(spectacles_fleet *fleet, sp_slice object)
{
    sp_fleet_wish wish;
    if (!fleet->leads || sp_fleet_wish_read(object, &wish) != SPECTACLES_OK)
        return;
    if (wish.kind != SP_FLEET_WISH_MOVE) {
        hear_change(fleet, &wish);
        return;
    }
    pin(&fleet->said, &wish);
    if (fleet->has_draft)
        pin(&fleet->draft, &wish);
    fleet->is_pinned = true;
}

/* What is not of this bot and this version is not for us. */
void sp_fleet_hear(spectacles_fleet *fleet, sp_slice message, uint64_t now)
{
    enum sp_fleet_message kind;
    sp_slice object;
    int error = sp_fleet_message_open(message, fleet->bot, &kind, &object);
    if (error != SPECTACLES_OK && !fleet->is_told_of_strangers) {
        fleet->is_told_of_strangers = true;
        sp_fleet_tell_problem(fleet, error, "somebody says in the fleet what is not understood: %s",
                              spectacles_strerror(error));
    }
    if (error != SPECTACLES_OK)
        return;
    if (kind == SP_FLEET_MESSAGE_HELLO)
        hear_hello(fleet, object, now);
    else if (kind == SP_FLEET_MESSAGE_PLAN)
        hear_plan(fleet, object, now);
    else if (kind == SP_FLEET_MESSAGE_WISH)
        hear_wish(fleet, object);
    else if (kind != SP_FLEET_MESSAGE_OTHER)
        hear_turn(fleet, kind, object, now);
}

/* ---- What is said ---- */

void sp_fleet_say_turn(spectacles_fleet *fleet, enum sp_fleet_message kind, const sp_fleet_turn *turn)
{
    if (sp_fleet_turn_write(turn, kind, fleet->bot, &fleet->body) == SPECTACLES_OK)
        sp_fleet_say(fleet);
}

/* How long it has been so, at least 1; 0: it is not so. */
static uint64_t time_since(uint64_t since, uint64_t now)
{
    return since == SPECTACLES_NEVER ? 0 : now - since + 1;
}

static void fill_set(const sp_fleet_set *set, sp_hello_set *out, uint64_t now)
{
    *out = (sp_hello_set){.warm = time_since(set->warm_since, now),
                          .steady = time_since(set->publishes_since, now)};
    memcpy(out->name, set->name, sizeof out->name);
    for (uint32_t i = 0; i < set->slot_count; i++) {
        const sp_lease *lease = &set->slots[i].lease;
        out->starved |= (uint64_t)set->slots[i].is_starved << i;
        out->epochs[i] = lease->state == SP_LEASE_OWNED ? lease->epoch : 0;
    }
}

void sp_fleet_say_hello(spectacles_fleet *fleet, uint64_t now)
{
    sp_hello *hello = &fleet->hello;
    hello->set_count = 0;
    for (size_t i = 0; i < fleet->set_count && hello->set_count < SP_FLEET_SETS_MAX; i++) {
        if (!fleet->sets[i]->is_retired)
            fill_set(fleet->sets[i], hello->sets + hello->set_count++, now);
    }
    fleet->hello_at = now + SP_HELLO_EVERY;
    if (sp_hello_write(hello, fleet->bot, &fleet->body) == SPECTACLES_OK)
        sp_fleet_say(fleet);
}

void sp_fleet_say_wish(spectacles_fleet *fleet, const sp_fleet_wish *wish)
{
    if (sp_fleet_wish_write(wish, fleet->bot, &fleet->body) == SPECTACLES_OK)
        sp_fleet_say(fleet);
}

static void notice_gone(spectacles_fleet *fleet, uint64_t now)
{
    char name[SP_FLEET_MEMBER_MAX + 1];
    while (sp_members_next_gone(&fleet->members, now, name))
        tell_member(fleet, SPECTACLES_FLEET_EVENT_MEMBER_LEFT, name);
}

/*
 * The queue of a connection is gone when the other nodes of RabbitMQ took its node for dead for a while. The node and
 * the connection may go on then, and nobody is told. A leader that hears nothing plans nothing and grants nothing.
 */
static bool is_deaf(const spectacles_fleet *fleet, uint64_t now)
{
    return fleet->bus_stands && !fleet->has_left && now >= fleet->hear_by;
}

void sp_fleet_talk(spectacles_fleet *fleet, uint64_t now)
{
    sp_fleet_turn turn;
    notice_gone(fleet, now);
    if (is_deaf(fleet, now))
        sp_fleet_renew_bus(fleet);
    if (!fleet->bus_stands)
        return;
    if (now >= fleet->hello_at)
        sp_fleet_say_hello(fleet, now);
    while (sp_asks_next(&fleet->asks, now, &turn))
        sp_fleet_say_turn(fleet, SP_FLEET_MESSAGE_ASK, &turn);
    while (sp_grants_next(&fleet->grants, now, &turn))
        sp_fleet_say_turn(fleet, SP_FLEET_MESSAGE_GRANT, &turn);
}
