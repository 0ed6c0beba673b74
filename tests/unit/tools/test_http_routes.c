/* Which path has which answer. */
#include "shown.h"

static void expect(const struct shown *shown, const char *path, unsigned code, const char *type,
                   const char *word)
{
    struct http_answer answer = shown_ask(shown, path);
    assert_int_equal(answer.code, code);
    assert_non_null(strstr(answer.type, type));
    assert_non_null(strstr(answer.body.data, word));
    http_body_free(&answer.body);
}

static void each_path_has_its_answer(void **state)
{
    struct shown shown;
    (void)state;
    shown_begin(&shown, 2);
    expect(&shown, "/", 200, "text/html", "<!DOCTYPE html>");
    expect(&shown, "/metrics", 200, "version=0.0.4", "gateway_total_shards 2");
    expect(&shown, "/status.json", 200, "application/json", "\"group\":\"gateway\"");
    expect(&shown, "/livez", 200, "text/plain", "alive");
    expect(&shown, "/readyz", 503, "text/plain", "shard 0");
    shown_end(&shown);
}

/* There is no folder behind it, and no file. */
static void other_paths_have_none(void **state)
{
    static const char *const paths[] = {
        "",          "/metrics/",         "/../metrics", "//",      "/status.json/", "/LIVEZ", "/etc/passwd",
        "/livez/..", "/page_status.html", "metrics",     "/%2e%2e/"};
    struct shown shown;
    (void)state;
    shown_begin(&shown, 1);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        expect(&shown, paths[i], 404, "text/plain", "/metrics (metrics)");
    shown_end(&shown);
}

/* PROMETHEUS_ENDPOINT says where metrics are, and goes before everything else. */
static void metrics_are_where_the_setting_says(void **state)
{
    struct shown shown;
    (void)state;
    shown_begin(&shown, 1);
    shown.routes.metrics_path = "/gateway/metrics";
    expect(&shown, "/gateway/metrics", 200, "version=0.0.4", "gateway_total_shards");
    expect(&shown, "/metrics", 404, "text/plain", "/gateway/metrics");
    shown.routes.metrics_path = "/";
    expect(&shown, "/", 200, "version=0.0.4", "gateway_total_shards");
    shown_end(&shown);
}

/* Before Discord has answered GET /gateway/bot there is no gateway; everything answers all the same. */
static void there_may_be_no_gateway_yet(void **state)
{
    struct shown shown;
    (void)state;
    shown_begin(&shown, 1);
    gateways_free(&shown.gateways);
    expect(&shown, "/metrics", 200, "version=0.0.4", "gateway_total_shards 0");
    expect(&shown, "/status.json", 200, "json", "\"shards\":[]");
    expect(&shown, "/livez", 200, "text/plain", "alive");
    expect(&shown, "/readyz", 503, "text/plain", "GET /gateway/bot");
    shown_end(&shown);
}

/* A page runs what stands in it, and nothing that somebody has put beside it. */
static void the_page_allows_itself_alone(void **state)
{
    struct shown shown;
    (void)state;
    shown_begin(&shown, 1);
    struct http_answer answer = shown_ask(&shown, "/");
    assert_non_null(answer.policy);
    assert_non_null(strstr(answer.policy, "default-src 'none'; script-src 'sha256-"));
    assert_null(strstr(answer.policy, "unsafe"));
    assert_null(strstr(answer.body.data, "http://"));
    assert_null(strstr(answer.body.data, "https://"));
    http_body_free(&answer.body);
    shown_end(&shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_path_has_its_answer),           cmocka_unit_test(other_paths_have_none),
        cmocka_unit_test(metrics_are_where_the_setting_says), cmocka_unit_test(there_may_be_no_gateway_yet),
        cmocka_unit_test(the_page_allows_itself_alone),
    };
    return cmocka_run_group_tests_name("tools/http_routes", tests, NULL, NULL);
}
