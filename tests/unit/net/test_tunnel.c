/* Both protocols: however the bytes of a proxy are cut, and whichever allocation fails, the result is the same. */
#include "failing.h"
#include "proxies.h"

/* A whole talk: what the proxy says at each turn. */
typedef struct talk {
    const char *url;
    sp_slice answers[4];
    int result;
} talk;

#define ANSWER(text)                                                                                         \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }

static const talk talks[] = {
    {"http://u:p@x:1", {ANSWER("HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n")}, 1},
    {"http://x:1", {ANSWER("HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\nA: b\r\n\r\n")}, SPECTACLES_E_SYS},
    {"http://x:1", {ANSWER("HTTP/1.1 200 OK\r\nA b\r\n\r\n")}, SPECTACLES_E_PROTO},
    {"socks5h://u:p@x:1", {ANSWER("\5\2"), ANSWER("\1\0"), ANSWER("\5\0\0\3\4name\0\1")}, 1},
    {"socks5h://x:1",
     {ANSWER("\5\0"), ANSWER("\5\0\0\4"
                             "0123456789abcdef\0\1")},
     1},
    {"socks5h://x:1", {ANSWER("\5\0"), ANSWER("\5\5")}, SPECTACLES_E_SYS},
};

/* Feeds an answer in pieces of at most `piece` bytes. */
static int feed_in_pieces(sp_tunnel *tunnel, sp_slice answer, size_t piece, sp_text *why)
{
    int result = 0;
    for (size_t at = 0; at < answer.length && result == 0;) {
        size_t length = answer.length - at < piece ? answer.length - at : piece;
        size_t used;
        result = sp_tunnel_feed(tunnel, (sp_slice){answer.bytes + at, length}, &used, why);
        if (result >= 0)
            assert_int_equal(used, length);
        at += length;
    }
    return result;
}

static int hold(const talk *held, sp_tunnel *tunnel, size_t piece, sp_text *why)
{
    int result = 0;
    for (size_t i = 0; held->answers[i].bytes && result == 0; i++) {
        sp_tunnel_consumed(tunnel, sp_tunnel_pending(tunnel).length);
        result = feed_in_pieces(tunnel, held->answers[i], piece, why);
    }
    return result;
}

static void every_cut_of_the_bytes_is_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof talks / sizeof talks[0]; i++) {
        sp_text first = {0};
        for (size_t piece = 100; piece > 0; piece--) {
            sp_text why = {0};
            sp_tunnel *tunnel = tunnel_to(talks[i].url, "peer", 2);
            assert_int_equal(hold(&talks[i], tunnel, piece, &why), talks[i].result);
            if (piece == 100)
                first = why;
            assert_string_equal(why.chars, first.chars);
            sp_tunnel_free(tunnel);
        }
    }
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof talks / sizeof talks[0]; i++) {
        sp_proxy proxy = proxy_of(talks[i].url);
        int result = SPECTACLES_E_NOMEM;
        for (size_t nth = 1; result == SPECTACLES_E_NOMEM; nth++) {
            sp_text why;
            sp_tunnel *tunnel = NULL;
            assert_true(nth < 100);
            failing_start(nth);
            result = sp_tunnel_new(&tunnel, &proxy, "peer", 2);
            if (result == SPECTACLES_OK)
                result = hold(&talks[i], tunnel, 100, &why);
            failing_start(0);
            sp_tunnel_free(tunnel);
        }
        assert_int_equal(result, talks[i].result);
    }
}

static void a_proxy_that_ends_the_connection(void **state)
{
    (void)state;
    sp_text why;
    sp_tunnel *tunnel = tunnel_to("socks5h://u:secret@x:1", "peer", 2);
    sp_tunnel_ended(tunnel, &why);
    assert_string_equal(why.chars,
                        "the proxy x:1 ended the connection instead of answering: check that its URL has its "
                        "port and its protocol (http:// or socks5h://), and that it lets this machine in");
    sp_tunnel_consumed(tunnel, sp_tunnel_pending(tunnel).length);
    assert_int_equal(HEAR(tunnel, "\5\2", &why), 0);
    sp_tunnel_ended(tunnel, &why);
    assert_string_equal(
        why.chars,
        "the proxy x:1 ended the connection when it was given user and password: check them in its URL");
    sp_tunnel_free(tunnel);
    sp_tunnel_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_of_the_bytes_is_the_same),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(a_proxy_that_ends_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
