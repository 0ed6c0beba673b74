#include "fleets.h"

#include "unit.h"

#include <stdio.h>

fleets_world fleets;

int fleets_begin(void **state)
{
    (void)state;
    memset(&fleets, 0, sizeof fleets);
    fleets.now = 100000;
    fleets.remaining = 1000;
    return 0;
}

void fleets_kill(int index)
{
    fleet_member *member = fleets.members + index;
    spectacles_fleet_free(member->fleet);
    fake_broker_free(member->broker);
    memset(member, 0, sizeof *member);
}

int fleets_end(void **state)
{
    (void)state;
    for (int i = 0; i < FLEET_MEMBERS; i++) {
        if (fleets.members[i].fleet)
            fleets_kill(i);
    }
    fake_reset();
    return 0;
}

void fleets_start(int index, const char *zone)
{
    fleet_member *member = fleets.members + index;
    spectacles_problem problem = {0};
    char name[16];
    snprintf(name, sizeof name, "web-%d", index);
    member->broker = fake_broker_new();
    spectacles_fleet_config config;
    spectacles_fleet_config_init(&config, sizeof config);
    config.broker = member->broker;
    config.group = "gateway";
    config.member = name;
    config.zone = zone;
    config.token = fleets.token ? fleets.token : "token";
    config.shard_count = fleets.shard_count ? fleets.shard_count : FLEET_SHARDS;
    config.generation = fleets.generation ? fleets.generation : 1;
    config.seed = 7919 * ((uint64_t)index + 1) + fleets.now;
    int error = spectacles_fleet_new(&member->fleet, &config, &problem);
    if (error == SPECTACLES_E_NOMEM)
        error = spectacles_fleet_new(&member->fleet, &config, &problem);
    if (error != SPECTACLES_OK)
        fail_msg("%s", problem.text);
}

/* ---- The gateway and Discord ---- */

static const uint32_t counts[2] = {FLEET_SHARDS, FLEET_OTHER_SHARDS};

static int index_of(uint32_t shard_count)
{
    return shard_count == FLEET_OTHER_SHARDS;
}

fleet_shard *fleets_shard(int index, uint32_t shard_id)
{
    return fleets.members[index].gateways[0].shards + shard_id;
}

static spectacles_session session_of(const fleet_shard *shard, uint32_t shard_id, int which, char id[16])
{
    snprintf(id, 16, "s%u", shard->session);
    spectacles_session session = {.size = sizeof session,
                                  .shard_id = shard_id,
                                  .shard_count = counts[which],
                                  .seq = shard->seq,
                                  .session_id = id,
                                  .resume_url = "wss://gateway.discord.gg",
                                  .format = 1};
    return session;
}

static void report(fleet_member *member, int which, uint32_t shard_id)
{
    char id[16];
    const fleet_shard *shard = member->gateways[which].shards + shard_id;
    spectacles_session session = session_of(shard, shard_id, which, id);
    const spectacles_session *reported = shard->session ? &session : NULL;
    if (spectacles_fleet_report(member->fleet, shard_id, counts[which], reported, NULL, 0, fleets.now) !=
        SPECTACLES_OK)
        assert_int_equal(
            spectacles_fleet_report(member->fleet, shard_id, counts[which], reported, NULL, 0, fleets.now),
            SPECTACLES_OK);
}

static void tell_connected(fleet_member *member, int which, uint32_t shard_id)
{
    assert_int_equal(spectacles_fleet_connected(member->fleet, shard_id, counts[which], fleets.now),
                     SPECTACLES_OK);
}

static void identify(fleet_member *member, int which, uint32_t shard_id)
{
    fleet_discord *discord = fleets.discords + which;
    fleet_shard *shard = member->gateways[which].shards + shard_id;
    if (fleets.identified_at > 0)
        assert_true(fleets.now >= fleets.identified_at + 5000);
    assert_true(shard->asks);
    fleets.identified_at = fleets.now;
    fleets.remaining--;
    shard->asks = false;
    shard->session = discord->current[shard_id] = ++fleets.sessions;
    shard->seq = shard->stored = discord->sent[shard_id] = discord->arrived[shard_id] = 0;
    spectacles_fleet_identified(member->fleet, shard_id, counts[which], 1, fleets.now);
    tell_connected(member, which, shard_id);
    report(member, which, shard_id);
}

/* A session that lives goes on; without one the shard asks. */
static void connect_shard(fleet_member *member, int which, uint32_t shard_id)
{
    fleet_shard *shard = member->gateways[which].shards + shard_id;
    if (shard->session != 0 && shard->session == fleets.discords[which].current[shard_id]) {
        tell_connected(member, which, shard_id);
        return;
    }
    shard->session = 0;
    shard->asks = true;
    assert_int_equal(spectacles_fleet_wants_identify(member->fleet, shard_id, counts[which], fleets.now),
                     SPECTACLES_OK);
}

static void add(fleet_member *member, const spectacles_fleet_event *event)
{
    int which = index_of(event->shard_count);
    fleet_shard *shard = member->gateways[which].shards + event->shard_id;
    assert_false(shard->is_served);
    *shard = (fleet_shard){.is_served = true, .gaps = event->gap_count};
    fleets.gaps[event->shard_id] += which == 0 ? (uint32_t)event->gap_count : 0;
    if (event->session) {
        shard->session = (uint32_t)atoi(event->session->session_id + 1);
        shard->seq = event->session->seq;
    }
    connect_shard(member, which, event->shard_id);
}

/* A close with 1000 ends the session. */
static void answer_removed(fleet_member *member, int which, uint32_t shard_id)
{
    char id[16];
    fleet_shard *shard = member->gateways[which].shards + shard_id;
    spectacles_session session = session_of(shard, shard_id, which, id);
    if (shard->code == 1000 && shard->session == fleets.discords[which].current[shard_id])
        fleets.discords[which].current[shard_id] = 0;
    const spectacles_session *left = shard->session ? &session : NULL;
    if (spectacles_fleet_removed(member->fleet, shard_id, counts[which], left, NULL, 0, fleets.now) !=
        SPECTACLES_OK)
        assert_int_equal(
            spectacles_fleet_removed(member->fleet, shard_id, counts[which], left, NULL, 0, fleets.now),
            SPECTACLES_OK);
    *shard = (fleet_shard){.code = shard->code};
}

static void answer_limits(fleet_member *member)
{
    spectacles_gateway_bot answer = {.size = sizeof answer,
                                     .verdict = SPECTACLES_GATEWAY_BOT_FINE,
                                     .max_concurrency = 1,
                                     .total = 1000,
                                     .remaining = fleets.remaining,
                                     .reset_after = 86400000};
    fleets.limits++;
    assert_int_equal(spectacles_fleet_set_limits(member->fleet, &answer, fleets.now, fleets.now),
                     SPECTACLES_OK);
}

static void end_gateway(fleet_gateway *gateway)
{
    for (uint32_t id = 0; id < FLEET_MOST; id++)
        assert_false(gateway->shards[id].is_served);
    *gateway = (fleet_gateway){.is_there = false};
}

static void on_shard_event(fleet_member *member, const spectacles_fleet_event *event)
{
    int which = index_of(event->shard_count);
    fleet_shard *shard = member->gateways[which].shards + event->shard_id;
    assert_true(event->type == SPECTACLES_FLEET_EVENT_ADD_SHARD || shard->is_served);
    switch (event->type) {
    case SPECTACLES_FLEET_EVENT_ADD_SHARD:
        add(member, event);
        return;
    case SPECTACLES_FLEET_EVENT_REMOVE_SHARD:
        assert_true(event->code == 4000 || event->code == 1000);
        shard->is_removing = true;
        shard->code = event->code;
        return;
    case SPECTACLES_FLEET_EVENT_DROP_SHARD:
        *shard = (fleet_shard){.is_served = false};
        return;
    case SPECTACLES_FLEET_EVENT_GRANT_IDENTIFY:
        identify(member, which, event->shard_id);
        return;
    default: /* SESSION_STORED, perhaps of the session before */
        if ((uint32_t)atoi(event->session->session_id + 1) == shard->session)
            shard->stored = event->session->seq;
    }
}

static void on_event(fleet_member *member, const spectacles_fleet_event *event)
{
    fleet_gateway *gateway = member->gateways + index_of(event->shard_count);
    if (event->type <= SPECTACLES_FLEET_EVENT_SESSION_STORED) {
        on_shard_event(member, event);
        return;
    }
    switch (event->type) {
    case SPECTACLES_FLEET_EVENT_WANTS_LIMITS:
        answer_limits(member);
        return;
    case SPECTACLES_FLEET_EVENT_SHARDING:
        gateway->is_there = true;
        gateway->flags = event->flags;
        return;
    case SPECTACLES_FLEET_EVENT_SHARDING_ENDED:
        end_gateway(gateway);
        return;
    case SPECTACLES_FLEET_EVENT_RESHARDING:
        member->phase = event->phase;
        return;
    case SPECTACLES_FLEET_EVENT_LEADER:
        member->leads = event->member != NULL;
        return;
    case SPECTACLES_FLEET_EVENT_PROBLEM:
        member->problems++;
        snprintf(member->problem, sizeof member->problem, "%s", event->text);
        return;
    default:
        assert_string_not_equal(spectacles_fleet_event_type_name(event->type), "UNKNOWN");
    }
}

/* ---- Events of Discord ---- */

/* Both sets get it, where they have a session. One guild in four has the same event again and again. */
static void dispatch(void)
{
    uint32_t number = fleets.event_count++;
    uint16_t guild = number % 4 == 0 ? 5 : (uint16_t)(number % FLEET_GUILDS);
    fleets.dispatched[guild]++;
    for (int which = 0; which < 2; which++) {
        fleet_discord *discord = fleets.discords + which;
        uint32_t id = guild * 7U % counts[which];
        if (discord->current[id] != 0) {
            assert_true(discord->sent[id] + 1 < FLEET_EVENTS);
            discord->guild_of[id][++discord->sent[id]] = guild;
        }
    }
}

/* The latest arrival of the other set in half a minute that is a copy with a partner, or not a copy without one. */
static fleet_arrival *find_latest(uint16_t guild, int which, bool is_copy)
{
    fleet_arrival *latest = NULL;
    for (int i = 0; i < FLEET_RECENT; i++) {
        fleet_arrival *other = fleets.arrivals + i;
        if (other->at > 0 && other->guild == guild && other->which != which && other->is_copy == is_copy &&
            (other->partner != NULL) == is_copy && fleets.now - other->at <= 30000 &&
            (!latest || other->at >= latest->at))
            latest = other;
    }
    return latest;
}

static fleet_arrival *add_arrival(uint16_t guild, int which)
{
    fleet_arrival *added = fleets.arrivals + fleets.arrival_count++ % FLEET_RECENT;
    if (added->partner)
        added->partner->partner = NULL;
    *added = (fleet_arrival){fleets.now, guild, which, false, NULL};
    return added;
}

static void pair(fleet_arrival *one, fleet_arrival *other)
{
    if (other->partner)
        other->partner->partner = NULL;
    one->partner = other;
    other->partner = one;
}

/* The rule of workers (doc/workers.md): true when the event is a copy. */
static bool is_copy(uint16_t guild, int which)
{
    fleet_arrival *same = find_latest(guild, which, false);
    fleet_arrival *copy = same ? NULL : find_latest(guild, which, true);
    fleet_arrival *added = add_arrival(guild, which);
    if (same) {
        added->is_copy = true;
        pair(added, same);
    } else if (copy && copy->partner && fleets.now - copy->at < copy->at - copy->partner->at) {
        pair(added, copy); /* it was the copy of this one, which is nearer */
    }
    return same != NULL;
}

/* The same session brings it again under the same message-id. */
static void work_on(int which, uint32_t shard_id, uint64_t seq, bool is_marked)
{
    fleet_discord *discord = fleets.discords + which;
    uint16_t guild = discord->guild_of[shard_id][seq];
    if (seq <= discord->arrived[shard_id])
        return;
    discord->arrived[shard_id] = seq;
    if (!is_marked || !is_copy(guild, which))
        fleets.worked[guild]++;
}

void fleets_count_events(void)
{
    memset(fleets.dispatched, 0, sizeof fleets.dispatched);
    memset(fleets.worked, 0, sizeof fleets.worked);
}

const char *fleets_find_wrong_event(void)
{
    static char text[128];
    for (uint32_t guild = 0; guild < FLEET_GUILDS; guild++) {
        uint32_t sent = fleets.dispatched[guild], worked = fleets.worked[guild];
        snprintf(text, sizeof text, "guild %u: %u events, and %u came", (unsigned)guild, (unsigned)sent,
                 (unsigned)worked);
        if (sent != worked)
            return text;
    }
    return NULL;
}

static bool has_new(const fleet_member *member, int which, uint32_t shard_id)
{
    const fleet_shard *shard = member->gateways[which].shards + shard_id;
    const fleet_discord *discord = fleets.discords + which;
    return shard->is_served && shard->session != 0 && !shard->is_removing &&
           shard->session == discord->current[shard_id] && shard->seq < discord->sent[shard_id];
}

static void receive(fleet_member *member, int which, uint32_t shard_id)
{
    const fleet_gateway *gateway = member->gateways + which;
    fleet_shard *shard = member->gateways[which].shards + shard_id;
    if (!has_new(member, which, shard_id))
        return;
    while (shard->seq < fleets.discords[which].sent[shard_id]) {
        shard->seq++;
        if (!(gateway->flags & SPECTACLES_RELAY_SILENT))
            work_on(which, shard_id, shard->seq, gateway->flags & SPECTACLES_RELAY_MARKS);
    }
    report(member, which, shard_id);
}

/* ---- Time ---- */

static void pull(fleet_member *member)
{
    const spectacles_fleet_event *event;
    while ((event = spectacles_fleet_next_event(member->fleet, fleets.now)))
        on_event(member, event);
}

static void turn(fleet_member *member)
{
    pull(member);
    for (int which = 0; which < 2; which++) {
        for (uint32_t id = 0; id < counts[which]; id++) {
            receive(member, which, id);
            if (member->gateways[which].shards[id].is_removing)
                answer_removed(member, which, id);
        }
    }
    pull(member);
    assert_true(member->broker->events.count > 0 || fleets.now < spectacles_fleet_deadline(member->fleet));
}

/* As a loop does: it sleeps until bytes come or the deadline passes. */
static bool has_work(const fleet_member *member)
{
    if (!member->fleet || fleets.now < member->frozen_until)
        return false;
    for (int which = 0; which < 2; which++) {
        for (uint32_t id = 0; id < counts[which]; id++) {
            if (has_new(member, which, id))
                return true;
        }
    }
    return member->broker->events.count > 0 || fleets.now >= spectacles_fleet_deadline(member->fleet);
}

void fleets_pass(uint64_t milliseconds)
{
    for (uint64_t end = fleets.now + milliseconds; fleets.now < end;) {
        fleets.now += FLEET_STEP;
        if (fleets.now % 500 == 0 && !fleets.is_quiet)
            dispatch();
        for (int i = 0; i < FLEET_MEMBERS; i++) {
            if (has_work(fleets.members + i))
                turn(fleets.members + i);
        }
    }
}

/* ---- Looking ---- */

static int count_served(const fleet_gateway *gateway)
{
    int count = 0;
    for (uint32_t id = 0; id < FLEET_MOST; id++)
        count += gateway->shards[id].is_served;
    return count;
}

int fleets_served(int index)
{
    return count_served(fleets.members[index].gateways);
}

int fleets_served_by_all(void)
{
    int count = 0;
    for (int i = 0; i < FLEET_MEMBERS; i++)
        count += fleets_served(i);
    return count;
}

int fleets_others_served(void)
{
    int count = 0;
    for (int i = 0; i < FLEET_MEMBERS; i++)
        count += count_served(fleets.members[i].gateways + 1);
    return count;
}

spectacles_fleet_slot_info fleets_slot(int index, uint32_t slot)
{
    spectacles_fleet_slot_info info;
    spectacles_fleet_slot_info_init(&info, sizeof info);
    assert_int_equal(spectacles_fleet_slot(fleets.members[index].fleet, slot, &info), SPECTACLES_OK);
    return info;
}
