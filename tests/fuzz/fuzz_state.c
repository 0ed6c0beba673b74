/*
 * Stored states. The input is read as it is, and once more as the lines above a checksum that is right, since no
 * fuzzer finds one. What was read is written, and reads as the same again; what was not is lost as a whole.
 */
#include "fuzz.h"
#include "state/state.h"

static const uint32_t shard_counts[] = {1, 2, 5};

static spectacles_state *make(uint32_t shard_count)
{
    spectacles_state *state = NULL;
    spectacles_state_config config;
    spectacles_state_config_init(&config, sizeof config);
    config.token = "token";
    config.intents = 513;
    config.shard_count = shard_count;
    must(!spectacles_state_new(&state, &config, NULL));
    return state;
}

static void plain(const char *id)
{
    must(!id || sp_record_id_is_valid(id));
}

static void look(const spectacles_state *state)
{
    spectacles_session session = {.size = sizeof session};
    spectacles_gap gap;
    for (size_t i = 0; i < spectacles_state_count(state); i++) {
        uint32_t id = spectacles_state_shard_id(state, i);
        must(id < state->shard_count);
        must(i == 0 || id > spectacles_state_shard_id(state, i - 1));
        if (spectacles_state_session(state, id, &session) == 1)
            plain(session.session_id);
        for (size_t n = 0; spectacles_state_gap(state, id, n, &gap) == 1; n++) {
            plain(gap.old_session_id);
            plain(gap.new_session_id);
        }
    }
}

static void round_trip(const spectacles_state *state)
{
    spectacles_bytes *one, *two;
    spectacles_state *again = make(state->shard_count);
    must(!spectacles_bytes_new(&one) && !spectacles_bytes_new(&two));
    must(!spectacles_state_write(state, one));
    must(!spectacles_state_read(again, spectacles_bytes_data(one), spectacles_bytes_length(one), 1, NULL));
    must(!spectacles_state_write(again, two));
    /* Records of another number of shards make the second state know less of the others, once. */
    must(spectacles_state_count(state) == spectacles_state_count(again));
    must(!spectacles_state_read(again, spectacles_bytes_data(two), spectacles_bytes_length(two), 1, NULL));
    must(!spectacles_state_write(again, one));
    must_equal(one, two);
    spectacles_bytes_free(one);
    spectacles_bytes_free(two);
    spectacles_state_free(again);
}

static void read_it(uint32_t shard_count, const uint8_t *bytes, size_t length)
{
    spectacles_problem problem = {.text = ""};
    spectacles_gap gap;
    spectacles_state *state = make(shard_count);
    if (spectacles_state_read(state, bytes, length, 1, &problem)) {
        must(problem.text[0] && problem.position <= length);
        must(spectacles_state_count(state) == 0 && spectacles_state_gap(state, 0, 0, &gap) == 1);
    } else {
        look(state);
        round_trip(state);
    }
    spectacles_state_free(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char seal[SP_STATE_CHECKSUM_LENGTH + 1];
    uint8_t *sealed = malloc(length + SP_STATE_CHECKSUM_LENGTH);
    must(sealed != NULL);
    sp_state_checksum((sp_slice){bytes, length}, seal);
    if (length > 0)
        memcpy(sealed, bytes, length);
    memcpy(sealed + length, seal, SP_STATE_CHECKSUM_LENGTH);
    for (size_t i = 0; i < sizeof shard_counts / sizeof shard_counts[0]; i++) {
        read_it(shard_counts[i], bytes, length);
        read_it(shard_counts[i], sealed, length + SP_STATE_CHECKSUM_LENGTH);
    }
    free(sealed);
    return 0;
}
