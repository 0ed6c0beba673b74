#include "fake_rabbit.h"

#include "unit.h"

#include <stdio.h>

typedef struct fake_event {
    spectacles_broker_event event;
    char *body;
} fake_event;

typedef struct fake_message {
    char *body;
    size_t length;
    spectacles_broker *holder; /* NULL: nobody */
    uint64_t delivery;
} fake_message;

typedef struct fake_consumer {
    spectacles_broker *broker;
    uint32_t subscription;
} fake_consumer;

/* What waits for a majority. */
typedef struct fake_waiting {
    spectacles_broker *broker; /* NULL: it is dead */
    uint64_t tag;
    char *body;
    size_t length;
} fake_waiting;

typedef struct fake_queue {
    char name[128];
    bool is_stalled;
    sp_ring waiting;  /* of fake_waiting */
    sp_ring messages; /* of fake_message */
    fake_consumer consumers[FAKE_CONSUMERS];
    int consumer_count;
} fake_queue;

static fake_queue queues[FAKE_QUEUES];
static int queue_count;
static spectacles_broker *brokers[FAKE_CONSUMERS];
static int broker_count;

void (*fake_pause)(int pauses);
static int depth;

static void enter(void)
{
    if (fake_pause && depth++ == 0)
        fake_pause(1);
}

static int leave(int result)
{
    if (fake_pause && --depth == 0)
        fake_pause(0);
    return result;
}

/* ---- Events ---- */

static fake_event *tell(spectacles_broker *broker, uint32_t type)
{
    fake_event *told = sp_ring_push(&broker->events);
    assert_non_null(told);
    told->event.type = type;
    return told;
}

static void tell_subscription(spectacles_broker *broker, uint32_t type, uint32_t subscription, uint64_t until)
{
    fake_event *told = tell(broker, type);
    told->event.subscription = subscription;
    told->event.until = until;
    told->event.text = "because";
}

static void tell_message(spectacles_broker *broker, uint32_t subscription, uint64_t delivery,
                         const char *body, size_t length)
{
    fake_event *told = tell(broker, SPECTACLES_BROKER_EVENT_MESSAGE);
    told->body = malloc(length + 1);
    memcpy(told->body, body, length);
    told->event.subscription = subscription;
    told->event.delivery = delivery;
    told->event.body = (const uint8_t *)told->body;
    told->event.body_length = length;
}

static const void *next_event(void *engine, uint64_t now)
{
    static spectacles_broker_event event;
    spectacles_broker *broker = engine;
    (void)now;
    free(broker->current);
    broker->current = NULL;
    if (broker->events.count == 0)
        return NULL;
    fake_event told = *(fake_event *)sp_ring_front(&broker->events);
    sp_ring_pop(&broker->events);
    broker->current = told.body;
    event = told.event;
    return &event;
}

static bool has_event(const void *engine)
{
    return ((const spectacles_broker *)engine)->events.count > 0;
}

static void do_nothing(void *engine)
{
    (void)engine;
}

/* ---- Queues ---- */

static fake_queue *find_queue(const char *name, size_t length)
{
    for (int i = 0; i < queue_count; i++) {
        if (strlen(queues[i].name) == length && memcmp(queues[i].name, name, length) == 0)
            return queues + i;
    }
    return NULL;
}

static fake_queue *declare(const char *name)
{
    fake_queue *queue = find_queue(name, strlen(name));
    if (queue)
        return queue;
    assert_true(queue_count < FAKE_QUEUES);
    queue = queues + queue_count++;
    memset(queue, 0, sizeof *queue);
    snprintf(queue->name, sizeof queue->name, "%s", name);
    queue->messages = sp_ring_of(sizeof(fake_message));
    queue->waiting = sp_ring_of(sizeof(fake_waiting));
    return queue;
}

/* The first consumer gets everything. */
static void deliver(fake_queue *queue)
{
    const fake_consumer *active = queue->consumers;
    for (size_t i = 0; queue->consumer_count > 0 && i < queue->messages.count; i++) {
        fake_message *message = sp_ring_at(&queue->messages, i);
        if (message->holder)
            continue;
        message->holder = active->broker;
        message->delivery = ++active->broker->deliveries;
        if (strcmp(active->broker->starved, queue->name) == 0)
            continue;
        tell_message(active->broker, active->subscription, message->delivery, message->body, message->length);
    }
}

static void put(fake_queue *queue, const void *body, size_t length)
{
    fake_message *message = sp_ring_push(&queue->messages);
    *message = (fake_message){.body = malloc(length + 1), .length = length};
    memcpy(message->body, body, length);
    deliver(queue);
}

static void remove_consumer(fake_queue *queue, const spectacles_broker *broker)
{
    for (int i = 0; i < queue->consumer_count; i++) {
        if (queue->consumers[i].broker != broker)
            continue;
        queue->consumer_count--;
        memmove(queue->consumers + i, queue->consumers + i + 1,
                (size_t)(queue->consumer_count - i) * sizeof *queue->consumers);
        return;
    }
}

static void consume(spectacles_broker *broker, uint32_t number)
{
    fake_subscription *subscription = broker->subscriptions + number;
    fake_event *told = tell(broker, SPECTACLES_BROKER_EVENT_SUBSCRIBED);
    told->event.subscription = number;
    if (!subscription->queue[0])
        return;
    fake_queue *queue = declare(subscription->queue);
    for (size_t i = 0; i < queue->messages.count; i++)
        told->event.message_count += ((fake_message *)sp_ring_at(&queue->messages, i))->holder == NULL;
    told->event.consumer_count = (uint32_t)queue->consumer_count;
    queue->consumers[queue->consumer_count++] = (fake_consumer){broker, number};
    deliver(queue);
}

static void release_all(const spectacles_broker *broker)
{
    for (int i = 0; i < queue_count; i++) {
        remove_consumer(queues + i, broker);
        for (size_t j = 0; j < queues[i].messages.count; j++) {
            fake_message *message = sp_ring_at(&queues[i].messages, j);
            message->holder = message->holder == broker ? NULL : message->holder;
        }
    }
    for (int i = 0; i < queue_count; i++)
        deliver(queues + i);
}

/* ---- For tests ---- */

static void drop_events(spectacles_broker *broker)
{
    while (broker->events.count > 0) {
        free(((fake_event *)sp_ring_front(&broker->events))->body);
        sp_ring_pop(&broker->events);
    }
}

void fake_disconnect(spectacles_broker *broker)
{
    broker->is_connected = false;
    drop_events(broker);
    release_all(broker);
    tell(broker, SPECTACLES_BROKER_EVENT_DISCONNECTED)->event.text = "cut";
}

void fake_connect(spectacles_broker *broker)
{
    broker->is_connected = true;
    tell(broker, SPECTACLES_BROKER_EVENT_READY)->event.text = "RabbitMQ 4";
    for (uint32_t i = 0; i < FAKE_SUBSCRIPTIONS; i++) {
        if (broker->subscriptions[i].is_used)
            consume(broker, i);
    }
    for (; broker->unconfirmed.count > 0; sp_ring_pop(&broker->unconfirmed))
        tell(broker, SPECTACLES_BROKER_EVENT_FAILED)->event.tag =
            *(uint64_t *)sp_ring_front(&broker->unconfirmed);
}

spectacles_broker *fake_broker_new(void)
{
    static const sp_stream_calls no_calls;
    static const sp_holder_calls calls = {next_event, has_event, do_nothing, do_nothing};
    enter();
    spectacles_broker *broker = calloc(1, sizeof *broker);
    sp_stream_init(&broker->stream, &no_calls, &calls, broker);
    broker->events = sp_ring_of(sizeof(fake_event));
    broker->unconfirmed = sp_ring_of(sizeof(uint64_t));
    brokers[broker_count++] = broker;
    fake_connect(broker);
    leave(0);
    return broker;
}

static void forget_waiting(const spectacles_broker *broker)
{
    for (int i = 0; i < queue_count; i++) {
        for (size_t j = 0; j < queues[i].waiting.count; j++) {
            fake_waiting *waiting = sp_ring_at(&queues[i].waiting, j);
            waiting->broker = waiting->broker == broker ? NULL : waiting->broker;
        }
    }
}

void fake_broker_free(spectacles_broker *broker)
{
    int index = 0;
    broker->is_connected = false;
    release_all(broker);
    forget_waiting(broker);
    drop_events(broker);
    while (brokers[index] != broker)
        index++;
    brokers[index] = brokers[--broker_count];
    free(broker->current);
    sp_ring_free(&broker->events);
    sp_ring_free(&broker->unconfirmed);
    free(broker);
}

static void empty(fake_queue *queue)
{
    for (; queue->messages.count > 0; sp_ring_pop(&queue->messages))
        free(((fake_message *)sp_ring_front(&queue->messages))->body);
}

void fake_delete(const char *name)
{
    fake_queue *queue = find_queue(name, strlen(name));
    fake_consumer consumers[FAKE_CONSUMERS];
    int count = queue->consumer_count;
    memcpy(consumers, queue->consumers, sizeof consumers);
    empty(queue);
    queue->consumer_count = 0;
    for (int i = 0; i < count; i++)
        tell_subscription(consumers[i].broker, SPECTACLES_BROKER_EVENT_UNSUBSCRIBED,
                          consumers[i].subscription, 1);
    for (int i = 0; i < count; i++)
        consume(consumers[i].broker, consumers[i].subscription);
}

void fake_starve(spectacles_broker *broker, const char *queue)
{
    snprintf(broker->starved, sizeof broker->starved, "%s", queue);
}

void fake_stall(const char *name)
{
    declare(name)->is_stalled = true;
}

static void wait_for_majority(fake_queue *queue, spectacles_broker *broker, uint64_t tag,
                              const spectacles_message *message)
{
    fake_waiting *waiting = sp_ring_push(&queue->waiting);
    *waiting = (fake_waiting){broker, tag, malloc(message->body_length + 1), message->body_length};
    memcpy(waiting->body, message->body, message->body_length);
}

void fake_go_on(const char *name)
{
    fake_queue *queue = declare(name);
    queue->is_stalled = false;
    for (; queue->waiting.count > 0; sp_ring_pop(&queue->waiting)) {
        fake_waiting waiting = *(fake_waiting *)sp_ring_front(&queue->waiting);
        if (waiting.broker) {
            put(queue, waiting.body, waiting.length);
            tell(waiting.broker, SPECTACLES_BROKER_EVENT_CONFIRMED)->event.tag = waiting.tag;
        }
        free(waiting.body);
    }
}

void fake_put(const char *name, const char *body)
{
    put(declare(name), body, strlen(body));
}

size_t fake_count(const char *name)
{
    const fake_queue *queue = find_queue(name, strlen(name));
    return queue ? queue->messages.count : 0;
}

void fake_deafen(spectacles_broker *broker)
{
    for (uint32_t i = 0; i < FAKE_SUBSCRIPTIONS; i++)
        broker->subscriptions[i].is_deaf = !broker->subscriptions[i].queue[0];
}

void fake_say(const char *body, size_t length)
{
    for (int i = 0; i < broker_count; i++) {
        for (uint32_t j = 0; j < FAKE_SUBSCRIPTIONS && brokers[i]->is_connected; j++) {
            const fake_subscription *each = brokers[i]->subscriptions + j;
            if (each->is_used && !each->is_deaf && !each->queue[0])
                tell_message(brokers[i], j, ++brokers[i]->deliveries, body, length);
        }
    }
}

void fake_reset(void)
{
    for (; queue_count > 0; queue_count--) {
        fake_go_on(queues[queue_count - 1].name);
        empty(queues + queue_count - 1);
        sp_ring_free(&queues[queue_count - 1].waiting);
        sp_ring_free(&queues[queue_count - 1].messages);
    }
}

/* ---- What a fleet calls ---- */

spectacles_stream *spectacles_broker_stream(spectacles_broker *broker)
{
    return &broker->stream;
}

void spectacles_subscription_init(spectacles_subscription *subscription, size_t size)
{
    memset(subscription, 0, size);
    subscription->size = (uint32_t)size;
}

void spectacles_message_init(spectacles_message *message, size_t size)
{
    memset(message, 0, size);
    message->size = (uint32_t)size;
}

static int subscribe(spectacles_broker *broker, const spectacles_subscription *subscription)
{
    uint32_t number = 0;
    if (broker->refusals > 0) {
        broker->refusals--;
        return SPECTACLES_E_NOMEM;
    }
    while (broker->subscriptions[number].is_used)
        number++;
    fake_subscription *kept = broker->subscriptions + number;
    assert_true(subscription->exclusive ? subscription->event_length > 0 : subscription->argument_count == 4);
    assert_true(subscription->queue_length < sizeof kept->queue);
    snprintf(kept->queue, sizeof kept->queue, "%.*s", (int)subscription->queue_length,
             subscription->queue ? subscription->queue : "");
    kept->is_used = true;
    kept->is_deaf = false;
    if (broker->is_connected)
        consume(broker, number);
    return (int)number;
}

int spectacles_broker_subscribe(spectacles_broker *broker, const spectacles_subscription *subscription)
{
    enter();
    return leave(subscribe(broker, subscription));
}

/* What was on its way to the consumer goes back. */
static int unsubscribe(spectacles_broker *broker, uint32_t number)
{
    fake_subscription *subscription = broker->subscriptions + number;
    assert_true(subscription->is_used);
    subscription->is_used = false;
    if (!broker->is_connected)
        return SPECTACLES_OK;
    fake_queue *queue = find_queue(subscription->queue, strlen(subscription->queue));
    if (queue)
        remove_consumer(queue, broker);
    for (size_t i = 0; i < broker->events.count; i++) {
        fake_event *told = sp_ring_at(&broker->events, i);
        if (told->event.subscription != number || told->event.type != SPECTACLES_BROKER_EVENT_MESSAGE)
            continue;
        spectacles_broker_reject(broker, told->event.delivery, 1);
        told->event.type = SPECTACLES_BROKER_EVENT_UNBLOCKED;
    }
    tell_subscription(broker, SPECTACLES_BROKER_EVENT_UNSUBSCRIBED, number, SPECTACLES_NEVER);
    if (queue)
        deliver(queue);
    return SPECTACLES_OK;
}

int spectacles_broker_unsubscribe(spectacles_broker *broker, uint32_t number)
{
    enter();
    return leave(unsubscribe(broker, number));
}

static int publish(spectacles_broker *broker, const spectacles_message *message, uint64_t *tag)
{
    *tag = ++broker->tags;
    if (!broker->is_connected) {
        *(uint64_t *)sp_ring_push(&broker->unconfirmed) = *tag;
        return SPECTACLES_OK;
    }
    fake_queue *queue = message->exchange ? find_queue(message->key, message->key_length) : NULL;
    if (queue && queue->is_stalled) {
        wait_for_majority(queue, broker, *tag, message);
        return SPECTACLES_OK;
    }
    if (!message->exchange)
        fake_say((const char *)message->body, message->body_length);
    else if (queue)
        put(queue, message->body, message->body_length);
    bool returned = message->exchange && !queue && message->flags & SPECTACLES_MESSAGE_MANDATORY;
    tell(broker, returned ? SPECTACLES_BROKER_EVENT_RETURNED : SPECTACLES_BROKER_EVENT_CONFIRMED)->event.tag =
        *tag;
    return SPECTACLES_OK;
}

int spectacles_broker_publish(spectacles_broker *broker, const spectacles_message *message, uint64_t *tag)
{
    enter();
    return leave(publish(broker, message, tag));
}

static fake_message *find_held(const spectacles_broker *broker, uint64_t delivery, fake_queue **queue,
                               size_t *place)
{
    for (int i = 0; i < queue_count; i++) {
        for (*place = 0; *place < queues[i].messages.count; ++*place) {
            fake_message *message = sp_ring_at(&queues[i].messages, *place);
            *queue = queues + i;
            if (message->holder == broker && message->delivery == delivery)
                return message;
        }
    }
    return NULL;
}

int spectacles_broker_ack(spectacles_broker *broker, uint64_t delivery)
{
    fake_queue *queue;
    size_t place;
    const fake_message *message = find_held(broker, delivery, &queue, &place);
    if (!message)
        return 0;
    free(message->body);
    sp_ring_remove(&queue->messages, place);
    return 1;
}

int spectacles_broker_reject(spectacles_broker *broker, uint64_t delivery, int requeue)
{
    fake_queue *queue;
    size_t place;
    fake_message *message = find_held(broker, delivery, &queue, &place);
    assert_true(requeue);
    if (!message)
        return 0;
    enter();
    message->holder = NULL;
    deliver(queue);
    return leave(1);
}
