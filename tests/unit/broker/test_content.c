/*
 * Properties and bodies that a hostile client wrote and an honest broker only passed through: each message is refused
 * alone, and the connection lives on.
 */
#include "broker/wire.h"
#include "hostile.h"

#define MESSAGE(name, properties)                                                                            \
    static void name(sp_server *server)                                                                      \
    {                                                                                                        \
        hostile_message(server, properties, sizeof(properties) - 1);                                         \
    }

MESSAGE(no_properties, "")
MESSAGE(half_the_flags, "\x20")
MESSAGE(more_flags, "\0\1\0\0")
MESSAGE(reserved_flag, "\0\2")
MESSAGE(content_type_lies, "\x80\0\xff")
MESSAGE(encoding_lies, "\x40\0\5abc")
MESSAGE(message_id_cut_off, "\0\x80")
MESSAGE(headers_lie, "\x20\0\xff\xff\xff\xff")
MESSAGE(headers_cut_off, "\x20\0\0\0")
MESSAGE(headers_key_lies, "\x20\0\0\0\0\2\5k")
MESSAGE(headers_text_lies, "\x20\0\0\0\0\x07\1kS\xff\xff\xff\xff")
MESSAGE(headers_of_unknown_kind, "\x20\0\0\0\0\3\1kZ")
MESSAGE(headers_without_value, "\x20\0\0\0\0\2\1k")
MESSAGE(headers_inner_crosses, "\x20\0\0\0\0\x09\1kF\0\0\0\2\1k")
MESSAGE(headers_timestamp_cut_off, "\x20\0\0\0\0\6\1kT\0\0\0")

/* Headers with one key, in it tables in tables or arrays in arrays. */
static void deep_headers(sp_server *server, char kind, size_t depth)
{
    static uint8_t properties[1 << 17];
    size_t table = 3 + hostile_nest(properties + 9, kind, depth);
    uint8_t head[9] = {0x20,           0, 0,   (uint8_t)(table >> 16), (uint8_t)(table >> 8),
                       (uint8_t)table, 1, 'k', (uint8_t)kind};
    memcpy(properties, head, 9);
    hostile_message(server, properties, 6 + table);
}
static void headers_17_deep(sp_server *server)
{
    deep_headers(server, 'F', SP_WIRE_TABLE_DEPTH - 1);
}
static void headers_21000_deep(sp_server *server)
{
    deep_headers(server, 'F', 21000);
}
static void headers_arrays_25000_deep(sp_server *server)
{
    deep_headers(server, 'A', 25000);
}
/* As deep as is read: they are fine. */
static void headers_16_deep(sp_server *server)
{
    deep_headers(server, 'F', SP_WIRE_TABLE_DEPTH - 2);
}
/* The most fields that a frame can hold, all of them fine. */
static void headers_of_nothing(sp_server *server)
{
    static uint8_t properties[131000];
    memcpy(properties, "\x20\0\0\1\xff\xb2", 6);
    for (size_t i = 6; i + 1 < sizeof properties; i += 2)
        memcpy(properties + i, "\0V", 2);
    hostile_message(server, properties, sizeof properties);
}

static void escapes_in_a_key(sp_server *server)
{
    server_method(server, 3, 60, 60, "sqbss", "s0.1", N(1), N(0), "gateway", "\x1b[31mred\r\n");
    server_frame(server, 2, 3, HEADER_OF_1 "\x20", 13);
    server_frame(server, 3, 3, "x", 1);
}
static void escapes_in_a_returned_key(sp_server *server)
{
    server_method(server, 2, 60, 50, "wsss", N(312), "NO\x07_ROUTE", "gateway", "\x1b[31mred");
    server_frame(server, 2, 2, TAG_HEADER "\0\0\0\0\0\0\0\1", 42);
    server_frame(server, 3, 2, "x", 1);
}
static void over_max_message(sp_server *server)
{
    static uint8_t body[MESSAGE_MOST + 1];
    hostile_deliver(server, "s0.1", 1);
    server_frame(server, 2, 3, "\0\x3c\0\0\0\0\0\0\0\1\0\1\0\x80\3its", 18);
    server_frame(server, 3, 3, body, sizeof body);
}

#define MALFORMED "REFUSED 0", "properties are malformed", "3 basic.reject 1"

static const sp_survived survivors[] = {
    {"no properties at all", no_properties, MALFORMED},
    {"half the flags of properties", half_the_flags, MALFORMED},
    {"more flags than there are", more_flags, MALFORMED},
    {"a reserved flag", reserved_flag, MALFORMED},
    {"a content type that lies", content_type_lies, MALFORMED},
    {"an encoding that lies", encoding_lies, MALFORMED},
    {"a message id that is not there", message_id_cut_off, MALFORMED},
    {"headers that lie", headers_lie, MALFORMED},
    {"headers cut off", headers_cut_off, MALFORMED},
    {"headers: a key that lies", headers_key_lies, MALFORMED},
    {"headers: a text that lies", headers_text_lies, MALFORMED},
    {"headers: an unknown kind", headers_of_unknown_kind, MALFORMED},
    {"headers: no value", headers_without_value, MALFORMED},
    {"headers: a table that leaves the other", headers_inner_crosses, MALFORMED},
    {"headers: a timestamp cut off", headers_timestamp_cut_off, MALFORMED},
    {"headers 17 deep", headers_17_deep, MALFORMED},
    {"headers 21,000 deep", headers_21000_deep, MALFORMED},
    {"headers with arrays 25,000 deep", headers_arrays_25000_deep, MALFORMED},
    {"headers 16 deep", headers_16_deep, "MESSAGE 0 A - x", "", ""},
    {"65,000 headers", headers_of_nothing, "MESSAGE 0 A - x", "", ""},
    {"escapes in a key", escapes_in_a_key, "REFUSED 0", "'?[31mred?", "3 basic.reject 1"},
    {"a body that is too large", over_max_message, "REFUSED 0 its",
     "key 'A' was rejected: its body is over the limit on its size (65537 bytes; max_message is 65536)",
     "3 basic.reject 1"},
    {"escapes in a returned key", escapes_in_a_returned_key, "RETURNED 1 312", "'?[31mred' (312 NO?_R", ""},
};

static void what_only_passed_through_is_refused_alone(void **state)
{
    size_t count = sizeof survivors / sizeof survivors[0];
    (void)state;
    assert_int_equal(hostile_survived(survivors, count, 0) + hostile_survived(survivors, count, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_only_passed_through_is_refused_alone),
    };
    return cmocka_run_group_tests_name("broker/content", tests, NULL, NULL);
}
