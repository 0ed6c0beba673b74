/* Whose bytes a state reads: sessions belong to a bot, and outlive its token. */
#include "state/state.h"
#include "unit.h"

#include <stdio.h>

enum {
    THEN = 1000,
    NOW = 2000
};

#define BOT "MTIzNDU2Nzg5MDEyMzQ1Njc4"

static spectacles_state *make(const char *token)
{
    spectacles_state *made = NULL;
    spectacles_state_config config;
    spectacles_state_config_init(&config, sizeof config);
    config.token = token;
    config.intents = 513;
    config.shard_count = 2;
    assert_int_equal(spectacles_state_new(&made, &config, NULL), SPECTACLES_OK);
    return made;
}

static spectacles_bytes *write_state(const spectacles_state *from)
{
    spectacles_bytes *bytes = NULL;
    assert_int_equal(spectacles_bytes_new(&bytes), SPECTACLES_OK);
    assert_int_equal(spectacles_state_write(from, bytes), SPECTACLES_OK);
    return bytes;
}

static int read_bytes(spectacles_state *to, const spectacles_bytes *bytes)
{
    return spectacles_state_read(to, spectacles_bytes_data(bytes), spectacles_bytes_length(bytes), NOW, NULL);
}

/* Whether bytes of one token are read by a process with another one. */
static int outlives(const char *token, const char *next)
{
    spectacles_state *from = make(token);
    spectacles_bytes *bytes = write_state(from);
    spectacles_state *to = make(next);
    int error = read_bytes(to, bytes);
    spectacles_state_free(from);
    spectacles_state_free(to);
    spectacles_bytes_free(bytes);
    return error;
}

static void sessions_belong_to_the_bot_that_the_token_names(void **state)
{
    (void)state;
    assert_int_equal(outlives(BOT ".a.b", BOT ".c.d"), SPECTACLES_OK);
    assert_int_equal(outlives(BOT ".a.b", "MjIzNDU2Nzg5MDEyMzQ1Njc4.a.b"), SPECTACLES_E_AUTH);
    assert_int_equal(outlives(BOT ".a.b", "token"), SPECTACLES_E_AUTH);
    assert_int_equal(outlives("token", BOT ".a.b"), SPECTACLES_E_AUTH);
    assert_int_equal(outlives("one", "two"), SPECTACLES_E_AUTH);
}

static void another_token_of_the_bot_keeps_the_records(void **state)
{
    (void)state;
    spectacles_problem problem = {0};
    spectacles_state *from = make("token");
    spectacles_session session = {.size = sizeof session, .shard_count = 2, .session_id = "s", .seq = 17};
    assert_int_equal(spectacles_state_set(from, 0, &session, NULL, 0, THEN), 1);
    assert_int_equal(spectacles_state_set_token(from, NULL, &problem), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_state_set_token(from, BOT ".a.b", &problem), SPECTACLES_OK);
    assert_int_equal(spectacles_state_set_token(from, "MjIzNDU2Nzg5MDEyMzQ1Njc4.a.b", &problem),
                     SPECTACLES_E_AUTH);
    assert_non_null(strstr(problem.text, "of another bot"));
    spectacles_bytes *bytes = write_state(from);
    spectacles_state *to = make(BOT ".a.b");
    assert_int_equal(read_bytes(to, bytes), SPECTACLES_OK);
    session = (spectacles_session){.size = sizeof session};
    assert_int_equal(spectacles_state_session(to, 0, &session), 1);
    assert_int_equal(session.seq, 17);
    spectacles_state_free(from);
    spectacles_state_free(to);
    spectacles_bytes_free(bytes);
}

/* A tool without the token writes for the same bot. A name that is no number is none. */
static void a_tool_keeps_whose_they_are(void **state)
{
    (void)state;
    static const char *const ids[] = {"123456789012345678", "12345678901234567x"};
    for (size_t i = 0; i < 2; i++) {
        char lines[400];
        char seal[SP_STATE_CHECKSUM_LENGTH + 1];
        char text[600];
        spectacles_state *opened = NULL;
        snprintf(lines, sizeof lines,
                 "{\"spectacles\":\"state\",\"version\":1,\"bot\":\"3c469e9d6c5875d37a43f353d4f88e61\","
                 "\"bot_id\":\"%s\",\"intents\":513,\"complete\":true,\"shards\":2,\"writer\":null}\n",
                 ids[i]);
        sp_state_checksum((sp_slice){(const uint8_t *)lines, strlen(lines)}, seal);
        int length = snprintf(text, sizeof text, "%s%s", lines, seal);
        assert_int_equal(spectacles_state_open(&opened, (const uint8_t *)text, (size_t)length, NULL, NULL),
                         SPECTACLES_OK);
        spectacles_bytes *bytes = write_state(opened);
        spectacles_state *to = make(BOT ".a.b");
        assert_int_equal(read_bytes(to, bytes), i == 0 ? SPECTACLES_OK : SPECTACLES_E_AUTH);
        spectacles_state_free(opened);
        spectacles_state_free(to);
        spectacles_bytes_free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_belong_to_the_bot_that_the_token_names),
        cmocka_unit_test(another_token_of_the_bot_keeps_the_records),
        cmocka_unit_test(a_tool_keeps_whose_they_are),
    };
    return cmocka_run_group_tests_name("state/read", tests, NULL, NULL);
}
