/* What is said about an identify: what is written is read again, and nothing malformed is believed. */
#include "fleet/turn.h"
#include "unit.h"

#define BOT "3c469e9d6c5875d37a43f353d4f88e61"
#define HEAD "{\"v\":1,\"type\":\"grant\",\"bot\":\"" BOT "\","

static sp_slice slice(const char *text)
{
    return (sp_slice){(const uint8_t *)text, strlen(text)};
}

static void a_turn_is_read_again(void **state)
{
    static const char text[] =
        HEAD "\"member\":\"web-1\",\"run\":\"00ff\",\"ask\":7,\"shard\":3,\"shards\":8}";
    sp_fleet_turn turn, other;
    sp_buffer out = {0};
    (void)state;
    assert_int_equal(sp_fleet_turn_read(slice(text), &turn), SPECTACLES_OK);
    assert_int_equal(turn.ask, 7);
    assert_int_equal(turn.shard_id, 3);
    assert_int_equal(turn.shard_count, 8);
    assert_int_equal(sp_fleet_turn_write(&turn, SP_FLEET_MESSAGE_GRANT, BOT, &out), SPECTACLES_OK);
    assert_int_equal(sp_buffer_length(&out), sizeof text - 1);
    assert_memory_equal(sp_buffer_slice(&out).bytes, text, sizeof text - 1);
    sp_buffer_free(&out);
    other = turn;
    assert_true(sp_fleet_turn_equals(&turn, &other));
    other.ask = 8;
    assert_false(sp_fleet_turn_equals(&turn, &other));
    other = turn;
    other.shard_count = 16;
    assert_false(sp_fleet_turn_equals(&turn, &other));
}

static void nothing_malformed_is_believed(void **state)
{
    static const char *const bad[] = {
        HEAD "\"member\":\"a b\",\"run\":\"\",\"ask\":7,\"shard\":3,\"shards\":8}",
        HEAD "\"member\":\"a\",\"run\":\"\",\"ask\":7,\"shard\":3}",
        HEAD "\"member\":\"a\",\"run\":\"\",\"ask\":7,\"shard\":3,\"shards\":4294967296}",
        HEAD "\"member\":\"a\",\"ask\":7,\"shard\":3}",
        HEAD "\"member\":\"a\",\"run\":\"\",\"ask\":-1,\"shard\":3}",
        HEAD "\"member\":\"a\",\"run\":\"\",\"ask\":7,\"shard\":4294967296}",
        HEAD "\"member\":\"a\",\"run\":\"01234567890123456\",\"ask\":7,\"shard\":3}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sp_fleet_turn turn;
        assert_int_equal(sp_fleet_turn_read(slice(bad[i]), &turn), SPECTACLES_E_PROTO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turn_is_read_again),
        cmocka_unit_test(nothing_malformed_is_believed),
    };
    return cmocka_run_group_tests_name("fleet/turn", tests, NULL, NULL);
}
