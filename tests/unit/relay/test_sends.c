/* SENDs: routed to the queue of a shard, and acknowledged when they are confirmed. */
#include "scene.h"

static void send_is_routed_and_acknowledged_when_confirmed(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    fake_message(&world.commands, SCENE_SEND, "SEND", SCENE_SEND_2);
    scene_pull();
    /* 8388608 >> 22 is 2. */
    assert_int_equal(
        fake_called("publish 2 - mandatory {\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":null}}"), 1);
    assert_int_equal(fake_count("ack"), 0);
    scene_confirm(1);
    assert_int_equal(fake_called("ack 1"), 1);
    assert_int_equal(scene_told(SPECTACLES_RELAY_EVENT_COMMAND_ROUTED), 1);
    scene_end();
}

static void a_send_that_no_queue_took_is_tried_again(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    fake_message(&world.commands, SCENE_SEND, "SEND", SCENE_SEND_2);
    scene_pull();
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_RETURNED, 1, 0);
    scene_pull();
    assert_int_equal(spectacles_relay_deadline(world.relay), 2000);
    world.now = 1999;
    scene_pull();
    assert_int_equal(fake_count("publish 2"), 1);
    world.now = 2000;
    scene_pull();
    assert_int_equal(fake_count("publish 2"), 2);
    assert_int_equal(fake_count("ack") + fake_count("re"), 0);
    scene_confirm(2);
    assert_int_equal(fake_called("ack 1"), 1);
    scene_end();
}

/* A queue that is gone holds up its own shard's commands only. */
static void one_lost_queue_holds_up_no_other(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    fake_message(&world.commands, SCENE_SEND, "SEND", SCENE_SEND_2);
    scene_pull();
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_RETURNED, 1, 0);
    fake_message(
        &world.commands, SCENE_SEND, "SEND",
        "{\"guild_id\":\"4194304\",\"packet\":{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":null}}}");
    scene_pull();
    assert_int_equal(fake_count("publish 1 "), 1);
    assert_int_equal(fake_count("publish 2 "), 1);
    scene_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(send_is_routed_and_acknowledged_when_confirmed),
        cmocka_unit_test(a_send_that_no_queue_took_is_tried_again),
        cmocka_unit_test(one_lost_queue_holds_up_no_other),
    };
    return cmocka_run_group_tests_name("relay/sends", tests, NULL, NULL);
}
