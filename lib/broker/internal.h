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
    SP_BROKER_CLOSE_SILENT = 500, /* when nothing was heard while the broker was drained */
    SP_BROKER_BACKOFF_BASE = 250,
    SP_BROKER_BACKOFF_CAP = 30000,
    /* Milliseconds. */
    SP_DEFER_NACKED = 500,     /* until a nacked publish is written again */
    SP_RENEW_NACKING = 5000,   /* until a channel is given up that has brought nacks alone */
    SP_RETRY_CANCELLED = 1000, /* until a queue is declared and consumed again whose consumer was cancelled */
    SP_RETRY_AWAY = 5000,      /* until a queue is tried again whose node is away */
    SP_RETRY_REFUSED = 30000,  /* until a refused queue is tried again: a person may have changed something */
    SP_LOOK_EVERY = 5000       /* an exclusive queue is looked for so often: it may be gone without a word */
};

enum sp_channel_state {
    SP_CHANNEL_CLOSED,
    SP_CHANNEL_OPENING,
    /* The broker closed the channel. For a while RabbitMQ still sends deliveries of the closed channel. */
    SP_CHANNEL_REOPENING,
    /* The library closes the channel, and opens it again: after a trial (trial.h), or because it brings nacks alone. */
    SP_CHANNEL_CLOSING,
    SP_CHANNEL_OPEN
};

/*
 * Whether publishes may be written. confirm.select comes first, because a publish without a confirm could be lost.
 * channel.flow stops publishes, and can come at any time.
 */
enum sp_publishing_state {
    SP_PUBLISHING_CLOSED,            /* there is no channel */
    SP_PUBLISHING_SELECTING,         /* confirm.select was sent */
    SP_PUBLISHING_SELECTING_STOPPED, /* confirm.select was sent, and the broker has stopped the channel */
    SP_PUBLISHING_OPEN,
    SP_PUBLISHING_STOPPED
};

/* Replies are consumed on the publishing channel, on which the requests go out. */
enum sp_replies_state {
    SP_REPLIES_NOT_WANTED, /* the owner has not called yet */
    SP_REPLIES_WANTED,     /* basic.consume is sent as soon as there is a channel */
    SP_REPLIES_ASKED,      /* basic.consume was sent */
    SP_REPLIES_CONSUMED
};

/* Why the last frame made subscriptions fail. */
typedef struct sp_queue_failure {
    uint32_t code;
    int32_t error;
    uint64_t until; /* when the subscriptions are tried again */
    sp_text text;
} sp_queue_failure;

typedef struct sp_pending_event {
    spectacles_broker_event event;
    sp_text text;
} sp_pending_event;

/* URLs in the order in which they are tried. */
typedef struct sp_urls {
    sp_uri *list;
    size_t count;
} sp_urls;

struct spectacles_broker {
    spectacles_stream stream;

    /* The settings. */
    sp_urls urls;
    sp_urls next_urls; /* of the next connection; none: those in use */
    char *group;
    char *name;
    uint32_t window_count;
    uint32_t prefetch;
    uint64_t window_bytes;
    uint64_t max_message;
    uint64_t high_water;
    uint32_t connect_timeout;
    uint32_t drain_timeout;
    uint32_t wanted_heartbeat; /* seconds, for URLs that name none */
    uint32_t format;           /* the format in which bodies are written: enum spectacles_format */
    sp_random random;

    /* The state. */
    enum spectacles_broker_state state;
    enum sp_transport transport;
    uint64_t phase_deadline; /* when the state times out; only sp_broker_set_state() sets it */
    uint64_t next_attempt;   /* when BACKOFF ends */
    sp_backoff backoff;
    size_t url; /* the index of the URL in use */
    bool owner_closes;
    uint64_t drain_deadline;
    sp_broker_close_reason reason;

    /* The present connection. */
    spectacles_endpoint endpoint;
    sp_buffer input;
    size_t input_used;   /* the length of the frame that was read last: an event may point into the frame */
    sp_buffer control;   /* all frames to be written, except publishes */
    uint64_t last_ack;   /* the delivery tag of the last basic.ack */
    size_t last_ack_end; /* the length of control when that ack was added; 0: bytes have left control since */
    amqp_pool_t pool;
    uint32_t frame_max;
    uint64_t heartbeat; /* milliseconds; 0: no heartbeats */
    uint64_t beat_at;   /* when a heartbeat is sent, unless something was written meanwhile */
    uint64_t received_at;
    bool wrote;                   /* something was written since beat_at was set */
    amqp_method_number_t awaited; /* in HANDSHAKE: the method that has to come next, or a close */
    bool blocked;
    enum sp_publishing_state publishing;
    uint64_t nacking_since; /* of the nacks since the last basic.ack, the first one; SPECTACLES_NEVER: none */
    enum sp_replies_state replies;
    char product[64];
    enum sp_channel_state channels[SP_CHANNELS];
    sp_topology topology;
    sp_publishes publishes;
    sp_suspicion suspicion; /* whether a publish ends the connections */
    sp_buffer converted;    /* a body, converted into the broker's format */
    sp_buffer keys;         /* scratch memory of the conversion */
    sp_deliveries deliveries;
    sp_calls calls;
    sp_content delivered;
    sp_content returned; /* the content on the channel for publishing: returns, and replies */

    /* The events. */
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
