/* What the shard does after a close code of the gateway. Called by close_frame.c. */
#include "shard/close.h"

#include <stddef.h>

/*
 * 4003, 4006, 4007 and 4009 are about the session, but the session is often still valid: clients that resume after
 * these codes lose nothing. "If you get a disconnect, try to resume" (discord-api-docs 4376). A RESUME is cheap, and
 * only its refusal proves that the session is lost.
 */
static const struct {
    uint32_t code;
    enum sp_close_plan plan;
    const char *text;
} table[] = {
    {1000, SP_CLOSE_RESUME, "the gateway closed the connection normally"},
    {1001, SP_CLOSE_RESUME, "the gateway is going away (a restart or a load balancer)"},
    {4000, SP_CLOSE_RESUME, "the gateway had an unknown error"},
    {4001, SP_CLOSE_RESUME, "the gateway does not know an op that we sent"},
    {4002, SP_CLOSE_RESUME, "the gateway could not decode a payload that we sent"},
    {4003, SP_CLOSE_DOUBT,
     "the gateway was sent a payload before we had identified, or has invalidated the session"},
    {4004, SP_CLOSE_FATAL,
     "the token is not valid: take the bot's token from Discord's developer portal, without \"Bot \""},
    {4005, SP_CLOSE_RESUME, "the gateway was sent a second identify"},
    {4006, SP_CLOSE_DOUBT, "the session is no longer valid"},
    {4007, SP_CLOSE_DOUBT, "the sequence number to resume from was not valid"},
    {4008, SP_CLOSE_RESUME, "the gateway was sent payloads too fast (more than 120 in 60 seconds)"},
    {4009, SP_CLOSE_DOUBT, "the session timed out"},
    {4010, SP_CLOSE_FATAL, "the shard is not valid: its number has to be below the shard count"},
    {4011, SP_CLOSE_FATAL,
     "the bot is in too many guilds for this shard count: use more shards (GET /gateway/bot recommends a "
     "number)"},
    {4012, SP_CLOSE_FATAL, "the gateway version is not valid: use version 10"},
    {4013, SP_CLOSE_FATAL, "the intents are not valid: a bit is set that Discord does not know"},
    {4014, SP_CLOSE_FATAL,
     "an intent is not allowed for this bot: GUILD_MEMBERS, GUILD_PRESENCES and MESSAGE_CONTENT have to be "
     "switched on in Discord's developer portal, under Bot"},
};

enum sp_close_plan sp_close_plan_of(uint32_t code, const char **text)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].code == code) {
            *text = table[i].text;
            return table[i].plan;
        }
    }
    *text = code ? "the gateway closed the connection" : "the connection was lost";
    return SP_CLOSE_RESUME;
}
