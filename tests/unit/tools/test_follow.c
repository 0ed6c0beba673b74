/* SIGHUP as a whole: what was read again is handed on, taken, and told; and what is wrong changes nothing. */
#include "follow.h"

#include "bot.h"
#include "credentials.h"
#include "logged.h"
#include "memory.h"
#include "unit.h"

#include <stdio.h>

/* ---- Who gets credentials, faked ---- */

static struct {
    char token[100];
    char url[100];
    uint64_t now;
    int tls; /* how often */
    int error;
} handed;

static int refuse(spectacles_problem *problem)
{
    if (handed.error)
        snprintf(problem->text, sizeof problem->text, "the library refuses");
    return handed.error;
}

int credentials_hand_token(const struct credentials_users *users, const struct settings *settings,
                           spectacles_problem *problem)
{
    (void)users;
    snprintf(handed.token, sizeof handed.token, "%s", settings_value(settings, SETTING_TOKEN)->text);
    return refuse(problem);
}

int credentials_hand_urls(const struct credentials_users *users, const struct settings *settings,
                          uint64_t now, spectacles_problem *problem)
{
    (void)users;
    snprintf(handed.url, sizeof handed.url, "%s", settings_value(settings, SETTING_AMQP_URL)->texts[0]);
    handed.now = now;
    return refuse(problem);
}

int credentials_hand_tls(const struct credentials_users *users, const struct settings *settings,
                         spectacles_problem *problem)
{
    (void)users;
    (void)settings;
    handed.tls++;
    return refuse(problem);
}

struct store {
    int urgent;
};

void store_touch(struct store *store, bool is_urgent, uint64_t now)
{
    (void)now;
    store->urgent += is_urgent;
}

/* ---- A scene ---- */

static struct memory memory;
static struct settings running;
static struct store store;
static struct logged logged;
static struct bot bot;

static int begin(void **state)
{
    struct problems problems = {0};
    (void)state;
    memset(&handed, 0, sizeof handed);
    store.urgent = 0;
    memory_begin(&memory);
    memory_set(&memory, "SESSION_FILE");
    memory_set(&memory, "DISCORD_EVENTS=MESSAGE_CREATE");
    memory_set(&memory, "DISCORD_INTENTS=guild_messages");
    assert_int_equal(memory_read(&memory, &running, &problems), 0);
    problems_free(&problems);
    bot_begin(&bot, &running, "wss://gateway.example", 2);
    assert_non_null(bot.gateway);
    return 0;
}

static int end(void **state)
{
    (void)state;
    bot_end(&bot);
    settings_free(&running);
    return 0;
}

/* SIGHUP. Its lines are in `logged`. */
static void follow_with(struct gateways *gateways)
{
    struct settings_input input = memory_input(&memory);
    struct followers followers = {.gateways = gateways, .store = &store, .now = 17};
    logged_begin(&logged, LOG_LEVEL_INFO);
    followers.log = logged.log;
    follow_settings(&followers, &running, &input);
    logged_end(&logged);
    assert_null(strstr(logged.text, MEMORY_TOKEN));
    assert_null(strstr(logged.text, MEMORY_PASSWORD));
}

static void follow(void)
{
    follow_with(&bot.gateways);
}

static void expect(const char *text)
{
    if (!logged_has(&logged, text))
        fail_msg("'%s' is not in:\n%s", text, logged.text);
}

/* ---- The tests ---- */

static void nothing_has_changed(void **state)
{
    (void)state;
    follow();
    expect("no setting has changed");
    /* The paths of certificates may be the same, and the files others. */
    assert_int_equal(handed.tls, 1);
    expect("the authorities were read again (the system's)");
    assert_string_equal(handed.token, "");
    assert_string_equal(handed.url, "");
}

static void settings_are_taken(void **state)
{
    (void)state;
    memory_set(&memory, "LOG_LEVEL=debug");
    memory_set(&memory, "DISCORD_EVENTS=MESSAGE_CREATE,MESSAGE_DELETE");
    memory_set(&memory, "DISCORD_MORE_EVENTS=SOMETHING_NEW");
    memory_set(&memory, "LATENCY_BUDGET=5ms");
    memory_set(&memory, "STOP_TIMEOUT=3s");
    memory_set(&memory,
               "DISCORD_PRESENCE={\"status\":\"idle\",\"activities\":[],\"since\":null,\"afk\":false}");
    follow();
    expect("LOG_LEVEL has changed from info to debug: this is followed now");
    expect("DISCORD_PRESENCE has changed");
    assert_int_equal(settings_value(&running, SETTING_LOG_LEVEL)->number, LOG_LEVEL_DEBUG);
    assert_int_equal(settings_value(&running, SETTING_LATENCY_BUDGET)->number, 5);
    assert_int_equal(settings_value(&running, SETTING_STOP_TIMEOUT)->number, 3000);
    assert_non_null(strstr(settings_value(&running, SETTING_PRESENCE)->text, "idle"));
    assert_int_equal(running.event_count, 3);
    assert_string_equal(running.events[0], "MESSAGE_CREATE");
    assert_string_equal(running.events[1], "MESSAGE_DELETE");
    assert_string_equal(running.events[2], "SOMETHING_NEW");
    /* They are the running ones from here on. */
    follow();
    expect("no setting has changed");
}

/* A presence for each shard, and then none again. */
static void a_presence_that_names_the_shard_is_taken(void **state)
{
    (void)state;
    memory_set(&memory, "DISCORD_PRESENCE={\"status\":\"online\",\"activities\":[{\"name\":\"shard "
                        "{{shard}}\",\"type\":0}],\"since\":null,\"afk\":false}");
    follow();
    expect("DISCORD_PRESENCE has changed");
    assert_false(logged_has(&logged, "could not be followed"));
    memory_set(&memory, "DISCORD_PRESENCE");
    follow();
    expect("DISCORD_PRESENCE has changed");
    assert_null(settings_value(&running, SETTING_PRESENCE)->text);
}

static void the_level_of_the_log_changes(void **state)
{
    struct settings_input input;
    struct followers followers = {.gateways = &bot.gateways, .store = &store};
    (void)state;
    memory_set(&memory, "LOG_LEVEL=warn");
    input = memory_input(&memory);
    logged_begin(&logged, LOG_LEVEL_INFO);
    followers.log = logged.log;
    follow_settings(&followers, &running, &input);
    assert_false(log_wants(logged.log, LOG_LEVEL_INFO));
    assert_true(log_wants(logged.log, LOG_LEVEL_WARN));
    logged_end(&logged);
}

static void what_needs_a_restart_is_told_and_left(void **state)
{
    (void)state;
    memory_set(&memory, "BROKER_GROUP=other");
    follow();
    expect("warn  BROKER_GROUP has changed from gateway to other: restart the gateway to follow this");
    assert_string_equal(settings_value(&running, SETTING_GROUP)->text, "gateway");
}

static void a_wrong_setting_changes_nothing(void **state)
{
    (void)state;
    memory_set(&memory, "DISCORD_EVENTS=MESSAGE_CREAT");
    memory_set(&memory, "LOG_LEVEL=debug");
    memory_set(&memory, "AMQP_URL=amqp://other");
    follow();
    expect("did you mean MESSAGE_CREATE?");
    expect("error the gateway goes on with its former settings");
    assert_int_equal(settings_value(&running, SETTING_LOG_LEVEL)->number, LOG_LEVEL_INFO);
    assert_string_equal(handed.url, "");
    assert_int_equal(handed.tls, 0);
}

static void a_token_of_the_same_bot_is_handed_on_and_stored(void **state)
{
    static const char other[] = "MTk4NjIyNDgzNDcxOTI1MjQ4.Dl3FMQ.AnCjm1XVW7vRze4b7Cq4se7kKWs";
    char entry[100];
    (void)state;
    snprintf(entry, sizeof entry, "DISCORD_TOKEN=%s", other);
    memory_set(&memory, entry);
    follow();
    assert_string_equal(handed.token, other);
    assert_string_equal(settings_value(&running, SETTING_TOKEN)->text, other);
    assert_int_equal(store.urgent, 1);
    expect("DISCORD_TOKEN has changed: connections that are made from now on follow this");
    assert_false(logged_has(&logged, other));
}

/* Sessions, shards and commands are those of one bot. */
static void a_token_of_another_bot_is_not_followed(void **state)
{
    (void)state;
    memory_set(&memory, "DISCORD_TOKEN=MjAwMDAwMDAwMDAwMDAwMDAw.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs");
    follow();
    expect("error DISCORD_TOKEN has changed, and is of another bot: it is not followed");
    assert_string_equal(handed.token, "");
    assert_string_equal(settings_value(&running, SETTING_TOKEN)->text, MEMORY_TOKEN);
    assert_int_equal(store.urgent, 0);
}

static void urls_are_handed_on_with_the_time(void **state)
{
    (void)state;
    memory_set(&memory, "AMQP_URL=amqp://me:another-secret@elsewhere/vhost");
    follow();
    assert_string_equal(handed.url, "amqp://me:another-secret@elsewhere/vhost");
    assert_true(handed.now == 17);
    assert_string_equal(settings_value(&running, SETTING_AMQP_URL)->texts[0], handed.url);
    assert_false(logged_has(&logged, "another-secret"));
}

/* What is refused is not taken, so that the next SIGHUP tries it again. */
static void what_is_refused_is_tried_again(void **state)
{
    (void)state;
    memory_set(&memory, "AMQP_URL=amqp://elsewhere");
    handed.error = SPECTACLES_E_NOMEM;
    follow();
    expect("error AMQP_URL could not be followed: the library refuses: send SIGHUP again");
    expect("error the former certificates stay: the library refuses: send SIGHUP again");
    assert_non_null(strstr(settings_value(&running, SETTING_AMQP_URL)->texts[0], "rabbit"));
    handed.error = SPECTACLES_OK;
    follow();
    expect("AMQP_URL has changed");
    assert_string_equal(settings_value(&running, SETTING_AMQP_URL)->texts[0], "amqp://elsewhere");
}

/* While Discord is asked: the gateway is going to be made with what is running then. */
static void without_a_gateway_settings_are_taken_all_the_same(void **state)
{
    (void)state;
    struct gateways none = {.count = 0};
    memory_set(&memory, "DISCORD_EVENTS=MESSAGE_DELETE");
    follow_with(&none);
    assert_int_equal(running.event_count, 1);
    assert_string_equal(running.events[0], "MESSAGE_DELETE");
}

#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCENE(nothing_has_changed),
        WITH_SCENE(settings_are_taken),
        WITH_SCENE(a_presence_that_names_the_shard_is_taken),
        WITH_SCENE(the_level_of_the_log_changes),
        WITH_SCENE(what_needs_a_restart_is_told_and_left),
        WITH_SCENE(a_wrong_setting_changes_nothing),
        WITH_SCENE(a_token_of_the_same_bot_is_handed_on_and_stored),
        WITH_SCENE(a_token_of_another_bot_is_not_followed),
        WITH_SCENE(urls_are_handed_on_with_the_time),
        WITH_SCENE(what_is_refused_is_tried_again),
        WITH_SCENE(without_a_gateway_settings_are_taken_all_the_same),
    };
    return cmocka_run_group_tests_name("tools/follow", tests, NULL, NULL);
}
