/*
 * The handle of a member: made and freed, and the turn of its loop. The other files of this folder do one thing each;
 * report.c and look.c have the other calls of owners.
 */
#include "fleet/internal.h"

#include "core/config.h"
#include "core/export.h"
#include "core/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GROUP_MAX = 100
};

/* ---- Made and freed ---- */

SPECTACLES_EXPORT void spectacles_fleet_config_init(spectacles_fleet_config *config, size_t size)
{
    const spectacles_fleet_config defaults = {
        .weight = 100, .generation = 1, .identify_reserve = 50, .settle = 10000};
    sp_config_write(config, size, &defaults, sizeof defaults);
}

static const char *what_is_wrong(const spectacles_fleet_config *config)
{
    if (!config->broker)
        return "the broker is missing";
    if (!config->group || !*config->group || strnlen(config->group, GROUP_MAX + 1) > GROUP_MAX)
        return "the group is missing, or has more than 100 bytes";
    if (!config->member || !sp_fleet_member_is_valid(config->member))
        return "member is not 1 to 63 printable ASCII characters without spaces";
    if (config->zone && !sp_fleet_zone_is_valid(config->zone))
        return "zone is not at most 63 printable ASCII characters without spaces";
    if (!config->token || !*config->token)
        return "the token is missing";
    if (config->shard_count == 0 || config->shard_count > SP_FLEET_SHARDS_MAX)
        return "shard_count is not 1 to 65536";
    if (config->weight == 0 || config->weight > SP_FLEET_WEIGHT_MAX)
        return "weight is not 1 to 1000";
    if (config->generation == 0)
        return "generation is 0";
    return config->seed == 0 ? "the seed is missing: spectacles_random_seed() gives one" : NULL;
}

static int read_config(spectacles_fleet_config *read, const spectacles_fleet_config *config,
                       spectacles_problem *problem)
{
    spectacles_fleet_config_init(read, sizeof *read);
    int error = sp_config_take(read, sizeof *read, config, problem);
    if (error != SPECTACLES_OK)
        return error;
    const char *wrong = what_is_wrong(read);
    return wrong ? sp_refuse(problem, SPECTACLES_E_INVAL, wrong) : SPECTACLES_OK;
}

static void init_hello(spectacles_fleet *fleet, const spectacles_fleet_config *config)
{
    sp_hello *hello = &fleet->hello;
    snprintf(hello->member, sizeof hello->member, "%s", config->member);
    snprintf(hello->zone, sizeof hello->zone, "%s", config->zone ? config->zone : "");
    snprintf(hello->run, sizeof hello->run, "%016llx", (unsigned long long)sp_random_next(&fleet->random));
    hello->weight = config->weight;
}

static void init_control(spectacles_fleet *fleet)
{
    sp_fleet_place place = {.set = "control"};
    memcpy(place.bot, fleet->bot, sizeof place.bot);
    fleet->control.subscription = -1;
    sp_lease_init(&fleet->control.lease, &place, fleet->hello.member, sp_random_next(&fleet->random) | 1);
}

static void init_parts(spectacles_fleet *fleet, const spectacles_fleet_config *config)
{
    fleet->settle = config->settle;
    fleet->bus = -1;
    fleet->worked_at = SPECTACLES_NEVER;
    fleet->error = "";
    fleet->random = (sp_random){config->seed};
    fleet->tags = sp_ring_of(sizeof(sp_fleet_tag));
    fleet->granted = sp_ring_of(sizeof(sp_fleet_turn));
    fleet->notices = sp_ring_of(sizeof(sp_fleet_notice));
    init_hello(fleet, config);
    init_control(fleet);
    sp_asks_init(&fleet->asks, fleet->hello.member, fleet->hello.run);
    sp_grants_init(&fleet->grants, config->identify_reserve);
}

/* A bot is its user id, which each of its tokens names: whoever has a new token finds the records. */
static int digest_bot(const char *token, char out[SP_DIGEST_TEXT_LENGTH + 1])
{
    char id[24];
    uint64_t bot = spectacles_token_bot(token);
    snprintf(id, sizeof id, "%" PRIu64, bot);
    const char *text = bot ? id : token;
    return sp_digest_text((sp_slice){(const uint8_t *)text, strlen(text)}, out);
}

static sp_fleet_set *add_first_set(spectacles_fleet *fleet, const spectacles_fleet_config *config)
{
    char name[SP_FLEET_SET_MAX + 1];
    snprintf(name, sizeof name, "%u-%u", (unsigned)config->shard_count, (unsigned)config->generation);
    return sp_fleet_add_set(fleet, name);
}

static int set_up(spectacles_fleet *fleet, const spectacles_fleet_config *config)
{
    if (digest_bot(config->token, fleet->bot) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    init_parts(fleet, config);
    fleet->group = sp_text_copy(config->group, strlen(config->group));
    fleet->serving = add_first_set(fleet, config);
    if (!fleet->group || !fleet->serving)
        return SPECTACLES_E_NOMEM;
    spectacles_stream *stream = spectacles_broker_stream(config->broker);
    if (!sp_stream_hold_for_relay(stream))
        return SPECTACLES_E_STATE;
    fleet->broker = config->broker;
    fleet->stream = stream;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_fleet_new(spectacles_fleet **out, const spectacles_fleet_config *config,
                                           spectacles_problem *problem)
{
    spectacles_fleet_config read;
    int error = read_config(&read, config, problem);
    if (error != SPECTACLES_OK)
        return error;
    spectacles_fleet *fleet = calloc(1, sizeof *fleet);
    error = fleet ? set_up(fleet, &read) : SPECTACLES_E_NOMEM;
    if (error != SPECTACLES_OK) {
        spectacles_fleet_free(fleet);
        return sp_refuse(problem, error,
                         error == SPECTACLES_E_STATE ? "a relay or another fleet holds the broker"
                                                     : spectacles_strerror(error));
    }
    *out = fleet;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT void spectacles_fleet_free(spectacles_fleet *fleet)
{
    if (!fleet)
        return;
    if (fleet->stream)
        sp_stream_release_from_relay(fleet->stream);
    sp_lease_free(&fleet->control.lease);
    sp_fleet_free_sets(fleet);
    sp_members_free(&fleet->members);
    sp_grants_free(&fleet->grants);
    sp_fleet_free_notices(fleet);
    sp_ring_free(&fleet->granted);
    sp_ring_free(&fleet->tags);
    sp_buffer_free(&fleet->body);
    free(fleet->gaps);
    free(fleet->group);
    free(fleet);
}

/* ---- A turn ---- */

static void carry_all_out(spectacles_fleet *fleet, uint64_t now)
{
    sp_fleet_carry_out(fleet, &fleet->control, now);
    for (size_t i = 0; i < fleet->set_count; i++) {
        for (uint32_t slot = 0; slot < fleet->sets[i]->slot_count; slot++)
            sp_fleet_carry_out(fleet, fleet->sets[i]->slots + slot, now);
    }
}

static void look_at_all(spectacles_fleet *fleet, uint64_t now)
{
    for (size_t i = 0; i < fleet->set_count; i++) {
        for (uint32_t slot = 0; slot < fleet->sets[i]->slot_count; slot++)
            sp_fleet_look_at(fleet, fleet->sets[i]->slots + slot, now);
        sp_fleet_look_at_set(fleet, fleet->sets[i], now);
    }
}

static bool is_empty_here(const spectacles_fleet *fleet)
{
    if (fleet->control.lease.state != SP_LEASE_IDLE)
        return false;
    for (size_t i = 0; i < fleet->set_count; i++) {
        if (!sp_fleet_is_empty(fleet->sets[i]))
            return false;
    }
    return true;
}

/* The last word: the others need not wait until this member is gone. */
static void say_goodbye(spectacles_fleet *fleet, uint64_t now)
{
    if (!fleet->leaves || fleet->has_left || !is_empty_here(fleet))
        return;
    fleet->hello.state = SP_HELLO_GONE;
    sp_fleet_say_hello(fleet, now);
    fleet->hello_at = SPECTACLES_NEVER;
    fleet->has_left = true;
}

static void work(spectacles_fleet *fleet, uint64_t now)
{
    if (fleet->bus < 0)
        sp_fleet_subscribe_bus(fleet);
    fleet->retry_at = fleet->bus < 0 ? now + SP_FLEET_RETRY : SPECTACLES_NEVER;
    sp_fleet_pull(fleet, now);
    sp_fleet_settle_sets(fleet, now);
    look_at_all(fleet, now);
    sp_fleet_lead(fleet, now);
    sp_fleet_want_slots(fleet, now);
    look_at_all(fleet, now);
    carry_all_out(fleet, now);
    sp_fleet_talk(fleet, now);
}

/* Until the events of a moment are told, there is nothing new to look at: actions look at deadlines by themselves. */
static bool next_event(spectacles_fleet *fleet, uint64_t now)
{
    if (fleet->worked_at != now) {
        work(fleet, now);
        fleet->worked_at = now;
    }
    return sp_fleet_next_action(fleet, now) || sp_fleet_take_notice(fleet);
}

SPECTACLES_EXPORT const spectacles_fleet_event *spectacles_fleet_next_event(spectacles_fleet *fleet,
                                                                            uint64_t now)
{
    bool found = next_event(fleet, now);
    fleet->worked_at = found ? now : SPECTACLES_NEVER;
    if (!found && fleet->retry_at <= now) /* the broker has just told why */
        found = next_event(fleet, now);
    if (found)
        return &fleet->event;
    fleet->worked_at = SPECTACLES_NEVER;
    look_at_all(fleet, now);
    carry_all_out(fleet, now); /* what the owner has removed is handed over */
    sp_fleet_settle_sets(fleet, now);
    say_goodbye(fleet, now);
    return sp_fleet_take_notice(fleet) ? &fleet->event : NULL;
}

static uint64_t earlier(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

/* When a slot is to be looked at again: its lease says so, but for resumes of a DOUBTFUL one. */
static uint64_t slot_deadline(const sp_fleet_slot *slot)
{
    uint64_t deadline = sp_lease_deadline(&slot->lease);
    if (slot->lease.state == SP_LEASE_DOUBTFUL && slot->lease.doubtful_resumes < SP_LEASE_DOUBTFUL_RESUMES &&
        slot->is_waiting)
        deadline = earlier(deadline, slot->lease.since + SP_LEASE_DOUBTFUL_RESUME);
    return deadline;
}

SPECTACLES_EXPORT uint64_t spectacles_fleet_deadline(const spectacles_fleet *fleet)
{
    uint64_t deadline = earlier(fleet->retry_at, sp_members_deadline(&fleet->members));
    deadline = earlier(deadline, sp_fleet_lead_deadline(fleet));
    deadline = earlier(deadline, sp_asks_deadline(&fleet->asks));
    deadline = earlier(deadline, sp_lease_deadline(&fleet->control.lease));
    for (size_t i = 0; i < fleet->set_count; i++) {
        for (uint32_t slot = 0; slot < fleet->sets[i]->slot_count; slot++)
            deadline = earlier(deadline, slot_deadline(fleet->sets[i]->slots + slot));
    }
    return fleet->bus_stands ? earlier(deadline, fleet->hello_at) : deadline;
}

SPECTACLES_EXPORT void spectacles_fleet_set_unix_offset(spectacles_fleet *fleet, uint64_t unix_offset)
{
    fleet->unix_offset = unix_offset;
}
