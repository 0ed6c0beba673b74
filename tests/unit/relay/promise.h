#ifndef TESTS_RELAY_PROMISE_H
#define TESTS_RELAY_PROMISE_H

#include "fakes.h"

#include <stdbool.h>

#define CULPRIT_TEXT "5 connections in a row have ended right behind this message: 541 INTERNAL_ERROR"

enum {
    SHARDS = 2,
    SESSIONS = 64, /* of one shard */
    DISPATCHES = 200,
    PUBLISHES = 4096,
    GAPS = 64,
    WINDOW = 6 /* messages that the owner may leave unacknowledged */
};

/* Of a message. The owner has done the work of one that has ARRIVED. */
enum state {
    OPEN,
    ARRIVED,
    REFUSED
};

/* What the broker or the owner was given. */
struct published {
    enum state state;
    bool reached; /* RabbitMQ has it, and the confirm was lost with a connection */
    uint64_t tag; /* 0: of a process that is gone */
    char key[32];
    char id[48];
    char body[200];
};

struct session {
    bool lost; /* Discord does not know it any more */
    bool told; /* somebody was told of it: a process that did not die too early */
    uint64_t sent;
    /*
     * By sequence: A is wanted; L is wanted and too large; E is wanted, and RabbitMQ ends the connection over it; X is
     * not wanted
     */
    char names[DISPATCHES + 1];
};

struct stored {
    char session[32]; /* empty: none */
    uint64_t seq;
};

struct discord {
    struct session sessions[SESSIONS];
    int count;
    bool connected;
};

/*
 * The world of a made-up life. test_promise.c lives the life, promise_broker.c takes the messages, and
 * promise_verdict.c judges what became of them.
 */
extern struct promise_world {
    spectacles_shard shards[SHARDS];
    spectacles_broker events;
    spectacles_broker commands;
    spectacles_relay *relay;
    bool broker_is_ready; /* the events broker has a connection */
    int strikes;          /* connections in a row that ended right behind the first open publish */
    uint64_t now;
    struct discord discord[SHARDS];
    struct published published[PUBLISHES];
    int count;
    uint64_t last_tag; /* of the published ones that were looked at */
    struct stored stored[SHARDS];
    bool leaves[SHARDS];       /* it is being removed: it does not connect */
    spectacles_gap gaps[GAPS]; /* stored */
    char gap_texts[GAPS][2][32];
    size_t gap_count;
    char facts[SHARDS][512]; /* of each shard, when it was stored last: see promise_judge_changes() */
    uint32_t random;
    bool recovers;   /* all is well again */
    bool starving;   /* memory runs out now and then */
    bool owner;      /* there are no brokers: the owner takes the messages */
    uint32_t format; /* in which the owner takes them */
} world;

uint32_t promise_chance(uint32_t below);

/* Whether a message is on its way; how many of all messages have arrived, known or not, because a later one has. */
bool promise_is_open(const struct published *each);
int promise_count_reached(void);

/* The owner is handed a message. Its shard is dropped: the owner may have done the work of its messages. */
void promise_take_message(const spectacles_relay_event *event);
void promise_forget_messages(uint32_t shard);

/* One message, or all, are confirmed or acknowledged, or refused. */
void promise_settle_one(void);
void promise_settle_all(void);

/* The connection of RabbitMQ ends. RabbitMQ accepts a connection; sometimes it drops the connection at once. */
void promise_end_connection(void);
void promise_connect_broker(bool drops);

/* Fails when a wanted dispatch of the shard has not arrived, and no gap declares it. */
void promise_judge_dispatches(unsigned shard);

/* The same; and when dispatches are out of order, or there is not exactly one gap for each loss. */
void promise_judge(unsigned shard);

/*
 * Fails when a shard differs from what was stored last, and the relay does not say that the shard has changed: a state
 * looks at the shards alone that have. Called when everything is stored.
 */
void promise_judge_changes(void);

#endif
