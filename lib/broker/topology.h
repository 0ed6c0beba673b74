#ifndef SP_BROKER_TOPOLOGY_H
#define SP_BROKER_TOPOLOGY_H

#include "broker/consumer.h"
#include "broker/wire.h"
#include "core/ring.h"

#include <spectacles/broker.h>

/*
 * What has to stand on the broker: the exchange, and for each subscription a queue, its binding and its
 * consumer. Declaring is pipelined: what was asked for and not answered yet is kept in order, so that an
 * error names its refused.
 */

/*
 *     WANTED -> DECLARING -> DECLARED -> CONSUMING -> ACTIVE
 *       ^                       |  ^ ----+             |      (the channel ended under the consumer)
 *       |                       +-> TRYING             |
 *     FAILED <---- refused or cancelled, from each ----+
 *
 * An owner that ends a subscription while something is asked for it: LEAVING until the broker has answered, then GONE.
 * REJOINING: the owner has subscribed to the same queue again meanwhile; then WANTED follows.
 */
enum sp_subscription_state {
    SP_SUBSCRIPTION_WANTED,    /* to be declared as soon as there is a channel */
    SP_SUBSCRIPTION_DECLARING, /* queue.declare and queue.bind are on their way */
    SP_SUBSCRIPTION_DECLARED,  /* to be consumed, or tried, as soon as there is a channel */
    SP_SUBSCRIPTION_TRYING,    /* a trial is under way: see trial.h */
    SP_SUBSCRIPTION_CONSUMING, /* basic.qos and basic.consume are on their way */
    SP_SUBSCRIPTION_ACTIVE,
    SP_SUBSCRIPTION_FAILED,    /* tried again at retry_at */
    SP_SUBSCRIPTION_LEAVING,   /* to end as soon as the broker has answered */
    SP_SUBSCRIPTION_REJOINING, /* likewise, and then to begin again */
    SP_SUBSCRIPTION_GONE       /* ended: its number can be given to another subscription */
};

/*
 * What is to be told of a subscription, in this order. It stands in the subscription, so that no memory is needed for
 * it: one frame may end all of them.
 */
enum sp_notice {
    SP_NOTICE_NONE = 0,
    SP_NOTICE_FAILED = 1,
    SP_NOTICE_INTERRUPTED = 2, /* the channel ended under its consumer */
    SP_NOTICE_ENDED = 4,       /* as its owner asked for: what was before is of no interest any more */
    SP_NOTICE_SUBSCRIBED = 8
};

typedef struct sp_subscription {
    enum sp_subscription_state state;
    unsigned notices; /* a mask of enum sp_notice */
    char *event;
    char queue[256];
    uint16_t prefetch;
    bool declare_only;
    bool was_tried;               /* active or failed once on this connection: READY waits for that */
    bool is_announced;            /* SUBSCRIBED was the last event of it */
    bool doubtful;                /* a consume was refused: the next one is tried first */
    uint32_t round;               /* how many consumers it has had on this channel */
    uint64_t retry_at;            /* FAILED; else SPECTACLES_NEVER */
    spectacles_header *arguments; /* one block */
    size_t argument_count;
} sp_subscription;

enum sp_request_kind {
    SP_REQUEST_EXCHANGE,
    SP_REQUEST_QUEUE,
    SP_REQUEST_BIND,
    SP_REQUEST_QOS,
    SP_REQUEST_CONSUME,
    SP_REQUEST_CANCEL
};

/* Something that was asked for and is not answered yet. */
typedef struct sp_request {
    enum sp_request_kind kind;
    uint32_t subscription;
} sp_request;

enum sp_trial_state {
    SP_TRIAL_NONE,
    SP_TRIAL_ASKED,  /* basic.consume is on its way, on the channel for declaring */
    SP_TRIAL_CLOSING /* the queue may be consumed; channel.close is on its way */
};

/* Whether a queue may be consumed by now. One at a time. */
typedef struct sp_trial {
    enum sp_trial_state state;
    uint32_t subscription;
} sp_trial;

typedef struct sp_topology {
    sp_ring subscriptions;
    sp_trial trial;
    sp_ring declaring; /* requests on the channel for declaring */
    sp_ring consuming; /* requests on the channel for consuming */
    bool exchange_stands;
    uint64_t retry_due;    /* the earliest retry_at */
    uint32_t declare;      /* enum spectacles_declare */
    uint32_t notice_count; /* subscriptions with notices */
    uint32_t first_notice; /* no subscription before this one has notices */
} sp_topology;

void sp_topology_init(sp_topology *topology);
void sp_topology_free(sp_topology *topology);

/* A fresh connection: nothing stands. */
void sp_topology_reset(sp_topology *topology);

/*
 * Adds a subscription, or finds the one with the same queue: its number, or an error. reuse: the place of any
 * that has ended may be taken.
 */
int sp_topology_add(sp_topology *topology, const char *group, const spectacles_subscription *wanted,
                    bool reuse);

sp_subscription *sp_topology_at(const sp_topology *topology, uint32_t number);

/*
 * The one place where the state of a subscription changes. A state that may not follow the present one is a mistake of
 * ours, and an assertion fails.
 */
void sp_topology_set_state(sp_topology *topology, uint32_t number, enum sp_subscription_state state);

/* LEAVING or REJOINING. */
bool sp_subscription_is_leaving(const sp_subscription *subscription);

/* Ask for things: append the methods and note the requests. All of it, or nothing and SPECTACLES_E_NOMEM. */
int sp_topology_declare_exchange(sp_topology *topology, sp_buffer *out, const char *group);
int sp_topology_declare(sp_topology *topology, sp_buffer *out, const char *group, uint32_t number);
int sp_topology_consume(sp_topology *topology, sp_buffer *out, uint32_t number);
int sp_topology_cancel(sp_topology *topology, sp_buffer *out, uint32_t number);

/* A consumer that the broker has cancelled is cancelled by us too, without an answer: RabbitMQ 4.3 keeps it. */
int sp_topology_forget(sp_buffer *out, uint64_t consumer);

/* The channel for consuming is a fresh one: it has had no consumer yet. */
void sp_topology_renew_consumers(sp_topology *topology);

void sp_topology_add_notice(sp_topology *topology, uint32_t number, enum sp_notice news);

/* The next thing to tell, and of which one. */
enum sp_notice sp_topology_take_notice(sp_topology *topology, uint32_t *number);

/* The consumer that a subscription has now, or had last. */
uint64_t sp_topology_consumer(const sp_topology *topology, uint32_t number);

/*
 * True when this consumer was asked for on the present channel, however it stands by now: what the broker had on its
 * way may come long after the consumer has ended.
 */
bool sp_topology_knows(const sp_topology *topology, uint64_t consumer);

/* True while deliveries of this consumer are for its owner. What comes for any other goes back to its queue. */
bool sp_topology_is_current(const sp_topology *topology, uint64_t consumer);

/* True when everything has been tried once on this connection. */
bool sp_topology_was_tried(const sp_topology *topology);

/* When a failed subscription is tried again. */
void sp_topology_set_retry(sp_topology *topology, uint32_t number, uint64_t retry_at);

#endif
