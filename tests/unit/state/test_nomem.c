/*
 * Any one allocation may fail: the call says so, the state is as it was before it, and the call works when it is made
 * again.
 */
#include "failing.h"
#include "fakes.h"
#include "unit.h"

enum {
    SHARDS = 20,
    STATES = FAKE_SHARDS
};

static spectacles_state_config config;

static spectacles_state *make(void)
{
    spectacles_state *made = NULL;
    if (spectacles_state_new(&made, &config, NULL) != SPECTACLES_OK)
        assert_int_equal(spectacles_state_new(&made, &config, NULL), SPECTACLES_OK);
    return made;
}

static void set_all(spectacles_state *state)
{
    for (uint32_t id = 0; id < SHARDS; id++) {
        spectacles_session session = {.size = sizeof session,
                                      .shard_id = id,
                                      .shard_count = SHARDS,
                                      .session_id = "session",
                                      .resume_url = "wss://resume.test"};
        spectacles_gap gap = {.size = sizeof gap,
                              .shard_id = id,
                              .next = 1,
                              .old_session_id = "older",
                              .new_session_id = "newer"};
        size_t before = spectacles_state_count(state);
        int result = spectacles_state_set(state, id, &session, &gap, 1, 1);
        if (result == SPECTACLES_E_NOMEM) {
            assert_int_equal(spectacles_state_count(state), before);
            result = spectacles_state_set(state, id, &session, &gap, 1, 1);
        }
        assert_int_equal(result, 1);
    }
}

/* Four shards and gaps of them, one of which cannot be stored as it is. */
static void take(spectacles_state *state)
{
    spectacles_session session = {.size = sizeof session};
    fakes_reset(SHARDS);
    fake_shards[2].session = "not plain";
    fake_gap(0, "older", "s0");
    fake_gap(1, "not plain", "s1");
    fake_changed_count = STATES;
    int result = spectacles_state_take(state, NULL, 2);
    if (result == SPECTACLES_E_NOMEM) {
        assert_int_equal(fake_forgotten, 0);
        assert_int_equal(spectacles_state_session(state, 0, &session), 1);
        assert_string_equal(session.session_id, "session");
        assert_int_equal(spectacles_state_session(state, 3, &session), 1);
        assert_string_equal(session.session_id, "session");
        result = spectacles_state_take(state, NULL, 2);
    }
    assert_int_equal(result, 1);
    assert_int_equal(spectacles_state_session(state, 3, &session), 1);
    assert_string_equal(session.session_id, "s3");
}

/* Into a state that has no room yet. */
static void take_first(void)
{
    spectacles_state *state = make();
    fakes_reset(SHARDS);
    fake_changed_count = STATES;
    int result = spectacles_state_take(state, NULL, 2);
    if (result == SPECTACLES_E_NOMEM) {
        assert_int_equal(spectacles_state_count(state), 0);
        result = spectacles_state_take(state, NULL, 2);
    }
    assert_int_equal(result, 1);
    assert_int_equal(spectacles_state_count(state), STATES);
    spectacles_state_free(state);
}

static void read_again(const uint8_t *bytes, size_t length)
{
    spectacles_state *to = make();
    const spectacles_gap *gaps;
    size_t count;
    int result = spectacles_state_read(to, bytes, length, 3, NULL);
    if (result == SPECTACLES_E_NOMEM) {
        assert_int_equal(spectacles_state_count(to), 0);
        assert_int_equal(spectacles_state_gap(to, 0, 0, fake_gaps), 0);
        result = spectacles_state_read(to, bytes, length, 3, NULL);
    }
    assert_int_equal(result, SPECTACLES_OK);
    assert_int_equal(spectacles_state_count(to), SHARDS);
    if (spectacles_state_gaps(to, fake_served, STATES, &gaps, &count) == SPECTACLES_E_NOMEM)
        assert_int_equal(spectacles_state_gaps(to, fake_served, STATES, &gaps, &count), SPECTACLES_OK);
    assert_int_equal(count, 3);
    spectacles_state_free(to);
}

/* And back again, so that the next process reads what is written. */
static void replace_token(spectacles_state *state)
{
    const char *const tokens[] = {"another", config.token};
    for (size_t i = 0; i < 2; i++) {
        int result = spectacles_state_set_token(state, tokens[i], NULL);
        if (result == SPECTACLES_E_NOMEM)
            result = spectacles_state_set_token(state, tokens[i], NULL);
        assert_int_equal(result, SPECTACLES_OK);
    }
}

/* A process, and the next one. */
static void live(void)
{
    spectacles_bytes *bytes = NULL;
    spectacles_state *state = make();
    set_all(state);
    take(state);
    replace_token(state);
    if (spectacles_bytes_new(&bytes) != SPECTACLES_OK)
        assert_int_equal(spectacles_bytes_new(&bytes), SPECTACLES_OK);
    int result = spectacles_state_write(state, bytes);
    if (result == SPECTACLES_E_NOMEM) {
        assert_int_equal(spectacles_bytes_length(bytes), 0);
        result = spectacles_state_write(state, bytes);
    }
    assert_int_equal(result, SPECTACLES_OK);
    read_again(spectacles_bytes_data(bytes), spectacles_bytes_length(bytes));
    spectacles_bytes_free(bytes);
    spectacles_state_free(state);
    take_first();
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    spectacles_state_config_init(&config, sizeof config);
    config.token = "token";
    config.shard_count = SHARDS;
    failing_start(0);
    live();
    size_t count = failing_count();
    assert_in_range(count, 200, 1000);
    for (size_t nth = 1; nth <= count; nth++) {
        failing_start(nth);
        live();
    }
    failing_start(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests_name("state/nomem", tests, NULL, NULL);
}
