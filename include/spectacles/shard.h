/*
 * spectacles/shard.h - one connection to Discord's gateway, as a state machine without I/O.
 *
 * SPDX-License-Identifier: MIT
 *
 * A shard takes bytes, gives bytes, names a deadline and hands out events. It opens no socket, reads no clock and speaks
 * no TLS. Its bytes go through spectacles_shard_stream(): a spectacles_link (link.h) moves them, or a transport of your own
 * that does what stream.h says.
 *
 * The shard works while it is pulled: bytes that were fed are decoded one message at a time, so that a dispatch can be
 * handed out as a slice of the message it arrived in. An owner that stops pulling stops the stream: at high water
 * spectacles_stream_wants_input() becomes 0 and TCP pushes back, while heartbeats go on from spectacles_stream_expire().
 *
 * The life of a shard, and what moves it:
 *
 *     IDLE -> CONNECTING -> UPGRADING -> HELLO -> IDENTIFY_WAIT -> IDENTIFYING --> READY
 *                ^   (opened)  (101)       |         (granted)       (READY)  ^     |
 *                |                         +-----> RESUMING ------------------+     |
 *                |                        (session)         (RESUMED)               |
 *             BACKOFF <------------------ CLOSING <---------------------------------+--> FATAL, CLOSED
 *
 * After a loss the session is resumed, whatever the loss was, until there is evidence that it is gone: see
 * SPECTACLES_SHARD_EVENT_GAP. The wait before the next attempt is random, up to 1 s, and doubles with each attempt
 * up to 60 s; new events, or ten seconds of READY, start it anew. After op 9 it is 1 to 5 s, as Discord asks.
 *
 * Any loss leads to BACKOFF (directly when the transport has ended, else through CLOSING) and from there to
 * CONNECTING, with an event that says why and until when. FATAL (Discord will never accept this
 * configuration) and CLOSED (the owner asked) are final.
 */
#ifndef SPECTACLES_SHARD_H
#define SPECTACLES_SHARD_H

#include <spectacles/codec.h>
#include <spectacles/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spectacles_shard spectacles_shard;

enum spectacles_shard_state {
    SPECTACLES_SHARD_IDLE = 0,          /* new; the first expire() or next_event() makes it CONNECTING */
    SPECTACLES_SHARD_CONNECTING = 1,    /* endpoint() is wanted, opened() not yet heard */
    SPECTACLES_SHARD_UPGRADING = 2,     /* HTTP upgrade sent, 101 awaited */
    SPECTACLES_SHARD_HELLO = 3,         /* op 10 awaited */
    SPECTACLES_SHARD_IDENTIFY_WAIT = 4, /* the owner's spectacles_shard_identify() awaited */
    SPECTACLES_SHARD_IDENTIFYING = 5,   /* READY awaited */
    SPECTACLES_SHARD_RESUMING = 6,      /* replayed dispatches, then RESUMED awaited */
    SPECTACLES_SHARD_READY = 7,
    SPECTACLES_SHARD_CLOSING = 8, /* our close frame is on its way, the peer's awaited */
    SPECTACLES_SHARD_BACKOFF = 9, /* no connection is wanted before deadline() */
    /* From here on states are final. */
    SPECTACLES_SHARD_CLOSED = 10, /* closed by the owner */
    SPECTACLES_SHARD_FATAL = 11   /* final: see the FATAL event */
};

/*
 * What is needed to resume a session, in this process or another (Discord: "Resuming"). As a setting it is
 * copied. As a result it belongs to the shard and is valid until the next call on it.
 */
typedef struct spectacles_session {
    uint32_t size;        /* sizeof(spectacles_session) */
    uint32_t shard_id;    /* has to be that of the shard that resumes, */
    uint32_t shard_count; /* and so has this: otherwise the session is given up, with a GAP */
    uint64_t seq;         /* the sequence to resume from: committed when the owner commits, else received */
    /* 1 to 255 characters of printable ASCII without spaces, NUL-terminated. A READY with another id is refused */
    const char *session_id;
    /* "wss://host[:port][/]", at most 511 such characters, NUL-terminated; empty: the gateway's own URL */
    const char *resume_url;
    uint32_t encoding; /* enum spectacles_format, in which the session was made: for the owner to know */
    uint32_t reserved; /* 0 */
} spectacles_session;

/* How the gateway's messages are compressed (Discord: "Encoding and Compression"). */
enum spectacles_compression {
    SPECTACLES_COMPRESSION_NONE = 0,
    SPECTACLES_COMPRESSION_ZLIB_STREAM = 1, /* one zlib stream for the whole connection */
    /* one zstd stream for the whole connection; inflates about 2.5 times faster. feature "zstd-stream" */
    SPECTACLES_COMPRESSION_ZSTD_STREAM = 2,
    SPECTACLES_COMPRESSION_PAYLOAD = 3 /* large payloads alone, in JSON only: asked for with identify */
};

enum spectacles_shard_flag {
    /*
     * The owner says with spectacles_shard_commit() which dispatches are safe. Heartbeats, resumes and
     * exported sessions then carry the committed sequence instead of the received one, so that what was
     * not safe yet is replayed by Discord after a loss.
     */
    SPECTACLES_SHARD_COMMITS = 1
};

/* What a client says of itself with identify (Discord: "Gateway Capabilities"). */
enum spectacles_capability {
    /* channels that the bot cannot view come with their metadata obfuscated */
    SPECTACLES_CAPABILITY_CHANNEL_OBFUSCATION = 1 << 15
};

typedef struct spectacles_shard_config {
    uint32_t size;            /* set by spectacles_shard_config_init */
    uint32_t flags;           /* a mask of enum spectacles_shard_flag; default 0 */
    uint32_t shard_id;        /* default 0 */
    uint32_t shard_count;     /* default 1; shard_id must be below it */
    uint32_t gateway_version; /* default 10 */
    uint32_t large_threshold; /* 50..250, default 50 (Discord: "Identify Structure") */
    uint64_t intents;         /* a mask, passed on as given; default 0 */
    /* required, not 0: spectacles_random_seed(). Jitter, frame masks, handshake keys */
    uint64_t seed;
    /* required; without the "Bot " prefix. Of the shard's copies none is left in memory once it is freed */
    const char *token;
    /* required: "wss://gateway.discord.gg" from GET /gateway/bot, or ws:// for tests */
    const char *gateway_url;
    /* sent with identify: JSON, the d of op 3 with all that spectacles_presence_check() asks for; or NULL */
    const char *presence;
    const char *user_agent;            /* of the HTTP upgrade; NULL: the library's own */
    const spectacles_session *session; /* to be resumed, or NULL */
    /* bytes of one received payload; default 32 MiB. More: close 1009, reconnect */
    uint64_t max_message;
    /* bytes that wait unread before wants_input() turns 0, until half of them are pulled; default 256 KiB */
    uint64_t high_water;
    uint32_t encoding; /* SPECTACLES_FORMAT_JSON (default) or SPECTACLES_FORMAT_ETF (codec.h) */
    /* enum spectacles_compression; default ZSTD_STREAM, or ZLIB_STREAM where built without zstd */
    uint32_t compression;
    uint64_t
        max_inflated; /* bytes of one payload once inflated; default 64 MiB. More: close 1009, reconnect */
    /*
     * of inflated to compressed bytes, of a payload above 64 KiB; default 256. More: close 1009, reconnect. It counts with
     * SPECTACLES_COMPRESSION_PAYLOAD alone: a stream (zlib-stream, zstd-stream) remembers what it brought before,
     * and a payload that resembles an earlier one takes next to nothing. There max_inflated is the bound
     */
    uint64_t max_ratio;
    /*
     * a mask of SPECTACLES_CAPABILITY_... and whatever Discord has beyond (Discord: "Gateway Capabilities"), sent with identify
     * as given; default 0: the field is left out
     */
    uint64_t capabilities;
} spectacles_shard_config;

enum spectacles_shard_event_type {
    SPECTACLES_SHARD_EVENT_CONNECTING = 1, /* endpoint() is wanted; text: "host:port" */
    /* wants to identify: call spectacles_shard_identify() when its turn has come */
    SPECTACLES_SHARD_EVENT_IDENTIFY = 2,
    /*
     * identified: a new session. data: the d of READY. A DISPATCH of READY follows, so that it can be
     * treated like any event
     */
    SPECTACLES_SHARD_EVENT_READY = 3,
    SPECTACLES_SHARD_EVENT_RESUMED = 4,  /* the old session goes on; a DISPATCH of RESUMED follows */
    SPECTACLES_SHARD_EVENT_DISPATCH = 5, /* seq, name, data */
    /* a heartbeat was acknowledged; `duration`: milliseconds it took */
    SPECTACLES_SHARD_EVENT_LATENCY = 6,
    /* `ticket` of spectacles_shard_send: its last byte was consumed */
    SPECTACLES_SHARD_EVENT_SENT = 7,
    /* `ticket`: the connection ended first; it was not sent. Send again */
    SPECTACLES_SHARD_EVENT_UNSENT = 8,
    /* code, error, text; `until`: when it connects again; `hold_until` */
    SPECTACLES_SHARD_EVENT_DISCONNECTED = 9,
    /*
     * the session is lost: events after `seq` (the last safe one) may be missing. session_id: the lost
     * session. Exactly one per lost session. That is so after op 9 with false; when a close code about the session (4003, 4006,
     * 4007, 4009) came again in answer to a RESUME; and when no RESUME was answered for five minutes (RESUMED, or
     * anything that was not received or committed before, is an answer). See doc/guarantees.md
     */
    SPECTACLES_SHARD_EVENT_GAP = 10,
    SPECTACLES_SHARD_EVENT_CLOSED = 11, /* final, after spectacles_shard_close() */
    SPECTACLES_SHARD_EVENT_FATAL = 12,  /* final: code, error and a text that says what to change */
    /*
     * a heartbeat went out a second or more after it was due, because expire() came so late; `duration`: milliseconds.
     * Discord takes a connection whose heartbeats are missing for dead: something blocks the owner's loop
     */
    SPECTACLES_SHARD_EVENT_LATE = 13,
    /*
     * the shard has come to a `state` that no other event tells of: UPGRADING, HELLO, IDENTIFYING, RESUMING (seq:
     * behind which), or CLOSING (code, error: why; DISCONNECTED, CLOSED or FATAL follows)
     */
    SPECTACLES_SHARD_EVENT_STATE = 14,
    /*
     * the gateway, or a proxy in front of it, does not know the compression or the ETF that was asked for, and answers
     * without: its messages are taken as they are. Once for each connection; text says which. A text message is always
     * JSON; when HELLO is one, the shard speaks JSON on this connection too
     */
    SPECTACLES_SHARD_EVENT_PLAIN = 15
};

/*
 * Valid, with everything it points to, until the next spectacles_shard_next_event(), spectacles_stream_feed(),
 * spectacles_stream_eof(), spectacles_stream_expire() or spectacles_shard_free() on its shard. Every other call leaves it
 * alone: commit, send or close, and read the data after it. Fields that a type does not name are 0 or NULL.
 */
typedef struct spectacles_shard_event {
    uint32_t type;   /* enum spectacles_shard_event_type */
    uint32_t code;   /* WebSocket or Discord close code; 0 when there was none */
    int32_t error;   /* enum spectacles_error */
    uint32_t format; /* READY, DISPATCH: of data (enum spectacles_format: JSON, or a bare ETF term) */
    uint64_t seq;
    uint64_t ticket;
    uint64_t duration; /* LATENCY, LATE: milliseconds */
    uint64_t until;    /* DISCONNECTED: when it connects again, in milliseconds on the clock of `now` */
    const char *name;  /* the event's name ("t"); not NUL-terminated */
    size_t name_length;
    const uint8_t *data; /* the slice of d, verbatim: JSON, or a bare ETF term (codec.h) */
    size_t data_length;
    /* a sentence; CONNECTING: "host:port"; NUL-terminated; never holds the token */
    const char *text;
    size_t text_length;
    const char
        *session_id; /* READY, RESUMED: of the session that stands; GAP: of the lost one; NUL-terminated */
    size_t session_id_length;
    uint32_t state; /* enum spectacles_shard_state, after what the event tells; of every event */
    uint32_t reserved;
    /*
     * DISCONNECTED: the gateway answered 429, which is about the whole bot or its address: no shard should connect before
     * that point in time (spectacles_shard_hold_off; a relay does it). 0: it is about this shard alone
     */
    uint64_t hold_until;
} spectacles_shard_event;

enum spectacles_shard_op_count {
    SPECTACLES_SHARD_OPS = 48 /* so many ops are counted one by one */
};

/* What a shard has counted since it was made. Grows at the end; see spectacles_shard_get_stats(). */
typedef struct spectacles_shard_stats {
    uint32_t size; /* sizeof(spectacles_shard_stats), set by the caller */
    uint32_t reserved;
    uint64_t bytes_received; /* fed */
    uint64_t bytes_sent;     /* consumed */
    uint64_t payloads_received;
    uint64_t payloads_sent;
    uint64_t payloads_unknown; /* with an op that is not known: ignored, as Discord asks */
    uint64_t dispatches;
    uint64_t connects;
    uint64_t identifies;
    uint64_t resumes;
    uint64_t latency;          /* of the last acknowledged heartbeat, milliseconds; 0 before the first */
    uint64_t bytes_compressed; /* of messages, before inflation; without compression 0 */
    uint64_t bytes_inflated;   /* of these, after it */
    uint64_t reconnects;       /* connections made after the first */
    uint64_t received_by_op[SPECTACLES_SHARD_OPS]; /* payloads; ops beyond are in payloads_unknown only */
    uint64_t sent_by_op[SPECTACLES_SHARD_OPS];
    uint64_t heartbeats_late; /* sent a second or more after they were due: see SPECTACLES_SHARD_EVENT_LATE */
    uint64_t
        messages_plain; /* taken as they are, though more was asked for: see SPECTACLES_SHARD_EVENT_PLAIN */
} spectacles_shard_stats;

/*
 * Each makes a struct empty and sets its size, so that all that is left is to fill in the fields. size: sizeof the struct.
 * Does nothing when size is below 4.
 */
void spectacles_session_init(spectacles_session *session, size_t size);
void spectacles_shard_stats_init(spectacles_shard_stats *stats, size_t size);

/* Fills a configuration with defaults. size: sizeof(spectacles_shard_config). */
void spectacles_shard_config_init(spectacles_shard_config *config, size_t size);

/*
 * Makes a shard, in state IDLE. Everything in config is copied. SPECTACLES_E_INVAL: a setting is missing or
 * wrong; then `problem` (may be NULL) says which. SPECTACLES_E_TOOBIG: identify would be over
 * SPECTACLES_PACKET_MAX bytes, because of the presence. SPECTACLES_E_NOMEM; SPECTACLES_E_UNSUPPORTED: the
 * configuration is newer than the library, or this build has not the compression.
 */
int spectacles_shard_new(spectacles_shard **out, const spectacles_shard_config *config,
                         spectacles_problem *problem);

/*
 * Checks a token by itself, as spectacles_shard_new() does: whoever sends it in a header first (GET /gateway/bot) should
 * know before that it holds no line break. token may be NULL: it is missing then. problem may be NULL. Returns 0;
 * SPECTACLES_E_INVAL: it is empty, or not printable ASCII without spaces.
 */
int spectacles_token_check(const char *token, spectacles_problem *problem);

/*
 * Frees a shard. Nothing is sent to the gateway, which keeps the session. Handles are freed in any order: a link or a relay that
 * still holds the shard finds it CLOSED. The token is wiped at once. NULL is fine. Does not block.
 */
void spectacles_shard_free(spectacles_shard *shard);

/*
 * Works on what was fed, and returns the next event, or NULL when there is nothing to tell until more
 * happens. For how long the event is valid, see spectacles_shard_event.
 *
 * While a relay holds the shard, the relay pulls its events: then this returns NULL, and spectacles_shard_last_error() says so.
 */
const spectacles_shard_event *spectacles_shard_next_event(spectacles_shard *shard, uint64_t now);

/*
 * Grants the identify that an IDENTIFY event asked for. The owner (or the relay) sees to it that shards
 * identify within `max_concurrency` and the daily limit (Discord: "Session Start Limit Object"); resumes need
 * no grant. SPECTACLES_E_STATE when the shard is not in IDENTIFY_WAIT, or its connection has ended: another
 * IDENTIFY event follows on the next one. SPECTACLES_E_NOMEM.
 *
 * Identifies that come to nothing (no connection that is READY for ten minutes) are asked for ever more slowly, in the
 * end every two and a half minutes on average: a gateway that never says READY does not use up the thousand of a day.
 */
int spectacles_shard_identify(spectacles_shard *shard, uint64_t now);

/*
 * Sends {"op": op, "d": d}; d is one JSON value and is sent verbatim, or as ETF where that is the encoding (and
 * copied). ticket (may be NULL) receives a number that exactly one later event names: SENT or UNSENT.
 *
 * SPECTACLES_E_STATE: the shard is not READY. SPECTACLES_E_AGAIN: the 120 payloads per 60 seconds of this
 * connection are used up but for what heartbeats need (61 seconds are counted: Discord counts what arrives, and
 * the network bunches what was sent apart): try again at the `refill_at` of spectacles_shard_budget(); or the
 * output is congested: try again after the next SENT. SPECTACLES_E_TOOBIG: more than SPECTACLES_PACKET_MAX bytes
 * in the encoding in use. SPECTACLES_E_PROTO: d is not JSON, or nothing that ETF can carry. SPECTACLES_E_NOMEM.
 * (Discord: "Rate Limiting"; close codes 4002, 4008.)
 */
int spectacles_shard_send(spectacles_shard *shard, uint32_t op, const uint8_t *d, size_t length, uint64_t now,
                          uint64_t *ticket);

/*
 * The payloads that a bot may send, from typed arguments; each is spectacles_shard_send() of the op that stands
 * with it, with its ticket and its errors, and SPECTACLES_E_INVAL for an argument that Discord would refuse.
 * Texts are NUL-terminated UTF-8 and copied. Ids are written as strings.
 */

/* Op 3 (Discord: "Update Presence"). */
typedef struct spectacles_presence {
    uint32_t size;          /* sizeof(spectacles_presence) */
    uint32_t afk;           /* 1: away */
    uint64_t since;         /* since when idle: milliseconds since 1970; 0: not idle */
    const char *status;     /* required: online, dnd, idle, invisible or offline */
    const char *activities; /* a JSON array (Discord: "Activity Object"); NULL: none */
} spectacles_presence;

/* Makes a presence empty and sets its size. size: sizeof(spectacles_presence). */
void spectacles_presence_init(spectacles_presence *presence, size_t size);

int spectacles_shard_send_presence(spectacles_shard *shard, const spectacles_presence *presence, uint64_t now,
                                   uint64_t *ticket);

enum spectacles_voice_flag {
    SPECTACLES_VOICE_SELF_MUTE = 1,
    SPECTACLES_VOICE_SELF_DEAF = 2
};

/* Op 4: joins or moves to a voice channel, leaves with channel_id 0 (Discord: "Update Voice State"). */
int spectacles_shard_send_voice_state(spectacles_shard *shard, uint64_t guild_id, uint64_t channel_id,
                                      uint32_t flags, uint64_t now, uint64_t *ticket);

/* Op 8 (Discord: "Request Guild Members"). Answered by GUILD_MEMBERS_CHUNK, or RATE_LIMITED. */
typedef struct spectacles_members_request {
    uint32_t size;      /* sizeof(spectacles_members_request) */
    uint32_t limit;     /* with a query: at most so many; 0 with an empty query: all */
    uint32_t presences; /* 1: with their presences (needs GUILD_PRESENCES) */
    uint32_t reserved;  /* 0 */
    uint64_t guild_id;  /* required */
    const char *query;  /* what names begin with, "" for all; or NULL, and then */
    const uint64_t *user_ids;
    size_t user_id_count; /* at most SPECTACLES_MEMBERS_USERS_MAX */
    const char *nonce;    /* comes back with the answer; at most 32 bytes; or NULL */
} spectacles_members_request;

/* Makes a request empty and sets its size. size: sizeof(spectacles_members_request). */
void spectacles_members_request_init(spectacles_members_request *request, size_t size);

int spectacles_shard_request_members(spectacles_shard *shard, const spectacles_members_request *request,
                                     uint64_t now, uint64_t *ticket);

/* Op 31 (Discord: "Request Soundboard Sounds"), for 1 guild or more. Answered by SOUNDBOARD_SOUNDS for each. */
int spectacles_shard_request_sounds(spectacles_shard *shard, const uint64_t *guild_ids, size_t count,
                                    uint64_t now, uint64_t *ticket);

/* Op 43 (Discord: "Request Channel Info"). fields: such as "status", "voice_start_time". Answered by CHANNEL_INFO. */
int spectacles_shard_request_channel_info(spectacles_shard *shard, uint64_t guild_id,
                                          const char *const *fields, size_t count, uint64_t now,
                                          uint64_t *ticket);

/*
 * How many packets spectacles_shard_send() would take now, and when the rate limit next lets one more through
 * (SPECTACLES_NEVER when nothing was sent in the last 61 seconds). While the shard is not READY or its output is
 * congested, remaining is 0 whatever the limit says: then READY, RESUMED or SENT is what to wait for. Either
 * pointer may be NULL. Returns 0.
 */
int spectacles_shard_budget(const spectacles_shard *shard, uint64_t now, uint32_t *remaining,
                            uint64_t *refill_at);

/*
 * With SPECTACLES_SHARD_COMMITS: everything up to and including seq is safe and needs no replay. A lower
 * number than before is ignored. SPECTACLES_E_INVAL: above what was received. SPECTACLES_E_STATE: no session,
 * or the flag was not set.
 */
int spectacles_shard_commit(spectacles_shard *shard, uint64_t seq);

/*
 * The session as it could be resumed now. out->size says how much the caller has room for; the texts in it
 * are valid until the next call on the shard. A session that is lost is here until its GAP was handed out, so
 * that what is stored never shows less than what is known. SPECTACLES_E_STATE when there is none.
 */
int spectacles_shard_session(const spectacles_shard *shard, spectacles_session *out);

/*
 * Closes for good: the connection is closed with `code`, then CLOSED is the last event. 1000 and 1001 end
 * the session and show the bot offline; any other code from 3000..4999 keeps the session resumable for a few
 * minutes (Discord: "Disconnecting"); 0 means 4000, which keeps it. SPECTACLES_E_INVAL for another code; 0
 * again on a shard that is closing or closed.
 */
int spectacles_shard_close(spectacles_shard *shard, uint32_t code, uint64_t now);

/*
 * Drops this connection with close code 4000 and resumes on a new one from the sequence a session export
 * would name: what was dispatched but not committed comes again. SPECTACLES_E_STATE when no connection
 * stands.
 */
int spectacles_shard_reconnect(spectacles_shard *shard, uint64_t now);

/*
 * Makes no new connection before `until` (and up to 5 s later, so that many shards do not come back at once); one that is
 * being made, or stands, goes on. For the other shards of a process when one of them was told `hold_until`; a relay does so
 * by itself. An earlier time than that of a former call is ignored. Returns 0.
 */
int spectacles_shard_hold_off(spectacles_shard *shard, uint64_t until);

/* The state it is in: enum spectacles_shard_state. */
uint32_t spectacles_shard_state(const spectacles_shard *shard);

/*
 * What a number of an enum is called, for logs: the name without its prefix ("IDENTIFY_WAIT", "DISPATCH", "ZSTD_STREAM"),
 * static and NUL-terminated. "UNKNOWN" for a number that this version does not know. Cannot fail.
 */
const char *spectacles_shard_state_name(uint32_t state);
const char *spectacles_shard_event_type_name(uint32_t type);
const char *spectacles_compression_name(uint32_t compression);

/* shard_id and shard_count of the configuration. */
uint32_t spectacles_shard_id(const spectacles_shard *shard);
uint32_t spectacles_shard_count(const spectacles_shard *shard);

/* Copies the counters; out->size says how much the caller has room for. SPECTACLES_E_INVAL when that is 0. */
int spectacles_shard_get_stats(const spectacles_shard *shard, spectacles_shard_stats *out);

/*
 * One sentence about the last call on the shard or its stream that failed, or "". Calls that take the shard as const have
 * one reason for each of their errors, and leave the sentence alone. Valid until the next call; never holds the token.
 */
const char *spectacles_shard_last_error(const spectacles_shard *shard);

/*
 * The stream of the shard: its bytes, its deadline, and where it wants to be connected (stream.h). Belongs to the shard and
 * is valid until the shard is freed. Cannot fail.
 */
spectacles_stream *spectacles_shard_stream(spectacles_shard *shard);

/* ---- Accessors: the fields of an event, for languages that read structs slowly. ---- */

uint32_t spectacles_shard_event_type(const spectacles_shard_event *event);
uint32_t spectacles_shard_event_code(const spectacles_shard_event *event);
int32_t spectacles_shard_event_error(const spectacles_shard_event *event);
uint32_t spectacles_shard_event_state(const spectacles_shard_event *event);
uint64_t spectacles_shard_event_seq(const spectacles_shard_event *event);
uint64_t spectacles_shard_event_ticket(const spectacles_shard_event *event);
uint64_t spectacles_shard_event_duration(const spectacles_shard_event *event);
uint64_t spectacles_shard_event_until(const spectacles_shard_event *event);
uint64_t spectacles_shard_event_hold_until(const spectacles_shard_event *event);
const char *spectacles_shard_event_name(const spectacles_shard_event *event, size_t *length);
const uint8_t *spectacles_shard_event_data(const spectacles_shard_event *event, size_t *length);
const char *spectacles_shard_event_session_id(const spectacles_shard_event *event, size_t *length);
const char *spectacles_shard_event_text(const spectacles_shard_event *event, size_t *length);

#ifdef __cplusplus
}
#endif

#endif
