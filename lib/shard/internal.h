#ifndef SP_SHARD_INTERNAL_H
#define SP_SHARD_INTERNAL_H

#include "core/backoff.h"
#include "core/random.h"
#include "core/ring.h"
#include "core/stream.h"
#include "core/text.h"
#include "core/transport.h"
#include "shard/close.h"
#include "shard/frame.h"
#include "shard/handshake.h"
#include "shard/heartbeat.h"
#include "shard/inflate.h"
#include "shard/limits.h"
#include "shard/session.h"

#include <spectacles/shard.h>

/* How long a state may last, in milliseconds. The link has shorter limits of its own for TCP and TLS. */
enum {
    SP_PHASE_CONNECTING = 30000,
    SP_PHASE_UPGRADING = 10000,
    SP_PHASE_HELLO = 20000,
    SP_PHASE_IDENTIFYING = 600000, /* READY may take long during an outage */
    /*
     * Until the first dispatch of a replay. Each replayed dispatch begins the time again. A gateway that acknowledges
     * heartbeats may still have lost our RESUME, and a session lives for minutes only. So another connection has to try
     * in time.
     */
    SP_PHASE_RESUMING = 60000,
    SP_PHASE_CLOSING = 3000
};

enum {
    SP_BACKOFF_BASE = 1000,
    SP_BACKOFF_CAP = 60000,
    SP_IDENTIFY_CAP = 300000, /* the longest wait before an identify: Discord allows about a thousand a day */
    SP_READY_LONG = 600000,   /* milliseconds in READY after which failed identifies are forgotten */
    SP_HOST_FAILURES = 3,     /* failed connections in a row after which a resume goes to the base URL */
    /*
     * How long RESUMEs may stay unanswered before the session is given up. Discord documents no time. Users report
     * about 90 s without a connection (discord-api-docs 1619), and libraries assume "a few minutes". After five minutes
     * no session can be resumed, and a longer wait makes the gap larger.
     */
    SP_SESSION_LIFETIME = 300000,
    SP_HOLD_SPREAD = 5000,    /* milliseconds over which shards spread that wait for the same moment */
    SP_OPS_KEPT = 5,          /* the last ops that DISCONNECTED names after 4001, 4002 and 4008 */
    SP_HEARTBEAT_LATE = 1000, /* milliseconds after which a late heartbeat is told by LATE */
    SP_HEARTBEAT_INTERVAL_MIN = 100,
    SP_HEARTBEAT_INTERVAL_MAX = 3600000
};

/* Why a connection ends, and what the shard does next. */
typedef struct sp_close_reason {
    uint32_t code;
    int32_t error;
    enum sp_close_plan plan;
    uint64_t wait;   /* the least wait before the next attempt; milliseconds */
    bool no_backoff; /* the gateway has said how long to wait: the back-off adds nothing */
    bool is_set;     /* a reason was set. It stays: later reasons follow from it */
    bool all_shards; /* `wait` is for every shard of the bot */
    sp_text text;
} sp_close_reason;

/* A packet that was written to the output. It is sent when the transport has consumed the output up to `end`. */
typedef struct sp_ticket {
    uint64_t number;
    uint64_t end;
    bool lost;
} sp_ticket;

struct spectacles_shard {
    spectacles_stream stream;

    /* The settings that the shard was made with. */
    char *token;
    char *presence;
    char *user_agent;
    sp_url base;
    uint64_t intents;
    uint64_t capabilities;
    uint32_t id;
    uint32_t count;
    uint32_t version;
    uint32_t large_threshold;
    bool commits;
    bool stored_heartbeats;
    uint32_t format;
    uint32_t compression;
    uint64_t max_message;
    uint64_t max_inflated;
    uint64_t max_ratio;
    uint64_t high_water;
    sp_random random;

    /* The state, the session, and the connections so far. */
    enum spectacles_shard_state state;
    enum spectacles_shard_state reached; /* the last state of this connection before CLOSING */
    enum sp_transport transport;
    uint64_t phase_deadline; /* when the state has lasted too long; set by sp_shard_set_state() alone */
    uint64_t next_attempt;   /* BACKOFF: when it ends */
    uint64_t held_until;     /* no connection begins before; set by spectacles_shard_hold_off() */
    uint64_t ready_since;    /* SPECTACLES_NEVER: this connection was not READY yet */
    sp_backoff backoff;
    uint32_t host_failures;
    uint32_t identifies; /* identifies since a connection was READY for SP_READY_LONG */
    bool owner_closes;
    bool sent_former_token; /* this connection was logged in with a token that was replaced since */
    uint64_t presence_at;   /* when a READY shard sends its presence; SPECTACLES_NEVER: Discord has it */
    uint64_t presence_end; /* where the presence ends in the output of this connection; 0: none was written */
    sp_session session;
    sp_close_reason reason;

    /* This connection. */
    spectacles_endpoint endpoint;
    sp_url url; /* of this connection */
    sp_handshake handshake;
    sp_frames frames;
    sp_inflate inflate;
    uint32_t message_format;  /* enum spectacles_format: of the message that is being worked on */
    uint32_t output_format;   /* enum spectacles_format: of what is sent */
    uint64_t binary_messages; /* of this connection so far */
    bool bare_terms;          /* binary messages are ETF without the compression that was asked for */
    bool plain_queued;
    bool unread; /* bytes were fed and not read yet */
    bool full;   /* the input has reached high water, and has not fallen to half of it since */
    sp_buffer output;
    sp_buffer scratch;       /* the payload that is being composed, as JSON */
    sp_buffer term;          /* the same payload as ETF; or the `d` of a received ETF payload, as JSON */
    sp_buffer keys;          /* scratch memory of the transcoder */
    uint64_t bytes_written;  /* bytes that were appended to the output of this connection */
    uint64_t bytes_consumed; /* bytes of these that the transport has consumed */
    sp_heartbeat heartbeat;
    sp_limits limits;

    /* Events. */
    uint8_t last_ops[SP_OPS_KEPT]; /* the last ops sent on this connection, the newest first; 0xff: none */
    sp_ring pending; /* events that wait to be pulled; the text of an event is written when it is pulled */
    bool late_queued;
    sp_ring tickets;
    uint64_t last_ticket;
    spectacles_shard_event event;
    sp_text event_text;
    char event_session_id[SP_SESSION_ID_MAX + 1];
    bool dispatch_held; /* `dispatch` waits to be pulled */
    spectacles_shard_event dispatch;
    spectacles_shard_stats stats;
    sp_text last_error;
};

#endif
