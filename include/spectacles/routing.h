/*
 * spectacles/routing.h - who gets what: shards, queues, SEND, packets, intents.
 *
 * SPDX-License-Identifier: MIT
 *
 * Pure functions: no handle, no state, no I/O, no allocation. They implement the naming rules of the
 * Spectacles AMQP specification and the arithmetic of Discord's "Sharding" and "Gateway Intents" topics.
 */
#ifndef SPECTACLES_ROUTING_H
#define SPECTACLES_ROUTING_H

#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The routing key of a packet whose shard the sender does not know: "SEND". The routing key of gap records: see relay.h.
 * Both static and NUL-terminated.
 */
const char *spectacles_route_send_key(void);
const char *spectacles_route_gap_key(void);

enum spectacles_route_limit {
    /* The longest name that AMQP can carry (a short string), in bytes. A buffer for one needs a byte more. */
    SPECTACLES_ROUTE_MAX = 255
};

/*
 * The shard that serves a guild: (guild_id >> 22) % shard_count (Discord: "Sharding"). 0 when shard_count is
 * 0, so that a wrong count can not divide by zero. What has no guild (direct messages) belongs to shard 0.
 */
uint32_t spectacles_route_shard(uint64_t guild_id, uint32_t shard_count);

/*
 * The bucket in which a shard identifies: shard_id % max_concurrency (Discord: "max_concurrency"). One
 * shard per bucket may identify every 5 seconds. 0 when max_concurrency is 0.
 */
uint32_t spectacles_route_identify_bucket(uint32_t shard_id, uint32_t max_concurrency);

/*
 * Writes the name of a queue, `<group>:<event>` or `<group>:<subgroup>:<event>`, NUL-terminated into out,
 * and returns its length in bytes. A subgroup of length 0 is none (its pointer may be NULL).
 *
 * SPECTACLES_E_INVAL: the group or the event is empty, or a part holds a control character (a byte below
 * 0x20, or 0x7f) or is not UTF-8. SPECTACLES_E_TOOBIG: the name is longer than 255 bytes, or than size - 1.
 */
int spectacles_route_queue(char *out, size_t size, const char *group, size_t group_length,
                           const char *subgroup, size_t subgroup_length, const char *event,
                           size_t event_length);

/*
 * Writes the routing key of a shard, its number in decimal, NUL-terminated into out; returns its length.
 * SPECTACLES_E_TOOBIG when size is too small; 11 bytes are always enough.
 */
int spectacles_route_shard_key(char *out, size_t size, uint32_t shard_id);

/*
 * Reads such a key. SPECTACLES_E_INVAL for anything but a canonical decimal number below 2^32 (no sign, no
 * space, no leading zero): an event's name or SEND, for instance.
 */
int spectacles_route_parse_shard_key(uint32_t *shard_id, const char *key, size_t length);

/*
 * A SEND message taken apart. `packet` points into the body that was parsed: the bare packet, verbatim.
 * This struct is frozen.
 */
typedef struct spectacles_send {
    uint64_t guild_id;
    const uint8_t *packet;
    size_t packet_length;
} spectacles_send;

/*
 * Reads the body of a SEND message: a JSON object {"guild_id": ..., "packet": {...}}. The guild id is a
 * decimal string (as the specification has it; no leading zeros) or an unsigned integer, 1 .. 2^64-1;
 * everything else is refused. Other keys are ignored; a repeated key is refused. The packet is checked to be
 * an object, not more: see spectacles_packet_parse. problem may be NULL; it is filled on failure only.
 *
 * SPECTACLES_E_PROTO: not such a message. SPECTACLES_E_UNSUPPORTED: a format other than JSON.
 */
int spectacles_send_parse(spectacles_send *out, const uint8_t *body, size_t length,
                          spectacles_problem *problem);

/*
 * Writes the body of a SEND message into out: guild_id as a decimal string, packet verbatim (without white
 * space around it). Not NUL-terminated. Returns its length; with out NULL nothing is written and the length
 * that is needed is returned. 48 bytes more than the packet are always enough.
 *
 * SPECTACLES_E_INVAL: guild_id is 0, or the packet is not a JSON object. SPECTACLES_E_TOOBIG: size is too
 * small, or the result would be over INT_MAX bytes.
 */
int spectacles_send_build(uint8_t *out, size_t size, uint64_t guild_id, const uint8_t *packet,
                          size_t packet_length);

enum spectacles_packet_limit {
    /* The largest payload that Discord takes from a client, in bytes (Discord: "Sending Events", close code 4002). */
    SPECTACLES_PACKET_MAX = 4096,
    /* So many users may be named in one request for members (Discord: "Request Guild Members"). */
    SPECTACLES_MEMBERS_USERS_MAX = 100
};

/* A packet for the gateway taken apart; `d` points into what was parsed. This struct is frozen. */
typedef struct spectacles_packet {
    uint32_t op;
    const uint8_t *d;
    size_t d_length;
} spectacles_packet;

/*
 * Reads and checks a packet that a worker wants sent to Discord: a JSON object {"op": n, "d": {...}} with
 * op 3 (presence), 4 (voice state), 8 (request guild members), 31 (request soundboard sounds) or 43 (request
 * channel info). Other keys are ignored and not sent; a repeated key is refused.
 *
 * Checked because Discord answers mistakes here by hanging, by dropping the packet silently or by ending the
 * session ("Gateway Events: Send Events"; close codes 4001 and 4002). `d` needs:
 *
 *     op 3   since (milliseconds or null), activities (each with name and type), status, afk
 *     op 4   guild_id, channel_id (null to leave); self_mute and self_deaf may be left out
 *     op 8   guild_id, and query with limit, or user_ids (an id or an array of 1 to 100); presences and nonce (at most 32
 *            bytes) may be left out. null counts as left out
 *     op 31  guild_ids
 *     op 43  guild_id, fields
 *
 * An id is a decimal string or an unsigned integer, 1 .. 2^64-1. Fields of `d` that are not named here pass
 * unchecked. A lone surrogate escape anywhere in `d` is refused: it is legal JSON, but no text that Discord
 * could decode. The payload, written as {"op":n,"d":...}, may have SPECTACLES_PACKET_MAX bytes; white space
 * within `d` counts. problem may be NULL; it is filled on failure only, with a position in `body`.
 *
 * SPECTACLES_E_PROTO: not such a packet. SPECTACLES_E_TOOBIG: too large. SPECTACLES_E_UNSUPPORTED: an op that
 * only the gateway itself or Discord may send, or one that is unknown; or a format other than JSON.
 */
int spectacles_packet_parse(spectacles_packet *out, const uint8_t *body, size_t length,
                            spectacles_problem *problem);

/*
 * Checks a presence by itself, as spectacles_packet_parse() checks the d of op 3: what spectacles_shard_config.presence
 * takes. Discord ends a connection that identifies with another one, and the bot would identify for ever. problem may be
 * NULL; it is filled on failure only, with a position in d. Returns 0; SPECTACLES_E_PROTO: it is not one.
 */
int spectacles_presence_check(const uint8_t *d, size_t length, spectacles_problem *problem);

/*
 * The gateway intents (Discord: "Gateway Intents"), as a mask: combine them with |, and give the result as
 * spectacles_shard_config.intents. A privileged intent has to be switched on for the bot in Discord's developer portal.
 */
enum spectacles_intent {
    SPECTACLES_INTENT_GUILDS = 1 << 0,
    SPECTACLES_INTENT_GUILD_MEMBERS = 1 << 1, /* privileged */
    SPECTACLES_INTENT_GUILD_MODERATION = 1 << 2,
    SPECTACLES_INTENT_GUILD_EXPRESSIONS = 1 << 3,
    SPECTACLES_INTENT_GUILD_INTEGRATIONS = 1 << 4,
    SPECTACLES_INTENT_GUILD_WEBHOOKS = 1 << 5,
    SPECTACLES_INTENT_GUILD_INVITES = 1 << 6,
    SPECTACLES_INTENT_GUILD_VOICE_STATES = 1 << 7,
    SPECTACLES_INTENT_GUILD_PRESENCES = 1 << 8, /* privileged */
    SPECTACLES_INTENT_GUILD_MESSAGES = 1 << 9,
    SPECTACLES_INTENT_GUILD_MESSAGE_REACTIONS = 1 << 10,
    SPECTACLES_INTENT_GUILD_MESSAGE_TYPING = 1 << 11,
    SPECTACLES_INTENT_DIRECT_MESSAGES = 1 << 12,
    SPECTACLES_INTENT_DIRECT_MESSAGE_REACTIONS = 1 << 13,
    SPECTACLES_INTENT_DIRECT_MESSAGE_TYPING = 1 << 14,
    SPECTACLES_INTENT_MESSAGE_CONTENT = 1 << 15, /* privileged */
    SPECTACLES_INTENT_GUILD_SCHEDULED_EVENTS = 1 << 16,
    SPECTACLES_INTENT_AUTO_MODERATION_CONFIGURATION = 1 << 20,
    SPECTACLES_INTENT_AUTO_MODERATION_EXECUTION = 1 << 21,
    SPECTACLES_INTENT_GUILD_MESSAGE_POLLS = 1 << 24,
    SPECTACLES_INTENT_DIRECT_MESSAGE_POLLS = 1 << 25
};

/*
 * The intents, as a mask, each of which brings this event. 0 when the event comes without an intent, or is not known.
 * MESSAGE_CREATE and its kin answer with both the guild and the direct message intent. event: `length` bytes, not
 * NUL-terminated. Cannot fail.
 */
uint64_t spectacles_intents_for_event(const char *event, size_t length);

/* The name of one intent ("GUILD_MESSAGES"), static and NUL-terminated; NULL when `intent` is no single known intent. */
const char *spectacles_intent_name(uint64_t intent);

/*
 * Reads the name of an intent, in any case of letters, into *intent. name: `length` bytes, not NUL-terminated. Returns
 * 0, or SPECTACLES_E_INVAL when there is no such intent.
 */
int spectacles_intent_parse(uint64_t *intent, const char *name, size_t length);

/* The privileged intents among `intents`, as a mask; 0 when there are none. */
uint64_t spectacles_intents_privileged(uint64_t intents);

#ifdef __cplusplus
}
#endif

#endif
