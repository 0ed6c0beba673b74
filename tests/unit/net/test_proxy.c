/* URLs of proxies, and that their passwords stay secret. */
#include "heap.h"
#include "proxies.h"

#include <stdio.h>

static void check(const char *url, enum sp_proxy_protocol protocol, const char *host, uint32_t port,
                  const char *user, const char *password)
{
    sp_proxy proxy = proxy_of(url);
    assert_int_equal(proxy.protocol, protocol);
    assert_string_equal(proxy.host, host);
    assert_int_equal(proxy.port, port);
    assert_int_equal(proxy.has_credentials, user != NULL);
    assert_string_equal(proxy.user, user ? user : "");
    assert_string_equal(proxy.password, password ? password : "");
}

static void urls_as_curl_takes_them(void **state)
{
    (void)state;
    check("http://proxy.example:3128", SP_PROXY_HTTP, "proxy.example", 3128, NULL, NULL);
    check("http://proxy.example:3128/", SP_PROXY_HTTP, "proxy.example", 3128, NULL, NULL);
    check("proxy:8080", SP_PROXY_HTTP, "proxy", 8080, NULL, NULL);
    check("proxy", SP_PROXY_HTTP, "proxy", 1080, NULL, NULL);
    check("HTTP://10.0.0.1", SP_PROXY_HTTP, "10.0.0.1", 1080, NULL, NULL);
    check("socks5h://[fd80::1]:9050", SP_PROXY_SOCKS5, "fd80::1", 9050, NULL, NULL);
    check("socks5://[::1]", SP_PROXY_SOCKS5, "::1", 1080, NULL, NULL);
    check("http://user:p%40ss%3A%2F@x:1", SP_PROXY_HTTP, "x", 1, "user", "p@ss:/");
    check("user@x:1", SP_PROXY_HTTP, "x", 1, "user", "");
    check("socks5h://u:a:b@c@x:65535", SP_PROXY_SOCKS5, "x", 65535, "u", "a:b@c");
    check("http://@x:1", SP_PROXY_HTTP, "x", 1, NULL, NULL);
}

static void a_url_that_is_wrong_is_told_without_a_word_of_it(void **state)
{
    static const struct {
        const char *url;
        int error;
        const char *needle;
    } wrong[] = {
        {"https://secret:secret@x:1", SPECTACLES_E_UNSUPPORTED, "reached over TLS"},
        {"socks4://secret@x:1", SPECTACLES_E_UNSUPPORTED, "SOCKS4 are not supported"},
        {"secret://x", SPECTACLES_E_UNSUPPORTED, "begins with none of"},
        {"", SPECTACLES_E_INVAL, "names no host"},
        {"http://", SPECTACLES_E_INVAL, "names no host"},
        {"http://:3128", SPECTACLES_E_INVAL, "names no host"},
        {"http://secret@", SPECTACLES_E_INVAL, "names no host"},
        {"http://[secret", SPECTACLES_E_INVAL, "names no host"},
        {"http://[]:1", SPECTACLES_E_INVAL, "names no host"},
        {"http://[::1]secret:1", SPECTACLES_E_INVAL, "the port"},
        {"http://sec ret:1", SPECTACLES_E_INVAL, "host in the URL of the proxy is malformed"},
        {"http://secret:0", SPECTACLES_E_INVAL, "the port"},
        {"http://secret:65536", SPECTACLES_E_INVAL, "the port"},
        {"http://secret:", SPECTACLES_E_INVAL, "the port"},
        {"http://secret:12x", SPECTACLES_E_INVAL, "the port"},
        {"http://user:sec/ret@x:1", SPECTACLES_E_INVAL, "something behind its host and port"},
        {"http://user:sec#ret@x:1", SPECTACLES_E_INVAL, "something behind its host and port"},
        {"http://x:1/secret", SPECTACLES_E_INVAL, "something behind its host and port"},
        {"http://user:secret%@x", SPECTACLES_E_INVAL, "the password"},
        {"http://sec%0aret:x@x", SPECTACLES_E_INVAL, "the user"},
        {"http://sec%3aret:x@x", SPECTACLES_E_INVAL, "a colon, which Basic cannot carry"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        sp_proxy proxy;
        spectacles_problem problem = {0};
        int error = sp_proxy_parse(&proxy, wrong[i].url, &problem);
        if (error != wrong[i].error || !strstr(problem.text, wrong[i].needle))
            fail_msg("%s: %d, %s", wrong[i].url, error, problem.text);
        assert_null(strstr(problem.text, "secret"));
        assert_int_equal(sp_proxy_parse(&proxy, wrong[i].url, NULL), error);
    }
}

static void check_long(size_t user, size_t password, size_t host, int error)
{
    char url[2000];
    sp_proxy proxy;
    int length =
        snprintf(url, sizeof url, "http://%0*d:%0*d@%0*d:1", (int)user, 1, (int)password, 1, (int)host, 1);
    assert_true(length > 0 && (size_t)length < sizeof url);
    assert_int_equal(sp_proxy_parse(&proxy, url, NULL), error);
}

static void texts_of_255_bytes_fit(void **state)
{
    (void)state;
    check_long(255, 255, 255, SPECTACLES_OK);
    check_long(256, 255, 255, SPECTACLES_E_INVAL);
    check_long(255, 256, 255, SPECTACLES_E_INVAL);
    check_long(255, 255, 256, SPECTACLES_E_INVAL);
}

static void a_description_has_no_credentials(void **state)
{
    char out[300];
    spectacles_problem problem;
    (void)state;
    assert_int_equal(spectacles_proxy_describe(out, sizeof out, "u:secret@x:1", NULL), 10);
    assert_string_equal(out, "http://x:1");
    assert_int_equal(spectacles_proxy_describe(out, sizeof out, "SOCKS5://u:secret@[::1]", NULL), 20);
    assert_string_equal(out, "socks5h://[::1]:1080");
    assert_int_equal(spectacles_proxy_describe(out, 20, "SOCKS5://u:secret@[::1]", &problem),
                     SPECTACLES_E_TOOBIG);
    assert_string_equal(out, "");
    assert_int_equal(spectacles_proxy_describe(out, sizeof out, "https://x", &problem),
                     SPECTACLES_E_UNSUPPORTED);
    assert_string_equal(out, "");
}

/* The talk up to its last message, and what is left on the heap of the password, plain or in base64. */
static void check_secret(const char *url, const char *secret, const char *method)
{
    sp_text why;
    sp_tunnel *tunnel = NULL;
    sp_proxy proxy = proxy_of(url);
    heap_watch(secret);
    assert_int_equal(sp_tunnel_new(&tunnel, &proxy, "peer", 1), SPECTACLES_OK);
    assert_int_equal(heap_copies(NULL), 1);
    if (method) {
        sp_tunnel_consumed(tunnel, sp_tunnel_pending(tunnel).length);
        assert_int_equal(hear(tunnel, method, 2, &why), 0);
        assert_int_equal(heap_copies(NULL), 1);
        sp_tunnel_consumed(tunnel, sp_tunnel_pending(tunnel).length);
        assert_int_equal(HEAR(tunnel, "\1\0", &why), 0);
        assert_int_equal(heap_copies(NULL), 0);
    }
    sp_tunnel_free(tunnel);
    assert_int_equal(heap_copies(NULL), 0);
    assert_int_equal(heap_left_behind(), 0);
}

static void nothing_of_a_password_is_left_behind(void **state)
{
    (void)state;
    check_secret("http://aladdin:open%20sesame@x", "YWxhZGRpbjpvcGVuIHNlc2FtZQ==", NULL);
    check_secret("socks5h://aladdin:open%20sesame@x", "open sesame", NULL);
    check_secret("socks5h://aladdin:open%20sesame@x", "open sesame", "\5\2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_as_curl_takes_them),
        cmocka_unit_test(a_url_that_is_wrong_is_told_without_a_word_of_it),
        cmocka_unit_test(texts_of_255_bytes_fit),
        cmocka_unit_test(a_description_has_no_credentials),
        cmocka_unit_test(nothing_of_a_password_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
