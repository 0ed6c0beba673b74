/*
 * From one number of shards to another while events flow, whatever becomes of members and leaders: every event arrives,
 * and the worker takes each for a new one once.
 */
#include "core/random.h"
#include "fleets.h"
#include "unit.h"

#include <stdio.h>

enum {
    START = 80000, /* until a fleet has identified all of its shards, with one bucket */
    WAY = 300000   /* from one number to the other, with one bucket */
};

static void start_with(int members)
{
    static const char *const zones[] = {"a", "b", "c"};
    for (int i = 0; i < members; i++)
        fleets_start(i, zones[i]);
    fleets_pass(START);
    assert_int_equal(fleets_served_by_all(), FLEET_SHARDS);
    assert_int_equal(fleets.sessions, FLEET_SHARDS);
    fleets_count_events();
}

static fleet_member *anybody(void)
{
    for (int i = 0; i < FLEET_MEMBERS; i++) {
        if (fleets.members[i].fleet)
            return fleets.members + i;
    }
    fail_msg("nobody runs");
    return NULL;
}

static int leader(void)
{
    for (int i = 0; i < FLEET_MEMBERS; i++) {
        if (fleets.members[i].leads)
            return i;
    }
    return -1;
}

static spectacles_fleet_resharding progress(void)
{
    spectacles_fleet_resharding out;
    spectacles_fleet_resharding_init(&out, sizeof out);
    assert_int_equal(spectacles_fleet_progress(anybody()->fleet, &out), SPECTACLES_OK);
    return out;
}

/* Until a phase is reached. */
static void pass_until(uint32_t phase)
{
    for (uint64_t end = fleets.now + WAY; progress().phase != phase; fleets_pass(FLEET_STEP)) {
        if (fleets.now > end)
            fail_msg("%s was not reached: it is %s", spectacles_fleet_phase_name(phase),
                     spectacles_fleet_phase_name(progress().phase));
    }
}

static void reshard(void)
{
    assert_int_equal(spectacles_fleet_reshard(anybody()->fleet, FLEET_OTHER_SHARDS), SPECTACLES_OK);
    pass_until(SPECTACLES_FLEET_PREPARE);
}

/* One set is left, and its gateways are as always. */
static void expect_only(int which, int members)
{
    fleets_pass(5000);
    int served = which ? fleets_others_served() : fleets_served_by_all();
    int others = which ? fleets_served_by_all() : fleets_others_served();
    assert_int_equal(served, which ? FLEET_OTHER_SHARDS : FLEET_SHARDS);
    assert_int_equal(others, 0);
    for (int i = 0; i < FLEET_MEMBERS; i++) {
        const fleet_gateway *gateways = fleets.members[i].gateways;
        if (!fleets.members[i].fleet)
            continue;
        members--;
        assert_true(gateways[which].is_there && !gateways[!which].is_there);
        assert_int_equal(gateways[which].flags & ~(uint32_t)SPECTACLES_RELAY_MARKS, 0);
    }
    assert_int_equal(members, 0);
}

/* The sessions of whoever is given up do not linger at Discord. */
static void expect_no_session(int which)
{
    for (uint32_t id = 0; id < FLEET_MOST; id++)
        assert_int_equal(fleets.discords[which].current[id], 0);
}

/* Nothing is on its way any more. */
static void expect_every_event_once(void)
{
    fleets.is_quiet = true;
    fleets_pass(10000);
    const char *wrong = fleets_find_wrong_event();
    if (wrong)
        fail_msg("%s", wrong);
}

static void every_event_comes_once(void **state)
{
    (void)state;
    start_with(3);
    fleets_pass(20000);
    reshard();
    assert_int_equal(progress().wanted_shards, FLEET_OTHER_SHARDS);
    pass_until(SPECTACLES_FLEET_WARMING);
    pass_until(SPECTACLES_FLEET_OVERLAP);
    assert_int_equal(progress().ready, FLEET_OTHER_SHARDS);
    assert_int_equal(fleets_others_served(), FLEET_OTHER_SHARDS);
    uint64_t overlap = fleets.now;
    pass_until(SPECTACLES_FLEET_CLOSING);
    assert_true(fleets.now >= overlap + 40000);
    assert_int_equal(progress().may_abort, 0);
    assert_int_equal(spectacles_fleet_abort_reshard(anybody()->fleet), SPECTACLES_E_STATE);
    pass_until(SPECTACLES_FLEET_STABLE);
    assert_int_equal(progress().generation, 2);
    assert_int_equal(progress().is_known, 1);
    fleets_pass(40000);
    expect_only(1, 3);
    expect_no_session(0);
    assert_int_equal(fleets.sessions, FLEET_SHARDS + FLEET_OTHER_SHARDS);
    expect_every_event_once();
}

static void expect_marks(int which, uint32_t marks)
{
    for (int i = 0; i < 2; i++) {
        if (fleets.members[i].gateways[which].is_there)
            assert_int_equal(fleets.members[i].gateways[which].flags, marks);
    }
}

/* The other set is gone, and what it has brought may still come. */
static void mark_while_workers_remember(int which)
{
    pass_until(SPECTACLES_FLEET_STABLE);
    for (uint64_t end = fleets.now + 35000; fleets.now < end; fleets_pass(1000))
        expect_marks(which, SPECTACLES_RELAY_MARKS);
    fleets_pass(10000);
    expect_marks(which, 0);
    assert_true(fleets.members[1].gateways[which].is_there);
}

static void who_stays_marks_on_while_workers_remember(void **state)
{
    (void)state;
    start_with(2);
    reshard();
    pass_until(SPECTACLES_FLEET_OVERLAP);
    assert_int_equal(spectacles_fleet_abort_reshard(anybody()->fleet), SPECTACLES_OK);
    mark_while_workers_remember(0);
    reshard();
    mark_while_workers_remember(1);
}

/* Who starts is told of one set alone, whether another one has just gone or not. */
static void who_starts_marks_while_workers_remember(void **state)
{
    (void)state;
    start_with(1);
    reshard();
    pass_until(SPECTACLES_FLEET_STABLE);
    fleets_start(1, "b");
    mark_while_workers_remember(1);
}

/* Commands are taken by those who serve; by both only for as long as a phase is on its way to a member. */
static void commands_go_to_who_serves(void **state)
{
    (void)state;
    start_with(2);
    reshard();
    for (uint32_t phase = SPECTACLES_FLEET_WARMING; phase <= SPECTACLES_FLEET_CLOSING; phase++) {
        pass_until(phase);
        fleets_pass(2 * FLEET_STEP);
        for (int i = 0; i < 2 && progress().phase == phase; i++) {
            const fleet_gateway *gateways = fleets.members[i].gateways;
            bool switched = phase == SPECTACLES_FLEET_CLOSING;
            assert_int_equal(!(gateways[0].flags & SPECTACLES_RELAY_NO_COMMANDS), !switched);
            assert_int_equal(!(gateways[1].flags & SPECTACLES_RELAY_NO_COMMANDS), switched);
        }
    }
    pass_until(SPECTACLES_FLEET_STABLE);
    expect_only(1, 2);
}

static void a_new_member_begins_with_the_new_number(void **state)
{
    (void)state;
    start_with(2);
    reshard();
    pass_until(SPECTACLES_FLEET_CLOSING);
    pass_until(SPECTACLES_FLEET_STABLE);
    fleets_start(2, "c"); /* set to the old number */
    fleets_pass(60000);
    expect_only(1, 3);
    assert_in_range(fleets.members[2].problems, 0, 0);
    fleets_kill(0);
    fleets_kill(1);
    fleets_pass(20000);
    expect_only(1, 1);
    fleets_kill(2); /* nobody is left; who comes back goes on from what is stored */
    fleets_start(0, "a");
    fleets_pass(30000);
    expect_only(1, 1);
    assert_int_equal(fleets.sessions, FLEET_SHARDS + FLEET_OTHER_SHARDS);
    expect_every_event_once();
}

/* The number was set in the configuration, and the generation was not: nobody has to know how often it was raised. */
static void who_is_set_to_the_new_number_joins_in(void **state)
{
    (void)state;
    for (uint32_t phase = SPECTACLES_FLEET_PREPARE; phase <= SPECTACLES_FLEET_CLOSING; phase++) {
        fleets_end(NULL);
        fleets_begin(NULL);
        start_with(2);
        reshard();
        pass_until(phase);
        fleets.shard_count = FLEET_OTHER_SHARDS;
        fleets_start(2, "c");
        pass_until(SPECTACLES_FLEET_STABLE);
        fleets_pass(60000);
        expect_only(1, 3);
        assert_int_equal(fleets.members[2].problems, 0);
        for (int i = 0; i < 3; i++)
            fleets_kill(i);
        fleets_start(0, "a"); /* from what is stored */
        fleets_pass(60000);
        expect_only(1, 1);
        assert_int_equal(fleets.sessions, FLEET_SHARDS + FLEET_OTHER_SHARDS);
        expect_every_event_once();
    }
}

/* Nobody resumes the sessions of the generation before, and that is declared: of each shard, once. */
static void a_raised_generation_declares_gaps(void **state)
{
    (void)state;
    start_with(2);
    fleets_kill(0);
    fleets_kill(1);
    fleets.generation = 2;
    fleets_start(0, "a");
    fleets_pass(START);
    fleets_start(1, "b");
    fleets_pass(60000);
    assert_int_equal(fleets.sessions, 2 * FLEET_SHARDS);
    assert_int_equal(fleets_served_by_all(), FLEET_SHARDS);
    for (uint32_t id = 0; id < FLEET_SHARDS; id++)
        assert_int_equal(fleets.gaps[id], 1);
}

/* There and back, several times: nobody ever finds the sessions of an earlier time. */
static void there_and_back(void **state)
{
    (void)state;
    start_with(2);
    for (int i = 0; i < 3; i++) {
        uint32_t wanted = i % 2 ? FLEET_SHARDS : FLEET_OTHER_SHARDS;
        assert_int_equal(spectacles_fleet_reshard(anybody()->fleet, wanted), SPECTACLES_OK);
        pass_until(SPECTACLES_FLEET_CLOSING);
        pass_until(SPECTACLES_FLEET_STABLE);
        expect_only(wanted == FLEET_OTHER_SHARDS, 2);
    }
    expect_every_event_once();
}

static void it_is_given_up(void **state)
{
    (void)state;
    start_with(3);
    for (uint32_t phase = SPECTACLES_FLEET_PREPARE; phase <= SPECTACLES_FLEET_OVERLAP; phase++) {
        reshard();
        pass_until(phase);
        assert_int_equal(progress().may_abort, 1);
        assert_int_equal(spectacles_fleet_abort_reshard(anybody()->fleet), SPECTACLES_OK);
        pass_until(SPECTACLES_FLEET_STABLE);
        expect_only(0, 3);
        expect_no_session(1);
        fleets_pass(20000);
    }
    expect_every_event_once();
    assert_int_equal(spectacles_fleet_abort_reshard(anybody()->fleet), SPECTACLES_E_STATE);
}

/* Whoever leads, and whoever else, dies in each phase; and comes back. */
static void members_die_in_each_phase(void **state)
{
    (void)state;
    for (int leads = 0; leads < 2; leads++) {
        for (uint32_t phase = SPECTACLES_FLEET_PREPARE; phase <= SPECTACLES_FLEET_CLOSING; phase++) {
            fleets_end(NULL);
            fleets_begin(NULL);
            start_with(3);
            reshard();
            pass_until(phase);
            int victim = leads ? leader() : (leader() + 1) % 3;
            fleets_kill(victim);
            fleets_pass(9000);
            fleets_start(victim, "a");
            fleets_pass(5000); /* it has heard of all that */
            pass_until(SPECTACLES_FLEET_STABLE);
            fleets_pass(60000);
            expect_only(1, 3);
            expect_every_event_once();
        }
    }
}

/* A host that hangs over the switch finds its old shards of no use, and the new ones elsewhere. */
static void who_sleeps_over_the_switch(void **state)
{
    (void)state;
    start_with(3);
    reshard();
    pass_until(SPECTACLES_FLEET_OVERLAP);
    int sleeper = (leader() + 1) % 3;
    fleets.members[sleeper].frozen_until = fleets.now + 100000;
    fake_disconnect(fleets.members[sleeper].broker);
    for (uint64_t end = fleets.now + 100000; fleets.now < end;)
        fleets_pass(1000);
    fake_connect(fleets.members[sleeper].broker);
    fleets_pass(60000);
    expect_only(1, 3);
    expect_every_event_once();
}

/* Also of slots that were owned for long before there was a session. */
static void expect_no_gap(int which)
{
    for (int i = 0; i < FLEET_MEMBERS; i++) {
        for (uint32_t id = 0; id < FLEET_MOST; id++)
            assert_int_equal(fleets.members[i].gateways[which].shards[id].gaps, 0);
    }
}

static void it_waits_for_the_identifies_of_the_day(void **state)
{
    (void)state;
    fleets.remaining = 50 + FLEET_SHARDS + FLEET_OTHER_SHARDS - 1;
    start_with(1);
    reshard();
    fleets_pass(60000);
    assert_int_equal(progress().phase, SPECTACLES_FLEET_PREPARE);
    assert_int_equal(fleets_others_served(), 0);
    fleets.remaining = 1000;
    fleets_pass(600000); /* so long an answer of Discord is believed */
    expect_no_gap(1);
    pass_until(SPECTACLES_FLEET_STABLE);
    expect_no_gap(1);
    expect_only(1, 1);
}

/* A new shard that loses its session begins again, and the overlap with it: A stays until B is steady. */
static void a_lost_session_puts_the_switch_off(void **state)
{
    (void)state;
    start_with(1);
    reshard();
    pass_until(SPECTACLES_FLEET_OVERLAP);
    fleets_pass(38000);
    fleet_shard *shard = fleets.members[0].gateways[1].shards + 5;
    fleets.discords[1].current[5] = shard->session = 0;
    shard->asks = true;
    spectacles_fleet_disconnected(fleets.members[0].fleet, 5, FLEET_OTHER_SHARDS, fleets.now);
    spectacles_fleet_wants_identify(fleets.members[0].fleet, 5, FLEET_OTHER_SHARDS, fleets.now);
    fleets_pass(35000);
    assert_int_equal(progress().phase, SPECTACLES_FLEET_OVERLAP);
    pass_until(SPECTACLES_FLEET_STABLE);
    expect_only(1, 1);
    expect_every_event_once();
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    fleets_start(0, NULL);
    spectacles_fleet *fleet = fleets.members[0].fleet;
    assert_int_equal(spectacles_fleet_reshard(fleet, 12), SPECTACLES_E_STATE); /* no leader yet */
    assert_int_equal(progress().phase, SPECTACLES_FLEET_STABLE);
    assert_int_equal(progress().is_known, 0);
    fleets_pass(START);
    assert_int_equal(spectacles_fleet_reshard(fleet, 0), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_fleet_reshard(fleet, 65537), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_fleet_reshard(fleet, FLEET_SHARDS), SPECTACLES_E_STATE);
    assert_non_null(strstr(spectacles_fleet_last_error(fleet), "as many shards"));
    reshard();
    assert_int_equal(spectacles_fleet_reshard(fleet, 16), SPECTACLES_E_STATE);
    assert_string_equal(spectacles_fleet_phase_name(SPECTACLES_FLEET_OVERLAP), "OVERLAP");
    assert_string_equal(spectacles_fleet_phase_name(99), "UNKNOWN");
}

/* ---- Lives ---- */

/*
 * Built with BROKEN, the name of a rule that was broken in the library (mutants.py), the lives have to find it out.
 * FIRST is the life to begin with.
 */
#ifndef BROKEN
#define BROKEN ""
#define FIRST 1
#endif

enum {
    LIVES = 12,
    MUTANT_LIVES = 60
};

static sp_random chance;

static bool happens(uint32_t once_in)
{
    return sp_random_next(&chance) % once_in == 0;
}

static void bring_back(int index)
{
    fleet_member *member = fleets.members + index;
    fake_go_on("gateway:fleet1:control");
    if (!member->fleet)
        fleets_start(index, "a");
    else if (!member->broker->is_connected) {
        member->frozen_until = 0;
        fake_connect(member->broker);
    }
}

/* The control queue may have no majority then: what the leader has just published is gone with it. */
static void hurt(int index)
{
    fleet_member *member = fleets.members + index;
    if (happens(2)) {
        fleets_kill(index);
    } else {
        member->frozen_until = fleets.now + 1000 + sp_random_next(&chance) % 8000;
        fake_disconnect(member->broker);
    }
}

/* Whoever knows that the old shards are closed has given the commands to the new ones. */
static const char *find_wrong_flags(int former)
{
    for (int i = 0; i < FLEET_MEMBERS; i++) {
        const fleet_member *member = fleets.members + i;
        if (member->fleet && member->phase == SPECTACLES_FLEET_CLOSING &&
            member->gateways[!former].is_there &&
            ((member->gateways[former].is_there &&
              !(member->gateways[former].flags & SPECTACLES_RELAY_NO_COMMANDS)) ||
             member->gateways[!former].flags & SPECTACLES_RELAY_NO_COMMANDS))
            return "commands go to shards that are closed";
    }
    return NULL;
}

/* Until the way is at its end, one trouble after the other. */
static const char *live_one_way(int former)
{
    int victim = -1;
    uint64_t back_at = 0;
    uint32_t phase = SPECTACLES_FLEET_PREPARE;
    for (uint64_t end = fleets.now + 400000; fleets.now < end; fleets_pass(FLEET_STEP)) {
        uint32_t present = victim < 0 ? progress().phase : phase;
        bool is_new = present != phase;
        phase = present;
        if (find_wrong_flags(former))
            return find_wrong_flags(former);
        if (phase == SPECTACLES_FLEET_STABLE && victim < 0)
            return NULL;
        if (victim >= 0 && fleets.now >= back_at) {
            bring_back(victim);
            fleets_pass(15000); /* it has heard of all that */
            victim = -1;
        } else if (victim < 0 && leader() >= 0 && (is_new ? happens(2) : happens(1200))) {
            victim = happens(2) ? leader() : (int)(sp_random_next(&chance) % FLEET_MEMBERS);
            hurt(victim);
            back_at = fleets.now + 2000 + sp_random_next(&chance) % 8000;
        } else if (happens(phase == SPECTACLES_FLEET_CLOSING ? 8 : 1500)) {
            spectacles_fleet_abort_reshard(anybody()->fleet);
        }
    }
    return "the way has no end";
}

/* The control queue has no majority at the moment of the switch, and all die: what is stored goes on. */
static const char *live_over_the_switch(int former)
{
    for (uint64_t end = fleets.now + 400000; progress().phase != SPECTACLES_FLEET_OVERLAP;) {
        fleets_pass(FLEET_STEP);
        if (fleets.now >= end)
            return "nothing overlaps";
    }
    fleets_pass(39000);
    fake_stall("gateway:fleet1:control");
    fleets_pass(6000);
    for (int i = 0; i < FLEET_MEMBERS; i++)
        fleets_kill(i);
    fake_go_on("gateway:fleet1:control");
    for (int i = 0; i < FLEET_MEMBERS; i++)
        bring_back(i);
    fleets_pass(12000);
    spectacles_fleet_abort_reshard(anybody()->fleet);
    fleets_pass(15000);
    return live_one_way(former);
}

static bool is_settled_on(int which)
{
    int served = which ? fleets_others_served() : fleets_served_by_all();
    int others = which ? fleets_served_by_all() : fleets_others_served();
    return served == (which ? FLEET_OTHER_SHARDS : FLEET_SHARDS) && others == 0;
}

static const char *live_on(void)
{
    int former = 0;
    for (int i = 0; i < 3; i++) {
        uint32_t wanted = former ? FLEET_SHARDS : FLEET_OTHER_SHARDS;
        spectacles_fleet_reshard(anybody()->fleet, wanted);
        fleets_pass(2000);
        const char *wrong = i == 0 && happens(3) ? live_over_the_switch(former) : live_one_way(former);
        if (wrong)
            return wrong;
        fleets_pass(30000);
        former = progress().shard_count == FLEET_OTHER_SHARDS;
        if (!is_settled_on(former))
            return "not all shards are served, or too many";
    }
    fleets.is_quiet = true;
    fleets_pass(10000);
    return fleets_find_wrong_event();
}

static const char *live(uint64_t seed)
{
    static char text[160];
    fleets_begin(NULL);
    chance = (sp_random){seed * 7919};
    start_with(3);
    const char *wrong = live_on();
    if (wrong)
        snprintf(text, sizeof text, "life %llu: %s", (unsigned long long)seed, wrong);
    fleets_end(NULL);
    return wrong ? text : NULL;
}

static void nothing_is_missing_in_any_life(void **state)
{
    (void)state;
    for (uint64_t seed = FIRST; seed < FIRST + LIVES; seed++) {
        const char *wrong = live(seed);
        if (wrong)
            fail_msg("%s", wrong);
    }
}

static void a_life_finds_the_broken_rule_out(void **state)
{
    const char *wrong = NULL;
    (void)state;
    for (uint64_t seed = FIRST; seed < FIRST + MUTANT_LIVES && !wrong; seed++)
        wrong = live(seed);
    if (!wrong)
        fail_msg("%s: nobody noticed in %d lives", BROKEN, MUTANT_LIVES);
    print_message("# %s, in %s\n", BROKEN, wrong);
}

#define in_order(test) cmocka_unit_test_setup_teardown(test, fleets_begin, fleets_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_order(every_event_comes_once),
        in_order(who_stays_marks_on_while_workers_remember),
        in_order(who_starts_marks_while_workers_remember),
        in_order(commands_go_to_who_serves),
        in_order(a_new_member_begins_with_the_new_number),
        in_order(who_is_set_to_the_new_number_joins_in),
        in_order(a_raised_generation_declares_gaps),
        in_order(there_and_back),
        in_order(it_is_given_up),
        in_order(members_die_in_each_phase),
        in_order(who_sleeps_over_the_switch),
        in_order(it_waits_for_the_identifies_of_the_day),
        in_order(a_lost_session_puts_the_switch_off),
        in_order(what_cannot_be_is_refused),
        cmocka_unit_test(nothing_is_missing_in_any_life),
    };
    const struct CMUnitTest mutant[] = {cmocka_unit_test(a_life_finds_the_broken_rule_out)};
    if (BROKEN[0])
        return cmocka_run_group_tests_name("fleet/phases/" BROKEN, mutant, NULL, NULL);
    return cmocka_run_group_tests_name("fleet/phases", tests, NULL, NULL);
}
