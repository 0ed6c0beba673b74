#ifndef SP_BROKER_STATE_H
#define SP_BROKER_STATE_H

#include "broker/consume.h"
#include "broker/content.h"
#include "broker/handshake.h"
#include "broker/publish.h"
#include "broker/topology.h"
#include "broker/uri.h"
#include "core/random.h"

#include <spectacles/broker.h>

enum {
    /* The server closed the connection: our close-ok is on its way. To the owner that is CLOSING. */
    SP_BROKER_PARTING = 100,

    SP_BACKOFF_BASE = 250, /* milliseconds */
    SP_BACKOFF_CAP = 30000,
    SP_CLOSE_TIMEOUT = 2000,
    SP_NOTICES = 16,
    SP_NOTICES_HIGH = 8 /* no new attempt to connect while so many wait to be told */
};

/* Why a connection ends. `lasting`: trying again soon will not help, a person has to change something. */
typedef struct sp_reason {
    uint16_t code;
    int32_t error; /* 0: the owner closes */
    bool lasting;
    sp_text text;
} sp_reason;

/* An event that waits to be told. Those of publishes and subscriptions wait where they belong. */
typedef struct sp_notice {
    uint32_t type;
    uint16_t code;
    int32_t error;
    uint32_t subscription;
    uint64_t time;
    sp_text text;
} sp_notice;

struct spectacles_broker {
    uint32_t state; /* enum spectacles_broker_state, or SP_BROKER_PARTING */
    /* Settings. */
    sp_uri *uris;
    size_t uri_count;
    char *group;
    char *name;
    uint16_t prefetch;
    uint64_t max_message;
    uint64_t high_water;
    uint32_t connect_timeout;
    uint32_t drain_timeout;
    /* The connection, and the next one. */
    sp_random random;
    size_t uri_at;
    uint32_t attempt; /* failures in a row */
    spectacles_endpoint endpoint;
    uint32_t handshake; /* enum sp_handshake */
    sp_tuning tuning;
    sp_text product;
    sp_reason reason; /* in CLOSING and PARTING: why */
    bool ended;       /* eof() was told, and what was fed before is still being worked on */
    sp_reason end;
    /* Its parts. */
    sp_buffer input;
    bool drained; /* the input holds no whole frame */
    sp_buffer control;
    sp_channel channels[3];
    bool exchange_ready;
    bool blocked;  /* connection.blocked */
    bool flow_off; /* channel.flow on the publishing channel */
    sp_topology topology;
    sp_log log;
    sp_inbox inbox;
    sp_content returned;
    sp_content delivered;
    amqp_pool_t pool;
    /* Time. */
    uint64_t phase_deadline; /* of the state */
    uint64_t drain_at;       /* close() was asked for, and waits until then; SPECTACLES_NEVER: it was not */
    uint64_t heard_at;
    uint64_t beat_at;
    bool wrote; /* since the last beat */
    /* To the owner. */
    sp_notice notices[SP_NOTICES];
    size_t notice_first;
    size_t notice_count;
    bool wants_room;
    sp_buffer event_key;
    sp_text event_text;
    spectacles_broker_event event;
    spectacles_broker_stats stats;
    sp_text subscription_problem;
    sp_text publish_problem;
    sp_text last_error;
};

static inline sp_channel *sp_broker_channel(spectacles_broker *broker, uint16_t id)
{
    return &broker->channels[id - 1];
}

static inline const sp_uri *sp_broker_uri(const spectacles_broker *broker)
{
    return &broker->uris[broker->uri_at];
}

/* state.c: the life of the connection. */

/* The one transition. SPECTACLES_E_NOMEM: the first bytes of the new state could not be written. */
int sp_broker_enter(spectacles_broker *broker, uint32_t state, uint64_t now);

/* The connection has ended, or is given up: what depends on it is reset, and the next one planned. */
void sp_broker_lost(spectacles_broker *broker, const sp_reason *reason, uint64_t now);

/* Sends connection.close and gives it up after that. */
int sp_broker_leave(spectacles_broker *broker, const sp_reason *reason, uint64_t now);

/* Does what time has made due. */
void sp_broker_tick(spectacles_broker *broker, uint64_t now);
uint64_t sp_broker_next_deadline(const spectacles_broker *broker);

/* Declares and consumes what is to be. */
int sp_broker_pump(spectacles_broker *broker);

/* 1 when close() was asked for and nothing stands in its way any more. */
bool sp_broker_may_close(const spectacles_broker *broker);

/* Puts acknowledgements and publishes where pending() shows them. */
void sp_broker_refresh(spectacles_broker *broker);

bool sp_broker_connected(const spectacles_broker *broker); /* channels stand */
bool sp_broker_reading(const spectacles_broker *broker);
bool sp_broker_idle_output(const spectacles_broker *broker);

sp_notice *sp_broker_notice(spectacles_broker *broker, uint32_t type);

/* Adds text of the server's: tamed, and without the password. */
void sp_broker_quote(const spectacles_broker *broker, sp_text *text, sp_slice foreign);

/* server.c: what the server says. 0, or an error that ends the connection, with *reason filled. */
int sp_broker_receive(spectacles_broker *broker, const sp_frame *frame, sp_reason *reason, uint64_t now);

/* event.c: the next event that waits to be told, or NULL. */
const spectacles_broker_event *sp_broker_report(spectacles_broker *broker);

#endif
