#include "unit.h"

#include <spectacles/routing.h>

/* Discord's list, intent by intent: the library has it event by event. */
static const struct {
    const char *name;
    uint32_t bit;
    int privileged;
    const char *events;
} intents[] = {
    {"GUILDS", 0, 0,
     "GUILD_CREATE GUILD_UPDATE GUILD_DELETE GUILD_ROLE_CREATE GUILD_ROLE_UPDATE GUILD_ROLE_DELETE "
     "CHANNEL_CREATE CHANNEL_UPDATE CHANNEL_DELETE CHANNEL_PINS_UPDATE THREAD_CREATE THREAD_UPDATE "
     "THREAD_DELETE THREAD_LIST_SYNC THREAD_MEMBER_UPDATE THREAD_MEMBERS_UPDATE STAGE_INSTANCE_CREATE "
     "STAGE_INSTANCE_UPDATE STAGE_INSTANCE_DELETE VOICE_CHANNEL_STATUS_UPDATE "
     "VOICE_CHANNEL_START_TIME_UPDATE"},
    {"GUILD_MEMBERS", 1, 1, "GUILD_MEMBER_ADD GUILD_MEMBER_UPDATE GUILD_MEMBER_REMOVE THREAD_MEMBERS_UPDATE"},
    {"GUILD_MODERATION", 2, 0, "GUILD_AUDIT_LOG_ENTRY_CREATE GUILD_BAN_ADD GUILD_BAN_REMOVE"},
    {"GUILD_EXPRESSIONS", 3, 0,
     "GUILD_EMOJIS_UPDATE GUILD_STICKERS_UPDATE GUILD_SOUNDBOARD_SOUND_CREATE GUILD_SOUNDBOARD_SOUND_UPDATE "
     "GUILD_SOUNDBOARD_SOUND_DELETE GUILD_SOUNDBOARD_SOUNDS_UPDATE"},
    {"GUILD_INTEGRATIONS", 4, 0,
     "GUILD_INTEGRATIONS_UPDATE INTEGRATION_CREATE INTEGRATION_UPDATE INTEGRATION_DELETE"},
    {"GUILD_WEBHOOKS", 5, 0, "WEBHOOKS_UPDATE"},
    {"GUILD_INVITES", 6, 0, "INVITE_CREATE INVITE_DELETE"},
    {"GUILD_VOICE_STATES", 7, 0, "VOICE_CHANNEL_EFFECT_SEND VOICE_STATE_UPDATE"},
    {"GUILD_PRESENCES", 8, 1, "PRESENCE_UPDATE"},
    {"GUILD_MESSAGES", 9, 0, "MESSAGE_CREATE MESSAGE_UPDATE MESSAGE_DELETE MESSAGE_DELETE_BULK"},
    {"GUILD_MESSAGE_REACTIONS", 10, 0,
     "MESSAGE_REACTION_ADD MESSAGE_REACTION_REMOVE MESSAGE_REACTION_REMOVE_ALL "
     "MESSAGE_REACTION_REMOVE_EMOJI"},
    {"GUILD_MESSAGE_TYPING", 11, 0, "TYPING_START"},
    {"DIRECT_MESSAGES", 12, 0, "MESSAGE_CREATE MESSAGE_UPDATE MESSAGE_DELETE CHANNEL_PINS_UPDATE"},
    {"DIRECT_MESSAGE_REACTIONS", 13, 0,
     "MESSAGE_REACTION_ADD MESSAGE_REACTION_REMOVE MESSAGE_REACTION_REMOVE_ALL "
     "MESSAGE_REACTION_REMOVE_EMOJI"},
    {"DIRECT_MESSAGE_TYPING", 14, 0, "TYPING_START"},
    {"MESSAGE_CONTENT", 15, 1, ""},
    {"GUILD_SCHEDULED_EVENTS", 16, 0,
     "GUILD_SCHEDULED_EVENT_CREATE GUILD_SCHEDULED_EVENT_UPDATE GUILD_SCHEDULED_EVENT_DELETE "
     "GUILD_SCHEDULED_EVENT_USER_ADD GUILD_SCHEDULED_EVENT_USER_REMOVE"},
    {"AUTO_MODERATION_CONFIGURATION", 20, 0,
     "AUTO_MODERATION_RULE_CREATE AUTO_MODERATION_RULE_UPDATE AUTO_MODERATION_RULE_DELETE"},
    {"AUTO_MODERATION_EXECUTION", 21, 0, "AUTO_MODERATION_ACTION_EXECUTION"},
    {"GUILD_MESSAGE_POLLS", 24, 0, "MESSAGE_POLL_VOTE_ADD MESSAGE_POLL_VOTE_REMOVE"},
    {"DIRECT_MESSAGE_POLLS", 25, 0, "MESSAGE_POLL_VOTE_ADD MESSAGE_POLL_VOTE_REMOVE"},
};

enum {
    COUNT = sizeof intents / sizeof intents[0]
};

static int brings(const char *events, const char *event, size_t length)
{
    for (const char *at = events; *at;) {
        size_t width = strcspn(at, " ");
        if (width == length && memcmp(at, event, length) == 0)
            return 1;
        at += width + strspn(at + width, " ");
    }
    return 0;
}

static uint64_t expected_mask(const char *event, size_t length)
{
    uint64_t mask = 0;
    for (size_t i = 0; i < COUNT; i++) {
        if (brings(intents[i].events, event, length))
            mask |= UINT64_C(1) << intents[i].bit;
    }
    return mask;
}

static void every_event_has_its_intents(void **state)
{
    (void)state;
    size_t seen = 0;
    for (size_t i = 0; i < COUNT; i++) {
        for (const char *at = intents[i].events; *at;) {
            size_t width = strcspn(at, " ");
            assert_true(spectacles_intents_for_event(at, width) == expected_mask(at, width));
            seen++;
            at += width + strspn(at + width, " ");
        }
    }
    assert_int_equal(seen, 75);
    assert_true(spectacles_intents_for_event("MESSAGE_CREATE", 14) == (1u << 9 | 1u << 12));
}

static void other_events_need_none(void **state)
{
    (void)state;
    static const char *const others[] = {
        "READY",
        "RESUMED",
        "INTERACTION_CREATE",
        "USER_UPDATE",
        "VOICE_SERVER_UPDATE",
        "RATE_LIMITED",
        "GUILD",
        "MESSAGE_CREAT",
        "MESSAGE_CREATE_",
        "message_create",
        "A",
        "ZZZ",
        "",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_true(spectacles_intents_for_event(others[i], strlen(others[i])) == 0);
    assert_true(spectacles_intents_for_event(NULL, 0) == 0);
    assert_true(spectacles_intents_for_event("MESSAGE_CREATE\0", 15) == 0);
}

static void intents_have_names(void **state)
{
    (void)state;
    size_t named = 0;
    for (uint32_t bit = 0; bit < 64; bit++)
        named += spectacles_intent_name(UINT64_C(1) << bit) != NULL;
    assert_int_equal(named, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        const char *name = intents[i].name;
        uint64_t intent = UINT64_C(1) << intents[i].bit;
        uint64_t found = 0;
        assert_string_equal(spectacles_intent_name(intent), name);
        assert_int_equal(spectacles_intent_parse(&found, name, strlen(name)), SPECTACLES_OK);
        assert_true(found == intent);
        assert_true(spectacles_intents_privileged(intent) == (intents[i].privileged ? intent : 0));
    }
    assert_null(spectacles_intent_name(0));
    assert_null(spectacles_intent_name(UINT64_C(1) << 17));
    assert_null(spectacles_intent_name(SPECTACLES_INTENT_GUILDS | SPECTACLES_INTENT_GUILD_MEMBERS));
    assert_null(spectacles_intent_name(UINT64_MAX));
    assert_true(spectacles_intents_privileged(UINT64_MAX) ==
                (SPECTACLES_INTENT_GUILD_MEMBERS | SPECTACLES_INTENT_GUILD_PRESENCES |
                 SPECTACLES_INTENT_MESSAGE_CONTENT));
}

/* A mask, as every other set of flags: GUILDS | GUILD_MESSAGES asks for both. */
static void intents_are_combined_with_or(void **state)
{
    (void)state;
    assert_int_equal(SPECTACLES_INTENT_GUILDS | SPECTACLES_INTENT_GUILD_MESSAGES, 1 << 0 | 1 << 9);
    assert_true(spectacles_intents_for_event("MESSAGE_CREATE", 14) ==
                (SPECTACLES_INTENT_GUILD_MESSAGES | SPECTACLES_INTENT_DIRECT_MESSAGES));
}

static void names_are_read_in_any_case_and_only_whole(void **state)
{
    static const struct {
        const char *name;
        size_t length;
    } wrong[] = {{"GUILD_MESSAGES", 13}, {"GUILDS_", 7}, {"GUILDS\0", 7}, {"", 0}, {"UNKNOWN", 7}};
    uint64_t intent = 42;
    (void)state;
    assert_int_equal(spectacles_intent_parse(&intent, "Guild_messages", 14), SPECTACLES_OK);
    assert_true(intent == SPECTACLES_INTENT_GUILD_MESSAGES);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(spectacles_intent_parse(&intent, wrong[i].name, wrong[i].length),
                         SPECTACLES_E_INVAL);
    assert_true(intent == SPECTACLES_INTENT_GUILD_MESSAGES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_has_its_intents),
        cmocka_unit_test(other_events_need_none),
        cmocka_unit_test(intents_have_names),
        cmocka_unit_test(intents_are_combined_with_or),
        cmocka_unit_test(names_are_read_in_any_case_and_only_whole),
    };
    return cmocka_run_group_tests_name("routing/intents", tests, NULL, NULL);
}
