/*
 * The gateways of a member, as the fleet goes from one number of shards to another: they are made, told what to do, and
 * ended. It owns nothing. member.c and member_carry.c call it.
 */
#include "member_reshard.h"

#include <stdio.h>

enum {
    AGAIN = 2000 /* milliseconds */
};

/* ---- Made ---- */

static void note_lack(struct member *member, uint32_t shard_count, uint32_t flags, const char *why,
                      uint64_t now)
{
    bool is_new = member->lack.shard_count != shard_count;
    bool gives_up = !is_new && member->lack.gives_up;
    member->lack = (struct member_lack){
        .shard_count = shard_count, .flags = flags, .again_at = now + AGAIN, .gives_up = gives_up};
    snprintf(member->lack.why, sizeof member->lack.why, "%.300s", why);
    if (is_new)
        log_say(member->log, LOG_LEVEL_WARN, "FLEET_GATEWAY",
                "the gateway for %u shards cannot be made: %s: it is tried again each %d s",
                (unsigned)shard_count, member->lack.why, AGAIN / 1000);
}

static bool make(struct member *member, uint32_t shard_count, uint32_t flags, uint64_t now)
{
    spectacles_problem problem = {.text = "out of memory"};
    if (gateways_add(member->gateways, shard_count, flags, NULL, &problem) != SPECTACLES_OK) {
        note_lack(member, shard_count, flags, problem.text, now);
        return false;
    }
    member->lack = (struct member_lack){.shard_count = 0};
    log_say(member->log, LOG_LEVEL_INFO, "FLEET_SHARDING", "there is a gateway for %u shards",
            (unsigned)shard_count);
    return true;
}

/* ---- What lacks ---- */

/*
 * Others may be able to serve that number. So this process ends when the way there cannot be given up any more. One
 * that leaves serves nothing anyway.
 */
static void give_up(struct member *member, uint32_t shard_id, uint64_t now)
{
    uint32_t phase = member_progress(member).phase;
    member->lack.again_at = now + AGAIN;
    if (phase == SPECTACLES_FLEET_ABORTING || member->state >= MEMBER_LEAVING)
        return;
    if (phase != SPECTACLES_FLEET_PREPARE && phase != SPECTACLES_FLEET_WARMING) {
        member_fail(member, shard_id, "added", member->lack.why);
        return;
    }
    if (!member->lack.gives_up)
        log_say(member->log, LOG_LEVEL_WARN, "FLEET_GIVES_UP",
                "the way to %u shards is given up, because their gateway cannot be made here: %s",
                (unsigned)member->lack.shard_count, member->lack.why);
    member->lack.gives_up = true;
    spectacles_fleet_abort_reshard(member->handle.fleet); /* without a connection: again two seconds later */
    member->is_touched = true;
}

static void answer_for_lacking(struct member *member, const spectacles_fleet_event *event, uint64_t now)
{
    spectacles_fleet *fleet = member->handle.fleet;
    member->is_touched = true;
    if (event->type == SPECTACLES_FLEET_EVENT_ADD_SHARD)
        give_up(member, event->shard_id, now);
    else if (event->type == SPECTACLES_FLEET_EVENT_REMOVE_SHARD)
        spectacles_fleet_removed(fleet, event->shard_id, event->shard_count, NULL, NULL, 0, now);
    else if (event->type == SPECTACLES_FLEET_EVENT_GRANT_IDENTIFY)
        spectacles_fleet_identified(fleet, event->shard_id, event->shard_count, 0, now);
}

struct gateway *member_reshard_gateway(struct member *member, const spectacles_fleet_event *event,
                                       uint64_t now)
{
    struct gateway *gateway = gateways_find(member->gateways, event->shard_count);
    const struct member_lack *lack = &member->lack;
    bool may_make = event->type == SPECTACLES_FLEET_EVENT_ADD_SHARD &&
                    lack->shard_count == event->shard_count && !lack->gives_up;
    if (!gateway && may_make && make(member, event->shard_count, lack->flags, now))
        gateway = gateways_find(member->gateways, event->shard_count);
    if (!gateway)
        answer_for_lacking(member, event, now);
    return gateway;
}

bool member_reshard_process(struct member *member, uint64_t now)
{
    if (member->lack.shard_count == 0 || now < member->lack.again_at)
        return false;
    if (!member->lack.gives_up && member->state < MEMBER_LEAVING)
        return make(member, member->lack.shard_count, member->lack.flags, now);
    give_up(member, 0, now);
    return false;
}

uint64_t member_reshard_deadline(const struct member *member)
{
    return member->lack.shard_count > 0 ? member->lack.again_at : SPECTACLES_NEVER;
}

/* ---- What the fleet tells ---- */

/* The fleet goes on with what is stored; the settings are where a new fleet would begin. */
static void tell_settings(struct member *member, const spectacles_fleet_resharding *progress)
{
    uint64_t generation = settings_value(member->settings, SETTING_FLEET_GENERATION)->number;
    if (member->is_told_of_settings || !progress->is_known)
        return;
    member->is_told_of_settings = true;
    if (progress->shard_count != member->shard_count)
        log_say(
            member->log, LOG_LEVEL_WARN, "FLEET_SETTINGS",
            "the fleet serves %u shards, and this process was started with DISCORD_SHARD_COUNT=%u: it goes "
            "on with %u; set DISCORD_SHARD_COUNT=%u in all processes",
            (unsigned)progress->shard_count, (unsigned)member->shard_count, (unsigned)progress->shard_count,
            (unsigned)progress->shard_count);
    if (generation > 1 && progress->generation > generation)
        log_say(member->log, LOG_LEVEL_WARN, "FLEET_SETTINGS",
                "FLEET_GENERATION is %llu, and the fleet is at %u, because `fleet reshard` raises it too: to "
                "begin anew set it to %u, in all processes; else take it out",
                (unsigned long long)generation, (unsigned)progress->generation,
                (unsigned)progress->generation + 1);
}

static void follow_progress(struct member *member)
{
    const spectacles_fleet_resharding progress = member_progress(member);
    member->gateways->serving = progress.shard_count;
    tell_settings(member, &progress);
}

/* Whoever leaves gets no shard of another number any more: a gateway for them would only have to be stopped. */
static void follow_sharding(struct member *member, const spectacles_fleet_event *event, uint64_t now)
{
    const struct gateway *known = gateways_find(member->gateways, event->shard_count);
    if (known)
        spectacles_gateway_set_flags(known->handle, event->flags);
    else if (member->state < MEMBER_LEAVING)
        make(member, event->shard_count, event->flags, now);
}

static void end(struct member *member, uint32_t shard_count, uint64_t now)
{
    if (member->lack.shard_count == shard_count)
        member->lack = (struct member_lack){.shard_count = 0};
    gateways_end(member->gateways, shard_count, now);
}

/* What a phase means, for people. */
static const char *meaning_of(uint32_t phase)
{
    static const char *const meanings[] = {
        [SPECTACLES_FLEET_PREPARE] = "it waits for the identifies of the day, and until all members know",
        [SPECTACLES_FLEET_WARMING] = "the new shards identify, and are silent",
        [SPECTACLES_FLEET_OVERLAP] = "old and new shards publish, and workers leave copies out",
        [SPECTACLES_FLEET_CLOSING] = "the new shards serve, and the old ones are being closed",
        [SPECTACLES_FLEET_ABORTING] = "given up: the new shards are being closed again"};
    return phase < sizeof meanings / sizeof meanings[0] && meanings[phase] ? meanings[phase] : "";
}

static void tell_phase(const struct member *member, uint32_t phase)
{
    const spectacles_fleet_resharding progress = member_progress(member);
    if (phase == SPECTACLES_FLEET_STABLE)
        log_say(member->log, LOG_LEVEL_INFO, "FLEET_RESHARDING", "the fleet serves %u shards",
                (unsigned)progress.shard_count);
    else
        log_say(member->log, LOG_LEVEL_INFO, "FLEET_RESHARDING", "from %u to %u shards: %s: %s",
                (unsigned)progress.shard_count, (unsigned)progress.wanted_shards,
                spectacles_fleet_phase_name(phase), meaning_of(phase));
}

bool member_reshard_carry(struct member *member, const spectacles_fleet_event *event, uint64_t now)
{
    bool is_of_numbers = true;
    if (event->type == SPECTACLES_FLEET_EVENT_SHARDING)
        follow_sharding(member, event, now);
    else if (event->type == SPECTACLES_FLEET_EVENT_SHARDING_ENDED)
        end(member, event->shard_count, now);
    else if (event->type == SPECTACLES_FLEET_EVENT_RESHARDING)
        tell_phase(member, event->phase);
    else
        is_of_numbers = false;
    if (is_of_numbers)
        follow_progress(member);
    return is_of_numbers;
}
