/* Each delivery is acknowledged once, and acknowledgements of a turn are one frame. */
#include "server.h"

static void acknowledgements_happen_once(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_ready(server);
    server_deliver(server, 1, "s0.1", "A", "x", 10);
    uint64_t stale = server->delivery;
    assert_int_equal(spectacles_broker_holds(server->broker, stale), 1);
    assert_int_equal(spectacles_broker_ack(server->broker, stale), 1);
    assert_int_equal(spectacles_broker_holds(server->broker, stale), 0);
    assert_int_equal(spectacles_broker_ack(server->broker, stale), 0);
    assert_int_equal(spectacles_broker_reject(server->broker, stale, 0), 0);
    assert_int_equal(spectacles_broker_ack(server->broker, 12345), 0);
    assert_int_equal(spectacles_broker_ack(server->broker, 0), 0);
    server_deliver(server, 2, "s0.1", "A", "x", 10);
    stale = server->delivery;
    assert_int_equal(spectacles_broker_holds(server->broker, stale), 1);
    server_eof(server);
    assert_int_equal(spectacles_broker_holds(server->broker, stale), 0);
    assert_int_equal(spectacles_broker_ack(server->broker, stale), 0);
    server_ready(server);
    server_deliver(server, 1, "s0.1", "A", "x", 10);
    server_deliver(server, 2, "s0.1", "A", "x", 10);
    assert_int_equal(spectacles_broker_holds(server->broker, stale), 0);
    assert_int_equal(spectacles_broker_ack(server->broker, stale), 0);
    assert_int_equal(spectacles_broker_ack(server->broker, server->delivery), 1);
    server_pull(server);
    assert_string_equal(server_last(&server->written, "3 basic.ack"), "3 basic.ack 2");
    server_free(server);
}

/* The deliveries 1 to `count`, in hand. */
static void deliver_all(sp_server *server, uint64_t *handles, uint64_t count)
{
    for (uint64_t tag = 1; tag <= count; tag++) {
        server_deliver(server, tag, "s0.1", "A", "x", 10);
        handles[tag] = server->delivery;
    }
}

static void writes_acks(const sp_server *server, const uint8_t (*acks)[2], size_t count)
{
    const uint8_t *bytes;
    size_t length = spectacles_stream_pending(spectacles_broker_stream(server->broker), &bytes);
    assert_int_equal(length, count * 21);
    for (size_t i = 0; i < count; i++) {
        const uint8_t frame[21] = {1, 0, 3, 0, 0, 0, 13, 0,          60,         0,   80,
                                   0, 0, 0, 0, 0, 0, 0,  acks[i][0], acks[i][1], 0xce};
        assert_memory_equal(bytes + 21 * i, frame, sizeof frame);
    }
    spectacles_stream_consumed(spectacles_broker_stream(server->broker), length);
}

static void acknowledgements_of_a_turn_are_one_frame(void **state)
{
    (void)state;
    uint64_t handles[20];
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 20);
    server_ready(server);
    deliver_all(server, handles, 19);
    spectacles_broker_ack(server->broker, handles[1]);
    writes_acks(server, (const uint8_t[][2]){{1, 0}}, 1);
    for (int i = 2; i <= 4; i++)
        assert_int_equal(spectacles_broker_ack(server->broker, handles[i]), 1);
    writes_acks(server, (const uint8_t[][2]){{4, 1}}, 1);
    /* An older one is open: `multiple` would settle it too. When it is settled as well, the last frame covers it. */
    spectacles_broker_ack(server->broker, handles[6]);
    spectacles_broker_ack(server->broker, handles[7]);
    spectacles_broker_ack(server->broker, handles[5]);
    writes_acks(server, (const uint8_t[][2]){{6, 0}, {7, 1}}, 2);
    /* What has begun to leave stays as it is. */
    const uint8_t *bytes;
    spectacles_broker_ack(server->broker, handles[8]);
    spectacles_broker_ack(server->broker, handles[9]);
    assert_int_equal(spectacles_stream_pending(spectacles_broker_stream(server->broker), &bytes), 21);
    spectacles_stream_consumed(spectacles_broker_stream(server->broker), 20);
    spectacles_broker_ack(server->broker, handles[10]);
    assert_int_equal(spectacles_stream_pending(spectacles_broker_stream(server->broker), &bytes), 22);
    spectacles_stream_consumed(spectacles_broker_stream(server->broker), 1);
    writes_acks(server, (const uint8_t[][2]){{10, 0}}, 1);
    /* A rejection in between is passed over by no acknowledgement. */
    spectacles_broker_ack(server->broker, handles[11]);
    spectacles_broker_reject(server->broker, handles[12], 1);
    spectacles_broker_ack(server->broker, handles[13]);
    spectacles_broker_ack(server->broker, handles[14]);
    server_forget(server);
    server_pull(server);
    assert_int_equal(server->written.count, 3);
    assert_string_equal(server->written.line[0], "3 basic.ack 11");
    assert_string_equal(server->written.line[2], "3 basic.ack 14 multiple");
    server_free(server);
}

static void one_delivery_that_is_held_costs_nothing(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_ready(server);
    server_deliver(server, 1, "s0.1", "A", "x", 10);
    uint64_t held = server->delivery;
    for (uint64_t tag = 2; tag < 3000; tag++) {
        server_deliver(server, tag, "s0.1", "A", "x", 10);
        assert_int_equal(spectacles_broker_ack(server->broker, server->delivery), 1);
        server->events.count = 0;
        server_forget(server);
    }
    assert_int_equal(spectacles_broker_ack(server->broker, held), 1);
    server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acknowledgements_happen_once),
        cmocka_unit_test(acknowledgements_of_a_turn_are_one_frame),
        cmocka_unit_test(one_delivery_that_is_held_costs_nothing),
    };
    return cmocka_run_group_tests_name("broker/ack", tests, NULL, NULL);
}
