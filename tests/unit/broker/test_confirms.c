/* What becomes of publishes: confirmed, refused, returned, published again. */
#include "core/stream.h"
#include "server.h"

#include <stdio.h>

#define N(value) ((uint64_t)(value))

static void confirms_come_in_any_order(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    for (int i = 1; i <= 6; i++)
        assert_int_equal(server_publish(server, "K", "x", 0), i);
    server_pull(server);
    server->events.count = 0;
    server_ack(server, 5, 0);
    server_ack(server, 2, 0);
    server_ack(server, 5, 0);
    server_ack(server, 4, 1);
    server_ack(server, 6, 1);
    static const char *const order[] = {"CONFIRMED 5", "CONFIRMED 2", "CONFIRMED 1",
                                        "CONFIRMED 3", "CONFIRMED 4", "CONFIRMED 6"};
    assert_int_equal(server->events.count, 6);
    for (int i = 0; i < 6; i++)
        assert_int_equal(strncmp(server->events.line[i], order[i], strlen(order[i])), 0);
    server_free(server);
}

/* Not at once: a queue that is full would refuse it as fast as it comes. */
static void a_nack_is_published_again(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_publish(server, "K", "x", 0);
    server_publish(server, "L", "y", 0);
    server_pull(server);
    uint64_t due = server->now + 500;
    server_method(server, 2, 60, 120, "qb", N(1), N(0));
    assert_int_equal(spectacles_stream_deadline(spectacles_broker_stream(server->broker)), due);
    server_publish(server, "M", "z", 0);
    server_pull(server);
    server_wait(server, 499);
    assert_string_equal(server_last(&server->written, "2 basic.publish"), "2 basic.publish M");
    server_wait(server, 1);
    assert_string_equal(server_last(&server->written, "2 basic.publish"), "2 basic.publish K");
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 4);
    server_ack(server, 4, 1);
    for (int tag = 1; tag <= 3; tag++) {
        char line[32];
        snprintf(line, sizeof line, "CONFIRMED %d ", tag);
        assert_int_equal(server_count(&server->events, line), 1);
    }
    server_free(server);
}

/* A node of RabbitMQ's cluster is gone, and the channel still asks there: each publish is refused, for ever. */
static void a_channel_that_brings_nacks_alone_is_opened_anew(void **state)
{
    (void)state;
    uint64_t wire = 0;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_publish(server, "K", "x", 0);
    server_publish(server, "L", "y", 0);
    server_pull(server);
    for (int turn = 0; turn < 10; turn++) {
        server_method(server, 2, 60, 120, "qb", N(wire += 2), N(1));
        assert_int_equal(server_count(&server->written, "2 channel.close"), 0);
        server_wait(server, 500);
    }
    assert_int_equal(server_count(&server->written, "2 channel.close"), 1);
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 20);
    /* What the old channel still brings is nobody's. */
    server_ack(server, wire, 1);
    server_wait(server, 5000);
    server_forget(server);
    server_method(server, 2, 20, 41, "");
    server_answer(server);
    server_pull(server);
    assert_string_equal(server->written.line[0], "2 channel.open");
    assert_int_equal(server_count(&server->written, "2 confirm.select"), 1);
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 2);
    server_ack(server, 2, 1);
    assert_int_equal(server_count(&server->events, "CONFIRMED"), 2);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
    server_free(server);
}

/* Nacks come in parts, and so the parts are written again in another order. A new channel has the order of the tags. */
static void a_new_channel_has_the_order_of_the_tags(void **state)
{
    (void)state;
    static const char *const keys[] = {"K1", "K2", "K3", "K4"};
    for (int renewed = 0; renewed < 2; renewed++) {
        uint64_t wire = 4;
        sp_server *server = server_new(NULL);
        server_ready(server);
        for (int i = 0; i < 4; i++)
            server_publish(server, keys[i], "x", 0);
        server_pull(server);
        server_method(server, 2, 60, 120, "qb", N(2), N(1));
        server_wait(server, 500);
        for (int turn = 0; renewed && turn < 9; turn++) {
            server_method(server, 2, 60, 120, "qb", N(wire), N(1));
            wire += 2;
            server_wait(server, 500);
        }
        assert_int_equal(server_count(&server->written, "2 channel.close"), renewed);
        server_forget(server);
        if (renewed)
            server_method(server, 2, 20, 41, "");
        else
            server_eof(server);
        if (!renewed)
            server_ready(server);
        server_answer(server);
        server_pull(server);
        int seen = 0;
        for (int i = 0; i < server->written.count; i++) {
            if (strncmp(server->written.line[i], "2 basic.publish ", 16) == 0)
                assert_string_equal(server->written.line[i] + 16, keys[seen++]);
        }
        assert_int_equal(seen, 4);
        server_ack(server, 4, 1);
        assert_int_equal(server_count(&server->events, "CONFIRMED"), 4);
        server_free(server);
    }
}

/* A queue that takes one now and then is full, and its channel is fine. */
static void a_channel_with_an_ack_among_its_nacks_is_kept(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    for (int i = 0; i < 20; i++)
        server_publish(server, "K", "x", 0);
    server_pull(server);
    uint64_t wire = 0;
    for (uint64_t left = 20; left > 1; left--) {
        server_ack(server, wire + 1, 0);
        server_method(server, 2, 60, 120, "qb", N(wire += left), N(1));
        server_wait(server, 500);
    }
    assert_int_equal(server_count(&server->written, "2 channel.close"), 0);
    assert_int_equal(server_count(&server->events, "CONFIRMED"), 19);
    server_free(server);
}

static void all_up_to_a_nack_are_published_again(void **state)
{
    (void)state;
    static const char *const keys[] = {"K1", "K2", "K3", "K4", "K5"};
    static const char *const again[] = {"K1", "K3", "K5"};
    for (int lost = 0; lost < 2; lost++) {
        int seen = 0;
        sp_server *server = server_new(NULL);
        server_ready(server);
        for (int i = 0; i < 5; i++)
            server_publish(server, keys[i], "x", 0);
        server_pull(server);
        server_ack(server, 2, 0);
        server_method(server, 2, 60, 120, "qb", N(3), N(1));
        server_ack(server, 4, 0);
        server_wait(server, 200);
        server_method(server, 2, 60, 120, "qb", N(0), N(1));
        server_forget(server);
        if (lost) {
            server_eof(server);
            server_ready(server);
        }
        server_wait(server, 300);
        for (int i = 0; i < server->written.count; i++) {
            if (strncmp(server->written.line[i], "2 basic.publish ", 16) == 0)
                assert_string_equal(server->written.line[i] + 16, again[seen++]);
        }
        assert_int_equal(seen, 3);
        server_wait(server, 5000);
        server_ack(server, lost ? 3 : 8, 1);
        assert_int_equal(server_count(&server->events, "CONFIRMED"), 5);
        assert_int_equal(server_count(&server->written, "2 basic.publish"), 3);
        server_free(server);
    }
}

static void return_message(sp_server *server, uint64_t tag, const char *key)
{
    uint8_t header[64];
    size_t length = 0;
    server_method(server, 2, 60, 50, "wsss", N(312), "NO_ROUTE", "gateway", key);
    memcpy(header, "\0\x3c\0\0\0\0\0\0\0\0\0\x01\x20\0\0\0\0\x18\x0espectacles-tagl", 34);
    length = 34;
    for (int i = 0; i < 8; i++)
        header[length++] = (uint8_t)(tag >> (56 - 8 * i));
    server_frame(server, 2, 2, header, length);
    server_frame(server, 3, 2, "x", 1);
}

static void a_returned_message_is_not_confirmed_as_well(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_publish(server, "K", "x", SPECTACLES_MESSAGE_MANDATORY);
    server_publish(server, "K", "x", SPECTACLES_MESSAGE_MANDATORY);
    server_pull(server);
    server->events.count = 0;
    return_message(server, 2, "K");
    server_ack(server, 2, 1);
    assert_int_equal(server_count(&server->events, "RETURNED 2 312"), 1);
    assert_int_equal(server_count(&server->events, "CONFIRMED 1"), 1);
    assert_int_equal(server->events.count, 2);
    server_free(server);
}

/* Its owner knows that it went nowhere: it neither goes out again, nor fails as well. */
static void a_returned_message_is_over(void **state)
{
    (void)state;
    spectacles_message message;
    sp_server *server = server_new(NULL);
    server_ready(server);
    spectacles_message_init(&message, sizeof message);
    message.exchange = "elsewhere";
    message.flags = SPECTACLES_MESSAGE_MANDATORY;
    server_publish(server, "K", "x", SPECTACLES_MESSAGE_MANDATORY);
    spectacles_broker_publish(server->broker, &message, NULL);
    spectacles_broker_publish(server->broker, &message, NULL);
    server_pull(server);
    return_message(server, 1, "K");
    return_message(server, 2, "");
    server_forget(server);
    server_method(server, 2, 20, 40, "wsww", N(404), "NOT_FOUND - no exchange 'elsewhere' in vhost '/'",
                  N(60), N(40));
    assert_int_equal(server_count(&server->events, "RETURNED"), 2);
    assert_int_equal(server_count(&server->events, "FAILED"), 1);
    assert_int_equal(server_count(&server->events, "FAILED 3 404"), 1);
    server_answer(server);
    server_pull(server);
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 0);
    spectacles_broker_stats stats = {.size = sizeof stats};
    spectacles_broker_get_stats(server->broker, &stats);
    assert_int_equal(stats.unconfirmed, 0);
    server_free(server);
}

static void the_window_says_again_and_then_room(void **state)
{
    (void)state;
    spectacles_broker_config config;
    server_config(&config);
    config.window_count = 4;
    config.window_bytes = 100;
    sp_server *server = server_new(&config);
    server_ready(server);
    for (int i = 1; i <= 4; i++)
        assert_int_equal(server_publish(server, "K", "x", 0), i);
    assert_int_equal(spectacles_broker_room(server->broker), 0);
    assert_int_equal(server_publish(server, "K", "x", 0), SPECTACLES_E_AGAIN);
    server_pull(server);
    server_ack(server, 1, 0);
    assert_int_equal(server_count(&server->events, "ROOM"), 0);
    assert_int_equal(spectacles_broker_room(server->broker), 1);
    server_ack(server, 2, 0);
    assert_int_equal(server_count(&server->events, "ROOM"), 1);
    server_ack(server, 4, 1);
    char large[200];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    assert_int_equal(server_publish(server, "K", large, 0), 5);
    assert_int_equal(server_publish(server, "K", "x", 0), SPECTACLES_E_AGAIN);
    server_free(server);
}

static void what_is_unconfirmed_is_published_again_in_order(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    static const char *const keys[] = {"K1", "K2", "K3", "K4", "K5"};
    for (int i = 0; i < 5; i++)
        server_publish(server, keys[i], "x", 0);
    server_pull(server);
    server_ack(server, 1, 0);
    server_ack(server, 3, 0);
    server_eof(server);
    server_publish(server, "K6", "x", 0);
    server_ready(server);
    server_pull(server);
    int seen = 0;
    static const char *const again[] = {"K2", "K4", "K5", "K6"};
    for (int i = 0; i < server->written.count; i++) {
        if (strncmp(server->written.line[i], "2 basic.publish ", 16) == 0)
            assert_string_equal(server->written.line[i] + 16, again[seen++]);
    }
    assert_int_equal(seen, 4);
    spectacles_broker_stats stats = {.size = sizeof stats};
    spectacles_broker_get_stats(server->broker, &stats);
    assert_int_equal(stats.republished, 3);
    server_ack(server, 4, 1);
    for (int tag = 1; tag <= 6; tag++) {
        char line[32];
        snprintf(line, sizeof line, "CONFIRMED %d ", tag);
        assert_int_equal(server_count(&server->events, line), 1);
    }
    server_free(server);
}

static void smaller_frames_are_agreed_on_again(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    static char body[50000];
    memset(body, 'b', sizeof body - 1);
    server_ready(server);
    server_publish(server, "K", body, 0);
    server_publish(server, "L", "small", 0);
    server_eof(server);
    /* The server asserts that no frame is larger. */
    server->frame_max = 8192;
    server_ready(server);
    server_pull(server);
    server_ack(server, 2, 1);
    assert_int_equal(server_count(&server->events, "CONFIRMED"), 2);
    server_free(server);
}

static void a_blocked_broker_is_not_written_to(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 1);
    server_ready(server);
    server_method(server, 0, 10, 60, "s", "low on memory");
    assert_string_equal(server_last(&server->events, "BLOCKED"), "BLOCKED 0 0 0 low on memory");
    assert_true(sp_stream_peer_pauses(spectacles_broker_stream(server->broker)));
    server_publish(server, "K", "x", 0);
    server_deliver(server, 1, "s0.1", "A", "x", 10);
    spectacles_broker_ack(server->broker, server->delivery);
    server_pull(server);
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 0);
    assert_int_equal(server_count(&server->written, "3 basic.ack"), 1);
    server_method(server, 0, 10, 61, "");
    assert_int_equal(server_count(&server->events, "UNBLOCKED"), 1);
    assert_false(sp_stream_peer_pauses(spectacles_broker_stream(server->broker)));
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 1);
    server_free(server);
}

/* However much is to be published, an acknowledgement waits for the end of one message only. */
static void an_acknowledgement_waits_for_one_message_only(void **state)
{
    (void)state;
    const uint8_t *bytes;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 1);
    server_ready(server);
    server_deliver(server, 1, "s0.1", "A", "x", 10);
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    for (int i = 0; i < 3; i++)
        assert_int_equal(spectacles_broker_publish(server->broker, &message, NULL), SPECTACLES_OK);
    size_t all = spectacles_stream_pending(spectacles_broker_stream(server->broker), &bytes);
    spectacles_stream_consumed(spectacles_broker_stream(server->broker), all / 3 + 5);
    spectacles_broker_ack(server->broker, server->delivery);
    assert_int_equal(spectacles_stream_pending(spectacles_broker_stream(server->broker), &bytes),
                     all / 3 - 5);
    spectacles_stream_consumed(spectacles_broker_stream(server->broker), all / 3 - 5);
    assert_int_equal(spectacles_stream_pending(spectacles_broker_stream(server->broker), &bytes), 21);
    spectacles_stream_consumed(spectacles_broker_stream(server->broker), 21);
    assert_int_equal(spectacles_stream_pending(spectacles_broker_stream(server->broker), &bytes), all / 3);
    server_free(server);
}

static void a_stopped_channel_is_not_published_on(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_method(server, 2, 20, 20, "b", N(0));
    server_publish(server, "K", "x", 0);
    server_pull(server);
    assert_int_equal(server_count(&server->written, "2 channel.flow-ok"), 1);
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 0);
    server_method(server, 2, 20, 20, "b", N(1));
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 1);
    server_method(server, 2, 20, 20, "b", N(0));
    server_eof(server);
    server_ready(server);
    server_pull(server);
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 1);
    server_free(server);
}

static void a_missing_exchange_fails_one_publish(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    server_ready(server);
    server_publish(server, "K", "x", 0);
    message.exchange = "elsewhere";
    message.key = "K";
    message.key_length = 1;
    uint64_t tag;
    spectacles_broker_publish(server->broker, &message, &tag);
    server_publish(server, "L", "x", 0);
    server_pull(server);
    server_forget(server);
    server_method(server, 2, 20, 40, "wsww", N(404), "NOT_FOUND - no exchange 'elsewhere' in vhost '/'",
                  N(60), N(40));
    assert_int_equal(server_count(&server->events, "FAILED 2 404"), 1);
    assert_string_equal(server->written.line[0], "2 channel.close-ok");
    server_answer(server);
    server_pull(server);
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 2);
    server_ack(server, 2, 1);
    assert_int_equal(server_count(&server->events, "CONFIRMED"), 2);
    server_free(server);
}

#define E60 "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"

/* What no try will change fails, or the connection would be lost again and again. */
static void each_refusal_finds_its_publish(void **state)
{
    (void)state;
    static const struct {
        const char *exchange;
        const char *text;
    } table[] = {
        {"", "ACCESS_REFUSED - access to exchange 'amq.default' in vhost '/' refused for user 'guest'"},
        {"inner", "ACCESS_REFUSED - cannot publish to internal exchange 'inner' in vhost '/'"},
        /* RabbitMQ cuts it at 255 bytes: 228 of the name are left. */
        {E60 E60 E60 E60 "1234", "NOT_FOUND - no exchange '" E60 E60 E60 "eeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
                                 "eeeeeeeeeeeeeeeee..."},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        spectacles_message message;
        sp_server *server = server_new(NULL);
        server_ready(server);
        spectacles_message_init(&message, sizeof message);
        server_publish(server, "K", "x", 0);
        message.exchange = table[i].exchange;
        spectacles_broker_publish(server->broker, &message, NULL);
        server_publish(server, "K", "x", 0);
        server_pull(server);
        server_method(server, 2, 20, 40, "wsww", N(403), table[i].text, N(60), N(40));
        assert_int_equal(server_count(&server->events, "FAILED"), 1);
        assert_int_equal(server_count(&server->events, "FAILED 2 403"), 1);
        assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
        assert_int_equal(spectacles_broker_state(server->broker), SPECTACLES_BROKER_READY);
        server_free(server);
    }
}

static void a_message_over_the_brokers_limit_fails_alone(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_publish(server, "K", "small", 0);
    server_publish(server, "K", "much too large", 0);
    server_publish(server, "K", "after", 0);
    server_pull(server);
    server_method(server, 2, 20, 40, "wsww", N(406),
                  "PRECONDITION_FAILED - message size 14 is larger than configured max size 10", N(60),
                  N(40));
    assert_int_equal(server_count(&server->events, "FAILED 2 406"), 1);
    server_answer(server);
    server_pull(server);
    server_ack(server, 2, 1);
    assert_int_equal(server_count(&server->events, "CONFIRMED"), 2);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
    server_free(server);
}

static void an_expiration_is_a_number(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "abc", "-1", "1.5", " 7", "315360000001", "99999999999999999999999"};
    sp_server *server = server_new(NULL);
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        message.expiration = bad[i];
        assert_int_equal(spectacles_broker_publish(server->broker, &message, NULL), SPECTACLES_E_INVAL);
    }
    message.expiration = "315360000000";
    assert_int_equal(spectacles_broker_publish(server->broker, &message, NULL), SPECTACLES_OK);
    server_free(server);
}

static void an_exchange_that_was_deleted_is_declared_anew(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_publish(server, "K", "x", 0);
    server_pull(server);
    server_method(server, 2, 20, 40, "wsww", N(404), "NOT_FOUND - no exchange 'gateway' in vhost '/'", N(60),
                  N(40));
    server_eof(server);
    assert_non_null(strstr(server_last(&server->events, "DISCONNECTED 0 404"), "exchange 'gateway'"));
    assert_true(spectacles_stream_deadline(spectacles_broker_stream(server->broker)) <= server->now + 250);
    server_ready(server);
    server_pull(server);
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 1);
    server_free(server);
}

/* The broker refuses it while its body is still being written. */
static void a_missing_exchange_is_known_in_mid_write(void **state)
{
    (void)state;
    static const uint8_t body[5000] = {0};
    sp_server *server = server_new(NULL);
    const uint8_t *bytes;
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    message.exchange = "elsewhere";
    message.body = body;
    message.body_length = sizeof body;
    server_ready(server);
    assert_int_equal(spectacles_broker_publish(server->broker, &message, NULL), SPECTACLES_OK);
    assert_int_equal(server_publish(server, "L", "x", 0), 2);
    server_forget(server);
    assert_true(spectacles_stream_pending(spectacles_broker_stream(server->broker), &bytes) > 1000);
    memcpy(server->input, bytes, 1000);
    server->input_length = 1000;
    spectacles_stream_consumed(spectacles_broker_stream(server->broker), 1000);
    server_method(server, 2, 20, 40, "wsww", N(404), "NOT_FOUND - no exchange 'elsewhere' in vhost '/'",
                  N(60), N(40));
    assert_int_equal(server_count(&server->events, "FAILED 1 404"), 1);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
    assert_string_equal(server->written.line[3], "2 channel.close-ok");
    server_answer(server);
    server_pull(server);
    server_ack(server, 1, 0);
    assert_int_equal(server_count(&server->events, "CONFIRMED 2"), 1);
    server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(confirms_come_in_any_order),
        cmocka_unit_test(a_nack_is_published_again),
        cmocka_unit_test(a_channel_that_brings_nacks_alone_is_opened_anew),
        cmocka_unit_test(a_new_channel_has_the_order_of_the_tags),
        cmocka_unit_test(a_channel_with_an_ack_among_its_nacks_is_kept),
        cmocka_unit_test(all_up_to_a_nack_are_published_again),
        cmocka_unit_test(a_returned_message_is_not_confirmed_as_well),
        cmocka_unit_test(a_returned_message_is_over),
        cmocka_unit_test(the_window_says_again_and_then_room),
        cmocka_unit_test(what_is_unconfirmed_is_published_again_in_order),
        cmocka_unit_test(smaller_frames_are_agreed_on_again),
        cmocka_unit_test(a_blocked_broker_is_not_written_to),
        cmocka_unit_test(an_acknowledgement_waits_for_one_message_only),
        cmocka_unit_test(a_stopped_channel_is_not_published_on),
        cmocka_unit_test(a_missing_exchange_fails_one_publish),
        cmocka_unit_test(each_refusal_finds_its_publish),
        cmocka_unit_test(a_message_over_the_brokers_limit_fails_alone),
        cmocka_unit_test(an_expiration_is_a_number),
        cmocka_unit_test(an_exchange_that_was_deleted_is_declared_anew),
        cmocka_unit_test(a_missing_exchange_is_known_in_mid_write),
    };
    return cmocka_run_group_tests_name("broker/confirms", tests, NULL, NULL);
}
