#include "unit.h"

#include <limits.h>
#include <spectacles/routing.h>

static int build(uint8_t *out, size_t size, uint64_t guild_id, const char *packet)
{
    return spectacles_send_build(out, size, guild_id, (const uint8_t *)packet, strlen(packet), NULL);
}

static void a_send_is_built_verbatim(void **state)
{
    (void)state;
    static const char packet[] = "{ \"op\": 8, \"d\": {\"x\":1.50,\"y\":\"\\u00e4\\/\"} }";
    static const char expected[] = "{\"guild_id\":\"18446744073709551615\",\"packet\":"
                                   "{ \"op\": 8, \"d\": {\"x\":1.50,\"y\":\"\\u00e4\\/\"} }}";
    const int length = (int)sizeof expected - 1;
    uint8_t out[sizeof expected];
    memset(out, '#', sizeof out);
    assert_int_equal(build(NULL, 0, UINT64_MAX, packet), length);
    assert_int_equal(build(out, (size_t)length - 1, UINT64_MAX, packet), SPECTACLES_E_TOOBIG);
    assert_int_equal(out[0], '#');
    assert_int_equal(build(out, (size_t)length, UINT64_MAX, packet), length);
    assert_memory_equal(out, expected, (size_t)length);
    assert_int_equal(out[length], '#');
}

static void what_is_built_can_be_parsed(void **state)
{
    (void)state;
    static const uint64_t guilds[] = {1, 9, 10, 41771983423143937, UINT64_MAX};
    static const char packet[] = "{\"op\":8,\"d\":{}}";
    for (size_t i = 0; i < sizeof guilds / sizeof guilds[0]; i++) {
        uint8_t out[256];
        spectacles_send send;
        int length = build(out, sizeof out, guilds[i], packet);
        assert_true(length > 0);
        assert_int_equal(spectacles_send_parse(&send, out, (size_t)length, NULL), 0);
        assert_true(send.guild_id == guilds[i]);
        assert_int_equal(send.packet_length, sizeof packet - 1);
        assert_memory_equal(send.packet, packet, send.packet_length);
    }
}

static void nonsense_is_not_built(void **state)
{
    (void)state;
    static const char *const bad[] = {"",  " ",    "[]",          "null",          "\"{}\"",
                                      "{", "{}{}", "{\"op\":8,}", "\xef\xbb\xbf{}"};
    uint8_t out[256];
    assert_int_equal(build(out, sizeof out, 0, "{}"), SPECTACLES_E_INVAL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(build(out, sizeof out, 1, bad[i]), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_send_build(out, sizeof out, 1, NULL, 0, NULL), SPECTACLES_E_INVAL);
}

static void refuse(uint64_t guild_id, size_t size, const char *packet, size_t position, const char *part)
{
    uint8_t out[256];
    spectacles_problem problem = {.text = ""};
    assert_true(size <= sizeof out);
    assert_true(
        spectacles_send_build(out, size, guild_id, (const uint8_t *)packet, strlen(packet), &problem) < 0);
    assert_non_null(strstr(problem.text, part));
    assert_int_equal(problem.position, position);
}

static void what_is_not_built_is_told(void **state)
{
    (void)state;
    refuse(0, 256, "{}", 0, "guild_id");
    refuse(1, 256, "[]", 0, "no JSON object");
    refuse(1, 256, "{\"op\":x}", 6, "");
    refuse(1, 20, "{}", 0, "too small");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_send_is_built_verbatim),
        cmocka_unit_test(what_is_built_can_be_parsed),
        cmocka_unit_test(nonsense_is_not_built),
        cmocka_unit_test(what_is_not_built_is_told),
    };
    return cmocka_run_group_tests_name("routing/send", tests, NULL, NULL);
}
