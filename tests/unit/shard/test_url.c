#include "shard/url.h"
#include "unit.h"

#include <spectacles/types.h>

static sp_url parse(const char *text)
{
    sp_url url;
    const char *why = NULL;
    if (sp_url_parse(&url, text, &why) != SPECTACLES_OK)
        fail_msg("%s: %s", text, why);
    return url;
}

static void urls_are_taken_apart(void **state)
{
    static const struct {
        const char *text, *host;
        uint32_t port;
        int tls;
    } table[] = {
        {"wss://gateway.discord.gg", "gateway.discord.gg", 443, 1},
        {"wss://gateway.discord.gg/", "gateway.discord.gg", 443, 1},
        {"wss://gateway.discord.gg/?v=9&encoding=etf", "gateway.discord.gg", 443, 1},
        {"wss://gateway.discord.gg?v=9", "gateway.discord.gg", 443, 1},
        {"WSS://gateway.discord.gg:8443/#x", "gateway.discord.gg", 8443, 1},
        {"ws://[2001:db8::1]:80", "2001:db8::1", 80, 0},
        {"ws://localhost", "localhost", 80, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sp_url url = parse(table[i].text);
        assert_string_equal(url.host, table[i].host);
        assert_int_equal(url.port, table[i].port);
        assert_int_equal(url.tls, table[i].tls);
    }
}

static void what_is_no_url_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",           "gateway.discord.gg", "https://discord.gg", "wss://",       "wss:///",
        "wss://:443", "wss://a b",          "wss://a@b",          "wss://a:0",    "wss://a:65536",
        "wss://a:1x", "wss://a:",           "wss://[::1",         "wss://[::1]x", "wss://[]",
        "wss://[g]",  "wss://a\r\nb",       "wss://.a",           "wss://a.",     "wss://a..b"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        sp_url url;
        const char *why = NULL;
        if (sp_url_parse(&url, wrong[i], &why) == SPECTACLES_OK)
            fail_msg("%s was taken", wrong[i]);
        assert_non_null(why);
    }
    char longest[300] = "wss://";
    memset(longest + 6, 'a', 254);
    sp_url url;
    const char *why;
    assert_int_equal(sp_url_parse(&url, longest, &why), SPECTACLES_E_INVAL);
    longest[6 + 253] = '\0';
    assert_int_equal(sp_url_parse(&url, longest, &why), SPECTACLES_OK);
}

/* The token goes there: on the safe side in doubt. */
static void a_resume_is_followed_within_the_own_domain(void **state)
{
    static const struct {
        const char *base, *resume;
        int trusted;
    } table[] = {
        {"wss://gateway.discord.gg", "wss://gateway-us-east1-b.discord.gg", 1},
        {"wss://gateway.discord.gg", "wss://GATEWAY-2.Discord.GG:8443", 1},
        {"wss://gateway.discord.gg", "wss://discord.gg", 1},
        {"wss://gateway.discord.gg", "wss://a.b.discord.gg", 1},
        {"wss://gateway.discord.gg", "ws://gateway.discord.gg", 0},
        {"wss://gateway.discord.gg", "wss://evildiscord.gg", 0},
        {"wss://gateway.discord.gg", "wss://discord.gg.evil.example", 0},
        {"wss://gateway.discord.gg", "wss://evil.gg", 0},
        {"wss://gateway.discord.gg", "wss://gg", 0},
        {"wss://gateway.discord.gg", "wss://127.0.0.1", 0},
        {"wss://gateway.discord.gg", "wss://[::1]", 0},
        {"wss://gateway.bot.co.uk", "wss://other.bot.co.uk", 1},
        {"wss://gateway.bot.co.uk", "wss://evil.co.uk", 0},
        {"wss://bot.co.uk", "wss://evil.co.uk", 0},
        {"wss://bot.co.uk", "wss://resume.bot.co.uk", 1},
        {"wss://gateway.bot.com.br", "wss://evil.com.br", 0},
        {"wss://localhost:4000", "wss://localhost:5000", 1},
        {"wss://localhost", "wss://other", 0},
        {"wss://localhost", "wss://a.localhost", 0},
        {"wss://10.0.0.1", "wss://10.0.0.1:99", 1},
        {"wss://10.0.0.1", "wss://9.0.0.1", 0},
        {"wss://10.0.0.1", "wss://evil.0.1", 0},
        {"ws://127.0.0.1", "ws://127.0.0.1", 1},
        {"ws://127.0.0.1", "wss://127.0.0.1", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        sp_url base = parse(table[i].base);
        sp_url resume = parse(table[i].resume);
        if (sp_url_trusts(&base, &resume) != table[i].trusted)
            fail_msg("%s -> %s", table[i].base, table[i].resume);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_taken_apart),
        cmocka_unit_test(what_is_no_url_is_refused),
        cmocka_unit_test(a_resume_is_followed_within_the_own_domain),
    };
    return cmocka_run_group_tests_name("shard/url", tests, NULL, NULL);
}
