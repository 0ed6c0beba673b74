#ifndef TESTS_RELAY_FAKES_H
#define TESTS_RELAY_FAKES_H

#include "core/stream.h"
#include "unit.h"

#include <spectacles/spectacles.h>

/*
 * Shards and brokers that do what the test tells them, in place of the real ones, and are strict about their
 * contract: what an event points to is overwritten at the next call, and tickets, tags and deliveries have
 * to be theirs. Every call that the relay makes on them is kept as a line.
 */
enum {
    FAKE_EVENTS = 256,
    FAKE_SUBSCRIPTIONS = 128,
    FAKE_TEXT = 300
};

typedef struct fake_event {
    spectacles_shard_event shard;
    spectacles_broker_event broker;
    char key[64];
    char body[FAKE_TEXT];
    size_t body_length; /* of a broker's */
} fake_event;

typedef struct fake_queue {
    fake_event events[FAKE_EVENTS];
    int first;
    int count;
    fake_event current;
} fake_queue;

struct spectacles_shard {
    spectacles_stream stream; /* made when it is first asked for */
    uint32_t id;
    uint32_t count;
    uint32_t state;
    int dead;       /* its connection has ended, which it has not told yet */
    int send_error; /* what the next send answers */
    uint64_t refill_at;
    uint64_t last_ticket;
    uint64_t read_ticket; /* up to it the packets were handed to the socket */
    uint64_t committed;
    uint64_t received; /* the newest dispatch that was handed out */
    char session[64];  /* of the last READY that was named; empty: "sess" */
    int closing;       /* its next connection that ends is the last one */
    int lost;          /* its GAP was handed out, and no READY since */
    fake_queue queue;
};

struct spectacles_broker {
    spectacles_stream stream; /* made when it is first asked for */
    const char *name;
    int window; /* publishes that may be open */
    int open;
    int publish_error;  /* what the next publish answers */
    uint32_t format;    /* 0: JSON */
    uint32_t published; /* in which format the last body seemed to be */
    uint64_t last_tag;
    int64_t last_guild; /* headers of what was published last; 0 and "": it had none */
    int64_t last_shards;
    char last_digest[40];
    uint64_t last_delivery;
    uint64_t lost_delivery; /* up to it they are the broker's again: their channel is gone */
    int settled[FAKE_EVENTS];
    int subscriptions;
    int closing;           /* its next connection that ends is the last one */
    int subscribe_error;   /* what the next subscribe answers, although it has taken the subscription */
    int unsubscribe_error; /* what the next unsubscribe answers */
    struct {
        char event[32]; /* empty: it has ended */
        int declare_only;
        uint32_t prefetch;
    } subscribed[FAKE_SUBSCRIPTIONS];
    fake_queue queue;
};

/* The calls, as lines; whether one was made; how many. */
extern char fake_log[4096][FAKE_TEXT];
extern int fake_lines;
void fake_forget(void);
int fake_called(const char *line);
int fake_count(const char *prefix);

/* What happens. */
void fake_dispatch(spectacles_shard *shard, uint64_t seq, const char *name, const char *d);
/* Makes the newest event of a shard another one: type and text; or, without a text, a dispatch in ETF. */
void fake_change_last(spectacles_shard *shard, uint32_t type, const char *text);
/*
 * Any event. Before DISCONNECTED the packets that the socket has not taken are UNSENT. Where the relay has closed the
 * shard, DISCONNECTED is CLOSED.
 */
void fake_shard_event(spectacles_shard *shard, uint32_t type, uint64_t ticket);
/* READY of a session of this name, and its first dispatch. */
void fake_ready(spectacles_shard *shard, const char *session);
/* A connection stands: the shard resumes its session, or asks to identify. RESUMED, with its dispatch. */
void fake_accept(spectacles_shard *shard);
void fake_resumed(spectacles_shard *shard, uint64_t seq);
/* The socket takes all packets: they are SENT. */
void fake_read(spectacles_shard *shard);
/* The gateway answered 429: no shard is to connect before. */
void fake_hold(spectacles_shard *shard, uint64_t until);
/* The session is lost: told with its name, and what is committed when it is told. */
void fake_lose_session(spectacles_shard *shard);
/*
 * Any event. A connection that is DISCONNECTED takes its deliveries along. Where the relay has closed the broker,
 * DISCONNECTED is CLOSED.
 */
void fake_broker_event(spectacles_broker *broker, uint32_t type, uint64_t tag, uint32_t subscription);
/* The broker does not take the message, and says why. */
void fake_failed(spectacles_broker *broker, uint64_t tag, uint32_t code, const char *text);
void fake_returned(spectacles_broker *broker, uint64_t tag, const char *key);
/* The number of the subscription to this queue; -1: none. consumed: it has to be consumed, or only declared. */
int fake_subscription(const spectacles_broker *broker, const char *event, int consumed);
/* The channel of all deliveries so far is gone, with or without the connection. */
void fake_lose_deliveries(spectacles_broker *broker);
uint64_t fake_message(spectacles_broker *broker, uint32_t subscription, const char *key, const char *body);
uint64_t fake_bytes(spectacles_broker *broker, uint32_t subscription, const char *key, const void *body,
                    size_t length);
/* Gives the newest message an expiration, which has to outlive it. */
void fake_expire_last(spectacles_broker *broker, const char *expiration);
/* Keeps the headers of what is published. */
void fake_note_headers(spectacles_broker *broker, const spectacles_message *message);
/* Gives the newest message the header by which a gateway says for which guild it has routed it. */
void fake_guild_last(spectacles_broker *broker, uint64_t guild_id);

#endif
