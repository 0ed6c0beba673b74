/*
 * What is said between a fleet and the gateways of the daemon: each event of the fleet is done at once, and the
 * sessions of shards are reported. It owns nothing. member.c calls it.
 */
#include "member_carry.h"

#include "handle.h"
#include "member_lines.h"
#include "member_reshard.h"

#include <stdio.h>
#include <stdlib.h>

/* More room for gaps. False: memory ran out. */
static bool make_room(struct member *member)
{
    size_t room = member->gap_room ? member->gap_room * 2 : 4;
    spectacles_gap *gaps =
        room <= SIZE_MAX / sizeof *gaps ? realloc(member->gaps, room * sizeof *gaps) : NULL;
    if (!gaps)
        return false;
    member->gaps = gaps;
    member->gap_room = room;
    return true;
}

/* ---- What the fleet wants ---- */

static void add(struct member *member, const struct gateway *gateway, uint32_t id,
                const spectacles_session *session, const spectacles_gap *gaps, size_t gap_count)
{
    spectacles_problem problem = {.text = "out of memory"};
    int error = spectacles_gateway_add_shard(gateway->handle, id, session, gaps, gap_count, &problem);
    if (error != SPECTACLES_OK) {
        member_fail(member, id, "added", problem.text);
        return;
    }
    member->view.takeovers += session != NULL;
    if (handle_set_shard_presence(gateway->handle, member->settings, id) != SPECTACLES_OK)
        member_fail(member, id, "given its presence", spectacles_gateway_last_error(gateway->handle));
}

/* The fleet knows nothing of a shard that has neither a session nor a gap: it was never in a fleet. */
static bool has_past(const struct member *member, const spectacles_fleet_event *event)
{
    return member->past && event->shard_count == member->shard_count && !event->session &&
           event->gap_count == 0 && !member->past_is_taken[event->shard_id];
}

/* What the shard had before, once, and told to the fleet at once. */
static void add_past(struct member *member, const struct gateway *gateway, uint32_t id, uint64_t now)
{
    spectacles_session session;
    size_t count = 0;
    spectacles_session_init(&session, sizeof session);
    bool has_session = spectacles_state_session(member->past, id, &session) == 1;
    member->past_is_taken[id] = true;
    for (;; count++) {
        if (count == member->gap_room && !make_room(member)) {
            member_fail(member, id, "added", spectacles_strerror(SPECTACLES_E_NOMEM));
            return;
        }
        spectacles_gap_init(&member->gaps[count], sizeof member->gaps[count]);
        if (spectacles_state_gap(member->past, id, count, &member->gaps[count]) != 1)
            break;
    }
    add(member, gateway, id, has_session ? &session : NULL, member->gaps, count);
    if (!member->failure[0] && (has_session || count > 0))
        member_report_shard(member, gateway, id, false, now);
}

static void add_as_told(struct member *member, const struct gateway *gateway,
                        const spectacles_fleet_event *event, uint64_t now)
{
    if (has_past(member, event))
        add_past(member, gateway, event->shard_id, now);
    else
        add(member, gateway, event->shard_id, event->session, event->gaps, event->gap_count);
}

static void remove_in_order(struct member *member, const struct gateway *gateway,
                            const spectacles_fleet_event *event, uint64_t now)
{
    if (spectacles_gateway_remove_shard(gateway->handle, event->shard_id, event->code, now) != SPECTACLES_OK)
        member_fail(member, event->shard_id, "removed", spectacles_gateway_last_error(gateway->handle));
}

static void drop(struct member *member, struct gateway *gateway, const spectacles_fleet_event *event)
{
    if (spectacles_gateway_drop_shard(gateway->handle, event->shard_id) != SPECTACLES_OK)
        member_fail(member, event->shard_id, "dropped", spectacles_gateway_last_error(gateway->handle));
    status_forget(&gateway->memory, event->shard_id);
}

/* A shard whose connection has ended meanwhile asks again by itself. */
static void grant(struct member *member, const struct gateway *gateway, const spectacles_fleet_event *event,
                  uint64_t now)
{
    uint32_t id = event->shard_id;
    int error = spectacles_gateway_grant_identify(gateway->handle, id, now);
    spectacles_fleet_identified(member->handle.fleet, id, event->shard_count, error == SPECTACLES_OK, now);
    member->view.grants += error == SPECTACLES_OK;
}

/* The shard may have another session by now: the record of that one is on its way. */
static void note_stored(const struct gateway *gateway, const spectacles_fleet_event *event)
{
    spectacles_gateway_session_stored(gateway->handle, event->shard_id, event->session->session_id,
                                      event->session->seq);
}

/* ---- What is to be known ---- */

static void note(struct member *member, const spectacles_fleet_event *event)
{
    if (event->type == SPECTACLES_FLEET_EVENT_WANTS_LIMITS)
        member->wants_limits = true;
    else if (event->type == SPECTACLES_FLEET_EVENT_LEADER)
        member->view.leads = event->member != NULL;
    else if (event->type == SPECTACLES_FLEET_EVENT_BROKER_READY)
        member->view.is_connected = true;
    else if (event->type == SPECTACLES_FLEET_EVENT_BROKER_DISCONNECTED)
        member->view.is_connected = false;
}

static bool is_expected(const struct member *member, const spectacles_fleet_event *event)
{
    return member->state == MEMBER_CLOSING && event->type == SPECTACLES_FLEET_EVENT_BROKER_DISCONNECTED;
}

static void carry_shard(struct member *member, struct gateway *gateway, const spectacles_fleet_event *event,
                        uint64_t now)
{
    switch (event->type) {
    case SPECTACLES_FLEET_EVENT_ADD_SHARD:
        add_as_told(member, gateway, event, now);
        return;
    case SPECTACLES_FLEET_EVENT_REMOVE_SHARD:
        remove_in_order(member, gateway, event, now);
        return;
    case SPECTACLES_FLEET_EVENT_DROP_SHARD:
        drop(member, gateway, event);
        return;
    case SPECTACLES_FLEET_EVENT_GRANT_IDENTIFY:
        grant(member, gateway, event, now);
        return;
    default:
        note_stored(gateway, event);
        return;
    }
}

bool member_carry(struct member *member, const spectacles_fleet_event *event, uint64_t now)
{
    if (!is_expected(member, event))
        member_line(member->log, member->repeats, event, now);
    if (event->type <= SPECTACLES_FLEET_EVENT_SESSION_STORED) {
        struct gateway *gateway = member_reshard_gateway(member, event, now);
        if (gateway)
            carry_shard(member, gateway, event, now);
        return gateway != NULL;
    }
    member->has_news = true;
    note(member, event);
    return member_reshard_carry(member, event, now);
}

/* ---- What the fleet is to know ---- */

/*
 * Copies the gaps of a shard into member->gaps. Their texts are borrowed from the gateway, which is not called before
 * they were reported. False: memory ran out.
 */
static bool collect_gaps(struct member *member, const struct gateway *gateway, uint32_t shard_id,
                         size_t *count)
{
    for (*count = 0;; (*count)++) {
        if (*count == member->gap_room && !make_room(member))
            return false;
        spectacles_gap_init(&member->gaps[*count], sizeof member->gaps[*count]);
        if (spectacles_gateway_gap(gateway->handle, shard_id, *count, &member->gaps[*count]) != 1)
            return true;
    }
}

/* A shard whose session or gaps are told to the fleet. */
struct reported {
    const struct gateway *gateway;
    uint32_t id;
    bool is_removed;
};

static int report(struct member *member, const struct reported *shard, const spectacles_session *session,
                  size_t count, uint64_t now)
{
    spectacles_fleet *fleet = member->handle.fleet;
    uint32_t shards = shard->gateway->shard_count;
    return shard->is_removed
               ? spectacles_fleet_removed(fleet, shard->id, shards, session, member->gaps, count, now)
               : spectacles_fleet_report(fleet, shard->id, shards, session, member->gaps, count, now);
}

/*
 * An id that cannot be stored (Discord has never sent one) becomes a gap: nobody else could resume the session. Its
 * dispatches wait for nothing.
 */
static int report_unknown(struct member *member, const struct reported *shard,
                          const spectacles_session *session, uint64_t now)
{
    log_say(
        member->log, LOG_LEVEL_WARN, "FLEET_PROBLEM",
        "the session or a gap of shard %u cannot be stored, because an id in it is too long or unprintable: "
        "whoever goes on declares a gap",
        (unsigned)shard->id);
    spectacles_gap_init(&member->gaps[0], sizeof member->gaps[0]);
    member->gaps[0].shard_id = shard->id;
    member->gaps[0].unix_time = spectacles_unix_time();
    int error = report(member, shard, NULL, 1, now);
    if (session && !shard->is_removed)
        spectacles_relay_session_stored(spectacles_gateway_relay(shard->gateway->handle), shard->id,
                                        session->session_id);
    return error;
}

void member_report_shard(struct member *member, const struct gateway *gateway, uint32_t shard_id,
                         bool is_removed, uint64_t now)
{
    const struct reported shard = {gateway, shard_id, is_removed};
    spectacles_session session;
    size_t count = 0;
    spectacles_session_init(&session, sizeof session);
    bool has_session = spectacles_gateway_session(gateway->handle, shard_id, &session) == SPECTACLES_OK;
    const spectacles_session *present = has_session ? &session : NULL;
    int error = collect_gaps(member, gateway, shard_id, &count) ? report(member, &shard, present, count, now)
                                                                : SPECTACLES_E_NOMEM;
    if (error == SPECTACLES_E_INVAL)
        error = report_unknown(member, &shard, present, now);
    if (error != SPECTACLES_OK)
        member_fail(member, shard_id, "stored", spectacles_strerror(error));
    member->is_touched = true;
}

static void report_changed_of(struct member *member, const struct gateway *gateway, uint64_t now)
{
    uint32_t shard_id;
    if (spectacles_gateway_take_state(gateway->handle, spectacles_unix_time()) == SPECTACLES_E_NOMEM) {
        member->report_at = now + MEMBER_REPORT_EVERY; /* what was not taken stays to be taken */
        return;
    }
    while (spectacles_gateway_next_changed(gateway->handle, &shard_id))
        member_report_shard(member, gateway, shard_id, false, now);
}

void member_report_changed(struct member *member, uint64_t now)
{
    for (size_t i = 0; i < member->gateways->count; i++) {
        if (!member->gateways->items[i].is_ending)
            report_changed_of(member, &member->gateways->items[i], now);
    }
}
