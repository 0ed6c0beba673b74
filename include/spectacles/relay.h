/*
 * spectacles/relay.h - the Spectacles gateway as a state machine: N shards, one group, two connections.
 *
 * SPDX-License-Identifier: MIT
 *
 *     Discord --> shard --> relay --> events broker   --> <group>:[<subgroup>:]<event>  --> workers
 *                           d of op 0, key = the event's name
 *
 *     Discord <-- shard <-- relay <-- commands broker <-- <group>:<shard id>            <-- workers
 *                           packets {op, d}
 *
 *                           relay <-- commands broker <-- <group>:SEND                  <-- workers
 *                             |       {guild_id, packet}
 *                             +-----> events broker   --> <group>:<shard id>            the bare packet
 *
 * The relay joins engines that its owner made and moves bytes for: it pulls their events, so the owner pulls
 * only the relay's, and it makes the calls on them that publishing, routing, identifying and acknowledging
 * take. It does no I/O. Publishing and consuming go over two connections, because a broker that runs out of
 * memory stops reading from connections that publish, and acknowledgements on the same one would stop with
 * them.
 *
 * What it promises:
 * - Only op 0 is published, only its `d`, persistent, under the event's name, when the name is on
 *   the allow list. Every event carries a message-id that is the same for every copy of it:
 *   `<session id>:<sequence>`.
 * - Bodies, packets of SENDs and gaps among them, are written in the format of the events broker
 *   (spectacles_broker_config.format): verbatim when that and the shard's encoding are JSON. In another format half of a
 *   surrogate pair becomes U+FFFD (spectacles_broker_stats.surrogates_replaced). Commands are taken
 *   in every format that this build knows, and recognised (codec.h).
 * - A dispatch is committed (spectacles_shard_commit) when the broker has confirmed it and everything before
 *   it, or it was filtered out. So make the shards with SPECTACLES_SHARD_COMMITS, and a loss is followed by
 *   a replay.
 * - While the events broker's window is full, no shard is pulled: their sockets are not read, heartbeats go
 *   on.
 * - `<group>:0` .. `<group>:<shard count - 1>` are declared before SEND is consumed, so that a packet for a
 *   gateway that is down waits for it. A SEND message is acknowledged once its packet is confirmed under the
 *   shard's key; a packet once its bytes were handed to the socket, within Discord's rate limit.
 * - What Discord does not replay any more is declared: one message under the key SPECTACLES_GAP for each lost
 *   session, `{"shard":[0,2],"old_session":"..","new_session":"..","seq":17,"next":1,"time":1767225600000}`.
 *   Whatever Discord dispatched after `seq` of the old session and before `next` of the new one may be missing;
 *   old_session is null when it is not known, time (milliseconds since 1970, when the loss was noticed) is null
 *   without unix_offset. Its message-id is `<new session>:gap:<next>`. The queue `<group>:SPECTACLES_GAP` is
 *   declared, so that a gap waits for whoever wants to know. A dispatch that cannot be published at all (it has no
 *   form in that format) is declared in the same way, with both sessions the same.
 * - What can never be sent, or has no form in that format, is rejected without requeue and reported by COMMAND_REJECTED.
 * - Shards identify in order, one per bucket per 5 seconds (Discord: "max_concurrency"); resumes do not wait.
 */
#ifndef SPECTACLES_RELAY_H
#define SPECTACLES_RELAY_H

#include <spectacles/broker.h>
#include <spectacles/shard.h>
#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spectacles_relay spectacles_relay;

/*
 * Events of a shard that will never come. Of spectacles_relay_gap() the texts belong to the relay and are valid
 * until the next call on it; as a setting they are copied. It stands in arrays, so it never grows.
 */
typedef struct spectacles_gap {
    uint32_t size; /* sizeof(spectacles_gap) */
    uint32_t shard_id;
    uint64_t seq;            /* the last sequence of the old session that was committed; 0: not known */
    uint64_t next;           /* the first sequence of the new session behind the gap */
    uint64_t time;           /* milliseconds since 1970; 0: not known */
    const char *old_session; /* NUL-terminated; NULL: not known */
    const char *new_session; /* NUL-terminated; NULL: there is none yet */
} spectacles_gap;

typedef struct spectacles_relay_config {
    uint32_t size; /* set by spectacles_relay_config_init */
    /* required: of the whole bot (its shards elsewhere included), for routing SEND */
    uint32_t shard_count;
    /* required: the shards served here; held: they and the relay are freed in any order. The array is copied */
    spectacles_shard *const *shards;
    size_t shards_length;      /* at least 1; every shard_id once, below shard_count */
    spectacles_broker *events; /* required, held: publishes. Make it without subscriptions */
    /* required, held: consumes. Another one than events, of the same group */
    spectacles_broker *commands;
    const char *const *allow;   /* names of events to publish; the strings are copied */
    size_t allow_length;        /* 0: publishes nothing */
    uint32_t allow_all;         /* 1: publishes every event, allow is not looked at; default 0 */
    uint32_t max_concurrency;   /* default 1; from GET /gateway/bot */
    uint32_t command_prefetch;  /* packets per shard, and SENDs, that are in hand; default 16 */
    uint32_t identify_interval; /* milliseconds between two identifies of a bucket; default 5000 */
    /* spectacles_unix_time() - spectacles_now(), for the time of gaps; 0: gaps have none */
    uint64_t unix_offset;
    /*
     * gaps that a former process could not declare any more, in their order; shards served here only. Of two without
     * a new session in a row the first one stands for both
     */
    const spectacles_gap *gaps;
    size_t gaps_length;
    /* ops that workers may send besides 3, 4, 8, 31 and 43; never 0, 1, 2, 6, 7, 9, 10 or 11 */
    const uint32_t *more_ops;
    size_t more_ops_length;
    /*
     * The specification: "Ensure that the gateway only publishes events that will be consumed." 0 (default): the
     * allow list says which those are. Otherwise milliseconds: an event that no queue takes (basic.return, 312
     * NO_ROUTE) is counted as done and those of its name are not published for so long; then one is tried again.
     * So a queue that is new gets its first event after at most that time, and what came before is lost to it.
     */
    uint32_t unroutable_hold;
    uint32_t reserved; /* 0 */
} spectacles_relay_config;

enum spectacles_relay_event_type {
    /* From a shard: shard_id says which, the other fields are as in its own event. */
    SPECTACLES_RELAY_EVENT_SHARD_CONNECTING = 1,
    SPECTACLES_RELAY_EVENT_SHARD_IDENTIFYING = 2, /* was granted its identify */
    SPECTACLES_RELAY_EVENT_SHARD_READY = 3,       /* name: the session's id */
    SPECTACLES_RELAY_EVENT_SHARD_RESUMED = 4,     /* name: the session's id */
    SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED = 5,
    /*
     * a gap is declared: old_session, name: the new session's id; seq: the last one committed; time: in
     * milliseconds since 1970; text says it
     */
    SPECTACLES_RELAY_EVENT_SHARD_GAP = 6,
    SPECTACLES_RELAY_EVENT_SHARD_CLOSED = 7,
    /* the other shards go on: it is for the owner to stop */
    SPECTACLES_RELAY_EVENT_SHARD_FATAL = 8,
    SPECTACLES_RELAY_EVENT_SHARD_LATENCY = 9,
    SPECTACLES_RELAY_EVENT_SHARD_LATE = 10, /* a heartbeat went out late: the owner's loop hangs */
    /* the gateway answers without the compression or the ETF that was asked for; text says it */
    SPECTACLES_RELAY_EVENT_SHARD_PLAIN = 11,
    /* From a broker: `broker` says which. */
    SPECTACLES_RELAY_EVENT_BROKER_CONNECTING = 20,
    SPECTACLES_RELAY_EVENT_BROKER_READY = 21,
    SPECTACLES_RELAY_EVENT_BROKER_DISCONNECTED = 22,
    SPECTACLES_RELAY_EVENT_BROKER_BLOCKED = 23,
    SPECTACLES_RELAY_EVENT_BROKER_UNBLOCKED = 24,
    SPECTACLES_RELAY_EVENT_BROKER_CLOSED = 25,
    /* name: the event (SEND or a shard's number); text: the queue */
    SPECTACLES_RELAY_EVENT_SUBSCRIBED = 26,
    SPECTACLES_RELAY_EVENT_UNSUBSCRIBED = 27, /* likewise; text: why */
    /*
     * code, text; name: the event, or the routing key. seq: a dispatch that the broker or its format has no place for,
     * and a gap declares
     */
    SPECTACLES_RELAY_EVENT_PUBLISH_FAILED = 28,
    /* with unroutable_hold: no queue takes the event `name`; `time`: it is not published before; text */
    SPECTACLES_RELAY_EVENT_UNROUTABLE = 29,
    /* Of the relay itself. */
    SPECTACLES_RELAY_EVENT_COMMAND_ROUTED = 40, /* a SEND went to `shard_id`; op */
    /* a packet's bytes went to the socket of `shard_id`; op */
    SPECTACLES_RELAY_EVENT_COMMAND_SENT = 41,
    /* rejected without requeue; name: the routing key it came under; text: why */
    SPECTACLES_RELAY_EVENT_COMMAND_REJECTED = 42,
    /* shards wait to identify, and none of the day's identifies is left; `time`: until when */
    SPECTACLES_RELAY_EVENT_IDENTIFY_LIMIT = 43,
    /*
     * the gateway answered `shard_id` with 429, which is about the whole bot or its address: no shard here connects before
     * `time`; text. Once for all of them: their SHARD_DISCONNECTED events have hold_until set
     */
    SPECTACLES_RELAY_EVENT_RATE_LIMITED = 44,
    /*
     * Discord refused a request of a worker that came too early, on `shard_id` (Discord: "Rate Limited"); op; `time`: the
     * milliseconds to wait; name: the request's nonce, made safe to print; text. The dispatch RATE_LIMITED is published in any
     * case, on the allow list or not: the worker that asked finds its nonce in d.meta
     */
    SPECTACLES_RELAY_EVENT_COMMAND_LIMITED = 45
};

enum spectacles_relay_broker {
    SPECTACLES_RELAY_EVENTS = 0,
    SPECTACLES_RELAY_COMMANDS = 1
};

/* Valid until the next call on the relay. Fields that a type does not name are 0 or NULL. */
typedef struct spectacles_relay_event {
    uint32_t type; /* enum spectacles_relay_event_type */
    uint32_t shard_id;
    uint32_t broker; /* enum spectacles_relay_broker */
    uint32_t code;
    int32_t error; /* enum spectacles_error */
    uint32_t op;
    uint64_t seq;
    /*
     * DISCONNECTED: when it connects again; LATENCY, LATE, COMMAND_LIMITED: milliseconds; IDENTIFY_LIMIT, RATE_LIMITED: until when
     */
    uint64_t time;
    const char *name; /* NUL-terminated */
    size_t name_length;
    const char *text; /* one sentence, NUL-terminated; never holds a secret */
    size_t text_length;
    const char *old_session; /* GAP: NUL-terminated; NULL when it is not known */
    uint64_t hold_until;     /* SHARD_DISCONNECTED: 0, or RATE_LIMITED tells of it */
} spectacles_relay_event;

/* What a relay has counted since it was made. Grows at the end. */
typedef struct spectacles_relay_stats {
    uint32_t size; /* sizeof(spectacles_relay_stats), set by the caller */
    uint32_t reserved;
    uint64_t dispatched; /* received from all shards */
    uint64_t filtered;   /* of these: not on the allow list, or held back */
    uint64_t published;  /* of these: taken by the events broker */
    uint64_t confirmed;  /* of these: confirmed */
    uint64_t commands;   /* messages received: SEND and packets */
    uint64_t routed;     /* of these: SENDs published again under a shard's key, and confirmed */
    uint64_t sent;       /* of these: packets handed to a socket */
    uint64_t rejected;   /* of these: rejected without requeue */
    uint64_t identifies; /* granted */
    uint64_t gaps;       /* declared and confirmed */
    uint64_t unroutable; /* of those published: no queue took them (with unroutable_hold) */
    uint64_t held;       /* of those filtered: held back, because no queue took one of their name */
    uint64_t limited;    /* of those dispatched: RATE_LIMITED, a command of a worker that came too early */
} spectacles_relay_stats;

/* Fill with defaults. size: sizeof(spectacles_relay_config). */
void spectacles_relay_config_init(spectacles_relay_config *config, size_t size);

/*
 * Makes a relay. It subscribes on the commands broker at once. From now on only the relay pulls the events of its shards and
 * brokers. SPECTACLES_E_INVAL: a setting is missing or wrong; then `problem` (may be NULL) says which. SPECTACLES_E_STATE:
 * another relay holds one of them. SPECTACLES_E_NOMEM. SPECTACLES_E_UNSUPPORTED: the configuration is newer than the library.
 */
int spectacles_relay_new(spectacles_relay **out, const spectacles_relay_config *config,
                         spectacles_problem *problem);

/*
 * Says what GET /gateway/bot says of identifies (Discord: "Session Start Limit Object"): `remaining` of `total`
 * are left for reset_after more milliseconds. The relay counts them down, grants none when none is left
 * (IDENTIFY_LIMIT tells until when), and begins anew with `total` after that. Call it before the first event is
 * pulled, and whenever the answer is fresh. Never called: no limit is kept here. Returns 0; SPECTACLES_E_INVAL:
 * total is 0.
 */
int spectacles_relay_identify_limit(spectacles_relay *relay, uint32_t total, uint32_t remaining,
                                    uint64_t reset_after, uint64_t now);

/*
 * Frees a relay. Its shards and brokers stay, unless their owner has freed them already: their owner may pull them again, or
 * make another relay of them. NULL is fine.
 */
void spectacles_relay_free(spectacles_relay *relay);

/*
 * Does all that can be done now, and returns the next event, or NULL when nothing is left to do until a
 * link moves bytes or deadline() passes. Pull it until NULL after every round of links. Valid until the next
 * call.
 */
const spectacles_relay_event *spectacles_relay_next_event(spectacles_relay *relay, uint64_t now);

/* When next_event() is to be called at the latest, even if no link moved a byte (identify turns, rate
 * limits). */
uint64_t spectacles_relay_deadline(const spectacles_relay *relay);

/*
 * Stops in order: no more dispatches are published and no more commands taken; the events broker drains its
 * confirms; shards are closed with `code` (as in spectacles_shard_close(): 0 keeps their sessions). Go on as
 * before until spectacles_relay_stopped() says 1. Returns 0, also when it is stopping already; SPECTACLES_E_INVAL:
 * no such close code.
 */
int spectacles_relay_stop(spectacles_relay *relay, uint32_t code, uint64_t now);

/* 1 when, after stop(), every shard and both brokers are closed. */
int spectacles_relay_stopped(const spectacles_relay *relay);

/*
 * What has to be stored beside the sessions of the shards, so that a gap is declared though the process ends: the
 * gap at `index`, counting from 0, of those that the broker has not confirmed yet (some wait for their new
 * session). Hand them to the next process as a setting. Store them together with the sessions and, when
 * SHARD_READY is told, before any link is processed: a gap then leaves only after it was stored, and all its
 * copies are the same. spectacles_state_take() (state.h) takes both at once, as bytes that can be stored.
 * Returns 1, or 0 when there are no more.
 */
int spectacles_relay_gap(const spectacles_relay *relay, size_t index, spectacles_gap *out);

/* Copies the counters; out->size says how much the caller has room for. SPECTACLES_E_INVAL when that is 0. */
int spectacles_relay_get_stats(const spectacles_relay *relay, spectacles_relay_stats *out);

/*
 * What a type of event is called, for logs: the name without its prefix ("SHARD_READY"), static and NUL-terminated.
 * "UNKNOWN" for a number that this version does not know. Cannot fail.
 */
const char *spectacles_relay_event_type_name(uint32_t type);

/* ---- Accessors: the fields of an event, for languages that read structs slowly. ---- */

uint32_t spectacles_relay_event_type(const spectacles_relay_event *event);
uint32_t spectacles_relay_event_shard_id(const spectacles_relay_event *event);
uint32_t spectacles_relay_event_broker(const spectacles_relay_event *event);
uint32_t spectacles_relay_event_code(const spectacles_relay_event *event);
int32_t spectacles_relay_event_error(const spectacles_relay_event *event);
uint32_t spectacles_relay_event_op(const spectacles_relay_event *event);
uint64_t spectacles_relay_event_seq(const spectacles_relay_event *event);
uint64_t spectacles_relay_event_time(const spectacles_relay_event *event);
uint64_t spectacles_relay_event_hold_until(const spectacles_relay_event *event);
const char *spectacles_relay_event_name(const spectacles_relay_event *event, size_t *length);
const char *spectacles_relay_event_text(const spectacles_relay_event *event, size_t *length);
const char *spectacles_relay_event_old_session(const spectacles_relay_event *event);

#ifdef __cplusplus
}
#endif

#endif
