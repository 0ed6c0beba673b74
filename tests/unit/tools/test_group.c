/* The daemon's part that looks for conflicts: the life of a start and what is told, with others that are faked. */
#include "group.h"

#include "conflicts.h"
#include "fake_roll_call.h"
#include "logged.h"
#include "memory.h"
#include "unit.h"

static struct memory memory;
static struct settings settings;
static struct proxies proxies;
static struct logged logged;
static struct group *group;
static struct card other;
static const uint32_t ids[] = {0, 1, 2};

static void make(const char *more)
{
    struct problems problems = {0};
    memory_begin(&memory);
    if (more && strcmp(more, "FLEET=on") == 0) {
        memory_set(&memory, "SESSION_FILE");
        memory_set(&memory, "DISCORD_SHARD_COUNT=3");
    }
    if (more)
        memory_set(&memory, more);
    assert_int_equal(memory_read(&memory, &settings, &problems), 0);
    problems_free(&problems);
    fake_roll_call_begin();
    logged_begin(&logged, LOG_LEVEL_DEBUG);
    group = group_new(&settings, &proxies, logged.log);
    other = (struct card){.id = "b",
                          .host = "elsewhere",
                          .pid = 7,
                          .state = CARD_RUNNING,
                          .bot = "198622483471925248",
                          .started = 1};
    assert_true(card_serve(&other, 3, ids, 3));
}

static void finish(void)
{
    group_free(group);
    assert_int_equal(fake_roll_call.freed, fake_roll_call.made);
    card_free(&other);
    logged_end(&logged);
    settings_free(&settings);
}

/* One turn in which everything is looked at. */
static bool turn(uint64_t now)
{
    struct loop loop;
    loop_begin(&loop);
    group_watch(group, &loop);
    return group_process(group, &loop,
                         now > loop.deadline                 ? now
                         : loop.deadline != SPECTACLES_NEVER ? loop.deadline
                                                             : now);
}

static void a_start_waits_until_the_others_could_answer(void **state)
{
    struct loop loop;
    (void)state;
    make(NULL);
    assert_false(group_is_settled(group));
    group_serve(group, 3, 1000);
    fake_roll_call_bring(ROLL_CALL_PRESENT, NULL, CARD_HELLO, NULL);
    fake_roll_call_bring(ROLL_CALL_SENT, NULL, CARD_HELLO, NULL);
    loop_begin(&loop);
    group_watch(group, &loop);
    assert_true(loop.deadline == 1000 + CONFLICTS_LIMIT); /* also when the broker never comes */
    /* roll_call_process() is the fake's: the conflicts take what it brings. */
    assert_true(turn(1000 + CONFLICTS_LIMIT));
    assert_true(group_is_settled(group));
    assert_int_equal(fake_roll_call.said[CARD_HELLO], 1);
    assert_int_equal(fake_roll_call.last.shard_count, 3);
    assert_int_equal(fake_roll_call.last.state, CARD_STARTING);
    group_run(group);
    group_stop(group);
    finish();
    assert_string_equal(logged.text, "");
}

/* The one that runs stays, and the one that starts has to go. */
static void another_bot_ends_this_process(void **state)
{
    (void)state;
    make(NULL);
    group_serve(group, 3, 1000);
    other.bot[0] = '2';
    fake_roll_call_bring(ROLL_CALL_PRESENT, NULL, CARD_HELLO, NULL);
    fake_roll_call_bring(ROLL_CALL_HEARD, &other, CARD_HERE, NULL);
    assert_false(turn(1000 + CONFLICTS_LIMIT));
    finish();
    assert_true(
        logged_has(&logged, "error another bot is in this group: elsewhere, process 7 has the bot 2"));
    assert_true(logged_has(&logged, "; this process ends, because it came later [CONFLICT]"));
}

static void the_same_shards_are_told_and_no_reason_to_end(void **state)
{
    (void)state;
    make(NULL);
    group_serve(group, 3, 1000);
    fake_roll_call_bring(ROLL_CALL_HEARD, &other, CARD_HELLO, NULL);
    assert_true(turn(1000 + CONFLICTS_LIMIT));
    /* Whoever says hello and is in conflict gets an answer. */
    assert_int_equal(fake_roll_call.said[CARD_HERE], 1);
    finish();
    assert_true(
        logged_has(&logged, "warn  elsewhere, process 7 serves the same shards (0-2) as this process"));
}

/* A deploy: for a minute it is right, and then somebody has forgotten to stop one. */
static void what_stays_for_a_minute_is_an_error(void **state)
{
    (void)state;
    make(NULL);
    group_serve(group, 3, 1000);
    fake_roll_call_bring(ROLL_CALL_PRESENT, NULL, CARD_HELLO, NULL);
    fake_roll_call_bring(ROLL_CALL_HEARD, &other, CARD_HERE, NULL);
    assert_true(turn(1000 + CONFLICTS_LIMIT));
    /* The same once more is not told again. */
    fake_roll_call_bring(ROLL_CALL_HEARD, &other, CARD_HERE, NULL);
    assert_true(turn(5000));
    assert_int_equal(fake_roll_call.said[CARD_HELLO], 2); /* the deadline of the last turn was the minute */
    fake_roll_call_bring(ROLL_CALL_HEARD, &other, CARD_HERE, NULL);
    assert_true(turn(1000 + CONFLICTS_LIMIT + 2 * CONFLICTS_AGAIN));
    finish();
    assert_true(logged_has(&logged, "error elsewhere, process 7 still serves the same shards"));
}

/* A member of a fleet names no shards: all members share them. Whoever serves some without the fleet is told of. */
static void a_member_of_a_fleet_is_in_conflict_with_strangers_alone(void **state)
{
    struct card stranger = {.id = "c", .host = "astray", .pid = 8, .state = CARD_RUNNING, .started = 1};
    (void)state;
    make("FLEET=on");
    group_serve(group, 3, 1000);
    assert_true(card_serve(&other, 3, ids, 0) && card_serve(&stranger, 3, ids, 1));
    fake_roll_call_bring(ROLL_CALL_HEARD, &other, CARD_HELLO, NULL);
    fake_roll_call_bring(ROLL_CALL_HEARD, &stranger, CARD_HELLO, NULL);
    assert_true(turn(1000 + CONFLICTS_LIMIT));
    assert_int_equal(fake_roll_call.said[CARD_HERE], 1);
    card_free(&stranger);
    finish();
    assert_true(logged_has(&logged, "warn  astray, process 8 serves shards of this bot"));
    assert_true(logged_has(&logged, "set FLEET=on in all processes of the bot"));
    assert_false(logged_has(&logged, "elsewhere"));
}

static void a_queue_that_is_refused_is_told_and_the_start_goes_on(void **state)
{
    (void)state;
    make(NULL);
    group_serve(group, 3, 1000);
    fake_roll_call_bring(ROLL_CALL_REFUSED, NULL, CARD_HELLO, "403");
    assert_true(turn(1000 + CONFLICTS_LIMIT));
    assert_true(group_is_settled(group));
    finish();
    assert_true(logged_has(&logged, "warn  other gateways of this group cannot be heard"));
    assert_true(logged_has(&logged, "403 [GROUP]"));
}

static void whoever_must_not_declare_is_alone(void **state)
{
    struct loop loop;
    (void)state;
    make("BROKER_DECLARE=passive");
    assert_null(group);
    assert_true(group_is_settled(NULL));
    loop_begin(&loop);
    group_watch(NULL, &loop);
    group_serve(NULL, 3, 1);
    group_run(NULL);
    group_stop(NULL);
    group_set_tls(NULL, NULL);
    assert_int_equal(group_set_urls(NULL, NULL, 0, 1, NULL), SPECTACLES_OK);
    assert_true(group_process(NULL, &loop, 1));
    finish();
    assert_true(logged_has(&logged, "debug other gateways are not looked for: BROKER_DECLARE is not yes"));
}

static void credentials_are_handed_on(void **state)
{
    static const char *const urls[] = {"amqp://a", "amqp://b"};
    spectacles_problem problem;
    (void)state;
    make("AMQP_URL=amqps://rabbit/vhost");
    group_set_tls(group, NULL);
    assert_int_equal(group_set_urls(group, urls, 2, 1, &problem), SPECTACLES_OK);
    assert_int_equal(fake_roll_call.tls, 1);
    assert_int_equal(fake_roll_call.url_count, 2);
    finish();
}

static void what_cannot_be_made_is_told(void **state)
{
    (void)state;
    make("BROKER_DECLARE=yes");
    group_free(group);
    fake_roll_call_begin();
    fake_roll_call.error = SPECTACLES_E_NOMEM;
    group = group_new(&settings, &proxies, logged.log);
    assert_null(group);
    finish();
    assert_true(logged_has(&logged, "warn  other gateways are not looked for: memory ran out [GROUP]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_waits_until_the_others_could_answer),
        cmocka_unit_test(another_bot_ends_this_process),
        cmocka_unit_test(the_same_shards_are_told_and_no_reason_to_end),
        cmocka_unit_test(what_stays_for_a_minute_is_an_error),
        cmocka_unit_test(a_member_of_a_fleet_is_in_conflict_with_strangers_alone),
        cmocka_unit_test(a_queue_that_is_refused_is_told_and_the_start_goes_on),
        cmocka_unit_test(whoever_must_not_declare_is_alone),
        cmocka_unit_test(credentials_are_handed_on),
        cmocka_unit_test(what_cannot_be_made_is_told),
    };
    return cmocka_run_group_tests_name("tools/group", tests, NULL, NULL);
}
