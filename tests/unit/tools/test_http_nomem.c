/* Each allocation of an answer fails once: then it is a 503 in words, and never a part of an answer. */
#include "failing.h"
#include "shown.h"

/* The answers that are made from all shards. */
static void answers_are_whole_or_refused(void **state)
{
    const enum route routes[] = {ROUTE_METRICS, ROUTE_STATUS, ROUTE_READY, ROUTE_NONE};
    struct shown shown;
    (void)state;
    shown_begin(&shown, 40);
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        size_t nth = 0;
        bool failed = true;
        while (failed) {
            struct http_answer answer;
            failing_start(++nth);
            routes_answer(&answer, &shown.routes, routes[i]);
            failed = failing_count() >= nth;
            failing_start(0);
            if (answer.fixed)
                assert_string_equal(answer.fixed, "memory ran out: try again\n");
            assert_int_equal(answer.code == 503 && answer.fixed, failed);
            assert_false(answer.body.is_short);
            http_body_free(&answer.body);
        }
        assert_true(nth > 1);
    }
    shown_end(&shown);
}

/* An event that cannot be remembered costs what it tells, and nothing else. */
static void events_are_heard_all_the_same(void **state)
{
    struct status status;
    struct status_gateway gateway = {.shards = NULL};
    const spectacles_relay_event event = {.type = SPECTACLES_RELAY_EVENT_SHARD_READY, .shard_id = 3};
    (void)state;
    status_begin(&status, 1, 1);
    failing_start(1);
    status_hear(&status, &gateway, &event, 1);
    failing_start(0);
    assert_null(status_shard(&gateway, 3));
    status_hear(&status, &gateway, &event, 1);
    assert_true(status_shard(&gateway, 3)->was_ready);
    status_gateway_end(&gateway);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_whole_or_refused),
        cmocka_unit_test(events_are_heard_all_the_same),
    };
    return cmocka_run_group_tests_name("tools/http_nomem", tests, NULL, NULL);
}
