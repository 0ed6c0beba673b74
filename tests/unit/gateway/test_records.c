/* What a gateway gives to whoever stores its shards one by one, and how the next gateway takes it. In memory. */
#include "memory.h"

#include "shard/peer.h"

static spectacles_session session_of(uint32_t shard_id, uint64_t seq)
{
    spectacles_session session;
    spectacles_session_init(&session, sizeof session);
    session.shard_id = shard_id;
    session.shard_count = 4;
    session.seq = seq;
    session.session_id = "handed";
    return session;
}

/* All ids that are named, as bits. */
static uint32_t named(spectacles_gateway *gateway)
{
    uint32_t all = 0;
    uint32_t shard_id = 99;
    while (spectacles_gateway_next_changed(gateway, &shard_id) == 1) {
        assert_int_equal(all & 1u << shard_id, 0);
        all |= 1u << shard_id;
    }
    return all;
}

static void add(spectacles_gateway *gateway, uint32_t shard_id, uint64_t seq)
{
    const spectacles_session session = session_of(shard_id, seq);
    assert_int_equal(spectacles_gateway_add_shard(gateway, shard_id, &session, NULL, 0, NULL), SPECTACLES_OK);
}

static void each_change_is_named_once(void **state)
{
    (void)state;
    spectacles_gateway *gateway = memory_gateway(4, SPECTACLES_GATEWAY_NO_SHARDS);
    add(gateway, 1, 5);
    add(gateway, 3, 7);
    assert_int_equal(named(gateway), 0); /* nothing was taken */
    assert_int_equal(spectacles_gateway_take_state(gateway, 1), 1);
    assert_int_equal(named(gateway), 1 << 1 | 1 << 3);
    assert_int_equal(named(gateway), 0);
    assert_int_equal(spectacles_gateway_take_state(gateway, 1), 0);
    assert_int_equal(named(gateway), 0);
    add(gateway, 0, 9);
    assert_int_equal(spectacles_gateway_take_state(gateway, 1), 1);
    assert_int_equal(spectacles_gateway_drop_shard(gateway, 0), SPECTACLES_OK);
    assert_int_equal(named(gateway), 0);
    spectacles_gateway_free(gateway);
}

static spectacles_state *empty_state(void)
{
    spectacles_state *made = NULL;
    spectacles_shard_config shard;
    spectacles_state_config config;
    peer_config(&shard);
    spectacles_state_config_init(&config, sizeof config);
    config.token = shard.token;
    config.intents = shard.intents;
    config.shard_count = 4;
    assert_int_equal(spectacles_state_new(&made, &config, NULL), SPECTACLES_OK);
    return made;
}

/* A group of shards moves: one with a session, one that has none yet, and one that nobody knows of. */
static void what_one_gateway_writes_of_some_shards_another_one_takes(void **state)
{
    (void)state;
    const uint32_t group[] = {3, 1};
    spectacles_gap gap;
    spectacles_session session;
    spectacles_bytes *bytes = NULL;
    spectacles_problem problem = {0};
    spectacles_gateway *giver = memory_gateway(4, SPECTACLES_GATEWAY_NO_SHARDS);
    spectacles_gateway *taker = memory_gateway(4, SPECTACLES_GATEWAY_NO_SHARDS);
    spectacles_state *read = empty_state();
    assert_int_equal(spectacles_bytes_new(&bytes), SPECTACLES_OK);
    spectacles_gap_init(&gap, sizeof gap);
    spectacles_session_init(&session, sizeof session);
    add(giver, 3, 7);
    add(giver, 2, 9);
    assert_int_equal(spectacles_gateway_add_shard(giver, 1, NULL, NULL, 0, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_take_state(giver, 1), 1);
    assert_int_equal(spectacles_gateway_write_shards(giver, group, 2, bytes), SPECTACLES_OK);
    assert_int_equal(spectacles_state_read(read, spectacles_bytes_data(bytes), spectacles_bytes_length(bytes),
                                           5, &problem),
                     SPECTACLES_OK);
    for (uint32_t id = 0; id < 4; id++)
        assert_int_equal(spectacles_gateway_add_stored_shard(taker, id, read, &problem), SPECTACLES_OK);
    assert_int_equal(spectacles_gateway_add_stored_shard(taker, 3, read, &problem), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_gateway_session(taker, 3, &session), SPECTACLES_OK);
    assert_string_equal(session.session_id, "handed");
    assert_int_equal(session.seq, 7);
    assert_int_equal(spectacles_gateway_session(taker, 2, &session), SPECTACLES_E_STATE);
    assert_int_equal(spectacles_gateway_gap(taker, 3, 0, &gap), 0);
    assert_int_equal(spectacles_gateway_gap(taker, 1, 0, &gap), 0); /* it is known that nothing is missing */
    assert_int_equal(spectacles_gateway_gap(taker, 2, 0, &gap), 1); /* nothing is known */
    assert_int_equal(gap.unix_time, 5);
    spectacles_state_free(read);
    spectacles_bytes_free(bytes);
    spectacles_gateway_free(giver);
    spectacles_gateway_free(taker);
}

/* What nobody knows stays unknown on its way through a gateway that serves none of it. */
static void what_is_not_known_is_written_as_not_known(void **state)
{
    (void)state;
    const uint32_t one[] = {1};
    const uint32_t twice[] = {1, 1};
    const uint32_t beyond[] = {4};
    spectacles_gap gap;
    spectacles_bytes *bytes = NULL;
    spectacles_state *lost = empty_state();
    spectacles_state *read = empty_state();
    assert_int_equal(spectacles_bytes_new(&bytes), SPECTACLES_OK);
    spectacles_gap_init(&gap, sizeof gap);
    assert_int_equal(spectacles_state_write_shards(lost, twice, 2, bytes), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_bytes_length(bytes), 0);
    assert_int_equal(spectacles_state_write_shards(lost, beyond, 1, bytes), SPECTACLES_E_INVAL);
    spectacles_state_lost(lost, 77);
    assert_int_equal(spectacles_state_write_shards(lost, one, 1, bytes), SPECTACLES_OK);
    assert_int_equal(
        spectacles_state_read(read, spectacles_bytes_data(bytes), spectacles_bytes_length(bytes), 5, NULL),
        SPECTACLES_OK);
    assert_int_equal(spectacles_state_gap(read, 1, 0, &gap), 1);
    assert_int_equal(gap.unix_time, 77);
    spectacles_state_free(read);
    spectacles_state_free(lost);
    spectacles_bytes_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_is_named_once),
        cmocka_unit_test(what_one_gateway_writes_of_some_shards_another_one_takes),
        cmocka_unit_test(what_is_not_known_is_written_as_not_known),
    };
    return cmocka_run_group_tests_name("gateway/records", tests, NULL, NULL);
}
