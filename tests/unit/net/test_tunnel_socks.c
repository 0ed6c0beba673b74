/* SOCKS5: what is said, and what becomes of every kind of answer. */
#include "proxies.h"

static const char url[] = "socks5h://proxy.example";
static const char url_with_credentials[] = "socks5h://aladdin:sesame@proxy.example";

static void a_name_is_for_the_proxy_to_look_up(void **state)
{
    (void)state;
    sp_text why;
    sp_tunnel *tunnel = tunnel_to(url, "gateway.discord.gg", 443);
    SAID(tunnel, "\5\1\0");
    assert_int_equal(HEAR(tunnel, "\5\0", &why), 0);
    SAID(tunnel, "\5\1\0\3\22gateway.discord.gg\1\273");
    assert_int_equal(HEAR(tunnel, "\5\0\0\1\12\0\0\1\237\100", &why), 1);
    assert_int_equal(sp_tunnel_pending(tunnel).length, 0);
    sp_tunnel_free(tunnel);
}

static void a_numeric_address_goes_as_that(void **state)
{
    (void)state;
    sp_text why;
    sp_tunnel *tunnel = tunnel_to(url, "10.1.2.3", 5672);
    SAID(tunnel, "\5\1\0");
    assert_int_equal(HEAR(tunnel, "\5\0", &why), 0);
    SAID(tunnel, "\5\1\0\1\12\1\2\3\26\50");
    sp_tunnel_free(tunnel);
    tunnel = tunnel_to(url, "fd80::1", 5672);
    SAID(tunnel, "\5\1\0");
    assert_int_equal(HEAR(tunnel, "\5\0", &why), 0);
    SAID(tunnel, "\5\1\0\4\375\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1\26\50");
    sp_tunnel_free(tunnel);
}

static void credentials_are_sent_when_they_are_asked_for(void **state)
{
    (void)state;
    sp_text why;
    sp_tunnel *tunnel = tunnel_to(url_with_credentials, "h", 1);
    SAID(tunnel, "\5\2\0\2");
    assert_int_equal(HEAR(tunnel, "\5\2", &why), 0);
    SAID(tunnel, "\1\7aladdin\6sesame");
    assert_int_equal(HEAR(tunnel, "\1\0", &why), 0);
    SAID(tunnel, "\5\1\0\3\1h\0\1");
    assert_int_equal(HEAR(tunnel, "\5\0\0\3\2hi\0\1", &why), 1);
    sp_tunnel_free(tunnel);
    tunnel = tunnel_to(url_with_credentials, "h", 1);
    SAID(tunnel, "\5\2\0\2");
    assert_int_equal(HEAR(tunnel, "\5\0", &why), 0);
    SAID(tunnel, "\5\1\0\3\1h\0\1");
    sp_tunnel_free(tunnel);
}

/* What follows the reply, of each type of address, is the peer's. */
static void a_reply_ends_where_its_address_ends(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
    } replies[] = {{"\5\0\0\1\0\0\0\0\0\0!", 10},
                   {"\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0!", 22},
                   {"\5\0\0\3\0\0\0!", 7},
                   {"\5\0\0\3\4host\0\0!", 11}};
    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        sp_text why;
        size_t used;
        sp_tunnel *tunnel = tunnel_to(url, "h", 1);
        SAID(tunnel, "\5\1\0");
        assert_int_equal(HEAR(tunnel, "\5\0", &why), 0);
        SAID(tunnel, "\5\1\0\3\1h\0\1");
        sp_slice bytes = {(const uint8_t *)replies[i].bytes, replies[i].length + 1};
        assert_int_equal(sp_tunnel_feed(tunnel, bytes, &used, &why), 1);
        assert_int_equal(used, replies[i].length);
        sp_tunnel_free(tunnel);
    }
}

static void check_code(uint8_t code, const char *needle)
{
    sp_text why;
    uint8_t reply[] = {5, code};
    sp_tunnel *tunnel = tunnel_to(url, "gateway.discord.gg", 443);
    SAID(tunnel, "\5\1\0");
    assert_int_equal(HEAR(tunnel, "\5\0", &why), 0);
    sp_tunnel_consumed(tunnel, sp_tunnel_pending(tunnel).length);
    assert_int_equal(hear(tunnel, reply, 2, &why), SPECTACLES_E_SYS);
    if (!strstr(why.chars, needle))
        fail_msg("%u: %s", (unsigned)code, why.chars);
    assert_non_null(strstr(
        why.chars, "the proxy proxy.example:1080 opens no way to gateway.discord.gg:443 (SOCKS code "));
    sp_tunnel_free(tunnel);
}

static void each_code_is_a_sentence(void **state)
{
    (void)state;
    check_code(1, "(SOCKS code 1): a general failure");
    check_code(2, "its rules do not allow it: allow the host and its port there");
    check_code(3, "it does not reach that network");
    check_code(4, "it does not reach the host, or cannot resolve its name");
    check_code(5, "the peer refuses the connection");
    check_code(6, "the peer does not answer it in time");
    check_code(7, "it does not do CONNECT");
    check_code(8, "it does not do this type of address");
    check_code(9, "(SOCKS code 9): a code that RFC 1928 does not have");
    check_code(255, "a code that RFC 1928 does not have");
}

/* The answers are fed one after the other, each when what was said before is written. */
static void check_refusal(const char *of, const char *const *answers, const size_t *lengths, int error,
                          const char *needle)
{
    sp_text why;
    int result = 0;
    sp_tunnel *tunnel = tunnel_to(of, "h", 1);
    for (size_t i = 0; answers[i]; i++) {
        assert_int_equal(result, 0);
        sp_tunnel_consumed(tunnel, sp_tunnel_pending(tunnel).length);
        result = hear(tunnel, answers[i], lengths[i], &why);
    }
    if (result != error || !strstr(why.chars, needle))
        fail_msg("%d, %s, but not: %s", result, why.chars, needle);
    assert_null(strstr(why.chars, "sesame"));
    sp_tunnel_free(tunnel);
}

#define REFUSAL(of, error, needle, ...)                                                                      \
    check_refusal(of, (const char *const[]){__VA_ARGS__, NULL}, (const size_t[]){2, 2, 5}, error, needle)

static void who_is_not_let_in_hears_why(void **state)
{
    (void)state;
    REFUSAL(url, SPECTACLES_E_SYS, "wants credentials (RFC 1928, method 255): put user:password@", "\5\377");
    REFUSAL(url_with_credentials, SPECTACLES_E_SYS, "takes neither user and password nor anybody without",
            "\5\377");
    REFUSAL(url_with_credentials, SPECTACLES_E_SYS,
            "refuses the credentials (RFC 1929, status 1): check user and password", "\5\2", "\1\1");
}

static void what_is_no_socks_is_told(void **state)
{
    (void)state;
    REFUSAL(url, SPECTACLES_E_PROTO, "speaks HTTP and not SOCKS5: its URL begins with http:// then", "HT");
    REFUSAL(url, SPECTACLES_E_PROTO, "does not speak SOCKS5", "\4\132");
    REFUSAL(url, SPECTACLES_E_PROTO, "that was not offered (method 2)", "\5\2");
    REFUSAL(url, SPECTACLES_E_PROTO, "that was not offered (method 1)", "\5\1");
    REFUSAL(url_with_credentials, SPECTACLES_E_PROTO, "does not speak SOCKS5", "\5\2", "\5\0");
    REFUSAL(url, SPECTACLES_E_PROTO, "does not speak SOCKS5", "\5\0", "\1\0");
    REFUSAL(url_with_credentials, SPECTACLES_E_PROTO, "an address that is no SOCKS5", "\5\2", "\1\0",
            "\5\0\0\2\0");
}

static void a_proxy_that_does_not_wait_is_refused(void **state)
{
    (void)state;
    sp_text why;
    sp_tunnel *tunnel = tunnel_to(url, "h", 1);
    assert_int_equal(HEAR(tunnel, "\5\0", &why), SPECTACLES_E_PROTO);
    assert_non_null(strstr(why.chars, "answers before it was asked"));
    sp_tunnel_free(tunnel);
    tunnel = tunnel_to(url, "h", 1);
    SAID(tunnel, "\5\1\0");
    assert_int_equal(HEAR(tunnel, "\5\0\5\0\0\1\0\0\0\0\0\0", &why), SPECTACLES_E_PROTO);
    sp_tunnel_free(tunnel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_for_the_proxy_to_look_up),
        cmocka_unit_test(a_numeric_address_goes_as_that),
        cmocka_unit_test(credentials_are_sent_when_they_are_asked_for),
        cmocka_unit_test(a_reply_ends_where_its_address_ends),
        cmocka_unit_test(each_code_is_a_sentence),
        cmocka_unit_test(who_is_not_let_in_hears_why),
        cmocka_unit_test(what_is_no_socks_is_told),
        cmocka_unit_test(a_proxy_that_does_not_wait_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
