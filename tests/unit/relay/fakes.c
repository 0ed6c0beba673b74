#include "fakes.h"

#include <stdio.h>

char fake_log[4096][FAKE_TEXT];
int fake_lines;

void fake_forget(void)
{
    fake_lines = 0;
}

int fake_called(const char *line)
{
    for (int i = 0; i < fake_lines; i++) {
        if (strcmp(fake_log[i], line) == 0)
            return 1;
    }
    return 0;
}

int fake_count(const char *prefix)
{
    int count = 0;
    for (int i = 0; i < fake_lines; i++)
        count += strncmp(fake_log[i], prefix, strlen(prefix)) == 0;
    return count;
}

static char *line(void)
{
    assert_true(fake_lines < 4096);
    return fake_log[fake_lines++];
}

/* ---- Queues ---- */

static fake_event *push(fake_queue *queue)
{
    assert_true(queue->count < FAKE_EVENTS);
    fake_event *event = &queue->events[(queue->first + queue->count++) % FAKE_EVENTS];
    memset(event, 0, sizeof *event);
    return event;
}

/* An engine that has an event tells its relay so. */
static fake_event *push_of(spectacles_shard *shard)
{
    sp_stream_touch(spectacles_shard_stream(shard));
    return push(&shard->queue);
}

static fake_event *push_of_broker(spectacles_broker *broker)
{
    sp_stream_touch(spectacles_broker_stream(broker));
    return push(&broker->queue);
}

static fake_event *pop(fake_queue *queue)
{
    /* What the last event pointed to is no more. */
    memset(&queue->current, 0xdd, sizeof queue->current);
    if (queue->count == 0)
        return NULL;
    queue->current = queue->events[queue->first];
    queue->first = (queue->first + 1) % FAKE_EVENTS;
    queue->count--;
    return &queue->current;
}

void fake_dispatch(spectacles_shard *shard, uint64_t seq, const char *name, const char *d)
{
    fake_event *event = push_of(shard);
    event->shard.type = SPECTACLES_SHARD_EVENT_DISPATCH;
    event->shard.format = SPECTACLES_FORMAT_JSON;
    event->shard.seq = seq;
    snprintf(event->key, sizeof event->key, "%s", name);
    snprintf(event->body, sizeof event->body, "%s", d);
}

void fake_change_last(spectacles_shard *shard, uint32_t type, const char *text)
{
    fake_queue *queue = &shard->queue;
    fake_event *event = &queue->events[(queue->first + queue->count - 1) % FAKE_EVENTS];
    event->shard.type = type;
    event->shard.text = text;
    if (type == SPECTACLES_SHARD_EVENT_GAP)
        event->shard.session_id = text;
    if (!text)
        event->shard.format = SPECTACLES_FORMAT_ETF;
}

static void push_shard_event(spectacles_shard *shard, uint32_t type, uint64_t ticket)
{
    fake_event *event = push_of(shard);
    event->shard.type = type;
    event->shard.ticket = ticket;
    if (ticket > shard->read_ticket)
        shard->read_ticket = ticket;
}

static void settle_tickets(spectacles_shard *shard, uint32_t type)
{
    while (shard->read_ticket < shard->last_ticket)
        push_shard_event(shard, type, shard->read_ticket + 1);
}

void fake_shard_event(spectacles_shard *shard, uint32_t type, uint64_t ticket)
{
    if (type == SPECTACLES_SHARD_EVENT_DISCONNECTED) {
        settle_tickets(shard, SPECTACLES_SHARD_EVENT_UNSENT);
        type = shard->closing ? SPECTACLES_SHARD_EVENT_CLOSED : type;
    }
    push_shard_event(shard, type, ticket);
    if (type == SPECTACLES_SHARD_EVENT_READY || type == SPECTACLES_SHARD_EVENT_RESUMED)
        shard->state = SPECTACLES_SHARD_READY;
    if (type == SPECTACLES_SHARD_EVENT_IDENTIFY)
        shard->state = SPECTACLES_SHARD_IDENTIFY_WAIT;
    if (type == SPECTACLES_SHARD_EVENT_DISCONNECTED)
        shard->state = SPECTACLES_SHARD_BACKOFF;
    if (type == SPECTACLES_SHARD_EVENT_CLOSED)
        shard->state = SPECTACLES_SHARD_CLOSED;
}

void fake_ready(spectacles_shard *shard, const char *session)
{
    fake_dispatch(shard, 0, session, "");
    fake_change_last(shard, SPECTACLES_SHARD_EVENT_READY, "");
    fake_dispatch(shard, 1, "READY", "{}");
    shard->state = SPECTACLES_SHARD_READY;
}

void fake_accept(spectacles_shard *shard)
{
    if (shard->lost) {
        fake_shard_event(shard, SPECTACLES_SHARD_EVENT_IDENTIFY, 0);
        return;
    }
    shard->state = SPECTACLES_SHARD_RESUMING;
    shard->received = shard->committed;
}

void fake_resumed(spectacles_shard *shard, uint64_t seq)
{
    fake_shard_event(shard, SPECTACLES_SHARD_EVENT_RESUMED, 0);
    fake_dispatch(shard, seq, "RESUMED", "{}");
}

void fake_read(spectacles_shard *shard)
{
    settle_tickets(shard, SPECTACLES_SHARD_EVENT_SENT);
}

void fake_hold(spectacles_shard *shard, uint64_t until)
{
    fake_event *event = push_of(shard);
    event->shard.type = SPECTACLES_SHARD_EVENT_DISCONNECTED;
    event->shard.error = SPECTACLES_E_PROTO;
    event->shard.until = event->shard.hold_until = until;
    event->shard.text = "status 429";
    shard->state = SPECTACLES_SHARD_BACKOFF;
}

void fake_lose_session(spectacles_shard *shard)
{
    fake_dispatch(shard, 0, "", "");
    fake_change_last(shard, SPECTACLES_SHARD_EVENT_GAP, shard->session);
}

void fake_broker_event(spectacles_broker *broker, uint32_t type, uint64_t tag, uint32_t subscription)
{
    fake_event *event = push_of_broker(broker);
    event->broker.type = type;
    event->broker.tag = tag;
    event->broker.subscription = subscription;
    if (type == SPECTACLES_BROKER_EVENT_RETURNED)
        event->broker.code = 312;
    if (type == SPECTACLES_BROKER_EVENT_DISCONNECTED) {
        fake_lose_deliveries(broker);
        event->broker.type = broker->closing ? SPECTACLES_BROKER_EVENT_CLOSED : type;
    }
    if (type == SPECTACLES_BROKER_EVENT_CONFIRMED || type == SPECTACLES_BROKER_EVENT_RETURNED ||
        type == SPECTACLES_BROKER_EVENT_FAILED)
        broker->open--;
}

void fake_failed(spectacles_broker *broker, uint64_t tag, uint32_t code, const char *text)
{
    fake_broker_event(broker, SPECTACLES_BROKER_EVENT_FAILED, tag, 0);
    fake_event *event = &broker->queue.events[(broker->queue.first + broker->queue.count - 1) % FAKE_EVENTS];
    event->broker.code = code;
    event->broker.text = text;
}

void fake_returned(spectacles_broker *broker, uint64_t tag, const char *key)
{
    fake_broker_event(broker, SPECTACLES_BROKER_EVENT_RETURNED, tag, 0);
    fake_event *event = &broker->queue.events[(broker->queue.first + broker->queue.count - 1) % FAKE_EVENTS];
    snprintf(event->key, sizeof event->key, "%s", key);
}

void fake_lose_deliveries(spectacles_broker *broker)
{
    broker->lost_delivery = broker->last_delivery;
}

uint64_t fake_message(spectacles_broker *broker, uint32_t subscription, const char *key, const char *body)
{
    return fake_bytes(broker, subscription, key, body, strlen(body));
}

uint64_t fake_bytes(spectacles_broker *broker, uint32_t subscription, const char *key, const void *body,
                    size_t length)
{
    fake_event *event = push_of_broker(broker);
    event->broker.type = SPECTACLES_BROKER_EVENT_MESSAGE;
    event->broker.subscription = subscription;
    event->broker.delivery = ++broker->last_delivery;
    snprintf(event->key, sizeof event->key, "%s", key);
    assert_true(length < sizeof event->body);
    memcpy(event->body, body, length);
    event->body_length = length;
    return broker->last_delivery;
}

void fake_expire_last(spectacles_broker *broker, const char *expiration)
{
    fake_queue *queue = &broker->queue;
    assert_true(queue->count > 0);
    queue->events[(queue->first + queue->count - 1) % FAKE_EVENTS].broker.expiration = expiration;
}

/* ---- Shards ---- */

/* What the shard itself makes of it, when it is handed out. */
static void take(spectacles_shard *shard, fake_event *event)
{
    if (event->shard.type == SPECTACLES_SHARD_EVENT_DISPATCH && event->shard.seq > shard->received)
        shard->received = event->shard.seq;
    if (event->shard.type == SPECTACLES_SHARD_EVENT_GAP && event->shard.session_id == shard->session) {
        event->shard.seq = shard->committed;
        shard->lost = 1;
    }
    if (event->shard.type == SPECTACLES_SHARD_EVENT_READY && event->key[0]) {
        snprintf(shard->session, sizeof shard->session, "%s", event->key);
        shard->committed = shard->received = 0;
        shard->lost = 0;
    }
}

static bool has_shard_event(const void *engine)
{
    return ((const spectacles_shard *)engine)->queue.count > 0;
}

static const void *next_shard_event(void *engine, uint64_t now)
{
    spectacles_shard *shard = engine;
    fake_event *event = pop(&shard->queue);
    (void)now;
    if (!event)
        return NULL;
    take(shard, event);
    event->shard.name = event->key;
    event->shard.name_length = strlen(event->key);
    event->shard.data = (const uint8_t *)event->body;
    event->shard.data_length = strlen(event->body);
    return &event->shard;
}

spectacles_stream *spectacles_shard_stream(spectacles_shard *shard)
{
    static const sp_stream_calls calls = {0};
    static const sp_holder_calls holder_calls = {.next_event = next_shard_event,
                                                 .has_event = has_shard_event};
    if (!shard->stream.calls)
        sp_stream_init(&shard->stream, &calls, &holder_calls, shard);
    return &shard->stream;
}

int spectacles_shard_identify(spectacles_shard *shard, uint64_t now)
{
    if (shard->state != SPECTACLES_SHARD_IDENTIFY_WAIT || shard->dead)
        return SPECTACLES_E_STATE;
    snprintf(line(), FAKE_TEXT, "identify %u at %llu", shard->id, (unsigned long long)now);
    shard->state = SPECTACLES_SHARD_IDENTIFYING;
    return SPECTACLES_OK;
}

int spectacles_shard_hold_off(spectacles_shard *shard, uint64_t until)
{
    /* As any call does. */
    memset(&shard->queue.current, 0xdd, sizeof shard->queue.current);
    snprintf(line(), FAKE_TEXT, "hold %u until %llu", shard->id, (unsigned long long)until);
    return SPECTACLES_OK;
}

int spectacles_shard_send(spectacles_shard *shard, uint32_t op, const uint8_t *d, size_t length, uint64_t now,
                          uint64_t *ticket)
{
    int error = shard->state == SPECTACLES_SHARD_READY ? shard->send_error : SPECTACLES_E_STATE;
    (void)now;
    if (error != SPECTACLES_OK)
        return error;
    *ticket = ++shard->last_ticket;
    snprintf(line(), FAKE_TEXT, "send %u %u %.*s", shard->id, op, (int)length, (const char *)d);
    return SPECTACLES_OK;
}

int spectacles_shard_budget(const spectacles_shard *shard, uint64_t now, uint32_t *remaining,
                            uint64_t *refill_at)
{
    (void)now;
    if (remaining)
        *remaining = 0;
    *refill_at = shard->refill_at;
    return SPECTACLES_OK;
}

int spectacles_shard_commit(spectacles_shard *shard, uint64_t seq)
{
    if (shard->lost)
        return SPECTACLES_E_STATE;
    assert_in_range(seq, shard->committed + 1, shard->received);
    shard->committed = seq;
    return SPECTACLES_OK;
}

int spectacles_shard_session(const spectacles_shard *shard, spectacles_session *out)
{
    if (shard->lost)
        return SPECTACLES_E_STATE;
    out->session_id = shard->session[0] ? shard->session : "sess";
    out->seq = shard->committed;
    out->resume_url = "";
    return SPECTACLES_OK;
}

/* The close frame goes out, and nothing else any more. Whether there is a connection, its state says. */
static void close_connection(spectacles_shard *shard)
{
    if (shard->state >= SPECTACLES_SHARD_HELLO && shard->state <= SPECTACLES_SHARD_READY)
        shard->state = SPECTACLES_SHARD_CLOSING;
}

int spectacles_shard_reconnect(spectacles_shard *shard, uint64_t now)
{
    (void)now;
    snprintf(line(), FAKE_TEXT, "reconnect %u", shard->id);
    close_connection(shard);
    return SPECTACLES_OK;
}

int spectacles_shard_close(spectacles_shard *shard, uint32_t code, uint64_t now)
{
    (void)now;
    snprintf(line(), FAKE_TEXT, "close shard %u %u", shard->id, code);
    shard->closing = 1;
    close_connection(shard);
    return SPECTACLES_OK;
}

uint32_t spectacles_shard_state(const spectacles_shard *shard)
{
    return shard->state;
}

uint32_t spectacles_shard_id(const spectacles_shard *shard)
{
    return shard->id;
}

uint32_t spectacles_shard_count(const spectacles_shard *shard)
{
    return shard->count;
}

const char *spectacles_shard_last_error(const spectacles_shard *shard)
{
    (void)shard;
    return "as the test wishes";
}

/* ---- Brokers ---- */

void spectacles_message_init(spectacles_message *message, size_t size)
{
    memset(message, 0, size);
    message->size = (uint32_t)size;
}

void spectacles_subscription_init(spectacles_subscription *subscription, size_t size)
{
    memset(subscription, 0, size);
    subscription->size = (uint32_t)size;
}

static bool has_broker_event(const void *engine)
{
    return ((const spectacles_broker *)engine)->queue.count > 0;
}

static const void *next_broker_event(void *engine, uint64_t now)
{
    spectacles_broker *broker = engine;
    fake_event *event = pop(&broker->queue);
    (void)now;
    if (!event)
        return NULL;
    event->broker.key = event->key;
    event->broker.key_length = strlen(event->key);
    event->broker.body = (const uint8_t *)event->body;
    event->broker.body_length = event->body_length;
    event->broker.format = spectacles_format_of(event->broker.body, event->body_length);
    if (!event->broker.text)
        event->broker.text = "as the test wishes";
    return &event->broker;
}

spectacles_stream *spectacles_broker_stream(spectacles_broker *broker)
{
    static const sp_stream_calls calls = {0};
    static const sp_holder_calls holder_calls = {.next_event = next_broker_event,
                                                 .has_event = has_broker_event};
    if (!broker->stream.calls)
        sp_stream_init(&broker->stream, &calls, &holder_calls, broker);
    return &broker->stream;
}

int spectacles_broker_room(const spectacles_broker *broker)
{
    return broker->open < broker->window && !broker->closing;
}

/* In the broker's format, and then as JSON again, for the log. */
static int rewrite(spectacles_broker *broker, const spectacles_message *message, char text[FAKE_TEXT])
{
    spectacles_bytes *there;
    spectacles_bytes *back;
    uint32_t format = broker->format ? broker->format : SPECTACLES_FORMAT_JSON;
    if (message->format == SPECTACLES_FORMAT_RAW ||
        (format == SPECTACLES_FORMAT_JSON && message->format == format)) {
        snprintf(text, FAKE_TEXT, "%.*s", (int)message->body_length, (const char *)message->body);
        broker->published = spectacles_format_of(message->body, message->body_length);
        return SPECTACLES_OK;
    }
    assert_int_equal(spectacles_bytes_new(&there), 0);
    assert_int_equal(spectacles_bytes_new(&back), 0);
    int error = spectacles_transcode(
        there, format, message->format,
        message->flags & SPECTACLES_MESSAGE_REPLACE_SURROGATES ? SPECTACLES_REPLACE_SURROGATES : 0,
        message->body, message->body_length, NULL);
    if (error == SPECTACLES_OK)
        assert_int_equal(spectacles_transcode(back, SPECTACLES_FORMAT_JSON, format, 0,
                                              spectacles_bytes_data(there), spectacles_bytes_length(there),
                                              NULL),
                         0);
    snprintf(text, FAKE_TEXT, "%s", (const char *)spectacles_bytes_data(back));
    broker->published = spectacles_format_of(spectacles_bytes_data(there), spectacles_bytes_length(there));
    spectacles_bytes_free(there);
    spectacles_bytes_free(back);
    return error;
}

int spectacles_broker_publish(spectacles_broker *broker, const spectacles_message *message, uint64_t *tag)
{
    char text[FAKE_TEXT];
    if (broker->publish_error != SPECTACLES_OK)
        return broker->publish_error;
    if (broker->closing)
        return SPECTACLES_E_STATE;
    assert_true(spectacles_broker_room(broker));
    int error = rewrite(broker, message, text);
    if (error != SPECTACLES_OK)
        return error;
    *tag = ++broker->last_tag;
    broker->open++;
    fake_note_headers(broker, message);
    snprintf(line(), FAKE_TEXT, "publish %.*s %s%s%s%s %.200s", (int)message->key_length, message->key,
             message->message_id ? message->message_id : "-",
             message->flags & SPECTACLES_MESSAGE_MANDATORY ? " mandatory" : "",
             message->expiration ? " expires " : "", message->expiration ? message->expiration : "", text);
    return SPECTACLES_OK;
}

static int settle(spectacles_broker *broker, uint64_t delivery, const char *what)
{
    assert_in_range(delivery, 1, broker->last_delivery);
    assert_false(broker->settled[delivery]);
    if (delivery <= broker->lost_delivery)
        return 0;
    broker->settled[delivery] = 1;
    snprintf(line(), FAKE_TEXT, "%s %llu", what, (unsigned long long)delivery);
    return 1;
}

int spectacles_broker_ack(spectacles_broker *broker, uint64_t delivery)
{
    return settle(broker, delivery, "ack");
}

int spectacles_broker_reject(spectacles_broker *broker, uint64_t delivery, int requeue)
{
    return settle(broker, delivery, requeue ? "requeue" : "reject");
}

int spectacles_broker_holds(const spectacles_broker *broker, uint64_t delivery)
{
    assert_in_range(delivery, 1, broker->last_delivery);
    return delivery > broker->lost_delivery && !broker->settled[delivery];
}

static int take_error(int *error)
{
    int taken = *error;
    *error = 0;
    return taken;
}

/* A queue that is subscribed keeps its number and its settings. A number is never given anew. */
int spectacles_broker_subscribe(spectacles_broker *broker, const spectacles_subscription *subscription)
{
    char event[32];
    snprintf(event, sizeof event, "%.*s", (int)subscription->event_length, subscription->event);
    snprintf(line(), FAKE_TEXT, "%s %s", subscription->declare_only ? "declare" : "subscribe", event);
    assert_int_equal(subscription->subgroup_length, 0);
    int number = 0;
    while (number < broker->subscriptions && strcmp(broker->subscribed[number].event, event) != 0)
        number++;
    if (number == broker->subscriptions) {
        assert_true(number < FAKE_SUBSCRIPTIONS);
        broker->subscriptions++;
        snprintf(broker->subscribed[number].event, sizeof event, "%s", event);
        broker->subscribed[number].declare_only = (int)subscription->declare_only;
        broker->subscribed[number].prefetch = subscription->prefetch;
    }
    int error = take_error(&broker->subscribe_error);
    return error ? error : number;
}

int spectacles_broker_unsubscribe(spectacles_broker *broker, uint32_t subscription)
{
    int error = take_error(&broker->unsubscribe_error);
    if (error)
        return error;
    if ((int)subscription >= broker->subscriptions)
        return SPECTACLES_E_INVAL;
    assert_true(broker->subscribed[subscription].event[0]);
    snprintf(line(), FAKE_TEXT, "unsubscribe %s", broker->subscribed[subscription].event);
    broker->subscribed[subscription].event[0] = '\0';
    fake_broker_event(broker, SPECTACLES_BROKER_EVENT_UNSUBSCRIBED, 0, subscription);
    broker->queue.events[(broker->queue.first + broker->queue.count - 1) % FAKE_EVENTS].broker.until =
        SPECTACLES_NEVER;
    return SPECTACLES_OK;
}

int fake_subscription(const spectacles_broker *broker, const char *event, int consumed)
{
    for (int number = 0; number < broker->subscriptions; number++) {
        if (strcmp(broker->subscribed[number].event, event) == 0)
            return !broker->subscribed[number].declare_only == !!consumed ? number : -1;
    }
    return -1;
}

int spectacles_broker_close(spectacles_broker *broker, uint64_t now)
{
    (void)now;
    snprintf(line(), FAKE_TEXT, "close broker %s", broker->name);
    broker->closing = 1;
    return SPECTACLES_OK;
}

const char *spectacles_broker_last_error(const spectacles_broker *broker)
{
    (void)broker;
    return "as the test wishes";
}
