/* The daemon as a member of a fleet: what the fleet wants is done with a real gateway, and what it hears of shards. */
#include "member.h"

#include "bot.h"
#include "fake_fleet.h"
#include "logged.h"
#include "memory.h"

#include <stdio.h>

static struct memory memory;
static struct settings settings;
static struct proxies proxies;
static struct logged logged;
static struct bot bot;
static struct member *member;
static struct loop loop;
static struct status shown;
static const char *more_setting;     /* NULL: none */
static const spectacles_state *past; /* of the member that is made next */

static const spectacles_session session = {.size = sizeof session,
                                           .shard_id = 2,
                                           .shard_count = 4,
                                           .seq = 17,
                                           .session_id = "s17",
                                           .resume_url = "wss://gateway.example",
                                           .format = SPECTACLES_FORMAT_JSON};

static void make(void)
{
    static const char *const more[] = {"SESSION_FILE=", "FLEET=on", "FLEET_MEMBER=web-1",
                                       "DISCORD_SHARD_COUNT=4"};
    struct problems problems = {0};
    memory_begin(&memory);
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        memory_set(&memory, more[i]);
    if (more_setting)
        memory_set(&memory, more_setting);
    fake_fleet_begin();
    assert_int_equal(memory_read(&memory, &settings, &problems), 0);
    problems_free(&problems);
    logged_begin(&logged, LOG_LEVEL_DEBUG);
    bot_begin(&bot, &settings, "wss://gateway.example", 4);
    assert_non_null(bot.gateway);
    const struct member_parts parts = {.settings = &settings,
                                       .proxies = &proxies,
                                       .log = logged.log,
                                       .gateways = &bot.gateways,
                                       .past = past,
                                       .shard_count = 4};
    status_begin(&shown, 1, 1);
    fake_fleet_begin(); /* the check of the settings has made one too */
    assert_int_equal(member_new(&member, &parts, &bot.problem), SPECTACLES_OK);
    loop_begin(&loop);
}

static void finish(void)
{
    member_free(member);
    assert_int_equal(fake_fleet.freed, fake_fleet.made);
    bot_end(&bot);
    logged_end(&logged);
    settings_free(&settings);
}

static void start(void)
{
    make();
    member_begin(member, 1000);
    member_process(member, &loop, 1000);
}

static bool bring(spectacles_fleet_event event)
{
    event.shard_count = event.shard_count ? event.shard_count : 4;
    fake_fleet_bring(&event);
    fake_fleet.deadline = 0;
    bool has_worked = member_process(member, &loop, 1000);
    fake_fleet.deadline = SPECTACLES_NEVER;
    return has_worked;
}

static struct status_fleet look(void)
{
    struct status_fleet view;
    member_look(member, &view);
    return view;
}

static size_t served(void)
{
    size_t count;
    spectacles_gateway_shards(bot.gateway, &count);
    return count;
}

static void it_is_made_of_the_settings(void **state)
{
    (void)state;
    make();
    assert_int_equal(served(), 0);
    assert_string_equal(fake_fleet.member, "web-1");
    assert_string_equal(fake_fleet.group, "gateway");
    assert_int_equal(fake_fleet.shard_count, 4);
    assert_false(member_process(member, &loop, 1000)); /* nothing before it begins */
    assert_true(member_has_left(member));
    finish();
}

static void shards_come_and_go_as_the_fleet_wants(void **state)
{
    (void)state;
    start();
    assert_true(bring((spectacles_fleet_event){
        .type = SPECTACLES_FLEET_EVENT_ADD_SHARD, .shard_id = 2, .slot = 2, .session = &session}));
    assert_true(bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_ADD_SHARD, .shard_id = 3}));
    assert_int_equal(served(), 2);
    assert_true(look().takeovers == 1);
    status_hear(&shown, &bot.gateways.items[0].memory,
                &(spectacles_relay_event){.type = SPECTACLES_RELAY_EVENT_SHARD_READY, .shard_id = 3}, 1);
    assert_true(bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_DROP_SHARD, .shard_id = 3}));
    assert_int_equal(served(), 1);
    assert_null(status_shard(&bot.gateways.items[0].memory, 3));
    assert_true(bring(
        (spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_REMOVE_SHARD, .shard_id = 2, .code = 4000}));
    assert_null(member_failure(member));
    member_hear(member, bot.gateways.items,
                &(spectacles_relay_event){.type = SPECTACLES_RELAY_EVENT_SHARD_REMOVED, .shard_id = 2}, 1000);
    assert_int_equal(fake_fleet.removals, 1);
    assert_int_equal(fake_fleet.shard_id, 2);
    assert_true(fake_fleet.seq == 17);
    finish();
}

/* A bot that was alone brings its sessions along: once, and for shards of which the fleet knows nothing. */
static void shards_have_a_past(void **state)
{
    spectacles_state_config config;
    spectacles_state *stored = NULL;
    (void)state;
    spectacles_state_config_init(&config, sizeof config);
    config.token = "MTIz.a.b";
    config.shard_count = 4;
    assert_int_equal(spectacles_state_new(&stored, &config, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_state_set(stored, 2, &session, NULL, 0, 1), 1);
    past = stored;
    start();
    past = NULL;
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_ADD_SHARD, .shard_id = 2});
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_ADD_SHARD, .shard_id = 3});
    assert_int_equal(served(), 2);
    assert_int_equal(fake_fleet.reports, 1);
    assert_int_equal(fake_fleet.shard_id, 2);
    assert_true(fake_fleet.seq == 17);
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_DROP_SHARD, .shard_id = 2});
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_ADD_SHARD, .shard_id = 2});
    assert_int_equal(fake_fleet.reports, 1);
    assert_null(member_failure(member));
    finish();
    spectacles_state_free(stored);
}

/* A member that cannot do it ends, so that the others go on; one that leaves ends anyway. */
static void what_cannot_be_done_ends_the_process(void **state)
{
    const spectacles_fleet_event impossible = {.type = SPECTACLES_FLEET_EVENT_ADD_SHARD, .shard_id = 9};
    (void)state;
    start();
    bring(impossible);
    assert_non_null(strstr(member_failure(member), "shard 9 of the fleet cannot be added"));
    finish();
    start();
    member_leave(member, 1000);
    assert_int_equal(fake_fleet.left, 1);
    bring(impossible);
    assert_null(member_failure(member));
    assert_false(member_has_left(member));
    fake_fleet.has_left = true;
    assert_true(member_has_left(member));
    finish();
}

static void a_report_that_fails_ends_the_process(void **state)
{
    (void)state;
    start();
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_ADD_SHARD, .shard_id = 1});
    fake_fleet.error = SPECTACLES_E_NOMEM;
    member_hear(member, bot.gateways.items,
                &(spectacles_relay_event){.type = SPECTACLES_RELAY_EVENT_SHARD_GAP, .shard_id = 1}, 1000);
    member_process(member, &loop, 1000);
    assert_non_null(strstr(member_failure(member), "shard 1 of the fleet cannot be stored"));
    finish();
}

/* An id that nobody can store: a gap is declared by whoever goes on. */
static void what_cannot_be_stored_becomes_a_gap(void **state)
{
    (void)state;
    start();
    bring((spectacles_fleet_event){
        .type = SPECTACLES_FLEET_EVENT_ADD_SHARD, .shard_id = 2, .session = &session});
    fake_fleet.refused = 1;
    member_hear(member, bot.gateways.items,
                &(spectacles_relay_event){.type = SPECTACLES_RELAY_EVENT_SHARD_READY, .shard_id = 2}, 1000);
    member_process(member, &loop, 1000);
    assert_int_equal(fake_fleet.reports, 2);
    assert_true(fake_fleet.seq == UINT64_MAX);
    assert_int_equal(fake_fleet.gaps, 1);
    assert_null(member_failure(member));
    finish();
    assert_true(logged_has(&logged, "shard 2 cannot be stored"));
}

/* The shard has lost its connection in between. */
static void a_grant_is_answered(void **state)
{
    (void)state;
    start();
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_ADD_SHARD, .shard_id = 1});
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_GRANT_IDENTIFY, .shard_id = 1});
    assert_int_equal(fake_fleet.identified, 1);
    assert_int_equal(fake_fleet.sent, 0);
    assert_true(look().grants == 0);
    finish();
}

static void what_the_gateway_tells_is_passed_on(void **state)
{
    (void)state;
    start();
    bring((spectacles_fleet_event){
        .type = SPECTACLES_FLEET_EVENT_ADD_SHARD, .shard_id = 2, .session = &session});
    member_hear(member, bot.gateways.items,
                &(spectacles_relay_event){.type = SPECTACLES_RELAY_EVENT_SHARD_WANTS_IDENTIFY, .shard_id = 2},
                1000);
    assert_int_equal(fake_fleet.wants, 1);
    member_hear(member, bot.gateways.items,
                &(spectacles_relay_event){.type = SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED, .shard_id = 2},
                1000);
    assert_int_equal(fake_fleet.disconnected, 1);
    member_process(member, &loop, 1000);
    assert_int_equal(fake_fleet.reports, 0); /* that has a quarter of a second */
    member_hear(member, bot.gateways.items,
                &(spectacles_relay_event){.type = SPECTACLES_RELAY_EVENT_SHARD_READY, .shard_id = 2}, 1000);
    member_process(member, &loop, 1000);
    assert_int_equal(fake_fleet.reports, 1);
    assert_true(fake_fleet.seq == 17);
    member_hear(member, bot.gateways.items,
                &(spectacles_relay_event){.type = SPECTACLES_RELAY_EVENT_SHARD_READY, .shard_id = 2}, 1000);
    member_process(member, &loop, 1000);
    assert_int_equal(fake_fleet.reports, 1); /* nothing has changed */
    finish();
}

static void limits_are_asked_for_and_handed_in_once(void **state)
{
    (void)state;
    start();
    member_set_limits(member, &bot.answer, 900, 1000);
    assert_true(fake_fleet.asked_at == 0); /* nobody has asked */
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_WANTS_LIMITS});
    loop_begin(&loop);
    member_watch(member, &loop);
    assert_true(loop.deadline == 0);
    assert_true(member_takes_limits(member));
    assert_false(member_takes_limits(member));
    member_set_limits(member, &bot.answer, 1001, 1200);
    assert_true(fake_fleet.asked_at == 1001);
    member_set_limits(member, &bot.answer, 1002, 1200);
    assert_true(fake_fleet.asked_at == 1001);
    finish();
}

static void it_knows_how_it_stands(void **state)
{
    (void)state;
    start();
    fake_fleet_add_member("web-1", 100);
    fake_fleet_add_member("web-2", 100);
    assert_true(look().slots[SPECTACLES_FLEET_IDLE] == 4);
    fake_fleet.slots[1].state = SPECTACLES_FLEET_DOUBTFUL;
    assert_false(bring((spectacles_fleet_event){
        .type = SPECTACLES_FLEET_EVENT_SLOT, .slot = 1, .state = SPECTACLES_FLEET_OWNED, .epoch = 3}));
    bring((spectacles_fleet_event){
        .type = SPECTACLES_FLEET_EVENT_SLOT, .slot = 1, .state = SPECTACLES_FLEET_DOUBTFUL, .epoch = 3});
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_LEADER, .member = "web-1"});
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_BROKER_READY, .text = "RabbitMQ 4"});
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_PROBLEM, .text = "a problem"});
    struct status_fleet view = look();
    assert_true(view.is_used && view.is_connected && view.leads && view.members == 2);
    assert_string_equal(view.member, "web-1");
    assert_true(view.slots[SPECTACLES_FLEET_IDLE] == 3 && view.slots[SPECTACLES_FLEET_DOUBTFUL] == 1);
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_BROKER_DISCONNECTED, .text = "cut"});
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_LEADER});
    assert_false(look().is_connected || look().leads);
    finish();
    assert_true(logged_has(&logged, "slot 1 of the fleet is OWNED, epoch 3"));
    assert_true(logged_has(&logged, "warn  slot 1 of the fleet is doubtful"));
    assert_true(logged_has(&logged, "warn  a problem [FLEET_PROBLEM]"));
    assert_true(logged_has(&logged, "warn  the fleet has lost RabbitMQ: cut"));
}

/* Its end is no loss: nobody is told that RabbitMQ is away. */
static void its_connection_is_closed_in_order(void **state)
{
    (void)state;
    start();
    assert_false(member_is_closed(member));
    member_close(member, 1000); /* not before it leaves */
    member_leave(member, 1000);
    assert_false(member_is_closed(member));
    member_close(member, 1000);
    member_close(member, 1000);
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_BROKER_DISCONNECTED, .text = "closed"});
    assert_true(member_is_closed(member)); /* nothing was connected here */
    finish();
    assert_false(logged_has(&logged, "FLEET_DISCONNECTED"));
}

/* ---- Another number of shards ---- */

static void tell_phase(uint32_t phase)
{
    fake_fleet.progress = (spectacles_fleet_resharding){
        .phase = phase, .shard_count = 4, .wanted_shards = 8, .generation = 2, .is_known = 1};
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_RESHARDING, .phase = phase});
}

static bool shard(uint32_t flags)
{
    return bring(
        (spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_SHARDING, .shard_count = 8, .flags = flags});
}

static bool add_new(uint32_t id)
{
    return bring(
        (spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_ADD_SHARD, .shard_id = id, .shard_count = 8});
}

static void each_number_of_shards_has_a_gateway(void **state)
{
    (void)state;
    start();
    tell_phase(SPECTACLES_FLEET_PREPARE);
    assert_true(shard(SPECTACLES_RELAY_SILENT | SPECTACLES_RELAY_NO_COMMANDS));
    assert_int_equal(bot.gateways.count, 2);
    assert_true(bot.gateways.had_two);
    struct gateway *made = gateways_find(&bot.gateways, 8);
    size_t count;
    assert_true(add_new(7));
    spectacles_gateway_shards(made->handle, &count);
    assert_int_equal(count, 1);
    assert_int_equal(served(), 0);
    member_hear(member, made,
                &(spectacles_relay_event){.type = SPECTACLES_RELAY_EVENT_SHARD_RESUMED, .shard_id = 7}, 1000);
    assert_int_equal(fake_fleet.sharding, 8);
    assert_true(look().phase == SPECTACLES_FLEET_PREPARE && look().wanted_shards == 8);
    assert_int_equal(bot.gateways.serving, 4);
    fake_fleet.progress = (spectacles_fleet_resharding){.shard_count = 8, .is_known = 1};
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_SHARDING_ENDED, .shard_count = 4});
    assert_int_equal(bot.gateways.serving, 8);
    assert_true(bot.gateways.items[0].is_ending);
    assert_ptr_equal(gateways_serving(&bot.gateways), made);
    finish();
    assert_true(logged_has(&logged, "from 4 to 8 shards: PREPARE"));
    assert_false(logged_has(&logged, "set DISCORD_SHARD_COUNT"));
}

/* The fleet has gone to another number before. */
static void who_starts_with_another_number_is_told(void **state)
{
    (void)state;
    start();
    fake_fleet.progress = (spectacles_fleet_resharding){.shard_count = 8, .generation = 2, .is_known = 1};
    shard(0);
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_SHARDING_ENDED, .shard_count = 4});
    assert_int_equal(bot.gateways.serving, 8);
    assert_true(bot.gateways.items[0].is_ending);
    finish();
    assert_true(logged_has(&logged, "set DISCORD_SHARD_COUNT=8 in all processes"));
}

/* No room for another gateway: as a file of certificates that cannot be read, or descriptors that the system lacks. */
static void block(void)
{
    while (bot.gateways.count < GATEWAYS_MAX)
        assert_int_equal(
            gateways_add(&bot.gateways, 100 + (uint32_t)bot.gateways.count, 0, NULL, &bot.problem),
            SPECTACLES_OK);
}

static void unblock(void)
{
    gateways_remove(&bot.gateways, &bot.gateways.items[bot.gateways.count - 1]);
}

static void a_gateway_that_lacks_is_made_later(void **state)
{
    (void)state;
    start();
    tell_phase(SPECTACLES_FLEET_PREPARE);
    block();
    shard(SPECTACLES_RELAY_SILENT);
    assert_null(gateways_find(&bot.gateways, 8));
    assert_false(member_process(member, &loop, 2999));
    unblock();
    assert_true(member_process(member, &loop, 3000));
    assert_non_null(gateways_find(&bot.gateways, 8));
    assert_null(member_failure(member));
    finish();
    assert_true(logged_has(&logged, "the gateway for 8 shards cannot be made"));
}

/* Whoever cannot serve that number says so before the old one is closed. */
static void a_number_that_cannot_be_served_is_given_up(void **state)
{
    (void)state;
    start();
    tell_phase(SPECTACLES_FLEET_WARMING);
    block();
    shard(SPECTACLES_RELAY_SILENT);
    assert_false(add_new(7));
    assert_int_equal(fake_fleet.aborted, 1);
    member_process(member, &loop, 3000);
    assert_int_equal(fake_fleet.aborted, 2); /* the leader may not have heard it */
    tell_phase(SPECTACLES_FLEET_ABORTING);
    bring((spectacles_fleet_event){
        .type = SPECTACLES_FLEET_EVENT_REMOVE_SHARD, .shard_id = 7, .shard_count = 8, .code = 1000});
    assert_int_equal(fake_fleet.removals, 1);
    assert_true(fake_fleet.seq == UINT64_MAX);
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_SHARDING_ENDED, .shard_count = 8});
    member_process(member, &loop, 9000);
    assert_int_equal(fake_fleet.aborted, 2);
    assert_null(member_failure(member));
    finish();
    assert_true(logged_has(&logged, "the way to 8 shards is given up"));
}

static void it_ends_when_that_is_too_late(void **state)
{
    (void)state;
    start();
    tell_phase(SPECTACLES_FLEET_OVERLAP);
    block();
    shard(SPECTACLES_RELAY_MARKS);
    add_new(7);
    assert_int_equal(fake_fleet.aborted, 0);
    assert_non_null(strstr(member_failure(member), "shard 7 of the fleet cannot be added"));
    finish();
}

static void who_leaves_makes_no_gateway(void **state)
{
    (void)state;
    start();
    tell_phase(SPECTACLES_FLEET_PREPARE);
    member_leave(member, 1000);
    shard(SPECTACLES_RELAY_SILENT);
    assert_int_equal(bot.gateways.count, 1);
    finish();
}

static void a_generation_that_begins_nothing_is_told(void **state)
{
    (void)state;
    more_setting = "FLEET_GENERATION=2";
    start();
    more_setting = NULL;
    fake_fleet.progress.generation = 4;
    bring((spectacles_fleet_event){.type = SPECTACLES_FLEET_EVENT_SHARDING, .shard_count = 4});
    finish();
    assert_true(logged_has(&logged, "FLEET_GENERATION is 2, and the fleet is at 4"));
}

static void without_a_fleet_there_is_nothing_to_do(void **state)
{
    struct status_fleet view;
    (void)state;
    loop_begin(&loop);
    member_begin(NULL, 1);
    member_leave(NULL, 1);
    member_watch(NULL, &loop);
    member_hear(NULL, bot.gateways.items,
                &(spectacles_relay_event){.type = SPECTACLES_RELAY_EVENT_SHARD_READY}, 1);
    assert_true(loop.deadline == SPECTACLES_NEVER);
    assert_false(member_process(NULL, &loop, 1));
    member_close(NULL, 1);
    assert_true(member_has_left(NULL) && member_is_closed(NULL));
    assert_false(member_takes_limits(NULL));
    assert_null(member_failure(NULL));
    member_look(NULL, &view);
    assert_false(view.is_used);
    member_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_made_of_the_settings),
        cmocka_unit_test(shards_come_and_go_as_the_fleet_wants),
        cmocka_unit_test(shards_have_a_past),
        cmocka_unit_test(what_cannot_be_done_ends_the_process),
        cmocka_unit_test(a_report_that_fails_ends_the_process),
        cmocka_unit_test(what_cannot_be_stored_becomes_a_gap),
        cmocka_unit_test(a_grant_is_answered),
        cmocka_unit_test(what_the_gateway_tells_is_passed_on),
        cmocka_unit_test(limits_are_asked_for_and_handed_in_once),
        cmocka_unit_test(it_knows_how_it_stands),
        cmocka_unit_test(its_connection_is_closed_in_order),
        cmocka_unit_test(each_number_of_shards_has_a_gateway),
        cmocka_unit_test(who_starts_with_another_number_is_told),
        cmocka_unit_test(a_gateway_that_lacks_is_made_later),
        cmocka_unit_test(a_number_that_cannot_be_served_is_given_up),
        cmocka_unit_test(it_ends_when_that_is_too_late),
        cmocka_unit_test(who_leaves_makes_no_gateway),
        cmocka_unit_test(a_generation_that_begins_nothing_is_told),
        cmocka_unit_test(without_a_fleet_there_is_nothing_to_do),
    };
    return cmocka_run_group_tests_name("tools/member", tests, NULL, NULL);
}
