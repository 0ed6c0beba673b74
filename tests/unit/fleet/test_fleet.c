/* Members of a fleet together: they share shards, take them over, hand them over, and identify none twice. */
#include "fleet/internal.h"
#include "fleets.h"
#include "unit.h"

#include <stdio.h>

enum {
    START = 60000,  /* until a fleet has identified all of its shards, with one bucket */
    SETTLE = 40000, /* until slots that have to move have moved */
    SOON = 2000
};

static void start_with(int members)
{
    static const char *const zones[] = {"a", "b", "c"};
    for (int i = 0; i < members; i++)
        fleets_start(i, zones[i]);
    fleets_pass(20000 + START);
    assert_int_equal(fleets.sessions, FLEET_SHARDS);
    assert_int_equal(fleets_served_by_all(), FLEET_SHARDS);
}

static void expect_all_are_served(void)
{
    assert_int_equal(fleets_served_by_all(), FLEET_SHARDS);
    for (uint32_t id = 0; id < FLEET_SHARDS; id++) {
        for (int i = 0; i < FLEET_MEMBERS; i++) {
            const fleet_shard *shard = fleets_shard(i, id);
            if (shard->is_served)
                assert_int_equal(shard->session, fleets.discords[0].current[id]);
        }
    }
}

static void one_member_serves_everything(void **state)
{
    (void)state;
    fleets_start(0, NULL);
    fleets_pass(SOON);
    assert_true(fleets.members[0].leads);
    fleets_pass(SOON);
    assert_int_equal(fleets_served(0), FLEET_SHARDS);
    fleets_pass(18000);
    assert_int_equal(fleets.sessions, 0); /* 3 s until there is a plan, and a blind fence of 20 s */
    fleets_pass(SOON);
    assert_int_equal(fleets.sessions, 1);
    fleets_pass(START);
    assert_int_equal(fleets.sessions, FLEET_SHARDS);
    for (uint32_t id = 0; id < FLEET_SHARDS; id++)
        assert_true(fleets_shard(0, id)->stored + 5 > fleets.discords[0].sent[id]);
    assert_int_equal(fleets.limits, 1);
    assert_int_equal(fleets.members[0].problems, 0);
}

static void three_members_share(void **state)
{
    (void)state;
    start_with(3);
    fleets_pass(SETTLE);
    for (int i = 0; i < 3; i++)
        assert_in_range(fleets_served(i), 2, 3);
    for (uint32_t slot = 0; slot < FLEET_SHARDS; slot++) {
        spectacles_fleet_slot_info one = fleets_slot(0, slot), other = fleets_slot(1, slot);
        assert_string_equal(one.owner, other.owner);
        assert_string_equal(one.owner, one.planned);
        assert_string_not_equal(one.owner, one.standby);
    }
    assert_int_equal(fleets.sessions, FLEET_SHARDS);
    expect_all_are_served();
}

/* A process joins: its share comes to it by RESUME, without an identify. */
static void who_joins_takes_its_share(void **state)
{
    (void)state;
    start_with(1);
    fleets_start(1, NULL);
    fleets_pass(SETTLE);
    assert_int_equal(fleets_served(0), FLEET_SHARDS / 2);
    assert_int_equal(fleets_served(1), FLEET_SHARDS / 2);
    assert_int_equal(fleets.sessions, FLEET_SHARDS);
    expect_all_are_served();
}

static void a_member_that_dies_is_taken_over_at_once(void **state)
{
    (void)state;
    start_with(3);
    fleets_pass(SETTLE);
    fleets_kill(0);
    fleets_pass(500);
    expect_all_are_served();
    for (uint64_t end = fleets.now + 15000; fleets.now < end;) { /* nothing moves to the member that died */
        fleets_pass(FLEET_STEP);
        assert_int_equal(fleets_served_by_all(), FLEET_SHARDS);
    }
    fleets_pass(SETTLE);
    assert_int_equal(fleets.sessions, FLEET_SHARDS);
    expect_all_are_served();
    assert_int_equal(fleets_served(1), FLEET_SHARDS / 2);
    fleets_start(0, "a"); /* and comes back */
    fleets_pass(SETTLE);
    expect_all_are_served();
    assert_in_range(fleets_served(0), 2, 3);
    assert_int_equal(fleets.sessions, FLEET_SHARDS);
}

static void all_die_but_one(void **state)
{
    (void)state;
    start_with(3);
    fleets_pass(SETTLE);
    fleets_kill(1);
    fleets_kill(2);
    fleets_pass(SETTLE);
    assert_int_equal(fleets_served(0), FLEET_SHARDS);
    assert_int_equal(fleets.sessions, FLEET_SHARDS);
    expect_all_are_served();
}

static void who_leaves_hands_over(void **state)
{
    (void)state;
    start_with(3);
    fleets_pass(SETTLE);
    spectacles_fleet_leave(fleets.members[1].fleet, fleets.now);
    fleets_pass(SOON);
    assert_int_equal(spectacles_fleet_has_left(fleets.members[1].fleet), 1);
    assert_int_equal(fleets_served(1), 0);
    assert_int_equal(fleets_served_by_all(), FLEET_SHARDS);
    fleets_kill(1);
    fleets_pass(SETTLE);
    assert_int_equal(fleets.sessions, FLEET_SHARDS);
    expect_all_are_served();
}

/* Discord gives sessions up while nobody serves them: each shard identifies once. */
static void lost_sessions_are_identified_anew(void **state)
{
    (void)state;
    start_with(2);
    fleets_pass(SETTLE);
    fleets_kill(0);
    fleets_kill(1);
    memset(fleets.discords[0].current, 0, sizeof fleets.discords[0].current);
    fleets_start(2, NULL);
    fleets_pass(20000 + START);
    assert_int_equal(fleets.sessions, 2 * FLEET_SHARDS);
    expect_all_are_served();
    assert_int_equal(fleets_shard(2, 0)->gaps, 0); /* the gateway declares what RESUME shows */
}

static void the_reserve_of_the_day_is_kept(void **state)
{
    (void)state;
    fleets.remaining = 50 + 3;
    fleets_start(0, NULL);
    fleets_pass(20000 + START);
    assert_int_equal(fleets.sessions, 3);
    assert_int_equal(fleets.remaining, 50);
}

/* Without RabbitMQ connections stay. Those that end come back when they may resume. */
static void without_rabbitmq_shards_go_on(void **state)
{
    (void)state;
    start_with(1);
    fleet_member *member = fleets.members;
    fake_disconnect(member->broker);
    fleets_pass(5000);
    assert_int_equal(fleets_served(0), FLEET_SHARDS);
    assert_int_equal(spectacles_fleet_disconnected(member->fleet, 3, FLEET_SHARDS, fleets.now),
                     SPECTACLES_OK);
    fleets_pass(1000);
    assert_false(fleets_shard(0, 3)->is_served);
    fleets_pass(5000);
    assert_true(fleets_shard(0, 3)->is_served);
    assert_int_equal(fleets_shard(0, 3)->session, fleets.discords[0].current[3]);
    fake_connect(member->broker);
    fleets_pass(SETTLE);
    assert_int_equal(fleets.sessions, FLEET_SHARDS);
    expect_all_are_served();
}

/* A host that hangs: RabbitMQ has given its slots to others, and its first call sees it. */
static void whoever_hears_nothing_gets_another_queue(void **state)
{
    (void)state;
    start_with(3);
    fleets_pass(SETTLE);
    for (int i = 0; i < FLEET_MEMBERS; i++) /* the leader is one of them */
        fake_deafen(fleets.members[i].broker);
    fleets_pass(10000);
    fleets_kill(1);
    fleets_pass(SETTLE);
    expect_all_are_served();
    assert_int_equal(fleets_served(0), FLEET_SHARDS / 2);
    assert_int_equal(fleets_served(2), FLEET_SHARDS / 2);
    assert_int_equal(fleets.sessions, FLEET_SHARDS);
}

static void who_wakes_up_serves_nothing(void **state)
{
    (void)state;
    start_with(3);
    fleets_pass(SETTLE);
    fleets.members[0].frozen_until = fleets.now + 30000;
    fake_disconnect(fleets.members[0].broker);
    fleets_pass(29000);
    assert_int_equal(fleets_served(1) + fleets_served(2), FLEET_SHARDS);
    fleets_pass(2000);
    fake_connect(fleets.members[0].broker);
    fleets_pass(SETTLE);
    assert_int_equal(fleets.sessions, FLEET_SHARDS);
    expect_all_are_served();
}

static void a_person_moves_a_slot(void **state)
{
    (void)state;
    start_with(2);
    fleets_pass(SETTLE);
    const char *from = fleets_slot(0, 5).owner[4] == '0' ? "web-0" : "web-1";
    const char *to = from[4] == '0' ? "web-1" : "web-0";
    assert_int_equal(spectacles_fleet_move(fleets.members[0].fleet, 5, to), SPECTACLES_OK);
    fleets_pass(SETTLE);
    assert_string_equal(fleets_slot(0, 5).owner, to);
    expect_all_are_served();
    assert_int_equal(spectacles_fleet_move(fleets.members[0].fleet, FLEET_SHARDS, to), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_fleet_move(fleets.members[0].fleet, 5, "a b"), SPECTACLES_E_INVAL);
}

/* A shard may have asked Discord for a session that nobody will know of: that one ends, and a known one goes on. */
static void a_session_that_nobody_knows_ends_with_its_connection(void **state)
{
    (void)state;
    fleets.remaining = 0;
    fleets_start(0, NULL);
    fleets_start(1, NULL);
    fleets_pass(START);
    int from = fleets_slot(0, 5).owner[4] - '0';
    const char *to = from ? "web-0" : "web-1";
    assert_int_equal(spectacles_fleet_move(fleets.members[from].fleet, 5, to), SPECTACLES_OK);
    fleets_pass(SETTLE);
    assert_string_equal(fleets_slot(from, 5).owner, to);
    assert_int_equal(fleets_shard(from, 5)->code, 1000);
    fleets.remaining = 1000;
    fleets_pass(600000 + START); /* so long an answer of Discord is believed */
    assert_int_equal(spectacles_fleet_move(fleets.members[1 - from].fleet, 5, from ? "web-1" : "web-0"),
                     SPECTACLES_OK);
    fleets_pass(SETTLE);
    assert_int_equal(fleets_shard(1 - from, 5)->code, 4000);
    assert_int_equal(fleets.sessions, FLEET_SHARDS);
}

static void a_deleted_queue_is_filled_again(void **state)
{
    (void)state;
    start_with(1);
    fake_delete("gateway:fleet1:lease:8-1:5");
    assert_int_equal(fake_count("gateway:fleet1:lease:8-1:5"), 0);
    fleets_pass(SOON);
    assert_int_equal(fake_count("gateway:fleet1:lease:8-1:5"), 1);
    fleets_kill(0);
    fleets_start(1, NULL);
    fleets_pass(20000);
    assert_int_equal(fleets_shard(1, 5)->session, fleets.discords[0].current[5]);
}

/* Deleted while nobody lives: what was missed is not known, and that is declared. */
static void a_record_that_is_lost_is_a_gap(void **state)
{
    (void)state;
    start_with(1);
    fleets_kill(0);
    fake_delete("gateway:fleet1:lease:8-1:5");
    fleets_start(1, NULL);
    fleets_pass(20000);
    assert_int_equal(fleets_shard(1, 5)->gaps, 1);
    assert_int_equal(fleets_shard(1, 4)->gaps, 0);
}

/* RabbitMQ gives the standby nothing when the owner dies: it has no replica of the queue where the standby is. */
static void who_gets_nothing_lets_another_one_try(void **state)
{
    (void)state;
    start_with(3);
    fleets_pass(SETTLE);
    spectacles_fleet_slot_info slot = fleets_slot(0, 5);
    int owner = slot.owner[4] - '0', standby = slot.standby[4] - '0', third = 3 - owner - standby;
    fake_starve(fleets.members[standby].broker, "gateway:fleet1:lease:8-1:5");
    fleets_kill(owner);
    fleets_pass(SP_FLEET_STARVES);
    assert_int_equal(fleets_served_by_all(), FLEET_SHARDS - 1);
    fleets_pass(SP_FLEET_STARVES_LONGER + START);
    assert_int_equal(fleets_served_by_all(), FLEET_SHARDS);
    assert_int_equal(fleets_shard(third, 5)->session, fleets.discords[0].current[5]);
    assert_int_equal(fleets_shard(third, 5)->gaps, 1); /* RabbitMQ keeps the record with the standby */
}

/* Or each plan that gives everybody its share would cost one more gap. */
static void who_gets_nothing_is_not_asked_again(void **state)
{
    (void)state;
    start_with(3);
    fleets_pass(SETTLE);
    spectacles_fleet_slot_info slot = fleets_slot(0, 5);
    int owner = slot.owner[4] - '0', standby = slot.standby[4] - '0';
    fake_starve(fleets.members[standby].broker, "gateway:fleet1:lease:8-1:5");
    fleets_kill(owner);
    fleets_pass(SP_FLEET_STARVES + SP_FLEET_STARVES_LONGER + START);
    assert_int_equal(fleets_served_by_all(), FLEET_SHARDS);
    assert_int_equal(fleets.sessions, FLEET_SHARDS + 1);
    fleets_start(owner, NULL);
    fleets_pass(1000000);
    assert_int_equal(fleets_served_by_all(), FLEET_SHARDS);
    assert_int_equal(fleets.sessions, FLEET_SHARDS + 1);
}

static void who_gets_nothing_lets_another_one_lead(void **state)
{
    (void)state;
    fleets_start(0, NULL);
    fake_starve(fleets.members[0].broker, "gateway:fleet1:control");
    fleets_pass(SOON);
    fleets_start(1, NULL);
    fleets_pass(SP_FLEET_STARVES - SOON);
    assert_false(fleets.members[0].leads || fleets.members[1].leads);
    fleets_pass(SP_FLEET_STARVES_LONGER + SOON);
    assert_true(fleets.members[1].leads);
}

/* A slot without a session so far is given away, and comes back from whoever never got it. */
static void an_own_record_that_comes_back_is_no_gap(void **state)
{
    (void)state;
    fleets.remaining = 0;
    fleets_start(0, NULL);
    fleets_start(1, NULL);
    fleets_pass(START);
    int from = fleets_slot(0, 5).owner[4] - '0', to = 1 - from;
    fake_starve(fleets.members[to].broker, "gateway:fleet1:lease:8-1:5");
    assert_int_equal(spectacles_fleet_move(fleets.members[from].fleet, 5, to ? "web-1" : "web-0"),
                     SPECTACLES_OK);
    fleets_pass(SETTLE);
    assert_string_equal(fleets_slot(from, 5).owner, "");
    fleets_kill(to);
    fleets.remaining = 1000;
    fleets_pass(600000 + START); /* so long an answer of Discord is believed */
    assert_int_equal(fleets_served_by_all(), FLEET_SHARDS);
    assert_int_equal(fleets.sessions, FLEET_SHARDS);
    for (uint32_t id = 0; id < FLEET_SHARDS; id++)
        assert_int_equal(fleets_shard(from, id)->gaps, 0);
}

static void what_cannot_be_read_is_left_alone(void **state)
{
    (void)state;
    fake_put("gateway:fleet1:lease:8-1:5", "{\"v\":2}");
    fleets_start(0, NULL);
    fleets_pass(10000);
    assert_int_equal(fake_count("gateway:fleet1:lease:8-1:5"), 1);
    assert_false(fleets_shard(0, 5)->is_served);
    assert_true(fleets_shard(0, 4)->is_served);
    assert_in_range(fleets.members[0].problems, 1, 20);
    assert_non_null(strstr(fleets.members[0].problem, "later version"));
}

/* One member was set to another number of shards: it gets nothing, says so, and disturbs nobody. */
static void other_numbers_of_shards_step_back(void **state)
{
    (void)state;
    start_with(1);
    fleets.shard_count = 4;
    fleets_start(1, NULL);
    fleets_pass(SETTLE);
    assert_int_equal(fleets_served(1), 0);
    assert_int_equal(fleets.members[1].problems, 1);
    assert_non_null(strstr(fleets.members[1].problem, "serves 8-1"));
    fleets.shard_count = 0;
    fleets_start(2, NULL);
    fleets_pass(SETTLE);
    fleets_kill(0); /* the one with 4 shards is the next leader */
    fleets_pass(SETTLE);
    assert_int_equal(fleets_served(1), 0);
    assert_int_equal(fleets_served(2), FLEET_SHARDS);
    assert_true(fleets.members[2].leads && !fleets.members[1].leads);
    assert_int_equal(fleets.sessions, FLEET_SHARDS);
    assert_int_equal(fleets.members[1].problems, 1);
}

/* A record of the former owner comes when its shards are resumed already from an older one. */
static void a_record_that_comes_late_is_resumed_too(void **state)
{
    static const char late[] =
        "{\"v\":1,\"bot\":\"3c469e9d6c5875d37a43f353d4f88e61\",\"set\":\"8-1\",\"slot\":5,"
        "\"version\":[1,9000],\"state\":\"owned\",\"owner\":\"web-0\",\"nonce\":\"%s\",\"time\":null,"
        "\"shards\":[{\"since\":[1,9000],\"shard\":[5,8],\"session\":\"s777\",\"url\":\"wss://"
        "gateway.discord.gg\","
        "\"seq\":0,\"encoding\":\"json\",\"time\":null,\"gaps\":[]}],\"control\":null}";
    char record[600];
    (void)state;
    start_with(1);
    fleets_kill(0);
    fleets.discords[0].current[5] = 777;
    fleets.discords[0].sent[5] = 0;
    fleets_start(1, NULL);
    while (!fleets_shard(1, 5)->is_served)
        fleets_pass(FLEET_STEP);
    assert_true(fleets_shard(1, 5)->asks); /* Discord does not know the older session any more */
    snprintf(record, sizeof record, late, "0123456789abcdef");
    fake_put("gateway:fleet1:lease:8-1:5", record);
    fleets_pass(200);
    assert_true(fleets_shard(1, 5)->is_served);
    assert_int_equal(fleets_shard(1, 5)->session, 777);
    fleets_pass(SETTLE);
    assert_int_equal(fleets.sessions, FLEET_SHARDS);
}

/* The records belong to the bot, and not to one of its tokens. */
static void a_new_token_finds_the_records(void **state)
{
    (void)state;
    fleets.token = "MTk4NjIyNDgzNDcxOTI1MjQ4.first.token";
    start_with(1);
    fleets_kill(0);
    fleets.token = "MTk4NjIyNDgzNDcxOTI1MjQ4.second.token";
    fleets_start(1, NULL);
    fleets_pass(SETTLE);
    assert_int_equal(fleets_served(1), FLEET_SHARDS);
    assert_int_equal(fleets.members[1].problems, 0);
    assert_int_equal(fleets.sessions, FLEET_SHARDS); /* by RESUME, as far as the fleet goes */
    fleets_kill(1);
    fleets.token = "MjA4NjIyNDgzNDcxOTI1MjQ4.other.bot";
    fleets_start(2, NULL);
    fleets_pass(SETTLE);
    assert_int_equal(fleets_served(2), 0);
    assert_true(fleets.members[2].problems > 0);
}

#define in_order(test) cmocka_unit_test_setup_teardown(test, fleets_begin, fleets_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_order(one_member_serves_everything),
        in_order(three_members_share),
        in_order(who_joins_takes_its_share),
        in_order(a_member_that_dies_is_taken_over_at_once),
        in_order(all_die_but_one),
        in_order(who_leaves_hands_over),
        in_order(lost_sessions_are_identified_anew),
        in_order(the_reserve_of_the_day_is_kept),
        in_order(without_rabbitmq_shards_go_on),
        in_order(whoever_hears_nothing_gets_another_queue),
        in_order(who_wakes_up_serves_nothing),
        in_order(a_person_moves_a_slot),
        in_order(a_session_that_nobody_knows_ends_with_its_connection),
        in_order(a_deleted_queue_is_filled_again),
        in_order(a_record_that_is_lost_is_a_gap),
        in_order(who_gets_nothing_lets_another_one_try),
        in_order(who_gets_nothing_is_not_asked_again),
        in_order(who_gets_nothing_lets_another_one_lead),
        in_order(an_own_record_that_comes_back_is_no_gap),
        in_order(what_cannot_be_read_is_left_alone),
        in_order(other_numbers_of_shards_step_back),
        in_order(a_record_that_comes_late_is_resumed_too),
        in_order(a_new_token_finds_the_records),
    };
    return cmocka_run_group_tests_name("fleet/fleet", tests, NULL, NULL);
}
