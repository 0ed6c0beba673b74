/* The head of what members tell each other: of everything that is no such message it is said what is wrong. */
#include "fleet/message.h"
#include "unit.h"

#define BOT "3c469e9d6c5875d37a43f353d4f88e61"

static int open_text(const char *text, enum sp_fleet_message *kind)
{
    sp_slice object;
    return sp_fleet_message_open((sp_slice){(const uint8_t *)text, strlen(text)}, BOT, kind, &object);
}

static void every_kind_is_read_again(void **state)
{
    (void)state;
    for (int i = 0; i < SP_FLEET_MESSAGE_OTHER; i++) {
        sp_buffer out = {0};
        enum sp_fleet_message kind;
        sp_slice object;
        sp_fleet_message_begin(&out, (enum sp_fleet_message)i, BOT);
        sp_buffer_text(&out, "}");
        assert_int_equal(sp_fleet_message_open(sp_buffer_slice(&out), BOT, &kind, &object), SPECTACLES_OK);
        assert_int_equal(kind, i);
        sp_buffer_free(&out);
    }
}

static void a_kind_of_tomorrow_is_no_error(void **state)
{
    enum sp_fleet_message kind = SP_FLEET_MESSAGE_HELLO;
    (void)state;
    assert_int_equal(open_text("{\"v\":1,\"bot\":\"" BOT "\",\"type\":\"dance\"}", &kind), SPECTACLES_OK);
    assert_int_equal(kind, SP_FLEET_MESSAGE_OTHER);
}

static void what_is_no_message_is_refused(void **state)
{
    enum sp_fleet_message kind;
    (void)state;
    assert_int_equal(open_text("", &kind), SPECTACLES_E_PROTO);
    assert_int_equal(open_text("[]", &kind), SPECTACLES_E_PROTO);
    assert_int_equal(open_text("{\"v\":0}", &kind), SPECTACLES_E_PROTO);
    assert_int_equal(open_text("{\"v\":2,\"x\":1}", &kind), SPECTACLES_E_UNSUPPORTED);
    assert_int_equal(open_text("{\"v\":1,\"type\":\"hello\"}", &kind), SPECTACLES_E_PROTO);
    assert_int_equal(open_text("{\"v\":1,\"bot\":\"" BOT "\"}", &kind), SPECTACLES_E_PROTO);
    assert_int_equal(open_text("{\"v\":1,\"bot\":\"0\",\"type\":\"hello\"}", &kind), SPECTACLES_E_AUTH);
}

static void a_message_has_a_limit(void **state)
{
    enum sp_fleet_message kind;
    size_t length = SP_FLEET_MESSAGE_MAX + 1;
    uint8_t *bytes = malloc(length);
    sp_slice object;
    (void)state;
    memset(bytes, ' ', length);
    assert_int_equal(sp_fleet_message_open((sp_slice){bytes, length}, BOT, &kind, &object),
                     SPECTACLES_E_TOOBIG);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read_again),
        cmocka_unit_test(a_kind_of_tomorrow_is_no_error),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(a_message_has_a_limit),
    };
    return cmocka_run_group_tests_name("fleet/message", tests, NULL, NULL);
}
