#include "fakes.h"
#include "relay/internal.h"

#include <stdio.h>

enum {
    SHARDS = 3,
    COUNT = 4,
    SEND_SUBSCRIPTION = 5
};

static struct {
    spectacles_shard shards[SHARDS]; /* 0, 1 and 2 of 4 */
    spectacles_broker events;
    spectacles_broker commands;
    spectacles_relay *relay;
    uint64_t now;
    char told[64][FAKE_TEXT];
    int told_count;
} world;

static void pull(void)
{
    const spectacles_relay_event *event;
    while ((event = spectacles_relay_next_event(world.relay, world.now))) {
        assert_true(world.told_count < 64);
        snprintf(world.told[world.told_count++], FAKE_TEXT, "%u shard %u %s: %.200s", event->type,
                 event->shard_id, event->name ? event->name : "-", event->text ? event->text : "");
    }
}

static int told(uint32_t type)
{
    char prefix[16];
    int count = 0;
    snprintf(prefix, sizeof prefix, "%u ", type);
    for (int i = 0; i < world.told_count; i++)
        count += strncmp(world.told[i], prefix, strlen(prefix)) == 0;
    return count;
}

static void start(uint32_t max_concurrency)
{
    static const char *const allow[] = {"MESSAGE_CREATE", "B", "A"};
    /* Not in the order of their ids. */
    spectacles_shard *shards[SHARDS] = {&world.shards[2], &world.shards[0], &world.shards[1]};
    spectacles_relay_config config;
    memset(&world, 0, sizeof world);
    fake_forget();
    world.now = 1000;
    world.events.name = "events";
    world.commands.name = "commands";
    world.events.window = 100;
    for (uint32_t i = 0; i < SHARDS; i++)
        world.shards[i] = (spectacles_shard){.id = i, .count = COUNT, .state = SPECTACLES_SHARD_READY};
    spectacles_relay_config_init(&config, sizeof config);
    config.shard_count = COUNT;
    config.own_shards = shards;
    config.own_shard_count = SHARDS;
    config.events = &world.events;
    config.commands = &world.commands;
    config.allow = allow;
    config.allow_count = 3;
    config.max_concurrency = max_concurrency;
    assert_int_equal(spectacles_relay_new(&world.relay, &config, NULL), SPECTACLES_OK);
    for (uint32_t i = 0; i < SHARDS; i++)
        fake_shard_event(&world.shards[i], SPECTACLES_SHARD_EVENT_READY, 0);
    pull();
}

static void open_send(void)
{
    for (uint32_t i = 0; i < COUNT; i++)
        fake_broker_event(&world.commands, SPECTACLES_BROKER_EVENT_SUBSCRIBED, 0, i);
    pull();
}

static void end(void)
{
    spectacles_relay_free(world.relay);
}

static void confirm(uint64_t tag)
{
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CONFIRMED, tag, 0);
    pull();
}

/* ---- Dispatches ---- */

static void publishes_what_is_allowed(void **state)
{
    (void)state;
    start(1);
    fake_dispatch(&world.shards[1], 2, "MESSAGE_CREATE", "{\"n\":1.0}");
    fake_dispatch(&world.shards[1], 3, "TYPING_START", "{}");
    fake_dispatch(&world.shards[1], 4, "MESSAGE_CREATE_", "{}");
    fake_dispatch(&world.shards[1], 5, "B", "2");
    pull();
    assert_int_equal(fake_count("publish"), 2);
    assert_int_equal(fake_called("publish MESSAGE_CREATE sess:2 {\"n\":1.0}"), 1);
    assert_int_equal(fake_called("publish B sess:5 2"), 1);
    spectacles_relay_stats stats = {.size = sizeof stats};
    spectacles_relay_get_stats(world.relay, &stats);
    assert_int_equal(stats.dispatched, 4);
    assert_int_equal(stats.filtered, 2);
    assert_int_equal(stats.published, 2);
    end();
}

static void commits_what_is_confirmed_without_a_gap(void **state)
{
    (void)state;
    start(1);
    spectacles_shard *shard = &world.shards[0];
    fake_dispatch(shard, 2, "X", "");
    fake_dispatch(shard, 3, "A", "");
    fake_dispatch(shard, 4, "A", "");
    fake_dispatch(shard, 5, "X", "");
    fake_dispatch(shard, 6, "A", "");
    pull();
    assert_int_equal(shard->committed, 2);
    confirm(2);
    assert_int_equal(shard->committed, 2);
    confirm(1);
    assert_int_equal(shard->committed, 5);
    confirm(3);
    assert_int_equal(shard->committed, 6);
    end();
}

/* Fifty shards made 249 tries in the first ten seconds of a ban: what one is told goes for all, and is said once. */
static void a_rate_limit_of_one_shard_holds_all_and_is_told_once(void **state)
{
    (void)state;
    start(1);
    static const uint64_t waits[] = {82721000, 82722000, 82720500, 82781000};
    int told = 0;
    int disconnected = 0;
    for (size_t i = 0; i < 4; i++) {
        const spectacles_relay_event *event;
        fake_hold(&world.shards[i % 2], world.now + waits[i]);
        while ((event = spectacles_relay_next_event(world.relay, world.now))) {
            disconnected += event->type == SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED && event->hold_until > 0;
            if (event->type != SPECTACLES_RELAY_EVENT_RATE_LIMITED)
                continue;
            assert_true(event->until == world.now + waits[i]);
            assert_string_equal(event->text, "status 429");
            told++;
        }
    }
    assert_int_equal(disconnected, 4);
    assert_int_equal(told, 2);
    assert_int_equal(fake_count("hold "), 2 * (int)(sizeof world.shards / sizeof world.shards[0] - 1));
    end();
}

/* A hanging loop is the owner's business; from which state to which is the shard's. */
static void late_heartbeats_and_missing_compression_are_passed_on(void **state)
{
    (void)state;
    start(1);
    fake_shard_event(&world.shards[1], SPECTACLES_SHARD_EVENT_STATE, 0);
    fake_shard_event(&world.shards[1], SPECTACLES_SHARD_EVENT_LATE, 0);
    const spectacles_relay_event *event = spectacles_relay_next_event(world.relay, world.now);
    assert_non_null(event);
    assert_int_equal(event->type, SPECTACLES_RELAY_EVENT_SHARD_LATE);
    assert_int_equal(event->shard_id, 1);
    fake_shard_event(&world.shards[1], SPECTACLES_SHARD_EVENT_PLAIN, 0);
    event = spectacles_relay_next_event(world.relay, world.now);
    assert_non_null(event);
    assert_int_equal(event->type, SPECTACLES_RELAY_EVENT_SHARD_PLAIN);
    assert_null(spectacles_relay_next_event(world.relay, world.now));
    end();
}

/* However long the broker is away: one event waits for its confirm, and thousands behind it are not wanted. */
static void what_is_filtered_out_takes_no_room(void **state)
{
    (void)state;
    start(1);
    spectacles_shard *shard = &world.shards[0];
    const sp_ring *open = &world.relay->shards[0]->dispatches;
    for (uint64_t seq = 2; seq < 5000; seq++) {
        fake_dispatch(shard, seq, seq % 1000 == 0 ? "A" : "X", "");
        pull();
    }
    assert_int_equal(fake_count("publish"), 4);
    assert_int_equal(shard->committed, 999);
    assert_true(open->count <= 8);
    confirm(3);
    confirm(2);
    assert_int_equal(shard->committed, 999);
    confirm(1);
    assert_int_equal(shard->committed, 3999);
    confirm(4);
    assert_int_equal(shard->committed, 4999);
    assert_int_equal(open->count, 0);
    end();
}

/* Its id would be another's, and its confirm would be taken for the other's. */
static void a_resumed_without_a_sequence_of_its_own(void **state)
{
    static const char *const allow[] = {"RESUMED", "A"};
    (void)state;
    start(1);
    spectacles_shard *shard = &world.shards[0];
    sp_filter_free(&world.relay->filter);
    assert_int_equal(sp_filter_init(&world.relay->filter, allow, 2, 0), SPECTACLES_OK);
    fake_dispatch(shard, 2, "A", "");
    fake_dispatch(shard, 2, "RESUMED", "");
    fake_dispatch(shard, 3, "A", "");
    pull();
    assert_int_equal(fake_count("publish"), 2);
    confirm(2);
    confirm(1);
    assert_int_equal(shard->committed, 3);
    end();
}

static void a_confirm_of_an_older_connection_commits_nothing(void **state)
{
    (void)state;
    start(1);
    spectacles_shard *shard = &world.shards[0];
    fake_dispatch(shard, 2, "A", "");
    fake_dispatch(shard, 3, "A", "");
    pull();
    fake_shard_event(shard, SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    pull();
    confirm(1);
    assert_int_equal(shard->committed, 0);
    /* Replayed, under the same ids. */
    fake_shard_event(shard, SPECTACLES_SHARD_EVENT_RESUMED, 0);
    fake_dispatch(shard, 2, "A", "");
    fake_dispatch(shard, 3, "A", "");
    pull();
    assert_int_equal(fake_count("publish A sess:2"), 2);
    confirm(2);
    assert_int_equal(shard->committed, 0);
    confirm(3);
    assert_int_equal(shard->committed, 2);
    confirm(4);
    assert_int_equal(shard->committed, 3);
    end();
}

static void a_full_window_stops_the_shards(void **state)
{
    (void)state;
    start(1);
    world.events.window = 2;
    for (uint64_t seq = 2; seq < 6; seq++)
        fake_dispatch(&world.shards[0], seq, "A", "");
    fake_dispatch(&world.shards[1], 2, "A", "");
    pull();
    assert_int_equal(fake_count("publish"), 2);
    assert_int_equal(world.shards[0].queue.count + world.shards[1].queue.count, 3);
    confirm(1);
    assert_int_equal(fake_count("publish"), 3);
    confirm(2);
    confirm(3);
    assert_int_equal(fake_count("publish"), 5);
    end();
}

static void what_can_not_be_published_is_replayed(void **state)
{
    (void)state;
    start(1);
    fake_dispatch(&world.shards[0], 2, "A", "");
    pull();
    world.events.publish_error = SPECTACLES_E_NOMEM;
    fake_dispatch(&world.shards[0], 3, "A", "");
    pull();
    assert_int_equal(fake_called("reconnect 0"), 1);
    assert_int_equal(told(SPECTACLES_RELAY_EVENT_PUBLISH_FAILED), 1);
    confirm(1);
    assert_int_equal(world.shards[0].committed, 2);
    end();
}

/* Nothing behind it is committed until it comes again: what was received of that connection is read to its end first. */
static void what_stands_behind_it_is_replayed_too(void **state)
{
    (void)state;
    start(1);
    spectacles_shard *shard = &world.shards[0];
    fake_dispatch(shard, 2, "A", "");
    pull();
    confirm(1);
    world.events.publish_error = SPECTACLES_E_NOMEM;
    fake_dispatch(shard, 3, "A", "");
    pull();
    world.events.publish_error = SPECTACLES_OK;
    fake_dispatch(shard, 4, "X", "");
    fake_dispatch(shard, 5, "A", "");
    pull();
    assert_int_equal(shard->committed, 2);
    assert_int_equal(fake_count("publish"), 1);
    fake_shard_event(shard, SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    fake_shard_event(shard, SPECTACLES_SHARD_EVENT_RESUMED, 0);
    for (uint64_t seq = 3; seq <= 5; seq++)
        fake_dispatch(shard, seq, seq == 4 ? "X" : "A", "");
    pull();
    assert_int_equal(fake_count("publish"), 3);
    confirm(2);
    assert_int_equal(shard->committed, 4);
    confirm(3);
    assert_int_equal(shard->committed, 5);
    end();
}

/* A broker that will never take one must not hold up all that comes behind it. */
static void what_the_broker_refuses_is_declared(void **state)
{
    (void)state;
    start(1);
    spectacles_shard *shard = &world.shards[0];
    fake_dispatch(shard, 2, "A", "");
    fake_dispatch(shard, 3, "B", "large");
    fake_dispatch(shard, 4, "A", "");
    pull();
    confirm(1);
    confirm(3);
    assert_int_equal(shard->committed, 2);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_FAILED, 2, 0);
    pull();
    assert_int_equal(told(SPECTACLES_RELAY_EVENT_PUBLISH_FAILED), 1);
    assert_int_equal(shard->committed, 4);
    assert_int_equal(fake_count("publish SPECTACLES_GAP sess:gap:4 mandatory"), 1);
    assert_int_equal(told(SPECTACLES_RELAY_EVENT_SHARD_GAP), 1);
    end();
}

/* ---- Identifying ---- */

static void identifies_take_turns(void **state)
{
    (void)state;
    start(1);
    for (uint32_t i = 0; i < SHARDS; i++)
        fake_shard_event(&world.shards[SHARDS - 1 - i], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    pull();
    pull();
    assert_int_equal(fake_count("identify"), 1);
    assert_int_equal(spectacles_relay_deadline(world.relay), 6000);
    world.now = 5999;
    pull();
    assert_int_equal(fake_count("identify"), 1);
    world.now = 6000;
    pull();
    world.now = 11000;
    pull();
    assert_int_equal(fake_count("identify"), 3);
    assert_true(spectacles_relay_deadline(world.relay) == SPECTACLES_NEVER);
    end();
}

static void buckets_identify_side_by_side(void **state)
{
    (void)state;
    start(2);
    for (uint32_t i = 0; i < SHARDS; i++)
        fake_shard_event(&world.shards[i], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    pull();
    /* 0 and 2 share a bucket. */
    assert_int_equal(fake_count("identify"), 2);
    assert_int_equal(fake_called("identify 1 at 1000"), 1);
    /* Who has gone away has no turn. */
    spectacles_shard *waiting = fake_called("identify 0 at 1000") ? &world.shards[2] : &world.shards[0];
    fake_shard_event(waiting, SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    world.now = 6000;
    pull();
    assert_int_equal(fake_count("identify"), 2);
    end();
}

/* Its turn has come, but its connection has ended, and nobody has pulled that yet: no turn is spent, nothing falls due. */
static void a_dead_connection_has_no_turn(void **state)
{
    (void)state;
    spectacles_relay_stats stats = {.size = sizeof stats};
    start(1);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    fake_shard_event(&world.shards[1], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    pull();
    int second = fake_called("identify 0 at 1000");
    assert_int_equal(fake_count("identify"), 1);
    assert_int_equal(spectacles_relay_deadline(world.relay), 6000);
    world.shards[second].dead = 1;
    world.now = 6000;
    pull();
    assert_int_equal(fake_count("identify"), 1);
    assert_true(spectacles_relay_deadline(world.relay) == SPECTACLES_NEVER);
    world.shards[second].dead = 0;
    fake_shard_event(&world.shards[second], SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
    pull();
    assert_int_equal(fake_count("identify"), 2);
    spectacles_relay_get_stats(world.relay, &stats);
    assert_int_equal(stats.identifies, 2);
    end();
}

/* ---- Commands ---- */

static const char send_2[] =
    "{\"guild_id\":\"8388608\",\"packet\":{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":null}}}";
static const char packet[] = "{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":null}}";

static void queues_stand_before_send_is_consumed(void **state)
{
    (void)state;
    start(1);
    assert_int_equal(fake_called("subscribe 0") && fake_called("subscribe 1") && fake_called("subscribe 2"),
                     1);
    assert_int_equal(fake_called("declare 3"), 1);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(fake_called("subscribe SEND"), 0);
        fake_broker_event(&world.commands,
                          i == 1 ? SPECTACLES_BROKER_EVENT_UNSUBSCRIBED : SPECTACLES_BROKER_EVENT_SUBSCRIBED,
                          0, i);
        pull();
    }
    pull();
    assert_int_equal(fake_called("subscribe SEND"), 1);
    end();
}

static void send_is_routed_and_acknowledged_when_confirmed(void **state)
{
    (void)state;
    start(1);
    open_send();
    fake_message(&world.commands, SEND_SUBSCRIPTION, "SEND", send_2);
    pull();
    /* 8388608 >> 22 is 2. */
    assert_int_equal(
        fake_called("publish 2 - mandatory {\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":null}}"), 1);
    assert_int_equal(fake_count("ack"), 0);
    confirm(1);
    assert_int_equal(fake_called("ack 1"), 1);
    assert_int_equal(told(SPECTACLES_RELAY_EVENT_COMMAND_ROUTED), 1);
    end();
}

static void a_send_that_no_queue_took_is_tried_again(void **state)
{
    (void)state;
    start(1);
    open_send();
    fake_message(&world.commands, SEND_SUBSCRIPTION, "SEND", send_2);
    pull();
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_RETURNED, 1, 0);
    pull();
    assert_int_equal(spectacles_relay_deadline(world.relay), 2000);
    world.now = 1999;
    pull();
    assert_int_equal(fake_count("publish 2"), 1);
    world.now = 2000;
    pull();
    assert_int_equal(fake_count("publish 2"), 2);
    assert_int_equal(fake_count("ack") + fake_count("re"), 0);
    confirm(2);
    assert_int_equal(fake_called("ack 1"), 1);
    end();
}

static void a_packet_is_acknowledged_when_it_is_sent(void **state)
{
    (void)state;
    start(1);
    open_send();
    fake_message(&world.commands, 0, "0", packet);
    fake_message(&world.commands, 0, "0",
                 "{\"op\":3,\"d\":{\"since\":null,\"activities\":[],\"status\":\"idle\",\"afk\":false}}");
    pull();
    assert_int_equal(fake_called("send 0 4 {\"guild_id\":\"1\",\"channel_id\":null}"), 1);
    assert_int_equal(fake_count("send 0"), 2);
    assert_int_equal(fake_count("ack"), 0);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_SENT, 1);
    pull();
    assert_int_equal(fake_called("ack 1"), 1);
    assert_int_equal(fake_called("ack 2"), 0);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_SENT, 2);
    pull();
    assert_int_equal(fake_called("ack 2"), 1);
    end();
}

static void what_was_not_sent_is_sent_again_in_order(void **state)
{
    (void)state;
    start(1);
    open_send();
    char body[200];
    for (int i = 1; i <= 3; i++) {
        snprintf(body, sizeof body, "{\"op\":4,\"d\":{\"guild_id\":\"%d\",\"channel_id\":null}}", i);
        fake_message(&world.commands, 0, "0", body);
    }
    pull();
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_SENT, 1);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    fake_message(&world.commands, 0, "0", packet);
    pull();
    fake_forget();
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    pull();
    assert_int_equal(fake_count("send"), 3);
    assert_string_equal(fake_log[0], "send 0 4 {\"guild_id\":\"2\",\"channel_id\":null}");
    assert_string_equal(fake_log[1], "send 0 4 {\"guild_id\":\"3\",\"channel_id\":null}");
    assert_string_equal(fake_log[2], "send 0 4 {\"guild_id\":\"1\",\"channel_id\":null}");
    end();
}

static void one_busy_shard_holds_up_no_other(void **state)
{
    (void)state;
    start(1);
    open_send();
    world.shards[0].send_error = SPECTACLES_E_AGAIN;
    world.shards[0].refill_at = 9000;
    fake_message(&world.commands, 0, "0", packet);
    fake_message(&world.commands, 1, "1", packet);
    pull();
    assert_int_equal(fake_count("send 0"), 0);
    assert_int_equal(fake_count("send 1"), 1);
    assert_int_equal(spectacles_relay_deadline(world.relay), 9000);
    world.shards[0].send_error = SPECTACLES_OK;
    world.now = 8999;
    pull();
    assert_int_equal(fake_count("send 0"), 0);
    world.now = 9000;
    pull();
    assert_int_equal(fake_count("send 0"), 1);
    end();
}

/* A queue that is gone holds up its own shard's commands only. */
static void one_lost_queue_holds_up_no_other(void **state)
{
    (void)state;
    start(1);
    open_send();
    fake_message(&world.commands, SEND_SUBSCRIPTION, "SEND", send_2);
    pull();
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_RETURNED, 1, 0);
    fake_message(
        &world.commands, SEND_SUBSCRIPTION, "SEND",
        "{\"guild_id\":\"4194304\",\"packet\":{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":null}}}");
    pull();
    assert_int_equal(fake_count("publish 1 "), 1);
    assert_int_equal(fake_count("publish 2 "), 1);
    end();
}

/* A deadline that has passed, and nothing that can be done about it, would have its owner run in circles. */
static void what_cannot_be_done_is_no_deadline(void **state)
{
    (void)state;
    start(1);
    open_send();
    fake_message(&world.commands, SEND_SUBSCRIPTION, "SEND", send_2);
    pull();
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_RETURNED, 1, 0);
    world.shards[0].send_error = SPECTACLES_E_AGAIN;
    world.shards[0].refill_at = 9000;
    fake_message(&world.commands, 0, "0", packet);
    pull();
    assert_int_equal(spectacles_relay_deadline(world.relay), 2000);
    world.events.window = 0;
    assert_int_equal(spectacles_relay_deadline(world.relay), 9000);
    world.shards[0].state = SPECTACLES_SHARD_BACKOFF;
    world.now = 9000;
    pull();
    assert_true(spectacles_relay_deadline(world.relay) == SPECTACLES_NEVER);
    /* What it waits for comes as an event. */
    world.events.window = 100;
    world.shards[0].send_error = SPECTACLES_OK;
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    pull();
    assert_int_equal(fake_count("publish 2 "), 2);
    assert_int_equal(fake_count("send 0"), 1);
    end();
}

/* Another gateway of the group may believe in another number of shards: its packets are sent, or wait, and never go round. */
static void a_packet_is_never_routed_again(void **state)
{
    (void)state;
    start(1);
    open_send();
    /* Of a guild of shard 2, as four shards count; it came to shard 0 by somebody who counts otherwise. */
    static const char strange[] = "{\"op\":4,\"d\":{\"guild_id\":\"8388608\",\"channel_id\":null}}";
    fake_message(&world.commands, 0, "0", strange);
    fake_message(&world.commands, SEND_SUBSCRIPTION, "SEND", send_2);
    pull();
    assert_int_equal(fake_count("publish"), 1);
    assert_int_equal(fake_count("publish 2 "), 1);
    assert_int_equal(fake_count("send 0 4"), 1);
    end();
}

static void what_can_never_be_sent_is_rejected(void **state)
{
    (void)state;
    start(1);
    open_send();
    fake_message(&world.commands, SEND_SUBSCRIPTION, "SEND", "{\"guild_id\":\"x\"}");
    fake_message(&world.commands, SEND_SUBSCRIPTION, "SEND",
                 "{\"guild_id\":\"5\",\"packet\":{\"op\":2,\"d\":{}}}");
    fake_message(&world.commands, 0, "0", "{\"op\":6,\"d\":{}}");
    fake_message(&world.commands, 0, "0", packet);
    pull();
    assert_int_equal(fake_called("reject 1") && fake_called("reject 2") && fake_called("reject 3"), 1);
    assert_int_equal(told(SPECTACLES_RELAY_EVENT_COMMAND_REJECTED), 3);
    assert_int_equal(fake_count("send"), 1);
    assert_int_equal(fake_count("publish"), 0);
    end();
}

static void what_is_held_is_forgotten_with_its_connection(void **state)
{
    (void)state;
    start(1);
    open_send();
    world.shards[0].state = SPECTACLES_SHARD_BACKOFF;
    world.events.window = 0;
    fake_message(&world.commands, 0, "0", packet);
    fake_message(&world.commands, SEND_SUBSCRIPTION, "SEND", send_2);
    pull();
    fake_broker_event(&world.commands, SPECTACLES_BROKER_EVENT_DISCONNECTED, 0, 0);
    pull();
    world.events.window = 10;
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    pull();
    pull();
    assert_int_equal(fake_count("send") + fake_count("publish"), 0);
    end();
}

/* RabbitMQ's consumer_timeout, say: the connection goes on, and all that waited comes again. */
static void what_is_delivered_again_is_sent_once(void **state)
{
    (void)state;
    start(1);
    open_send();
    world.shards[0].state = SPECTACLES_SHARD_BACKOFF;
    world.events.window = 0;
    for (int i = 0; i < 3; i++) {
        fake_lose_deliveries(&world.commands);
        fake_message(&world.commands, 0, "0", packet);
        fake_message(&world.commands, SEND_SUBSCRIPTION, "SEND", send_2);
        pull();
    }
    world.events.window = 10;
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    pull();
    assert_int_equal(fake_count("send 0"), 1);
    assert_int_equal(fake_count("publish 2 "), 1);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_SENT, 1);
    pull();
    confirm(1);
    assert_int_equal(fake_called("ack 5") && fake_called("ack 6"), 1);
    end();
}

/* On its way to Discord, or to the shard's queue, when its own channel is lost; then that way ends too. */
static void what_comes_back_and_is_delivered_again_is_sent_once(void **state)
{
    (void)state;
    start(1);
    open_send();
    fake_message(&world.commands, 0, "0", packet);
    fake_message(&world.commands, SEND_SUBSCRIPTION, "SEND", send_2);
    pull();
    assert_int_equal(fake_count("send 0") + fake_count("publish 2 "), 2);
    fake_lose_deliveries(&world.commands);
    fake_message(&world.commands, 0, "0", packet);
    fake_message(&world.commands, SEND_SUBSCRIPTION, "SEND", send_2);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_RETURNED, 1, 0);
    pull();
    world.now += SP_RELAY_RETRY;
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    pull();
    assert_int_equal(fake_count("send 0"), 2);
    assert_int_equal(fake_count("publish 2 "), 2);
    end();
}

/* Discord counts what is sent for each connection. */
static void a_new_connection_has_a_budget_of_its_own(void **state)
{
    (void)state;
    start(1);
    open_send();
    world.shards[0].send_error = SPECTACLES_E_AGAIN;
    world.shards[0].refill_at = 60000;
    fake_message(&world.commands, 0, "0", packet);
    pull();
    world.shards[0].send_error = SPECTACLES_OK;
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    pull();
    assert_int_equal(fake_count("send 0"), 1);
    end();
}

/* ---- Stopping ---- */

static void stops_in_order(void **state)
{
    (void)state;
    start(1);
    open_send();
    fake_dispatch(&world.shards[0], 2, "A", "");
    pull();
    assert_int_equal(spectacles_relay_stop(world.relay, 0, world.now), SPECTACLES_OK);
    assert_int_equal(fake_count("close shard"), 3);
    assert_int_equal(fake_called("close broker events"), 1);
    fake_dispatch(&world.shards[0], 3, "A", "");
    fake_message(&world.commands, 0, "0", packet);
    pull();
    assert_int_equal(fake_count("publish"), 1);
    assert_int_equal(fake_count("send") + fake_count("ack") + fake_count("rej"), 0);
    confirm(1);
    assert_int_equal(world.shards[0].committed, 2);
    for (uint32_t i = 0; i < SHARDS; i++)
        fake_shard_event(&world.shards[i], SPECTACLES_SHARD_EVENT_CLOSED, 0);
    pull();
    assert_int_equal(fake_called("close broker commands"), 0);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_CLOSED, 0, 0);
    pull();
    pull();
    assert_int_equal(fake_called("close broker commands"), 1);
    assert_int_equal(spectacles_relay_stopped(world.relay), 0);
    fake_broker_event(&world.commands, SPECTACLES_BROKER_EVENT_CLOSED, 0, 0);
    pull();
    assert_int_equal(spectacles_relay_stopped(world.relay), 1);
    end();
}

static void wrong_settings_are_named(void **state)
{
    (void)state;
    start(1);
    end();
    spectacles_shard *twice[] = {&world.shards[1], &world.shards[1]};
    spectacles_shard *one[] = {&world.shards[0]};
    static const char *const empty[] = {""};
    for (int i = 0; i < 6; i++) {
        spectacles_relay_config config;
        spectacles_problem problem = {.text = ""};
        spectacles_relay *relay = NULL;
        spectacles_relay_config_init(&config, sizeof config);
        config.shard_count = i == 0 ? 0 : i == 1 ? 5 : COUNT;
        config.own_shards = i == 2 ? twice : one;
        config.own_shard_count = i == 2 ? 2 : 1;
        config.events = &world.events;
        config.commands = i == 3 ? &world.events : &world.commands;
        config.max_concurrency = i == 4 ? 0 : 1;
        config.allow = empty;
        config.allow_count = i == 5;
        static const char *const words[] = {"shard_count", "another shard_count", "twice",
                                            "two brokers", "max_concurrency",     "allow list"};
        assert_int_equal(spectacles_relay_new(&relay, &config, &problem), SPECTACLES_E_INVAL);
        assert_non_null(strstr(problem.text, words[i]));
        assert_null(relay);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publishes_what_is_allowed),
        cmocka_unit_test(commits_what_is_confirmed_without_a_gap),
        cmocka_unit_test(a_rate_limit_of_one_shard_holds_all_and_is_told_once),
        cmocka_unit_test(late_heartbeats_and_missing_compression_are_passed_on),
        cmocka_unit_test(what_is_filtered_out_takes_no_room),
        cmocka_unit_test(a_resumed_without_a_sequence_of_its_own),
        cmocka_unit_test(a_confirm_of_an_older_connection_commits_nothing),
        cmocka_unit_test(a_full_window_stops_the_shards),
        cmocka_unit_test(what_can_not_be_published_is_replayed),
        cmocka_unit_test(what_stands_behind_it_is_replayed_too),
        cmocka_unit_test(what_the_broker_refuses_is_declared),
        cmocka_unit_test(identifies_take_turns),
        cmocka_unit_test(buckets_identify_side_by_side),
        cmocka_unit_test(a_dead_connection_has_no_turn),
        cmocka_unit_test(queues_stand_before_send_is_consumed),
        cmocka_unit_test(send_is_routed_and_acknowledged_when_confirmed),
        cmocka_unit_test(a_send_that_no_queue_took_is_tried_again),
        cmocka_unit_test(a_packet_is_acknowledged_when_it_is_sent),
        cmocka_unit_test(what_was_not_sent_is_sent_again_in_order),
        cmocka_unit_test(one_busy_shard_holds_up_no_other),
        cmocka_unit_test(one_lost_queue_holds_up_no_other),
        cmocka_unit_test(what_cannot_be_done_is_no_deadline),
        cmocka_unit_test(a_packet_is_never_routed_again),
        cmocka_unit_test(what_can_never_be_sent_is_rejected),
        cmocka_unit_test(what_is_held_is_forgotten_with_its_connection),
        cmocka_unit_test(what_is_delivered_again_is_sent_once),
        cmocka_unit_test(what_comes_back_and_is_delivered_again_is_sent_once),
        cmocka_unit_test(a_new_connection_has_a_budget_of_its_own),
        cmocka_unit_test(stops_in_order),
        cmocka_unit_test(wrong_settings_are_named),
    };
    return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}
