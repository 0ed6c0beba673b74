#ifndef SP_SHARD_INTERNAL_H
#define SP_SHARD_INTERNAL_H

#include "core/backoff.h"
#include "core/random.h"
#include "core/ring.h"
#include "core/stream.h"
#include "core/text.h"
#include "shard/close.h"
#include "shard/frame.h"
#include "shard/handshake.h"
#include "shard/heartbeat.h"
#include "shard/inflate.h"
#include "shard/limits.h"
#include "shard/session.h"

#include <spectacles/shard.h>

/* How long each phase may take, in milliseconds. The link has shorter deadlines of its own for TCP and TLS.
 */
enum {
    SP_PHASE_CONNECTING = 30000,
    SP_PHASE_UPGRADING = 10000,
    SP_PHASE_HELLO = 20000,
    SP_PHASE_IDENTIFYING = 600000, /* READY may take long during an outage */
    /*
     * Until the first dispatch of a replay; each dispatch begins it anew. A gateway that acknowledges heartbeats may
     * still have forgotten our RESUME, and the session lives on only for minutes: another connection has to try in
     * time.
     */
    SP_PHASE_RESUMING = 60000,
    SP_PHASE_CLOSING = 3000
};

enum {
    SP_BACKOFF_BASE = 1000,
    SP_BACKOFF_CAP = 60000,
    SP_IDENTIFY_CAP = 300000, /* of the wait before an identify: a day has a thousand */
    SP_READY_LONG = 600000,   /* READY for so long: the identify was worth it */
    SP_HOST_FAILURES = 3,     /* of so many in a row: then a resume goes to the base URL */
    /*
     * A session whose RESUMEs were not answered for so long is given up. Discord documents no time. Reported are
     * about 90 s without a connection (discord-api-docs 1619), and "a few minutes" are what libraries count on:
     * after five minutes a session that could have been resumed is not there any more, and waiting longer only makes
     * the gap wider.
     */
    SP_SESSION_LIFETIME = 300000,
    SP_HOLD_SPREAD = 5000, /* shards that wait for the same moment come back over so much time */
    SP_OPS_KEPT =
        5, /* so many of the ops sent last are told when the gateway refuses one (4001, 4002, 4008) */
    SP_HEARTBEAT_LATE = 1000, /* a heartbeat that goes out so late is told with LATE */
    SP_HEARTBEAT_INTERVAL_MIN = 100,
    SP_HEARTBEAT_INTERVAL_MAX = 3600000
};

/* The connection, as the one who carries the bytes knows it. */
enum sp_transport {
    SP_TRANSPORT_NONE,   /* no connection is wanted */
    SP_TRANSPORT_WANTED, /* the endpoint asks for one */
    SP_TRANSPORT_OPEN,
    SP_TRANSPORT_ENDED /* it has ended; what was fed before is still read */
};

/* Why a connection ends, and what follows. */
typedef struct sp_close_reason {
    uint32_t code;
    int32_t error;
    enum sp_close_plan plan;
    uint64_t wait;   /* at the least, before the next attempt; milliseconds */
    bool no_backoff; /* the gateway itself has said how long to wait: earlier failures add nothing */
    bool is_set;     /* the first reason stands; later ones follow from it */
    bool all_shards; /* `wait` holds for every shard of the bot */
    sp_text text;
} sp_close_reason;

/* A packet on its way: it is sent once so many bytes of this connection have gone out. */
typedef struct sp_ticket {
    uint64_t number;
    uint64_t end;
    bool lost;
} sp_ticket;

struct spectacles_shard {
    spectacles_stream stream;

    /* The settings it was made with. */
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
    uint64_t phase_deadline; /* when the time of the state is up; set by sp_shard_set_state() alone */
    uint64_t next_attempt;   /* BACKOFF: when it ends */
    uint64_t held_until;     /* by spectacles_shard_hold_off(): no new connection before */
    uint64_t ready_since;    /* SPECTACLES_NEVER: this connection was not READY yet */
    sp_backoff backoff;
    uint32_t host_failures;
    uint32_t identifies; /* since a connection was last READY for long */
    bool owner_closes;
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
    bool unread; /* bytes were fed that were not looked at yet */
    bool full;   /* the input has reached high water, and was not read down to half of it since */
    sp_buffer output;
    sp_buffer scratch;       /* a payload being composed, as JSON */
    sp_buffer term;          /* the same as ETF; or a d that came as ETF, as JSON */
    sp_buffer keys;          /* scratch of the transcoder */
    uint64_t bytes_written;  /* bytes appended to output on this connection */
    uint64_t bytes_consumed; /* of these, consumed */
    sp_heartbeat heartbeat;
    sp_limits limits;

    /* Events. */
    uint8_t last_ops[SP_OPS_KEPT]; /* sent on this connection, the newest first; 0xff: none */
    sp_ring pending;               /* events that wait to be pulled; their texts are written then */
    bool late_queued;
    sp_ring tickets;
    uint64_t last_ticket;
    spectacles_shard_event event;
    sp_text event_text;
    char event_session_id[SP_SESSION_ID_MAX + 1];
    bool dispatch_held; /* `dispatch` is to be handed out next */
    spectacles_shard_event dispatch;
    spectacles_shard_stats stats;
    sp_text last_error;
};

#endif
