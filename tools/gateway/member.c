/*
 * The daemon as a member of a fleet: its turn of the loop, what it hears of the gateway, and its end. It owns the fleet
 * handle. member_carry.c does what the fleet wants. daemon.c and daemon_start.c call it.
 */
#include "member.h"

#include "member_carry.h"
#include "member_reshard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Looking ---- */

static uint64_t count_members(const spectacles_fleet *fleet)
{
    spectacles_fleet_member_info info;
    size_t count = 0;
    spectacles_fleet_member_info_init(&info, sizeof info);
    while (spectacles_fleet_member(fleet, count, &info) == 1)
        count++;
    return count;
}

static void look_at_fleet(struct member *member)
{
    const spectacles_fleet *fleet = member->handle.fleet;
    spectacles_fleet_slot_info info;
    spectacles_fleet_slot_info_init(&info, sizeof info);
    const spectacles_fleet_resharding progress = member_progress(member);
    member->view.phase = progress.phase;
    member->view.shard_count = progress.shard_count;
    member->view.wanted_shards = progress.wanted_shards;
    memset(member->view.slots, 0, sizeof member->view.slots);
    for (uint32_t slot = 0; slot < spectacles_fleet_slot_count(fleet); slot++) {
        spectacles_fleet_slot(fleet, slot, &info);
        if (info.state <= SPECTACLES_FLEET_DOUBTFUL)
            member->view.slots[info.state]++;
    }
    member->view.members = count_members(fleet);
    member->has_news = false;
}

/* ---- Making ---- */

int member_new(struct member **out, const struct member_parts *parts, spectacles_problem *problem)
{
    struct fleet_handle_parts handle = {
        .settings = parts->settings, .proxies = parts->proxies, .shard_count = parts->shard_count};
    struct member *member = calloc(1, sizeof *member);
    if (!member)
        return SPECTACLES_E_NOMEM;
    member->settings = parts->settings;
    member->log = parts->log;
    member->repeats = parts->repeats;
    member->gateways = parts->gateways;
    member->past = parts->past;
    member->shard_count = parts->shard_count;
    member->report_at = SPECTACLES_NEVER;
    member->view.is_used = true;
    member->past_is_taken = parts->past ? calloc(parts->shard_count, sizeof(bool)) : NULL;
    int error = parts->past && !member->past_is_taken ? SPECTACLES_E_NOMEM
                                                      : fleet_handle_begin(&member->handle, &handle, problem);
    if (error != SPECTACLES_OK) {
        member_free(member);
        return error;
    }
    snprintf(member->view.member, sizeof member->view.member, "%s", member->handle.name);
    look_at_fleet(member);
    *out = member;
    return SPECTACLES_OK;
}

void member_free(struct member *member)
{
    if (!member)
        return;
    fleet_handle_end(&member->handle);
    free(member->past_is_taken);
    free(member->gaps);
    free(member);
}

/* ---- Credentials ---- */

void member_set_tls(struct member *member, spectacles_tls *tls)
{
    if (member)
        connection_set_tls(member->handle.connection, tls);
}

int member_set_urls(struct member *member, const char *const *urls, size_t count, uint64_t now,
                    spectacles_problem *problem)
{
    if (!member)
        return SPECTACLES_OK;
    int error = spectacles_broker_set_urls(member->handle.broker, urls, count, now);
    if (error != SPECTACLES_OK)
        snprintf(problem->text, sizeof problem->text, "%s",
                 spectacles_broker_last_error(member->handle.broker));
    return error;
}

/* ---- Coming and going ---- */

void member_begin(struct member *member, uint64_t now)
{
    if (!member || member->state != MEMBER_APART)
        return;
    member->state = MEMBER_IN;
    member->is_touched = true;
    spectacles_fleet_set_unix_offset(member->handle.fleet, spectacles_unix_time() - now);
    log_say(member->log, LOG_LEVEL_INFO, "FLEET", "joining the fleet as %s, with %u slots",
            member->handle.name, (unsigned)spectacles_fleet_slot_count(member->handle.fleet));
}

void member_leave(struct member *member, uint64_t now)
{
    if (!member || member->state != MEMBER_IN)
        return;
    member->state = MEMBER_LEAVING;
    member->is_touched = true;
    spectacles_fleet_leave(member->handle.fleet, now);
    log_say(member->log, LOG_LEVEL_INFO, "FLEET", "leaving the fleet: %llu slots are handed over",
            (unsigned long long)member->view.slots[SPECTACLES_FLEET_OWNED]);
}

bool member_has_left(const struct member *member)
{
    if (!member || member->state == MEMBER_APART)
        return true;
    return member->state >= MEMBER_LEAVING && spectacles_fleet_has_left(member->handle.fleet);
}

void member_close(struct member *member, uint64_t now)
{
    if (!member || member->state != MEMBER_LEAVING)
        return;
    member->state = MEMBER_CLOSING;
    member->is_touched = true;
    spectacles_broker_close(member->handle.broker, now);
}

bool member_is_closed(const struct member *member)
{
    return !member || member->state == MEMBER_APART ||
           spectacles_broker_state(member->handle.broker) == SPECTACLES_BROKER_CLOSED;
}

/* ---- What the gateway tells ---- */

static void touch(struct member *member, uint64_t report_at)
{
    member->is_touched = true;
    if (report_at < member->report_at)
        member->report_at = report_at;
}

/* A session that waits to be stored holds its dispatches back, and a gap is worth a record at once. */
void member_hear(struct member *member, const struct gateway *gateway, const spectacles_relay_event *event,
                 uint64_t now)
{
    if (!member || member->state == MEMBER_APART || gateway->is_ending)
        return;
    switch (event->type) {
    case SPECTACLES_RELAY_EVENT_SHARD_RESUMED:
        spectacles_fleet_connected(member->handle.fleet, event->shard_id, gateway->shard_count, now);
        touch(member, SPECTACLES_NEVER);
        return;
    case SPECTACLES_RELAY_EVENT_SHARD_READY:
        spectacles_fleet_connected(member->handle.fleet, event->shard_id, gateway->shard_count, now);
        touch(member, now);
        return;
    case SPECTACLES_RELAY_EVENT_SHARD_GAP:
        touch(member, now);
        return;
    case SPECTACLES_RELAY_EVENT_SHARD_WANTS_IDENTIFY:
        spectacles_fleet_wants_identify(member->handle.fleet, event->shard_id, gateway->shard_count, now);
        touch(member, SPECTACLES_NEVER);
        return;
    case SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED:
        spectacles_fleet_disconnected(member->handle.fleet, event->shard_id, gateway->shard_count, now);
        touch(member, now + MEMBER_REPORT_EVERY);
        return;
    case SPECTACLES_RELAY_EVENT_BROKER_READY: /* RabbitMQ can be reached again: the fleet tries at once, too */
        spectacles_broker_network_changed(member->handle.broker, now);
        touch(member, SPECTACLES_NEVER);
        return;
    case SPECTACLES_RELAY_EVENT_SHARD_REMOVED:
        member_report_shard(member, gateway, event->shard_id, true, now);
        touch(member, SPECTACLES_NEVER);
        return;
    default:
        return;
    }
}

/* ---- The loop ---- */

static uint64_t earlier(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

static uint64_t deadline_of(const struct member *member)
{
    uint64_t deadline = earlier(connection_deadline(member->handle.connection), member->report_at);
    deadline = earlier(deadline, member_reshard_deadline(member));
    if (member->is_touched)
        return 0;
    return earlier(deadline, spectacles_fleet_deadline(member->handle.fleet));
}

void member_watch(struct member *member, struct loop *loop)
{
    if (!member || member->state == MEMBER_APART)
        return;
    loop_watch(loop, connection_descriptor(member->handle.connection), POLLIN);
    loop_until(loop, deadline_of(member));
    if (member->wants_limits && member->state == MEMBER_IN)
        loop_until(loop, 0); /* the daemon asks in its next turn */
}

/* Whether this turn is for the fleet, as far as one can see. */
static bool has_work(const struct member *member, const struct loop *loop, uint64_t now)
{
    return loop_found(loop, connection_descriptor(member->handle.connection)) || now >= deadline_of(member);
}

/*
 * Confirms move what is committed, and the gateway reads them when its descriptor or its deadline says so. So whatever
 * the turn is for, but the fleet alone, may be a reason to report.
 */
static void look_at_gateway(struct member *member, const struct loop *loop, uint64_t now)
{
    if (gateways_found(member->gateways, loop) || !has_work(member, loop, now))
        member->report_at = earlier(member->report_at, now + MEMBER_REPORT_EVERY);
    if (now < member->report_at)
        return;
    member->report_at = SPECTACLES_NEVER;
    member_report_changed(member, now);
}

/* Each event is decided when it is taken, so none is kept. */
static bool pull(struct member *member, uint64_t now)
{
    bool has_worked = false;
    const spectacles_fleet_event *event;
    do {
        while (!member->failure[0] && (event = spectacles_fleet_next_event(member->handle.fleet, now)))
            has_worked |= member_carry(member, event, now);
    } while (connection_flush(member->handle.connection, now) && !member->failure[0]);
    return has_worked;
}

bool member_process(struct member *member, const struct loop *loop, uint64_t now)
{
    if (!member || member->state == MEMBER_APART || member->failure[0])
        return false;
    look_at_gateway(member, loop, now);
    if (!has_work(member, loop, now))
        return false;
    member->is_touched = false;
    connection_process(member->handle.connection, now);
    bool has_worked = member_reshard_process(member, now);
    has_worked |= pull(member, now);
    if (member->has_news)
        look_at_fleet(member);
    return has_worked;
}

/* ---- Limits ---- */

bool member_takes_limits(struct member *member)
{
    bool wants = member && member->wants_limits;
    if (wants) {
        member->wants_limits = false;
        member->awaits_limits = true;
    }
    return wants;
}

void member_set_limits(struct member *member, const spectacles_gateway_bot *answer, uint64_t asked_at,
                       uint64_t now)
{
    if (!member || !member->awaits_limits)
        return;
    member->awaits_limits = false;
    spectacles_fleet_set_limits(member->handle.fleet, answer, asked_at, now);
    member->is_touched = true;
}

const char *member_failure(const struct member *member)
{
    return member && member->failure[0] ? member->failure : NULL;
}

void member_look(const struct member *member, struct status_fleet *out)
{
    *out = member ? member->view : (struct status_fleet){.is_used = false};
}
