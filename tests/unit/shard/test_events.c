/* Events: how long they are valid, and that each field means one thing. */
#include "peer.h"

#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEES_POISON
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SEES_POISON
#endif
#ifdef SEES_POISON
#include <sanitizer/asan_interface.h>
#endif

static const char dispatch[] =
    "{\"t\":\"MESSAGE_CREATE\",\"s\":2,\"op\":0,\"d\":{\"content\":\"0123456789012345678901234567890\"}}";

enum {
    HALF = 40
};

static void feed(sp_peer *peer, uint8_t first_byte, const char *payload, size_t length)
{
    uint8_t frame[127] = {first_byte, (uint8_t)length};
    assert_true(length < 126);
    memcpy(frame + 2, payload, length);
    assert_int_equal(spectacles_stream_feed(peer_stream(peer), frame, length + 2, peer->now), SPECTACLES_OK);
}

/* The dispatch as one frame, which is handed out where it lies in the input, or in two, which are put together. */
static void feed_dispatch(sp_peer *peer, int frames)
{
    if (frames == 1) {
        feed(peer, 0x81, dispatch, strlen(dispatch));
        return;
    }
    feed(peer, 0x01, dispatch, HALF);
    feed(peer, 0x80, dispatch + HALF, strlen(dispatch) - HALF);
}

static sp_peer *committing_peer(void)
{
    spectacles_shard_config config;
    peer_config(&config);
    config.flags = SPECTACLES_SHARD_COMMITS;
    sp_peer *peer = peer_new(&config);
    peer_ready(peer);
    return peer;
}

/* Every call of an owner that does not end an event. */
static void call_everything(sp_peer *peer, uint64_t seq)
{
    static const char packet[] = "{\"guild_id\":\"1\"}";
    const uint8_t *bytes;
    uint32_t remaining;
    uint64_t refill_at;
    spectacles_session session;
    spectacles_shard_stats stats;
    spectacles_session_init(&session, sizeof session);
    spectacles_shard_stats_init(&stats, sizeof stats);
    spectacles_shard_commit(peer->shard, seq);
    spectacles_shard_identify(peer->shard, peer->now);
    spectacles_shard_send(peer->shard, 4, (const uint8_t *)packet, strlen(packet), peer->now, NULL);
    spectacles_shard_budget(peer->shard, peer->now, &remaining, &refill_at);
    spectacles_shard_session(peer->shard, &session);
    spectacles_shard_get_stats(peer->shard, &stats);
    spectacles_shard_hold_off(peer->shard, peer->now + 1);
    spectacles_shard_last_error(peer->shard);
    spectacles_stream_endpoint(peer_stream(peer));
    spectacles_stream_wants_input(peer_stream(peer));
    spectacles_stream_deadline(peer_stream(peer));
    spectacles_stream_consumed(peer_stream(peer), spectacles_stream_pending(peer_stream(peer), &bytes));
    spectacles_shard_reconnect(peer->shard, peer->now);
    spectacles_shard_close(peer->shard, 1000, peer->now);
    spectacles_stream_consumed(peer_stream(peer), spectacles_stream_pending(peer_stream(peer), &bytes));
}

static const spectacles_shard_event *take_dispatch(sp_peer *peer)
{
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_non_null(event);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_DISPATCH);
    return event;
}

static void assert_whole(const spectacles_shard_event *event)
{
    static const char d[] = "{\"content\":\"0123456789012345678901234567890\"}";
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_DISPATCH);
    assert_int_equal(event->seq, 2);
    assert_int_equal(event->name_length, strlen("MESSAGE_CREATE"));
    assert_memory_equal(event->name, "MESSAGE_CREATE", event->name_length);
    assert_int_equal(event->data_length, strlen(d));
    assert_memory_equal(event->data, d, strlen(d));
}

static void a_dispatch_outlives_the_calls_of_its_owner(void **state)
{
    (void)state;
    for (int frames = 1; frames <= 2; frames++) {
        sp_peer *peer = committing_peer();
        feed_dispatch(peer, frames);
        const spectacles_shard_event *event = take_dispatch(peer);
        call_everything(peer, event->seq);
        assert_whole(event);
        peer_free(peer);
    }
}

/* A close then ends the shard at once: there is no close frame to wait for. */
static void a_dispatch_outlives_a_close_after_the_end_of_its_connection(void **state)
{
    (void)state;
    for (int frames = 1; frames <= 2; frames++) {
        sp_peer *peer = committing_peer();
        feed_dispatch(peer, frames);
        spectacles_stream_eof(peer_stream(peer), 0, NULL, 0, peer->now);
        const spectacles_shard_event *event = take_dispatch(peer);
        call_everything(peer, event->seq);
        assert_int_equal(spectacles_shard_state(peer->shard), SPECTACLES_SHARD_CLOSED);
        assert_whole(event);
        peer_free(peer);
    }
}

/* READY points to the message as well; its session is forgotten by the close. */
static void a_ready_outlives_the_calls_of_its_owner(void **state)
{
    (void)state;
    static const char ready[] = "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"session_id\":\"abc\"}}";
    sp_peer *peer = peer_new(NULL);
    peer_hello(peer);
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
    peer_pull(peer);
    feed(peer, 0x81, ready, strlen(ready));
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_READY);
    call_everything(peer, 0);
    assert_int_equal(event->data_length, strlen("{\"session_id\":\"abc\"}"));
    assert_memory_equal(event->data, "{\"session_id\":\"abc\"}", event->data_length);
    assert_string_equal(event->session_id, "abc");
    peer_free(peer);
}

/* So that AddressSanitizer finds whoever reads an event after its end. */
static void the_memory_of_an_event_is_poisoned_after_its_end(void **state)
{
    (void)state;
#ifdef SEES_POISON
    for (int frames = 1; frames <= 2; frames++) {
        sp_peer *peer = committing_peer();
        feed_dispatch(peer, frames);
        const spectacles_shard_event *event = take_dispatch(peer);
        const uint8_t *data = event->data;
        assert_false(__asan_address_is_poisoned(data));
        assert_null(spectacles_shard_next_event(peer->shard, peer->now));
        assert_true(__asan_address_is_poisoned(data));
        peer_free(peer);
    }
#endif
}

/* ---- Fields ---- */

static void the_session_id_is_in_its_own_field(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    peer_eof(peer, 0, NULL);
    peer_come_back(peer);
    feed(peer, 0x81, "{\"op\":0,\"t\":\"RESUMED\",\"s\":2,\"d\":{}}",
         strlen("{\"op\":0,\"t\":\"RESUMED\",\"s\":2,\"d\":{}}"));
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_RESUMED);
    assert_string_equal(event->session_id, "abc");
    peer_pull(peer);
    feed(peer, 0x81, "{\"op\":9,\"d\":false}", strlen("{\"op\":9,\"d\":false}"));
    spectacles_stream_eof(peer_stream(peer), 0, NULL, 0, peer->now);
    while ((event = spectacles_shard_next_event(peer->shard, peer->now))) {
        if (event->type == SPECTACLES_SHARD_EVENT_GAP)
            break;
    }
    assert_non_null(event);
    assert_string_equal(event->session_id, "abc");
    assert_int_equal(event->session_id_length, 3);
    assert_string_equal(event->text, "session abc is lost: events after sequence 2 may be missing");
    peer_free(peer);
}

static void a_duration_is_no_point_in_time(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer_ready(peer);
    uint64_t next = spectacles_stream_deadline(peer_stream(peer));
    peer->now = next;
    spectacles_stream_expire(peer_stream(peer), peer->now);
    peer_pull(peer);
    peer->now += 30;
    feed(peer, 0x81, "{\"op\":11}", strlen("{\"op\":11}"));
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_LATENCY);
    assert_int_equal(event->duration, 30);
    assert_int_equal(event->until, 0);
    peer_pull(peer);
    spectacles_stream_eof(peer_stream(peer), 0, NULL, 0, peer->now);
    event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_DISCONNECTED);
    assert_int_equal(event->duration, 0);
    uint64_t until = event->until;
    assert_null(spectacles_shard_next_event(peer->shard, peer->now));
    assert_true(until > peer->now);
    assert_true(until == spectacles_stream_deadline(peer_stream(peer)));
    peer_free(peer);
}

static void every_state_is_told(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    peer->states = 1;
    peer_ready(peer);
    peer_close(peer, 4000, "Unknown error.");
    peer_come_back(peer);
    peer_text(peer, "{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":1}");
    peer_text(peer, "{\"op\":0,\"t\":\"RESUMED\",\"s\":3,\"d\":{}}");
    spectacles_shard_close(peer->shard, 0, peer->now);
    peer_eof(peer, 0, NULL);
    static const char *const expected[] = {
        "CONNECTING 0 0 gateway.discord.gg:443",
        "STATE 2 0 0 connected: asking for a WebSocket",
        "STATE 3 0 0 the WebSocket stands: waiting for HELLO",
        "IDENTIFY 0 0 ",
        "STATE 5 0 0 identify was sent: waiting for READY",
        "READY 0 0 ",
        "DISPATCH 1 READY ",
        "STATE 8 4000 -6 closing: the gateway had an unknown error (close code 4000): Unknown error.",
        "LOST 4000 -6 the gateway had an unknown error (close code 4000): Unknown error.",
        "CONNECTING 0 0 gateway-us-east1-b.discord.gg:443",
        "STATE 2 0 0 connected: asking for a WebSocket",
        "STATE 3 0 0 the WebSocket stands: waiting for HELLO",
        "STATE 6 0 0 resuming behind sequence 1",
        "DISPATCH 2 A 1",
        "RESUMED 0 0 ",
        "DISPATCH 3 RESUMED {}",
        "STATE 8 0 0 closing: the owner asked for it",
        "CLOSED 0 0 ",
    };
    for (int i = 0; i < (int)(sizeof expected / sizeof expected[0]); i++) {
        assert_true(i < peer->lines);
        if (strncmp(peer->line[i], expected[i], strlen(expected[i])) != 0)
            fail_msg("%d: %s, expected: %s", i, peer->line[i], expected[i]);
    }
    assert_int_equal(peer->lines, (int)(sizeof expected / sizeof expected[0]));
    peer_free(peer);
}

static void events_name_the_state(void **state)
{
    (void)state;
    sp_peer *peer = peer_new(NULL);
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_CONNECTING);
    assert_int_equal(spectacles_shard_event_state(event), SPECTACLES_SHARD_CONNECTING);
    peer_ready(peer);
    const char frame[] = "\x81\x1e{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":[1]}";
    spectacles_stream_feed(peer_stream(peer), (const uint8_t *)frame, 32, peer->now);
    event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_DISPATCH);
    assert_int_equal(spectacles_shard_event_state(event), SPECTACLES_SHARD_READY);
    peer_free(peer);
}

/* READY is told twice: as an event, and as the dispatch that it is. More arrives in between. */
static void what_waits_to_be_told_stays(void **state)
{
    (void)state;
    static const char ready[] = "\x81\x4c{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"abc\","
                                "\"pad\":\"0123456789012345\"}}";
    static const char ping[] = "\x89\x04ping";
    char payload[4200];
    spectacles_shard_config config;
    peer_config(&config);
    sp_peer *peer = peer_new(&config);
    peer_hello(peer);
    assert_int_equal(spectacles_shard_identify(peer->shard, peer->now), SPECTACLES_OK);
    peer_pull(peer);
    spectacles_stream_feed(peer_stream(peer), (const uint8_t *)ready, sizeof ready - 1, peer->now);
    const spectacles_shard_event *event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_non_null(event);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_READY);
    for (int i = 0; i < 2000; i++)
        spectacles_stream_feed(peer_stream(peer), (const uint8_t *)ping, sizeof ping - 1, peer->now);
    event = spectacles_shard_next_event(peer->shard, peer->now);
    assert_non_null(event);
    assert_int_equal(event->type, SPECTACLES_SHARD_EVENT_DISPATCH);
    assert_memory_equal(event->name, "READY", 5);
    assert_memory_equal(event->data, "{\"session_id\":\"abc\",\"pad\":\"0123456789012345\"}",
                        event->data_length);
    peer_pull(peer);
    assert_int_equal(peer_read(peer, payload, sizeof payload), 1);
    for (int i = 0; i < 2000; i++)
        assert_int_equal(peer_read(peer, payload, sizeof payload), 10);
    peer_free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dispatch_outlives_the_calls_of_its_owner),
        cmocka_unit_test(a_dispatch_outlives_a_close_after_the_end_of_its_connection),
        cmocka_unit_test(a_ready_outlives_the_calls_of_its_owner),
        cmocka_unit_test(the_memory_of_an_event_is_poisoned_after_its_end),
        cmocka_unit_test(the_session_id_is_in_its_own_field),
        cmocka_unit_test(a_duration_is_no_point_in_time),
        cmocka_unit_test(every_state_is_told),
        cmocka_unit_test(events_name_the_state),
        cmocka_unit_test(what_waits_to_be_told_stays),
    };
    return cmocka_run_group_tests_name("shard/events", tests, NULL, NULL);
}
