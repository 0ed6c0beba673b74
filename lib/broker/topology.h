#ifndef SP_BROKER_TOPOLOGY_H
#define SP_BROKER_TOPOLOGY_H

#include "broker/consumer.h"
#include "broker/wire.h"
#include "core/ring.h"

#include <spectacles/broker.h>

/*
 * What has to exist on the broker: the exchange, and for each subscription a queue, its binding and its consumer.
 * Requests are pipelined. The requests without an answer are kept in order, so that an error can be assigned to the
 * request that the broker refused.
 */

/*
 * The states of a subscription:
 *
 *     WANTED -> DECLARING -> DECLARED -> CONSUMING -> ACTIVE
 *       ^                       |  ^ ----+             |      (the channel ended under the consumer)
 *       |                       +-> TRYING             |
 *     FAILED <---- refused or cancelled, from each ----+
 *
 * The owner may end a subscription while a request is open. The subscription is LEAVING until the broker has answered,
 * and then GONE. When the owner subscribes to the same queue again before the answer, the subscription is REJOINING,
 * and then WANTED.
 */
enum sp_subscription_state {
    SP_SUBSCRIPTION_WANTED,    /* the queue is declared as soon as there is a channel */
    SP_SUBSCRIPTION_DECLARING, /* queue.declare and queue.bind are on their way */
    SP_SUBSCRIPTION_DECLARED,  /* the queue is consumed, or a trial begins, as soon as there is a channel */
    SP_SUBSCRIPTION_TRYING,    /* a trial is under way: see trial.h */
    SP_SUBSCRIPTION_CONSUMING, /* basic.qos and basic.consume are on their way */
    SP_SUBSCRIPTION_ACTIVE,
    SP_SUBSCRIPTION_FAILED,    /* the subscription is tried again at retry_at */
    SP_SUBSCRIPTION_LEAVING,   /* the subscription ends as soon as the broker has answered */
    SP_SUBSCRIPTION_REJOINING, /* the subscription ends as soon as the broker has answered, and begins again */
    SP_SUBSCRIPTION_GONE       /* ended: the number can be given to another subscription */
};

/*
 * What the owner has to be told of a subscription, in this order. Notices are a field of the subscription: a single
 * frame can end all subscriptions, and telling the owner must not need memory.
 */
enum sp_notice {
    SP_NOTICE_NONE = 0,
    SP_NOTICE_FAILED = 1,
    SP_NOTICE_INTERRUPTED = 2, /* the channel of the consumer ended */
    SP_NOTICE_ENDED = 4,       /* the owner has ended the subscription: earlier notices are dropped */
    SP_NOTICE_SUBSCRIBED = 8
};

typedef struct sp_subscription {
    enum sp_subscription_state state;
    unsigned notices; /* a mask of enum sp_notice */
    char *event;      /* the binding key. Empty: the queue is not bound */
    char queue[256];
    uint16_t prefetch;
    bool declare_only;
    bool exclusive;          /* RabbitMQ names the queue anew each time that it is declared */
    bool was_tried;          /* ACTIVE, FAILED or GONE was reached on this connection: READY waits for it */
    bool is_announced;       /* the last event of the subscription was SUBSCRIBED */
    bool doubtful;           /* a basic.consume was refused: a trial comes before the next basic.consume */
    uint32_t message_count;  /* of the queue, as queue.declare-ok said */
    uint32_t consumer_count; /* of the queue, likewise */
    uint32_t round;          /* how many consumers the subscription has had on this channel */
    /* When a FAILED subscription is tried again, or an ACTIVE exclusive queue is looked for; else SPECTACLES_NEVER. */
    uint64_t retry_at;
    spectacles_header *arguments; /* one block of memory: see sp_headers_copy() */
    size_t argument_count;
} sp_subscription;

enum sp_request_kind {
    SP_REQUEST_EXCHANGE,
    SP_REQUEST_QUEUE,
    SP_REQUEST_BIND,
    SP_REQUEST_LOOK, /* whether an exclusive queue is still there */
    SP_REQUEST_QOS,
    SP_REQUEST_CONSUME,
    SP_REQUEST_CANCEL
};

/* A request that the broker has not answered yet. */
typedef struct sp_request {
    enum sp_request_kind kind;
    uint32_t subscription;
} sp_request;

enum sp_trial_state {
    SP_TRIAL_NONE,
    SP_TRIAL_ASKED,  /* basic.consume is on its way, on the channel for declaring */
    SP_TRIAL_CLOSING /* the queue can be consumed; channel.close is on its way */
};

/* The trial that is under way (trial.h). There is one at a time. */
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
    uint64_t retry_due;     /* the earliest retry_at */
    uint32_t declare;       /* enum spectacles_declare */
    uint32_t queue_type;    /* enum spectacles_queue_type */
    uint32_t exchange_type; /* enum spectacles_exchange_type */
    uint32_t notice_count;  /* how many subscriptions have notices */
    uint32_t first_notice;  /* no subscription before this one has notices */
} sp_topology;

void sp_topology_init(sp_topology *topology);
void sp_topology_free(sp_topology *topology);

/* A new connection begins: nothing is declared or consumed on it yet. */
void sp_topology_reset(sp_topology *topology);

/*
 * Adds a subscription, or finds the subscription to the same queue. Returns its number, or an error. reuse: the place
 * of any subscription that has ended may be taken.
 */
int sp_topology_add(sp_topology *topology, const char *group, const spectacles_subscription *wanted,
                    bool reuse);

/* The subscription of a number that there is; of any number: NULL when there is none. */
sp_subscription *sp_topology_at(const sp_topology *topology, uint32_t number);
sp_subscription *sp_topology_find(const sp_topology *topology, uint32_t number);

/*
 * The one place where the state of a subscription changes. A state that may not follow the present one is a mistake of
 * ours, and an assertion fails.
 */
void sp_topology_set_state(sp_topology *topology, uint32_t number, enum sp_subscription_state state);

/* Whether the queue is to be bound. A queue that is only looked for is not. */
bool sp_topology_binds(const sp_topology *topology, const sp_subscription *subscription);

/* LEAVING or REJOINING. */
bool sp_subscription_is_leaving(const sp_subscription *subscription);

/* These append methods to `out` and note the requests. On failure they change nothing: SPECTACLES_E_NOMEM. */
int sp_topology_declare_exchange(sp_topology *topology, sp_buffer *out, const char *group);
int sp_topology_declare(sp_topology *topology, sp_buffer *out, const char *group, uint32_t number);
int sp_topology_look(sp_topology *topology, sp_buffer *out, uint32_t number);
int sp_topology_consume(sp_topology *topology, sp_buffer *out, uint32_t number);
int sp_topology_cancel(sp_topology *topology, sp_buffer *out, uint32_t number);

/*
 * Sends basic.cancel, with no-wait, for a consumer that the broker has cancelled. RabbitMQ 4.3 keeps such a consumer
 * until then. SPECTACLES_E_NOMEM.
 */
int sp_topology_forget(sp_buffer *out, uint64_t consumer);

/* The channel for consuming is new: no subscription has had a consumer on it. */
void sp_topology_renew_consumers(sp_topology *topology);

void sp_topology_add_notice(sp_topology *topology, uint32_t number, enum sp_notice news);

/* Takes the next notice. *number: receives the number of its subscription. SP_NOTICE_NONE when there is no notice. */
enum sp_notice sp_topology_take_notice(sp_topology *topology, uint32_t *number);

/* The id of the consumer that a subscription has now, or had last. */
uint64_t sp_topology_consumer(const sp_topology *topology, uint32_t number);

/*
 * True when this consumer was started on the present channel, also when the consumer has ended. Deliveries may still
 * arrive after the end of their consumer.
 */
bool sp_topology_knows(const sp_topology *topology, uint64_t consumer);

/* True while the owner gets the deliveries of this consumer. Deliveries of other consumers go back to their queues. */
bool sp_topology_is_current(const sp_topology *topology, uint64_t consumer);

/* True when the exchange exists and every subscription has been tried once on this connection. */
bool sp_topology_was_tried(const sp_topology *topology);

/* Sets when a failed subscription is tried again, or the queue of an exclusive one is looked for. */
void sp_topology_set_retry(sp_topology *topology, uint32_t number, uint64_t retry_at);

#endif
