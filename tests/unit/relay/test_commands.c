/*
 * Commands of workers: queues; commands that cannot be sent now, or ever; commands that were lost with their channel.
 */
#include "relay/internal.h"
#include "scene.h"

static void queues_stand_before_send_is_consumed(void **state)
{
    (void)state;
    scene_start(1);
    assert_int_equal(fake_called("subscribe 0") && fake_called("subscribe 1") && fake_called("subscribe 2"),
                     1);
    assert_int_equal(fake_called("declare 3"), 1);
    for (uint32_t i = 0; i < SCENE_COUNT; i++) {
        assert_int_equal(fake_called("subscribe SEND"), 0);
        fake_broker_event(&world.commands,
                          i == 1 ? SPECTACLES_BROKER_EVENT_UNSUBSCRIBED : SPECTACLES_BROKER_EVENT_SUBSCRIBED,
                          0, i);
        scene_pull();
    }
    scene_pull();
    assert_int_equal(fake_called("subscribe SEND"), 1);
    scene_end();
}

/* A deadline that has passed, and nothing that can be done about it, would have its owner run in circles. */
static void what_cannot_be_done_is_no_deadline(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    fake_message(&world.commands, SCENE_SEND, "SEND", SCENE_SEND_2);
    scene_pull();
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_RETURNED, 1, 0);
    world.shards[0].send_error = SPECTACLES_E_AGAIN;
    world.shards[0].refill_at = 9000;
    fake_message(&world.commands, 0, "0", SCENE_PACKET);
    scene_pull();
    assert_int_equal(spectacles_relay_deadline(world.relay), 2000);
    world.events.window = 0;
    assert_int_equal(spectacles_relay_deadline(world.relay), 9000);
    world.shards[0].state = SPECTACLES_SHARD_BACKOFF;
    world.now = 9000;
    scene_pull();
    assert_true(spectacles_relay_deadline(world.relay) == SPECTACLES_NEVER);
    /* What it waits for comes as an event. */
    world.events.window = 100;
    world.shards[0].send_error = SPECTACLES_OK;
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    scene_pull();
    assert_int_equal(fake_count("publish 2 "), 2);
    assert_int_equal(fake_count("send 0"), 1);
    scene_end();
}

static void what_can_never_be_sent_is_rejected(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    fake_message(&world.commands, SCENE_SEND, "SEND", "{\"guild_id\":\"x\"}");
    fake_message(&world.commands, SCENE_SEND, "SEND", "{\"guild_id\":\"5\",\"packet\":{\"op\":2,\"d\":{}}}");
    fake_message(&world.commands, 0, "0", "{\"op\":6,\"d\":{}}");
    fake_message(&world.commands, 0, "0", SCENE_PACKET);
    scene_pull();
    assert_int_equal(fake_called("reject 1") && fake_called("reject 2") && fake_called("reject 3"), 1);
    assert_int_equal(scene_told(SPECTACLES_RELAY_EVENT_COMMAND_REJECTED), 3);
    assert_int_equal(fake_count("send"), 1);
    assert_int_equal(fake_count("publish"), 0);
    scene_end();
}

static void what_is_held_is_forgotten_with_its_connection(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    world.shards[0].state = SPECTACLES_SHARD_BACKOFF;
    world.events.window = 0;
    fake_message(&world.commands, 0, "0", SCENE_PACKET);
    fake_message(&world.commands, SCENE_SEND, "SEND", SCENE_SEND_2);
    scene_pull();
    fake_broker_event(&world.commands, SPECTACLES_BROKER_EVENT_DISCONNECTED, 0, 0);
    scene_pull();
    world.events.window = 10;
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    scene_pull();
    scene_pull();
    assert_int_equal(fake_count("send") + fake_count("publish"), 0);
    scene_end();
}

/* RabbitMQ's consumer_timeout, say: the connection goes on, and all that waited comes again. */
static void what_is_delivered_again_is_sent_once(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    world.shards[0].state = SPECTACLES_SHARD_BACKOFF;
    world.events.window = 0;
    for (int i = 0; i < 3; i++) {
        fake_lose_deliveries(&world.commands);
        fake_message(&world.commands, 0, "0", SCENE_PACKET);
        fake_message(&world.commands, SCENE_SEND, "SEND", SCENE_SEND_2);
        scene_pull();
    }
    world.events.window = 10;
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    scene_pull();
    assert_int_equal(fake_count("send 0"), 1);
    assert_int_equal(fake_count("publish 2 "), 1);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_SENT, 1);
    scene_pull();
    scene_confirm(1);
    assert_int_equal(fake_called("ack 5") && fake_called("ack 6"), 1);
    scene_end();
}

/* On its way to Discord, or to the shard's queue, when its own channel is lost; then that way ends too. */
static void what_comes_back_and_is_delivered_again_is_sent_once(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    fake_message(&world.commands, 0, "0", SCENE_PACKET);
    fake_message(&world.commands, SCENE_SEND, "SEND", SCENE_SEND_2);
    scene_pull();
    assert_int_equal(fake_count("send 0") + fake_count("publish 2 "), 2);
    fake_lose_deliveries(&world.commands);
    fake_message(&world.commands, 0, "0", SCENE_PACKET);
    fake_message(&world.commands, SCENE_SEND, "SEND", SCENE_SEND_2);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_RETURNED, 1, 0);
    scene_pull();
    world.now += SP_RELAY_RETRY;
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    scene_pull();
    assert_int_equal(fake_count("send 0"), 2);
    assert_int_equal(fake_count("publish 2 "), 2);
    scene_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queues_stand_before_send_is_consumed),
        cmocka_unit_test(what_cannot_be_done_is_no_deadline),
        cmocka_unit_test(what_can_never_be_sent_is_rejected),
        cmocka_unit_test(what_is_held_is_forgotten_with_its_connection),
        cmocka_unit_test(what_is_delivered_again_is_sent_once),
        cmocka_unit_test(what_comes_back_and_is_delivered_again_is_sent_once),
    };
    return cmocka_run_group_tests_name("relay/commands", tests, NULL, NULL);
}
