/*
 * Which intent brings which event, and the names of intents (Discord: "Gateway Intents"). Owners and the shard call it.
 */
#include "core/export.h"

#include <spectacles/routing.h>
#include <stdbool.h>
#include <string.h>

#define INTENT(name) SPECTACLES_INTENT_##name

enum {
    REACTIONS = INTENT(GUILD_MESSAGE_REACTIONS) | INTENT(DIRECT_MESSAGE_REACTIONS),
    MESSAGES = INTENT(GUILD_MESSAGES) | INTENT(DIRECT_MESSAGES),
    POLLS = INTENT(GUILD_MESSAGE_POLLS) | INTENT(DIRECT_MESSAGE_POLLS),
    TYPING = INTENT(GUILD_MESSAGE_TYPING) | INTENT(DIRECT_MESSAGE_TYPING)
};

/* Sorted by name, for a binary search. */
static const struct {
    const char *name;
    uint64_t mask;
} events[] = {
    {"AUTO_MODERATION_ACTION_EXECUTION", INTENT(AUTO_MODERATION_EXECUTION)},
    {"AUTO_MODERATION_RULE_CREATE", INTENT(AUTO_MODERATION_CONFIGURATION)},
    {"AUTO_MODERATION_RULE_DELETE", INTENT(AUTO_MODERATION_CONFIGURATION)},
    {"AUTO_MODERATION_RULE_UPDATE", INTENT(AUTO_MODERATION_CONFIGURATION)},
    {"CHANNEL_CREATE", INTENT(GUILDS)},
    {"CHANNEL_DELETE", INTENT(GUILDS)},
    {"CHANNEL_PINS_UPDATE", INTENT(GUILDS) | INTENT(DIRECT_MESSAGES)},
    {"CHANNEL_UPDATE", INTENT(GUILDS)},
    {"GUILD_AUDIT_LOG_ENTRY_CREATE", INTENT(GUILD_MODERATION)},
    {"GUILD_BAN_ADD", INTENT(GUILD_MODERATION)},
    {"GUILD_BAN_REMOVE", INTENT(GUILD_MODERATION)},
    {"GUILD_CREATE", INTENT(GUILDS)},
    {"GUILD_DELETE", INTENT(GUILDS)},
    {"GUILD_EMOJIS_UPDATE", INTENT(GUILD_EXPRESSIONS)},
    {"GUILD_INTEGRATIONS_UPDATE", INTENT(GUILD_INTEGRATIONS)},
    {"GUILD_MEMBER_ADD", INTENT(GUILD_MEMBERS)},
    {"GUILD_MEMBER_REMOVE", INTENT(GUILD_MEMBERS)},
    {"GUILD_MEMBER_UPDATE", INTENT(GUILD_MEMBERS)},
    {"GUILD_ROLE_CREATE", INTENT(GUILDS)},
    {"GUILD_ROLE_DELETE", INTENT(GUILDS)},
    {"GUILD_ROLE_UPDATE", INTENT(GUILDS)},
    {"GUILD_SCHEDULED_EVENT_CREATE", INTENT(GUILD_SCHEDULED_EVENTS)},
    {"GUILD_SCHEDULED_EVENT_DELETE", INTENT(GUILD_SCHEDULED_EVENTS)},
    {"GUILD_SCHEDULED_EVENT_UPDATE", INTENT(GUILD_SCHEDULED_EVENTS)},
    {"GUILD_SCHEDULED_EVENT_USER_ADD", INTENT(GUILD_SCHEDULED_EVENTS)},
    {"GUILD_SCHEDULED_EVENT_USER_REMOVE", INTENT(GUILD_SCHEDULED_EVENTS)},
    {"GUILD_SOUNDBOARD_SOUNDS_UPDATE", INTENT(GUILD_EXPRESSIONS)},
    {"GUILD_SOUNDBOARD_SOUND_CREATE", INTENT(GUILD_EXPRESSIONS)},
    {"GUILD_SOUNDBOARD_SOUND_DELETE", INTENT(GUILD_EXPRESSIONS)},
    {"GUILD_SOUNDBOARD_SOUND_UPDATE", INTENT(GUILD_EXPRESSIONS)},
    {"GUILD_STICKERS_UPDATE", INTENT(GUILD_EXPRESSIONS)},
    {"GUILD_UPDATE", INTENT(GUILDS)},
    {"INTEGRATION_CREATE", INTENT(GUILD_INTEGRATIONS)},
    {"INTEGRATION_DELETE", INTENT(GUILD_INTEGRATIONS)},
    {"INTEGRATION_UPDATE", INTENT(GUILD_INTEGRATIONS)},
    {"INVITE_CREATE", INTENT(GUILD_INVITES)},
    {"INVITE_DELETE", INTENT(GUILD_INVITES)},
    {"MESSAGE_CREATE", MESSAGES},
    {"MESSAGE_DELETE", MESSAGES},
    {"MESSAGE_DELETE_BULK", INTENT(GUILD_MESSAGES)},
    {"MESSAGE_POLL_VOTE_ADD", POLLS},
    {"MESSAGE_POLL_VOTE_REMOVE", POLLS},
    {"MESSAGE_REACTION_ADD", REACTIONS},
    {"MESSAGE_REACTION_REMOVE", REACTIONS},
    {"MESSAGE_REACTION_REMOVE_ALL", REACTIONS},
    {"MESSAGE_REACTION_REMOVE_EMOJI", REACTIONS},
    {"MESSAGE_UPDATE", MESSAGES},
    {"PRESENCE_UPDATE", INTENT(GUILD_PRESENCES)},
    {"STAGE_INSTANCE_CREATE", INTENT(GUILDS)},
    {"STAGE_INSTANCE_DELETE", INTENT(GUILDS)},
    {"STAGE_INSTANCE_UPDATE", INTENT(GUILDS)},
    {"THREAD_CREATE", INTENT(GUILDS)},
    {"THREAD_DELETE", INTENT(GUILDS)},
    {"THREAD_LIST_SYNC", INTENT(GUILDS)},
    {"THREAD_MEMBERS_UPDATE", INTENT(GUILDS) | INTENT(GUILD_MEMBERS)},
    {"THREAD_MEMBER_UPDATE", INTENT(GUILDS)},
    {"THREAD_UPDATE", INTENT(GUILDS)},
    {"TYPING_START", TYPING},
    {"VOICE_CHANNEL_EFFECT_SEND", INTENT(GUILD_VOICE_STATES)},
    {"VOICE_CHANNEL_START_TIME_UPDATE", INTENT(GUILDS)},
    {"VOICE_CHANNEL_STATUS_UPDATE", INTENT(GUILDS)},
    {"VOICE_STATE_UPDATE", INTENT(GUILD_VOICE_STATES)},
    {"WEBHOOKS_UPDATE", INTENT(GUILD_WEBHOOKS)},
};

static const struct {
    uint64_t intent;
    const char *name;
} names[] = {
    {INTENT(GUILDS), "GUILDS"},
    {INTENT(GUILD_MEMBERS), "GUILD_MEMBERS"},
    {INTENT(GUILD_MODERATION), "GUILD_MODERATION"},
    {INTENT(GUILD_EXPRESSIONS), "GUILD_EXPRESSIONS"},
    {INTENT(GUILD_INTEGRATIONS), "GUILD_INTEGRATIONS"},
    {INTENT(GUILD_WEBHOOKS), "GUILD_WEBHOOKS"},
    {INTENT(GUILD_INVITES), "GUILD_INVITES"},
    {INTENT(GUILD_VOICE_STATES), "GUILD_VOICE_STATES"},
    {INTENT(GUILD_PRESENCES), "GUILD_PRESENCES"},
    {INTENT(GUILD_MESSAGES), "GUILD_MESSAGES"},
    {INTENT(GUILD_MESSAGE_REACTIONS), "GUILD_MESSAGE_REACTIONS"},
    {INTENT(GUILD_MESSAGE_TYPING), "GUILD_MESSAGE_TYPING"},
    {INTENT(DIRECT_MESSAGES), "DIRECT_MESSAGES"},
    {INTENT(DIRECT_MESSAGE_REACTIONS), "DIRECT_MESSAGE_REACTIONS"},
    {INTENT(DIRECT_MESSAGE_TYPING), "DIRECT_MESSAGE_TYPING"},
    {INTENT(MESSAGE_CONTENT), "MESSAGE_CONTENT"},
    {INTENT(GUILD_SCHEDULED_EVENTS), "GUILD_SCHEDULED_EVENTS"},
    {INTENT(AUTO_MODERATION_CONFIGURATION), "AUTO_MODERATION_CONFIGURATION"},
    {INTENT(AUTO_MODERATION_EXECUTION), "AUTO_MODERATION_EXECUTION"},
    {INTENT(GUILD_MESSAGE_POLLS), "GUILD_MESSAGE_POLLS"},
    {INTENT(DIRECT_MESSAGE_POLLS), "DIRECT_MESSAGE_POLLS"},
};

/* As strcmp(3), for a name that is not NUL-terminated. */
static int compare(const char *name, size_t length, const char *known)
{
    size_t known_length = strlen(known);
    int order = memcmp(name, known, length < known_length ? length : known_length);
    if (order != 0 || length == known_length)
        return order;
    return length < known_length ? -1 : 1;
}

SPECTACLES_EXPORT uint64_t spectacles_intents_for_event(const char *event, size_t length)
{
    size_t low = 0;
    size_t high = sizeof events / sizeof events[0];
    while (low < high && length > 0) {
        size_t middle = low + (high - low) / 2;
        int order = compare(event, length, events[middle].name);
        if (order == 0)
            return events[middle].mask;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return 0;
}

SPECTACLES_EXPORT const char *spectacles_intent_name(uint64_t intent)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].intent == intent)
            return names[i].name;
    }
    return NULL;
}

static char upper(char letter)
{
    return letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
}

static bool is_name(const char *name, size_t length, const char *known)
{
    size_t i = 0;
    while (i < length && known[i] != '\0' && upper(name[i]) == known[i])
        i++;
    return i == length && known[i] == '\0';
}

SPECTACLES_EXPORT int spectacles_intent_parse(uint64_t *intent, const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (is_name(name, length, names[i].name)) {
            *intent = names[i].intent;
            return SPECTACLES_OK;
        }
    }
    return SPECTACLES_E_INVAL;
}

SPECTACLES_EXPORT uint64_t spectacles_intents_privileged(uint64_t intents)
{
    return intents & (INTENT(GUILD_MEMBERS) | INTENT(GUILD_PRESENCES) | INTENT(MESSAGE_CONTENT));
}
