/* HTTP CONNECT: what is asked, and what becomes of every kind of answer. */
#include "proxies.h"

#include <stdio.h>

static const char url[] = "http://proxy.example:3128";
static const char url_with_credentials[] = "http://aladdin:open%20sesame@proxy.example:3128";

static sp_tunnel *asked(const char *of)
{
    sp_tunnel *tunnel = tunnel_to(of, "gateway.discord.gg", 443);
    sp_tunnel_consumed(tunnel, sp_tunnel_pending(tunnel).length);
    return tunnel;
}

static void the_request_is_that_of_the_rfc(void **state)
{
    (void)state;
    sp_tunnel *tunnel = tunnel_to(url, "gateway.discord.gg", 443);
    SAID(tunnel, "CONNECT gateway.discord.gg:443 HTTP/1.1\r\nHost: gateway.discord.gg:443\r\n\r\n");
    sp_tunnel_free(tunnel);
    tunnel = tunnel_to(url_with_credentials, "fd80::1", 5672);
    SAID(tunnel, "CONNECT [fd80::1]:5672 HTTP/1.1\r\nHost: [fd80::1]:5672\r\n"
                 "Proxy-Authorization: Basic YWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
    sp_tunnel_free(tunnel);
}

static void any_2xx_opens_the_tunnel_whatever_its_headers_say(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.0 200 Connection established\r\n\r\n",
        "HTTP/1.1 200 OK\r\nProxy-agent: tinyproxy/1.11.1\r\n\r\n",
        "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.1 204 \r\n\r\n",
        /* RFC 9110, section 9.3.6: a client ignores both */
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        sp_text why;
        size_t used;
        sp_tunnel *tunnel = asked(url);
        char bytes[256];
        int length = snprintf(bytes, sizeof bytes, "%sfrom the peer", answers[i]);
        assert_int_equal(
            sp_tunnel_feed(tunnel, (sp_slice){(const uint8_t *)bytes, (size_t)length}, &used, &why), 1);
        assert_int_equal(used, strlen(answers[i]));
        sp_tunnel_free(tunnel);
    }
}

/* url: of the proxy; needle: what the sentence has to say */
static void check_refusal(const char *of, const char *answer, int error, const char *needle)
{
    sp_text why;
    sp_tunnel *tunnel = asked(of);
    int result = hear(tunnel, answer, strlen(answer), &why);
    if (result != error || !strstr(why.chars, needle))
        fail_msg("%s: %d, %s", answer, result, why.chars);
    assert_non_null(strstr(why.chars, "the proxy proxy.example:3128 "));
    assert_null(strstr(why.chars, "sesame"));
    assert_null(strstr(why.chars, "aladdin"));
    sp_tunnel_free(tunnel);
}

static void a_refusal_is_a_sentence_that_says_what_to_do(void **state)
{
    (void)state;
    check_refusal(
        url,
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n<html>",
        SPECTACLES_E_SYS, "wants credentials (407 Proxy Authentication Required): put user:password@");
    check_refusal(url_with_credentials,
                  "HTTP/1.1 407 No\r\nproxy-authenticate: NTLM\r\nProxy-Authenticate:basic\r\n\r\n",
                  SPECTACLES_E_SYS, "refuses the credentials (407): check user and password");
    check_refusal(url_with_credentials,
                  "HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM x\r\n\r\n",
                  SPECTACLES_E_SYS,
                  "wants to know who asks by Negotiate, NTLM, and the library can do Basic only");
    /* tinyproxy answers wrong credentials so */
    check_refusal(url_with_credentials, "HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n",
                  SPECTACLES_E_SYS, "refuses the credentials (401): check user and password");
    check_refusal(
        url, "HTTP/1.0 403 Filtered\r\n\r\n", SPECTACLES_E_SYS,
        "does not allow a way to gateway.discord.gg:443 (403 Filtered): allow the host and its port");
    check_refusal(url, "HTTP/1.1 405 Method Not Allowed\r\n\r\n", SPECTACLES_E_SYS,
                  "does not do CONNECT to gateway.discord.gg:443 (405 Method Not Allowed)");
    check_refusal(url, "HTTP/1.1 502 Bad Gateway\r\n\r\n", SPECTACLES_E_SYS,
                  "finds no way to gateway.discord.gg:443 (502 Bad Gateway)");
    check_refusal(url, "HTTP/1.1 504\r\n\r\n", SPECTACLES_E_SYS,
                  "finds no way to gateway.discord.gg:443 (504)");
    check_refusal(url, "HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n", SPECTACLES_E_SYS,
                  "opens no way to gateway.discord.gg:443 (302 Found)");
}

static void what_a_proxy_says_stays_short_and_printable(void **state)
{
    (void)state;
    check_refusal(url, "HTTP/1.1 503 \033[31mred\r\n\r\n", SPECTACLES_E_SYS, "(503 ?[31mred)");
    check_refusal(
        url, "HTTP/1.1 503 0123456789012345678901234567890123456789012345678901234567890123456789\r\n\r\n",
        SPECTACLES_E_SYS, "678901234567890123456789");
}

/* It has been given it. */
static void a_proxy_that_repeats_the_password_is_not_quoted(void **state)
{
    (void)state;
    check_refusal(url_with_credentials, "HTTP/1.1 503 open sesame\r\n\r\n", SPECTACLES_E_SYS, "(503)");
    check_refusal(url_with_credentials, "HTTP/1.1 407 No\r\nProxy-Authenticate: sesame\r\n\r\n",
                  SPECTACLES_E_SYS, "refuses the credentials (407)");
}

static void what_is_no_http_is_told_at_once(void **state)
{
    (void)state;
    check_refusal(url, "\x05", SPECTACLES_E_PROTO,
                  "does not speak HTTP: check the port in its URL, and whether it is a SOCKS");
    check_refusal(url, "SSH-2.0-OpenSSH_9.2", SPECTACLES_E_PROTO, "does not speak HTTP");
    check_refusal(url, "HTTP/2 200\r\n", SPECTACLES_E_PROTO, "does not speak HTTP");
    static const char *const wrong[] = {
        "HTTP/1.1 20\r\n\r\n",
        "HTTP/1.1 2000\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.x 200 OK\r\n\r\n",
        "HTTP/1.1 999 X\r\n\r\n",
        "HTTP/1.1 099 X\r\n\r\n",
        "HTTP/1.1 200 OK\nA: b\n",
        "HTTP/1.1 200 OK\r\nA b\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\rc: d\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        check_refusal(url, wrong[i], SPECTACLES_E_PROTO, "answered CONNECT with a head that is no HTTP");
}

static void a_nul_in_a_head_is_no_end_of_anything(void **state)
{
    (void)state;
    sp_text why;
    sp_tunnel *tunnel = asked(url);
    assert_int_equal(HEAR(tunnel, "HTTP/1.1 200 OK\r\nA: \0b\r\n\r\n", &why), SPECTACLES_E_PROTO);
    sp_tunnel_free(tunnel);
}

/* Both: one head, and a row of heads that are never the last. */
static void a_head_without_end_is_given_up(void **state)
{
    static const char *const parts[] = {"X: 0123456789\r\n", "HTTP/1.1 100 Continue\r\n\r\n"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        sp_text why;
        size_t fed = 0;
        int result = 0;
        sp_tunnel *tunnel = asked(url);
        if (i == 0)
            result = HEAR(tunnel, "HTTP/1.1 200 OK\r\n", &why);
        for (; result == 0; fed += strlen(parts[i])) {
            assert_true(fed < 32 * 1024);
            result = hear(tunnel, parts[i], strlen(parts[i]), &why);
        }
        assert_int_equal(result, SPECTACLES_E_PROTO);
        assert_non_null(strstr(why.chars, "a head of more than 16 KiB"));
        sp_tunnel_free(tunnel);
    }
}

static void an_answer_before_the_request_is_written_is_refused(void **state)
{
    (void)state;
    sp_text why;
    sp_tunnel *tunnel = tunnel_to(url, "h", 1);
    sp_tunnel_consumed(tunnel, 1);
    assert_int_equal(HEAR(tunnel, "HTTP/1.1 200 OK\r\n\r\n", &why), SPECTACLES_E_PROTO);
    assert_non_null(strstr(why.chars, "answers before it was asked"));
    sp_tunnel_free(tunnel);
}

static void a_host_that_would_end_the_line_is_no_host(void **state)
{
    static const char *const hosts[] = {"", "a\r\nProxy-Authorization: x", "a b", "caf\xc3\xa9"};
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        sp_tunnel *tunnel = NULL;
        sp_proxy proxy = proxy_of(url);
        assert_int_equal(sp_tunnel_new(&tunnel, &proxy, hosts[i], 443), SPECTACLES_E_INVAL);
        assert_null(tunnel);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_is_that_of_the_rfc),
        cmocka_unit_test(any_2xx_opens_the_tunnel_whatever_its_headers_say),
        cmocka_unit_test(a_refusal_is_a_sentence_that_says_what_to_do),
        cmocka_unit_test(what_a_proxy_says_stays_short_and_printable),
        cmocka_unit_test(a_proxy_that_repeats_the_password_is_not_quoted),
        cmocka_unit_test(what_is_no_http_is_told_at_once),
        cmocka_unit_test(a_nul_in_a_head_is_no_end_of_anything),
        cmocka_unit_test(a_head_without_end_is_given_up),
        cmocka_unit_test(an_answer_before_the_request_is_written_is_refused),
        cmocka_unit_test(a_host_that_would_end_the_line_is_no_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
