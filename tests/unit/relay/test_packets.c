/* Packets: sent to Discord in their order, and acknowledged when their bytes are gone. */
#include "scene.h"

#include <stdio.h>

static void a_packet_is_acknowledged_when_it_is_sent(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    fake_message(&world.commands, 0, "0", SCENE_PACKET);
    fake_message(&world.commands, 0, "0",
                 "{\"op\":3,\"d\":{\"since\":null,\"activities\":[],\"status\":\"idle\",\"afk\":false}}");
    scene_pull();
    assert_int_equal(fake_called("send 0 4 {\"guild_id\":\"1\",\"channel_id\":null}"), 1);
    assert_int_equal(fake_count("send 0"), 2);
    assert_int_equal(fake_count("ack"), 0);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_SENT, 1);
    scene_pull();
    assert_int_equal(fake_called("ack 1"), 1);
    assert_int_equal(fake_called("ack 2"), 0);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_SENT, 2);
    scene_pull();
    assert_int_equal(fake_called("ack 2"), 1);
    scene_end();
}

static void what_was_not_sent_is_sent_again_in_order(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    char body[200];
    for (int i = 1; i <= 3; i++) {
        snprintf(body, sizeof body, "{\"op\":4,\"d\":{\"guild_id\":\"%d\",\"channel_id\":null}}", i);
        fake_message(&world.commands, 0, "0", body);
    }
    scene_pull();
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_SENT, 1);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    fake_message(&world.commands, 0, "0", SCENE_PACKET);
    scene_pull();
    fake_forget();
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    scene_pull();
    assert_int_equal(fake_count("send"), 3);
    assert_string_equal(fake_log[0], "send 0 4 {\"guild_id\":\"2\",\"channel_id\":null}");
    assert_string_equal(fake_log[1], "send 0 4 {\"guild_id\":\"3\",\"channel_id\":null}");
    assert_string_equal(fake_log[2], "send 0 4 {\"guild_id\":\"1\",\"channel_id\":null}");
    scene_end();
}

static void one_busy_shard_holds_up_no_other(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    world.shards[0].send_error = SPECTACLES_E_AGAIN;
    world.shards[0].refill_at = 9000;
    fake_message(&world.commands, 0, "0", SCENE_PACKET);
    fake_message(&world.commands, 1, "1", SCENE_PACKET);
    scene_pull();
    assert_int_equal(fake_count("send 0"), 0);
    assert_int_equal(fake_count("send 1"), 1);
    assert_int_equal(spectacles_relay_deadline(world.relay), 9000);
    world.shards[0].send_error = SPECTACLES_OK;
    world.now = 8999;
    scene_pull();
    assert_int_equal(fake_count("send 0"), 0);
    world.now = 9000;
    scene_pull();
    assert_int_equal(fake_count("send 0"), 1);
    scene_end();
}

/* Another gateway of the group may count other shards. Its packets are sent or wait, and are never routed again. */
static void a_packet_is_never_routed_again(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    /* Of a guild of shard 2, as four shards count; it came to shard 0 by somebody who counts otherwise. */
    static const char strange[] = "{\"op\":4,\"d\":{\"guild_id\":\"8388608\",\"channel_id\":null}}";
    fake_message(&world.commands, 0, "0", strange);
    fake_message(&world.commands, SCENE_SEND, "SEND", SCENE_SEND_2);
    scene_pull();
    assert_int_equal(fake_count("publish"), 1);
    assert_int_equal(fake_count("publish 2 "), 1);
    assert_int_equal(fake_count("send 0 4"), 1);
    scene_end();
}

/* Discord counts what is sent for each connection. */
static void a_new_connection_has_a_budget_of_its_own(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    world.shards[0].send_error = SPECTACLES_E_AGAIN;
    world.shards[0].refill_at = 60000;
    fake_message(&world.commands, 0, "0", SCENE_PACKET);
    scene_pull();
    world.shards[0].send_error = SPECTACLES_OK;
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_DISCONNECTED, 0);
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    scene_pull();
    assert_int_equal(fake_count("send 0"), 1);
    scene_end();
}

/* A shard was away for longer than the worker wanted to wait. */
static void a_packet_that_has_expired_here_is_not_sent(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    world.shards[0].state = SPECTACLES_SHARD_BACKOFF;
    fake_message(&world.commands, 0, "0", SCENE_PACKET);
    fake_expire_last(&world.commands, "500");
    fake_message(&world.commands, 0, "0", SCENE_PACKET);
    fake_expire_last(&world.commands, "0");
    scene_pull();
    world.now += 500;
    fake_shard_event(&world.shards[0], SPECTACLES_SHARD_EVENT_RESUMED, 0);
    scene_pull();
    assert_int_equal(fake_called("reject 1"), 1);
    assert_int_equal(fake_count("send 0"), 1);
    assert_int_equal(scene_told(SPECTACLES_RELAY_EVENT_COMMAND_REJECTED), 1);
    scene_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_is_acknowledged_when_it_is_sent),
        cmocka_unit_test(what_was_not_sent_is_sent_again_in_order),
        cmocka_unit_test(one_busy_shard_holds_up_no_other),
        cmocka_unit_test(a_packet_is_never_routed_again),
        cmocka_unit_test(a_new_connection_has_a_budget_of_its_own),
        cmocka_unit_test(a_packet_that_has_expired_here_is_not_sent),
    };
    return cmocka_run_group_tests_name("relay/packets", tests, NULL, NULL);
}
