#ifndef SP_BROKER_BROKER_H
#define SP_BROKER_BROKER_H

#include "broker/calls.h"
#include "broker/content.h"
#include "broker/deliveries.h"
#include "broker/loss.h"
#include "broker/publishes.h"
#include "broker/suspicion.h"
#include "broker/topology.h"
#include "broker/uri.h"
#include "core/backoff.h"
#include "core/random.h"
#include "core/stream.h"
#include "core/text.h"

#include <spectacles/broker.h>

enum {
    SP_PHASE_CLOSING = 3000,
    SP_BACKOFF_BASE = 250,
    SP_BACKOFF_CAP = 30000,
    SP_DEFER_NACKED = 500,     /* before what the broker did not take is published again */
    SP_RETRY_CANCELLED = 1000, /* a queue whose consumer was cancelled is declared and consumed again */
    SP_RETRY_AWAY = 5000,      /* a queue whose node is away is looked for again */
    SP_RETRY_REFUSED = 30000   /* what was refused is tried again: a person may have mended it */
};

/* What the driver of the bytes has to do with us. */
enum sp_transport {
    SP_TRANSPORT_NONE,
    SP_TRANSPORT_WANTED,
    SP_TRANSPORT_OPEN,
    SP_TRANSPORT_ENDED /* eof was heard; what was fed before is still being worked on */
};

enum sp_channel_state {
    SP_CHANNEL_CLOSED,
    SP_CHANNEL_OPENING,
    /* The broker closed it. RabbitMQ goes on for a while with deliveries of the channel before. */
    SP_CHANNEL_REOPENING,
    SP_CHANNEL_CLOSING, /* by us, to be opened anew: see trial.h */
    SP_CHANNEL_OPEN
};

/* Replies come over the channel on which the requests go out. */
enum sp_listening {
    SP_LISTENING_NOT,    /* nobody has called yet */
    SP_LISTENING_WANTED, /* as soon as there is a channel */
    SP_LISTENING_ASKED,
    SP_LISTENING
};

/* What the last frame did to subscriptions. */
typedef struct sp_trouble {
    uint32_t code;
    int32_t error;
    uint64_t time; /* of the next try */
    sp_text text;
} sp_trouble;

typedef struct sp_news {
    spectacles_broker_event event;
    sp_text text;
} sp_news;

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
    uint64_t phase_deadline;
    sp_backoff backoff;
    size_t uri; /* the one in use */
    bool owner_closes;
    uint64_t drain_deadline;
    sp_loss loss;

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
    uint64_t heard_at;
    bool wrote;                   /* since beat_at was set */
    amqp_method_number_t awaited; /* in HANDSHAKE: the one method that may come next, but for a close */
    bool blocked;
    bool stopped;  /* channel.flow: nothing is published until the broker takes it back */
    bool confirms; /* the publishing channel is in confirm mode */
    enum sp_listening listening;
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
    sp_ring news;
    sp_trouble failure;      /* of the one that has failed */
    sp_trouble interruption; /* of all whose channel ended */
    spectacles_broker_event event;
    sp_text event_text;
    spectacles_broker_stats stats;
    sp_text last_error;
};

/* ---- life.c: from state to state ---- */

/* The one place where the state changes. */
void sp_broker_become(spectacles_broker *broker, enum spectacles_broker_state state, uint64_t now);
void sp_broker_connect(spectacles_broker *broker, uint64_t now);

/* Notes why the connection ends; the first note stands, and NULL comes back for later ones. */
sp_loss *sp_broker_blame(spectacles_broker *broker, uint32_t code, int error);

/* Ends the connection from our side: connection.close with this code, when one can be sent. */
void sp_broker_drop(spectacles_broker *broker, uint32_t code, uint64_t now);

/* The connection is over: what follows. */
void sp_broker_settle(spectacles_broker *broker, uint64_t now);

/* Everything is confirmed, or time is up: connection.close. */
void sp_broker_finish(spectacles_broker *broker, uint64_t now);

/* ---- setup.c: channels and topology ---- */

int sp_broker_open_channels(spectacles_broker *broker);
int sp_broker_open_channel(spectacles_broker *broker, uint16_t channel);

/* Asks for what is wanted and can be asked for now. */
int sp_broker_advance(spectacles_broker *broker, uint64_t now);

/* READY, once everything has been tried. */
void sp_broker_check_ready(spectacles_broker *broker, uint64_t now);

/* A method that answers or ends something of the topology. */
int sp_broker_on_channel_opened(spectacles_broker *broker, uint16_t channel, uint64_t now);
int sp_broker_on_declared(spectacles_broker *broker, enum sp_request_kind kind, const amqp_bytes_t *queue,
                          uint64_t now);
int sp_broker_on_consuming(spectacles_broker *broker, enum sp_request_kind kind,
                           const amqp_bytes_t *consumer_tag, uint64_t now);
int sp_broker_on_cancelled(spectacles_broker *broker, const amqp_basic_cancel_t *cancel, uint64_t now);
int sp_broker_on_channel_close(spectacles_broker *broker, uint16_t channel, const amqp_channel_close_t *close,
                               uint64_t now);

/* A method of a trial (trial.h), and the answer to our channel.close at its end. */
int sp_broker_on_trial(spectacles_broker *broker, amqp_method_number_t id, uint64_t now);
int sp_broker_on_trial_closed(spectacles_broker *broker);

/* ---- call.c: calls and replies ---- */

/* Asks for replies on the channel for publishing, when there is one and somebody has called. */
int sp_broker_listen(spectacles_broker *broker);

/* The broker answers that, or brings a reply. */
int sp_broker_on_listening(spectacles_broker *broker, const amqp_basic_consume_ok_t *consume_ok);
int sp_broker_on_reply_begins(spectacles_broker *broker, const amqp_basic_deliver_t *deliver);
const spectacles_broker_event *sp_broker_on_reply(spectacles_broker *broker);

/* A request of a call came back, or was refused. */
void sp_broker_fail_call(spectacles_broker *broker, uint64_t tag, uint32_t failure, uint16_t code,
                         amqp_bytes_t reply);

/* The broker knows no direct reply-to: all calls fail, and the next one tries again. */
void sp_broker_refuse_calls(spectacles_broker *broker);

/* The channel is gone, and with it the way for replies to what was sent on it. */
void sp_broker_lose_calls(spectacles_broker *broker);

/* Those that have waited for too long. */
void sp_broker_expire_calls(spectacles_broker *broker, uint64_t now);

/* A call has failed: tells of it, one at a time. */
const spectacles_broker_event *sp_broker_take_failed_call(spectacles_broker *broker);

/* ---- broker.c ---- */

/* A message as this version knows it, whatever version the caller was built with. */
int sp_broker_read_message(spectacles_broker *broker, spectacles_message *read,
                           const spectacles_message *message);

/* The message's body in the broker's format, and the content type that says so. */
int sp_broker_rewrite_body(spectacles_broker *broker, spectacles_message *message);

/* The broker takes publishes now. */
bool sp_broker_takes_publishes(const spectacles_broker *broker);

/* It does, and nothing else is being asked of it: what happens then is about publishes. */
bool sp_broker_only_publishes(const spectacles_broker *broker);

/* Whether there is room in the window. */
bool sp_broker_has_room(const spectacles_broker *broker);

/* Ends a subscription, now or when the broker has answered what was asked for it. */
int sp_broker_leave(spectacles_broker *broker, uint32_t number);

/* The connection is gone: subscriptions that were to end have ended. */
void sp_broker_end_leaving(spectacles_broker *broker);

/* ---- message.c ---- */

/* SPECTACLES_OK, or why a message can not be published. */
int sp_broker_check_message(spectacles_broker *broker, const spectacles_message *message);

/* ---- handshake.c: start, tune, open ---- */

int sp_broker_greet(spectacles_broker *broker);
int sp_broker_on_start(spectacles_broker *broker, const amqp_connection_start_t *start, uint64_t now);
int sp_broker_on_tune(spectacles_broker *broker, const amqp_connection_tune_t *tune, uint64_t now);

/* ---- receive.c: what arrives ---- */

/* Works on the next frame. False when there is none. An event that it fills goes to *event. */
bool sp_broker_receive(spectacles_broker *broker, uint64_t now, const spectacles_broker_event **event);

/* ---- events.c ---- */

sp_news *sp_broker_tell(spectacles_broker *broker, uint32_t type);
bool sp_broker_has_news(const spectacles_broker *broker);
const spectacles_broker_event *sp_broker_take_news(spectacles_broker *broker);
int sp_broker_fail(spectacles_broker *broker, int error, const char *text);

/* Adds "(CODE - text of the broker)". */
void sp_broker_quote(sp_text *text, uint16_t code, amqp_bytes_t reply);

/* Whether the next connection is to be made now: it waits until the owner has pulled what became of the last one. */
bool sp_broker_connects_now(const spectacles_broker *broker, uint64_t now);

/* After spectacles_broker_close(): ends the connection once nothing is open, or time is up. */
void sp_broker_check_drained(spectacles_broker *broker, uint64_t now);

/* ---- timers.c ---- */

uint64_t sp_broker_deadline(const spectacles_broker *broker);
int sp_broker_expire(spectacles_broker *broker, uint64_t now);

/* ---- stream.c: the bytes ---- */

void sp_broker_init_stream(spectacles_broker *broker, const sp_holder_calls *holder_calls);

#endif
