/* What Discord, or a proxy in its place, answers to GET /gateway/bot. */
#include "unit.h"

#include <spectacles/gateway_bot.h>
#include <stdio.h>

static spectacles_gateway_bot read_answer(uint32_t status, const char *retry_after, const char *body)
{
    spectacles_gateway_bot out = {.size = sizeof out};
    size_t retry_after_length = retry_after ? strlen(retry_after) : 0;
    assert_int_equal(spectacles_gateway_bot_read(&out, status, retry_after, retry_after_length,
                                                 (const uint8_t *)body, strlen(body)),
                     SPECTACLES_OK);
    assert_int_equal(out.size, sizeof out);
    assert_int_equal(out.text[0] == '\0', out.verdict == SPECTACLES_GATEWAY_BOT_FINE);
    return out;
}

static void an_answer_of_discord_is_read(void **state)
{
    (void)state;
    spectacles_gateway_bot out = read_answer(
        200, NULL,
        " {\"url\": \"wss://gateway.discord.gg\", \"shards\": 9, \"session_start_limit\": {\"total\": 1000, "
        "\"remaining\": 999, \"reset_after\": 14400000, \"max_concurrency\": 16}, \"new\": [1]}\n");
    assert_int_equal(out.verdict, SPECTACLES_GATEWAY_BOT_FINE);
    assert_string_equal(out.url, "wss://gateway.discord.gg");
    assert_int_equal(out.shard_count, 9);
    assert_int_equal(out.max_concurrency, 16);
    assert_int_equal(out.total, 1000);
    assert_int_equal(out.remaining, 999);
    assert_int_equal(out.reset_after, 14400000);
    assert_int_equal(out.wait, 0);
}

#define BOT "{\"url\":\"wss://gateway.discord.gg\",\"shards\":"

/* The number decides how much is allocated: 10^9 of them had the process killed for its memory, 0 ended it. */
static void a_number_of_shards_is_believed_up_to_65536(void **state)
{
    static const struct {
        const char *shards;
        int fine;
    } table[] = {{"1", 1},   {"65536", 1},  {"65537", 0}, {"1000000000", 0}, {"18446744073709551616", 0},
                 {"0", 0},   {"-1", 0},     {"1.5", 0},   {"\"2\"", 0},      {"null", 0},
                 {"1e3", 0}, {"[1,2,3]", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char body[200];
        snprintf(body, sizeof body, BOT "%s}", table[i].shards);
        spectacles_gateway_bot out = read_answer(200, NULL, body);
        assert_int_equal(out.verdict,
                         table[i].fine ? SPECTACLES_GATEWAY_BOT_FINE : SPECTACLES_GATEWAY_BOT_AGAIN);
        if (table[i].fine)
            continue;
        assert_non_null(strstr(out.text, "\"shards\" is not a number from 1 to 65536"));
        assert_int_equal(out.shard_count, 0);
        assert_string_equal(out.url, "");
    }
}

static void nonsense_is_asked_for_again(void **state)
{
    static const struct {
        const char *body, *why;
    } table[] = {
        {"", "not a JSON object"},
        {"[]", "not a JSON object"},
        {"<html>hello</html>", "not a JSON object: <html>hello"},
        {"{\"shards\":1}", "\"url\" is missing"},
        {"{\"url\":1,\"shards\":1}", "\"url\" is missing"},
        {"{\"url\":\"\",\"shards\":1}", "\"url\" is missing"},
        {"{\"url\":\"https://discord.com\",\"shards\":1}", "not the address of a gateway"},
        {"{\"url\":\"wss://\",\"shards\":1}", "not the address of a gateway"},
        {"{\"url\":\"wss://a b\",\"shards\":1}", "not the address of a gateway"},
        {"{\"url\":\"wss://discord.gg/\\n\",\"shards\":1}", "not the address of a gateway"},
        {"{\"url\":\"wss://discord.gg\"}", "\"shards\" is not"},
        {"{\"url\":\"wss://a.b\",\"url\":\"wss://a.b\",\"shards\":1}", "\"url\" is missing"},
        {BOT "1,\"session_start_limit\":[]}", "is not an object"},
        {BOT "1,\"session_start_limit\":{\"total\":\"x\"}}", "that is no number"},
        {BOT "1,\"session_start_limit\":{\"remaining\":-1}}", "that is no number"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        spectacles_gateway_bot out = read_answer(200, NULL, table[i].body);
        assert_int_equal(out.verdict, SPECTACLES_GATEWAY_BOT_AGAIN);
        if (!strstr(out.text, table[i].why))
            fail_msg("%s: %s", table[i].body, out.text);
    }
}

static void limits_are_brought_into_their_range(void **state)
{
    (void)state;
    spectacles_gateway_bot out =
        read_answer(200, NULL,
                    BOT "1,\"session_start_limit\":{\"total\":0,\"remaining\":5000000000,\"reset_after\":"
                        "18446744073709551615,\"max_concurrency\":4294967296}}");
    assert_int_equal(out.verdict, SPECTACLES_GATEWAY_BOT_FINE);
    assert_int_equal(out.max_concurrency, 65536);
    assert_int_equal(out.total, 1);
    assert_int_equal(out.remaining, 1);
    assert_int_equal(out.reset_after, 86400000);
    out = read_answer(200, NULL, BOT "1}");
    assert_int_equal(out.max_concurrency, 1);
    assert_int_equal(out.total, 1000);
    assert_int_equal(out.remaining, 1000);
}

/* "The token is not valid" ended the daemon when a proxy had said no. */
static void only_discord_itself_can_refuse_the_token(void **state)
{
    static const struct {
        uint32_t status;
        const char *body;
        int token;
    } table[] = {
        {401, "{\"message\": \"401: Unauthorized\", \"code\": 0}", 1},
        {401, "", 1},
        {403, "{\"message\": \"Missing Access\", \"code\": 50001}", 1},
        {403, "<!DOCTYPE html><title>Access denied | error 1020</title>", 0},
        {403, "error code: 1020", 0},
        {403, "", 0},
        {403, "{\"message\": \"no\"}", 0},
        {403, "{\"code\": 1020}", 0},
        {403, "{\"message\": \"internal network error\", \"code\": 40333}", 0},
        {404, "{\"message\": \"404: Not Found\", \"code\": 0}", 0},
        {407, "proxy", 0},
        {500, "{\"message\": \"500: Internal Server Error\", \"code\": 0}", 0},
        {0, "", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        spectacles_gateway_bot out = read_answer(table[i].status, NULL, table[i].body);
        if (out.verdict != (table[i].token ? (uint32_t)SPECTACLES_GATEWAY_BOT_TOKEN
                                           : (uint32_t)SPECTACLES_GATEWAY_BOT_AGAIN))
            fail_msg("%u %s: %s", (unsigned)table[i].status, table[i].body,
                     spectacles_gateway_bot_verdict_name(out.verdict));
        assert_int_equal(strstr(out.text, "token") != NULL, table[i].token);
        if (!table[i].token)
            assert_non_null(strstr(out.text, table[i].body));
    }
}

static void what_a_proxy_says_is_shown_and_tamed(void **state)
{
    char body[4000];
    (void)state;
    spectacles_gateway_bot out =
        read_answer(403, NULL, "<!DOCTYPE html><title>Access denied | error 1020</title>");
    assert_string_equal(out.text, "status 403: <!DOCTYPE html><title>Access denied | error 1020</title>");
    out = read_answer(502, NULL, "a\x1b[31m\r\nb\xe2\x80\xae\xff");
    assert_string_equal(out.text, "status 502: a?[31m?\?b?\?");
    memset(body, 'x', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    out = read_answer(502, NULL, body);
    assert_true(strlen(out.text) < 160);
}

static void the_wait_that_is_asked_for_is_kept(void **state)
{
    static const struct {
        uint32_t status;
        const char *retry_after, *body;
        uint64_t wait;
        uint32_t global;
    } table[] = {
        {429, "82721", "error code: 1015", 82721000, 0},
        {429, NULL,
         "{\"message\": \"You are being rate limited.\", \"retry_after\": 64.57, \"global\": true}", 64570,
         1},
        {429, "65", "{\"message\": \"x\", \"retry_after\": 64.57, \"global\": false}", 65000, 0},
        {429, "1", "{\"retry_after\": 0.0005}", 1000, 0},
        {429, NULL, "{\"retry_after\": 0.0005}", 1, 0},
        {429, NULL, "", 30000, 0},
        {429, "Fri, 31 Dec 2027 23:59:59 GMT", "", 30000, 0},
        {429, "99999999999999999999", "", 86400000, 0},
        {429, "-1", "{\"retry_after\": \"5\"}", 30000, 0},
        {503, "120", "", 120000, 0},
        {403, "5", "error code: 1020", 5000, 0},
        {500, NULL, "", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        spectacles_gateway_bot out = read_answer(table[i].status, table[i].retry_after, table[i].body);
        assert_int_equal(out.verdict, SPECTACLES_GATEWAY_BOT_AGAIN);
        if (out.wait != table[i].wait || out.global != table[i].global)
            fail_msg("row %zu: %llu", i, (unsigned long long)out.wait);
    }
}

/* An HTTP client gives a slice of the head that it received: what follows the slice is not part of the value. */
static void retry_after_ends_where_its_length_says(void **state)
{
    (void)state;
    const char head[] = "65000\r\nServer: x";
    spectacles_gateway_bot out = {.size = sizeof out};
    assert_int_equal(spectacles_gateway_bot_read(&out, 429, head, 2, NULL, 0), SPECTACLES_OK);
    assert_int_equal(out.wait, 65000);
}

/* Of an older header, which ends in front of what came later; and one that is none. */
static void no_more_is_written_than_there_is_room_for(void **state)
{
    struct {
        spectacles_gateway_bot out;
        char behind;
    } small;
    (void)state;
    memset(&small, 0x5a, sizeof small);
    small.out.size = (uint32_t)offsetof(spectacles_gateway_bot, url);
    assert_int_equal(
        spectacles_gateway_bot_read(&small.out, 200, NULL, 0, (const uint8_t *)BOT "3}", strlen(BOT "3}")),
        SPECTACLES_OK);
    assert_int_equal(small.out.shard_count, 3);
    assert_int_equal(small.out.url[0], 0x5a);
    small.out.size = 0;
    assert_int_equal(spectacles_gateway_bot_read(&small.out, 200, NULL, 0, NULL, 0), SPECTACLES_E_INVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_of_discord_is_read),
        cmocka_unit_test(a_number_of_shards_is_believed_up_to_65536),
        cmocka_unit_test(nonsense_is_asked_for_again),
        cmocka_unit_test(limits_are_brought_into_their_range),
        cmocka_unit_test(only_discord_itself_can_refuse_the_token),
        cmocka_unit_test(what_a_proxy_says_is_shown_and_tamed),
        cmocka_unit_test(the_wait_that_is_asked_for_is_kept),
        cmocka_unit_test(retry_after_ends_where_its_length_says),
        cmocka_unit_test(no_more_is_written_than_there_is_room_for),
    };
    return cmocka_run_group_tests_name("shard/gateway_bot", tests, NULL, NULL);
}
