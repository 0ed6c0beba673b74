/*
 * spectacles/routing.h - who gets what: shards, queues, SEND, packets, intents.
 *
 * SPDX-License-Identifier: MIT
 *
 * Pure functions: no handle, no state, no I/O, no allocation. None of them blocks. They implement the naming
 * rules of the Spectacles AMQP specification and the arithmetic of Discord's "Sharding" and "Gateway Intents"
 * topics.
 */
#ifndef SPECTACLES_ROUTING_H
#define SPECTACLES_ROUTING_H

#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The routing key of a packet whose sender does not know the shard (Spectacles specification).
 *
 * Returns "SEND", static and NUL-terminated. Cannot fail.
 */
const char *spectacles_route_send_key(void);

/*
 * The routing key of gap records (relay.h).
 *
 * Returns "SPECTACLES_GAP", static and NUL-terminated. Cannot fail.
 */
const char *spectacles_route_gap_key(void);

/* Limits of names. */
enum spectacles_route_limit {
    /* the longest name that AMQP can carry (AMQP 0-9-1, "shortstr"), in bytes; with a NUL it needs one byte more */
    SPECTACLES_ROUTE_MAX = 255
};

/*
 * The shard that serves a guild: (guild_id >> 22) % shard_count (Discord: "Sharding"). Events without a guild (direct
 * messages) come to shard 0.
 *
 * shard_count: of the whole bot.
 *
 * Returns the shard's id; 0 when shard_count is 0. Cannot fail.
 */
uint32_t spectacles_route_shard(uint64_t guild_id, uint32_t shard_count);

/*
 * The bucket in which a shard identifies: shard_id % max_concurrency (Discord: "max_concurrency"). One shard
 * of each bucket may identify every 5 seconds.
 *
 * max_concurrency: as Discord states it in the answer of GET /gateway/bot.
 *
 * Returns the bucket's number; 0 when max_concurrency is 0. Cannot fail.
 */
uint32_t spectacles_route_identify_bucket(uint32_t shard_id, uint32_t max_concurrency);

/*
 * Writes the name of a queue: `<group>:<event>` or `<group>:<subgroup>:<event>` (Spectacles specification, AMQP).
 *
 * out:             receives the name, NUL-terminated. size:            the room in `out`, in bytes. group:
 * the name of the exchange; `group_length` bytes of UTF-8 without control characters, at least 1. subgroup:        as
 * group; a length of 0 means that there is no subgroup, and the pointer may then be NULL. event:           the name of
 * the event; as group.
 *
 * Returns the length of the name in bytes, without its NUL, or:
 *   SPECTACLES_E_INVAL   the group or the event is empty, or a part holds a control character (a byte below 0x20, or
 *                        0x7f) or is not UTF-8
 *   SPECTACLES_E_TOOBIG  the name is longer than SPECTACLES_ROUTE_MAX bytes, or than size - 1
 */
int spectacles_route_queue(char *out, size_t size, const char *group, size_t group_length,
                           const char *subgroup, size_t subgroup_length, const char *event,
                           size_t event_length);

/*
 * Writes the routing key of a shard: its id in decimal (Spectacles specification: "The shard ID is the queue name").
 *
 * out:  receives the key, NUL-terminated.
 * size: the room in `out`, in bytes; 11 are always enough.
 *
 * Returns the length of the key in bytes, without its NUL, or:
 *   SPECTACLES_E_TOOBIG  size is too small
 */
int spectacles_route_shard_key(char *out, size_t size, uint32_t shard_id);

/*
 * Reads the routing key of a shard.
 *
 * shard_id: receives the shard's id. key:      `length` bytes.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  the key is no decimal number below 2^32, or has a sign, a space or a leading zero; so it is for
 *                       the name of an event and for SEND
 */
int spectacles_route_parse_shard_key(uint32_t *shard_id, const char *key, size_t length);

/*
 * A SEND message taken apart. The pointer is into the body that was parsed. This struct is frozen: it will
 * never grow.
 */
typedef struct spectacles_send {
    /* the guild whose shard shall send the packet */
    uint64_t guild_id;
    /* the packet, verbatim: a JSON object; not NUL-terminated */
    const uint8_t *packet;
    /* the length of the packet in bytes */
    size_t packet_length;
} spectacles_send;

/*
 * Reads the body of a SEND message: a JSON object {"guild_id": ..., "packet": {...}} (Spectacles
 * specification). The guild id is a decimal string without leading zeros (as the specification has it) or an
 * unsigned integer, 1 to 2^64 - 1. Other keys are ignored; a repeated key is refused. The packet has to be an
 * object. spectacles_packet_parse() checks the rest.
 *
 * body:    `length` bytes; `out` points into it.
 * problem: may be NULL; on failure it says why, with a position in `body`.
 *
 * Returns 0, or:
 *   SPECTACLES_E_PROTO        the body is no such message
 *   SPECTACLES_E_UNSUPPORTED  the body is in another format than JSON
 */
int spectacles_send_parse(spectacles_send *out, const uint8_t *body, size_t length,
                          spectacles_problem *problem);

/*
 * Writes the body of a SEND message: the guild id as a decimal string, the packet verbatim, without white
 * space around it.
 *
 * out:      receives the body, not NUL-terminated. With NULL nothing is written, and the length is returned.
 * size:     the room in `out`, in bytes; 48 more than the packet are always enough.
 * guild_id: not 0.
 * packet:   `length` bytes: a JSON object. What Discord would refuse in it, the gateway refuses and logs. To hear of it
 *           in the worker, give the packet to spectacles_packet_parse() first.
 *
 * problem:  may be NULL; on failure it says why, with a position in `packet`.
 *
 * Returns the length of the body in bytes, or:
 *   SPECTACLES_E_INVAL   guild_id is 0, or the packet is no JSON object
 *   SPECTACLES_E_TOOBIG  size is too small, or the body would be longer than INT_MAX bytes
 */
int spectacles_send_build(uint8_t *out, size_t size, uint64_t guild_id, const uint8_t *packet, size_t length,
                          spectacles_problem *problem);

/* Limits of packets. */
enum spectacles_packet_limit {
    /* the largest payload that Discord takes from a client, in bytes (Discord: "Sending Events"; close code 4002) */
    SPECTACLES_PACKET_MAX = 4096,
    /* the users that one request for members may name (Discord: "Request Guild Members") */
    SPECTACLES_MEMBERS_USERS_MAX = 100
};

/* A packet taken apart. The pointer is into the body that was parsed. This struct is frozen: it will never grow. */
typedef struct spectacles_packet {
    /* the op: what Discord is asked to do */
    uint32_t op;
    /* "d", verbatim: a JSON object; not NUL-terminated */
    const uint8_t *d;
    /* the length of d in bytes */
    size_t d_length;
} spectacles_packet;

/*
 * Reads and checks a packet that a worker wants sent to Discord: a JSON object {"op": n, "d": {...}} with op 3
 * (presence), 4 (voice state), 8 (request guild members), 31 (request soundboard sounds) or 43 (request channel info).
 * Other keys are ignored and not sent; a repeated key is refused.
 *
 * A packet is checked because Discord answers mistakes in it by hanging, by dropping the packet silently, or by ending
 * the session (Discord: "Gateway Events: Send Events"; close codes 4001 and 4002). `d` needs:
 *
 *   op 3   since (milliseconds or null), activities (each with name and type), status, afk
 *   op 4   guild_id, channel_id (null to leave); self_mute and self_deaf may be left out
 *   op 8   guild_id, and query with limit, or user_ids (an id or an array of 1 to 100); presences and nonce (at most 32
 *          bytes) may be left out; null counts as left out
 *   op 31  guild_ids
 *   op 43  guild_id, fields
 *
 * An id is a decimal string or an unsigned integer, 1 to 2^64 - 1. Fields of `d` that are not named here are not
 * checked. A lone surrogate escape anywhere in `d` is refused: it is legal JSON, but no text that Discord could decode.
 * The payload, written as {"op":n,"d":...}, may have SPECTACLES_PACKET_MAX bytes; white space in `d` counts.
 *
 * body:    `length` bytes; `out` points into it. problem: may be NULL; on failure it says why, with a position in
 * `body`.
 *
 * Returns 0, or:
 *   SPECTACLES_E_PROTO        the body is no such packet
 *   SPECTACLES_E_TOOBIG       the payload is too large
 *   SPECTACLES_E_UNSUPPORTED  only the gateway itself or Discord may send the op, or the op is unknown; or the body is
 *                             in another format than JSON
 */
int spectacles_packet_parse(spectacles_packet *out, const uint8_t *body, size_t length,
                            spectacles_problem *problem);

/*
 * Checks a presence, as spectacles_packet_parse() checks the d of op 3: it is what
 * spectacles_shard_config.presence takes. Discord ends a connection that identifies with another presence, and
 * the bot would identify again and again.
 *
 * d:       `length` bytes.
 * problem: may be NULL; on failure it says why, with a position in `d`.
 *
 * Returns 0, or:
 *   SPECTACLES_E_PROTO  it is no such presence
 */
int spectacles_presence_check(const uint8_t *d, size_t length, spectacles_problem *problem);

/*
 * The gateway intents (Discord: "Gateway Intents"), as a mask: combine them with |, and give the result as
 * spectacles_shard_config.intents. Each one brings events about what its comment names. A privileged intent has to be
 * switched on for the bot in Discord's developer portal.
 */
enum spectacles_intent {
    /* guilds, roles, channels, threads and stages: created, updated, deleted */
    SPECTACLES_INTENT_GUILDS = 1 << 0,
    /* members: added, updated, removed. Privileged */
    SPECTACLES_INTENT_GUILD_MEMBERS = 1 << 1,
    /* bans, and entries of the audit log */
    SPECTACLES_INTENT_GUILD_MODERATION = 1 << 2,
    /* emojis, stickers and sounds */
    SPECTACLES_INTENT_GUILD_EXPRESSIONS = 1 << 3,
    /* integrations */
    SPECTACLES_INTENT_GUILD_INTEGRATIONS = 1 << 4,
    /* webhooks */
    SPECTACLES_INTENT_GUILD_WEBHOOKS = 1 << 5,
    /* invites */
    SPECTACLES_INTENT_GUILD_INVITES = 1 << 6,
    /* who is in which voice channel, and effects in it */
    SPECTACLES_INTENT_GUILD_VOICE_STATES = 1 << 7,
    /* presences of members. Privileged */
    SPECTACLES_INTENT_GUILD_PRESENCES = 1 << 8,
    /* messages in guilds */
    SPECTACLES_INTENT_GUILD_MESSAGES = 1 << 9,
    /* reactions to messages in guilds */
    SPECTACLES_INTENT_GUILD_MESSAGE_REACTIONS = 1 << 10,
    /* who is typing in guilds */
    SPECTACLES_INTENT_GUILD_MESSAGE_TYPING = 1 << 11,
    /* direct messages */
    SPECTACLES_INTENT_DIRECT_MESSAGES = 1 << 12,
    /* reactions to direct messages */
    SPECTACLES_INTENT_DIRECT_MESSAGE_REACTIONS = 1 << 13,
    /* who is typing direct messages */
    SPECTACLES_INTENT_DIRECT_MESSAGE_TYPING = 1 << 14,
    /* brings no event; without it the text of most messages is empty. Privileged */
    SPECTACLES_INTENT_MESSAGE_CONTENT = 1 << 15,
    /* scheduled events of guilds */
    SPECTACLES_INTENT_GUILD_SCHEDULED_EVENTS = 1 << 16,
    /* rules of the auto moderation */
    SPECTACLES_INTENT_AUTO_MODERATION_CONFIGURATION = 1 << 20,
    /* what a rule of the auto moderation has done */
    SPECTACLES_INTENT_AUTO_MODERATION_EXECUTION = 1 << 21,
    /* votes in polls in guilds */
    SPECTACLES_INTENT_GUILD_MESSAGE_POLLS = 1 << 24,
    /* votes in polls in direct messages */
    SPECTACLES_INTENT_DIRECT_MESSAGE_POLLS = 1 << 25
};

/*
 * The intents that bring an event, any one of them. MESSAGE_CREATE and its kin have two, for guilds and for
 * direct messages.
 *
 * event: the event's name; `length` bytes.
 *
 * Returns a mask of enum spectacles_intent; 0 when the event comes without an intent, or is not known. Cannot fail.
 */
uint64_t spectacles_intents_for_event(const char *event, size_t length);

/*
 * The name of an intent, as "GUILD_MESSAGES".
 *
 * intent: one value of enum spectacles_intent.
 *
 * Returns a static, NUL-terminated text; NULL when `intent` is not exactly one known intent. Cannot fail.
 */
const char *spectacles_intent_name(uint64_t intent);

/*
 * Reads the name of an intent, in upper or lower case.
 *
 * intent: receives a value of enum spectacles_intent.
 * name:   `length` bytes.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  there is no such intent
 */
int spectacles_intent_parse(uint64_t *intent, const char *name, size_t length);

/*
 * The privileged intents of a mask. Discord closes with 4014 a connection that asks for one that is not switched on.
 *
 * intents: a mask of enum spectacles_intent.
 *
 * Returns a mask; 0 when there are none. Cannot fail.
 */
uint64_t spectacles_intents_privileged(uint64_t intents);

#ifdef __cplusplus
}
#endif

#endif
