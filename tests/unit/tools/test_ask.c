/* When GET /gateway/bot is asked: by a request that is faked and a clock that is invented. */
#include "ask.h"

#include "unit.h"

#include <spectacles/spectacles.h>
#include <stdlib.h>

enum {
    SECOND = 1000,
    HOUR = 3600000
};

/* ---- The request ---- */

struct rest {
    int asked;
    bool fails; /* memory runs out */
    enum rest_result result;
    uint64_t wait;
};

static struct rest rest;

struct rest *rest_new(void)
{
    rest = (struct rest){.result = REST_WAITING};
    return &rest;
}

void rest_free(struct rest *ended)
{
    (void)ended;
}

bool rest_ask(struct rest *asked, const struct settings *settings, const struct proxies *proxies)
{
    (void)settings;
    (void)proxies;
    asked->asked++;
    return !asked->fails;
}

void rest_watch(const struct rest *watched, struct loop *loop)
{
    (void)watched;
    (void)loop;
}

void rest_process(struct rest *processed, const struct loop *loop, uint64_t now)
{
    (void)processed;
    (void)loop;
    (void)now;
}

enum rest_result rest_result(struct rest *told, spectacles_gateway_bot *out)
{
    enum rest_result result = told->result;
    spectacles_gateway_bot_init(out, sizeof *out);
    out->wait = told->wait;
    told->result = REST_WAITING;
    return result;
}

/* ---- A turn ---- */

static spectacles_gateway_bot answer;

static enum rest_result turn(struct ask *ask, uint64_t now)
{
    struct loop loop;
    loop_begin(&loop);
    return ask_process(ask, NULL, NULL, &loop, now, &answer);
}

static uint64_t deadline(const struct ask *ask)
{
    struct loop loop;
    loop_begin(&loop);
    ask_watch(ask, &loop);
    return loop.deadline;
}

/* Asks at `now`, and is answered at once. */
static void ask_and_answer(struct ask *ask, uint64_t now, enum rest_result result, uint64_t wait)
{
    int asked = rest.asked;
    assert_int_equal(turn(ask, now), REST_WAITING);
    assert_int_equal(rest.asked, asked + 1);
    rest.result = result;
    rest.wait = wait;
    assert_int_equal(turn(ask, now), result);
}

static void it_is_asked_at_once_and_every_hour(void **state)
{
    struct ask *ask = ask_new();
    (void)state;
    ask_and_answer(ask, 5, REST_FINE, 0);
    assert_true(deadline(ask) == 5 + HOUR);
    assert_int_equal(turn(ask, 4 + HOUR), REST_WAITING);
    assert_int_equal(rest.asked, 1);
    ask_and_answer(ask, 5 + HOUR, REST_FINE, 0);
    ask_free(ask);
}

static void each_failure_doubles_the_wait_up_to_a_minute(void **state)
{
    struct ask *ask = ask_new();
    uint64_t now = 0;
    (void)state;
    for (uint64_t wait = SECOND; wait < 200 * SECOND; wait *= 2) {
        ask_and_answer(ask, now, REST_AGAIN, 0);
        assert_true(answer.wait == (wait < 60 * SECOND ? wait : 60 * SECOND));
        now += answer.wait;
        assert_true(deadline(ask) == now);
    }
    /* An answer ends it. */
    ask_and_answer(ask, now, REST_FINE, 0);
    ask_and_answer(ask, now + HOUR, REST_AGAIN, 0);
    assert_true(answer.wait == SECOND);
    ask_free(ask);
}

static void what_discord_asks_for_is_waited_for(void **state)
{
    struct ask *ask = ask_new();
    (void)state;
    ask_and_answer(ask, 0, REST_AGAIN, 7 * HOUR);
    assert_true(deadline(ask) == 7 * (uint64_t)HOUR);
    assert_int_equal(turn(ask, 7 * (uint64_t)HOUR - 1), REST_WAITING);
    assert_int_equal(rest.asked, 1);
    /* A shorter wait than the back-off is the back-off. */
    ask_and_answer(ask, 7 * (uint64_t)HOUR, REST_AGAIN, 1);
    assert_true(answer.wait == 2 * SECOND);
    ask_free(ask);
}

static void a_question_that_finds_no_memory_is_asked_again(void **state)
{
    struct ask *ask = ask_new();
    (void)state;
    rest.fails = true;
    assert_int_equal(turn(ask, 0), REST_AGAIN);
    assert_string_equal(answer.text, "out of memory");
    assert_true(deadline(ask) == SECOND);
    rest.fails = false;
    ask_and_answer(ask, SECOND, REST_FINE, 0);
    ask_free(ask);
}

/* A ban, or a back-off, is waited for all the same. */
static void whoever_needs_an_answer_soon_gets_it(void **state)
{
    struct ask *ask = ask_new();
    (void)state;
    assert_true(ask_asked_at(ask) == 0);
    ask_and_answer(ask, 5, REST_FINE, 0);
    ask_soon(ask, 20);
    assert_true(deadline(ask) == 20);
    ask_and_answer(ask, 21, REST_AGAIN, 7 * HOUR);
    assert_true(ask_asked_at(ask) == 21);
    ask_soon(ask, 30);
    assert_true(deadline(ask) == 21 + 7 * (uint64_t)HOUR);
    ask_free(ask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_asked_at_once_and_every_hour),
        cmocka_unit_test(each_failure_doubles_the_wait_up_to_a_minute),
        cmocka_unit_test(what_discord_asks_for_is_waited_for),
        cmocka_unit_test(a_question_that_finds_no_memory_is_asked_again),
        cmocka_unit_test(whoever_needs_an_answer_soon_gets_it),
    };
    return cmocka_run_group_tests_name("tools/ask", tests, NULL, NULL);
}
