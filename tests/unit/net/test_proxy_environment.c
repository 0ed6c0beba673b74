/* Which variables name a proxy, and which comes first. */
#include "unit.h"

#include <spectacles/proxy.h>
#include <stdio.h>

static const char *const variables[] = {
    "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ws_proxy",    "WS_PROXY",
    "wss_proxy",  "WSS_PROXY",  "amqp_proxy",  "AMQP_PROXY",  "amqps_proxy", "AMQPS_PROXY",
    "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY",
};

/* Names in the order in which a scheme asks for them, between spaces: each is set, then taken away again. */
static void check_order(const char *scheme, const char *order)
{
    char name[32];
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        setenv(variables[i], variables[i], 1);
    while (sscanf(order, "%31s", name) == 1) {
        const char *found = spectacles_proxy_from_environment(scheme);
        if (!found || strcmp(found, name) != 0)
            fail_msg("%s: %s, and not %s", scheme, found ? found : "none", name);
        setenv(name, "", 1);
        order += strspn(order, " ");
        order += strlen(name);
    }
    assert_null(spectacles_proxy_from_environment(scheme));
}

static void the_order_is_curls(void **state)
{
    (void)state;
    check_order("https", "https_proxy HTTPS_PROXY all_proxy ALL_PROXY");
    check_order("http", "http_proxy all_proxy ALL_PROXY");
    check_order("wss", "wss_proxy WSS_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY");
    check_order("ws", "ws_proxy WS_PROXY http_proxy all_proxy ALL_PROXY");
    check_order("amqp", "amqp_proxy AMQP_PROXY all_proxy ALL_PROXY");
    check_order("amqps", "amqps_proxy AMQPS_PROXY all_proxy ALL_PROXY");
    check_order("a-scheme-that-is-too-long", "all_proxy ALL_PROXY");
}

static void the_list_of_exceptions(void **state)
{
    (void)state;
    setenv("no_proxy", "a", 1);
    setenv("NO_PROXY", "b", 1);
    assert_string_equal(spectacles_no_proxy_from_environment(), "a");
    setenv("no_proxy", "", 1);
    assert_string_equal(spectacles_no_proxy_from_environment(), "b");
    unsetenv("NO_PROXY");
    assert_null(spectacles_no_proxy_from_environment());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_is_curls),
        cmocka_unit_test(the_list_of_exceptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
