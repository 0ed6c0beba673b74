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

/* ---- What a SEND takes with it, and what it takes here ---- */

/* 12582912 >> 22 is 3, which another process serves. */
#define SEND_3 "{\"guild_id\":\"12582912\",\"packet\":" SCENE_PACKET "}"

static void send(const char *body, const char *expiration)
{
    fake_message(&world.commands, SCENE_SEND, "SEND", body);
    fake_expire_last(&world.commands, expiration);
    scene_pull();
}

static void start_with_timeout(uint32_t command_timeout)
{
    spectacles_relay_config config;
    scene_begin(&config, SCENE_SHARDS, SCENE_COUNT);
    config.command_timeout = command_timeout;
    scene_make(&config);
    scene_open_send();
}

static void what_is_left_of_an_expiration_goes_along(void **state)
{
    (void)state;
    start_with_timeout(0);
    send(SCENE_SEND_2, "500");
    assert_int_equal(fake_called("publish 2 - mandatory expires 500 " SCENE_PACKET), 1);
    /* Without room it waits here, and its time goes on. */
    world.events.window = world.events.open;
    send(SEND_3, "500");
    world.now += 499;
    scene_pull();
    world.events.window = 100;
    scene_pull();
    assert_int_equal(fake_called("publish 3 - mandatory expires 1 " SCENE_PACKET), 1);
    scene_end();
}

static void a_send_whose_time_is_over_is_rejected_with_a_word(void **state)
{
    (void)state;
    start_with_timeout(0);
    world.events.window = 0;
    send(SCENE_SEND_2, "500");
    send(SEND_3, "900");
    world.now += 500;
    world.events.window = 100;
    scene_pull();
    assert_int_equal(fake_called("reject 1"), 1);
    assert_int_equal(scene_told(SPECTACLES_RELAY_EVENT_COMMAND_REJECTED), 1);
    assert_non_null(strstr(world.told[world.told_count - 1], "SEND: the expiration of the command is over"));
    assert_int_equal(fake_called("publish 3 - mandatory expires 400 " SCENE_PACKET), 1);
    assert_int_equal(fake_count("publish"), 1);
    scene_end();
}

/* Workers in Go write "0" into every message: it means that no consumer is waited for, and the relay is one. */
static void an_expiration_of_0_or_none_does_not_go_along(void **state)
{
    (void)state;
    static const char *const values[] = {"0", "000", "", "-5", "1s", "99999999999999999999999", NULL};
    start_with_timeout(0);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        send(SEND_3, values[i]);
    assert_int_equal(fake_count("publish 3 - mandatory " SCENE_PACKET),
                     (int)(sizeof values / sizeof values[0]));
    scene_end();
}

static void commands_for_another_process_do_not_wait_longer_than_command_timeout(void **state)
{
    (void)state;
    start_with_timeout(60000);
    send(SEND_3, "0");
    send(SEND_3, "600000");
    assert_int_equal(fake_count("publish 3 - mandatory expires 60000 "), 2);
    send(SEND_3, "500");
    assert_int_equal(fake_count("publish 3 - mandatory expires 500 "), 1);
    /* A burst for a shard of this process waits for the rate limit, and none of it may go. */
    send(SCENE_SEND_2, "0");
    assert_int_equal(fake_count("publish 2 - mandatory {"), 1);
    send(SCENE_SEND_2, "600000");
    assert_int_equal(fake_count("publish 2 - mandatory expires 600000 "), 1);
    scene_end();
}

/* Its time goes on while the queue of the shard is away. */
static void a_send_that_no_queue_took_keeps_its_time(void **state)
{
    (void)state;
    start_with_timeout(0);
    send(SCENE_SEND_2, "5000");
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_RETURNED, 1, 0);
    scene_pull();
    world.now += 1000;
    scene_pull();
    assert_int_equal(fake_called("publish 2 - mandatory expires 4000 " SCENE_PACKET), 1);
    scene_end();
}

static void only_the_packet_is_kept_of_a_send(void **state)
{
    (void)state;
    start_with_timeout(0);
    send("{\"note\":\"much\",\"guild_id\":\"8388608\",\"packet\": { \"trace\" : \"more\", \"d\" : "
         "{\"guild_id\":\"1\",\"channel_id\":null}, \"op\" : 4 } }",
         NULL);
    assert_int_equal(fake_called("publish 2 - mandatory " SCENE_PACKET), 1);
    scene_end();
}

static void sends_have_a_prefetch_of_their_own(void **state)
{
    (void)state;
    start_with_timeout(0);
    assert_int_equal(world.commands.subscribed[SCENE_SEND].prefetch, 2000);
    assert_int_equal(world.commands.subscribed[0].prefetch, 16);
    scene_end();
}

/* Their channel is gone while they wait for room: each comes again, and is routed once. */
static void sends_that_were_lost_are_not_routed_twice(void **state)
{
    (void)state;
    start_with_timeout(0);
    send(SCENE_SEND_2, NULL);
    world.events.window = world.events.open;
    send(SEND_3, NULL);
    fake_lose_deliveries(&world.commands);
    send(SCENE_SEND_2, NULL);
    send(SEND_3, NULL);
    /* The first one was under way. No queue took it, but it is here again already. */
    fake_broker_event(&world.events, SPECTACLES_BROKER_EVENT_RETURNED, 1, 0);
    world.events.window = 100;
    scene_pull();
    world.now += 1000;
    scene_pull();
    assert_int_equal(fake_count("publish 2"), 2);
    assert_int_equal(fake_count("publish 3"), 1);
    scene_end();
}

/* ---- Another number of shards ---- */

/* 8388608 >> 22 is 2: of 4 shards it is shard 2. A packet that lies in the queue of shard 0 was routed by 2 shards. */
static void a_packet_for_another_shard_is_routed_again(void **state)
{
    (void)state;
    scene_start(1);
    scene_open_send();
    fake_message(&world.commands, SCENE_SEND, "SEND", SCENE_SEND_2);
    scene_pull();
    assert_int_equal(world.events.last_guild, 8388608);
    fake_message(&world.commands, 0, "0", SCENE_PACKET);
    fake_guild_last(&world.commands, 8388608);
    fake_message(&world.commands, 2, "2", SCENE_PACKET);
    fake_guild_last(&world.commands, 8388608);
    scene_pull();
    assert_int_equal(fake_count("publish 2 "), 2);
    assert_int_equal(world.events.last_guild, 8388608);
    assert_int_equal(fake_count("send 0"), 0);
    assert_int_equal(fake_count("send 2"), 1);
    scene_confirm(2);
    assert_int_equal(fake_called("ack 2"), 1); /* it is safe in the other queue */
    fake_message(&world.commands, 0, "0", "{}");
    fake_guild_last(&world.commands, 8388608);
    scene_pull();
    assert_int_equal(scene_told(SPECTACLES_RELAY_EVENT_COMMAND_REJECTED), 1);
    scene_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(send_is_routed_and_acknowledged_when_confirmed),
        cmocka_unit_test(a_send_that_no_queue_took_is_tried_again),
        cmocka_unit_test(one_lost_queue_holds_up_no_other),
        cmocka_unit_test(what_is_left_of_an_expiration_goes_along),
        cmocka_unit_test(a_send_whose_time_is_over_is_rejected_with_a_word),
        cmocka_unit_test(an_expiration_of_0_or_none_does_not_go_along),
        cmocka_unit_test(commands_for_another_process_do_not_wait_longer_than_command_timeout),
        cmocka_unit_test(a_send_that_no_queue_took_keeps_its_time),
        cmocka_unit_test(only_the_packet_is_kept_of_a_send),
        cmocka_unit_test(sends_have_a_prefetch_of_their_own),
        cmocka_unit_test(sends_that_were_lost_are_not_routed_twice),
        cmocka_unit_test(a_packet_for_another_shard_is_routed_again),
    };
    return cmocka_run_group_tests_name("relay/sends", tests, NULL, NULL);
}
