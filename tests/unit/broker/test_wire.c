/*
 * Frames and tables that a broken or hostile broker writes: sizes, ends, kinds and texts that lie, and nesting as deep
 * as a frame allows.
 */
#include "broker/wire.h"
#include "hostile.h"

/* Bytes as they are; they may hold NULs. */
#define RAW(name, bytes)                                                                                     \
    static void name(sp_server *server)                                                                      \
    {                                                                                                        \
        server_feed(server, bytes, sizeof(bytes) - 1);                                                       \
    }
/* connection.start with these properties. */
#define PROPERTIES(name, table)                                                                              \
    static void name(sp_server *server)                                                                      \
    {                                                                                                        \
        hostile_start_with(server, "\0\x09", table, sizeof(table) - 1, "PLAIN");                             \
    }

RAW(header_0_9_2, "AMQP\0\0\x09\x02")
RAW(header_1_0, "AMQP\0\1\0\0")
RAW(header_of_ours, "AMQP\0\0\x09\x01")
RAW(http, "HTTP/1.1 400 Bad Request\r\n\r\n")
RAW(tls_alert, "\x15\x03\x01\0\2\2\x46")
RAW(type_0, "\0\0\0\0\0\0\0\xce")
RAW(type_4, "\4\0\0\0\0\0\0\xce")
RAW(type_9, "\x09\0\0\0\0\0\0\xce")
RAW(type_255, "\xff\0\0\0\0\0\0\xce")
RAW(channel_4, "\1\0\4\0\0\0\4\0\x14\0\x0b\xce")
RAW(channel_256, "\1\1\0\0\0\0\4\0\x14\0\x0b\xce")
RAW(channel_65535, "\1\xff\xff\0\0\0\4\0\x14\0\x0b\xce")
RAW(size_4g, "\1\0\0\xff\xff\xff\xff")
RAW(size_2g, "\3\0\3\x80\0\0\0")
RAW(size_one_over, "\3\0\3\0\1\xff\xf9")
RAW(wrong_end, "\x08\0\0\0\0\0\0\xcd")
RAW(no_end, "\x08\0\0\0\0\0\0\x08\0\0\0\0\0\0\xce")
RAW(header_only, "\1\0\0\0\0\0\4")
RAW(half_a_header, "\1\0")
RAW(payload_cut_off, "\1\0\0\0\0\0\4\0\x0a\0")
RAW(end_cut_off, "\x08\0\0\0\0\0\0")
FRAME(method_empty, 1, 0, "")
FRAME(method_of_2_bytes, 1, 0, "\0\x0a")
FRAME(method_empty_on_3, 1, 3, "")
FRAME(unknown_class, 1, 0, "\x99\x99\0\x0a")
FRAME(unknown_method, 1, 0, "\0\x0a\0\x63")
FRAME(unknown_method_on_3, 1, 3, "\0\x3c\0\x63")
FRAME(tune_cut_off, 1, 0, "\0\x0a\0\x1e\7\xff\0\2")
FRAME(deliver_cut_off, 1, 3, "\0\x3c\0\x3c\4s0.1\0\0")
FRAME(deliver_text_lies, 1, 3, "\0\x3c\0\x3c\xffs0\0\0\0\0\0\0\0\1\0\1x\1y")
FRAME(close_text_lies, 1, 0, "\0\x0a\0\x32\1\x40\xff")
FRAME(heartbeat_on_1, 8, 1, "")
FRAME(heartbeat_on_3, 8, 3, "")
FRAME(heartbeat_with_payload, 8, 0, "x")
FRAME(content_header_on_0, 2, 0, "\0\x3c\0\0\0\0\0\0\0\0\0\1\0\0")
FRAME(body_on_0, 3, 0, "x")
FRAME(content_header_on_1, 2, 1, "\0\x3c\0\0\0\0\0\0\0\0\0\1\0\0")
FRAME(body_on_1, 3, 1, "x")

/* Frames of 8192 bytes were agreed on. */
static void over_what_was_tuned(sp_server *server)
{
    static uint8_t payload[8185];
    server->frame_max = 8192;
    hostile_tune(server, 0, 8192, 60);
    server_frame(server, 8, 0, payload, sizeof payload);
}

/* connection.start */

PROPERTIES(table_lies, "\xff\xff\xff\xff")
PROPERTIES(table_key_lies, "\0\0\0\3\xffk")
PROPERTIES(table_text_lies, "\0\0\0\x08\1kS\xff\xff\xff\xffx")
PROPERTIES(table_without_value, "\0\0\0\2\1k")
PROPERTIES(table_of_unknown_kind, "\0\0\0\3\1k?")
PROPERTIES(inner_table_crosses, "\0\0\0\x08\1kF\0\0\0\7V")
PROPERTIES(inner_size_crosses, "\0\0\0\5\1kF\0\0\0\0\0\0")
PROPERTIES(array_lies, "\0\0\0\7\1kA\x7f\xff\xff\xff")

static void start_deep(sp_server *server)
{
    static uint8_t table[1 << 17];
    hostile_start_with(server, "\0\x09", table, hostile_nest(table, 'F', 21000), "PLAIN");
}

/* A table with one key, in it arrays in arrays. */
static void start_deep_array(sp_server *server)
{
    static uint8_t table[1 << 17];
    size_t length = 7 + hostile_nest(table + 7, 'A', 25000);
    size_t inner = length - 4;
    uint8_t head[7] = {0, (uint8_t)(inner >> 16), (uint8_t)(inner >> 8), (uint8_t)inner, 1, 'k', 'A'};
    memcpy(table, head, 7);
    hostile_start_with(server, "\0\x09", table, length, "PLAIN");
}

/* A method that only clients send has tables too: they must not reach a decoder that recurses. */
static void declare_deep(sp_server *server)
{
    static uint8_t payload[1 << 17];
    memcpy(payload, "\0\x32\0\x0a\0\0\1q\0", 9);
    server_frame(server, 1, 1, payload, 9 + hostile_nest(payload + 9, 'F', 21000));
}

static void start_ok_deep(sp_server *server)
{
    static uint8_t payload[1 << 17];
    memcpy(payload, "\0\x0a\0\x0b", 4);
    server_frame(server, 1, 0, payload, 4 + hostile_nest(payload + 4, 'F', 21000));
}

FRAME(start_mechanisms_lie, 1, 0, "\0\x0a\0\x0a\0\x09\0\0\0\0\xff\xff\xff\xffPLAIN\0\0\0\5en_US")

static const sp_hostile lost[] = {
    {"protocol header 0-9-2 as an answer", AT_OPENED, header_0_9_2, 0, PROTO, "another version of AMQP"},
    {"protocol header 1.0 as an answer", AT_OPENED, header_1_0, 0, PROTO, "another version of AMQP"},
    {"our own protocol header as an answer", AT_OPENED, header_of_ours, 0, PROTO, "a PROXY header"},
    {"a protocol header in mid-stream", AT_READY, header_0_9_2, 0, PROTO, "another version of AMQP"},
    {"HTTP", AT_OPENED, http, 0, PROTO, "is this an AMQP port"},
    {"TLS", AT_OPENED, tls_alert, 0, PROTO, "right use of TLS"},
    {"frame type 0", AT_OPENED, type_0, 0, PROTO, "unknown type"},
    {"frame type 4", AT_READY, type_4, 0, PROTO, "unknown type"},
    {"frame type 9", AT_SETUP, type_9, 0, PROTO, "unknown type"},
    {"frame type 255", AT_READY, type_255, 0, PROTO, "unknown type"},
    {"channel 4", AT_READY, channel_4, 0, PROTO, "never opened"},
    {"channel 256", AT_SETUP, channel_256, 0, PROTO, "never opened"},
    {"channel 65535", AT_OPENED, channel_65535, 0, PROTO, "never opened"},
    {"a frame of 4 GiB", AT_OPENED, size_4g, 0, PROTO, "over the size"},
    {"a frame of 2 GiB", AT_READY, size_2g, 0, PROTO, "over the size"},
    {"a frame one byte too large", AT_READY, size_one_over, 0, PROTO, "over the size"},
    {"a frame over what was tuned", AT_STARTED, over_what_was_tuned, 0, PROTO, "over the size"},
    {"a wrong end octet", AT_OPENED, wrong_end, 0, PROTO, "end octet"},
    {"no end octet", AT_READY, no_end, 0, PROTO, "end octet"},
    {"half a header, then the end", AT_OPENED, half_a_header, 0, GONE, "without a word"},
    {"a header, then the end", AT_SETUP, header_only, 0, GONE, "without a word"},
    {"half a payload, then the end", AT_READY, payload_cut_off, 0, GONE, "without a word"},
    {"no end octet, then the end", AT_READY, end_cut_off, 0, GONE, "without a word"},
    {"an empty method", AT_OPENED, method_empty, 0, PROTO, NO_PLACE},
    {"a method of two bytes", AT_READY, method_of_2_bytes, 0, PROTO, NO_PLACE},
    {"an empty method on channel 3", AT_READY, method_empty_on_3, 0, PROTO, NO_PLACE},
    {"an unknown class", AT_OPENED, unknown_class, 0, PROTO, "unknown method"},
    {"an unknown method", AT_READY, unknown_method, 0, PROTO, "unknown method"},
    {"an unknown method on channel 3", AT_READY, unknown_method_on_3, 0, PROTO, "unknown method"},
    {"tune cut off", AT_STARTED, tune_cut_off, 0, PROTO, "connection.tune"},
    {"deliver cut off", AT_READY, deliver_cut_off, 0, PROTO, "basic.deliver"},
    {"a text of deliver that lies", AT_READY, deliver_text_lies, 0, PROTO, "basic.deliver"},
    {"a text of close that lies", AT_OPENED, close_text_lies, 0, PROTO, "connection.close"},
    {"a heartbeat on channel 1", AT_READY, heartbeat_on_1, 0, PROTO, "a heartbeat on channel 1"},
    {"a heartbeat on channel 3", AT_OPENED, heartbeat_on_3, 0, PROTO, "a heartbeat on channel 3"},
    {"a heartbeat with a payload", AT_READY, heartbeat_with_payload, 0, PROTO, "a heartbeat on channel 0"},
    {"a content header on channel 0", AT_READY, content_header_on_0, 0, PROTO, "content on channel 0"},
    {"a body on channel 0", AT_OPENED, body_on_0, 0, PROTO, "content on channel 0"},
    {"a content header on channel 1", AT_READY, content_header_on_1, 0, PROTO, "content on channel 1"},
    {"a body on channel 1", AT_SETUP, body_on_1, 0, PROTO, "content on channel 1"},

    {"start: a table that lies", AT_OPENED, table_lies, 0, PROTO, "connection.start"},
    {"start: a key that lies", AT_OPENED, table_key_lies, 0, PROTO, "connection.start"},
    {"start: a text that lies", AT_OPENED, table_text_lies, 0, PROTO, "connection.start"},
    {"start: a key without a value", AT_OPENED, table_without_value, 0, PROTO, "connection.start"},
    {"start: an unknown kind", AT_OPENED, table_of_unknown_kind, 0, PROTO, "connection.start"},
    {"start: an inner table too long", AT_OPENED, inner_table_crosses, 0, PROTO, "connection.start"},
    {"start: an inner size cut off", AT_OPENED, inner_size_crosses, 0, PROTO, "connection.start"},
    {"start: an array that lies", AT_OPENED, array_lies, 0, PROTO, "connection.start"},
    {"start: tables 21,000 deep", AT_OPENED, start_deep, 0, PROTO, "connection.start"},
    {"start: arrays 25,000 deep", AT_OPENED, start_deep_array, 0, PROTO, "connection.start"},
    {"start: mechanisms that lie", AT_OPENED, start_mechanisms_lie, 0, PROTO, "connection.start"},
    {"declare with tables 21,000 deep", AT_READY, declare_deep, 0, PROTO, NO_PLACE},
    {"start-ok with tables 21,000 deep", AT_OPENED, start_ok_deep, 0, PROTO, NO_PLACE},
};

static void every_case_is_told_and_survived(void **state)
{
    (void)state;
    assert_int_equal(hostile_lost(lost, sizeof lost / sizeof lost[0], 0), 0);
}

static void every_case_is_the_same_byte_by_byte(void **state)
{
    (void)state;
    assert_int_equal(hostile_lost(lost, sizeof lost / sizeof lost[0], 1), 0);
}

static void only_four_channels_are_ours(void **state)
{
    (void)state;
    for (unsigned channel = 0; channel <= UINT16_MAX; channel++) {
        uint8_t bytes[8] = {8, (uint8_t)(channel >> 8), (uint8_t)channel, 0, 0, 0, 0, 0xce};
        sp_wire_frame read;
        size_t used = 0;
        const char *why = NULL;
        int got = sp_wire_next((sp_slice){bytes, sizeof bytes}, SP_WIRE_FRAME_MAX, &read, &used, &why);
        assert_int_equal(got, channel < SP_CHANNELS ? 1 : SPECTACLES_E_PROTO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_is_told_and_survived),
        cmocka_unit_test(every_case_is_the_same_byte_by_byte),
        cmocka_unit_test(only_four_channels_are_ours),
    };
    return cmocka_run_group_tests_name("broker/wire", tests, NULL, NULL);
}
