#ifndef SP_RELAY_INTERNAL_H
#define SP_RELAY_INTERNAL_H

#include "core/buffer.h"
#include "core/list.h"
#include "core/ring.h"
#include "core/sentences.h"
#include "core/text.h"
#include "core/timers.h"
#include "relay/filter.h"
#include "relay/identify.h"
#include "relay/tally.h"
#include "relay/unroutable.h"

#include <spectacles/relay.h>
#include <spectacles/routing.h>

enum {
    SP_RELAY_QUANTUM = 64, /* events that are pulled from one source before the next source has its turn */
    SP_RELAY_RETRY = 1000, /* milliseconds until a packet or a gap that no queue took is published again */
    SP_RELAY_GAPS = 8,     /* gaps of one shard for which memory is reserved */
    SP_RELAY_SESSION_MAX = 200, /* bytes of a session id; a longer id is cut off in message-ids */
    SP_RELAY_CONCURRENCY_MAX = 65536,
    SP_RELAY_SAME_HOLD = 5000, /* milliseconds: two waits that end so close together count as one wait */
    SP_RELAY_ID_SIZE = SP_RELAY_SESSION_MAX + 32, /* of a message-id, with its NUL */
    SP_RELAY_OWNER_PACKETS = 1024                 /* of one shard, that may wait for their answer */
};

#define SP_RELAY_EXPIRATION_MAX UINT64_C(315360000000) /* milliseconds: RabbitMQ's limit of ten years */

/* Dispatches that will never come. Kept until the broker has confirmed the message that declares them. */
typedef struct sp_gap {
    uint64_t seq;
    uint64_t next;
    uint64_t time;
    char old_session_id[SP_RELAY_SESSION_MAX + 1]; /* empty: not known */
    char new_session_id[SP_RELAY_SESSION_MAX +
                        1]; /* empty: the gap is open, because no session has begun since */
    uint64_t tag;           /* the tag of its publish; 0: it was not published yet */
    uint64_t not_before;
    bool reported;
    bool noticed; /* by this process, so that its time follows the clock when that is set */
} sp_gap;

/*
 * A dispatch that was published or filtered out. The dispatches at the front of the ring that are done are committed.
 */
typedef struct sp_dispatch {
    uint64_t seq;
    bool done;
} sp_dispatch;

/* A packet for Discord, from its delivery until its bytes were consumed. */
typedef struct sp_packet {
    uint64_t delivery;     /* 0: the owner has sent it */
    uint64_t owner_ticket; /* of spectacles_relay_send(); 0: a worker has sent it */
    uint64_t ticket;       /* of spectacles_shard_send(); 0: it was not sent yet */
    uint64_t expires;      /* SPECTACLES_NEVER: it does not expire */
    uint32_t op;
    uint8_t *d;
    size_t d_length;
} sp_packet;

/*
 * A shard that is served here. Its nodes are in the lists of the relay, and its timers in the heaps of the relay.
 *
 * How far the relay still serves it (roster.c has the one function that changes it):
 *
 *     SERVED ------ spectacles_relay_remove_shard() -------------------------------------------> LEAVING
 *     LEAVING ----- all that was published of it is answered, or the relay stops --------------> CLOSING
 *     CLOSING ----- the engine is closed, and its gaps are declared ---------------------------> LEFT
 *     LEFT -------- SHARD_REMOVED is handed out -----------------------------------------------> gone
 *
 *     any state --- spectacles_relay_drop_shard() ---------------------------------------------> LEFT, and gone at once
 *
 * LEAVING: the engine is not pulled. So no dispatch is taken, and an engine that loses its connection does not connect
 * again. CLOSING: the engine is pulled, for what became of its packets; its dispatches are left to whoever resumes.
 */
typedef struct sp_relay_shard {
    spectacles_shard *engine;
    bool holds_engine; /* the relay holds the engine, and has to release it */
    uint32_t id;
    enum spectacles_relay_service service;
    sp_list_node leaving_node; /* it may go on leaving, or it has left and the owner is to be told */
    sp_list_node changed_node; /* its session or its gaps may differ from what a state has taken */
    uint32_t close_code;       /* of spectacles_relay_remove_shard() */
    size_t open;               /* publishes that are not answered yet: its dispatches and gaps */
    sp_timer identify_turn;    /* set while the shard waits to identify: in the heap of its bucket */
    sp_list_node packets_node; /* held packets may be sent now */
    sp_timer packets_timer;    /* when held packets may be sent: the rate limit */
    sp_list_node gaps_node;    /* a gap may be published now */
    sp_timer gaps_timer;       /* when a gap is published again */
    bool wants_identify;       /* the owner is to grant it: SPECTACLES_RELAY_GRANTED_IDENTIFIES */
    bool unstored;             /* the owner has not stored its session: SPECTACLES_RELAY_HOLDS_NEW_SESSIONS */
    bool final;                /* closed or fatal */
    bool awaits_replay;        /* the rest of this connection is ignored, because Discord replays it */
    uint64_t epoch;            /* counts connections: the confirm of an older connection commits nothing */
    char session[SP_RELAY_SESSION_MAX + 1];
    size_t session_length;
    uint64_t published; /* the newest sequence of this session that was published; 0: none */
    sp_ring dispatches;
    sp_ring gaps;
    sp_ring held;         /* packets that wait for the shard or its rate limit */
    sp_ring sent;         /* packets that were sent and not consumed yet */
    size_t owner_packets; /* of these two: packets of the owner */
} sp_relay_shard;

enum sp_publish_kind {
    SP_PUBLISH_DISPATCH,
    SP_PUBLISH_COMMAND,
    SP_PUBLISH_GAP
};

/* A publish that waits for its outcome, which the broker reports by tag. */
typedef struct sp_publish {
    uint64_t tag;
    enum sp_publish_kind kind;
    bool finished;         /* its outcome is known; it is removed when all in front of it are finished */
    sp_relay_shard *shard; /* of a dispatch or a gap; NULL: the relay has let go of the shard */
    uint64_t epoch;
    uint64_t seq;
    uint64_t since;    /* of a dispatch: when it was published */
    uint64_t delivery; /* of a command */
    uint64_t expires;  /* of a command; SPECTACLES_NEVER: it does not expire */
    uint64_t guild_id; /* of a command */
    uint32_t shard_id;
    uint32_t op;
    size_t bytes;    /* of a message that the owner has not acknowledged */
    uint8_t *packet; /* kept until the publish is confirmed, in case that no queue takes it */
    size_t packet_length;
} sp_publish;

/*
 * The queue of one shard of the bot, at the broker of commands. Each queue is declared, and the queues of shards that
 * are served here are consumed.
 */
typedef struct sp_shard_queue {
    int subscription;  /* the number that the broker gave; -1: none */
    bool consumed;     /* how the queue is subscribed: consumed, or declared only */
    bool unsure;       /* a subscribe failed: the broker has the queue as `consumed` says, or not at all */
    bool answered;     /* the queue was declared, or refused, once */
    sp_list_node node; /* the queue is to be subscribed in another way */
} sp_shard_queue;

/* A SEND that waits for room in the window, or to be published again. */
typedef struct sp_route {
    uint64_t delivery;
    uint64_t not_before;
    uint64_t expires; /* SPECTACLES_NEVER: it does not expire */
    uint64_t guild_id;
    uint32_t shard_id;
    uint32_t op;
    uint8_t *packet; /* {"op":n,"d":{..}}: at most SPECTACLES_PACKET_MAX bytes, however long the SEND is */
    size_t packet_length;
} sp_route;

typedef struct sp_relay_pending {
    spectacles_relay_event event;
    char name[SPECTACLES_ROUTE_MAX + 1];
    char session_id[SP_RELAY_SESSION_MAX + 1];
    char old_session_id[SP_RELAY_SESSION_MAX + 1];
    char message_id[SP_RELAY_ID_SIZE];
    uint8_t *body; /* on the heap; NULL: the event has none */
    sp_text text;
} sp_relay_pending;

/* What became of a packet of the owner: it waits to be told. */
typedef struct sp_answer {
    uint64_t ticket;
    uint32_t shard_id;
    uint32_t op;
    int error;       /* 0: it was sent */
    const char *why; /* static; NULL: it was sent */
} sp_answer;

/*
 *     RUNNING --- the owner stops it ---> DRAINING --- the events broker and all shards are closed ---> CLOSING
 *
 *     CLOSING --- the commands broker is closed ---> STOPPED
 */
enum sp_relay_state {
    SP_RELAY_RUNNING,
    SP_RELAY_DRAINING, /* the events broker waits for its confirms */
    SP_RELAY_CLOSING,  /* the commands broker has sent its last acknowledgements */
    SP_RELAY_STOPPED
};

struct spectacles_relay {
    sp_relay_shard **shards; /* the shards that are served here, in the order of their ids */
    size_t served;           /* how many shards are served here */
    size_t capacity;         /* of the array */
    size_t final;            /* how many of them are closed or fatal */
    sp_list ready;           /* shards that may have events, in the order of their turns */
    sp_list closing;   /* those of them that are CLOSING: they are pulled while there is no room as well */
    sp_list leaving;   /* shards that may go on leaving */
    sp_list left;      /* shards that have left, of which the owner is to be told */
    sp_list changed;   /* shards whose session or gaps may differ from what a state has taken */
    sp_ring left_gaps; /* of the shard of the last SHARD_REMOVED: those that were not declared */
    uint32_t left_id;
    sp_list sendable;  /* shards whose held packets may be sent now */
    sp_list with_gaps; /* shards with a gap that may be published now */
    sp_timers packets_timers;
    sp_timers gaps_timers;
    uint32_t shard_count;
    uint32_t flags;              /* a mask of enum spectacles_relay_flag */
    spectacles_broker *events;   /* NULL: the owner takes the messages */
    spectacles_broker *commands; /* NULL, when events is */
    bool holds_events;           /* the relay has taken hold of the broker, and has to let go */
    bool holds_commands;
    sp_list events_ready; /* the broker of events, when it may have some */
    sp_list commands_ready;
    sp_filter filter;
    sp_unroutable unroutable;
    sp_identify identify;
    uint32_t command_prefetch;
    uint32_t send_prefetch;
    uint32_t command_timeout; /* milliseconds; 0: no limit */
    uint64_t unix_offset;
    uint64_t held_until; /* no shard connects before; 0: no limit. Reported by RATE_LIMITED */
    uint32_t *more_ops;
    size_t more_op_count;
    int gap_subscription;
    int send_subscription; /* -1: SEND is not subscribed yet */
    uint32_t
        unanswered_queues; /* shards whose queue is neither declared nor refused yet; at 0 SEND is subscribed */
    sp_shard_queue *queues; /* of all shards of the bot, by their ids */
    sp_list changed_queues; /* queues that are to be subscribed in another way */
    uint32_t *shard_of;     /* by the number of a subscription: whose queue it is; shard_count: no shard's */
    size_t subscriptions;   /* numbers in shard_of */
    size_t shard_of_capacity;
    bool events_stood;         /* the events broker has been READY */
    bool send_stood;           /* SEND was consumed, or refused */
    enum sp_relay_state state; /* changed by set_state() in relay.c alone */
    bool events_closed;        /* the events broker has told CLOSED */
    bool commands_closed;
    sp_ring publishes;
    sp_ring routes;
    sp_ring pending; /* events that wait to be pulled */

    /* The messages that the owner takes, and the packets that the owner sends. */
    uint32_t format;
    uint32_t window_count;
    uint64_t window_bytes;
    uint64_t open_bytes;    /* of messages that are not acknowledged */
    uint64_t last_ticket;   /* of a message */
    uint32_t drain_timeout; /* milliseconds */
    uint64_t drain_until;   /* SPECTACLES_NEVER: the relay is not stopping */
    uint64_t last_packet;   /* the ticket of the last packet of the owner */
    size_t owner_packets;   /* of all shards */
    sp_ring answers;        /* with room for all of them */
    bool woken;             /* the owner has made a call after which there is something to do */

    sp_relay_pending current;
    sp_buffer json;      /* a command in another format, rewritten; or the body of a gap */
    sp_buffer converted; /* a message for the owner, in the owner's format */
    sp_buffer keys;      /* scratch memory of the transcoder */
    spectacles_relay_stats stats;
    sp_tally_names names;   /* of the dispatches that were received */
    sp_tally_codes codes;   /* with which connections of shards have ended */
    uint64_t now;           /* of the last pull */
    uint64_t blocked_since; /* the broker of events takes no publishes; SPECTACLES_NEVER: it does */
    uint64_t full_since;    /* a shard waits for room in the window; SPECTACLES_NEVER: none does */
    sp_text publish_error;  /* why the last message could not be handed to the owner */
    sp_text last_error;
};

/* Whether the owner has stopped the relay: no dispatch is published and no command is taken any more. */
static inline bool sp_relay_is_stopping(const spectacles_relay *relay)
{
    return relay->state != SP_RELAY_RUNNING;
}

/* Something has changed that the shard may have waited for: sp_relay_advance_leaving() looks at it. */
static inline void sp_relay_look_at_leaving(spectacles_relay *relay, sp_relay_shard *shard)
{
    if (shard->service == SPECTACLES_SERVICE_LEAVING || shard->service == SPECTACLES_SERVICE_CLOSING)
        sp_list_add(&relay->leaving, &shard->leaving_node);
}

/* The session or the gaps of the shard may have changed: the next spectacles_state_take() looks at them. */
static inline void sp_relay_note_change(spectacles_relay *relay, sp_relay_shard *shard)
{
    sp_list_add(&relay->changed, &shard->changed_node);
}

/* Sentences that more than one call fails with. */
#define SP_RELAY_BAD_NAME "a name on the allow list is empty or longer than 255 bytes"
#define SP_RELAY_BAD_CONCURRENCY "max_concurrency has to be 1 to 65536"

/* Keeps the sentence of spectacles_relay_last_error(), and returns the error. */
static inline int sp_relay_fail(spectacles_relay *relay, int error, const char *text)
{
    sp_text_set(&relay->last_error, "%s", text);
    return error;
}

#endif
