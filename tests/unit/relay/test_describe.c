/* The line of text of an event: one for each type, fit for a terminal, without a secret, and never too long. */
#include "unit.h"

#include <spectacles/spectacles.h>
#include <stdbool.h>

enum {
    NOW = 1000,
    TYPES = 64 /* more than there are */
};

static const char *const session_id = "0123456789abcdef";

/* An event with something in each field. */
static spectacles_relay_event event_of(uint32_t type)
{
    return (spectacles_relay_event){.type = type,
                                    .shard_id = 1,
                                    .shard_count = 4,
                                    .op = 8,
                                    .seq = 17,
                                    .duration = 42,
                                    .until = NOW + 1500,
                                    .name = "NAME",
                                    .name_length = 4,
                                    .text = "the text",
                                    .text_length = 8,
                                    .session_id = session_id,
                                    .session_id_length = strlen(session_id),
                                    .message_id = "0123456789abcdef:17",
                                    .message_id_length = 19,
                                    .body = (const uint8_t *)"secret",
                                    .body_length = 6};
}

static bool exists(uint32_t type)
{
    return strcmp(spectacles_relay_event_type_name(type), "UNKNOWN") != 0;
}

static const char *described(const spectacles_relay_event *event)
{
    static char line[SPECTACLES_RELAY_LINE_SIZE];
    memset(line, 'x', sizeof line);
    size_t length = spectacles_relay_event_describe(line, sizeof line, event, NOW);
    assert_int_equal(length, strlen(line));
    return line;
}

static const char *line_of(uint32_t type)
{
    const spectacles_relay_event event = event_of(type);
    return described(&event);
}

#define EVENT(name) SPECTACLES_RELAY_EVENT_##name

static void each_type_of_event_has_its_line(void **state)
{
    static const struct {
        uint32_t type;
        const char *line;
    } rows[] = {
        {EVENT(SHARD_CONNECTING), "shard 1/4 connecting to the text"},
        {EVENT(SHARD_IDENTIFYING), "shard 1/4 identifying"},
        {EVENT(SHARD_READY), "shard 1/4 ready, session 012345..."},
        {EVENT(SHARD_RESUMED), "shard 1/4 resumed, session 012345..."},
        {EVENT(SHARD_DISCONNECTED), "shard 1/4 disconnected: the text; again in 1500 ms"},
        {EVENT(SHARD_GAP), "shard 1/4 GAP: the text"},
        {EVENT(SHARD_CLOSED), "shard 1/4 closed"},
        {EVENT(SHARD_FATAL), "shard 1/4 FATAL: the text"},
        {EVENT(SHARD_LATENCY), "shard 1/4: a heartbeat was acknowledged after 42 ms"},
        {EVENT(SHARD_LATE), "shard 1/4: the text"},
        {EVENT(SHARD_PLAIN), "shard 1/4: the text"},
        {EVENT(SHARD_WANTS_IDENTIFY), "shard 1/4 waits until its identify is granted"},
        {EVENT(SHARD_REMOVED), "shard 1/4 removed, session 012345..., sequence 17"},
        {EVENT(BROKER_CONNECTING), "broker events connecting to the text"},
        {EVENT(BROKER_READY), "broker events ready (the text)"},
        {EVENT(BROKER_DISCONNECTED), "broker events disconnected: the text; again in 1500 ms"},
        {EVENT(BROKER_BLOCKED), "broker events blocked: the text"},
        {EVENT(BROKER_UNBLOCKED), "broker events unblocked"},
        {EVENT(BROKER_CLOSED), "broker events closed"},
        {EVENT(SUBSCRIBED), "queue the text stands"},
        {EVENT(UNSUBSCRIBED), "queue for NAME lost: the text; again in 1500 ms"},
        {EVENT(PUBLISH_FAILED), "publish under NAME failed: the text"},
        {EVENT(UNROUTABLE), "NAME is held back for 1500 ms: the text"},
        {EVENT(COMMAND_ROUTED), "SEND with op 8 routed to shard 1/4"},
        {EVENT(COMMAND_SENT), "op 8 sent on shard 1/4"},
        {EVENT(COMMAND_REJECTED), "command under NAME rejected: the text"},
        {EVENT(IDENTIFY_LIMIT), "shard 1/4 cannot identify: the text"},
        {EVENT(RATE_LIMITED), "no shard connects for 1500 ms: the text (shard 1/4)"},
        {EVENT(COMMAND_LIMITED), "shard 1/4: the text (nonce NAME)"},
        {EVENT(MESSAGE), "message NAME of shard 1/4, sequence 17, 6 bytes"},
    };
    size_t types = 0;
    (void)state;
    for (uint32_t type = 0; type < TYPES; type++)
        types += exists(type) ? 1 : 0;
    assert_int_equal(types, sizeof rows / sizeof rows[0]);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(line_of(rows[i].type), rows[i].line);
    assert_string_equal(line_of(0), "an event that this version does not know");
    assert_string_equal(line_of(TYPES), "an event that this version does not know");
    assert_string_equal(line_of(UINT32_MAX), "an event that this version does not know");
}

static void what_an_event_does_not_say_is_left_out(void **state)
{
    (void)state;
    spectacles_relay_event event = event_of(SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED);
    event.until = 0;
    assert_string_equal(described(&event), "shard 1/4 disconnected: the text");
    event.until = NOW - 1;
    assert_string_equal(described(&event), "shard 1/4 disconnected: the text; again in 0 ms");
    event = event_of(SPECTACLES_RELAY_EVENT_SHARD_REMOVED);
    event.session_id = NULL;
    event.session_id_length = 0;
    assert_string_equal(described(&event), "shard 1/4 removed, it has no session");
    event = event_of(SPECTACLES_RELAY_EVENT_BROKER_CLOSED);
    event.broker = SPECTACLES_RELAY_COMMANDS;
    assert_string_equal(described(&event), "broker commands closed");
    event = event_of(SPECTACLES_RELAY_EVENT_COMMAND_REJECTED);
    event.ticket = 3;
    assert_string_equal(described(&event), "op 8 was not sent on shard 1/4: the text");
}

static void an_empty_event_of_any_type_has_a_line(void **state)
{
    (void)state;
    for (uint32_t type = 0; type < TYPES; type++) {
        const spectacles_relay_event event = {.type = type};
        assert_true(strlen(described(&event)) > 0);
    }
}

/* Whoever has the token could resume a session by its id; and a body is what people have written. */
static void no_line_holds_a_whole_session_or_a_body(void **state)
{
    (void)state;
    for (uint32_t type = 0; type < TYPES; type++) {
        assert_null(strstr(line_of(type), session_id));
        assert_null(strstr(line_of(type), "secret"));
    }
}

static void strangers_write_no_control_characters_into_a_line(void **state)
{
    (void)state;
    for (uint32_t type = 0; type < TYPES; type++) {
        spectacles_relay_event event = event_of(type);
        event.name = event.text = event.session_id = "a\x1b\n\r\x7f\xe2\x80\xae\xff";
        event.name_length = event.text_length = event.session_id_length = strlen(event.text);
        for (const char *at = described(&event); *at; at++)
            assert_true(*at >= ' ' && *at < 0x7f);
    }
}

static void every_line_has_room(void **state)
{
    char name[SPECTACLES_ROUTE_MAX];
    char text[511]; /* as long as a sentence of the library can be */
    (void)state;
    memset(name, 'n', sizeof name);
    memset(text, 't', sizeof text);
    text[sizeof text - 1] = '!';
    for (uint32_t type = 0; type < TYPES; type++) {
        spectacles_relay_event event = event_of(type);
        event.name = name;
        event.name_length = sizeof name;
        event.text = text;
        event.text_length = sizeof text;
        event.shard_id = event.shard_count = event.op = UINT32_MAX;
        event.seq = event.duration = event.until = UINT64_MAX;
        const char *line = described(&event);
        assert_true(strlen(line) < SPECTACLES_RELAY_LINE_SIZE - 1);
        assert_true(!strchr(line, 't') || !strstr(line, "tttt") || strchr(line, '!'));
    }
}

static void a_line_that_has_no_room_is_cut_between_characters(void **state)
{
    static const char e[] = "\xc3\xa9";
    spectacles_relay_event event = event_of(SPECTACLES_RELAY_EVENT_SHARD_PLAIN);
    event.text = "\xc3\xa9\xc3\xa9\xc3\xa9";
    event.text_length = strlen(event.text);
    const size_t whole = strlen("shard 1/4: ") + event.text_length;
    (void)state;
    for (size_t size = 1; size <= whole + 2; size++) {
        char *out = malloc(size); /* so that a byte too many is found */
        assert_non_null(out);
        size_t length = spectacles_relay_event_describe(out, size, &event, NOW);
        assert_int_equal(length, strlen(out));
        assert_true(length < size);
        assert_true(length < strlen("shard 1/4: ") + 2 || memcmp(out + length - 2, e, 2) == 0);
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_of_event_has_its_line),
        cmocka_unit_test(what_an_event_does_not_say_is_left_out),
        cmocka_unit_test(an_empty_event_of_any_type_has_a_line),
        cmocka_unit_test(no_line_holds_a_whole_session_or_a_body),
        cmocka_unit_test(strangers_write_no_control_characters_into_a_line),
        cmocka_unit_test(every_line_has_room),
        cmocka_unit_test(a_line_that_has_no_room_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
