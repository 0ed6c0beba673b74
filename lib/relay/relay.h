#ifndef SP_RELAY_RELAY_H
#define SP_RELAY_RELAY_H

#include "core/buffer.h"
#include "core/ring.h"
#include "core/text.h"
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
    SP_RELAY_CONCURRENCY_MOST = 65536,
    SP_RELAY_SAME_HOLD = 5000 /* milliseconds: shards that are told so much apart are told of one wait */
};

/* Events that will never come: kept until the broker has confirmed the message that says so. */
typedef struct sp_gap {
    uint64_t seq;
    uint64_t next;
    uint64_t time;
    char old_session[SP_RELAY_SESSION_MAX + 1]; /* empty: not known */
    char new_session[SP_RELAY_SESSION_MAX + 1]; /* empty: not there yet */
    uint64_t tag;                               /* of its publish; 0: to be published */
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

typedef struct sp_member {
    spectacles_shard *shard;
    uint32_t id;
    bool wants_identify;
    bool final;     /* closed or fatal */
    bool given_up;  /* its connection: what is still read of it will be replayed */
    uint64_t epoch; /* counts connections: a confirm for an older one commits nothing */
    char session[SP_RELAY_SESSION_MAX + 1];
    size_t session_length;
    sp_ring dispatches;
    sp_ring gaps;
    sp_ring held; /* packets that wait for the shard or its rate limit */
    sp_ring sent; /* packets on their way */
    uint64_t held_until;
} sp_member;

enum sp_publish_kind {
    SP_PUBLISH_DISPATCH,
    SP_PUBLISH_COMMAND,
    SP_PUBLISH_GAP
};

/* What became of a publish is told by its tag: what it was. */
typedef struct sp_publish {
    uint64_t tag;
    enum sp_publish_kind kind;
    bool settled;
    uint32_t member; /* of a dispatch or a gap */
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

typedef struct sp_relay_news {
    spectacles_relay_event event;
    char name[SPECTACLES_ROUTE_MAX + 1];
    char old_session[SP_RELAY_SESSION_MAX + 1];
    sp_text text;
} sp_relay_news;

struct spectacles_relay {
    sp_member *members;
    size_t member_count;
    size_t turn; /* whose turn it is to be pulled */
    uint32_t shard_count;
    spectacles_broker *events;
    spectacles_broker *commands;
    sp_filter filter;
    sp_unroutable unroutable;
    sp_identify identify;
    uint32_t command_prefetch;
    uint64_t unix_offset;
    uint64_t held_until; /* no shard connects before: what RATE_LIMITED told last; 0: nothing */
    uint32_t *more_ops;
    size_t more_ops_length;
    int gap_subscription;
    int send_subscription; /* -1: not asked for yet */
    uint32_t awaited;      /* queues that have to stand before SEND is consumed */
    bool *settled_queues;
    bool stopping;
    bool events_closed;
    bool commands_closed;
    sp_ring publishes;
    sp_ring routes;
    sp_ring news;
    sp_relay_news current;
    sp_buffer json; /* a command that came in another format, or a gap */
    sp_buffer keys; /* scratch of what rewrites it */
    spectacles_relay_stats stats;
};

/* What the broker of events answers when a body can not be written in its format: now or ever. */
static inline bool sp_relay_has_no_form(int error)
{
    return error == SPECTACLES_E_PROTO || error == SPECTACLES_E_UNSUPPORTED || error == SPECTACLES_E_TOOBIG;
}

/* ---- events.c ---- */

sp_relay_news *sp_relay_tell(spectacles_relay *relay, uint32_t type);
void sp_relay_name(sp_relay_news *news, const char *name, size_t length);
const spectacles_relay_event *sp_relay_take_news(spectacles_relay *relay);

/* Tells an event of a broker under this type: code, error, time and text are the broker's. */
sp_relay_news *sp_relay_tell_broker(spectacles_relay *relay, uint32_t broker, uint32_t type,
                                    const spectacles_broker_event *event);

/* Tells what happened to a broker's connection, if the event is about that. */
void sp_relay_tell_connection(spectacles_relay *relay, uint32_t broker, const spectacles_broker_event *event);

/* ---- dispatches.c: Discord -> workers ---- */

/* Pulls one member while there is room. True when it did something. */
bool sp_relay_pull_shard(spectacles_relay *relay, uint32_t member, uint64_t now);

/* Remembers the id of the shard's session, which is part of every message-id. */
void sp_relay_keep_session(sp_member *member);

bool sp_relay_grant_identifies(spectacles_relay *relay, uint64_t now);
uint64_t sp_relay_identify_deadline(const spectacles_relay *relay);

/* Pulls the broker of events: confirms. */
bool sp_relay_pull_events(spectacles_relay *relay, uint64_t now);
void sp_relay_free_publish(sp_publish *publish);

/* ---- rate_limited.c: Discord refused a request of a worker ---- */

bool sp_relay_is_rate_limited(const char *name, size_t length);

/* Tells the owner which op has to wait how long, and its nonce. */
void sp_relay_tell_rate_limited(spectacles_relay *relay, const sp_member *member,
                                const spectacles_shard_event *event);

/* ---- gaps.c: what will never come ---- */

/* Takes over the gaps of a former process. */
int sp_relay_import_gaps(spectacles_relay *relay, const spectacles_relay_config *config,
                         spectacles_problem *problem);

/* A session is lost; the gap ends where the next one begins. */
void sp_relay_open_gap(const spectacles_relay *relay, sp_member *member, const char *old_session,
                       uint64_t seq, uint64_t now);
void sp_relay_end_gaps(sp_member *member);

/* One dispatch of this session can not be published. */
int sp_relay_skip_gap(const spectacles_relay *relay, sp_member *member, uint64_t seq, uint64_t now);

/* Publishes what can be published. True when it did something. */
bool sp_relay_publish_gaps(spectacles_relay *relay, uint64_t now);

/* A gap that was never published stands before all dispatches behind it. */
bool sp_relay_gap_waits(const sp_member *member);
void sp_relay_gap_confirmed(spectacles_relay *relay, const sp_publish *publish);
void sp_relay_gap_returned(spectacles_relay *relay, const sp_publish *publish, uint64_t now);
uint64_t sp_relay_gaps_deadline(const spectacles_relay *relay);

/* ---- commands.c: workers -> Discord ---- */

/* Asks for the queues of all shards. */
int sp_relay_subscribe(spectacles_relay *relay);
bool sp_relay_pull_commands(spectacles_relay *relay, uint64_t now);

/* Sends what is held, as far as that is possible now. */
bool sp_relay_send_packets(spectacles_relay *relay, uint64_t now);
bool sp_relay_route_sends(spectacles_relay *relay, uint64_t now);
uint64_t sp_relay_commands_deadline(const spectacles_relay *relay);

/* A packet's bytes have gone out, or its connection has ended first. */
void sp_relay_packet_sent(spectacles_relay *relay, uint32_t member, uint64_t ticket);
void sp_relay_packet_unsent(spectacles_relay *relay, uint32_t member);

/* A SEND's packet is confirmed under its shard's key, or no queue took it. */
void sp_relay_command_confirmed(spectacles_relay *relay, const sp_publish *publish);
void sp_relay_command_returned(spectacles_relay *relay, sp_publish *publish,
                               const spectacles_broker_event *event, uint64_t now);

void sp_relay_free_packets(sp_ring *packets);
void sp_relay_free_routes(sp_ring *routes);

#endif
