/*
 * The exchange, and the queue, the binding and the consumer of each subscription: their states, and the methods
 * that declare, bind and consume. Called by subscriptions.c, setup.c, channels.c, connection.c, trial.c, receive.c and
 * events.c.
 */
#include "broker/topology.h"

#include "broker/headers.h"
#include "core/text.h"
#include "routing/route.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sp_topology_init(sp_topology *topology)
{
    *topology = (sp_topology){.retry_due = SPECTACLES_NEVER,
                              .subscriptions = sp_ring_of(sizeof(sp_subscription)),
                              .declaring = sp_ring_of(sizeof(sp_request)),
                              .consuming = sp_ring_of(sizeof(sp_request))};
}

static void free_subscription(sp_subscription *subscription)
{
    free(subscription->event);
    free(subscription->arguments);
}

void sp_topology_free(sp_topology *topology)
{
    for (uint32_t i = 0; i < topology->subscriptions.count; i++)
        free_subscription(sp_topology_at(topology, i));
    sp_ring_free(&topology->subscriptions);
    sp_ring_free(&topology->declaring);
    sp_ring_free(&topology->consuming);
}

sp_subscription *sp_topology_at(const sp_topology *topology, uint32_t number)
{
    return sp_ring_at(&topology->subscriptions, number);
}

sp_subscription *sp_topology_find(const sp_topology *topology, uint32_t number)
{
    return sp_ring_find(&topology->subscriptions, number);
}

/* ---- The state of a subscription ---- */

static bool may_follow(enum sp_subscription_state before, enum sp_subscription_state state)
{
    enum {
        /* After a lost connection: WANTED. After a refusal: FAILED. After spectacles_broker_unsubscribe(): GONE. */
        LOST = 1 << SP_SUBSCRIPTION_WANTED | 1 << SP_SUBSCRIPTION_FAILED | 1 << SP_SUBSCRIPTION_GONE,
        ASKED = LOST | 1 << SP_SUBSCRIPTION_LEAVING
    };
    static const uint32_t followers[] = {
        [SP_SUBSCRIPTION_WANTED] = LOST | 1 << SP_SUBSCRIPTION_DECLARING | 1 << SP_SUBSCRIPTION_DECLARED |
                                   1 << SP_SUBSCRIPTION_ACTIVE,
        [SP_SUBSCRIPTION_DECLARING] = ASKED | 1 << SP_SUBSCRIPTION_DECLARED | 1 << SP_SUBSCRIPTION_ACTIVE,
        [SP_SUBSCRIPTION_DECLARED] = LOST | 1 << SP_SUBSCRIPTION_TRYING | 1 << SP_SUBSCRIPTION_CONSUMING,
        [SP_SUBSCRIPTION_TRYING] = ASKED | 1 << SP_SUBSCRIPTION_DECLARED,
        [SP_SUBSCRIPTION_CONSUMING] = ASKED | 1 << SP_SUBSCRIPTION_ACTIVE | 1 << SP_SUBSCRIPTION_DECLARED,
        [SP_SUBSCRIPTION_ACTIVE] = ASKED | 1 << SP_SUBSCRIPTION_DECLARED,
        [SP_SUBSCRIPTION_FAILED] = LOST,
        [SP_SUBSCRIPTION_LEAVING] = 1 << SP_SUBSCRIPTION_REJOINING | 1 << SP_SUBSCRIPTION_GONE,
        [SP_SUBSCRIPTION_REJOINING] =
            1 << SP_SUBSCRIPTION_REJOINING | 1 << SP_SUBSCRIPTION_LEAVING | 1 << SP_SUBSCRIPTION_WANTED,
        [SP_SUBSCRIPTION_GONE] = 1 << SP_SUBSCRIPTION_WANTED,
    };
    return followers[before] >> state & 1;
}

/* Looks at all subscriptions for the earliest retry. Called only when the earliest one has another time. */
static void find_retry(sp_topology *topology)
{
    topology->retry_due = SPECTACLES_NEVER;
    for (uint32_t i = 0; i < topology->subscriptions.count; i++) {
        uint64_t retry_at = sp_topology_at(topology, i)->retry_at;
        topology->retry_due = retry_at < topology->retry_due ? retry_at : topology->retry_due;
    }
}

void sp_topology_set_retry(sp_topology *topology, uint32_t number, uint64_t retry_at)
{
    sp_subscription *subscription = sp_topology_at(topology, number);
    bool was_first =
        subscription->retry_at != SPECTACLES_NEVER && subscription->retry_at == topology->retry_due;
    subscription->retry_at = retry_at;
    if (was_first)
        find_retry(topology);
    else if (retry_at < topology->retry_due)
        topology->retry_due = retry_at;
}

void sp_topology_set_state(sp_topology *topology, uint32_t number, enum sp_subscription_state state)
{
    sp_subscription *subscription = sp_topology_at(topology, number);
    bool allowed = may_follow(subscription->state, state);
    assert(allowed);
    (void)allowed; /* a release build has no assertions */
    subscription->state = state;
    sp_topology_set_retry(topology, number, SPECTACLES_NEVER);
    if (state == SP_SUBSCRIPTION_ACTIVE || state == SP_SUBSCRIPTION_FAILED || state == SP_SUBSCRIPTION_GONE)
        subscription->was_tried = true;
}

bool sp_subscription_is_leaving(const sp_subscription *subscription)
{
    return subscription->state == SP_SUBSCRIPTION_LEAVING || subscription->state == SP_SUBSCRIPTION_REJOINING;
}

void sp_topology_reset(sp_topology *topology)
{
    sp_ring_clear(&topology->declaring);
    sp_ring_clear(&topology->consuming);
    sp_topology_renew_consumers(topology);
    topology->trial = (sp_trial){.state = SP_TRIAL_NONE};
    topology->exchange_stands = topology->declare == SPECTACLES_DECLARE_NOTHING;
    for (uint32_t i = 0; i < topology->subscriptions.count; i++) {
        sp_subscription *subscription = sp_topology_at(topology, i);
        if (subscription->state == SP_SUBSCRIPTION_GONE)
            continue;
        sp_topology_set_state(topology, i, SP_SUBSCRIPTION_WANTED);
        subscription->was_tried = subscription->is_announced = false;
    }
}

/* ---- Adding ---- */

/*
 * The number of the subscription to this queue that has not ended. Without such a subscription, the number of an ended
 * subscription whose place can be taken: of the same queue, or of any queue with `reuse`. Else -1.
 */
static int find_place(const sp_topology *topology, const char *queue, bool reuse)
{
    int place = -1;
    for (uint32_t i = 0; i < topology->subscriptions.count; i++) {
        const sp_subscription *subscription = sp_topology_at(topology, i);
        bool gone = subscription->state == SP_SUBSCRIPTION_GONE;
        bool same = !subscription->exclusive && strcmp(subscription->queue, queue) == 0;
        if (same && !gone)
            return (int)i;
        if (gone && (same || (reuse && place < 0)))
            place = (int)i;
    }
    return place;
}

/* The type that is named for a queue; NULL: none. Only a classic queue can be exclusive. */
static const char *type_of(const sp_topology *topology, const spectacles_subscription *wanted)
{
    static const char *const types[] = {
        [SPECTACLES_QUEUE_CLASSIC] = "classic", [SPECTACLES_QUEUE_QUORUM] = "quorum"};
    return types[wanted->exclusive ? SPECTACLES_QUEUE_CLASSIC : topology->queue_type];
}

/* The arguments of a queue: those of the owner, and in front of them the type, unless the owner has named one. */
static size_t arguments_of(const sp_topology *topology, const spectacles_subscription *wanted,
                           spectacles_header out[SP_ARGUMENTS_MAX])
{
    static const char key[] = "x-queue-type";
    const char *type = type_of(topology, wanted);
    size_t count = wanted->argument_count;
    bool named = spectacles_headers_find(wanted->arguments, count, key, sizeof key - 1) != NULL;
    size_t more = type && !named;
    if (more)
        out[0] = (spectacles_header){.type = SPECTACLES_HEADER_TEXT,
                                     .key = key,
                                     .key_length = sizeof key - 1,
                                     .bytes = (const uint8_t *)type,
                                     .bytes_length = strlen(type)};
    for (size_t i = 0; i < count; i++)
        out[more + i] = wanted->arguments[i];
    return more + count;
}

/* Copies the settings of the owner into the subscription. SPECTACLES_E_NOMEM changes nothing. */
static int set(const sp_topology *topology, sp_subscription *subscription, const char *queue,
               const spectacles_subscription *wanted)
{
    spectacles_header given[SP_ARGUMENTS_MAX];
    size_t count = arguments_of(topology, wanted, given);
    char *event = sp_text_copy(wanted->event, wanted->event_length);
    spectacles_header *arguments = sp_headers_copy(given, count);
    if (!event || !arguments) {
        free(event);
        free(arguments);
        return SPECTACLES_E_NOMEM;
    }
    free_subscription(subscription);
    memcpy(subscription->queue, queue, strlen(queue) + 1);
    subscription->event = event;
    subscription->arguments = arguments;
    subscription->argument_count = count;
    subscription->prefetch = (uint16_t)wanted->prefetch;
    subscription->declare_only = wanted->declare_only;
    subscription->exclusive = wanted->exclusive;
    return SPECTACLES_OK;
}

static int begin(sp_topology *topology, int place, const char *queue, const spectacles_subscription *wanted)
{
    sp_subscription *subscription =
        place < 0 ? sp_ring_push(&topology->subscriptions) : sp_topology_at(topology, (uint32_t)place);
    int error = subscription ? set(topology, subscription, queue, wanted) : SPECTACLES_E_NOMEM;
    if (error != SPECTACLES_OK) {
        if (subscription && place < 0)
            sp_ring_pop_back(&topology->subscriptions);
        return error;
    }
    uint32_t number = place < 0 ? (uint32_t)topology->subscriptions.count - 1 : (uint32_t)place;
    sp_topology_set_state(topology, number, SP_SUBSCRIPTION_WANTED);
    subscription->was_tried = subscription->is_announced = subscription->doubtful = false;
    return (int)number;
}

static int check_name(const char *name, size_t length)
{
    if (length > SPECTACLES_ROUTE_MAX)
        return SPECTACLES_E_TOOBIG;
    return sp_route_is_name_part(name, length) ? SPECTACLES_OK : SPECTACLES_E_INVAL;
}

static int copy_name(char out[SPECTACLES_ROUTE_MAX + 1], const char *name, size_t length)
{
    int error = check_name(name, length);
    if (error != SPECTACLES_OK)
        return error;
    memcpy(out, name, length);
    out[length] = '\0';
    return SPECTACLES_OK;
}

/* Names the queue that is wanted. An exclusive queue gets its name later; until then it has the name of its kind. */
static int name_queue(char out[SPECTACLES_ROUTE_MAX + 1], const char *group,
                      const spectacles_subscription *wanted)
{
    static const char unnamed[] = "amq.gen-*";
    bool named = wanted->exclusive || wanted->queue_length > 0;
    int error = named ? check_name(wanted->event, wanted->event_length) : SPECTACLES_OK;
    if (error != SPECTACLES_OK)
        return error;
    if (wanted->exclusive)
        return copy_name(out, unnamed, sizeof unnamed - 1);
    if (wanted->queue_length > 0)
        return copy_name(out, wanted->queue, wanted->queue_length);
    return spectacles_route_queue(out, SPECTACLES_ROUTE_MAX + 1, group, strlen(group), wanted->subgroup,
                                  wanted->subgroup_length, wanted->event, wanted->event_length);
}

int sp_topology_add(sp_topology *topology, const char *group, const spectacles_subscription *wanted,
                    bool reuse)
{
    char queue[SPECTACLES_ROUTE_MAX + 1];
    int error = name_queue(queue, group, wanted);
    if (error < 0)
        return error;
    int place = find_place(topology, queue, reuse);
    sp_subscription *subscription = place < 0 ? NULL : sp_topology_at(topology, (uint32_t)place);
    if (!subscription || subscription->state == SP_SUBSCRIPTION_GONE)
        return begin(topology, place, queue, wanted);
    if (!sp_subscription_is_leaving(subscription))
        return place;
    error = set(topology, subscription, queue, wanted);
    if (error != SPECTACLES_OK)
        return error;
    sp_topology_set_state(topology, (uint32_t)place, SP_SUBSCRIPTION_REJOINING);
    return place;
}

/* ---- Asking ---- */

bool sp_topology_binds(const sp_topology *topology, const sp_subscription *subscription)
{
    return topology->declare == SPECTACLES_DECLARE && subscription->event[0];
}

static int note(sp_ring *requests, enum sp_request_kind kind, uint32_t number)
{
    sp_request *request = sp_ring_push(requests);
    if (!request)
        return SPECTACLES_E_NOMEM;
    *request = (sp_request){kind, number};
    return SPECTACLES_OK;
}

/* Writes a method and notes the request. On failure does neither. */
static int ask(sp_ring *requests, enum sp_request_kind kind, uint32_t number, sp_buffer *out,
               uint16_t channel, amqp_method_number_t id, const void *method)
{
    int error = note(requests, kind, number);
    if (error != SPECTACLES_OK)
        return error;
    error = sp_wire_method(out, channel, id, method);
    if (error != SPECTACLES_OK)
        sp_ring_pop_back(requests);
    return error;
}

int sp_topology_declare_exchange(sp_topology *topology, sp_buffer *out, const char *group)
{
    bool fanout = topology->exchange_type == SPECTACLES_EXCHANGE_FANOUT;
    amqp_exchange_declare_t declare = {.exchange = sp_wire_text(group),
                                       .type = sp_wire_text(fanout ? "fanout" : "direct"),
                                       .durable = 1,
                                       .passive = topology->declare == SPECTACLES_DECLARE_PASSIVE};
    return ask(&topology->declaring, SP_REQUEST_EXCHANGE, 0, out, SP_CHANNEL_DECLARE,
               AMQP_EXCHANGE_DECLARE_METHOD, &declare);
}

/* To declare no name means a new name, and to bind no name means the queue that was declared last on the channel. */
static amqp_bytes_t new_name(const sp_subscription *subscription)
{
    return sp_wire_text(subscription->exclusive ? "" : subscription->queue);
}

static int ask_for_queue(sp_topology *topology, sp_buffer *out, uint32_t number)
{
    const sp_subscription *subscription = sp_topology_at(topology, number);
    amqp_table_entry_t entries[SP_ARGUMENTS_MAX];
    sp_headers_write(entries, subscription->arguments, subscription->argument_count);
    amqp_queue_declare_t declare = {.queue = new_name(subscription),
                                    .durable = !subscription->exclusive,
                                    .exclusive = subscription->exclusive,
                                    .passive = topology->declare == SPECTACLES_DECLARE_PASSIVE,
                                    .arguments = {(int)subscription->argument_count, entries}};
    return ask(&topology->declaring, SP_REQUEST_QUEUE, number, out, SP_CHANNEL_DECLARE,
               AMQP_QUEUE_DECLARE_METHOD, &declare);
}

int sp_topology_declare(sp_topology *topology, sp_buffer *out, const char *group, uint32_t number)
{
    sp_subscription *subscription = sp_topology_at(topology, number);
    size_t before = sp_buffer_length(out);
    amqp_queue_bind_t bind = {.queue = new_name(subscription),
                              .exchange = sp_wire_text(group),
                              .routing_key = sp_wire_text(subscription->event)};
    int error = ask_for_queue(topology, out, number);
    if (error != SPECTACLES_OK)
        return error;
    if (sp_topology_binds(topology, subscription))
        error = ask(&topology->declaring, SP_REQUEST_BIND, number, out, SP_CHANNEL_DECLARE,
                    AMQP_QUEUE_BIND_METHOD, &bind);
    if (error != SPECTACLES_OK) {
        sp_ring_pop_back(&topology->declaring);
        sp_buffer_truncate(out, before);
        return error;
    }
    sp_topology_set_state(topology, number, SP_SUBSCRIPTION_DECLARING);
    return SPECTACLES_OK;
}

int sp_topology_look(sp_topology *topology, sp_buffer *out, uint32_t number)
{
    amqp_queue_declare_t declare = {.queue = sp_wire_text(sp_topology_at(topology, number)->queue),
                                    .passive = 1};
    return ask(&topology->declaring, SP_REQUEST_LOOK, number, out, SP_CHANNEL_DECLARE,
               AMQP_QUEUE_DECLARE_METHOD, &declare);
}

/*
 * In RabbitMQ, the prefetch of a basic.qos without `global` applies to each consumer that starts after the basic.qos.
 */
int sp_topology_consume(sp_topology *topology, sp_buffer *out, uint32_t number)
{
    char tag[SP_CONSUMER_TAG_ROOM];
    sp_subscription *subscription = sp_topology_at(topology, number);
    size_t before = sp_buffer_length(out);
    sp_consumer_write_tag(tag, sp_consumer_id(number, subscription->round + 1));
    amqp_basic_qos_t qos = {.prefetch_count = subscription->prefetch};
    amqp_basic_consume_t consume = {.queue = sp_wire_text(subscription->queue),
                                    .consumer_tag = sp_wire_text(tag)};
    int error = ask(&topology->consuming, SP_REQUEST_QOS, number, out, SP_CHANNEL_CONSUME,
                    AMQP_BASIC_QOS_METHOD, &qos);
    if (error != SPECTACLES_OK)
        return error;
    error = ask(&topology->consuming, SP_REQUEST_CONSUME, number, out, SP_CHANNEL_CONSUME,
                AMQP_BASIC_CONSUME_METHOD, &consume);
    if (error != SPECTACLES_OK) {
        sp_ring_pop_back(&topology->consuming);
        sp_buffer_truncate(out, before);
        return error;
    }
    sp_topology_set_state(topology, number, SP_SUBSCRIPTION_CONSUMING);
    subscription->round++;
    return SPECTACLES_OK;
}

int sp_topology_cancel(sp_topology *topology, sp_buffer *out, uint32_t number)
{
    char tag[SP_CONSUMER_TAG_ROOM];
    sp_consumer_write_tag(tag, sp_topology_consumer(topology, number));
    amqp_basic_cancel_t cancel = {.consumer_tag = sp_wire_text(tag)};
    return ask(&topology->consuming, SP_REQUEST_CANCEL, number, out, SP_CHANNEL_CONSUME,
               AMQP_BASIC_CANCEL_METHOD, &cancel);
}

int sp_topology_forget(sp_buffer *out, uint64_t consumer)
{
    char tag[SP_CONSUMER_TAG_ROOM];
    sp_consumer_write_tag(tag, consumer);
    amqp_basic_cancel_t cancel = {.consumer_tag = sp_wire_text(tag), .nowait = 1};
    return sp_wire_method(out, SP_CHANNEL_CONSUME, AMQP_BASIC_CANCEL_METHOD, &cancel);
}

void sp_topology_renew_consumers(sp_topology *topology)
{
    for (uint32_t i = 0; i < topology->subscriptions.count; i++)
        sp_topology_at(topology, i)->round = 0;
}

/* ---- Notices ---- */

void sp_topology_add_notice(sp_topology *topology, uint32_t number, enum sp_notice notice)
{
    sp_subscription *subscription = sp_topology_at(topology, number);
    if (topology->notice_count == 0 || number < topology->first_notice)
        topology->first_notice = number;
    topology->notice_count += subscription->notices == 0;
    subscription->notices =
        notice == SP_NOTICE_ENDED ? (unsigned)notice : subscription->notices | (unsigned)notice;
}

enum sp_notice sp_topology_take_notice(sp_topology *topology, uint32_t *number)
{
    if (topology->notice_count == 0)
        return SP_NOTICE_NONE;
    sp_subscription *subscription = sp_topology_at(topology, topology->first_notice);
    while (subscription->notices == 0)
        subscription = sp_topology_at(topology, ++topology->first_notice);
    unsigned first = subscription->notices & (0 - subscription->notices);
    *number = topology->first_notice;
    subscription->notices &= ~first;
    topology->notice_count -= subscription->notices == 0;
    return (enum sp_notice)first;
}

/* ---- Queries ---- */

uint64_t sp_topology_consumer(const sp_topology *topology, uint32_t number)
{
    return sp_consumer_id(number, sp_topology_at(topology, number)->round);
}

bool sp_topology_knows(const sp_topology *topology, uint64_t consumer)
{
    const sp_subscription *subscription = sp_topology_find(topology, sp_consumer_subscription(consumer));
    uint32_t round = sp_consumer_round(consumer);
    return subscription && round > 0 && round <= subscription->round;
}

bool sp_topology_is_current(const sp_topology *topology, uint64_t consumer)
{
    if (!sp_topology_knows(topology, consumer))
        return false;
    const sp_subscription *subscription = sp_topology_at(topology, sp_consumer_subscription(consumer));
    return sp_consumer_round(consumer) == subscription->round &&
           (subscription->state == SP_SUBSCRIPTION_CONSUMING ||
            (subscription->state == SP_SUBSCRIPTION_ACTIVE && !subscription->declare_only));
}

bool sp_topology_was_tried(const sp_topology *topology)
{
    for (uint32_t i = 0; i < topology->subscriptions.count; i++) {
        if (!sp_topology_at(topology, i)->was_tried)
            return false;
    }
    return topology->exchange_stands;
}
