#include "server.h"

#include <stdbool.h>
#include <stdio.h>

#define N(value) ((uint64_t)(value))

static void ack(sp_server *server, uint64_t tag, int multiple)
{
    server_method(server, 2, 60, 80, "qb", tag, N(multiple));
}

/* ---- A whole life ---- */

static void play_a_life(sp_server *server)
{
    server_subscribe(server, "A", 10);
    server_subscribe(server, "B", 0);
    server_publish(server, "EARLY", "0", 0);
    server_ready(server);
    server_publish(server, "X", "1", 0);
    server_publish(server, "Y", "2", SPECTACLES_MESSAGE_MANDATORY);
    server_pull(server);
    ack(server, 2, 1);
    ack(server, 3, 0);
    server_deliver(server, 1, "s0.1", "A", "hello", 100);
    spectacles_broker_ack(server->broker, server->delivery);
    server_deliver(server, 2, "s1.1", "B", "in three pieces", 6);
    spectacles_broker_reject(server->broker, server->delivery, 1);
    server_frame(server, 8, 0, "", 0);
    server_pull(server);
}

static void lives_a_whole_life(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    play_a_life(server);
    static const char *const events[] = {"CONNECTING 0 0 0 broker.example:5672",
                                         "SUBSCRIBED 0 0 0 gateway:A",
                                         "SUBSCRIBED 1 0 0 gateway:B",
                                         "READY 0 0 0 RabbitMQ 3.10.8",
                                         "CONFIRMED 1 0 ",
                                         "CONFIRMED 2 0 ",
                                         "CONFIRMED 3 0 ",
                                         "MESSAGE 0 A m-1 hello",
                                         "MESSAGE 1 B m-1 in three pieces"};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        assert_string_equal(server->events.line[i], events[i]);
    assert_string_equal(server_last(&server->written, "3 basic.ack"), "3 basic.ack 1");
    assert_string_equal(server_last(&server->written, "3 basic.reject"), "3 basic.reject 2 requeue");
    server_free(server);
}

static void byte_by_byte_is_the_same(void **state)
{
    (void)state;
    sp_server *whole = server_new(NULL);
    sp_server *split = server_new(NULL);
    split->split = 1;
    play_a_life(whole);
    play_a_life(split);
    assert_int_equal(whole->events.count, split->events.count);
    for (int i = 0; i < whole->events.count; i++)
        assert_string_equal(whole->events.line[i], split->events.line[i]);
    server_free(whole);
    server_free(split);
}

static void sets_up_what_the_specification_asks_for(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_handshake(server);
    assert_int_equal(server_count(&server->written, "1 exchange.declare"), 0);
    server_answer(server);
    server_eof(server);
    server_handshake(server);
    for (int i = 0; i < server->written.count; i++) {
        char line[SERVER_LINE];
        snprintf(line, sizeof line, "%s", server->written.line[i]);
        if (strcmp(line, "1 channel.open") == 0)
            server_method(server, 1, 20, 11, "T");
    }
    assert_string_equal(server_last(&server->written, "1 exchange"), "1 exchange.declare gateway direct");
    server_free(server);
}

/* ---- Publishing ---- */

static void confirms_come_in_any_order(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    for (int i = 1; i <= 6; i++)
        assert_int_equal(server_publish(server, "K", "x", 0), i);
    server_pull(server);
    server->events.count = 0;
    ack(server, 5, 0);
    ack(server, 2, 0);
    ack(server, 5, 0);
    ack(server, 4, 1);
    ack(server, 6, 1);
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
    ack(server, 4, 1);
    for (int tag = 1; tag <= 3; tag++) {
        char line[32];
        snprintf(line, sizeof line, "CONFIRMED %d ", tag);
        assert_int_equal(server_count(&server->events, line), 1);
    }
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
        ack(server, 2, 0);
        server_method(server, 2, 60, 120, "qb", N(3), N(1));
        ack(server, 4, 0);
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
        ack(server, lost ? 3 : 8, 1);
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
    ack(server, 2, 1);
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
    ack(server, 1, 0);
    assert_int_equal(server_count(&server->events, "ROOM"), 0);
    assert_int_equal(spectacles_broker_room(server->broker), 1);
    ack(server, 2, 0);
    assert_int_equal(server_count(&server->events, "ROOM"), 1);
    ack(server, 4, 1);
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
    ack(server, 1, 0);
    ack(server, 3, 0);
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
    ack(server, 4, 1);
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
    ack(server, 2, 1);
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
    server_publish(server, "K", "x", 0);
    server_deliver(server, 1, "s0.1", "A", "x", 10);
    spectacles_broker_ack(server->broker, server->delivery);
    server_pull(server);
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 0);
    assert_int_equal(server_count(&server->written, "3 basic.ack"), 1);
    server_method(server, 0, 10, 61, "");
    assert_int_equal(server_count(&server->events, "UNBLOCKED"), 1);
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
    ack(server, 2, 1);
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
    ack(server, 2, 1);
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
    ack(server, 1, 0);
    assert_int_equal(server_count(&server->events, "CONFIRMED 2"), 1);
    server_free(server);
}

/* ---- Consuming ---- */

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
    /* An older one is open: `multiple` would settle it too. Once it is settled as well, the last frame stands for it. */
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

static void what_is_too_large_is_rejected_alone(void **state)
{
    (void)state;
    spectacles_broker_config config;
    server_config(&config);
    config.max_message = 10;
    sp_server *server = server_new(&config);
    server_subscribe(server, "A", 10);
    server_ready(server);
    server_deliver(server, 1, "s0.1", "A", "more than ten bytes", 7);
    assert_non_null(strstr(server_last(&server->events, "REFUSED"), "over the limit"));
    assert_string_equal(server_last(&server->written, "3 basic.reject"), "3 basic.reject 1");
    server_deliver(server, 2, "s0.1", "A", "fits", 7);
    assert_int_equal(server_count(&server->events, "MESSAGE"), 1);
    server_free(server);
}

static void nested_headers_are_rejected_alone(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    uint8_t header[4096];
    size_t length = 14;
    memcpy(header, "\0\x3c\0\0\0\0\0\0\0\0\0\x01\x20\0", 14);
    /* Tables in tables, each with one key: deeper than any reader should follow. */
    enum {
        DEPTH = 300,
        STEP = 7
    };
    for (size_t i = 0; i < DEPTH; i++) {
        size_t rest = (DEPTH - 1 - i) * STEP;
        uint8_t level[STEP] = {
            (uint8_t)(rest >> 24), (uint8_t)(rest >> 16), (uint8_t)(rest >> 8), (uint8_t)rest, 1, 'k', 'F'};
        memcpy(header + length, level, i + 1 < DEPTH ? STEP : 4);
        length += i + 1 < DEPTH ? STEP : 4;
    }
    server_subscribe(server, "A", 10);
    server_ready(server);
    server_method(server, 3, 60, 60, "sqbss", "s0.1", N(1), N(0), "gateway", "A");
    server_frame(server, 2, 3, header, length);
    server_frame(server, 3, 3, "x", 1);
    assert_non_null(strstr(server_last(&server->events, "REFUSED"), "nested too deep"));
    server_deliver(server, 2, "s0.1", "A", "fits", 7);
    assert_int_equal(server_count(&server->events, "MESSAGE"), 1);
    server_free(server);
}

static void a_cancelled_consumer_comes_back(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_ready(server);
    server_method(server, 3, 60, 30, "sb", "s0.1", N(1));
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 0"), 1);
    server_wait(server, 1000);
    assert_string_equal(server_last(&server->written, "1 queue.declare"), "1 queue.declare gateway:A");
    server_answer(server);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 2);
    server_free(server);
}

static void a_bad_queue_takes_down_one_subscription(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_subscribe(server, "B", 10);
    server_handshake(server);
    server_method(server, 1, 20, 11, "T");
    server_method(server, 2, 20, 11, "T");
    server_method(server, 3, 20, 11, "T");
    server_method(server, 1, 40, 11, "");
    server_method(server, 2, 85, 11, "");
    server_forget(server);
    server_method(server, 1, 20, 40, "wsww", N(406), "PRECONDITION_FAILED - inequivalent arg 'x-message-ttl'",
                  N(50), N(10));
    assert_non_null(strstr(server_last(&server->events, "UNSUBSCRIBED 0 406"),
                           "queue 'gateway:A' exists with other settings"));
    assert_string_equal(server->written.line[0], "1 channel.close-ok");
    server_answer(server);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 1"), 1);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 0);
    server_wait(server, 30000);
    assert_string_equal(server_last(&server->written, "1 queue.declare"), "1 queue.declare gateway:A");
    server_free(server);
}

static void publishes_wait_for_queues(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_publish(server, "A", "early", 0);
    server_handshake(server);
    server_method(server, 2, 20, 11, "T");
    server_method(server, 2, 85, 11, "");
    server_method(server, 1, 20, 11, "T");
    server_method(server, 3, 20, 11, "T");
    server_method(server, 1, 40, 11, "");
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 0);
    server_forget(server);
    server_method(server, 1, 50, 11, "sll", "gateway:A", N(0), N(0));
    server_method(server, 1, 50, 21, "");
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 0);
    server_answer(server);
    assert_int_equal(server_count(&server->events, "READY"), 1);
    assert_int_equal(server_count(&server->written, "2 basic.publish"), 1);
    server_free(server);
}

static void what_a_closed_channel_still_brings_is_passed_over(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_ready(server);
    server_deliver(server, 1, "s0.1", "A", "held", 10);
    server_subscribe(server, "B", 10);
    server_pull(server);
    server_method(server, 1, 50, 11, "sll", "gateway:B", N(0), N(0));
    server_method(server, 1, 50, 21, "");
    server_forget(server);
    server_method(server, 3, 20, 40, "wsww", N(403), "ACCESS_REFUSED - queue 'gateway:B' in exclusive use",
                  N(60), N(20));
    /* RabbitMQ had these on their way. */
    server_deliver(server, 2, "s0.1", "A", "stale", 3);
    server_method(server, 3, 60, 30, "sb", "s0.1", N(1));
    assert_int_equal(server_count(&server->events, "MESSAGE"), 1);
    assert_int_equal(spectacles_broker_ack(server->broker, server->delivery), 0);
    server_answer(server);
    server_deliver(server, 1, "s0.1", "A", "again", 10);
    assert_int_equal(server_count(&server->events, "MESSAGE"), 2);
    assert_int_equal(spectacles_broker_ack(server->broker, server->delivery), 1);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 2);
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED 1 403 -10"), 1);
    assert_non_null(
        strstr(server_last(&server->events, "UNSUBSCRIBED 0 403 -6"),
               "closed the channel on which queue 'gateway:A' is consumed: what is not acknowledged "
               "is delivered again (403 ACCESS_REFUSED - queue 'gateway:B'"));
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED"), 2);
    server_free(server);
}

static void a_channel_that_ends_under_consumers_is_told(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_subscribe(server, "A", 10);
    server_subscribe(server, "B", 10);
    server_ready(server);
    server_deliver(server, 1, "s0.1", "A", "held", 10);
    server_subscribe(server, "C", 10);
    server_method(server, 3, 20, 40, "wsww", N(406),
                  "PRECONDITION_FAILED - delivery acknowledgement on channel 3 timed out", N(0), N(0));
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED"), 2);
    assert_non_null(strstr(server_last(&server->events, "UNSUBSCRIBED 0 406 -6"), "timed out"));
    assert_non_null(strstr(server_last(&server->events, "UNSUBSCRIBED 1 406 -6"), "'gateway:B'"));
    assert_int_equal(spectacles_broker_holds(server->broker, server->delivery), 0);
    server_answer(server);
    server_answer(server);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 2);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 1"), 2);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 2"), 1);
    server_free(server);
}

static void a_queue_finds_its_exchange_deleted(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_subscribe(server, "A", 10);
    server_pull(server);
    server_method(server, 1, 50, 11, "sll", "gateway:A", N(0), N(0));
    server_forget(server);
    server_method(server, 1, 20, 40, "wsww", N(404), "NOT_FOUND - no exchange 'gateway' in vhost '/'", N(50),
                  N(20));
    server_answer(server);
    server_answer(server);
    assert_int_equal(server_count(&server->written, "1 exchange.declare"), 1);
    assert_int_equal(server_count(&server->events, "UNSUBSCRIBED"), 0);
    assert_int_equal(server_count(&server->events, "SUBSCRIBED 0"), 1);
    server_free(server);
}

/* ---- Losing the connection ---- */

static void refusals_are_sentences(void **state)
{
    (void)state;
    static const struct {
        uint64_t code;
        const char *reply;
        const char *expected;
        bool lasts; /* until a person does something about it */
    } table[] = {{403, "ACCESS_REFUSED - Login was refused",
                  "DISCONNECTED 0 403 -10 the broker refused user 'guest'", true},
                 {530, "NOT_ALLOWED - vhost x not found",
                  "DISCONNECTED 0 530 -10 the broker refused virtual host '/'", true},
                 {541, "INTERNAL_ERROR - vhost '/' is down",
                  "DISCONNECTED 0 541 -6 the broker closed the connection (541 INTERNAL_ERROR", false},
                 {320, "CONNECTION_FORCED",
                  "DISCONNECTED 0 320 -6 the broker closed the connection (320 CONNECTION_FORCED)", false}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sp_server *server = server_new(NULL);
        server_open(server);
        server_method(server, 0, 10, 50, "wsww", table[i].code, table[i].reply, N(0), N(0));
        assert_string_equal(server_last(&server->written, "0 connection.close-ok"), "0 connection.close-ok");
        server_eof(server);
        assert_int_equal(server_count(&server->events, table[i].expected), 1);
        uint64_t wait = spectacles_stream_deadline(spectacles_broker_stream(server->broker)) - server->now;
        assert_true(table[i].lasts ? wait >= 15000 && wait <= 30000 : wait <= 250);
        server_free(server);
    }
}

static void heartbeats_keep_the_time(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    uint64_t start = server->now;
    server_forget(server);
    server_wait(server, 9999);
    int early = server_count(&server->written, "heartbeat");
    server_wait(server, 10001);
    assert_true(server_count(&server->written, "heartbeat") > early);
    server_wait(server, start + 39999 - server->now);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
    server_wait(server, 1);
    assert_non_null(strstr(server_last(&server->events, "DISCONNECTED"), "silent for two heartbeats"));
    server_free(server);
}

/* What has arrived and was not pulled shows that the broker lives: it is the owner who is late. */
static void a_late_owner_loses_nothing(void **state)
{
    (void)state;
    static const uint8_t heartbeat[] = {8, 0, 0, 0, 0, 0, 0, 0xce};
    sp_server *server = server_new(NULL);
    server_open(server);
    for (int connected = 0; connected < 2; connected++) {
        spectacles_stream_feed(spectacles_broker_stream(server->broker), heartbeat, sizeof heartbeat,
                               server->now);
        for (int i = 0; i < 100; i++) {
            server->now += 1000;
            assert_int_equal(spectacles_stream_expire(spectacles_broker_stream(server->broker), server->now),
                             SPECTACLES_OK);
        }
        assert_non_null(spectacles_stream_endpoint(spectacles_broker_stream(server->broker)));
        server_pull(server);
        assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
        if (!connected) {
            server_eof(server);
            server->events.count = 0;
            server_ready(server);
        }
    }
    server_wait(server, 45000);
    assert_int_equal(server_count(&server->events, "DISCONNECTED"), 1);
    server_free(server);
}

static void several_urls_are_tried_in_turn(void **state)
{
    (void)state;
    static const char *const urls[] = {"amqp://one", "amqp://two", "amqps://three:1234"};
    spectacles_broker_config config;
    server_config(&config);
    config.urls = urls;
    config.url_count = 3;
    sp_server *server = server_new(&config);
    for (int i = 0; i < 9; i++) {
        server_open(server);
        server_eof(server);
    }
    assert_int_equal(server_count(&server->events, "CONNECTING 0 0 0 one:5672"), 3);
    assert_int_equal(server_count(&server->events, "CONNECTING 0 0 0 two:5672"), 3);
    assert_int_equal(server_count(&server->events, "CONNECTING 0 0 0 three:1234"), 3);
    server_free(server);
}

static void nonsense_ends_the_connection_and_not_the_broker(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *text;
    } table[] = {
        {"AMQP\0\1\0\0", 8, "another version of AMQP"},
        {"HTTP/1.1 400 Bad Request\r\n", 26, "is this an AMQP port"},
        {"\x15\x03\x01\0\2\2\x46 tls", 11, "is this an AMQP port"},
        {"\1\xff\xff\0\0\0\0\xce", 8, "never opened"},
        {"\1\0\0\xff\xff\xff\xff\xce", 8, "over the size"},
        {"\1\0\0\0\0\0\4\0\x0a\0\x0a\0", 12, "end octet"},
        {"\1\0\0\0\0\0\4\0\x0a\0\x29\xce", 12, "no place"},
        {"\1\0\1\0\0\0\4\0\x14\0\x0b\xce", 12, "no place"},
        {"\3\0\3\0\0\0\1x\xce", 9, "no place"},
        {"\2\0\3\0\0\0\1x\xce", 9, "no place"},
        {"\1\0\0\0\0\0\2\0\x0a\xce", 10, "no place"},
        {"\1\0\0\0\0\0\4\x99\x99\x99\x99\xce", 12, "no place"},
        {"\1\0\3\0\0\0\4\0\x3c\0\x3c\xce", 12, "no place"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sp_server *server = server_new(NULL);
        server_ready(server);
        server_publish(server, "K", "x", 0);
        server_feed(server, table[i].bytes, table[i].length);
        server_eof(server);
        if (!strstr(server_last(&server->events, "DISCONNECTED"), table[i].text))
            fail_msg("%zu: %s", i, server_last(&server->events, "DISCONNECTED"));
        server_ready(server);
        server_pull(server);
        ack(server, 1, 0);
        assert_int_equal(server_count(&server->events, "CONFIRMED 1"), 1);
        server_free(server);
    }
}

static void closing_waits_for_confirms(void **state)
{
    (void)state;
    sp_server *server = server_new(NULL);
    server_ready(server);
    server_publish(server, "K", "x", 0);
    server_pull(server);
    spectacles_broker_close(server->broker, server->now);
    assert_int_equal(server_publish(server, "K", "x", 0), SPECTACLES_E_STATE);
    server_pull(server);
    assert_int_equal(server_count(&server->written, "0 connection.close"), 0);
    ack(server, 1, 0);
    assert_int_equal(server_count(&server->written, "0 connection.close 200"), 1);
    server_method(server, 0, 10, 51, "");
    assert_int_equal(server_count(&server->events, "CLOSED"), 1);
    assert_null(spectacles_stream_endpoint(spectacles_broker_stream(server->broker)));
    server_free(server);

    server = server_new(NULL);
    server_ready(server);
    server_publish(server, "K", "x", 0);
    server_pull(server);
    spectacles_broker_close(server->broker, server->now);
    server_wait(server, 5000);
    server_wait(server, 3000);
    assert_int_equal(server_count(&server->events, "CLOSED"), 1);
    server_free(server);
}

/* Their connection.close and ours cross; whoever answers, or nobody, it ends. */
static void both_may_close_at_once(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        sp_server *server = server_new(NULL);
        server_ready(server);
        spectacles_broker_close(server->broker, server->now);
        server_pull(server);
        assert_int_equal(server_count(&server->written, "0 connection.close 200"), 1);
        server_method(server, 0, 10, 60, "s", "memory");
        server_method(server, 0, 10, 50, "wsww", N(320), "CONNECTION_FORCED", N(0), N(0));
        assert_string_equal(server_last(&server->written, "0 connection.close-ok"), "0 connection.close-ok");
        if (how == 0)
            server_method(server, 0, 10, 51, "");
        else if (how == 1)
            server_eof(server);
        else
            server_wait(server, 3000);
        assert_string_equal(server_last(&server->events, ""), server_last(&server->events, "CLOSED"));
        assert_int_equal(server_count(&server->events, "DISCONNECTED"), 0);
        assert_int_equal(server_count(&server->events, "CLOSED"), 1);
        assert_null(spectacles_stream_endpoint(spectacles_broker_stream(server->broker)));
        server_free(server);
    }
}

/* What could not be kept any more is not taken. */
static void a_closing_broker_takes_nothing(void **state)
{
    (void)state;
    spectacles_broker_config config;
    server_config(&config);
    config.window_count = 1;
    sp_server *server = server_new(&config);
    server_ready(server);
    assert_int_equal(server_call(server, "K", 100000), 1);
    assert_int_equal(server_call(server, "K", 100000), SPECTACLES_E_AGAIN);
    spectacles_broker_close(server->broker, server->now);
    assert_int_equal(server_subscribe(server, "A", 1), SPECTACLES_E_STATE);
    assert_int_equal(server_publish(server, "K", "x", 0), SPECTACLES_E_STATE);
    server_wait(server, 5000);
    server_method(server, 0, 10, 51, "");
    assert_int_equal(server_count(&server->events, "ROOM"), 0);
    assert_int_equal(server_count(&server->events, "CALL_FAILED 1 5"), 1);
    assert_string_equal(server_last(&server->events, ""), server_last(&server->events, "CLOSED"));
    server_free(server);
}

static void an_unread_limit_may_be_any_number(void **state)
{
    (void)state;
    spectacles_broker_config config;
    server_config(&config);
    config.high_water = UINT64_MAX;
    static uint8_t most_of_a_frame[131071] = {3, 0, 3, 0, 1, 0xff, 0xf8};
    sp_server *server = server_new(&config);
    server_ready(server);
    spectacles_stream_feed(spectacles_broker_stream(server->broker), most_of_a_frame, sizeof most_of_a_frame,
                           server->now);
    assert_int_equal(spectacles_stream_wants_input(spectacles_broker_stream(server->broker)), 1);
    server_free(server);
}

static void no_time_to_connect_is_refused(void **state)
{
    (void)state;
    spectacles_broker *broker = NULL;
    spectacles_problem problem;
    spectacles_broker_config config;
    server_config(&config);
    config.connect_timeout = 0;
    assert_int_equal(spectacles_broker_new(&broker, &config, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "connect_timeout"));
}

static void wrong_settings_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *text;
    } table[] = {{"http://x", "neither with amqp://"},
                 {"amqp://u:" SERVER_PASSWORD "@h:0/", "port"},
                 {"amqp://u:" SERVER_PASSWORD "@h:70000/", "port"},
                 {"amqp://u:" SERVER_PASSWORD "@[::1/", "host"},
                 {"amqp://u:%zz@h/", "password"},
                 {"amqp://h/a/b", "virtual host"},
                 {"amqp://h/?hartbeat=1", "unknown parameter"},
                 {"amqp://h/?heartbeat=x", "cannot have"},
                 {"amqp://h/?heartbeat", "no value"},
                 {"amqp://h/?frame_max=100", "cannot have"},
                 {"amqps://h/?verify=verify_none", "cannot have"},
                 {"amqps://h/?certfile=x", "both a certfile and a keyfile"},
                 {"amqp://h/?cacertfile=x", "not with amqps://"},
                 {"amqp://h/?auth_mechanism=cram", "cannot have"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        spectacles_broker *broker = NULL;
        spectacles_problem problem = {0};
        spectacles_broker_config config;
        server_config(&config);
        config.urls = &table[i].url;
        assert_true(spectacles_broker_new(&broker, &config, &problem) < 0);
        assert_null(broker);
        assert_non_null(strstr(problem.text, table[i].text));
        assert_null(strstr(problem.text, SERVER_PASSWORD));
    }
}

static void a_wrong_parameter_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *word;
    } table[] = {{"amqp://h/?hartbeat=1", "hartbeat"},
                 {"amqp://h/?heartbeat=10&frame_max=" SERVER_PASSWORD, "frame_max"},
                 {"amqp://u:" SERVER_PASSWORD "@h/?heartbeat=x", "heartbeat"},
                 {"amqp://u:" SERVER_PASSWORD "@h:0/", ""}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        spectacles_broker *broker = NULL;
        spectacles_problem problem = {0};
        spectacles_broker_config config;
        server_config(&config);
        config.urls = &table[i].url;
        assert_int_equal(spectacles_broker_new(&broker, &config, &problem), SPECTACLES_E_INVAL);
        assert_string_equal(problem.word, table[i].word);
    }
}

/* Else every one of its queues would be refused, one by one, with other words. */
static void a_group_is_text(void **state)
{
    (void)state;
    static const char *const groups[] = {"", "a\nb", "a\x7f", "\xff"};
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        spectacles_broker *broker = NULL;
        spectacles_problem problem = {0};
        spectacles_broker_config config;
        server_config(&config);
        config.group = groups[i];
        assert_int_equal(spectacles_broker_new(&broker, &config, &problem), SPECTACLES_E_INVAL);
        assert_non_null(strstr(problem.text, "group h"));
    }
}

static void start_with(sp_server *server, const char *mechanisms)
{
    server_open(server);
    server_method(server, 0, 10, 10, "bbTSS", 0, 9, mechanisms, "en_US");
}

static sp_server *server_external(void)
{
    static const char *const url = "amqps://h/?auth_mechanism=external&certfile=c.pem&keyfile=k.pem";
    spectacles_broker_config config;
    server_config(&config);
    config.urls = &url;
    return server_new(&config);
}

/* RFC 4422, appendix A: an empty response asks for the identity in the certificate. */
static void a_certificate_logs_in(void **state)
{
    (void)state;
    sp_server *server = server_external();
    start_with(server, "PLAIN EXTERNAL");
    assert_int_equal(server_count(&server->written, "0 connection.start-ok EXTERNAL, 0 bytes"), 1);
    server_free(server);

    server = server_external();
    start_with(server, "AMQPLAIN PLAIN");
    assert_non_null(
        strstr(server_last(&server->events, "DISCONNECTED"), "does not offer to log in with EXTERNAL"));
    server_free(server);

    server = server_new(NULL);
    start_with(server, "PLAIN EXTERNAL");
    assert_int_equal(server_count(&server->written, "0 connection.start-ok PLAIN"), 1);
    server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lives_a_whole_life),
        cmocka_unit_test(byte_by_byte_is_the_same),
        cmocka_unit_test(sets_up_what_the_specification_asks_for),
        cmocka_unit_test(confirms_come_in_any_order),
        cmocka_unit_test(a_nack_is_published_again),
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
        cmocka_unit_test(acknowledgements_happen_once),
        cmocka_unit_test(acknowledgements_of_a_turn_are_one_frame),
        cmocka_unit_test(one_delivery_that_is_held_costs_nothing),
        cmocka_unit_test(what_is_too_large_is_rejected_alone),
        cmocka_unit_test(nested_headers_are_rejected_alone),
        cmocka_unit_test(a_cancelled_consumer_comes_back),
        cmocka_unit_test(a_bad_queue_takes_down_one_subscription),
        cmocka_unit_test(publishes_wait_for_queues),
        cmocka_unit_test(a_channel_that_ends_under_consumers_is_told),
        cmocka_unit_test(a_queue_finds_its_exchange_deleted),
        cmocka_unit_test(what_a_closed_channel_still_brings_is_passed_over),
        cmocka_unit_test(refusals_are_sentences),
        cmocka_unit_test(heartbeats_keep_the_time),
        cmocka_unit_test(a_late_owner_loses_nothing),
        cmocka_unit_test(several_urls_are_tried_in_turn),
        cmocka_unit_test(nonsense_ends_the_connection_and_not_the_broker),
        cmocka_unit_test(closing_waits_for_confirms),
        cmocka_unit_test(both_may_close_at_once),
        cmocka_unit_test(a_closing_broker_takes_nothing),
        cmocka_unit_test(an_unread_limit_may_be_any_number),
        cmocka_unit_test(no_time_to_connect_is_refused),
        cmocka_unit_test(wrong_settings_are_named),
        cmocka_unit_test(a_wrong_parameter_is_named),
        cmocka_unit_test(a_group_is_text),
        cmocka_unit_test(a_certificate_logs_in),
    };
    return cmocka_run_group_tests_name("broker", tests, NULL, NULL);
}
