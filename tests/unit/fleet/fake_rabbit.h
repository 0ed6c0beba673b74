#ifndef TESTS_UNIT_FLEET_FAKE_RABBIT_H
#define TESTS_UNIT_FLEET_FAKE_RABBIT_H

#include "core/ring.h"
#include "core/stream.h"

#include <spectacles/broker.h>

/*
 * Brokers in the place of the real ones, all on one RabbitMQ of this process: queues with a single active consumer,
 * and an exchange that tells everybody. What happens is told at the next pull. queue_model.h has the delays and the
 * chances.
 */

enum {
    FAKE_QUEUES = 160,
    FAKE_CONSUMERS = 8,
    FAKE_SUBSCRIPTIONS = 96
};

typedef struct fake_subscription {
    char queue[128]; /* empty: the own queue of the connection */
    bool is_used;
    bool is_deaf; /* its queue is gone, and nobody was told */
} fake_subscription;

struct spectacles_broker {
    spectacles_stream stream;
    bool is_connected;
    fake_subscription subscriptions[FAKE_SUBSCRIPTIONS];
    uint64_t tags;
    uint64_t deliveries;
    sp_ring events;      /* of fake_event */
    sp_ring unconfirmed; /* of uint64_t: tags that were published without a connection */
    void *current;       /* the body and the text of the event that was told last */
    char starved[128];   /* the queue of which nothing comes */
    int refusals;        /* so many of the next subscriptions are refused for lack of memory */
};

/* What the fakes allocate themselves is not what is tested: called with 1 before, and with 0 after. NULL: nobody is. */
extern void (*fake_pause)(int pauses);

/* Makes a broker, connected; or frees it, as if its host were gone. */
spectacles_broker *fake_broker_new(void);
void fake_broker_free(spectacles_broker *broker);

void fake_disconnect(spectacles_broker *broker);
void fake_connect(spectacles_broker *broker);

/* RabbitMQ drops the own queue of the connection, as of a node that it took for dead, and says nothing. */
void fake_deafen(spectacles_broker *broker);

/* An operator deletes a queue; somebody else puts a message into it. */
void fake_delete(const char *queue);
void fake_put(const char *queue, const char *body);

/* A queue has no majority, or has one again: what is published meanwhile waits, as long as its publisher lives. */
void fake_stall(const char *queue);
void fake_go_on(const char *queue);

/* From now on nothing of the queue comes to the one with this connection, though it may be the first in line. */
void fake_starve(spectacles_broker *broker, const char *queue);

/* How many messages the queue holds. */
size_t fake_count(const char *queue);

/* Somebody says something to everybody. */
void fake_say(const char *body, size_t length);

/* Forgets all queues. */
void fake_reset(void);

#endif
