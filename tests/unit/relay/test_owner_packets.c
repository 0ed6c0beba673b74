/* Packets that the owner sends by a call: each has one answer, with brokers and without. */
#include "scene.h"

static const uint8_t d[] = "{\"guild_id\":\"1\",\"channel_id\":null}";

static void begin(void)
{
    spectacles_relay_config config;
    scene_begin(&config, 2, 2);
    config.events = config.commands = NULL;
    scene_make(&config);
}

static uint64_t send(uint32_t shard_id)
{
    uint64_t ticket = 0;
    assert_int_equal(spectacles_relay_send(world.relay, shard_id, 4, d, sizeof d - 1, &ticket),
                     SPECTACLES_OK);
    return ticket;
}

static int refuse(uint32_t shard_id, uint32_t op, const char *text)
{
    return spectacles_relay_send(world.relay, shard_id, op, (const uint8_t *)text, strlen(text), NULL);
}

/* The next answer has this type and ticket. */
static void expect(uint32_t type, uint64_t ticket)
{
    const spectacles_relay_event *event;
    do
        event = spectacles_relay_next_event(world.relay, world.now);
    while (event && event->type != SPECTACLES_RELAY_EVENT_COMMAND_SENT &&
           event->type != SPECTACLES_RELAY_EVENT_COMMAND_REJECTED);
    assert_non_null(event);
    assert_int_equal(event->type, type);
    assert_int_equal(event->ticket, ticket);
    assert_int_equal(event->op, 4);
}

static void a_packet_is_answered_when_its_bytes_are_gone(void **state)
{
    (void)state;
    begin();
    uint64_t ticket = send(1);
    assert_int_equal(spectacles_relay_deadline(world.relay), 0);
    scene_pull();
    assert_int_equal(fake_count("send 1 4 {\"guild_id\""), 1);
    assert_int_equal(scene_told(SPECTACLES_RELAY_EVENT_COMMAND_SENT), 0);
    fake_read(&world.shards[1]);
    expect(SPECTACLES_RELAY_EVENT_COMMAND_SENT, ticket);
    assert_int_equal(scene_stats().sent, 1);
    scene_end();
}

static void a_packet_waits_for_its_shard_and_is_sent_again(void **state)
{
    (void)state;
    begin();
    world.shards[0].state = SPECTACLES_SHARD_IDENTIFYING;
    uint64_t ticket = send(0);
    scene_pull();
    assert_int_equal(fake_count("send 0"), 0);
    fake_ready(&world.shards[0], "abc");
    scene_pull();
    assert_int_equal(fake_count("send 0"), 1);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    scene_pull();
    assert_int_equal(fake_count("send 0"), 2);
    fake_read(&world.shards[0]);
    expect(SPECTACLES_RELAY_EVENT_COMMAND_SENT, ticket);
    scene_end();
}

static void a_wrong_packet_is_refused_by_the_call(void **state)
{
    (void)state;
    begin();
    assert_int_equal(refuse(2, 4, "{}"), SPECTACLES_E_INVAL);
    assert_int_equal(refuse(0, 2, "{}"), SPECTACLES_E_UNSUPPORTED);
    assert_int_equal(refuse(0, 3, "{"), SPECTACLES_E_PROTO);
    assert_int_equal(refuse(0, 3, "[]"), SPECTACLES_E_PROTO);
    assert_int_equal(refuse(0, 3, "{}"), SPECTACLES_E_PROTO);
    assert_int_equal(spectacles_relay_send(world.relay, 0, 3, NULL, 0, NULL), SPECTACLES_E_INVAL);
    assert_true(strlen(spectacles_relay_last_error(world.relay)) > 0);
    for (int i = 0; i < 1024; i++)
        send(0);
    assert_int_equal(refuse(0, 4, (const char *)d), SPECTACLES_E_AGAIN);
    send(1);
    scene_end();
}

static void a_packet_that_the_shard_refuses_is_told(void **state)
{
    (void)state;
    begin();
    world.shards[0].send_error = SPECTACLES_E_TOOBIG;
    uint64_t ticket = send(0);
    expect(SPECTACLES_RELAY_EVENT_COMMAND_REJECTED, ticket);
    scene_end();
}

/* One is on its way and one is held; both are answered, before the shard is gone. */
static void a_shard_that_leaves_answers_first(void **state)
{
    (void)state;
    begin();
    uint64_t first = send(0);
    scene_pull();
    world.shards[0].send_error = SPECTACLES_E_AGAIN;
    uint64_t second = send(0);
    scene_pull();
    assert_int_equal(spectacles_relay_remove_shard(world.relay, 0, 0, world.now), SPECTACLES_OK);
    assert_int_equal(refuse(0, 4, (const char *)d), SPECTACLES_E_STATE);
    expect(SPECTACLES_RELAY_EVENT_COMMAND_REJECTED, second);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    expect(SPECTACLES_RELAY_EVENT_COMMAND_REJECTED, first);
    scene_pull();
    assert_int_equal(scene_told(SPECTACLES_RELAY_EVENT_SHARD_REMOVED), 1);
    scene_end();
}

static void a_relay_that_stops_answers_first(void **state)
{
    (void)state;
    begin();
    world.shards[0].send_error = SPECTACLES_E_AGAIN;
    uint64_t ticket = send(0);
    scene_pull();
    assert_int_equal(spectacles_relay_stop(world.relay, 0, world.now), SPECTACLES_OK);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_CLOSED, 0);
    fake_shard_event(&world.shards[1], SPECTACLES_SHARD_EVENT_CLOSED, 0);
    expect(SPECTACLES_RELAY_EVENT_COMMAND_REJECTED, ticket);
    scene_pull();
    assert_int_equal(spectacles_relay_stopped(world.relay), 1);
    scene_end();
}

/* Nobody wants to hear of it any more. */
static void a_shard_that_is_dropped_answers_nothing(void **state)
{
    (void)state;
    begin();
    send(0);
    scene_pull();
    fake_read(&world.shards[0]);
    world.shards[0].send_error = SPECTACLES_E_AGAIN;
    send(0);
    assert_int_equal(spectacles_relay_drop_shard(world.relay, 0), SPECTACLES_OK);
    scene_pull();
    assert_int_equal(scene_told(SPECTACLES_RELAY_EVENT_COMMAND_SENT), 0);
    assert_int_equal(scene_told(SPECTACLES_RELAY_EVENT_COMMAND_REJECTED), 0);
    scene_end();
}

/* Deliveries are lost with their channel, wherever they stand between packets of the owner. */
static void packets_of_workers_and_of_the_owner_share_a_shard(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    world.shards[0].send_error = SPECTACLES_E_AGAIN;
    send(0);
    fake_message(&world.commands, 0, "0", SCENE_PACKET);
    scene_pull();
    send(0);
    fake_lose_deliveries(&world.commands);
    fake_message(&world.commands, 0, "0", SCENE_PACKET);
    scene_pull();
    world.shards[0].send_error = SPECTACLES_OK;
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    scene_pull();
    assert_int_equal(fake_count("send 0"), 3);
    fake_read(&world.shards[0]);
    scene_pull();
    assert_int_equal(scene_told(SPECTACLES_RELAY_EVENT_COMMAND_SENT), 3);
    assert_int_equal(fake_count("ack"), 1);
    scene_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_is_answered_when_its_bytes_are_gone),
        cmocka_unit_test(a_packet_waits_for_its_shard_and_is_sent_again),
        cmocka_unit_test(a_wrong_packet_is_refused_by_the_call),
        cmocka_unit_test(a_packet_that_the_shard_refuses_is_told),
        cmocka_unit_test(a_shard_that_leaves_answers_first),
        cmocka_unit_test(a_relay_that_stops_answers_first),
        cmocka_unit_test(a_shard_that_is_dropped_answers_nothing),
        cmocka_unit_test(packets_of_workers_and_of_the_owner_share_a_shard),
    };
    return cmocka_run_group_tests_name("relay/owner_packets", tests, NULL, NULL);
}
