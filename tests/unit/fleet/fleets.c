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
    config.seed = 7919 * ((uint64_t)index + 1) + fleets.now;
    if (spectacles_fleet_new(&member->fleet, &config, &problem) != SPECTACLES_OK)
        fail_msg("%s", problem.text);
}

/* ---- The gateway and Discord ---- */

static spectacles_session session_of(const fleet_shard *shard, uint32_t shard_id, char id[16])
{
    snprintf(id, 16, "s%u", shard->session);
    spectacles_session session = {.size = sizeof session,
                                  .shard_id = shard_id,
                                  .shard_count = FLEET_SHARDS,
                                  .seq = shard->seq,
                                  .session_id = id,
                                  .resume_url = "wss://gateway.discord.gg",
                                  .format = 1};
    return session;
}

static void report(fleet_member *member, uint32_t shard_id)
{
    char id[16];
    const fleet_shard *shard = member->shards + shard_id;
    spectacles_session session = session_of(shard, shard_id, id);
    assert_int_equal(spectacles_fleet_report(member->fleet, shard_id, shard->session ? &session : NULL, NULL,
                                             0, fleets.now),
                     SPECTACLES_OK);
}

static void identify(fleet_member *member, uint32_t shard_id)
{
    fleet_shard *shard = member->shards + shard_id;
    if (fleets.identified_at > 0)
        assert_true(fleets.now >= fleets.identified_at + 5000);
    assert_true(shard->asks);
    fleets.identified_at = fleets.now;
    fleets.remaining--;
    shard->asks = false;
    shard->session = fleets.current[shard_id] = ++fleets.sessions;
    shard->seq = shard->stored = fleets.sent[shard_id] = 0;
    spectacles_fleet_identified(member->fleet, shard_id, 1, fleets.now);
    report(member, shard_id);
}

/* A session that lives goes on; without one the shard asks. */
static void connect_shard(fleet_member *member, uint32_t shard_id)
{
    fleet_shard *shard = member->shards + shard_id;
    if (shard->session != 0 && shard->session == fleets.current[shard_id])
        return;
    shard->session = 0;
    shard->asks = true;
    assert_int_equal(spectacles_fleet_wants_identify(member->fleet, shard_id, fleets.now), SPECTACLES_OK);
}

static void add(fleet_member *member, const spectacles_fleet_event *event)
{
    fleet_shard *shard = member->shards + event->shard_id;
    assert_false(shard->is_served);
    *shard = (fleet_shard){.is_served = true, .gaps = event->gap_count};
    if (event->session) {
        shard->session = (uint32_t)atoi(event->session->session_id + 1);
        shard->seq = event->session->seq;
    }
    connect_shard(member, event->shard_id);
}

static void answer_removed(fleet_member *member, uint32_t shard_id)
{
    char id[16];
    fleet_shard *shard = member->shards + shard_id;
    spectacles_session session = session_of(shard, shard_id, id);
    assert_int_equal(spectacles_fleet_removed(member->fleet, shard_id, shard->session ? &session : NULL, NULL,
                                              0, fleets.now),
                     SPECTACLES_OK);
    *shard = (fleet_shard){.is_served = false};
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

static void on_event(fleet_member *member, const spectacles_fleet_event *event)
{
    fleet_shard *shard = member->shards + event->shard_id;
    switch (event->type) {
    case SPECTACLES_FLEET_EVENT_ADD_SHARD:
        add(member, event);
        return;
    case SPECTACLES_FLEET_EVENT_REMOVE_SHARD:
        assert_true(shard->is_served && event->code == 4000);
        shard->is_removing = true;
        return;
    case SPECTACLES_FLEET_EVENT_DROP_SHARD:
        assert_true(shard->is_served);
        *shard = (fleet_shard){.is_served = false};
        return;
    case SPECTACLES_FLEET_EVENT_GRANT_IDENTIFY:
        identify(member, event->shard_id);
        return;
    case SPECTACLES_FLEET_EVENT_SESSION_STORED:
        if ((uint32_t)atoi(event->session->session_id + 1) ==
            shard->session) /* else it is of the one before */
            shard->stored = event->session->seq;
        return;
    case SPECTACLES_FLEET_EVENT_WANTS_LIMITS:
        answer_limits(member);
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

/* ---- Time ---- */

static void receive(fleet_member *member, uint32_t shard_id)
{
    fleet_shard *shard = member->shards + shard_id;
    if (!shard->is_served || shard->session == 0 || shard->is_removing)
        return;
    if (shard->session == fleets.current[shard_id] && shard->seq < fleets.sent[shard_id]) {
        shard->seq = fleets.sent[shard_id];
        report(member, shard_id);
    }
}

static void turn(fleet_member *member)
{
    const spectacles_fleet_event *event;
    while ((event = spectacles_fleet_next_event(member->fleet, fleets.now)))
        on_event(member, event);
    for (uint32_t id = 0; id < FLEET_SHARDS; id++) {
        receive(member, id);
        if (member->shards[id].is_removing)
            answer_removed(member, id);
    }
    while ((event = spectacles_fleet_next_event(member->fleet, fleets.now)))
        on_event(member, event);
    assert_true(member->broker->events.count > 0 || fleets.now < spectacles_fleet_deadline(member->fleet));
}

/* As a loop does: it sleeps until bytes come or the deadline passes. */
static bool has_work(const fleet_member *member)
{
    if (!member->fleet || fleets.now < member->frozen_until)
        return false;
    for (uint32_t id = 0; id < FLEET_SHARDS; id++) {
        if (member->shards[id].is_served && member->shards[id].seq < fleets.sent[id])
            return true;
    }
    return member->broker->events.count > 0 || fleets.now >= spectacles_fleet_deadline(member->fleet);
}

void fleets_pass(uint64_t milliseconds)
{
    for (uint64_t end = fleets.now + milliseconds; fleets.now < end;) {
        fleets.now += FLEET_STEP;
        for (uint32_t id = 0; id < FLEET_SHARDS && fleets.now % 500 == 0; id++)
            fleets.sent[id] += fleets.current[id] != 0;
        for (int i = 0; i < FLEET_MEMBERS; i++) {
            if (has_work(fleets.members + i))
                turn(fleets.members + i);
        }
    }
}

/* ---- Looking ---- */

int fleets_served(int index)
{
    int count = 0;
    for (uint32_t id = 0; id < FLEET_SHARDS; id++)
        count += fleets.members[index].shards[id].is_served;
    return count;
}

int fleets_served_by_all(void)
{
    int count = 0;
    for (int i = 0; i < FLEET_MEMBERS; i++)
        count += fleets_served(i);
    return count;
}

spectacles_fleet_slot_info fleets_slot(int index, uint32_t slot)
{
    spectacles_fleet_slot_info info;
    spectacles_fleet_slot_info_init(&info, sizeof info);
    assert_int_equal(spectacles_fleet_slot(fleets.members[index].fleet, slot, &info), SPECTACLES_OK);
    return info;
}
