/* A hello: what is written is read again, and nothing malformed is believed. */
#include "fleet/hello.h"
#include "unit.h"

#include <stdio.h>

#define BOT "3c469e9d6c5875d37a43f353d4f88e61"
#define HEAD "{\"v\":1,\"type\":\"hello\",\"bot\":\"" BOT "\","
#define WHO "\"member\":\"web-1\",\"run\":\"00ff\",\"zone\":\"a\",\"weight\":100,\"state\":\"here\","

static int read_text(const char *text, sp_hello *out)
{
    enum sp_fleet_message kind;
    sp_slice object;
    sp_slice bytes = {(const uint8_t *)text, strlen(text)};
    assert_int_equal(sp_fleet_message_open(bytes, BOT, &kind, &object), SPECTACLES_OK);
    return sp_hello_read(object, out);
}

static void a_hello_is_read_again(void **state)
{
    static const char text[] = HEAD WHO
        "\"sets\":[{\"set\":\"1000-1\",\"warm\":1,\"steady\":5000,\"starved\":6,\"owns\":[[3,12],[63,2]]},"
        "{\"set\":\"2000-2\",\"warm\":1,\"steady\":0,\"starved\":0,\"owns\":[]}]}";
    sp_hello hello;
    sp_buffer out = {0};
    (void)state;
    assert_int_equal(read_text(text, &hello), SPECTACLES_OK);
    assert_string_equal(hello.member, "web-1");
    assert_string_equal(hello.zone, "a");
    assert_int_equal(hello.weight, 100);
    assert_int_equal(hello.state, SP_HELLO_HERE);
    assert_int_equal(hello.set_count, 2);
    assert_int_equal(sp_hello_set_of(&hello, "1000-1")->epochs[3], 12);
    assert_int_equal(sp_hello_set_of(&hello, "1000-1")->epochs[4], 0);
    assert_int_equal(sp_hello_set_of(&hello, "1000-1")->steady, 5000);
    assert_int_equal(sp_hello_set_of(&hello, "1000-1")->starved, 6);
    assert_null(sp_hello_set_of(&hello, "1000-2"));
    assert_int_equal(sp_hello_write(&hello, BOT, &out), SPECTACLES_OK);
    assert_int_equal(sp_buffer_length(&out), sizeof text - 1);
    assert_memory_equal(sp_buffer_slice(&out).bytes, text, sizeof text - 1);
    sp_buffer_free(&out);
}

static const char *const bad[] = {
    HEAD "\"sets\":[]}",
    HEAD WHO "\"x\":1}",
    HEAD "\"member\":\"a b\",\"run\":\"\",\"zone\":\"\",\"weight\":1,\"state\":\"here\",\"sets\":[]}",
    HEAD "\"member\":\"a\",\"run\":\"\",\"zone\":\" \",\"weight\":1,\"state\":\"here\",\"sets\":[]}",
    HEAD "\"member\":\"a\",\"run\":\"\",\"zone\":\"\",\"weight\":0,\"state\":\"here\",\"sets\":[]}",
    HEAD "\"member\":\"a\",\"run\":\"\",\"zone\":\"\",\"weight\":1001,\"state\":\"here\",\"sets\":[]}",
    HEAD "\"member\":\"a\",\"run\":\"\",\"zone\":\"\",\"weight\":1,\"state\":\"there\",\"sets\":[]}",
    HEAD WHO "\"sets\":[1]}",
    HEAD WHO "\"sets\":[{\"set\":\"1-1\",\"steady\":0,\"starved\":0,\"owns\":[]}]}",
    HEAD WHO "\"sets\":[{\"set\":\"1-1\",\"warm\":1,\"steady\":0,\"starved\":0}]}",
    HEAD WHO "\"sets\":[{\"set\":\"1-1\",\"warm\":1,\"steady\":0,\"owns\":[]}]}",
    HEAD WHO "\"sets\":[{\"set\":\"1-1\",\"warm\":1,\"steady\":0,\"starved\":0,\"owns\":[3]}]}",
    HEAD WHO "\"sets\":[{\"set\":\"1-1\",\"warm\":1,\"steady\":0,\"starved\":0,\"owns\":[[3]]}]}",
    HEAD WHO "\"sets\":[{\"set\":\"1-1\",\"warm\":1,\"steady\":0,\"starved\":0,\"owns\":[[3,0]]}]}",
    HEAD WHO "\"sets\":[{\"set\":\"1-1\",\"warm\":1,\"steady\":0,\"starved\":0,\"owns\":[[3,1,1]]}]}",
    HEAD WHO "\"sets\":[{\"set\":\"1-1\",\"warm\":1,\"steady\":0,\"starved\":0,\"owns\":[[3,1],[3,2]]}]}",
    HEAD WHO "\"sets\":[{\"set\":\"1-1\",\"warm\":1,\"steady\":0,\"starved\":0,\"owns\":[[64,1]]}]}",
    HEAD WHO
    "\"sets\":[{\"set\":\"a\",\"warm\":1,\"steady\":0,\"starved\":0,\"owns\":[]},{\"set\":\"b\",\"warm\":1,"
    "\"steady\":0,\"starved\":0,\"owns\":[]},"
    "{\"set\":\"c\",\"warm\":1,\"steady\":0,\"starved\":0,\"owns\":[]}]}",
};

static void nothing_malformed_is_believed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sp_hello hello = {.weight = 7};
        if (read_text(bad[i], &hello) != SPECTACLES_E_PROTO || hello.weight != 7)
            fail_msg("this hello was read: %s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hello_is_read_again),
        cmocka_unit_test(nothing_malformed_is_believed),
    };
    return cmocka_run_group_tests_name("fleet/hello", tests, NULL, NULL);
}
