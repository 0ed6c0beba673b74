/* Which proxy each connection goes through, and what is told of it. */
#include "proxies.h"

#include "memory.h"
#include "unit.h"

static struct memory memory;
static struct settings settings;
static struct problems problems;
static struct proxies proxies;
static char line[PROXIES_LINE_SIZE];

static const char *const variables[] = {
    "https_proxy", "HTTPS_PROXY", "wss_proxy",  "WSS_PROXY", "ws_proxy",  "amqp_proxy", "AMQP_PROXY",
    "amqps_proxy", "AMQPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY", "no_proxy",   "NO_PROXY"};

/* The library reads the environment of the process. */
static int begin(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    memory_begin(&memory);
    return 0;
}

static void choose(void)
{
    memory_read(&memory, &settings, &problems);
    proxies_choose(&proxies, &settings);
    proxies_describe(&proxies, line);
}

static int end(void **state)
{
    settings_free(&settings);
    problems_free(&problems);
    return begin(state);
}

static void without_any_nothing_is_told(void **state)
{
    (void)state;
    choose();
    assert_null(proxies.rest);
    assert_null(proxies.gateway);
    assert_null(proxies.broker);
    assert_string_equal(line, "");
}

static void the_environment_decides_by_the_rules_of_curl(void **state)
{
    (void)state;
    setenv("HTTPS_PROXY", "http://me:secret@proxy.example:3128", 1);
    setenv("NO_PROXY", "rabbit", 1);
    choose();
    assert_string_equal(proxies.rest, "http://me:secret@proxy.example:3128");
    assert_string_equal(proxies.gateway, proxies.rest);
    assert_null(proxies.broker);
    assert_string_equal(
        line, "proxies: GET /gateway/bot http://proxy.example:3128, gateway http://proxy.example:3128, "
              "AMQP none; not for the hosts of NO_PROXY");
}

static void amqps_has_a_variable_of_its_own(void **state)
{
    (void)state;
    setenv("AMQP_PROXY", "http://one:1", 1);
    setenv("AMQPS_PROXY", "http://two:2", 1);
    choose();
    assert_string_equal(proxies.broker, "http://one:1");
    settings_free(&settings);
    memory_set(&memory, "AMQP_URL=amqps://rabbit/vhost");
    choose();
    assert_string_equal(proxies.broker, "http://two:2");
}

static void a_setting_goes_before_the_environment_and_none_is_none(void **state)
{
    (void)state;
    setenv("ALL_PROXY", "http://all.example:1", 1);
    memory_set(&memory, "DISCORD_PROXY=socks5h://other.example:1080");
    memory_set(&memory, "BROKER_PROXY=none");
    choose();
    assert_string_equal(proxies.rest, "socks5h://other.example:1080");
    assert_string_equal(proxies.gateway, "socks5h://other.example:1080");
    assert_null(proxies.broker);
}

static void a_proxy_that_is_wrong_is_told_without_its_password(void **state)
{
    (void)state;
    memory_set(&memory, "DISCORD_PROXY=https://me:secret@proxy.example");
    memory_set(&memory, "ALL_PROXY=ftp://me:secret@proxy.example");
    assert_int_equal(memory_read(&memory, &settings, &problems), 78);
    int found = 0;
    for (const struct problem *each = problems.first; each; each = each->next) {
        found += strstr(each->where, "_PROXY") != NULL;
        assert_null(strstr(each->text, "secret"));
    }
    assert_int_equal(found, 2);
}

static void names_of_proxies_are_known(void **state)
{
    (void)state;
    assert_true(proxies_has_name("HTTPS_PROXY", 11));
    assert_true(proxies_has_name("no_proxy", 8));
    assert_false(proxies_has_name("_PROXY", 6));
    assert_false(proxies_has_name("PROXY_PORT", 10));
}

#define CLEAN(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN(without_any_nothing_is_told),
        CLEAN(the_environment_decides_by_the_rules_of_curl),
        CLEAN(amqps_has_a_variable_of_its_own),
        CLEAN(a_setting_goes_before_the_environment_and_none_is_none),
        CLEAN(a_proxy_that_is_wrong_is_told_without_its_password),
        CLEAN(names_of_proxies_are_known),
    };
    return cmocka_run_group_tests_name("tools/proxies", tests, NULL, NULL);
}
