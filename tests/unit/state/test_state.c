/* What a state knows: of shards that are served here, that are served elsewhere, and that nobody can speak for. */
#include "fakes.h"
#include "unit.h"

enum {
    THEN = 1000,
    NOW = 2000
};

static spectacles_state *make(uint32_t shard_count)
{
    spectacles_state *made = NULL;
    spectacles_state_config config;
    spectacles_state_config_init(&config, sizeof config);
    config.token = "token";
    config.shard_count = shard_count;
    assert_int_equal(spectacles_state_new(&made, &config, NULL), SPECTACLES_OK);
    return made;
}

/* What a process with that many shards reads of what was written. Ends `from`. */
static spectacles_state *restart(spectacles_state *from, uint32_t shard_count)
{
    spectacles_bytes *bytes = NULL;
    spectacles_state *to = make(shard_count);
    assert_int_equal(spectacles_bytes_new(&bytes), SPECTACLES_OK);
    assert_int_equal(spectacles_state_write(from, bytes), SPECTACLES_OK);
    assert_int_equal(
        spectacles_state_read(to, spectacles_bytes_data(bytes), spectacles_bytes_length(bytes), NOW, NULL),
        SPECTACLES_OK);
    spectacles_bytes_free(bytes);
    spectacles_state_free(from);
    return to;
}

/* Takes when the relay says that the first `count` shards have changed. */
static int take_at(spectacles_state *state, size_t count, uint64_t unix_time)
{
    fake_changed_count = count;
    return spectacles_state_take(state, NULL, unix_time);
}

static int take(spectacles_state *state, size_t count)
{
    return take_at(state, count, THEN);
}

static const char *session_of(const spectacles_state *state, uint32_t shard_id)
{
    spectacles_session session = {.size = sizeof session};
    return spectacles_state_session(state, shard_id, &session) == 1 ? session.session_id : NULL;
}

/* Whether there is a gap of which nothing is known. */
static int has_unknown_gap(const spectacles_state *state, uint32_t shard_id)
{
    spectacles_gap gap;
    for (size_t i = 0; spectacles_state_gap(state, shard_id, i, &gap) == 1; i++) {
        if (!gap.old_session_id && !gap.new_session_id)
            return 1;
    }
    return 0;
}

static size_t count_gaps(const spectacles_state *state, uint32_t shard_id)
{
    spectacles_gap gap;
    size_t count = 0;
    while (spectacles_state_gap(state, shard_id, count, &gap) == 1)
        count++;
    return count;
}

static void a_first_start_has_missed_nothing(void **state)
{
    (void)state;
    spectacles_state *new = make(2);
    assert_null(session_of(new, 0));
    assert_int_equal(count_gaps(new, 0), 0);
    new = restart(new, 2);
    assert_int_equal(count_gaps(new, 1), 0);
    new = restart(new, 4);
    assert_int_equal(count_gaps(new, 3), 0);
    spectacles_state_free(new);
}

static void it_says_when_something_changed(void **state)
{
    (void)state;
    spectacles_state *made = make(2);
    fakes_reset(2);
    assert_int_equal(take(made, 2), 1);
    assert_int_equal(take_at(made, 2, NOW), 0);
    assert_int_equal(spectacles_state_time(made, 1), THEN);
    fake_shards[1].seq++;
    assert_int_equal(take_at(made, 2, NOW), 1);
    assert_int_equal(spectacles_state_time(made, 0), THEN);
    assert_int_equal(spectacles_state_time(made, 1), NOW);
    fake_gap(0, "older", NULL);
    assert_int_equal(take(made, 2), 1);
    fake_gaps[0].new_session_id = "s0";
    assert_int_equal(take(made, 2), 1);
    fake_shards[0].url = "wss://other.test/";
    assert_int_equal(take(made, 2), 1);
    assert_int_equal(take(made, 2), 0);
    fake_gap_count = 0;
    assert_int_equal(take(made, 2), 1);
    fake_shards[0].session = NULL;
    assert_int_equal(take(made, 2), 1);
    assert_int_equal(spectacles_state_count(made), 1);
    assert_int_equal(take(made, 2), 0);
    spectacles_state_free(made);
}

static void what_is_not_served_here_is_kept(void **state)
{
    (void)state;
    spectacles_state *made = make(4);
    fakes_reset(4);
    fake_gap(3, "older", "s3");
    take(made, 4);
    made = restart(made, 4);
    fake_gap_count = 0;
    fake_shards[0].seq = 99;
    take(made, 2);
    made = restart(made, 4);
    spectacles_session session = {.size = sizeof session};
    assert_int_equal(spectacles_state_session(made, 0, &session), 1);
    assert_int_equal(session.seq, 99);
    assert_string_equal(session_of(made, 3), "s3");
    assert_int_equal(count_gaps(made, 3), 1);
    spectacles_state_free(made);
}

/* New shards have no session, and have missed something all the same: others had their guilds. */
static void more_shards_than_before(void **state)
{
    (void)state;
    spectacles_session session = {.size = sizeof session};
    spectacles_state *made = make(2);
    fakes_reset(2);
    take(made, 2);
    made = restart(made, 4);
    assert_int_equal(spectacles_state_session(made, 0, &session), 1);
    assert_int_equal(session.shard_count, 2); /* so that the shard gives it up, and says so */
    assert_false(has_unknown_gap(made, 0));
    assert_true(has_unknown_gap(made, 2));
    assert_true(has_unknown_gap(made, 3));
    assert_int_equal(count_gaps(made, 4), 0);
    spectacles_state_free(made);
}

/* A shard that is not served yet when the number changes is not forgotten in what is written then. */
static void what_is_not_known_is_stored_too(void **state)
{
    (void)state;
    spectacles_state *made = make(2);
    fakes_reset(2);
    take(made, 2);
    made = restart(made, 4);
    fakes_reset(4);
    take(made, 3);
    made = restart(made, 4);
    assert_false(has_unknown_gap(made, 2));
    assert_true(has_unknown_gap(made, 3));
    take(made, 4);
    made = restart(made, 4);
    assert_false(has_unknown_gap(made, 3));
    spectacles_state_free(made);
}

static void fewer_shards_than_before(void **state)
{
    (void)state;
    spectacles_state *made = make(4);
    fakes_reset(4);
    take(made, 4);
    made = restart(made, 2);
    assert_int_equal(spectacles_state_count(made), 2);
    assert_false(has_unknown_gap(made, 0));
    spectacles_state_free(made);
    /* A gap was left by a shard that is no more, so that each of the others has to declare it. */
    made = make(4);
    fake_gap(3, "older", "s3");
    take(made, 4);
    made = restart(made, 2);
    assert_true(has_unknown_gap(made, 0));
    assert_true(has_unknown_gap(made, 1));
    assert_string_equal(session_of(made, 0), "s0");
    made = restart(made, 2);
    assert_true(has_unknown_gap(made, 0));
    spectacles_state_free(made);
}

static void what_cannot_be_had_is_a_gap_of_each_shard(void **state)
{
    (void)state;
    spectacles_state *made = make(2);
    fakes_reset(2);
    take(made, 2);
    spectacles_state_lost(made, NOW);
    assert_int_equal(spectacles_state_count(made), 0);
    assert_true(has_unknown_gap(made, 0));
    made = restart(made, 2);
    assert_true(has_unknown_gap(made, 1));
    take(made, 2);
    assert_false(has_unknown_gap(made, 1));
    made = restart(made, 2);
    assert_false(has_unknown_gap(made, 1));
    /* All of them were known for once: a record that goes later takes nothing along that nobody knows. */
    spectacles_state_lost(made, NOW);
    take(made, 2);
    fake_shards[1].session = NULL;
    take(made, 2);
    assert_int_equal(spectacles_state_count(made), 1);
    assert_false(has_unknown_gap(made, 1));
    spectacles_state_free(made);
}

static void the_relay_gets_the_gaps_of_its_shards(void **state)
{
    (void)state;
    const spectacles_gap *gaps;
    size_t count;
    spectacles_state *made = make(4);
    fakes_reset(4);
    assert_int_equal(spectacles_state_gaps(made, fake_served, 4, &gaps, &count), SPECTACLES_OK);
    assert_int_equal(count, 0);
    assert_null(gaps);
    fake_gap(3, "older", "s3");
    for (int i = 0; i < 20; i++)
        fake_gap(1, "older", "s1");
    fake_gap(1, NULL, NULL);
    take(made, 4);
    assert_int_equal(spectacles_state_gaps(made, fake_served, 2, &gaps, &count), SPECTACLES_OK);
    assert_int_equal(count, 21);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(gaps[i].shard_id, 1);
        assert_int_equal(gaps[i].size, sizeof *gaps);
    }
    assert_string_equal(gaps[19].old_session_id, "older");
    assert_null(gaps[20].old_session_id);
    spectacles_state_free(made);
}

/* Nothing that the reader refuses is ever written: one shard would cost all of them their sessions. */
static void a_session_that_cannot_be_stored_is_a_gap_of_its_own_shard(void **state)
{
    (void)state;
    static char long_id[300];
    static char long_url[600];
    memset(long_id, 'x', sizeof long_id - 1);
    memset(long_url, 'x', sizeof long_url - 1);
    const char *const ids[] = {"a b", "\x1b[2J", "\xc3\xa9", "a\n", long_id};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        spectacles_state *made = make(2);
        fakes_reset(2);
        fake_shards[0].session = ids[i];
        fake_gap(1, ids[i], "s1");
        assert_int_equal(take(made, 2), 1);
        made = restart(made, 2);
        assert_null(session_of(made, 0));
        assert_true(has_unknown_gap(made, 0));
        assert_string_equal(session_of(made, 1), "s1");
        assert_true(has_unknown_gap(made, 1));
        spectacles_state_free(made);
    }
    const char *const urls[] = {"wss://a b", "wss://\xc3\xa9", long_url, NULL};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        spectacles_session session = {.size = sizeof session};
        spectacles_state *made = make(2);
        fakes_reset(2);
        fake_shards[0].url = urls[i];
        assert_int_equal(take(made, 2), 1);
        made = restart(made, 2);
        assert_int_equal(spectacles_state_session(made, 0, &session), 1);
        assert_string_equal(session.resume_url, "");
        spectacles_state_free(made);
    }
}

static void what_is_set_by_hand_is_checked(void **state)
{
    (void)state;
    spectacles_state *made = make(2);
    spectacles_session session = {.size = sizeof session,
                                  .shard_id = 1,
                                  .shard_count = 2,
                                  .seq = 7,
                                  .session_id = "s1",
                                  .resume_url = ""};
    spectacles_gap gap = {.size = sizeof gap, .shard_id = 1, .seq = 5, .next = 1};
    assert_int_equal(spectacles_state_set(made, 1, &session, &gap, 1, THEN), 1);
    assert_int_equal(spectacles_state_set(made, 1, &session, &gap, 1, NOW), 0);
    assert_string_equal(session_of(made, 1), "s1");
    assert_int_equal(spectacles_state_set(made, 2, NULL, &gap, 1, THEN), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_state_set(made, 0, &session, NULL, 0, THEN), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_state_set(made, 0, NULL, &gap, 1, THEN), SPECTACLES_E_INVAL);
    session.shard_count = 3;
    assert_int_equal(spectacles_state_set(made, 1, &session, NULL, 0, THEN), SPECTACLES_E_INVAL);
    session.shard_count = 2;
    session.format = 9;
    assert_int_equal(spectacles_state_set(made, 1, &session, NULL, 0, THEN), SPECTACLES_E_INVAL);
    session.format = 0;
    session.session_id = "a b";
    assert_int_equal(spectacles_state_set(made, 1, &session, NULL, 0, THEN), SPECTACLES_E_INVAL);
    gap.old_session_id = "";
    assert_int_equal(spectacles_state_set(made, 1, NULL, &gap, 1, THEN), SPECTACLES_E_INVAL);
    gap = (spectacles_gap){.size = sizeof gap, .shard_id = 1, .new_session_id = "s2"};
    assert_int_equal(spectacles_state_set(made, 1, NULL, &gap, 1, THEN), SPECTACLES_E_INVAL);
    assert_string_equal(session_of(made, 1), "s1");
    assert_int_equal(spectacles_state_set(made, 1, NULL, NULL, 0, THEN), 1);
    assert_int_equal(spectacles_state_count(made), 0);
    assert_int_equal(spectacles_state_set(made, 1, NULL, NULL, 0, THEN), 0);
    spectacles_state_free(made);
}

static void shards_of_another_count_are_refused(void **state)
{
    (void)state;
    spectacles_state *made = make(2);
    fakes_reset(3);
    assert_int_equal(take(made, 2), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_state_count(made), 0);
    spectacles_state_free(made);
}

static void in_any_order_shards_are_sorted(void **state)
{
    (void)state;
    enum {
        MANY = 1000
    };
    spectacles_state *made = make(MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        uint32_t id = i * 7 % MANY;
        spectacles_session session = {.size = sizeof session,
                                      .shard_id = id,
                                      .shard_count = MANY,
                                      .seq = id,
                                      .session_id = "s",
                                      .resume_url = ""};
        assert_int_equal(spectacles_state_set(made, id, &session, NULL, 0, THEN), 1);
    }
    made = restart(made, MANY);
    assert_int_equal(spectacles_state_count(made), MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        spectacles_session session = {.size = sizeof session};
        assert_int_equal(spectacles_state_shard_id(made, i), i);
        assert_int_equal(spectacles_state_session(made, i, &session), 1);
        assert_int_equal(session.seq, i);
    }
    spectacles_state_free(made);
}

static void a_wrong_setting_is_named(void **state)
{
    (void)state;
    spectacles_problem problem;
    spectacles_state *made = NULL;
    spectacles_state_config config;
    spectacles_state_config_init(&config, sizeof config);
    config.token = "token";
    assert_int_equal(spectacles_state_new(&made, &config, &problem), SPECTACLES_E_INVAL);
    assert_string_equal(problem.text, "shard_count is 0");
    config.shard_count = 1;
    config.token = "";
    assert_int_equal(spectacles_state_new(&made, &config, &problem), SPECTACLES_E_INVAL);
    assert_string_equal(problem.text, "the token is missing");
    config.token = NULL;
    assert_int_equal(spectacles_state_new(&made, &config, NULL), SPECTACLES_E_INVAL);
    assert_null(made);
    spectacles_state_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_start_has_missed_nothing),
        cmocka_unit_test(it_says_when_something_changed),
        cmocka_unit_test(what_is_not_served_here_is_kept),
        cmocka_unit_test(more_shards_than_before),
        cmocka_unit_test(what_is_not_known_is_stored_too),
        cmocka_unit_test(fewer_shards_than_before),
        cmocka_unit_test(what_cannot_be_had_is_a_gap_of_each_shard),
        cmocka_unit_test(the_relay_gets_the_gaps_of_its_shards),
        cmocka_unit_test(a_session_that_cannot_be_stored_is_a_gap_of_its_own_shard),
        cmocka_unit_test(what_is_set_by_hand_is_checked),
        cmocka_unit_test(shards_of_another_count_are_refused),
        cmocka_unit_test(in_any_order_shards_are_sorted),
        cmocka_unit_test(a_wrong_setting_is_named),
    };
    return cmocka_run_group_tests_name("state/state", tests, NULL, NULL);
}
