/*
 * spectacles/relay.h - a Spectacles gateway as a state machine: the shards of one group, and two broker connections.
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
 * A relay joins engines that its owner made. It works without brokers too: then its owner is the worker. The owner
 * moves the bytes of the engines (link.h, stream.h) and pulls the events of the relay. The relay pulls the events of
 * the engines, and calls them to publish, route, identify and acknowledge. A relay does no I/O.
 *
 * The relay publishes over one broker connection and consumes over another one. RabbitMQ stops reading from connections
 * that publish while its memory is short; acknowledgements over the same connection would stop with them.
 *
 * What the relay promises:
 * - Dispatches. Of each dispatch (op 0) whose name is on the allow list, `d` is published, persistent, under the
 *   name of the event. Its message-id is `<session id>:<sequence>`, the same for every copy of the dispatch.
 * - Formats. All bodies are written in the format of the events broker (spectacles_broker_config.format): verbatim when
 *   that format and the format of the shard are JSON. In another format half of a surrogate pair becomes U+FFFD
 *   (spectacles_broker_stats.surrogates_replaced). Commands are read in every format of this build (codec.h).
 * - Commits. A dispatch is committed (spectacles_shard_commit()) when the broker has confirmed it and every dispatch
 *   before it, or when it was filtered out. Shards made with SPECTACLES_SHARD_COMMITS have a replay after each loss.
 * - Back-pressure. While the window of the events broker is full, no shard is pulled: no socket of a shard is read, and
 *   heartbeats go on.
 * - Queues. `<group>:0` .. `<group>:<shard count - 1>` are declared before SEND is consumed, so that a packet for a
 *   gateway that is down waits in its queue.
 * - Commands. A SEND is acknowledged when its packet, `{"op":n,"d":{..}}` and nothing else of it, is confirmed under
 *   the key of its shard. What is left of the expiration of the SEND goes along. A packet is acknowledged
 *   when its bytes were handed to the socket, within Discord's rate limit. A command that can never be sent is rejected
 *   without requeue, and COMMAND_REJECTED reports it.
 * - Gaps. What Discord does not replay any more is declared: one message under the key SPECTACLES_GAP for each lost
 *   session, `{"shard":[0,2],"old_session":"..","new_session":"..","seq":17,"next":1,"time":1767225600000}`. Dispatches
 *   after `seq` of the old session and before `next` of the new session may be missing. old_session is null when it is
 *   not known. time (milliseconds since 1970, when the loss was noticed) is null without unix_offset. The message-id is
 *   `<new session>:gap:<next>`. The queue `<group>:SPECTACLES_GAP` is declared, so that a gap waits for its reader. A
 *   dispatch that cannot be published at all is declared in the same way, with both sessions the same.
 * - Identifies. Shards identify in order, one for each bucket in 5 seconds (Discord: "max_concurrency"). Resumes do not
 *   wait. With SPECTACLES_RELAY_GRANTED_IDENTIFIES the owner grants each identify.
 * - Shards that come and go. A shard can be added, removed in order, or dropped while the relay runs. What was
 *   published of a shard that is removed is confirmed before the owner hears where its session can be resumed.
 *
 * The loop of an owner, with one link for each shard and each broker:
 *
 *     while (!spectacles_relay_stopped(relay)) {
 *         ... wait for the descriptors of the links, their deadlines and spectacles_relay_deadline(relay) ...
 *         ... spectacles_link_process() of each link, and answer spectacles_link_wants_address() ...
 *         while ((event = spectacles_relay_next_event(relay, now)))
 *             ... log the event; on SHARD_READY and on SHARD_GAP store the state (state.h) ...
 *         ... every few seconds: spectacles_state_take(), and store the bytes when it returns 1 ...
 *     }
 *
 * The way of a dispatch, and what moves it:
 *
 *     received --> filtered out -----------------------------------------------+
 *         |                                                                    |
 *         +--> published --> confirmed (basic.ack) --------------------------> done --> committed, when all before it
 *                  |                                                           ^        are done
 *                  +-------> no queue took it (with unroutable_hold) ----------+
 *                  |                                                           |
 *                  +-------> the broker never takes it --> a gap declares it --+
 *
 * Without brokers (events and commands are NULL) the relay hands what it would publish to its owner, as MESSAGE events.
 * The promise is the same, and so is the way of a dispatch: the owner's spectacles_relay_acknowledge() is to a message
 * what a confirm is to a publish.
 *
 *     received --> filtered out ------------------------------------------------------------> done --> committed
 *         |                                                                                    ^
 *         +--> waits --> handed out (MESSAGE, with a ticket) --> acknowledged by its ticket ---+
 *                |                                                                             |
 *                +-----> no form in `format` --> a gap declares it ----------------------------+
 *
 * A gap is a message too, under the name SPECTACLES_GAP, and stays in the state until it is acknowledged.
 *
 * When the connection of the shard ends, dispatches that are not committed are forgotten: Discord replays them.
 * When the connection of the events broker ends, publishes that are not confirmed are published again, in their
 * order.
 *
 * A relay belongs to the thread that its shards and brokers belong to. No function here blocks.
 */
#ifndef SPECTACLES_RELAY_H
#define SPECTACLES_RELAY_H

#include <spectacles/broker.h>
#include <spectacles/shard.h>
#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A relay. Made by spectacles_relay_new(), freed by spectacles_relay_free(). */
typedef struct spectacles_relay spectacles_relay;

/*
 * Dispatches of a shard that will never come. The texts of a gap that spectacles_relay_gap() gives belong to the relay,
 * and are valid until the next call on the relay. As a setting they are copied. The struct stands in arrays, so it
 * never grows.
 */
typedef struct spectacles_gap {
    /* sizeof(spectacles_gap), set by spectacles_gap_init() */
    uint32_t size;
    /* The shard that misses dispatches. */
    uint32_t shard_id;
    /* the last sequence of the old session that was committed; 0: not known */
    uint64_t seq;
    /* the first sequence of the new session behind the gap; not 0, unless there is no new session yet */
    uint64_t next;
    /* milliseconds since 1970; 0: not known */
    uint64_t unix_time;
    /* NUL-terminated; NULL: not known */
    const char *old_session_id;
    /* NUL-terminated; NULL: there is none yet */
    const char *new_session_id;
} spectacles_gap;

/* Makes a gap empty and sets its size. size: sizeof(spectacles_gap). Does nothing when size is below 4. */
void spectacles_gap_init(spectacles_gap *gap, size_t size);

/* A mask for spectacles_relay_config.flags. */
enum spectacles_relay_flag {
    /*
     * The owner grants identifies, because several processes share the identifies of a bot. A shard that wants to
     * identify is told by SHARD_WANTS_IDENTIFY, and waits for spectacles_relay_grant_identify(). max_concurrency,
     * identify_interval and spectacles_relay_identify_limit() mean nothing then: the owner keeps Discord's limits
     * (Discord: "Rate Limiting"), for all processes together. Of the shards with the same shard_id % max_concurrency
     * one may identify in 5 seconds, and all of them share the identifies of a day.
     */
    SPECTACLES_RELAY_GRANTED_IDENTIFIES = 1,
    /*
     * Nothing of a new session is published before spectacles_relay_session_stored(): no dispatch, and no gap that ends
     * with the session. SHARD_READY is told first, and the shard is not pulled meanwhile. So a process that dies before
     * its owner has stored the session leaves no dispatch of a session that nobody knows.
     */
    SPECTACLES_RELAY_HOLDS_NEW_SESSIONS = 2,
    /*
     * No identify is granted before the events broker has been READY and SEND is consumed, or was refused, which comes
     * after the queues of all shards. So a broker that is away, or that refuses the account, uses up no identifies; and
     * a worker that answers the first event finds the queue of SEND. What held once is enough: a broker that is lost
     * later stops no identify. Resumes do not wait. Means nothing without brokers, and with GRANTED_IDENTIFIES
     */
    SPECTACLES_RELAY_BROKERS_FIRST = 4,
    /*
     * The next three can be changed while the relay runs: spectacles_relay_set_flags(). They are for a bot that goes
     * from one number of shards to another while events flow: two relays, each with a number of its own (fleet.h).
     *
     * No dispatch is published: each counts as filtered out, and is committed. Gaps are published
     */
    SPECTACLES_RELAY_SILENT = 8,
    /*
     * Dispatches have two headers, by which a worker knows the copy that the other relay publishes (doc/workers.md):
     *   shards  an integer: the shard_count of this relay
     *   digest  a text, the same for one event of Discord in all of its sessions: a hash of its name and its `d`, as
     *           Discord wrote it
     */
    SPECTACLES_RELAY_MARKS = 16,
    /*
     * Neither SEND nor packets of shards are consumed. They wait in their queues, which are declared all the same, for
     * the other relay
     */
    SPECTACLES_RELAY_NO_COMMANDS = 32
};

/* How a relay is made. Everything is copied by spectacles_relay_new(), except the engines, which the relay holds. */
typedef struct spectacles_relay_config {
    /* set by spectacles_relay_config_init() */
    uint32_t size;
    /* required: of the whole bot, shards of other processes included. SEND is routed by it */
    uint32_t shard_count;
    /*
     * the shards of this process; held: they and the relay are freed in any order. Each was made for shard_count, and
     * each shard id is there once. NULL when own_shard_count is 0
     */
    spectacles_shard *const *own_shards;
    /* how many shards there are in own_shards; 0: spectacles_relay_add_shard() adds them later */
    size_t own_shard_count;
    /*
     * publishes; held. Make it without subscriptions. NULL, together with commands: the owner takes the messages
     */
    spectacles_broker *events;
    /* consumes; held. Another broker than events, of the same group, without subscriptions. NULL: see events */
    spectacles_broker *commands;
    /*
     * the names of the events that are published, such as MESSAGE_CREATE (Discord: "Gateway Events"), in any order;
     * NULL when allow_count is 0. A name is 1 to 255 bytes long, because it becomes a routing key. Two names come
     * whether they are listed or not: SPECTACLES_GAP and RATE_LIMITED
     */
    const char *const *allow;
    /* how many names there are; 0 (default): nothing is published */
    size_t allow_count;
    /* 1: every event is published, whatever allow says; default 0 */
    uint32_t allow_all;
    /*
     * how many shards may identify within identify_interval; 1 to 65536; default 1. GET /gateway/bot says so (Discord:
     * "Session Start Limit Object"). Shards that identify faster get an op 9
     */
    uint32_t max_concurrency;
    /*
     * packets of one shard that may be unacknowledged at a time (basic.qos); 1 to 65535; default 16. A packet waits for
     * Discord's rate limit, so that more of them would wait here, where they do not expire
     */
    uint32_t command_prefetch;
    /* milliseconds between two identifies of a bucket; default 5000 */
    uint32_t identify_interval;
    /* spectacles_unix_time() - spectacles_now(), in milliseconds, for the time of gaps; 0: gaps have no time */
    uint64_t unix_offset;
    /*
     * gaps that a former process could not declare any more, in their order, of shards of this process only. When two
     * gaps in a row of one shard have no new session, the second is left out: the first declares both
     */
    const spectacles_gap *gaps;
    /* how many gaps there are; 0 (default): none */
    size_t gap_count;
    /* ops that workers may send besides 3, 4, 8, 31 and 43; never 0, 1, 2, 6, 7, 9, 10 or 11 */
    const uint32_t *more_ops;
    /* how many ops there are; 0 (default): none */
    size_t more_op_count;
    /*
     * The Spectacles specification: "Ensure that the gateway only publishes events that will be consumed." 0 (default):
     * the allow list says which events those are. Otherwise milliseconds: an event that no queue takes (basic.return,
     * 312 NO_ROUTE) counts as done, and events of its name are not published for so long. Then one is tried again. So a
     * new queue gets its first event after at most that time, and earlier events are lost to it
     */
    uint32_t unroutable_hold;
    /* a mask of enum spectacles_relay_flag; default 0 */
    uint32_t flags;
    /*
     * The next four are of a relay without brokers. In which format MESSAGE events have their bodies: enum
     * spectacles_format (codec.h). Default SPECTACLES_FORMAT_JSON
     */
    uint32_t format;
    /*
     * how many messages may wait to be acknowledged, from the oldest one on; not 0; default 2000. Beyond it no shard is
     * pulled: sockets are not read, and heartbeats go on
     */
    uint32_t window_count;
    /* bytes of the bodies that may wait to be acknowledged; not 0; default 1 MiB */
    uint64_t window_bytes;
    /*
     * milliseconds that spectacles_relay_stop() waits for acknowledgements; default 5000. What is not acknowledged by
     * then is replayed to whoever resumes the sessions
     */
    uint32_t drain_timeout;
    /*
     * SENDs that may be unacknowledged at a time (basic.qos); 1 to 65535; default 2000. Some workers publish each SEND
     * with the expiration "0": RabbitMQ drops what is beyond this number of them, without a word, and on a busy node
     * what is beyond 200 of them at once. Each of them takes at most SPECTACLES_PACKET_MAX bytes here, so that 2000
     * take 8 MiB at most
     */
    uint32_t send_prefetch;
    /*
     * milliseconds that the packet of a SEND may wait in the queue of a shard that is not served here (the expiration
     * of AMQP); 0 (default): for ever. So a process that comes back does not send what nobody wants any more. The
     * expiration of the SEND itself holds for every shard, when it is shorter; "0" counts as none
     */
    uint32_t command_timeout;
    /* 0 */
    uint32_t reserved;
} spectacles_relay_config;

/* Fills a configuration with defaults. size: sizeof(spectacles_relay_config). Does nothing when size is below 4. */
void spectacles_relay_config_init(spectacles_relay_config *config, size_t size);

/* What an event tells. Each entry names the fields of spectacles_relay_event that it fills, besides `type`. */
enum spectacles_relay_event_type {
    /* ---- Of a shard: all of them have shard_id. ---- */

    /* The shard wants a connection. text: "host:port" */
    SPECTACLES_RELAY_EVENT_SHARD_CONNECTING = 1,
    /* The relay has granted the identify of the shard. */
    SPECTACLES_RELAY_EVENT_SHARD_IDENTIFYING = 2,
    /* A new session begins. session_id */
    SPECTACLES_RELAY_EVENT_SHARD_READY = 3,
    /* The session goes on, and its replay is over. session_id */
    SPECTACLES_RELAY_EVENT_SHARD_RESUMED = 4,
    /* The connection is lost. code, error, text; until: when the shard connects again; hold_until */
    SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED = 5,
    /*
     * A gap is declared: its message was given to the events broker. old_session_id, session_id (the new session);
     * seq: the last sequence that was committed; unix_time: when the loss was noticed; text
     */
    SPECTACLES_RELAY_EVENT_SHARD_GAP = 6,
    /*
     * The shard is closed, by spectacles_relay_stop(), by spectacles_relay_remove_shard(), or because its owner has
     * freed it.
     */
    SPECTACLES_RELAY_EVENT_SHARD_CLOSED = 7,
    /*
     * Discord will never accept this shard. The other shards go on until the owner stops the relay. code, error,
     * text
     */
    SPECTACLES_RELAY_EVENT_SHARD_FATAL = 8,
    /* A heartbeat was acknowledged. duration: how long that took */
    SPECTACLES_RELAY_EVENT_SHARD_LATENCY = 9,
    /* A heartbeat went out late, because the loop of the owner hung. duration: how late; text */
    SPECTACLES_RELAY_EVENT_SHARD_LATE = 10,
    /* The gateway answers without the compression or the ETF that was asked for. text */
    SPECTACLES_RELAY_EVENT_SHARD_PLAIN = 11,
    /*
     * With SPECTACLES_RELAY_GRANTED_IDENTIFIES: the shard waits for spectacles_relay_grant_identify(). Reported once
     * for each connection that asks
     */
    SPECTACLES_RELAY_EVENT_SHARD_WANTS_IDENTIFY = 12,
    /*
     * spectacles_relay_remove_shard() is done: the relay has let go of the shard. session_id and seq: where its session
     * can be resumed; no session_id: the shard has no session
     */
    SPECTACLES_RELAY_EVENT_SHARD_REMOVED = 13,

    /* ---- Of a broker: all of them have `broker`. ---- */

    /* The broker wants a connection. text: "host:port" */
    SPECTACLES_RELAY_EVENT_BROKER_CONNECTING = 20,
    /* Queues, consumers and confirms stand. text: the product and its version */
    SPECTACLES_RELAY_EVENT_BROKER_READY = 21,
    /* The connection is lost. code, error, text; until: when the broker connects again */
    SPECTACLES_RELAY_EVENT_BROKER_DISCONNECTED = 22,
    /* The broker takes no publishes for now (connection.blocked). text: its reason */
    SPECTACLES_RELAY_EVENT_BROKER_BLOCKED = 23,
    /* The broker takes publishes again. */
    SPECTACLES_RELAY_EVENT_BROKER_UNBLOCKED = 24,
    /* The broker is closed, by spectacles_relay_stop() or because its owner has freed it. */
    SPECTACLES_RELAY_EVENT_BROKER_CLOSED = 25,
    /* A queue stands and is consumed. name: SEND or the number of a shard; text: the queue */
    SPECTACLES_RELAY_EVENT_SUBSCRIBED = 26,
    /*
     * A queue is lost or was refused. name: as above; code, error, text: why; until: when it is tried again. The queue
     * of a shard that is removed stays declared, and is not told here
     */
    SPECTACLES_RELAY_EVENT_UNSUBSCRIBED = 27,
    /*
     * A message was not published, or no queue took it. name: the event or the routing key; code, error, text. seq: not
     * 0 when the message is a dispatch that can never be published, so that a gap declares it
     */
    SPECTACLES_RELAY_EVENT_PUBLISH_FAILED = 28,
    /* With unroutable_hold: no queue takes the event. name; until: it is not published before; text */
    SPECTACLES_RELAY_EVENT_UNROUTABLE = 29,

    /* ---- Of the relay itself. ---- */

    /* The packet of a SEND is confirmed under the key of its shard. shard_id, op */
    SPECTACLES_RELAY_EVENT_COMMAND_ROUTED = 40,
    /*
     * The bytes of a packet were handed to the socket of the shard. shard_id, op; ticket: of spectacles_relay_send(), 0
     * for a worker's packet
     */
    SPECTACLES_RELAY_EVENT_COMMAND_SENT = 41,
    /*
     * A command was rejected without requeue. name: its routing key; error, text: why. Or a packet of the owner was not
     * sent: ticket, shard_id, op; error, text: why
     */
    SPECTACLES_RELAY_EVENT_COMMAND_REJECTED = 42,
    /*
     * Shards wait to identify, and none of the day's identifies is left. shard_id; until: when there are new ones;
     * text
     */
    SPECTACLES_RELAY_EVENT_IDENTIFY_LIMIT = 43,
    /*
     * The gateway answered one shard with 429, which is about the whole bot or its address. shard_id; until: no
     * shard of this relay connects before; error, text. Told once for all shards: their SHARD_DISCONNECTED has
     * hold_until set
     */
    SPECTACLES_RELAY_EVENT_RATE_LIMITED = 44,
    /*
     * Discord refused a request of a worker that came too early (Discord: "Rate Limited"). shard_id, op; duration: how
     * long the request has to wait; name: the nonce of the request, made safe to print; text. The dispatch RATE_LIMITED
     * is published in any case, on the allow list or not: the worker finds its nonce in d.meta
     */
    SPECTACLES_RELAY_EVENT_COMMAND_LIMITED = 45,
    /*
     * A relay without brokers: what another one would publish. shard_id, seq (0 for a gap); name: of an event that is
     * allowed, RATE_LIMITED (see COMMAND_LIMITED), or SPECTACLES_GAP; body, format; message_id: the same for each copy;
     * ticket: for spectacles_relay_acknowledge()
     */
    SPECTACLES_RELAY_EVENT_MESSAGE = 46
};

/*
 * Which broker an event is about. The two brokers of a relay have connections of their own, and are lost and come
 * back by themselves.
 */
enum spectacles_relay_broker {
    /* spectacles_relay_config.events */
    SPECTACLES_RELAY_EVENTS = 0,
    /* spectacles_relay_config.commands */
    SPECTACLES_RELAY_COMMANDS = 1
};

/*
 * An event of the relay. Valid, with everything that it points to, until the next spectacles_relay_next_event() or
 * spectacles_relay_free() on its relay; other calls leave it alone. Fields that a type does not name are 0 or NULL.
 */
typedef struct spectacles_relay_event {
    /* enum spectacles_relay_event_type */
    uint32_t type;
    /* the shard that the event is about */
    uint32_t shard_id;
    /* the broker that the event is about: enum spectacles_relay_broker */
    uint32_t broker;
    /*
     * of a shard: the close code of the WebSocket, or the status of HTTP; of a broker: the reply code of AMQP; 0: there
     * is none
     */
    uint32_t code;
    /* a value of enum spectacles_error, 0 for none */
    int32_t error;
    /* the op of a command (Discord: "Gateway Opcodes") */
    uint32_t op;
    /* a sequence number of Discord ("s") */
    uint64_t seq;
    /* how long something took, or has to wait: milliseconds */
    uint64_t duration;
    /* a point in time: milliseconds on the clock of `now` */
    uint64_t until;
    /* milliseconds since 1970; 0: not known */
    uint64_t unix_time;
    /* SHARD_DISCONNECTED: 0; or RATE_LIMITED tells of this wait, and it ends then, on the clock of `now` */
    uint64_t hold_until;
    /* the name of an event, a routing key or a nonce: the type says which; NUL-terminated */
    const char *name;
    /* bytes of name, without the NUL */
    size_t name_length;
    /* one sentence, NUL-terminated; never holds a secret */
    const char *text;
    /* bytes of text, without the NUL */
    size_t text_length;
    /* the session that stands, or that begins behind a gap; NUL-terminated */
    const char *session_id;
    /* bytes of session_id, without the NUL */
    size_t session_id_length;
    /* the session that was lost; NUL-terminated; NULL when it is not known */
    const char *old_session_id;
    /* bytes of old_session_id, without the NUL */
    size_t old_session_id_length;
    /* of a message, for spectacles_relay_acknowledge(); or of a packet of the owner; 0: there is none */
    uint64_t ticket;
    /* the body of a message: `d` of the dispatch, or a gap record; not NUL-terminated */
    const uint8_t *body;
    /* bytes of body */
    size_t body_length;
    /* `<session id>:<sequence>`, or `<new session>:gap:<next>`; NUL-terminated */
    const char *message_id;
    /* bytes of message_id, without the NUL */
    size_t message_id_length;
    /* the format of body: enum spectacles_format */
    uint32_t format;
    /* shards of the whole bot (spectacles_relay_config.shard_count), in each event */
    uint32_t shard_count;
} spectacles_relay_event;

/* The room of a line of text. */
enum spectacles_relay_line_size {
    /* Bytes, the NUL included, that hold every line of spectacles_relay_event_describe(). */
    SPECTACLES_RELAY_LINE_SIZE = 1024
};

/* Of the counts by how long something took: spectacles_relay_stats.confirm_latency. */
enum spectacles_relay_latency {
    /* How many counts there are: within 1, 2, 4 .. 8192 milliseconds, and the last one for all that took longer. */
    SPECTACLES_RELAY_LATENCY_COUNT = 15
};

/*
 * What a relay has counted since it was made. Counters only grow. They are of this process: no counter is stored. The
 * struct grows at its end.
 */
typedef struct spectacles_relay_stats {
    /* sizeof(spectacles_relay_stats), set by spectacles_relay_stats_init() */
    uint32_t size;
    /* 0 */
    uint32_t reserved;
    /* received from all shards */
    uint64_t dispatched;
    /* of these: not on the allow list, or held back */
    uint64_t filtered;
    /* of these: taken by the events broker, or queued for the owner */
    uint64_t published;
    /* of these: confirmed, or acknowledged by the owner */
    uint64_t confirmed;
    /* messages received: SENDs and packets of workers */
    uint64_t commands;
    /* of these: SENDs whose packet is confirmed under the key of a shard */
    uint64_t routed;
    /* packets handed to a socket, those of the owner included */
    uint64_t sent;
    /* rejected without requeue, packets of the owner that were not sent included */
    uint64_t rejected;
    /* granted */
    uint64_t identifies;
    /* declared and confirmed */
    uint64_t gaps;
    /* of those published: no queue took them (with unroutable_hold) */
    uint64_t unroutable;
    /* of those filtered: held back, because no queue took one of their name */
    uint64_t held;
    /* of those dispatched: RATE_LIMITED, a command of a worker that came too early */
    uint64_t limited;
    /* of the gaps: a session was lost */
    uint64_t gaps_sessions;
    /* of the gaps: the session before was not known */
    uint64_t gaps_unknown;
    /* of the gaps: a dispatch that cannot be published */
    uint64_t gaps_dispatches;
    /* connections of shards that have ended; spectacles_relay_close_count() has them by code */
    uint64_t disconnects;
    /* RESUMED: sessions that went on */
    uint64_t resumed;
    /* how often shards began to wait for room in the window */
    uint64_t window_full;
    /* milliseconds for which shards have waited so, until the last pull */
    uint64_t full_time;
    /* milliseconds for which the events broker took no publishes (connection.blocked), until the last pull */
    uint64_t blocked_time;
    /* published and not answered yet, at this moment; a hole counts with all that is behind it */
    uint64_t unconfirmed;
    /* identifies of the day (spectacles_relay_identify_limit()); 0: not known */
    uint64_t identifies_total;
    /* of these, left at this moment */
    uint64_t identifies_left;
    /* without brokers: messages in which U+FFFD was written for half of a surrogate pair */
    uint64_t surrogates_replaced;
    /*
     * of those published: copies of what this relay had published before. Their connection ended before they were
     * confirmed, and Discord has replayed them
     */
    uint64_t copies;
    /* milliseconds from publish to confirm, or until the owner has acknowledged, of all that were confirmed together */
    uint64_t confirm_time;
    /*
     * those confirmed, by how long that took: [0] within 1 ms, [i] within 2^i ms and not within half of that, the last
     * one longer. Measured by the clock of the pulls: a confirm is as late as the turn of the loop that reads it
     */
    uint64_t confirm_latency[SPECTACLES_RELAY_LATENCY_COUNT];
} spectacles_relay_stats;

/* Makes counters 0 and sets their size. size: sizeof(spectacles_relay_stats). Does nothing when size is below 4. */
void spectacles_relay_stats_init(spectacles_relay_stats *stats, size_t size);

/* How far a relay still serves a shard. */
enum spectacles_relay_service {
    /* The shard is served. */
    SPECTACLES_SERVICE_SERVED = 0,
    /*
     * spectacles_relay_remove_shard() was called, and the shard waits for the answers to what was published of it:
     * until `unconfirmed` is 0, and its gaps are declared but for those without a new session. A broker that is away
     * or blocked, or an owner who does not acknowledge, is what it waits for
     */
    SPECTACLES_SERVICE_LEAVING = 1,
    /* All is answered, and the connection is closed: in seconds, SHARD_REMOVED follows. */
    SPECTACLES_SERVICE_CLOSING = 2,
    /* SHARD_REMOVED waits to be pulled. */
    SPECTACLES_SERVICE_LEFT = 3
};

/* How much of one shard waits in a relay, at this moment. The struct grows at its end. */
typedef struct spectacles_relay_shard_stats {
    /* sizeof(spectacles_relay_shard_stats), set by spectacles_relay_shard_stats_init() */
    uint32_t size;
    /* enum spectacles_relay_service: what a shard that is being removed waits for */
    uint32_t service;
    /* dispatches and gaps that were published, or handed to the owner, and are not answered yet */
    uint64_t unconfirmed;
    /* packets that are held, or that the socket has not taken yet */
    uint64_t packets;
    /* gaps that are not declared yet */
    uint64_t gaps;
} spectacles_relay_shard_stats;

/* Makes counts 0 and sets their size. size: of the struct. Does nothing when size is below 4. */
void spectacles_relay_shard_stats_init(spectacles_relay_shard_stats *stats, size_t size);

/*
 * Makes a relay, which takes hold of its shards and brokers, and subscribes on the commands broker at once. From now on
 * the relay alone pulls their events: spectacles_shard_next_event() and spectacles_broker_next_event() return NULL.
 *
 * Make the shards with SPECTACLES_SHARD_COMMITS, and with the sessions of the former process if there are any: the
 * relay resumes them. Make both brokers with the same group. The relay connects nothing by itself: engines connect
 * when their links are processed and the relay is pulled.
 *
 * out: the relay; free it with spectacles_relay_free(). Unchanged on failure.
 * config: from spectacles_relay_config_init(). It is copied, and may be gone when the call returns.
 * problem: may be NULL; on failure it says what is wrong.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL        a setting is missing or wrong
 *   SPECTACLES_E_TOOBIG       the name of the group is too long for the name of a queue
 *   SPECTACLES_E_STATE        another relay holds one of the shards or brokers
 *   SPECTACLES_E_NOMEM        memory ran out
 *   SPECTACLES_E_UNSUPPORTED  the configuration is newer than the library
 */
int spectacles_relay_new(spectacles_relay **out, const spectacles_relay_config *config,
                         spectacles_problem *problem);

/*
 * Frees a relay, and all that waits in it. Its shards and brokers stay, unless their owner has freed them already: the
 * owner may pull them again, or make another relay of them. NULL is fine.
 */
void spectacles_relay_free(spectacles_relay *relay);

/*
 * Changes what a relay does: SPECTACLES_RELAY_SILENT, _MARKS and _NO_COMMANDS of its flags. The other flags stay as
 * they are, whatever `flags` says of them. Holds for dispatches that are pulled from now on. Packets that were
 * delivered and not sent yet are still sent. MARKS means nothing without brokers.
 *
 * flags: a mask of enum spectacles_relay_flag.
 *
 * Cannot fail. When memory runs out, a queue is consumed or left a moment later.
 */
void spectacles_relay_set_flags(spectacles_relay *relay, uint32_t flags);

/*
 * Tells the relay how many identifies are left (Discord: "Session Start Limit Object", in the answer of GET
 * /gateway/bot). The relay counts them down, grants none when none is left (IDENTIFY_LIMIT tells until when), and has
 * `total` again after that. Call it before the first event is pulled, and whenever the answer is fresh. Without this
 * call the relay keeps no limit.
 *
 * total: identifies in a day; at least 1.
 * remaining: of these, left now.
 * reset_after: milliseconds from now until there are `total` again.
 *
 * Returns 0, or SPECTACLES_E_INVAL: total is 0.
 */
int spectacles_relay_identify_limit(spectacles_relay *relay, uint32_t total, uint32_t remaining,
                                    uint64_t reset_after, uint64_t now);

/*
 * Adds a shard while the relay runs, as if it had been in own_shards: the relay holds it, and serves it from the next
 * spectacles_relay_next_event() on. The queue of the shard is consumed from now on. Make the shard with
 * SPECTACLES_SHARD_COMMITS, and with its session if there is one.
 *
 * shard: held until SHARD_REMOVED, spectacles_relay_drop_shard() or spectacles_relay_free(). It was never connected.
 * gaps: `count` gaps of this shard that a former process, or another relay, could not declare any more, as in
 *     spectacles_relay_config. Copied. NULL when count is 0.
 * problem: may be NULL; on failure it says what is wrong.
 *
 * Returns 0, or, and then the relay does not hold the shard:
 *   SPECTACLES_E_STATE  the relay stops: that is asked first, whatever the shard is. Or another relay holds the shard,
 *                       or it has connected before
 *   SPECTACLES_E_INVAL  the shard was made for another shard_count, its id is served already (or is being removed), or
 *                       a gap is of another shard or malformed
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_relay_add_shard(spectacles_relay *relay, spectacles_shard *shard, const spectacles_gap *gaps,
                               size_t count, spectacles_problem *problem);

/*
 * Takes a shard out in order, so that somebody else can serve it:
 *
 *   1. From now on no more dispatches of the shard are taken. Its queue is not consumed any more: packets that were
 *      delivered and not sent go back to the queue, and wait there like those of later SENDs.
 *   2. What was published is waited for, and so are gaps that can be declared. A shard that loses its connection does
 *      not connect again, and does not identify.
 *   3. The shard is closed. SHARD_CLOSED, and then SHARD_REMOVED tell so.
 *
 * On SHARD_REMOVED, until the next spectacles_relay_next_event(), spectacles_relay_gap() still gives the gaps of the
 * shard that could not be declared, because they end with a session that has not begun. Store these gaps with the
 * session, and hand both to whoever serves the shard next (spectacles_relay_add_shard()).
 *
 * A broker that is away is waited for. An owner with less time calls spectacles_relay_drop_shard(), or
 * spectacles_relay_stop(): a relay that stops publishes no gaps any more, and hands all of them over. What the shard
 * waits for stands in spectacles_relay_shard_stats.service, and in the counts beside it.
 *
 * shard_id: a shard that is served here.
 * code: the close code, as in spectacles_shard_close(): 0 keeps the session. It also holds when the relay stops first.
 *
 * Returns 0, also when the shard is being removed already, or SPECTACLES_E_INVAL: no such shard or close code.
 */
int spectacles_relay_remove_shard(spectacles_relay *relay, uint32_t shard_id, uint32_t code, uint64_t now);

/*
 * Lets go of a shard at once, without a word to Discord: for whoever may no longer act for it, or cannot wait for a
 * broker. Nothing of the shard is committed or acknowledged any more. What was published and not confirmed may arrive
 * all the same, and is repeated by whoever resumes the session; copies have the same message-id. Packets go back to the
 * queue of the shard: one that was handed to the socket already may be sent twice. The gaps that were not declared are
 * in the state that the owner has stored last. The owner frees the shard.
 *
 * No event of the shard follows.
 *
 * Returns 0, or SPECTACLES_E_INVAL: no such shard.
 */
int spectacles_relay_drop_shard(spectacles_relay *relay, uint32_t shard_id);

/*
 * Grants an identify, which the shard sends now. With SPECTACLES_RELAY_GRANTED_IDENTIFIES.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE  the shard does not wait for a grant; its connection has ended, for example. It asks again
 *   SPECTACLES_E_INVAL  no such shard, or the relay grants identifies by itself
 *   SPECTACLES_E_NOMEM  memory ran out; the shard still waits
 */
int spectacles_relay_grant_identify(spectacles_relay *relay, uint32_t shard_id, uint64_t now);

/*
 * Says that the session of a shard is stored, so that its gaps and dispatches may be published. With
 * SPECTACLES_RELAY_HOLDS_NEW_SESSIONS; otherwise it does nothing. Call it for each SHARD_READY.
 *
 * session_id: which session was stored, NUL-terminated: of SHARD_READY. A store may answer when the shard has another
 *     session already.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  no such shard
 *   SPECTACLES_E_STATE  the shard has another session, or none yet
 */
int spectacles_relay_session_stored(spectacles_relay *relay, uint32_t shard_id, const char *session_id);

/*
 * Acknowledges a message (SPECTACLES_RELAY_EVENT_MESSAGE), in any order: its work is done, and it need not come again.
 * What counts is what is acknowledged without a hole: heartbeats, RESUME and the state carry that sequence of each
 * shard. Each message is acknowledged once. A message that the owner cannot handle is acknowledged all the same, or
 * nothing behind it is ever safe.
 *
 * A message that was not acknowledged when the connection of its shard ended comes again, with the same message_id and
 * a ticket of its own. Both are acknowledged. Take a message for a copy when the work of the first one is done, and not
 * when it has begun: or a crash loses it.
 *
 * ticket: of the event.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  no message has this ticket, or the relay has brokers
 *   SPECTACLES_E_STATE  it is acknowledged already, or spectacles_relay_drop_shard() has let go of its shard
 */
int spectacles_relay_acknowledge(spectacles_relay *relay, uint64_t ticket);

/*
 * Sends a packet to Discord (Discord: "Gateway Send Events"), with brokers or without: as soon as the shard is ready,
 * within the rate limit, in the order of the calls. It is answered once: by COMMAND_SENT when its bytes were handed to
 * the socket, or by COMMAND_REJECTED when it never will be. Only after spectacles_relay_drop_shard() there is no
 * answer.
 *
 * shard_id: a shard that is served here; spectacles_route_shard() says which one a guild has.
 * op: 3, 4, 8, 31 or 43, or one of more_ops.
 * d: `length` bytes, a JSON object. Copied.
 * ticket: may be NULL; receives the ticket of the answer.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL        no such shard, or d is NULL
 *   SPECTACLES_E_UNSUPPORTED  the op is not the owner's to send
 *   SPECTACLES_E_PROTO        d is not JSON, or not what Discord asks of the op
 *   SPECTACLES_E_TOOBIG       the packet is over 4096 bytes
 *   SPECTACLES_E_STATE        the relay stops, or the shard leaves, is closed or FATAL
 *   SPECTACLES_E_AGAIN        1024 packets of the owner wait for this shard: send again after COMMAND_SENT or
 *                             COMMAND_REJECTED of this shard with a ticket
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_relay_send(spectacles_relay *relay, uint32_t shard_id, uint32_t op, const uint8_t *d,
                          size_t length, uint64_t *ticket);

/*
 * Replaces the allow list. Dispatches that are pulled from now on follow it.
 *
 * allow: `count` names, as in spectacles_relay_config. Copied. NULL when count is 0.
 * allow_all: 1: every event is published.
 *
 * Returns 0, or, and then the old list stays:
 *   SPECTACLES_E_INVAL  a name is empty or longer than 255 bytes, or allow is NULL
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_relay_set_allow(spectacles_relay *relay, const char *const *allow, size_t count,
                               uint32_t allow_all);

/*
 * Sets max_concurrency anew, from a fresh answer of GET /gateway/bot. Shards that wait to identify go on waiting. The
 * first of them identifies when all buckets of the old number are free: at most identify_interval later than before.
 *
 * max_concurrency: 1 to 65536.
 *
 * Returns 0, or, and then the old number stays:
 *   SPECTACLES_E_INVAL  max_concurrency is out of its range
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_relay_set_max_concurrency(spectacles_relay *relay, uint32_t max_concurrency);

/*
 * The clock of the day was set (a machine that begins without the time, a change by hand): the times of gaps that are
 * not published yet follow it. A gateway handle with links does it by itself.
 *
 * unix_offset: as in spectacles_relay_config.
 *
 * Cannot fail.
 */
void spectacles_relay_set_unix_offset(spectacles_relay *relay, uint64_t unix_offset);

/*
 * Does all that can be done now, in this order: reads confirms, reads commands, routes SENDs, sends packets, grants
 * identifies, publishes gaps, and pulls the shards in turn. No source is pulled while an event waits. Returns the
 * next event, or NULL when nothing is left to do until a link moves bytes or spectacles_relay_deadline() passes.
 * When memory runs out, nothing is lost: a dispatch is asked for again by a new connection of its shard, and a
 * command goes back to its queue. Pull until NULL after every round of links. For how long an event is valid, see
 * spectacles_relay_event.
 */
const spectacles_relay_event *spectacles_relay_next_event(spectacles_relay *relay, uint64_t now);

/*
 * When spectacles_relay_next_event() is to be called at the latest, even if no link moved a byte: for identifies, rate
 * limits and repeated publishes. Milliseconds on the clock of `now`; SPECTACLES_NEVER for never. Cannot fail.
 */
uint64_t spectacles_relay_deadline(const spectacles_relay *relay);

/*
 * Stops in order. No more dispatches are published and no more commands are taken; the events broker waits for its
 * confirms; the shards are closed. Go on as before until spectacles_relay_stopped() returns 1.
 *
 * The commands broker is closed last, because acknowledgements of packets go over it: closed earlier, it would hand out
 * SENDs again whose packets are confirmed meanwhile. A broker that is away or frozen is waited for: the events broker
 * for its drain_timeout and 3 seconds for an answer to its connection.close, then the commands broker, which publishes
 * nothing, for 3 seconds. With defaults that is 11 seconds at most. An owner with less time frees the relay and the
 * engines.
 *
 * code: the close code for the shards, as in spectacles_shard_close(): 0 keeps their sessions.
 *
 * Returns 0, also when the relay is stopping already, or SPECTACLES_E_INVAL: there is no such close code.
 */
int spectacles_relay_stop(spectacles_relay *relay, uint32_t code, uint64_t now);

/* Returns 1 when, after spectacles_relay_stop(), every shard and both brokers are closed; else 0. Cannot fail. */
int spectacles_relay_stopped(const spectacles_relay *relay);

/*
 * A shard whose session (spectacles_shard_session()) or gaps (spectacles_relay_gap()) may have changed since
 * spectacles_relay_forget_changed(). A shard that is served anew has changed. spectacles_state_take() (state.h) asks
 * by itself; an owner asks who stores the shards in another way.
 *
 * last: NULL for the first one, then the shard that the last call gave. No other call on the relay is made in
 *     between.
 *
 * Returns a shard, borrowed; NULL when there are no more. Cannot fail.
 */
spectacles_shard *spectacles_relay_next_changed(const spectacles_relay *relay, const spectacles_shard *last);

/* All changes were taken: from now on spectacles_relay_next_changed() gives later changes alone. Cannot fail. */
void spectacles_relay_forget_changed(spectacles_relay *relay);

/*
 * Gives a gap of a shard that the broker has not confirmed yet. Store these gaps beside the sessions of the shards,
 * and hand them to the next process as a setting: so each gap is declared even when the process ends first. Store
 * them together with the sessions and, when SHARD_READY is told, before any link is processed: then a gap leaves only
 * after it was stored, and all its copies are the same. spectacles_state_take() (state.h) takes both at once, as
 * bytes that can be stored.
 *
 * shard_id: a shard that is served here, or, on SHARD_REMOVED, the shard that was removed.
 * index: counts from 0, in the order in which the gaps are to be declared. Some of the gaps still wait for their new
 *     session.
 * out: the texts belong to the relay, and are valid until the next call on it.
 *
 * Returns 1, or 0 when there are no more; then `out` is unchanged.
 */
int spectacles_relay_gap(const spectacles_relay *relay, uint32_t shard_id, size_t index, spectacles_gap *out);

/*
 * Copies the counters.
 *
 * out: out->size says for how much the caller has room.
 *
 * Returns 0, or SPECTACLES_E_INVAL: out->size is below 4.
 */
int spectacles_relay_get_stats(const spectacles_relay *relay, spectacles_relay_stats *out);

/*
 * Copies the counts of one shard.
 *
 * out: out->size says for how much the caller has room.
 *
 * Returns 0, or SPECTACLES_E_INVAL: there is no such shard, or out->size is below 4.
 */
int spectacles_relay_get_shard_stats(const spectacles_relay *relay, uint32_t shard_id,
                                     spectacles_relay_shard_stats *out);

/*
 * How often dispatches of a name were received, allowed or not. The names come in the order in which they were first
 * seen, so that `index` stays that of its name. At most 128 names are kept, and none longer than 47 bytes: all others
 * are counted together, under the name "" and behind the last index.
 *
 * index: from 0.
 * name: receives the name, NUL-terminated, valid as long as the relay.
 * count: receives how often.
 *
 * Returns 1, or 0 when there are no more; then both are unchanged.
 */
int spectacles_relay_event_count(const spectacles_relay *relay, size_t index, const char **name,
                                 uint64_t *count);

/*
 * How often connections of shards have ended with a code (SHARD_DISCONNECTED). Index 0 has those without a code. At
 * most 64 codes are kept: more are counted there as well.
 *
 * index: from 0.
 * code: receives the close code of the WebSocket, or the status of HTTP.
 * count: receives how often.
 *
 * Returns 1, or 0 when there are no more; then both are unchanged.
 */
int spectacles_relay_close_count(const spectacles_relay *relay, size_t index, uint32_t *code,
                                 uint64_t *count);

/*
 * One sentence about the last call on the relay that failed, NUL-terminated, or "". Calls that take the relay as const
 * have one reason for each of their errors, and leave the sentence alone. Valid until the next call on the relay. Never
 * holds a secret.
 */
const char *spectacles_relay_last_error(const spectacles_relay *relay);

/*
 * What a type of event is called, for logs: the name without its prefix ("SHARD_READY"), static and NUL-terminated.
 * "UNKNOWN" for a number that this version does not know. Cannot fail.
 */
const char *spectacles_relay_event_type_name(uint32_t type);

/*
 * Writes a line of text about an event, for logs: "shard 0/2 ready, session 8e6c11...". One sentence in English for
 * each type of event, without a line break. No secret is in it: of a session id only the first characters are shown,
 * and nothing of the body of a message. Texts of strangers are made fit for a terminal, as spectacles_printable() does.
 *
 * For people alone: the words may change with each version. A program reads the fields of the event.
 *
 * When Discord makes all shards wait, RATE_LIMITED is told once, and each shard is told DISCONNECTED with hold_until: a
 * log that wants one line for all of them leaves those out. MESSAGE and SHARD_LATENCY come often: most logs leave them
 * out as well.
 *
 * out: receives the line, always with a NUL at its end. A character is never cut in two; what does not fit is left out.
 * size: the room in `out`, in bytes; at least 1. SPECTACLES_RELAY_LINE_SIZE is enough for every line.
 * event: of a relay or of a gateway.
 * now: "again in 1500 ms" counts from it.
 *
 * Returns how many bytes were written, without the NUL. Cannot fail.
 */
size_t spectacles_relay_event_describe(char *out, size_t size, const spectacles_relay_event *event,
                                       uint64_t now);

/* ---- Accessors: the fields of an event, for languages that read structs slowly. `length` may be NULL. ---- */

/*
 * The field `type`. What the event tells: a value of enum spectacles_relay_event_type.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
uint32_t spectacles_relay_event_type(const spectacles_relay_event *event);

/*
 * The field `shard_id`. The shard that the event is about.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
uint32_t spectacles_relay_event_shard_id(const spectacles_relay_event *event);

/*
 * The field `broker`. The broker that the event is about: a value of enum spectacles_relay_broker.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
uint32_t spectacles_relay_event_broker(const spectacles_relay_event *event);

/*
 * The field `code`. The code of a close, of HTTP or of AMQP; 0 when there is none.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
uint32_t spectacles_relay_event_code(const spectacles_relay_event *event);

/*
 * The field `error`. A value of enum spectacles_error, 0 for none.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
int32_t spectacles_relay_event_error(const spectacles_relay_event *event);

/*
 * The field `op`. The op of a command.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
uint32_t spectacles_relay_event_op(const spectacles_relay_event *event);

/*
 * The field `seq`. A sequence number of Discord.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
uint64_t spectacles_relay_event_seq(const spectacles_relay_event *event);

/*
 * The field `duration`. How long something took, or has to wait: milliseconds.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
uint64_t spectacles_relay_event_duration(const spectacles_relay_event *event);

/*
 * The field `until`. A point in time: milliseconds on the clock of `now`.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
uint64_t spectacles_relay_event_until(const spectacles_relay_event *event);

/*
 * The field `unix_time`. A point in time: milliseconds since 1970; 0 when it is not known.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
uint64_t spectacles_relay_event_unix_time(const spectacles_relay_event *event);

/*
 * The field `hold_until`. The end of a wait that RATE_LIMITED tells of, on the clock of `now`; 0 when there is none.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
uint64_t spectacles_relay_event_hold_until(const spectacles_relay_event *event);

/*
 * The field `name`. The name of an event, a routing key or a nonce, NUL-terminated; NULL when there is none.
 *
 * length: may be NULL; set to the length in bytes, without the NUL.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
const char *spectacles_relay_event_name(const spectacles_relay_event *event, size_t *length);

/*
 * The field `text`. One sentence, NUL-terminated; NULL when there is none. Never holds a secret.
 *
 * length: may be NULL; set to the length in bytes, without the NUL.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
const char *spectacles_relay_event_text(const spectacles_relay_event *event, size_t *length);

/*
 * The field `session_id`. The session that stands, or that begins behind a gap, NUL-terminated; NULL when there is
 * none.
 *
 * length: may be NULL; set to the length in bytes, without the NUL.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
const char *spectacles_relay_event_session_id(const spectacles_relay_event *event, size_t *length);

/*
 * The field `old_session_id`. The session that was lost, NUL-terminated; NULL when it is not known.
 *
 * length: may be NULL; set to the length in bytes, without the NUL.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
const char *spectacles_relay_event_old_session_id(const spectacles_relay_event *event, size_t *length);

/*
 * The field `ticket`. Of a message or of a packet of the owner; 0 when there is none.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
uint64_t spectacles_relay_event_ticket(const spectacles_relay_event *event);

/*
 * The field `format`. The format of the body: a value of enum spectacles_format.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
uint32_t spectacles_relay_event_format(const spectacles_relay_event *event);

/*
 * The field `shard_count`. Shards of the whole bot.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
uint32_t spectacles_relay_event_shard_count(const spectacles_relay_event *event);

/*
 * The field `body`. The body of a message, not NUL-terminated; NULL when there is none.
 *
 * length: may be NULL; set to the length in bytes.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
const uint8_t *spectacles_relay_event_body(const spectacles_relay_event *event, size_t *length);

/*
 * The field `message_id`. The same for each copy of a message, NUL-terminated; NULL when there is none.
 *
 * length: may be NULL; set to the length in bytes, without the NUL.
 *
 * Returns it. Valid as long as the event. Cannot fail.
 */
const char *spectacles_relay_event_message_id(const spectacles_relay_event *event, size_t *length);

#ifdef __cplusplus
}
#endif

#endif
