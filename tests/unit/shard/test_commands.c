/* The typed commands of an owner: what is sent, and what is refused. */
#include "scene.h"

#include <stdio.h>

static void commands_are_put_together(void **state)
{
    static const uint64_t guilds[] = {123, 18446744073709551615u};
    static const char *const fields[] = {"status", "voice_start_time"};
    sp_scene scene = scene_begin(&scene_ways[WAY_JSON], NULL);
    spectacles_shard *shard = scene.peer->shard;
    uint64_t now = scene.peer->now;
    (void)state;
    spectacles_presence presence = {
        .size = sizeof presence, .status = "idle", .since = 1700000000000, .afk = 1};
    spectacles_members_request request = {.size = sizeof request, .guild_id = 7, .query = "", .limit = 0};
    assert_int_equal(spectacles_shard_send_presence(shard, &presence, now, NULL), SPECTACLES_E_STATE);
    scene_ready(&scene, &scene_ways[WAY_JSON], 1);
    assert_int_equal(spectacles_shard_send_presence(shard, &presence, now, NULL), 0);
    assert_int_equal(spectacles_shard_send_voice_state(shard, 1, 0, SPECTACLES_VOICE_SELF_MUTE, now, NULL),
                     0);
    assert_int_equal(spectacles_shard_send_voice_state(shard, 1, 2, 0, now, NULL), 0);
    assert_int_equal(spectacles_shard_request_members(shard, &request, now, NULL), 0);
    request = (spectacles_members_request){.size = sizeof request,
                                           .guild_id = 7,
                                           .user_ids = guilds,
                                           .user_id_count = 2,
                                           .presences = 1,
                                           .nonce = "\"n\""};
    assert_int_equal(spectacles_shard_request_members(shard, &request, now, NULL), 0);
    assert_int_equal(spectacles_shard_request_sounds(shard, guilds, 2, now, NULL), 0);
    assert_int_equal(spectacles_shard_request_channel_info(shard, 9, fields, 2, now, NULL), 0);
    peer_pull(scene.peer);
    scene_expect(
        &scene,
        "{\"op\":3,\"d\":{\"since\":1700000000000,\"activities\":[],\"status\":\"idle\",\"afk\":true}}");
    scene_expect(
        &scene,
        "{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":null,\"self_mute\":true,\"self_deaf\":false}}");
    scene_expect(
        &scene,
        "{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":\"2\",\"self_mute\":false,\"self_deaf\":false}}");
    scene_expect(&scene,
                 "{\"op\":8,\"d\":{\"guild_id\":\"7\",\"query\":\"\",\"limit\":0,\"presences\":false}}");
    scene_expect(&scene,
                 "{\"op\":8,\"d\":{\"guild_id\":\"7\",\"user_ids\":[\"123\",\"18446744073709551615\"],"
                 "\"presences\":true,\"nonce\":\"\\\"n\\\"\"}}");
    scene_expect(&scene, "{\"op\":31,\"d\":{\"guild_ids\":[\"123\",\"18446744073709551615\"]}}");
    scene_expect(&scene,
                 "{\"op\":43,\"d\":{\"guild_id\":\"9\",\"fields\":[\"status\",\"voice_start_time\"]}}");
    scene_end(&scene);
}

static void wrong_commands_are_refused(void **state)
{
    static uint64_t many[2000];
    sp_scene scene = scene_begin(&scene_ways[WAY_ETF], NULL);
    spectacles_shard *shard = scene.peer->shard;
    uint64_t now = scene.peer->now;
    (void)state;
    scene_ready(&scene, &scene_ways[WAY_ETF], 1);
    spectacles_presence presence = {.size = sizeof presence, .status = "asleep"};
    assert_int_equal(spectacles_shard_send_presence(shard, &presence, now, NULL), SPECTACLES_E_INVAL);
    static const char *const no_arrays[] = {"[{]", "{}", "", "null", "[],\"status\":\"online\",\"x\":[]"};
    for (size_t i = 0; i < sizeof no_arrays / sizeof no_arrays[0]; i++) {
        presence =
            (spectacles_presence){.size = sizeof presence, .status = "dnd", .activities = no_arrays[i]};
        assert_int_equal(spectacles_shard_send_presence(shard, &presence, now, NULL), SPECTACLES_E_INVAL);
    }
    presence.activities = "[{\"name\":\"x\"}]"; /* without its type: Discord would end the connection */
    assert_int_equal(spectacles_shard_send_presence(shard, &presence, now, NULL), SPECTACLES_E_INVAL);
    assert_non_null(strstr(spectacles_shard_last_error(shard), "\"activities\" of op 3"));
    presence.activities = "[{\"name\":\"x\",\"type\":0,\"x\":1,\"x\":2}]";
    assert_int_equal(spectacles_shard_send_presence(shard, &presence, now, NULL), SPECTACLES_E_PROTO);
    assert_int_equal(spectacles_shard_send_voice_state(shard, 0, 1, 0, now, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_shard_send_voice_state(shard, 1, 1, 8, now, NULL), SPECTACLES_E_INVAL);
    spectacles_members_request request = {.size = sizeof request, .guild_id = 7};
    assert_int_equal(spectacles_shard_request_members(shard, &request, now, NULL), SPECTACLES_E_INVAL);
    request.query = "a";
    request.nonce = "123456789012345678901234567890123";
    assert_int_equal(spectacles_shard_request_members(shard, &request, now, NULL), SPECTACLES_E_INVAL);
    request = (spectacles_members_request){
        .size = sizeof request, .guild_id = 7, .user_ids = many, .user_id_count = 1};
    assert_int_equal(spectacles_shard_request_members(shard, &request, now, NULL), SPECTACLES_E_INVAL);
    request.user_ids = NULL;
    assert_int_equal(spectacles_shard_request_members(shard, &request, now, NULL), SPECTACLES_E_INVAL);
    request = (spectacles_members_request){.size = sizeof request, .query = ""};
    assert_int_equal(spectacles_shard_request_members(shard, &request, now, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_shard_request_sounds(shard, many, 1, now, NULL), SPECTACLES_E_INVAL);
    memset(many, 1, sizeof many);
    request = (spectacles_members_request){
        .size = sizeof request, .guild_id = 7, .user_ids = many, .user_id_count = 101};
    assert_int_equal(spectacles_shard_request_members(shard, &request, now, NULL), SPECTACLES_E_INVAL);
    static const char *const no_names[] = {"status", NULL};
    assert_int_equal(spectacles_shard_request_channel_info(shard, 1, no_names, 2, now, NULL),
                     SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_shard_request_channel_info(shard, 1, NULL, 1, now, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_shard_request_sounds(shard, many, 0, now, NULL), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_shard_request_sounds(shard, many, 2000, now, NULL), SPECTACLES_E_TOOBIG);
    assert_int_equal(spectacles_shard_request_channel_info(shard, 0, NULL, 0, now, NULL), SPECTACLES_E_INVAL);
    peer_pull(scene.peer);
    assert_int_equal(scene.peer->sent_length, 0);
    scene_end(&scene);
}

static void assert_written(const spectacles_bytes *bytes, const char *text)
{
    assert_int_equal(spectacles_bytes_length(bytes), strlen(text));
    assert_memory_equal(spectacles_bytes_data(bytes), text, strlen(text));
}

/* For owners who have a gateway, and no shard to call. */
static void what_is_sent_can_be_written(void **state)
{
    (void)state;
    spectacles_bytes *bytes = NULL;
    spectacles_problem problem = {0};
    spectacles_presence presence;
    spectacles_members_request request;
    assert_int_equal(spectacles_bytes_new(&bytes), SPECTACLES_OK);
    spectacles_presence_init(&presence, sizeof presence);
    presence.status = "dnd";
    presence.activities = "[{\"name\":\"x\",\"type\":0}]";
    assert_int_equal(spectacles_presence_write(bytes, &presence, &problem), SPECTACLES_OK);
    assert_written(bytes, "{\"since\":null,\"activities\":[{\"name\":\"x\",\"type\":0}],\"status\":\"dnd\","
                          "\"afk\":false}");
    presence.status = "asleep";
    assert_int_equal(spectacles_presence_write(bytes, &presence, &problem), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_bytes_length(bytes), 0);
    assert_true(strlen(problem.text) > 0);
    spectacles_members_request_init(&request, sizeof request);
    request.guild_id = 7;
    request.query = "a\"b";
    request.limit = 3;
    assert_int_equal(spectacles_members_request_write(bytes, &request, &problem), SPECTACLES_OK);
    assert_written(bytes, "{\"guild_id\":\"7\",\"query\":\"a\\\"b\",\"limit\":3,\"presences\":false}");
    request.guild_id = 0;
    assert_int_equal(spectacles_members_request_write(bytes, &request, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "guild_id"));
    spectacles_bytes_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_can_be_written),
        cmocka_unit_test(commands_are_put_together),
        cmocka_unit_test(wrong_commands_are_refused),
    };
    return cmocka_run_group_tests_name("shard/commands", tests, NULL, NULL);
}
