/* The bytes of a record: what is written is read again, and of everything else it is said what is wrong with it. */
#include "records.h"
#include "unit.h"

#include <stdio.h>

#define HEAD "{\"v\":1,\"bot\":\"3c469e9d6c5875d37a43f353d4f88e61\",\"set\":\"1000-1\",\"slot\":3,"
#define TERM "\"version\":[12,345],\"state\":\"owned\",\"owner\":\"web-1\",\"nonce\":\"00ff\",\"time\":null,"
#define SHARD                                                                                                \
    "\"shard\":[3,1000],\"session\":\"s\",\"url\":\"\",\"seq\":17,\"encoding\":\"json\",\"time\":null,"

static int read_text(const char *text, sp_fleet_record *out, spectacles_problem *problem)
{
    sp_slice bytes = {(const uint8_t *)text, strlen(text)};
    return sp_fleet_record_read(bytes, &place_three, out, problem);
}

static void a_record_is_read_again(void **state)
{
    static const char text[] =
        HEAD TERM "\"shards\":[{\"since\":[12,300]," SHARD "\"gaps\":[]}],\"control\":{\"a\":[1]}}";
    sp_fleet_record record;
    sp_buffer out = {0};
    (void)state;
    assert_int_equal(read_text(text, &record, NULL), SPECTACLES_OK);
    assert_int_equal(record.kind, SP_FLEET_OWNED);
    assert_int_equal(record.version.epoch, 12);
    assert_int_equal(record.version.write, 345);
    assert_string_equal(record.owner, "web-1");
    assert_string_equal(record.nonce, "00ff");
    assert_int_equal(record.content.count, 1);
    assert_int_equal(record.content.shards[0].since.write, 300);
    assert_int_equal(record.content.shards[0].record->seq, 17);
    assert_string_equal(record.content.control, "{\"a\":[1]}");
    assert_int_equal(sp_fleet_record_write(&record, &place_three, &out), SPECTACLES_OK);
    assert_int_equal(sp_buffer_length(&out), sizeof text - 1);
    assert_memory_equal(sp_buffer_slice(&out).bytes, text, sizeof text - 1);
    sp_buffer_free(&out);
    sp_fleet_record_free(&record);
}

static void a_claim_says_nothing_of_the_content(void **state)
{
    sp_fleet_record record = {
        .kind = SP_FLEET_CLAIM, .version = {13, 0}, .owner = "web-2", .nonce = "a", .time = 5};
    sp_fleet_record again;
    sp_buffer out = {0};
    (void)state;
    content_add(&record.content, 3, "s", 1, 1, 1);
    assert_int_equal(sp_fleet_record_write(&record, &place_three, &out), SPECTACLES_OK);
    assert_int_equal(sp_fleet_record_read(sp_buffer_slice(&out), &place_three, &again, NULL), SPECTACLES_OK);
    assert_int_equal(again.kind, SP_FLEET_CLAIM);
    assert_int_equal(again.time, 5);
    assert_int_equal(again.content.count, 0);
    sp_buffer_free(&out);
    sp_fleet_record_free(&record);
}

static const struct {
    const char *text;
    int error;
    const char *why;
} bad[] = {
    {"", SPECTACLES_E_PROTO, "no JSON object"},
    {"[1]", SPECTACLES_E_PROTO, "no JSON object"},
    {"{}", SPECTACLES_E_PROTO, "has no version"},
    {"{\"v\":2,\"anything\":1}", SPECTACLES_E_UNSUPPORTED, "later version"},
    {"{\"v\":1}", SPECTACLES_E_PROTO, "of which bot"},
    {"{\"v\":1,\"bot\":\"0\"}", SPECTACLES_E_AUTH, "another bot"},
    {"{\"v\":1,\"bot\":\"3c469e9d6c5875d37a43f353d4f88e61\",\"set\":\"1000-2\",\"slot\":3}",
     SPECTACLES_E_PROTO, "another slot"},
    {"{\"v\":1,\"bot\":\"3c469e9d6c5875d37a43f353d4f88e61\",\"set\":\"1000-1\",\"slot\":4}",
     SPECTACLES_E_PROTO, "another slot"},
    {HEAD "\"version\":[1]}", SPECTACLES_E_PROTO, "head of the record"},
    {HEAD "\"version\":[1,-1]}", SPECTACLES_E_PROTO, "head of the record"},
    {HEAD "\"version\":[1,2,3]}", SPECTACLES_E_PROTO, "head of the record"},
    {HEAD "\"version\":[1,2],\"state\":\"lost\"}", SPECTACLES_E_PROTO, "head of the record"},
    {HEAD "\"version\":[1,2],\"state\":\"owned\",\"owner\":\"a b\",\"nonce\":\"\",\"time\":0}",
     SPECTACLES_E_PROTO, "head of the record"},
    {HEAD TERM "\"shards\":{}}", SPECTACLES_E_PROTO, "shards of the record"},
    {HEAD TERM "\"shards\":[1]}", SPECTACLES_E_PROTO, "since when"},
    {HEAD TERM "\"shards\":[{\"since\":[12,3]," SHARD "\"gaps\":[1]}],\"control\":null}", SPECTACLES_E_PROTO,
     "a gap in it"},
    {HEAD TERM "\"shards\":[{\"since\":[12,3],\"shard\":[3,3]}],\"control\":null}", SPECTACLES_E_PROTO,
     "shard of a record"},
    {HEAD TERM "\"shards\":[{\"since\":[12,3]," SHARD "\"gaps\":[]},{\"since\":[12,3]," SHARD
               "\"gaps\":[]}],\"control\":null}",
     SPECTACLES_E_PROTO, "a shard twice"},
    {HEAD TERM "\"shards\":[]}", SPECTACLES_E_PROTO, "control of the record is missing"},
    {HEAD TERM "\"shards\":[],\"control\":1}", SPECTACLES_E_PROTO, "control of the record is no object"},
};

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sp_fleet_record record;
        spectacles_problem problem = {0};
        assert_int_equal(read_text(bad[i].text, &record, &problem), bad[i].error);
        assert_non_null(strstr(problem.text, bad[i].why));
    }
}

static void a_large_record_is_refused_unread(void **state)
{
    sp_fleet_record record;
    sp_slice bytes = {(const uint8_t *)"", SP_FLEET_RECORD_MAX + 1};
    (void)state;
    assert_int_equal(sp_fleet_record_read(bytes, &place_three, &record, NULL), SPECTACLES_E_TOOBIG);
}

/* Of the length that Discord's ids and URLs have. */
static void sixteen_shards_take_four_kilobytes(void **state)
{
    sp_fleet_record record = {.kind = SP_FLEET_OWNED,
                              .version = {120, 1234567},
                              .owner = "gateway-production-7c9f8d6b5c-x2x4z",
                              .nonce = "0123456789abcdef",
                              .time = 1767225600000};
    sp_buffer out = {0};
    (void)state;
    for (uint32_t i = 0; i < 16; i++) {
        char session[33];
        snprintf(session, sizeof session, "%032u", i);
        content_add(&record.content, 3 + 62 * i, session, 123456789, 120, 1234567);
    }
    assert_int_equal(sp_fleet_record_write(&record, &place_three, &out), SPECTACLES_OK);
    assert_in_range(sp_buffer_length(&out), 2000, 4096);
    sp_buffer_free(&out);
    sp_fleet_record_free(&record);
}

static void names_of_members_are_plain(void **state)
{
    char longest[SP_FLEET_MEMBER_MAX + 2];
    (void)state;
    memset(longest, 'a', sizeof longest);
    longest[SP_FLEET_MEMBER_MAX + 1] = '\0';
    assert_false(sp_fleet_member_is_valid(longest));
    longest[SP_FLEET_MEMBER_MAX] = '\0';
    assert_true(sp_fleet_member_is_valid(longest));
    assert_false(sp_fleet_member_is_valid(""));
    assert_false(sp_fleet_member_is_valid("a b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_read_again),
        cmocka_unit_test(a_claim_says_nothing_of_the_content),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_large_record_is_refused_unread),
        cmocka_unit_test(sixteen_shards_take_four_kilobytes),
        cmocka_unit_test(names_of_members_are_plain),
    };
    return cmocka_run_group_tests_name("fleet/record", tests, NULL, NULL);
}
