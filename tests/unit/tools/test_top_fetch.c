/* How `top` asks: whom it finds at an address, and what it says of those who are no gateway. */
#include "top_fetch.h"

#include "unit.h"
#include "web_server.h"

#include <stdio.h>

static struct web_server *server;
static struct http_body body;
static char why[TOP_WHY_SIZE];

static int begin(void **state)
{
    (void)state;
    server = web_server_new();
    web_server_answer(server, "/status.json", 200, "{\"a\":1}", NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    web_server_free(server);
    return 0;
}

static bool fetch(const char *address)
{
    http_body_free(&body);
    *why = '\0';
    return top_fetch(address, "/status.json", &body, why);
}

static void a_body_comes_without_its_head(void **state)
{
    char address[32];
    (void)state;
    assert_true(fetch(web_server_place(server)));
    assert_int_equal(body.length, 7);
    assert_memory_equal(body.data, "{\"a\":1}", 7);
    /* Without a host it is this machine; as PROMETHEUS_ADDRESS has it. */
    snprintf(address, sizeof address, "%s", strrchr(web_server_place(server), ':'));
    assert_true(fetch(address));
    http_body_free(&body);
}

static void whoever_is_no_gateway_is_told(void **state)
{
    (void)state;
    web_server_answer(server, "/status.json", 404, "", NULL);
    assert_false(fetch(web_server_place(server)));
    assert_string_equal(why, "it answers 404, and 200 was expected: another program listens there");
    http_body_free(&body);
}

static void nobody_is_told(void **state)
{
    char address[32];
    (void)state;
    snprintf(address, sizeof address, "%s", web_server_place(server));
    web_server_free(server);
    assert_false(fetch(address));
    assert_non_null(strstr(why, "nobody answers there: "));
    assert_false(fetch("nobody.invalid:80"));
    assert_non_null(strstr(why, "the host has no address: "));
    http_body_free(&body);
    server = web_server_new();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_body_comes_without_its_head, begin, end),
        cmocka_unit_test_setup_teardown(whoever_is_no_gateway_is_told, begin, end),
        cmocka_unit_test_setup_teardown(nobody_is_told, begin, end),
    };
    return cmocka_run_group_tests_name("tools/top_fetch", tests, NULL, NULL);
}
