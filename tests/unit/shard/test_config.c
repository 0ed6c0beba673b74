/* Settings: which of them are refused, and what identify makes of them. */
#include "peer.h"

#include <stdio.h>
#include <string.h>

/* Discord's mask is passed on as it is, also bits that have no name here; without one the field is left out. */
static void capabilities_go_with_identify_when_there_are_some(void **state)
{
    (void)state;
    static const struct {
        uint64_t mask;
        const char *sent;
    } rows[] = {{0, NULL},
                {SPECTACLES_CAPABILITY_CHANNEL_OBFUSCATION, "\"capabilities\":32768}}"},
                {UINT64_C(1) << 52 | 1, "\"capabilities\":4503599627370497}}"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char payload[4200];
        spectacles_shard_config config;
        peer_config(&config);
        assert_int_equal(config.capabilities, 0);
        config.capabilities = rows[i].mask;
        sp_peer *peer = peer_new(&config);
        peer_hello(peer);
        spectacles_shard_identify(peer->shard, peer->now);
        peer_pull(peer);
        assert_int_equal(peer_read(peer, payload, sizeof payload), 1);
        if (rows[i].sent)
            assert_non_null(strstr(payload, rows[i].sent));
        else
            assert_null(strstr(payload, "capabilities"));
        peer_free(peer);
    }
}

static void wrong_settings_are_named(void **state)
{
    (void)state;
    spectacles_shard_config good;
    peer_config(&good);
    spectacles_shard_config bad[10];
    for (size_t i = 0; i < 10; i++)
        bad[i] = good;
    bad[0].token = NULL;
    bad[1].token = "Bot " PEER_TOKEN;
    bad[2].gateway_url = "https://discord.com";
    bad[3].gateway_url = "wss://discord.com:0";
    bad[4].shard_id = 4;
    bad[5].seed = 0;
    bad[6].presence = "[1]";
    bad[7].large_threshold = 49;
    bad[8].user_agent = "a\r\nb";
    bad[9].flags = 8;
    static const char *const texts[] = {"token is missing", "token holds", "wss:// nor",  "valid port",
                                        "shard_id",         "seed is 0",   "presence is", "large_threshold",
                                        "user_agent",       "flags"};
    for (size_t i = 0; i < 10; i++) {
        spectacles_shard *shard = NULL;
        spectacles_problem problem = {0};
        assert_true(spectacles_shard_new(&shard, &bad[i], &problem) < 0);
        assert_null(shard);
        assert_non_null(strstr(problem.text, texts[i]));
        assert_null(strstr(problem.text, PEER_TOKEN));
    }
}

/* Discord would end every connection that identifies with it: a bot identified 570 times a day. */
static void a_presence_that_discord_refuses_is_refused_at_once(void **state)
{
    static const char *const presences[] = {
        "{\"status\":\"online\"}",
        "{\"since\":null,\"activities\":null,\"status\":\"online\",\"afk\":false}",
        "{\"since\":null,\"activities\":[{\"name\":\"x\"}],\"status\":\"onlin\",\"afk\":false}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof presences / sizeof presences[0]; i++) {
        spectacles_shard *shard = NULL;
        spectacles_problem problem = {0};
        spectacles_problem of_op_3 = {0};
        spectacles_shard_config config;
        peer_config(&config);
        config.presence = presences[i];
        spectacles_presence_check((const uint8_t *)presences[i], strlen(presences[i]), &of_op_3);
        assert_int_equal(spectacles_shard_new(&shard, &config, &problem), SPECTACLES_E_INVAL);
        assert_string_equal(problem.text, of_op_3.text);
        assert_non_null(strstr(problem.text, " of op 3 "));
    }
}

static void the_faster_compression_is_the_default(void **state)
{
    (void)state;
    spectacles_shard_config config;
    spectacles_shard_config_init(&config, sizeof config);
    assert_int_equal(config.compression, spectacles_feature_supported("zstd-stream")
                                             ? SPECTACLES_COMPRESSION_ZSTD_STREAM
                                             : SPECTACLES_COMPRESSION_ZLIB_STREAM);
    assert_int_equal(config.format, SPECTACLES_FORMAT_JSON);
    assert_int_equal(config.max_message, 32 << 20);
    assert_int_equal(config.max_inflated, 64 << 20);
    assert_int_equal(config.max_ratio, 256);
    assert_int_equal(config.high_water, 256 << 10);
}

static void wrong_formats_and_limits_are_named(void **state)
{
    spectacles_shard_config config;
    spectacles_shard *shard = NULL;
    spectacles_problem problem;
    (void)state;
    peer_config(&config);
    for (uint32_t format = SPECTACLES_FORMAT_RAW; format < 9; format++) {
        config.format = format;
        int fine = format == SPECTACLES_FORMAT_JSON || format == SPECTACLES_FORMAT_ETF;
        assert_int_equal(spectacles_shard_new(&shard, &config, &problem),
                         fine ? SPECTACLES_OK : SPECTACLES_E_INVAL);
        if (fine)
            spectacles_shard_free(shard);
    }
    peer_config(&config);
    config.compression = 9;
    assert_int_equal(spectacles_shard_new(&shard, &config, &problem), SPECTACLES_E_INVAL);
    peer_config(&config);
    config.format = SPECTACLES_FORMAT_ETF;
    config.compression = SPECTACLES_COMPRESSION_PAYLOAD;
    assert_int_equal(spectacles_shard_new(&shard, &config, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "JSON only"));
    peer_config(&config);
    config.format = SPECTACLES_FORMAT_ETF;
    config.presence =
        "{\"since\":null,\"activities\":[],\"status\":\"dnd\",\"afk\":false,\"x\":{\"y\":1,\"y\":2}}";
    assert_int_equal(spectacles_shard_new(&shard, &config, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "twice"));
    for (int i = 0; i < 4; i++) {
        peer_config(&config);
        uint64_t *const caps[] = {&config.max_message, &config.high_water, &config.max_inflated,
                                  &config.max_ratio};
        *caps[i] = 0;
        assert_int_equal(spectacles_shard_new(&shard, &config, &problem), SPECTACLES_E_INVAL);
    }
    static char presence[5000];
    snprintf(presence, sizeof presence,
             "{\"since\":null,\"activities\":[],\"status\":\"dnd\",\"afk\":false,\"x\":\"%04000d\"}", 0);
    peer_config(&config);
    config.presence = presence;
    assert_int_equal(spectacles_shard_new(&shard, &config, &problem), SPECTACLES_E_TOOBIG);
    assert_non_null(strstr(problem.text, "shorten the presence"));
    static const uint32_t thresholds[] = {49, 50, 250, 251};
    for (size_t i = 0; i < 4; i++) {
        peer_config(&config);
        config.large_threshold = thresholds[i];
        int error = spectacles_shard_new(&shard, &config, &problem);
        assert_int_equal(error, i == 1 || i == 2 ? SPECTACLES_OK : SPECTACLES_E_INVAL);
        if (error == SPECTACLES_OK)
            spectacles_shard_free(shard);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capabilities_go_with_identify_when_there_are_some),
        cmocka_unit_test(wrong_settings_are_named),
        cmocka_unit_test(a_presence_that_discord_refuses_is_refused_at_once),
        cmocka_unit_test(the_faster_compression_is_the_default),
        cmocka_unit_test(wrong_formats_and_limits_are_named),
    };
    return cmocka_run_group_tests_name("shard/config", tests, NULL, NULL);
}
