/* What an owner changes while a gateway runs, and what it says to be stored. With engines in memory. */
#include "memory.h"

static void presence_of_all_and_of_one(void **state)
{
    (void)state;
    static const char idle[] = "{\"since\":null,\"activities\":[],\"status\":\"idle\",\"afk\":false}";
    spectacles_gateway *gateway = memory_gateway(3, 0);
    assert_int_equal(spectacles_gateway_set_presence(gateway, NULL, 0), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_gateway_set_presence(gateway, (const uint8_t *)"{}", 2), SPECTACLES_E_INVAL);
    assert_true(strlen(spectacles_gateway_last_error(gateway)) > 0);
    assert_int_equal(spectacles_gateway_set_presence(gateway, (const uint8_t *)idle, sizeof idle - 1),
                     SPECTACLES_OK);
    assert_int_equal(
        spectacles_gateway_set_shard_presence(gateway, 2, (const uint8_t *)idle, sizeof idle - 1),
        SPECTACLES_OK);
    assert_int_equal(
        spectacles_gateway_set_shard_presence(gateway, 3, (const uint8_t *)idle, sizeof idle - 1),
        SPECTACLES_E_INVAL);
    spectacles_gateway_free(gateway);
}

static void limits_are_those_of_the_answer(void **state)
{
    (void)state;
    spectacles_gateway_bot answer;
    spectacles_gateway_stats stats;
    static const char body[] =
        "{\"url\":\"wss://gateway.discord.gg\",\"shards\":9,\"session_start_limit\":{\"total\":1000,"
        "\"remaining\":17,\"reset_after\":5000,\"max_concurrency\":16}}";
    spectacles_gateway *gateway = memory_gateway(3, 0);
    spectacles_gateway_bot_init(&answer, sizeof answer);
    spectacles_gateway_bot_read(&answer, 502, NULL, 0, NULL, 0);
    assert_int_equal(spectacles_gateway_set_limits(gateway, &answer, 1000), SPECTACLES_E_INVAL);
    spectacles_gateway_bot_read(&answer, 200, NULL, 0, (const uint8_t *)body, sizeof body - 1);
    assert_int_equal(spectacles_gateway_set_limits(gateway, &answer, 1000), SPECTACLES_OK);
    spectacles_gateway_stats_init(&stats, sizeof stats);
    assert_int_equal(spectacles_gateway_get_stats(gateway, &stats), SPECTACLES_OK);
    assert_int_equal(stats.identifies_total, 1000);
    assert_int_equal(stats.identifies_left, 17);
    spectacles_gateway_free(gateway);
}

static void calls_of_the_parts_are_reached(void **state)
{
    (void)state;
    static const char *const names[] = {"A", ""};
    spectacles_gateway *gateway = memory_gateway(3, 0);
    assert_int_equal(spectacles_gateway_set_allow(gateway, names, 1, 0), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_set_allow(gateway, names, 2, 0), SPECTACLES_E_INVAL);
    assert_non_null(strstr(spectacles_gateway_last_error(gateway), "allow list"));
    assert_int_equal(spectacles_gateway_set_latency_budget(gateway, 2), SPECTACLES_E_STATE);
    assert_int_equal(spectacles_gateway_grant_identify(gateway, 0, 1000), SPECTACLES_E_INVAL);
    spectacles_gateway_free(gateway);
}

/* Each way to name a shard that is not there, by its number. */
static int name_missing_shard(spectacles_gateway *gateway, int way)
{
    static const char presence[] = "{\"since\":null,\"activities\":[],\"status\":\"idle\",\"afk\":false}";
    static const char d[] = "{\"guild_id\":\"1\",\"channel_id\":null}";
    switch (way) {
    case 0:
        return spectacles_gateway_set_shard_presence(gateway, 7, (const uint8_t *)presence,
                                                     sizeof presence - 1);
    case 1:
        return spectacles_gateway_session_stored(gateway, 7, "session", 1);
    case 2:
        return spectacles_gateway_send(gateway, 7, 4, (const uint8_t *)d, sizeof d - 1, NULL);
    case 3:
        return spectacles_gateway_remove_shard(gateway, 7, 0, 1000);
    case 4:
        return spectacles_gateway_drop_shard(gateway, 7);
    default:
        return spectacles_gateway_grant_identify(gateway, 7, 1000);
    }
}

/* Whoever has a gateway has made no relay. */
static void assert_says(const spectacles_gateway *gateway, const char *part)
{
    assert_non_null(strstr(spectacles_gateway_last_error(gateway), part));
    assert_null(strstr(spectacles_gateway_last_error(gateway), "relay"));
}

static void one_mistake_has_one_sentence(void **state)
{
    (void)state;
    static const char d[] = "{\"guild_id\":\"1\",\"channel_id\":null}";
    spectacles_problem problem = {0};
    spectacles_gateway *gateway = memory_gateway(3, 0);
    for (int way = 0; way < 6; way++) {
        assert_int_equal(name_missing_shard(gateway, way), SPECTACLES_E_INVAL);
        assert_string_equal(spectacles_gateway_last_error(gateway), "no shard with this id is served here");
    }
    assert_int_equal(spectacles_gateway_grant_identify(gateway, 0, 1000), SPECTACLES_E_INVAL);
    assert_says(gateway, "need no grant");
    assert_int_equal(spectacles_gateway_add_shard(gateway, 0, NULL, NULL, 0, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "served here already"));
    assert_int_equal(spectacles_gateway_stop(gateway, 0, 1000), SPECTACLES_OK);
    for (uint32_t id = 0; id < 5; id++) {
        assert_int_equal(spectacles_gateway_add_shard(gateway, id, NULL, NULL, 0, &problem),
                         SPECTACLES_E_STATE);
        assert_non_null(strstr(problem.text, "a stop has begun"));
    }
    assert_int_equal(spectacles_gateway_send(gateway, 0, 4, (const uint8_t *)d, sizeof d - 1, NULL),
                     SPECTACLES_E_STATE);
    assert_says(gateway, "a stop has begun");
    spectacles_gateway_free(gateway);
}

static void a_timeout_is_the_deadline_as_poll_wants_it(void **state)
{
    (void)state;
    static const char d[] = "{\"guild_id\":\"1\",\"channel_id\":null}";
    spectacles_gateway *gateway = memory_gateway(1, 0);
    memory_pull(gateway, 1000, 0);
    assert_int_equal(spectacles_gateway_timeout(gateway, 1000), -1);
    assert_int_equal(spectacles_gateway_send(gateway, 0, 4, (const uint8_t *)d, sizeof d - 1, NULL),
                     SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_timeout(gateway, 1000), 0);
    spectacles_gateway_free(gateway);
}

/* The sequence that was written is stored, and not one that was taken meanwhile by another session. */
static void a_state_that_is_stored_frees_its_sessions(void **state)
{
    (void)state;
    spectacles_session session;
    spectacles_gateway_shard_stats stats;
    spectacles_gateway *gateway = memory_gateway(3, 0);
    spectacles_session_init(&session, sizeof session);
    spectacles_gateway_shard_stats_init(&stats, sizeof stats);
    assert_int_equal(spectacles_gateway_session(gateway, 1, &session), SPECTACLES_E_STATE);
    assert_int_equal(spectacles_gateway_session(gateway, 7, &session), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_gateway_drop_shard(gateway, 1), SPECTACLES_OK);
    session.shard_id = 1;
    session.shard_count = 3;
    session.seq = 9;
    session.session_id = "handed";
    assert_int_equal(spectacles_gateway_add_shard(gateway, 1, &session, NULL, 0, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_session_stored(gateway, 1, "handed", 9), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_session_stored(gateway, 7, "handed", 9), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_gateway_session_stored(gateway, 1, "former", 9), SPECTACLES_E_STATE);
    assert_int_equal(spectacles_gateway_session_stored(gateway, 0, "handed", 0), SPECTACLES_E_STATE);
    spectacles_gateway_get_shard_stats(gateway, 1, &stats);
    assert_int_equal(stats.stored, 9);
    assert_int_equal(stats.committed, 9);
    assert_int_equal(spectacles_gateway_drop_shard(gateway, 1), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_add_shard(gateway, 1, &session, NULL, 0, NULL), SPECTACLES_OK);
    spectacles_gateway_state_stored(gateway);
    spectacles_gateway_get_shard_stats(gateway, 1, &stats);
    assert_int_equal(stats.stored, 0);
    assert_int_equal(spectacles_gateway_take_state(gateway, 1), 1);
    spectacles_gateway_state_stored(gateway);
    spectacles_gateway_get_shard_stats(gateway, 1, &stats);
    assert_int_equal(stats.stored, 9);
    spectacles_gateway_free(gateway);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presence_of_all_and_of_one),
        cmocka_unit_test(limits_are_those_of_the_answer),
        cmocka_unit_test(calls_of_the_parts_are_reached),
        cmocka_unit_test(one_mistake_has_one_sentence),
        cmocka_unit_test(a_timeout_is_the_deadline_as_poll_wants_it),
        cmocka_unit_test(a_state_that_is_stored_frees_its_sessions),
    };
    return cmocka_run_group_tests_name("gateway/settings", tests, NULL, NULL);
}
