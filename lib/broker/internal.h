#ifndef SP_BROKER_INTERNAL_H
#define SP_BROKER_INTERNAL_H

#include "broker/calls.h"
#include "broker/close_reason.h"
#include "broker/content.h"
#include "broker/deliveries.h"
#include "broker/publishes.h"
#include "broker/suspicion.h"
#include "broker/topology.h"
#include "broker/uri.h"
#include "core/backoff.h"
#include "core/random.h"
#include "core/stream.h"
#include "core/text.h"
#include "core/transport.h"

#include <spectacles/broker.h>

enum {
    SP_BROKER_CLOSE_TIMEOUT = 3000,
    SP_BROKER_BACKOFF_BASE = 250,
    SP_BROKER_BACKOFF_CAP = 30000,
    SP_DEFER_NACKED = 500,     /* before what the broker did not take is published again */
    SP_RETRY_CANCELLED = 1000, /* a queue whose consumer was cancelled is declared and consumed again */
    SP_RETRY_AWAY = 5000,      /* a queue whose node is away is looked for again */
    SP_RETRY_REFUSED = 30000   /* what was refused is tried again: a person may have mended it */
};

enum sp_channel_state {
    SP_CHANNEL_CLOSED,
    SP_CHANNEL_OPENING,
    /* The broker closed it. RabbitMQ goes on for a while with deliveries of the channel before. */
    SP_CHANNEL_REOPENING,
    SP_CHANNEL_CLOSING, /* by us, to be opened anew: see trial.h */
    SP_CHANNEL_OPEN
};

/*
 * What may be published. confirm.select comes first, because a publish without a confirm could be lost. channel.flow
 * stops publishes, and can come at any time.
 */
enum sp_publishing_state {
    SP_PUBLISHING_CLOSED,            /* there is no channel */
    SP_PUBLISHING_SELECTING,         /* confirm.select was sent */
    SP_PUBLISHING_SELECTING_STOPPED, /* likewise, and the broker has stopped the channel */
    SP_PUBLISHING_OPEN,
    SP_PUBLISHING_STOPPED
};

/* Replies are consumed on the publishing channel, on which the requests go out. */
enum sp_replies_state {
    SP_REPLIES_NOT_WANTED, /* the owner has not called yet */
    SP_REPLIES_WANTED,     /* to be consumed as soon as there is a channel */
    SP_REPLIES_ASKED,      /* basic.consume was sent */
    SP_REPLIES_CONSUMED
};

/* Why subscriptions failed with the last frame, and when they are tried again. */
typedef struct sp_queue_failure {
    uint32_t code;
    int32_t error;
    uint64_t until; /* when it is tried again */
    sp_text text;
} sp_queue_failure;

typedef struct sp_pending_event {
    spectacles_broker_event event;
    sp_text text;
} sp_pending_event;

struct spectacles_broker {
    spectacles_stream stream;

    /* What it was made with. */
    sp_uri *uris;
    size_t uri_count;
    char *group;
    char *name;
    uint32_t window_count;
    uint32_t prefetch;
    uint64_t window_bytes;
    uint64_t max_message;
    uint64_t high_water;
    uint32_t connect_timeout;
    uint32_t drain_timeout;
    uint32_t format; /* in what bodies are written */
    sp_random random;

    /* Where it stands. */
    enum spectacles_broker_state state;
    enum sp_transport transport;
    uint64_t phase_deadline; /* when the time of the state is up; set by sp_broker_set_state() alone */
    uint64_t next_attempt;   /* BACKOFF: when it ends */
    sp_backoff backoff;
    size_t uri; /* the one in use */
    bool owner_closes;
    uint64_t drain_deadline;
    sp_broker_close_reason reason;

    /* This connection. */
    spectacles_endpoint endpoint;
    sp_buffer input;
    size_t input_used;   /* of a frame that an event still points into */
    sp_buffer control;   /* everything but publishes */
    uint64_t last_ack;   /* the tag in the last basic.ack, */
    size_t last_ack_end; /* and the length of control behind it; 0: some of control was written since */
    amqp_pool_t pool;
    uint32_t frame_max;
    uint64_t heartbeat; /* milliseconds; 0: none */
    uint64_t beat_at;   /* when to look whether we have been silent */
    uint64_t received_at;
    bool wrote;                   /* since beat_at was set */
    amqp_method_number_t awaited; /* in HANDSHAKE: the one method that may come next, but for a close */
    bool blocked;
    enum sp_publishing_state publishing;
    enum sp_replies_state replies;
    char product[64];
    enum sp_channel_state channels[SP_CHANNELS];
    sp_topology topology;
    sp_publishes publishes;
    sp_suspicion suspicion; /* that one of them is what ends the connections */
    sp_buffer converted;    /* a body that came in another format */
    sp_buffer keys;         /* scratch of that */
    sp_deliveries deliveries;
    sp_calls calls;
    sp_content delivered;
    sp_content returned; /* and replies: what comes on the channel for publishing */

    /* What it tells. */
    sp_ring pending;               /* sp_pending_event: events that wait to be pulled */
    sp_queue_failure failure;      /* of the subscription that failed last */
    sp_queue_failure interruption; /* of all subscriptions whose channel ended */
    spectacles_broker_event event;
    sp_text event_text;
    char event_queue[SP_SHORT_MAX + 1];
    spectacles_broker_stats stats;
    sp_text last_error;
};

#endif
