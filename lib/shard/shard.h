#ifndef SP_SHARD_SHARD_H
#define SP_SHARD_SHARD_H

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
     * Until the first dispatch of a replay; each dispatch begins it anew. A gateway that acknowledges heartbeats may still have
     * forgotten our RESUME, and the session lives on only for minutes: another connection has to try in time.
     */
    SP_PHASE_RESUMING = 60000,
    SP_PHASE_CLOSING = 3000
};

enum {
    SP_BACKOFF_BASE = 1000,
    SP_BACKOFF_CAP = 60000,
    SP_IDENTIFY_CAP = 300000, /* of the wait before an identify: a day has a thousand */
    SP_SETTLED = 600000,      /* an identify was worth it when its connection was ready for so long */
    SP_HOST_FAILURES = 3,     /* so many in a row, and a resume goes to the base URL */
    /*
     * A session whose RESUMEs were not answered for so long is given up. Discord documents no time. Reported are about 90 s
     * without a connection (discord-api-docs 1619), and "a few minutes" are what libraries count on: after five minutes
     * a session that could have been resumed is not there any more, and waiting longer only makes the gap wider.
     */
    SP_SESSION_KEPT = 300000,
    SP_HOLD_SPREAD = 5000,    /* shards that wait for the same moment come back over so much time */
    SP_LAST_OPS = 5,          /* are told when the gateway did not like what we sent */
    SP_HEARTBEAT_LATE = 1000, /* a heartbeat that goes out so late is told: the owner's loop hangs */
    SP_HEARTBEAT_LEAST = 100,
    SP_HEARTBEAT_MOST = 3600000
};

/* What the driver of the bytes has to do with us. */
enum sp_transport {
    SP_TRANSPORT_NONE,   /* no connection is wanted */
    SP_TRANSPORT_WANTED, /* endpoint() asks for one */
    SP_TRANSPORT_OPEN,
    SP_TRANSPORT_ENDED /* eof was heard; what was fed before is still being worked on */
};

/* Why a connection ends, and what follows. */
typedef struct sp_loss {
    uint32_t code;
    int32_t error;
    enum sp_close_plan plan;
    uint64_t wait;   /* at the least, before the next attempt; milliseconds */
    bool no_backoff; /* the gateway itself has said how long to wait: earlier failures add nothing */
    bool told;       /* filled in: the first reason counts, not what follows from it */
    bool everybody;  /* `wait` holds for every shard of the bot */
    sp_text text;
} sp_loss;

/* A packet on its way: it is sent once so many bytes of this connection have gone out. */
typedef struct sp_ticket {
    uint64_t number;
    uint64_t end;
    bool lost;
} sp_ticket;

struct spectacles_shard {
    spectacles_stream stream;

    /* What it was made with. */
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
    uint32_t encoding;
    uint32_t compression;
    uint64_t max_message;
    uint64_t max_inflated;
    uint64_t max_ratio;
    uint64_t high_water;
    sp_random random;

    /* Where it stands. */
    enum spectacles_shard_state state;
    enum spectacles_shard_state reached; /* of this connection's states the last before CLOSING */
    enum sp_transport transport;
    uint64_t phase_deadline;
    uint64_t held_until;  /* by its owner: no new connection before */
    uint64_t ready_since; /* SPECTACLES_NEVER: this connection was not ready yet */
    sp_backoff backoff;
    uint32_t host_failures;
    uint32_t identifies; /* since one was last worth it */
    bool owner_closes;
    sp_session session;
    sp_loss loss;

    /* This connection. */
    spectacles_endpoint endpoint;
    sp_url url; /* that it is made to */
    sp_handshake handshake;
    sp_frames frames;
    sp_inflate inflate;
    uint32_t heard;           /* enum spectacles_format: of the message that is being worked on */
    uint32_t spoken;          /* enum spectacles_format: of what is sent */
    uint64_t binary_messages; /* so many came */
    bool bare_terms;          /* they are ETF without the compression that was asked for */
    bool plain_told;
    bool unread; /* bytes were fed that nobody has looked at yet */
    bool full;   /* the input has reached high water, and was not read down to half of it since */
    sp_buffer output;
    sp_buffer scratch; /* a payload being composed, as JSON */
    sp_buffer term;    /* the same as ETF; or a d that came as ETF, as JSON */
    sp_buffer keys;    /* scratch of the transcoder */
    uint64_t written;  /* bytes appended to output on this connection */
    uint64_t gone;     /* of these, consumed */
    sp_heartbeat heartbeat;
    sp_limits limits;

    /* What it tells. */
    uint8_t last_ops[SP_LAST_OPS]; /* sent on this connection, the newest first; 0xff: none */
    sp_ring news;                  /* events that wait to be pulled; their texts are written when they are */
    bool unannounced; /* an event waits since the last next_event() and expire(): the deadline says so */
    bool late_told;
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

/* ---- life.c: from state to state ---- */

/* The one place where the state changes. */
void sp_shard_become(spectacles_shard *shard, enum spectacles_shard_state state, uint64_t now);

/* Whether a new connection is due at `now`. It waits until what happened to the last one was pulled. */
bool sp_shard_connects_at(const spectacles_shard *shard, uint64_t now);

void sp_shard_connect(spectacles_shard *shard, uint64_t now);

/* Notes why the connection ends; the first note stands. */
sp_loss *sp_shard_blame(spectacles_shard *shard, uint32_t code, int error, enum sp_close_plan plan);

/* Ends the connection from our side, with a close frame when that is possible. Say why before
 * (sp_shard_blame). */
void sp_shard_drop(spectacles_shard *shard, uint32_t close_code, uint64_t now);

/* The connection is over: what follows from its loss. */
void sp_shard_settle(spectacles_shard *shard, uint64_t now);

/* Something came that this session had never brought before, or more of it is committed. */
void sp_shard_progress(spectacles_shard *shard);

/* Wipes the token, and all buffers in which it may stand. */
void sp_shard_wipe(spectacles_shard *shard);

/* The owner has freed the shard, and a link or a relay holds it: the shard is CLOSED, and its token wiped. */
void sp_shard_end(void *engine);

/* The session can not be resumed any more: GAP. */
void sp_shard_forget_session(spectacles_shard *shard);

/* ---- receive.c: what arrives ---- */

/* Works on the next message. False when there is none. */
bool sp_shard_receive(spectacles_shard *shard, uint64_t now);

/* ---- message.c: what a message carries ---- */

/*
 * The payload of a message, as `heard` says: 1; 0 when it goes on in the next message; SPECTACLES_E_PROTO or
 * SPECTACLES_E_TOOBIG (*close_code and *why say what to tell), SPECTACLES_E_NOMEM.
 */
int sp_shard_read_message(spectacles_shard *shard, const sp_frame *frame, sp_slice *payload,
                          uint32_t *close_code, const char **why);

/* Time is up: tells a refusal whose body is still on its way. False when there is none. */
bool sp_shard_receive_last_head(spectacles_shard *shard, uint64_t now);

/* ---- send.c: what goes out ---- */

int sp_shard_write_identify(spectacles_shard *shard, uint64_t now);
int sp_shard_write_resume(spectacles_shard *shard, uint64_t now);
int sp_shard_write_heartbeat(spectacles_shard *shard, uint64_t now);
int sp_shard_write_frame(spectacles_shard *shard, enum sp_frame_kind kind, sp_slice payload);

/* Puts the identify into `scratch`. SPECTACLES_E_NOMEM. */
int sp_shard_compose_identify(spectacles_shard *shard);

/*
 * Composed is what stands in `scratch`: in the encoding in use. SPECTACLES_E_TOOBIG: above SPECTACLES_PACKET_MAX.
 * SPECTACLES_E_PROTO: ETF cannot carry it. SPECTACLES_E_NOMEM.
 */
int sp_shard_encode(spectacles_shard *shard, sp_slice *payload, spectacles_problem *problem);

/* Sends an encoded payload with this op, and empties the scratch buffers. */
int sp_shard_write_payload(spectacles_shard *shard, uint32_t op, sp_slice payload, uint64_t now);

/* ---- events.c: what is told ---- */

/* Queues an event, to be filled in. Never fails for the few that can wait at once. */
spectacles_shard_event *sp_shard_tell(spectacles_shard *shard, uint32_t type);
const spectacles_shard_event *sp_shard_take_event(spectacles_shard *shard);

/* Whether sp_shard_take_event() would give one. */
bool sp_shard_has_event(const spectacles_shard *shard);

/* Fails a call: keeps the sentence for last_error. */
int sp_shard_fail(spectacles_shard *shard, int error, const char *text);

/* ---- stream.c: the bytes ---- */

void sp_shard_init_stream(spectacles_shard *shard, const sp_holder_calls *holder_calls);

/*
 * Compares what was fed and not read yet with high water. At high water, wants_input() becomes 0; at half of it, or when all
 * was looked at, it becomes 1 again. A few large reads cost a fraction of many small ones.
 */
void sp_shard_note_level(spectacles_shard *shard);

#endif
