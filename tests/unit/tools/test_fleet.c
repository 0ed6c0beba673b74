/* `spectacles-gateway fleet`: what is shown of a fleet that is faked, and what is wanted of its leader. */
#include "fleet.h"

#include "fake_fleet.h"
#include "fleet_watch.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Whoever looks, faked: no time passes ---- */

static bool is_heard; /* RabbitMQ is reached */
static int listened;

bool fleet_watch_begin(struct fleet_watch *watch, const struct settings *settings, struct problems *problems)
{
    spectacles_fleet_config config = {.member = "look", .group = "gateway", .shard_count = 4};
    (void)settings;
    *watch = (struct fleet_watch){.problems = problems};
    spectacles_fleet_new(&watch->handle.fleet, &config, NULL);
    return is_heard;
}

bool fleet_watch_until(struct fleet_watch *watch, uint64_t until)
{
    (void)watch;
    assert_true(until > 0);
    return ++listened < 100;
}

void fleet_watch_end(struct fleet_watch *watch)
{
    spectacles_fleet_free(watch->handle.fleet);
}

bool fleet_watch_find(const struct fleet_watch *watch, const char *name, spectacles_fleet_member_info *out)
{
    (void)watch;
    assert_null(out);
    for (size_t i = 0; i < fake_fleet.member_count; i++) {
        if (strcmp(fake_fleet.members[i].name, name) == 0)
            return true;
    }
    return false;
}

/* ---- A command ---- */

static char *said;
static struct problems problems;

static void own(uint32_t slot, const char *owner, const char *standby)
{
    spectacles_fleet_slot_info *info = &fake_fleet.slots[slot];
    *info = (spectacles_fleet_slot_info){.size = sizeof *info, .epoch = 3};
    snprintf(info->owner, sizeof info->owner, "%s", owner);
    snprintf(info->planned, sizeof info->planned, "%s", owner);
    snprintf(info->standby, sizeof info->standby, "%s", standby);
}

/* Two members with two slots each. */
static void begin(void)
{
    fake_fleet_begin();
    fake_fleet_add_member("web-1", 100);
    fake_fleet_add_member("web-2", 100);
    for (uint32_t slot = 0; slot < 4; slot++)
        own(slot, slot % 2 ? "web-2" : "web-1", slot % 2 ? "web-1" : "web-2");
    fake_fleet.progress =
        (spectacles_fleet_resharding){.shard_count = 8, .slots = 4, .generation = 2, .is_known = 1};
    is_heard = true;
    listened = 0;
}

static int run(const char *setting, bool json, const char *const *words)
{
    struct memory memory;
    struct settings settings;
    struct problems of_settings = {0};
    struct arguments arguments = {.command = COMMAND_FLEET, .json = json};
    size_t length = 0;
    for (; words[arguments.word_count]; arguments.word_count++)
        arguments.words[arguments.word_count] = words[arguments.word_count];
    memory_begin(&memory);
    memory_set(&memory, "SESSION_FILE=");
    memory_set(&memory, "DISCORD_SHARD_COUNT=8");
    memory_set(&memory, setting);
    memory_read(&memory, &settings, &of_settings);
    problems_free(&of_settings);
    FILE *out = open_memstream(&said, &length);
    assert_non_null(out);
    const struct fleet_command command = {.arguments = &arguments, .settings = &settings, .out = out};
    problems = (struct problems){0};
    fleet_run(&command, &problems);
    fclose(out);
    settings_free(&settings);
    return problems_exit_code(&problems);
}

static void end(void)
{
    free(said);
    problems_free(&problems);
    assert_int_equal(fake_fleet.made, fake_fleet.freed);
}

#define RUN(...) run("FLEET=on", false, (const char *const[]){__VA_ARGS__, NULL})

static void expect_problem(const char *text)
{
    assert_non_null(problems.first);
    if (!strstr(problems.first->text, text))
        fail_msg("'%s' is not in '%s'", text, problems.first->text);
}

static void status_shows_members_and_slots(void **state)
{
    (void)state;
    begin();
    assert_int_equal(RUN("status"), 0);
    assert_non_null(strstr(said, "8 shards in 4 slots, generation 2"));
    assert_non_null(strstr(said, "web-1                    -               100      0  here"));
    assert_non_null(strstr(said, "1     1..5 (2)        web-2                           3  web-2"));
    end();
    begin();
    assert_int_equal(run("FLEET=on", true, (const char *const[]){"status", NULL}), 0);
    assert_non_null(strstr(
        said, "{\"slot\":1,\"epoch\":3,\"owner\":\"web-2\",\"planned\":\"web-2\",\"standby\":\"web-1\"}"));
    assert_non_null(strstr(said, "\"leader_heard\":true"));
    end();
}

/* What is shown is what is set here. */
static void no_leader_was_heard(void **state)
{
    (void)state;
    begin();
    assert_int_equal(RUN("status"), 0);
    assert_null(strstr(said, "No leader was heard"));
    end();
    begin();
    fake_fleet.progress.is_known = 0;
    assert_int_equal(RUN("status"), 0);
    assert_non_null(strstr(said, "No leader was heard"));
    end();
    begin();
    fake_fleet.progress.is_known = 0;
    assert_int_equal(run("FLEET=on", true, (const char *const[]){"status", NULL}), 0);
    assert_non_null(strstr(said, "\"leader_heard\":false"));
    end();
}

static void nobody_is_there(void **state)
{
    (void)state;
    begin();
    fake_fleet.member_count = 0;
    assert_int_equal(RUN("status"), PROBLEM_MAY_PASS);
    expect_problem("nobody is in the fleet");
    end();
    begin();
    is_heard = false;
    RUN("status");
    assert_string_equal(said, "");
    end();
}

static void a_slot_is_moved_and_given_back(void **state)
{
    (void)state;
    begin();
    assert_int_equal(RUN("move", "0,2-3", "web-2"), 0);
    assert_int_equal(fake_fleet.moves[0].slot, 0);
    assert_int_equal(fake_fleet.moves[1].slot, 2);
    assert_string_equal(fake_fleet.moves[2].member, "web-2");
    assert_int_equal(fake_fleet.move_count, 6); /* told twice: the leader may change */
    assert_non_null(strstr(said, "the slots are with web-2"));
    end();
    begin();
    assert_int_equal(RUN("move", "all"), 0);
    assert_int_equal(fake_fleet.move_count, 8);
    assert_string_equal(fake_fleet.moves[7].member, "");
    end();
}

static void what_is_wrong_is_told(void **state)
{
    (void)state;
    begin();
    assert_int_equal(RUN("move", "0", "web-3"), PROBLEM_IS_FINAL);
    expect_problem("'web-3' is not in the fleet");
    end();
    begin();
    assert_int_equal(RUN("move", "4", "web-1"), PROBLEM_IS_FINAL);
    assert_int_equal(fake_fleet.move_count, 0);
    end();
    begin();
    assert_int_equal(RUN("move"), PROBLEM_IS_FINAL);
    expect_problem("fleet move SLOTS [MEMBER]");
    end();
    begin();
    assert_int_equal(RUN("dance"), PROBLEM_IS_FINAL);
    end();
    begin();
    assert_int_equal(run("FLEET=off", false, (const char *const[]){"status", NULL}), PROBLEM_IS_FINAL);
    expect_problem("FLEET is off");
    end();
}

/* All slots get a place: else the plan would move others to the member that is drained. */
static void draining_gives_each_slot_a_place(void **state)
{
    (void)state;
    begin();
    fake_fleet_add_member("web-3", 100);
    assert_int_equal(RUN("drain", "web-1"), 0);
    assert_int_equal(fake_fleet.move_count, 8);
    for (uint32_t slot = 0; slot < 4; slot++)
        assert_string_equal(fake_fleet.slots[slot].owner, slot % 2 ? "web-2" : "web-3");
    assert_non_null(strstr(said, "web-1 owns no slot"));
    end();
    begin();
    fake_fleet.member_count = 1;
    assert_int_equal(RUN("drain", "web-1"), PROBLEM_IS_FINAL);
    expect_problem("nobody else is in the fleet");
    end();
}

/* ---- Another number of shards ---- */

static void show_next(uint32_t phase, uint32_t shard_count, uint32_t owned)
{
    fake_fleet.shown[fake_fleet.shown_count++] =
        (spectacles_fleet_resharding){.phase = phase,
                                      .shard_count = shard_count,
                                      .wanted_shards = phase == SPECTACLES_FLEET_STABLE ? 0 : 16,
                                      .slots = 16,
                                      .owned = owned,
                                      .is_known = 1};
}

static void it_goes_to_another_number_of_shards(void **state)
{
    (void)state;
    begin();
    show_next(SPECTACLES_FLEET_STABLE, 8, 0); /* the leader has not heard it yet */
    show_next(SPECTACLES_FLEET_PREPARE, 8, 0);
    show_next(SPECTACLES_FLEET_WARMING, 8, 3);
    show_next(SPECTACLES_FLEET_OVERLAP, 8, 16);
    show_next(SPECTACLES_FLEET_CLOSING, 8, 16);
    show_next(SPECTACLES_FLEET_STABLE, 16, 0);
    assert_int_equal(RUN("reshard", "16"), 0);
    assert_int_equal(fake_fleet.wanted, 16);
    assert_non_null(strstr(said, "8 to 16 shards: WARMING, 3 of 16 new slots have an owner"));
    assert_non_null(strstr(said, "the fleet has 16 shards: set DISCORD_SHARD_COUNT=16"));
    end();
    begin();
    assert_int_equal(RUN("reshard", "8"), 0);
    assert_non_null(strstr(said, "8 shards already"));
    assert_int_equal(fake_fleet.wanted, 0);
    end();
}

static void it_is_followed_and_given_up(void **state)
{
    (void)state;
    begin();
    fake_fleet.progress.phase = SPECTACLES_FLEET_WARMING;
    fake_fleet.progress.wanted_shards = 16;
    assert_int_equal(RUN("reshard", "32"), PROBLEM_IS_FINAL);
    expect_problem("on the way from 8 to 16 shards");
    end();
    begin();
    fake_fleet.progress.phase = SPECTACLES_FLEET_WARMING;
    show_next(SPECTACLES_FLEET_ABORTING, 8, 2);
    show_next(SPECTACLES_FLEET_STABLE, 8, 0);
    assert_int_equal(RUN("reshard", "abort"), 0);
    assert_true(fake_fleet.aborted > 0);
    assert_non_null(strstr(said, "8 shards as before"));
    end();
    begin();
    show_next(SPECTACLES_FLEET_ABORTING, 8, 2);
    show_next(SPECTACLES_FLEET_STABLE, 8, 0);
    assert_int_equal(RUN("reshard", "16"), PROBLEM_MAY_PASS);
    expect_problem("it was given up");
    end();
}

static void what_cannot_be_is_told(void **state)
{
    static const char *const wrong[] = {"0", "65537", "many", "-8", "8x"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        begin();
        assert_int_equal(RUN("reshard", wrong[i]), PROBLEM_IS_FINAL);
        expect_problem("1 to 65536");
        end();
    }
    begin();
    assert_int_equal(RUN("reshard", "abort"), PROBLEM_IS_FINAL);
    expect_problem("not on the way");
    end();
    begin();
    fake_fleet.progress.phase = SPECTACLES_FLEET_CLOSING;
    assert_int_equal(RUN("reshard", "abort"), PROBLEM_IS_FINAL);
    expect_problem("too late");
    end();
    begin();
    fake_fleet.progress.is_known = 0;
    assert_int_equal(RUN("reshard", "16"), PROBLEM_MAY_PASS);
    expect_problem("no leader");
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_shows_members_and_slots),
        cmocka_unit_test(no_leader_was_heard),
        cmocka_unit_test(nobody_is_there),
        cmocka_unit_test(a_slot_is_moved_and_given_back),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(draining_gives_each_slot_a_place),
        cmocka_unit_test(it_goes_to_another_number_of_shards),
        cmocka_unit_test(it_is_followed_and_given_up),
        cmocka_unit_test(what_cannot_be_is_told),
    };
    return cmocka_run_group_tests_name("tools/fleet", tests, NULL, NULL);
}
