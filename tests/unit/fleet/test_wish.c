/* What a person wants of the leader: what is written is read again, and nothing malformed is believed. */
#include "fleet/wish.h"
#include "unit.h"

#define BOT "3c469e9d6c5875d37a43f353d4f88e61"
#define HEAD "{\"v\":1,\"type\":\"wish\",\"bot\":\"" BOT "\""

static int read_text(const char *text, sp_fleet_wish *out)
{
    return sp_fleet_wish_read((sp_slice){(const uint8_t *)text, strlen(text)}, out);
}

/* Read, and written again, it is the same. */
static sp_fleet_wish there_and_back(const char *text)
{
    sp_fleet_wish wish;
    sp_buffer out = {0};
    assert_int_equal(read_text(text, &wish), SPECTACLES_OK);
    assert_int_equal(sp_fleet_wish_write(&wish, BOT, &out), SPECTACLES_OK);
    assert_int_equal(sp_buffer_length(&out), strlen(text));
    assert_memory_equal(sp_buffer_slice(&out).bytes, text, strlen(text));
    sp_buffer_free(&out);
    return wish;
}

static void a_slot_goes_to_a_member(void **state)
{
    sp_fleet_wish wish = there_and_back(HEAD ",\"set\":\"8-1\",\"slot\":5,\"member\":\"web-1\"}");
    (void)state;
    assert_int_equal(wish.kind, SP_FLEET_WISH_MOVE);
    assert_string_equal(wish.set, "8-1");
    assert_int_equal(wish.slot, 5);
    assert_string_equal(wish.member, "web-1");
    wish = there_and_back(HEAD ",\"set\":\"8-1\",\"slot\":0,\"member\":\"\"}");
    assert_int_equal(wish.kind, SP_FLEET_WISH_MOVE);
    assert_string_equal(wish.member, ""); /* wherever the plan wants it */
}

static void another_number_of_shards_is_wanted_or_given_up(void **state)
{
    sp_fleet_wish wish = there_and_back(HEAD ",\"shards\":12}");
    (void)state;
    assert_int_equal(wish.kind, SP_FLEET_WISH_RESHARD);
    assert_int_equal(wish.shard_count, 12);
    wish = there_and_back(HEAD ",\"shards\":0}");
    assert_int_equal(wish.kind, SP_FLEET_WISH_GIVE_UP);
}

static void nothing_malformed_is_believed(void **state)
{
    static const char *const bad[] = {
        HEAD "}",
        HEAD ",\"shards\":4294967296}",
        HEAD ",\"shards\":-1}",
        HEAD ",\"slot\":5,\"member\":\"web-1\"}",
        HEAD ",\"set\":\"8-1\",\"member\":\"web-1\"}",
        HEAD ",\"set\":\"8-1\",\"slot\":5}",
        HEAD ",\"set\":\"8-1\",\"slot\":4294967296,\"member\":\"web-1\"}",
        HEAD ",\"set\":\"8-1\",\"slot\":5,\"member\":\"a b\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sp_fleet_wish wish = {.slot = 99};
        assert_int_equal(read_text(bad[i], &wish), SPECTACLES_E_PROTO);
        assert_int_equal(wish.slot, 99); /* unchanged */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slot_goes_to_a_member),
        cmocka_unit_test(another_number_of_shards_is_wanted_or_given_up),
        cmocka_unit_test(nothing_malformed_is_believed),
    };
    return cmocka_run_group_tests_name("fleet/wish", tests, NULL, NULL);
}
