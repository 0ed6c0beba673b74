/* GET /gateway/bot over a real connection, in a loop of the test: what is asked, and what becomes of each answer. */
#include "rest.h"

#include "memory.h"
#include "unit.h"
#include "web_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PATIENCE = 60000
};

static struct web_server *discord;
static struct memory memory;
static struct settings settings;
static struct proxies proxies;
static struct rest *rest;
static spectacles_gateway_bot answer;

static void read_settings(const char *host)
{
    struct problems problems = {0};
    char setting[128];
    settings_free(&settings);
    snprintf(setting, sizeof setting, "DISCORD_API_HOST=%s", host);
    memory_begin(&memory);
    memory_set(&memory, "DISCORD_API_PROTOCOL=http");
    memory_set(&memory, setting);
    assert_int_equal(memory_read(&memory, &settings, &problems), 0);
    problems_free(&problems);
}

static int begin(void **state)
{
    (void)state;
    discord = web_server_new();
    proxies = (struct proxies){.rest = NULL};
    read_settings(web_server_place(discord));
    rest = rest_new();
    assert_non_null(rest);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rest_free(rest);
    settings_free(&settings);
    settings = (struct settings){.config = NULL};
    web_server_free(discord);
    return 0;
}

/* Turns until there is a result. */
static enum rest_result wait_for(void)
{
    uint64_t until = spectacles_now() + PATIENCE;
    enum rest_result result = REST_WAITING;
    while (result == REST_WAITING && spectacles_now() < until) {
        struct loop loop;
        loop_begin(&loop);
        rest_watch(rest, &loop);
        assert_int_equal(loop_wait(&loop, spectacles_now()), 0);
        rest_process(rest, &loop, spectacles_now());
        result = rest_result(rest, &answer);
    }
    return result;
}

static enum rest_result ask(unsigned status, const char *body, const char *header)
{
    web_server_answer(discord, "/api/v10/gateway/bot", status, body, header);
    assert_true(rest_ask(rest, &settings, &proxies));
    return wait_for();
}

static void an_answer_is_read(void **state)
{
    (void)state;
    assert_int_equal(
        ask(200,
            "{\"url\":\"wss://gateway.example\",\"shards\":3,\"session_start_limit\":{\"total\":1000,"
            "\"remaining\":7,\"reset_after\":3600000,\"max_concurrency\":1}}",
            NULL),
        REST_FINE);
    assert_int_equal(answer.shard_count, 3);
    assert_int_equal(answer.remaining, 7);
    assert_string_equal(web_server_authorization(discord), "Bot " MEMORY_TOKEN);
    assert_string_equal(web_server_asked(discord), "/api/v10/gateway/bot");
    /* It is told once. */
    assert_int_equal(rest_result(rest, &answer), REST_WAITING);
}

static void what_passes_is_asked_again_when_it_is_told(void **state)
{
    (void)state;
    assert_int_equal(ask(429, "{}", "Retry-After: 90"), REST_AGAIN);
    assert_true(answer.wait == 90000);
    assert_int_equal(ask(503, "over capacity", NULL), REST_AGAIN);
    assert_non_null(strstr(answer.text, "503"));
    assert_int_equal(ask(200, "no JSON", NULL), REST_AGAIN);
}

static void what_no_waiting_changes_is_final(void **state)
{
    (void)state;
    assert_int_equal(ask(401, "{\"message\":\"401: Unauthorized\"}", NULL), REST_FINAL);
    assert_int_equal(ask(400, "bad", NULL), REST_FINAL);
    assert_int_equal(ask(404, "nothing", NULL), REST_FINAL);
}

/* A proxy may show the request that it received. */
static void a_token_that_comes_back_is_not_told(void **state)
{
    (void)state;
    assert_int_equal(ask(502, "you said: Authorization: Bot " MEMORY_TOKEN, NULL), REST_AGAIN);
    assert_null(strstr(answer.text, MEMORY_TOKEN));
    assert_non_null(strstr(answer.text, "***"));
}

/* Only the start is kept. */
static void an_answer_without_an_end_costs_nothing(void **state)
{
    static char body[300000];
    (void)state;
    memset(body, 'x', sizeof body - 1);
    assert_int_equal(ask(500, body, NULL), REST_AGAIN);
}

static void nobody_there_may_pass_and_names_the_host(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    char place[32];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /* Bound, and nobody listens. */
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    snprintf(place, sizeof place, "127.0.0.1:%u", ntohs(address.sin_port));
    read_settings(place);
    assert_true(rest_ask(rest, &settings, &proxies));
    assert_int_equal(wait_for(), REST_AGAIN);
    assert_non_null(strstr(answer.text, "127.0.0.1"));
    close(fd);
}

static void a_proxy_is_gone_through_unless_the_host_is_excepted(void **state)
{
    char proxy[64];
    (void)state;
    snprintf(proxy, sizeof proxy, "http://%s", web_server_place(discord));
    read_settings("discord.invalid");
    proxies.rest = proxy;
    proxies.no_proxy = "one.invalid two.invalid";
    web_server_answer(discord, "http://discord.invalid/", 407, "", NULL);
    assert_true(rest_ask(rest, &settings, &proxies));
    assert_int_equal(wait_for(), REST_AGAIN);
    assert_non_null(strstr(answer.text, "407"));
    /* A blank separates hosts as well: the second one is not looked for at the proxy. */
    read_settings(web_server_place(discord));
    proxies.rest = "http://127.0.0.1:1";
    proxies.no_proxy = "one.invalid 127.0.0.1";
    assert_int_equal(ask(503, "", NULL), REST_AGAIN);
    assert_non_null(strstr(answer.text, "503"));
}

static void a_request_that_is_forgotten_has_no_result(void **state)
{
    struct loop loop;
    (void)state;
    assert_true(rest_ask(rest, &settings, &proxies));
    rest_forget(rest);
    loop_begin(&loop);
    rest_watch(rest, &loop);
    assert_int_equal(loop.count, 0);
    assert_true(loop.deadline == SPECTACLES_NEVER);
    rest_process(rest, &loop, spectacles_now());
    assert_int_equal(rest_result(rest, &answer), REST_WAITING);
    /* And one that is asked anew is another one. */
    assert_true(rest_ask(rest, &settings, &proxies));
    assert_int_equal(ask(401, "{}", NULL), REST_FINAL);
}

#define WITH_DISCORD(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DISCORD(an_answer_is_read),
        WITH_DISCORD(what_passes_is_asked_again_when_it_is_told),
        WITH_DISCORD(what_no_waiting_changes_is_final),
        WITH_DISCORD(a_token_that_comes_back_is_not_told),
        WITH_DISCORD(an_answer_without_an_end_costs_nothing),
        WITH_DISCORD(nobody_there_may_pass_and_names_the_host),
        WITH_DISCORD(a_proxy_is_gone_through_unless_the_host_is_excepted),
        WITH_DISCORD(a_request_that_is_forgotten_has_no_result),
    };
    return cmocka_run_group_tests_name("tools/rest", tests, NULL, NULL);
}
