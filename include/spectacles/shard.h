/*
 * spectacles/shard.h - one connection to Discord's gateway, as a state machine without I/O.
 *
 * SPDX-License-Identifier: MIT
 *
 * A shard takes bytes, gives bytes, names a deadline and hands out events. It opens no socket, reads no
 * clock and speaks no TLS. Its bytes go through spectacles_shard_stream(): a spectacles_link (link.h)
 * moves them, or a transport of your own that does what stream.h says.
 *
 * The shard works while it is pulled. Bytes that were fed are decoded one message at a time, so that a
 * dispatch can be handed out as a slice of the message it arrived in. An owner that stops pulling stops
 * the stream: at high water spectacles_stream_wants_input() becomes 0 and TCP pushes back, while
 * heartbeats go on from spectacles_stream_expire().
 *
 * The life of a shard, and what moves it:
 *
 *     IDLE -> CONNECTING -> UPGRADING -> HELLO -> IDENTIFY_WAIT -> IDENTIFYING --> READY
 *                ^   (opened)  (101)       |         (granted)       (READY)  ^     |
 *                |                         +-----> RESUMING ------------------+     |
 *                |                        (session)         (RESUMED)               |
 *             BACKOFF <------------------ CLOSING <---------------------------------+--> FATAL, CLOSED
 *
 * A loss leads to BACKOFF, directly when the transport has ended, else through CLOSING. From there the
 * shard connects again. The DISCONNECTED event says why, and until when it waits. FATAL (Discord will
 * never accept this configuration) and CLOSED (the owner asked) are final.
 *
 * After a loss the session is resumed, whatever the loss was, until there is evidence that the session is
 * gone: see SPECTACLES_SHARD_EVENT_GAP. The wait before the next attempt is random, up to 1 s, and doubles
 * with each attempt up to 60 s. New events, or ten seconds of READY, start it anew. After op 9 it is 1 to
 * 5 s, as Discord asks.
 *
 * What an owner does, without a relay:
 *
 *     spectacles_shard_config config;
 *     spectacles_shard_config_init(&config, sizeof config);
 *     config.token = token;
 *     config.gateway_url = "wss://gateway.discord.gg";
 *     config.intents = SPECTACLES_INTENT_GUILDS | SPECTACLES_INTENT_GUILD_MESSAGES;
 *     config.seed = spectacles_random_seed();
 *     config.flags = SPECTACLES_SHARD_COMMITS;
 *     spectacles_shard_new(&shard, &config, &problem);
 *
 *     for each turn of the loop, after the link has moved bytes or the deadline has passed:
 *         while ((event = spectacles_shard_next_event(shard, now)))
 *             switch (event->type) {
 *             case SPECTACLES_SHARD_EVENT_IDENTIFY:
 *                 spectacles_shard_identify(shard, now);
 *                 break;
 *             case SPECTACLES_SHARD_EVENT_DISPATCH:
 *                 store(event->name, event->name_length, event->data, event->data_length);
 *                 spectacles_shard_commit(shard, event->seq);
 *                 break;
 *             case SPECTACLES_SHARD_EVENT_FATAL:
 *                 stop(event->text);
 *             }
 *
 * examples/first_shard.c is the whole program.
 *
 * What is lost, and what is not:
 *
 *   - A dispatch counts as received when spectacles_shard_next_event() hands it out, and not when its bytes arrive.
 *     What was fed and not handed out before a connection ended is handed out after it, before DISCONNECTED.
 *   - Discord numbers the dispatches of a session from 1. After a resume it replays what lies behind the sequence that
 *     the RESUME names. That is the committed sequence with SPECTACLES_SHARD_COMMITS, else the received one.
 *   - Without commits, a process that dies between pulling an event and storing it loses the event. With commits it
 *     does not, but may see an event again.
 *   - When a session cannot be resumed, GAP says so, once, with the last safe sequence.
 *   - A packet is SENT when its last byte was handed to the transport. Discord acknowledges no packets. A packet that
 *     was not handed over whole when the connection ended is UNSENT.
 *
 * Order: the events of one session come in the order of their sequences. A ticket is told of in the order of
 * sending, before other events that wait.
 *
 * Nothing here blocks. `now` is in milliseconds on the caller's clock (types.h). A shard and its stream
 * belong to one thread at a time.
 */
#ifndef SPECTACLES_SHARD_H
#define SPECTACLES_SHARD_H

#include <spectacles/codec.h>
#include <spectacles/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One connection to the gateway, and the session on it. Made by spectacles_shard_new(). */
typedef struct spectacles_shard spectacles_shard;

/* The states of a shard. The values never change. */
enum spectacles_shard_state {
    /*
     * New. The first spectacles_stream_expire() or spectacles_shard_next_event() makes it CONNECTING, unless
     * spectacles_shard_hold_off() says otherwise.
     */
    SPECTACLES_SHARD_IDLE = 0,
    /*
     * The endpoint of the stream asks for a connection. spectacles_stream_opened() is awaited: for as long as the link
     * allows (spectacles_link_config.connect_timeout), and without a link for at most 30 s.
     */
    SPECTACLES_SHARD_CONNECTING = 1,
    /* The HTTP upgrade was sent (RFC 6455, section 4). The answer 101 is awaited, for at most 10 s. */
    SPECTACLES_SHARD_UPGRADING = 2,
    /* The WebSocket stands. HELLO (op 10) is awaited, for at most 20 s. */
    SPECTACLES_SHARD_HELLO = 3,
    /*
     * spectacles_shard_identify() of the owner is awaited, for as long as it takes. Heartbeats tell whether the gateway
     * lives.
     */
    SPECTACLES_SHARD_IDENTIFY_WAIT = 4,
    /* Identify was sent. READY is awaited, for at most 10 minutes: it takes long during an outage. */
    SPECTACLES_SHARD_IDENTIFYING = 5,
    /* Resume was sent. Replayed dispatches come, then RESUMED. At most 60 s pass before the first and between two. */
    SPECTACLES_SHARD_RESUMING = 6,
    /*
     * The session stands. Events arrive, and packets can be sent. Heartbeats tell whether the gateway lives: one
     * that is not acknowledged before the next is due ends the connection.
     */
    SPECTACLES_SHARD_READY = 7,
    /* Our close frame is on its way. The gateway's own is awaited, for at most 3 s. */
    SPECTACLES_SHARD_CLOSING = 8,
    /* No connection is wanted before the deadline of the stream. */
    SPECTACLES_SHARD_BACKOFF = 9,
    /* Final: the owner closed it. */
    SPECTACLES_SHARD_CLOSED = 10,
    /* Final: Discord will not accept the configuration. The FATAL event says what to change. */
    SPECTACLES_SHARD_FATAL = 11
};

/*
 * What is needed to resume a session, in this process or another (Discord: "Resuming").
 *
 * As a setting it is copied, texts included. As a result of spectacles_shard_session() it belongs to the
 * shard, and is valid until the next call on the shard or its stream.
 */
typedef struct spectacles_session {
    /* sizeof(spectacles_session), set by spectacles_session_init(). */
    uint32_t size;
    /*
     * shard_id and shard_count are those of the shard that had the session. A shard with other numbers gives the
     * session up, with a GAP.
     */
    uint32_t shard_id;
    uint32_t shard_count;
    /* The sequence to resume from: committed when the owner commits, else received. */
    uint64_t seq;
    /* 1 to 255 characters of printable ASCII without spaces, NUL-terminated. A READY with another id is refused. */
    const char *session_id;
    /* "wss://host[:port][/]", at most 511 such characters, NUL-terminated. Empty or NULL: the gateway's own URL. */
    const char *resume_url;
    /* enum spectacles_format: what the payloads of the session were written in. For the owner to know. */
    uint32_t format;
    /* 0 */
    uint32_t reserved;
} spectacles_session;

/* How the gateway's messages are compressed (Discord: "Encoding and Compression"). */
enum spectacles_compression {
    /* Not at all. */
    SPECTACLES_COMPRESSION_NONE = 0,
    /* One zlib stream for the whole connection. */
    SPECTACLES_COMPRESSION_ZLIB_STREAM = 1,
    /* One zstd stream for the whole connection. Inflates about 2.5 times faster. Feature "zstd-stream". */
    SPECTACLES_COMPRESSION_ZSTD_STREAM = 2,
    /* Large payloads alone, each by itself, asked for with identify. In JSON only. */
    SPECTACLES_COMPRESSION_PAYLOAD = 3
};

/* A mask for spectacles_shard_config.flags. */
enum spectacles_shard_flag {
    /*
     * The owner says with spectacles_shard_commit() which dispatches are safe. Heartbeats, resumes and
     * exported sessions then carry the committed sequence instead of the received one, so that Discord
     * replays after a loss what was not safe yet.
     */
    SPECTACLES_SHARD_COMMITS = 1,
    /*
     * The owner says with spectacles_shard_stored() with which sequence the session is stored. Heartbeats carry that
     * sequence and no other one: null before the owner has said so for the session. For an owner that stores sessions
     * some time after it has committed their dispatches: Discord hears of no sequence that a successor may not know.
     * Resumes carry the committed sequence all the same.
     */
    SPECTACLES_SHARD_STORED_HEARTBEATS = 2
};

/* What a client says of itself with identify: a mask (Discord: "Gateway Capabilities"). */
enum spectacles_capability {
    /* Channels that the bot cannot view come with their metadata obfuscated. */
    SPECTACLES_CAPABILITY_CHANNEL_OBFUSCATION = 1 << 15
};

/*
 * The settings of a shard. Fill it with spectacles_shard_config_init(), then set the required fields: seed,
 * token and gateway_url. Everything in it is copied by spectacles_shard_new().
 */
typedef struct spectacles_shard_config {
    /* Set by spectacles_shard_config_init(). */
    uint32_t size;
    /* A mask of enum spectacles_shard_flag. Default 0. */
    uint32_t flags;
    /* Below shard_count. Default 0. */
    uint32_t shard_id;
    /* At least 1. Default 1. */
    uint32_t shard_count;
    /* Default 10. */
    uint32_t gateway_version;
    /* 50 to 250 members (Discord: "Identify Structure"). Default 50. */
    uint32_t large_threshold;
    /*
     * A mask of SPECTACLES_INTENT_... (routing.h), passed on as given. Default 0: no events but those that need no
     * intent. An intent that the bot may not have ends in FATAL (close code 4014).
     */
    uint64_t intents;
    /*
     * Required, not 0: a number that nobody can guess, from spectacles_random_seed(). For the jitter of waits and
     * heartbeats, the masks of frames (RFC 6455, section 5.3) and the key of the handshake. The same seed gives the
     * same run in a test.
     */
    uint64_t seed;
    /*
     * Required, without "Bot " in front: printable ASCII without spaces, NUL-terminated. None of the shard's copies
     * is left in memory once the shard is freed. It is in no event, no error and no log.
     */
    const char *token;
    /*
     * Required, NUL-terminated: "wss://gateway.discord.gg", or what GET /gateway/bot says (gateway_bot.h). ws:// is
     * for tests. A session is resumed at the host that READY named, when that host belongs to the same domain.
     */
    const char *gateway_url;
    /* Sent with identify: JSON, the d of op 3 with all that spectacles_presence_check() asks for. NULL: none. */
    const char *presence;
    /* Of the HTTP upgrade, without control characters. NULL: the library's own. */
    const char *user_agent;
    /*
     * The session to resume. NULL: none, and the shard identifies. Store what spectacles_shard_session() gives, or
     * use state.h, which stores the sessions of all shards of a process.
     */
    const spectacles_session *session;
    /* Bytes of one received message. Default 32 MiB. For more, the shard closes with 1009 and reconnects. */
    uint64_t max_message;
    /*
     * Bytes that wait unread before spectacles_stream_wants_input() turns 0, until half of them are pulled.
     * Default 256 KiB.
     */
    uint64_t high_water;
    /*
     * SPECTACLES_FORMAT_JSON (default) or SPECTACLES_FORMAT_ETF (codec.h): what the gateway is asked for. A gateway
     * that answers in JSON all the same is understood: see SPECTACLES_SHARD_EVENT_PLAIN, and `format` of each event.
     */
    uint32_t format;
    /* enum spectacles_compression. Default ZSTD_STREAM, or ZLIB_STREAM in a build without zstd. */
    uint32_t compression;
    /* Bytes of one payload once inflated. Default 64 MiB. For more, the shard closes with 1009 and reconnects. */
    uint64_t max_inflated;
    /*
     * Inflated to compressed bytes of a payload above 64 KiB. Default 256. For more, the shard closes with 1009
     * and reconnects. Counts with SPECTACLES_COMPRESSION_PAYLOAD alone. A stream remembers what it brought before,
     * and a payload that resembles an earlier one takes next to nothing: there max_inflated is the bound.
     */
    uint64_t max_ratio;
    /*
     * A mask of enum spectacles_capability and whatever Discord has beyond, sent with identify as given. Default 0:
     * the field is left out.
     */
    uint64_t capabilities;
} spectacles_shard_config;

/* What a shard tells. The comment of each type names the fields of spectacles_shard_event that it fills. */
enum spectacles_shard_event_type {
    /*
     * The endpoint of the stream asks for a connection (spectacles_stream_endpoint()). text: "host:port" of the
     * gateway, or of the host that READY named for resuming. A link connects by itself.
     */
    SPECTACLES_SHARD_EVENT_CONNECTING = 1,
    /*
     * The shard wants to identify. Call spectacles_shard_identify() when its turn has come: Discord allows
     * max_concurrency identifies in 5 seconds, and a number of them a day. Until then the shard waits in
     * IDENTIFY_WAIT, and its heartbeats go on.
     */
    SPECTACLES_SHARD_EVENT_IDENTIFY = 2,
    /*
     * A new session stands. session_id; data: the d of READY, in `format`. text: a warning, when the resume URL will
     * not be followed. A DISPATCH of READY follows, so that it can be treated like any event.
     */
    SPECTACLES_SHARD_EVENT_READY = 3,
    /*
     * The old session goes on, and all that was missed was replayed before. session_id. A DISPATCH of RESUMED follows.
     */
    SPECTACLES_SHARD_EVENT_RESUMED = 4,
    /*
     * An event of Discord. seq: its sequence, higher than that of the event before; name: such as MESSAGE_CREATE;
     * data: the d of the payload, in `format`. With SPECTACLES_SHARD_COMMITS, call spectacles_shard_commit() once
     * the event is safe.
     */
    SPECTACLES_SHARD_EVENT_DISPATCH = 5,
    /* A heartbeat was acknowledged. duration: what that took. */
    SPECTACLES_SHARD_EVENT_LATENCY = 6,
    /*
     * The last byte of a packet was handed to the transport. ticket: of spectacles_shard_send(). Discord does not
     * acknowledge packets: what it answers comes as a dispatch, or as a close code.
     */
    SPECTACLES_SHARD_EVENT_SENT = 7,
    /*
     * The connection ended before a packet was handed to the transport whole. ticket. Send it again after READY or
     * RESUMED: the shard does not keep it.
     */
    SPECTACLES_SHARD_EVENT_UNSENT = 8,
    /*
     * The connection ended, or could not be made. code: of the close frame; error; text: why; until: when the shard
     * connects again; hold_until: when the refusal is about every shard of the bot.
     *
     * Nothing has to be done: the shard connects again and resumes by itself. Packets that were on their way are
     * UNSENT.
     */
    SPECTACLES_SHARD_EVENT_DISCONNECTED = 9,
    /*
     * The session is lost, and events after `seq` (the last safe one) may be missing. session_id: of the lost
     * session; text. Exactly one for each lost session.
     *
     * A session is lost after op 9 with false; when a close code about the session (4003, 4006, 4007, 4009) comes
     * again in answer to a RESUME; and when no RESUME was answered for five minutes. RESUMED is an answer, and so is
     * every event that was not received or committed before. See doc/guarantees.md.
     */
    SPECTACLES_SHARD_EVENT_GAP = 10,
    /* Final, after spectacles_shard_close(). */
    SPECTACLES_SHARD_EVENT_CLOSED = 11,
    /*
     * Final. code, error; text: what is wrong and what a person has to change: the token, the intents, the number of
     * shards. Free the shard. Connecting again with the same configuration would be refused again, and Discord
     * counts such attempts.
     */
    SPECTACLES_SHARD_EVENT_FATAL = 12,
    /*
     * A heartbeat went out a second or more after it was due, because spectacles_stream_expire() came so late.
     * duration: how late; text. Discord ends connections whose heartbeats are missing: something blocks the owner's
     * loop.
     */
    SPECTACLES_SHARD_EVENT_LATE = 13,
    /*
     * The shard has come to a `state` that no other event tells of: UPGRADING, HELLO, IDENTIFYING, RESUMING (seq:
     * the sequence that it resumes from) or CLOSING (code, error: why; DISCONNECTED, CLOSED or FATAL follows). text.
     */
    SPECTACLES_SHARD_EVENT_STATE = 14,
    /*
     * The gateway, or a proxy in front of it, does not know the compression or the ETF that was asked for, and
     * answers without. Its messages are taken as they are. text says which. Once for each connection. A text message
     * is always JSON. When HELLO is one, the shard speaks JSON on this connection too.
     */
    SPECTACLES_SHARD_EVENT_PLAIN = 15
};

/*
 * One event. Fields that its type does not name are 0 or NULL.
 *
 * Owned by the shard. Valid, with everything it points to, until the next spectacles_shard_next_event(),
 * spectacles_stream_feed(), spectacles_stream_eof(), spectacles_stream_expire() or spectacles_shard_free() on its
 * shard. Every other call leaves it alone: commit, send or close, and read the data after it.
 */
typedef struct spectacles_shard_event {
    /* enum spectacles_shard_event_type */
    uint32_t type;
    /* The WebSocket or Discord close code. 0: there was none. */
    uint32_t code;
    /* enum spectacles_error */
    int32_t error;
    /* enum spectacles_format of `data`: SPECTACLES_FORMAT_JSON, or SPECTACLES_FORMAT_ETF for a bare ETF term. */
    uint32_t format;
    /* A sequence of the session. */
    uint64_t seq;
    /* The number that spectacles_shard_send() gave. */
    uint64_t ticket;
    /* A duration in milliseconds. */
    uint64_t duration;
    /* A point in time on the clock of `now`, in milliseconds. */
    uint64_t until;
    /* The name of the dispatch ("t"), of name_length bytes. Not NUL-terminated. */
    const char *name;
    size_t name_length;
    /* The slice of d as it came, of data_length bytes: JSON, or a bare ETF term (codec.h). */
    const uint8_t *data;
    size_t data_length;
    /* A sentence of text_length bytes, or "host:port" of CONNECTING. NUL-terminated. Never holds the token. */
    const char *text;
    size_t text_length;
    /* The id of a session, of session_id_length bytes, NUL-terminated. */
    const char *session_id;
    size_t session_id_length;
    /* enum spectacles_shard_state after what the event tells. Every type fills it. */
    uint32_t state;
    /* 0 */
    uint32_t reserved;
    /*
     * DISCONNECTED: the gateway answered 429, which is about the whole bot or its address. No shard should connect
     * before this point in time (spectacles_shard_hold_off(); a relay does it by itself). 0: it is about this shard
     * alone.
     */
    uint64_t hold_until;
} spectacles_shard_event;

/* How many opcodes are counted. */
enum spectacles_shard_op_count {
    /* The length of received_by_op and sent_by_op. */
    SPECTACLES_SHARD_OP_COUNT = 48
};

/* What a shard has counted since it was made: see spectacles_shard_get_stats(). Grows at the end. */
typedef struct spectacles_shard_stats {
    /* Set by spectacles_shard_stats_init(). */
    uint32_t size;
    /* 0 */
    uint32_t reserved;
    /* Bytes that were fed. */
    uint64_t bytes_received;
    /* Bytes that were consumed. */
    uint64_t bytes_sent;
    /* Payloads of any op. */
    uint64_t payloads_received;
    /* Payloads of any op, heartbeats included. */
    uint64_t payloads_sent;
    /* Payloads with an op that is not known. Discord asks clients to ignore them. */
    uint64_t payloads_unknown;
    /* DISPATCH events that were handed out. */
    uint64_t dispatches;
    /* Connections that were asked for. */
    uint64_t connects;
    /* Identifies that were sent. */
    uint64_t identifies;
    /* Resumes that were sent. */
    uint64_t resumes;
    /* Milliseconds until the last acknowledged heartbeat was acknowledged. 0 before the first. */
    uint64_t latency;
    /* Bytes of messages before inflation. 0 without compression. */
    uint64_t bytes_compressed;
    /* The same messages after inflation. */
    uint64_t bytes_inflated;
    /* Connections after the first. */
    uint64_t reconnects;
    /* Payloads by op. Ops beyond the array are in payloads_unknown alone. */
    uint64_t received_by_op[SPECTACLES_SHARD_OP_COUNT];
    /* Payloads by op. */
    uint64_t sent_by_op[SPECTACLES_SHARD_OP_COUNT];
    /*
     * Heartbeats sent a second or more after they were due. LATE events tell of them, though not of each: see
     * SPECTACLES_SHARD_EVENT_LATE.
     */
    uint64_t heartbeats_late;
    /* Messages without the compression or the ETF that was asked for: see SPECTACLES_SHARD_EVENT_PLAIN. */
    uint64_t messages_plain;
    /* The newest sequence of the present session that was pulled. */
    uint64_t received;
    /* The sequence that a RESUME of the present session begins behind. */
    uint64_t committed;
} spectacles_shard_stats;

/* ---- Making a shard ---- */

/* Fills a configuration with defaults. size: sizeof(spectacles_shard_config). Does nothing when size is below 4. */
void spectacles_shard_config_init(spectacles_shard_config *config, size_t size);

/* Makes a session empty and sets its size. size: sizeof(spectacles_session). Does nothing when size is below 4. */
void spectacles_session_init(spectacles_session *session, size_t size);

/* Makes counters empty and sets their size. size: sizeof(spectacles_shard_stats). Does nothing below 4. */
void spectacles_shard_stats_init(spectacles_shard_stats *stats, size_t size);

/*
 * Makes a shard, in state IDLE.
 *
 * out: receives the shard. Free it with spectacles_shard_free().
 * config: copied, with everything that it points to.
 * problem: says which setting is wrong and what to do. May be NULL.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL        a setting is missing or wrong
 *   SPECTACLES_E_TOOBIG       the identify payload would be over SPECTACLES_PACKET_MAX bytes: shorten the presence
 *   SPECTACLES_E_UNSUPPORTED  the configuration is newer than the library, or this build has not the compression
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_shard_new(spectacles_shard **out, const spectacles_shard_config *config,
                         spectacles_problem *problem);

/*
 * Checks a token as spectacles_shard_new() does. For whoever sends the token in a header first (GET /gateway/bot),
 * where a line break would do harm.
 *
 * token: NUL-terminated. NULL: it is missing, which is an error.
 * problem: says what is wrong. May be NULL.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  the token is missing, empty, or not printable ASCII without spaces
 */
int spectacles_token_check(const char *token, spectacles_problem *problem);

/*
 * The bot that a token belongs to: the user id in the first part of the token (Discord: "Authentication"). The token
 * itself is not checked.
 *
 * token: NUL-terminated.
 *
 * Returns the id, or 0: the token does not say whose it is. Cannot fail.
 */
uint64_t spectacles_token_bot(const char *token);

/*
 * Frees a shard. Nothing is sent to the gateway, which keeps the session. Its events, and the texts that it gave
 * out, are gone with it, and its token is wiped at once.
 *
 * Handles are freed in any order: a link or a relay that still holds the shard finds it CLOSED. To show the bot
 * offline, or to end the session, call spectacles_shard_close() before and wait for CLOSED. NULL is fine.
 */
void spectacles_shard_free(spectacles_shard *shard);

/*
 * The next event. Call it until it returns NULL, after every call on the stream and after every call of your own
 * that can queue an event (identify, close, reconnect): only then are the pending bytes and the deadline of the
 * stream up to date.
 *
 * Works on what was fed, and returns the next event. NULL: there is none until more happens. For how long the event is
 * valid, see spectacles_shard_event. Cannot fail: where memory runs out, the connection is given up, and
 * DISCONNECTED says SPECTACLES_E_NOMEM.
 *
 * While a relay holds the shard, the relay pulls its events: then this returns NULL, and spectacles_shard_last_error()
 * says so.
 */
const spectacles_shard_event *spectacles_shard_next_event(spectacles_shard *shard, uint64_t now);

/* ---- Sending ---- */

/*
 * Grants the identify that an IDENTIFY event asked for.
 *
 * The owner, or the relay, sees to it that shards identify within `max_concurrency` and the daily limit (Discord:
 * "Session Start Limit Object"). Resumes need no grant. Identifies that come to nothing (no connection that is READY
 * for ten minutes) are asked for ever more slowly, in the end every two and a half minutes on average, so that a
 * gateway that never says READY does not use up the thousand of a day.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE  the shard is not in IDENTIFY_WAIT, or its connection has ended: another IDENTIFY event
 *                       follows on the next connection
 *   SPECTACLES_E_NOMEM  memory ran out; try again
 */
int spectacles_shard_identify(spectacles_shard *shard, uint64_t now);

/*
 * Sends {"op": op, "d": d}.
 *
 * d, length: one JSON value. It is copied, and sent as it is, or as ETF where that is the format.
 * ticket: receives a number that exactly one later event names, SENT or UNSENT. May be NULL.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE   the shard is not READY
 *   SPECTACLES_E_AGAIN   the rate limit is used up: try at the `refill_at` of spectacles_shard_budget(). Or the output
 *                        is congested: try after the next SENT
 *   SPECTACLES_E_TOOBIG  over SPECTACLES_PACKET_MAX bytes in the format in use (Discord: close code 4002)
 *   SPECTACLES_E_PROTO   d is not JSON, or ETF cannot carry it
 *   SPECTACLES_E_NOMEM   memory ran out
 *
 * The rate limit is 120 payloads in 60 seconds for each connection (Discord: "Rate Limiting"; close code 4008), of
 * which room is kept for heartbeats. 61 seconds are counted: Discord counts what arrives, and the network bunches
 * what was sent apart.
 */
int spectacles_shard_send(spectacles_shard *shard, uint32_t op, const uint8_t *d, size_t length, uint64_t now,
                          uint64_t *ticket);

/*
 * A presence, for spectacles_shard_send_presence(). Fill it with spectacles_presence_init(). Texts are NUL-terminated
 * UTF-8, and copied.
 */
typedef struct spectacles_presence {
    /* Set by spectacles_presence_init(). */
    uint32_t size;
    /* 1: away. */
    uint32_t afk;
    /* Since when the bot is idle, in milliseconds since 1970. 0: it is not idle. */
    uint64_t since;
    /* Required: "online", "dnd", "idle", "invisible" or "offline". */
    const char *status;
    /* A JSON array (Discord: "Activity Object"). NULL: none. */
    const char *activities;
} spectacles_presence;

/* Makes a presence empty and sets its size. size: sizeof(spectacles_presence). Does nothing when size is below 4. */
void spectacles_presence_init(spectacles_presence *presence, size_t size);

/*
 * Writes a presence as JSON, the d of op 3: for spectacles_gateway_set_presence(), spectacles_shard_set_presence() and
 * spectacles_shard_config.presence.
 *
 * out: receives the JSON; empty on failure.
 * problem: may be NULL; on failure it says what is wrong.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  a field is missing, or Discord would refuse it
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_presence_write(spectacles_bytes *out, const spectacles_presence *presence,
                              spectacles_problem *problem);

/*
 * Sends op 3 (Discord: "Update Presence").
 *
 * ticket: as in spectacles_shard_send(). May be NULL.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE   the shard is not READY
 *   SPECTACLES_E_AGAIN   the rate limit or the output is used up: see spectacles_shard_send()
 *   SPECTACLES_E_TOOBIG  over SPECTACLES_PACKET_MAX bytes
 *   SPECTACLES_E_PROTO   a text cannot be sent in the format in use
 *   SPECTACLES_E_NOMEM   memory ran out
 *   SPECTACLES_E_INVAL   a field is missing, or Discord would refuse it
 */
int spectacles_shard_send_presence(spectacles_shard *shard, const spectacles_presence *presence, uint64_t now,
                                   uint64_t *ticket);

/* A mask for spectacles_shard_send_voice_state(). */
enum spectacles_voice_flag {
    /* The bot is muted. */
    SPECTACLES_VOICE_SELF_MUTE = 1,
    /* The bot is deafened. */
    SPECTACLES_VOICE_SELF_DEAF = 2
};

/*
 * Sends op 4 (Discord: "Update Voice State"): joins a voice channel, moves to it, or leaves.
 *
 * guild_id: not 0.
 * channel_id: the channel to join. 0: leave.
 * flags: a mask of enum spectacles_voice_flag.
 * ticket: as in spectacles_shard_send(). May be NULL.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE   the shard is not READY
 *   SPECTACLES_E_AGAIN   the rate limit or the output is used up: see spectacles_shard_send()
 *   SPECTACLES_E_TOOBIG  over SPECTACLES_PACKET_MAX bytes
 *   SPECTACLES_E_PROTO   a text cannot be sent in the format in use
 *   SPECTACLES_E_NOMEM   memory ran out
 *   SPECTACLES_E_INVAL   guild_id is 0, or a flag is not known
 */
int spectacles_shard_send_voice_state(spectacles_shard *shard, uint64_t guild_id, uint64_t channel_id,
                                      uint32_t flags, uint64_t now, uint64_t *ticket);

/*
 * A request for members, for spectacles_shard_request_members(). Fill it with spectacles_members_request_init(). Either
 * query or user_ids is set. Texts are NUL-terminated UTF-8, and copied.
 */
typedef struct spectacles_members_request {
    /* Set by spectacles_members_request_init(). */
    uint32_t size;
    /* With a query: at most so many members. 0 with an empty query: all. */
    uint32_t limit;
    /* 1: with their presences, which needs the intent GUILD_PRESENCES. */
    uint32_t presences;
    /* 0 */
    uint32_t reserved;
    /* Required. */
    uint64_t guild_id;
    /* What names begin with; "" for all names. NULL: user_ids is set. */
    const char *query;
    /* user_id_count ids, none of them 0, at most SPECTACLES_MEMBERS_USERS_MAX (routing.h). NULL and 0: query is set. */
    const uint64_t *user_ids;
    size_t user_id_count;
    /* Comes back with the answer; at most 32 bytes. NULL: none. */
    const char *nonce;
} spectacles_members_request;

/* Makes a request empty and sets its size. size: sizeof(spectacles_members_request). Does nothing below 4. */
void spectacles_members_request_init(spectacles_members_request *request, size_t size);

/*
 * Writes a request for members as JSON, the d of op 8: for spectacles_gateway_send(), spectacles_relay_send() and the
 * packet of a SEND.
 *
 * out: receives the JSON; empty on failure.
 * problem: may be NULL; on failure it says what is wrong.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  a field is missing or wrong
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_members_request_write(spectacles_bytes *out, const spectacles_members_request *request,
                                     spectacles_problem *problem);

/*
 * Sends op 8 (Discord: "Request Guild Members"). GUILD_MEMBERS_CHUNK answers it, or RATE_LIMITED.
 *
 * ticket: as in spectacles_shard_send(). May be NULL.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE   the shard is not READY
 *   SPECTACLES_E_AGAIN   the rate limit or the output is used up: see spectacles_shard_send()
 *   SPECTACLES_E_TOOBIG  over SPECTACLES_PACKET_MAX bytes
 *   SPECTACLES_E_PROTO   a text cannot be sent in the format in use
 *   SPECTACLES_E_NOMEM   memory ran out
 *   SPECTACLES_E_INVAL   a field is missing or wrong
 */
int spectacles_shard_request_members(spectacles_shard *shard, const spectacles_members_request *request,
                                     uint64_t now, uint64_t *ticket);

/*
 * Sends op 31 (Discord: "Request Soundboard Sounds"). SOUNDBOARD_SOUNDS answers it, once for each guild.
 *
 * guild_ids, count: at least one id, none of them 0.
 * ticket: as in spectacles_shard_send(). May be NULL.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE   the shard is not READY
 *   SPECTACLES_E_AGAIN   the rate limit or the output is used up: see spectacles_shard_send()
 *   SPECTACLES_E_TOOBIG  over SPECTACLES_PACKET_MAX bytes
 *   SPECTACLES_E_PROTO   a text cannot be sent in the format in use
 *   SPECTACLES_E_NOMEM   memory ran out
 *   SPECTACLES_E_INVAL   there is no id, or one is 0
 */
int spectacles_shard_request_sounds(spectacles_shard *shard, const uint64_t *guild_ids, size_t count,
                                    uint64_t now, uint64_t *ticket);

/*
 * Sends op 43 (Discord: "Request Channel Info"). CHANNEL_INFO answers it.
 *
 * guild_id: not 0.
 * fields, count: names such as "status" and "voice_start_time", NUL-terminated UTF-8.
 * ticket: as in spectacles_shard_send(). May be NULL.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE   the shard is not READY
 *   SPECTACLES_E_AGAIN   the rate limit or the output is used up: see spectacles_shard_send()
 *   SPECTACLES_E_TOOBIG  over SPECTACLES_PACKET_MAX bytes
 *   SPECTACLES_E_PROTO   a text cannot be sent in the format in use
 *   SPECTACLES_E_NOMEM   memory ran out
 *   SPECTACLES_E_INVAL   guild_id is 0, or a name is NULL
 */
int spectacles_shard_request_channel_info(spectacles_shard *shard, uint64_t guild_id,
                                          const char *const *fields, size_t count, uint64_t now,
                                          uint64_t *ticket);

/*
 * Changes the presence: sent as op 3 (Discord: "Update Presence") as soon as the shard is READY and the rate limit has
 * room, again after a connection that ended first, and with every identify from now on.
 *
 * d: the d of op 3: `length` bytes of JSON, with all that spectacles_presence_check() asks for. Copied.
 *
 * Returns 0, or, and then the old presence stays:
 *   SPECTACLES_E_INVAL   d is NULL, no JSON, or not what spectacles_presence_check() asks for
 *   SPECTACLES_E_TOOBIG  the identify payload would be over 4096 bytes
 *   SPECTACLES_E_NOMEM   memory ran out
 */
int spectacles_shard_set_presence(spectacles_shard *shard, const uint8_t *d, size_t length);

/*
 * Replaces the token: every identify and every RESUME from now on has the new one. The connection that stands goes on,
 * because Discord looks at a token only when a connection logs in.
 *
 * What Discord does when a token is reset is not documented. It can leave connections alone, close them with 4004, or
 * refuse to resume their sessions. Then:
 * - 4004 for a token that was replaced since the connection logged in is not FATAL: the shard connects again, and
 *   resumes its session with the new token.
 * - Discord may answer that RESUME with an invalid session (op 9). The session is lost then as in any other case: GAP
 *   declares it, and the shard identifies with the new token.
 * - 4004 before the token was replaced is FATAL, and FATAL is final: this call brings no shard back. So replace the
 *   token soon after it was reset.
 *
 * token: NUL-terminated, as in spectacles_shard_config. Copied; the former one is wiped. The same token changes
 *        nothing.
 *
 * Does not block. Returns 0, or, and then the former token stays:
 *   SPECTACLES_E_INVAL   it is not what spectacles_token_check() asks for
 *   SPECTACLES_E_AUTH    it is of another bot (spectacles_token_bot())
 *   SPECTACLES_E_TOOBIG  the identify payload would be over 4096 bytes
 *   SPECTACLES_E_NOMEM   memory ran out
 */
int spectacles_shard_set_token(spectacles_shard *shard, const char *token);

/*
 * How many packets spectacles_shard_send() would take now.
 *
 * remaining: receives the number. 0 while the shard is not READY or its output is congested, whatever the rate limit
 *     says: then READY, RESUMED or SENT is what to wait for. May be NULL.
 * refill_at: receives when the rate limit next lets one more through, on the clock of `now`; SPECTACLES_NEVER when
 *     nothing was sent in the last 61 seconds. May be NULL.
 *
 * Returns 0.
 */
int spectacles_shard_budget(const spectacles_shard *shard, uint64_t now, uint32_t *remaining,
                            uint64_t *refill_at);

/* ---- The session and the connection ---- */

/*
 * Says that dispatches are safe: stored, or taken over by somebody who stores them. With SPECTACLES_SHARD_COMMITS
 * alone.
 *
 * seq: the sequence of a dispatch. Everything up to and including it is safe, and needs no replay. A lower number
 * than before is ignored.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  seq is above what was received
 *   SPECTACLES_E_STATE  there is no session, or the flag was not set
 */
int spectacles_shard_commit(spectacles_shard *shard, uint64_t seq);

/*
 * Says that the session is stored, so that heartbeats may carry its sequence. With SPECTACLES_SHARD_STORED_HEARTBEATS
 * alone. A session that the shard was made with (spectacles_shard_config.session) counts as stored with its sequence.
 *
 * session_id: which session was stored, NUL-terminated. A store may answer when the shard has another session already.
 * seq: the sequence that the session was stored with, which spectacles_shard_session() gave. A lower number than before
 * is ignored.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  seq is above the sequence that spectacles_shard_session() gives
 *   SPECTACLES_E_STATE  the shard has no session or another one, or the flag was not set
 */
int spectacles_shard_stored(spectacles_shard *shard, const char *session_id, uint64_t seq);

/*
 * The session, to be stored. Another process that gives it to spectacles_shard_config.session resumes it, and
 * Discord replays what lies behind its sequence. Store it when READY or RESUMED comes, and from time to time after
 * commits: an older sequence costs a longer replay, and loses nothing. Discord keeps a session for some minutes
 * after its connection has ended.
 *
 * The session as it could be resumed now. A session that is lost is here until its GAP was handed out, so that what
 * an owner stores never hides a gap that he was not told of.
 *
 * out: its size says how much the caller has room for (spectacles_session_init()). The texts in it belong to the
 *     shard, and are valid until the next call on the shard or its stream.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE  there is no session
 *   SPECTACLES_E_INVAL  out has no size
 */
int spectacles_shard_session(const spectacles_shard *shard, spectacles_session *out);

/*
 * Ends the connection with a close frame, and with it the shard. Go on moving bytes and pulling until CLOSED comes, at
 * most 3 s later: the close frame has to reach the gateway, or the bot is shown online until Discord notices. An UNSENT
 * comes before for each packet that was on its way.
 *
 * Closes the shard for good. CLOSED is its last event.
 *
 * code: 1000 and 1001 end the session and show the bot offline. 3000 to 4999 keep the session resumable for a few
 *     minutes (Discord: "Disconnecting"). 0 means 4000, which keeps it.
 *
 * Returns 0, also on a shard that is closing or final, or:
 *   SPECTACLES_E_INVAL  another code
 */
int spectacles_shard_close(spectacles_shard *shard, uint32_t code, uint64_t now);

/*
 * Drops this connection with close code 4000, and resumes on a new one from the sequence that
 * spectacles_shard_session() shows: what was dispatched but not committed comes again.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE  no connection stands
 */
int spectacles_shard_reconnect(spectacles_shard *shard, uint64_t now);

/*
 * Makes no new connection before `until`, and up to 5 s later, so that many shards do not come back at once. A
 * connection that stands, or is being made, goes on. For the other shards of a process when one of them was told
 * `hold_until`; a relay does it by itself.
 *
 * until: on the clock of `now`, in milliseconds. An earlier time than that of a former call is ignored.
 *
 * Returns 0.
 */
int spectacles_shard_hold_off(spectacles_shard *shard, uint64_t until);

/*
 * The addresses or the routes of this machine have changed. A shard in BACKOFF whose last attempt did not reach the
 * gateway (SPECTACLES_E_UNREACHABLE) tries again within half a second. The link of a shard that is CONNECTING, and has
 * had no answer to TCP for a second, begins again. Other shards do nothing. A gateway handle with
 * SPECTACLES_GATEWAY_RESOLVES does it by itself.
 *
 * Cannot fail.
 */
void spectacles_shard_network_changed(spectacles_shard *shard, uint64_t now);

/*
 * The stream of the shard: its bytes, its deadline, and where it wants to be connected (stream.h). Belongs to the
 * shard, and is valid until the shard is freed. Cannot fail.
 */
spectacles_stream *spectacles_shard_stream(spectacles_shard *shard);

/* ---- Looking ---- */

/* The state of the shard: enum spectacles_shard_state. Cannot fail. */
uint32_t spectacles_shard_state(const spectacles_shard *shard);

/*
 * The name of a state for logs, without its prefix: "IDENTIFY_WAIT". "UNKNOWN" for a number that this version does
 * not know. Static and NUL-terminated. Cannot fail.
 */
const char *spectacles_shard_state_name(uint32_t state);

/* The name of a type of event: "DISPATCH". As spectacles_shard_state_name(). */
const char *spectacles_shard_event_type_name(uint32_t type);

/* The name of a compression: "ZSTD_STREAM". As spectacles_shard_state_name(). */
const char *spectacles_compression_name(uint32_t compression);

/* shard_id of the configuration. Cannot fail. */
uint32_t spectacles_shard_id(const spectacles_shard *shard);

/* shard_count of the configuration. Cannot fail. */
uint32_t spectacles_shard_count(const spectacles_shard *shard);

/*
 * What the shard has counted since it was made. The counters only grow, but for latency, so that a monitor can show
 * their differences.
 *
 * Copies the counters.
 *
 * out: its size says how much the caller has room for (spectacles_shard_stats_init()).
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  out has no size
 */
int spectacles_shard_get_stats(const spectacles_shard *shard, spectacles_shard_stats *out);

/*
 * One sentence about the last call on the shard or its stream that failed, NUL-terminated, or "". Calls that take
 * the shard as const have one reason for each of their errors, and leave the sentence alone. Valid until the next
 * call on the shard or its stream. Never holds the token.
 */
const char *spectacles_shard_last_error(const spectacles_shard *shard);

/*
 * The fields of an event, for languages that read structs slowly. Each returns the field of its name, which is valid
 * as long as the event. length: receives the number of bytes. May be NULL.
 */

/* enum spectacles_shard_event_type. Cannot fail. */
uint32_t spectacles_shard_event_type(const spectacles_shard_event *event);

/* The close code; 0: there was none. */
uint32_t spectacles_shard_event_code(const spectacles_shard_event *event);

/* enum spectacles_error. */
int32_t spectacles_shard_event_error(const spectacles_shard_event *event);

/* enum spectacles_format of the data. */
uint32_t spectacles_shard_event_format(const spectacles_shard_event *event);

/* enum spectacles_shard_state after what the event tells. */
uint32_t spectacles_shard_event_state(const spectacles_shard_event *event);

/* The sequence. */
uint64_t spectacles_shard_event_seq(const spectacles_shard_event *event);

/* The ticket of a packet. */
uint64_t spectacles_shard_event_ticket(const spectacles_shard_event *event);

/* LATENCY, LATE: milliseconds. */
uint64_t spectacles_shard_event_duration(const spectacles_shard_event *event);

/* DISCONNECTED: when the shard connects again, on the clock of `now`. */
uint64_t spectacles_shard_event_until(const spectacles_shard_event *event);

/* DISCONNECTED: before when no shard should connect; 0: it is about this shard alone. */
uint64_t spectacles_shard_event_hold_until(const spectacles_shard_event *event);

/* The name of a dispatch, not NUL-terminated. NULL: the type has none. */
const char *spectacles_shard_event_name(const spectacles_shard_event *event, size_t *length);

/* The data of a dispatch or of READY, not NUL-terminated. NULL: the type has none. */
const uint8_t *spectacles_shard_event_data(const spectacles_shard_event *event, size_t *length);

/* A sentence, NUL-terminated. NULL: the type has none. */
const char *spectacles_shard_event_text(const spectacles_shard_event *event, size_t *length);

/* The id of a session, NUL-terminated. NULL: the type has none. */
const char *spectacles_shard_event_session_id(const spectacles_shard_event *event, size_t *length);

#ifdef __cplusplus
}
#endif

#endif
