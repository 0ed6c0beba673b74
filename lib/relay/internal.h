#ifndef SP_RELAY_INTERNAL_H
#define SP_RELAY_INTERNAL_H

#include "core/buffer.h"
#include "core/list.h"
#include "core/ring.h"
#include "core/text.h"
#include "core/timers.h"
#include "relay/filter.h"
#include "relay/identify.h"
#include "relay/unroutable.h"

#include <spectacles/relay.h>
#include <spectacles/routing.h>

enum {
    SP_RELAY_QUANTUM = 64,      /* events from one source before the next has its turn */
    SP_RELAY_RETRY = 1000,      /* milliseconds until a packet is routed again that no queue took */
    SP_RELAY_GAPS = 8,          /* of one shard that can wait though memory runs out */
    SP_RELAY_SESSION_MAX = 200, /* a session id longer than that is cut in message ids */
    SP_RELAY_CONCURRENCY_MAX = 65536,
    SP_RELAY_SAME_HOLD = 5000 /* milliseconds: shards that are told so much apart are told of one wait */
};

/* Events that will never come: kept until the broker has confirmed the message that says so. */
typedef struct sp_gap {
    uint64_t seq;
    uint64_t next;
    uint64_t time;
    char old_session_id[SP_RELAY_SESSION_MAX + 1]; /* empty: not known */
    char new_session_id[SP_RELAY_SESSION_MAX + 1]; /* empty: not there yet */
    uint64_t tag;                                  /* of its publish; 0: to be published */
    uint64_t not_before;
    bool told;
} sp_gap;

/* A dispatch that was handed to the broker or filtered out: what is safe is the run of done ones at the
 * front. */
typedef struct sp_dispatch {
    uint64_t seq;
    bool done;
} sp_dispatch;

/* A packet for Discord, from its delivery until its bytes are gone. */
typedef struct sp_packet {
    uint64_t delivery;
    uint64_t ticket; /* once it is on its way */
    uint32_t op;
    uint8_t *d;
    size_t d_length;
} sp_packet;

/* A shard that is served here. Its nodes are in the lists of the relay, its timers in the heaps of the relay. */
typedef struct sp_relay_shard {
    spectacles_shard *engine;
    bool holds_engine; /* the relay has taken hold of it, and has to let go */
    uint32_t id;
    sp_timer identify_turn;    /* set: it waits to identify, in the heap of its bucket, by its id */
    sp_list_node packets_node; /* held packets may be sent now */
    sp_timer packets_timer;    /* held packets wait for the rate limit until then */
    sp_list_node gaps_node;    /* a gap may be published now */
    sp_timer gaps_timer;       /* a gap is published again then */
    bool final;                /* closed or fatal */
    bool awaits_replay;        /* its connection: what is still read of it will be replayed */
    uint64_t epoch;            /* counts connections: a confirm for an older one commits nothing */
    char session[SP_RELAY_SESSION_MAX + 1];
    size_t session_length;
    sp_ring dispatches;
    sp_ring gaps;
    sp_ring held; /* packets that wait for the shard or its rate limit */
    sp_ring sent; /* packets on their way */
} sp_relay_shard;

enum sp_publish_kind {
    SP_PUBLISH_DISPATCH,
    SP_PUBLISH_COMMAND,
    SP_PUBLISH_GAP
};

/* What became of a publish is told by its tag: what it was. */
typedef struct sp_publish {
    uint64_t tag;
    enum sp_publish_kind kind;
    bool finished;         /* answered; it waits for those in front of it */
    sp_relay_shard *shard; /* of a dispatch or a gap */
    uint64_t epoch;
    uint64_t seq;
    uint64_t delivery; /* of a command */
    uint32_t shard_id;
    uint32_t op;
    uint8_t *packet; /* kept until it is confirmed: no queue may take it */
    size_t packet_length;
} sp_publish;

/* A SEND that waits for room, or to be routed again. */
typedef struct sp_route {
    uint64_t delivery;
    uint64_t not_before;
    uint32_t shard_id;
    uint32_t op;
    uint8_t *packet;
    size_t packet_length;
} sp_route;

typedef struct sp_relay_pending {
    spectacles_relay_event event;
    char name[SPECTACLES_ROUTE_MAX + 1];
    char session_id[SP_RELAY_SESSION_MAX + 1];
    char old_session_id[SP_RELAY_SESSION_MAX + 1];
    sp_text text;
} sp_relay_pending;

struct spectacles_relay {
    sp_relay_shard **shards; /* those that are served here, in the order of their ids */
    size_t served;           /* how many those are */
    size_t capacity;         /* of the array */
    size_t final;            /* how many of them are closed or fatal */
    sp_list ready;           /* shards that may have events, in the order of their turns */
    sp_list sendable;        /* shards whose held packets may be sent now */
    sp_list with_gaps;       /* shards with a gap that may be published now */
    sp_timers packets_timers;
    sp_timers gaps_timers;
    uint32_t shard_count;
    spectacles_broker *events;
    spectacles_broker *commands;
    bool holds_events; /* the relay has taken hold of the broker, and has to let go */
    bool holds_commands;
    sp_filter filter;
    sp_unroutable unroutable;
    sp_identify identify;
    uint32_t command_prefetch;
    uint64_t unix_offset;
    uint64_t held_until; /* no shard connects before: what RATE_LIMITED told last; 0: nothing */
    uint32_t *more_ops;
    size_t more_op_count;
    int gap_subscription;
    int send_subscription; /* -1: not asked for yet */
    uint32_t awaited;      /* queues that have to stand before SEND is consumed */
    bool *settled_queues;
    bool stopping;
    bool events_closed;
    bool commands_closed;
    sp_ring publishes;
    sp_ring routes;
    sp_ring pending; /* events that wait to be pulled */
    sp_relay_pending current;
    sp_buffer json; /* a command that came in another format, or a gap */
    sp_buffer keys; /* scratch of what rewrites it */
    spectacles_relay_stats stats;
    sp_text last_error;
};

#endif
