#include "broker/broker.h"

#include "broker/headers.h"
#include "codec/format.h"
#include "codec/transcode.h"
#include "core/config.h"
#include "core/export.h"
#include "core/wipe.h"

#include <spectacles/codec.h>
#include <spectacles/routing.h>
#include <stdlib.h>
#include <string.h>

enum {
    NEWS_MOST = 8, /* that one frame or one call of the owner can make, and more */
    PREFETCH_DEFAULT = 64,
    KEPT_BYTES = 64 * 1024
};

/* ---- Making one ---- */

SPECTACLES_EXPORT void spectacles_broker_config_init(spectacles_broker_config *config, size_t size)
{
    const spectacles_broker_config defaults = {.group = "gateway",
                                               .window_count = 2000,
                                               .prefetch = PREFETCH_DEFAULT,
                                               .window_bytes = UINT64_C(1024) * 1024,
                                               .max_message = UINT64_C(16) * 1024 * 1024,
                                               .high_water = UINT64_C(256) * 1024,
                                               .connect_timeout = 30000,
                                               .drain_timeout = 5000,
                                               .format = SPECTACLES_FORMAT_JSON};
    sp_config_write(config, size, &defaults, sizeof defaults);
}

SPECTACLES_EXPORT void spectacles_subscription_init(spectacles_subscription *subscription, size_t size)
{
    const spectacles_subscription defaults = {0};
    sp_config_write(subscription, size, &defaults, sizeof defaults);
}

SPECTACLES_EXPORT void spectacles_message_init(spectacles_message *message, size_t size)
{
    const spectacles_message defaults = {0};
    sp_config_write(message, size, &defaults, sizeof defaults);
}

/* By the rule of queues' names: every one of the group's would be refused later. */
static bool is_clean(const char *group)
{
    char queue[SPECTACLES_ROUTE_MAX + 1];
    return spectacles_route_queue(queue, sizeof queue, group, strlen(group), NULL, 0, "0", 1) !=
           SPECTACLES_E_INVAL;
}

static int check_config(const spectacles_broker_config *config, spectacles_problem *problem)
{
    if (!config->urls || config->url_count == 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "urls is missing: amqp://user:password@host:port/vhost");
    if (!config->group || !*config->group || strlen(config->group) > SP_SHORT_MAX)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "group has to have 1 to 255 bytes");
    if (!is_clean(config->group))
        return sp_refuse(problem, SPECTACLES_E_INVAL, "group holds a control character, or is not UTF-8");
    if (config->name && strlen(config->name) > SP_SHORT_MAX)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "name is longer than 255 bytes");
    if (config->name && !sp_utf8_is_whole(config->name, strlen(config->name)))
        return sp_refuse(problem, SPECTACLES_E_INVAL, "name is not UTF-8");
    if (config->seed == 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "seed is 0: give it a number from spectacles_random_seed()");
    if (config->window_count == 0 || config->window_bytes == 0 || config->max_message == 0 ||
        config->high_water == 0 || config->connect_timeout == 0)
        return sp_refuse(
            problem, SPECTACLES_E_INVAL,
            "window_count, window_bytes, max_message, high_water and connect_timeout must not be 0");
    if (config->prefetch == 0 || config->prefetch > UINT16_MAX)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "prefetch has to be 1 to 65535");
    if (config->declare > SPECTACLES_DECLARE_NOTHING)
        return sp_refuse(
            problem, SPECTACLES_E_INVAL,
            "declare has to be SPECTACLES_DECLARE, SPECTACLES_DECLARE_PASSIVE or SPECTACLES_DECLARE_NOTHING");
    return sp_format_check(config->format, problem);
}

static int parse_urls(spectacles_broker *broker, const spectacles_broker_config *config,
                      spectacles_problem *problem)
{
    broker->uris = calloc(config->url_count, sizeof *broker->uris);
    if (!broker->uris)
        return SPECTACLES_E_NOMEM;
    broker->uri_count = config->url_count;
    for (size_t i = 0; i < config->url_count; i++) {
        if (!config->urls[i])
            return sp_refuse_entry(problem, SPECTACLES_E_INVAL, "a URL is NULL", i);
        int error = sp_uri_parse(&broker->uris[i], config->urls[i], problem);
        if (error != SPECTACLES_OK && problem)
            problem->index = i;
        if (error != SPECTACLES_OK)
            return error;
    }
    return SPECTACLES_OK;
}

/* A fleet that knows the same list neither comes to its first entry, nor goes on to the same next one. */
static void shuffle_urls(spectacles_broker *broker)
{
    for (size_t left = broker->uri_count; left > 1; left--) {
        size_t chosen = (size_t)sp_random_upto(&broker->random, left - 1);
        sp_uri last = broker->uris[left - 1];
        broker->uris[left - 1] = broker->uris[chosen];
        broker->uris[chosen] = last;
        sp_wipe(&last, sizeof last);
    }
}

static int reserve_events(spectacles_broker *broker)
{
    broker->news = sp_ring_of(sizeof(sp_news));
    for (int i = 0; i < NEWS_MOST; i++) {
        if (!sp_ring_push(&broker->news))
            return SPECTACLES_E_NOMEM;
    }
    sp_ring_clear(&broker->news);
    return SPECTACLES_OK;
}

/* ---- Events ---- */

bool sp_broker_connects_now(const spectacles_broker *broker, uint64_t now)
{
    if (sp_broker_has_news(broker))
        return false;
    return broker->state == SPECTACLES_BROKER_IDLE ||
           (broker->state == SPECTACLES_BROKER_BACKOFF && now >= broker->phase_deadline);
}

static const spectacles_broker_event *take_confirm(spectacles_broker *broker)
{
    uint64_t tag = sp_publishes_next_confirmed(&broker->publishes);
    if (tag == 0)
        return NULL;
    broker->stats.confirmed++;
    broker->event = (spectacles_broker_event){.type = SPECTACLES_BROKER_EVENT_CONFIRMED, .tag = tag};
    return &broker->event;
}

bool sp_broker_has_room(const spectacles_broker *broker)
{
    return broker->publishes.unsettled < broker->window_count &&
           broker->publishes.unsettled_bytes < broker->window_bytes;
}

/* Told at half the window: an owner that is told at every single place would publish one by one. */
static bool has_half(const spectacles_broker *broker)
{
    const sp_publishes *publishes = &broker->publishes;
    return !broker->owner_closes && publishes->unsettled <= broker->window_count / 2 &&
           publishes->unsettled_bytes <= broker->window_bytes / 2;
}

static bool calls_have_half(const spectacles_broker *broker)
{
    return broker->calls.wants_room && sp_calls_count(&broker->calls) <= broker->window_count / 2;
}

static bool room_is_due(const spectacles_broker *broker)
{
    return (broker->publishes.wants_room || calls_have_half(broker)) && has_half(broker);
}

static const spectacles_broker_event *take_room(spectacles_broker *broker)
{
    if (!room_is_due(broker))
        return NULL;
    broker->publishes.wants_room = false;
    if (calls_have_half(broker))
        broker->calls.wants_room = false;
    broker->event = (spectacles_broker_event){.type = SPECTACLES_BROKER_EVENT_ROOM};
    return &broker->event;
}

void sp_broker_check_drained(spectacles_broker *broker, uint64_t now)
{
    if (!broker->owner_closes || broker->state == SPECTACLES_BROKER_CLOSED ||
        broker->state == SPECTACLES_BROKER_CLOSING)
        return;
    bool over = now >= broker->drain_deadline;
    if (broker->state == SPECTACLES_BROKER_READY)
        sp_broker_become(broker, SPECTACLES_BROKER_DRAINING, now);
    if (over || (broker->publishes.unsettled == 0 && sp_calls_count(&broker->calls) == 0))
        sp_broker_finish(broker, now);
}

/* What has arrived and been looked at did not answer them. */
static const spectacles_broker_event *take_late_call(spectacles_broker *broker, uint64_t now)
{
    if (broker->calls.overdue || now >= broker->calls.due)
        sp_broker_expire_calls(broker, now);
    return sp_broker_take_failed_call(broker);
}

static const void *next_event(void *engine, uint64_t now)
{
    spectacles_broker *broker = engine;
    for (;;) {
        if (sp_broker_connects_now(broker, now))
            sp_broker_connect(broker, now);
        sp_suspicion_advance(&broker->suspicion, &broker->publishes, sp_broker_only_publishes(broker), now);
        const spectacles_broker_event *event = take_confirm(broker);
        if (!event)
            event = sp_broker_take_failed_call(broker);
        if (!event)
            event = sp_broker_take_news(broker);
        if (!event)
            event = take_room(broker);
        if (event)
            return event;
        sp_broker_check_drained(broker, now);
        if (!sp_broker_receive(broker, now, &event) && !sp_broker_has_news(broker))
            return take_late_call(broker, now);
        if (event)
            return event;
    }
}

static bool has_event(const void *engine)
{
    const spectacles_broker *broker = engine;
    return broker->publishes.confirm_tag || broker->calls.failed > 0 || sp_broker_has_news(broker) ||
           room_is_due(broker);
}

static void wipe_passwords(spectacles_broker *broker)
{
    if (broker->uris)
        sp_wipe(broker->uris, broker->uri_count * sizeof *broker->uris);
    free(broker->uris);
    broker->uris = NULL;
}

/* The owner has freed the broker, and a link or a relay holds it. */
static void end(void *engine)
{
    spectacles_broker *broker = engine;
    broker->owner_closes = true;
    broker->drain_deadline = 0;
    if (broker->state != SPECTACLES_BROKER_CLOSED)
        sp_broker_settle(broker, 0);
    wipe_passwords(broker);
}

static void destroy(void *engine)
{
    spectacles_broker *broker = engine;
    wipe_passwords(broker);
    free(broker->group);
    free(broker->name);
    sp_buffer_free(&broker->input);
    sp_buffer_free(&broker->control);
    sp_topology_free(&broker->topology);
    sp_publishes_free(&broker->publishes);
    sp_buffer_free(&broker->converted);
    sp_buffer_free(&broker->keys);
    sp_deliveries_free(&broker->deliveries);
    sp_calls_free(&broker->calls);
    sp_content_free(&broker->delivered);
    sp_content_free(&broker->returned);
    sp_ring_free(&broker->news);
    empty_amqp_pool(&broker->pool);
    free(broker);
}

static int set_up(spectacles_broker *broker, const spectacles_broker_config *config,
                  spectacles_problem *problem)
{
    static const sp_holder_calls holder_calls = {next_event, has_event, end, destroy};
    const char *name = config->name ? config->name : "libspectacles";
    init_amqp_pool(&broker->pool, 4096);
    sp_topology_init(&broker->topology);
    sp_publishes_init(&broker->publishes);
    sp_deliveries_init(&broker->deliveries);
    sp_calls_init(&broker->calls);
    sp_broker_init_stream(broker, &holder_calls);
    broker->window_count = config->window_count;
    broker->prefetch = config->prefetch;
    broker->window_bytes = config->window_bytes;
    broker->max_message = config->max_message;
    broker->high_water = config->high_water;
    broker->connect_timeout = config->connect_timeout;
    broker->drain_timeout = config->drain_timeout;
    broker->format = config->format;
    broker->topology.declare = config->declare;
    broker->random.state = config->seed;
    broker->backoff = sp_backoff_of(SP_BACKOFF_BASE, SP_BACKOFF_CAP);
    broker->phase_deadline = SPECTACLES_NEVER;
    broker->frame_max = SP_WIRE_FRAME_MAX;
    broker->group = sp_text_copy(config->group, strlen(config->group));
    broker->name = sp_text_copy(name, strlen(name));
    int error = broker->group && broker->name ? reserve_events(broker) : SPECTACLES_E_NOMEM;
    if (error == SPECTACLES_OK)
        error = parse_urls(broker, config, problem);
    if (error == SPECTACLES_OK)
        shuffle_urls(broker);
    return error;
}

SPECTACLES_EXPORT int spectacles_broker_new(spectacles_broker **out, const spectacles_broker_config *config,
                                            spectacles_problem *problem)
{
    spectacles_broker_config read;
    spectacles_broker_config_init(&read, sizeof read);
    int error = sp_config_read(&read, sizeof read, config);
    if (error != SPECTACLES_OK)
        return sp_refuse(problem, error,
                         "the configuration's size is not that of a version this library knows");
    error = check_config(&read, problem);
    if (error != SPECTACLES_OK)
        return error;
    spectacles_broker *broker = calloc(1, sizeof *broker);
    error = broker ? set_up(broker, &read, problem) : SPECTACLES_E_NOMEM;
    if (error != SPECTACLES_OK) {
        spectacles_broker_free(broker);
        return error == SPECTACLES_E_NOMEM ? sp_refuse(problem, error, spectacles_strerror(error)) : error;
    }
    *out = broker;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT void spectacles_broker_free(spectacles_broker *broker)
{
    if (broker)
        sp_stream_end(&broker->stream);
}

SPECTACLES_EXPORT const spectacles_broker_event *spectacles_broker_next_event(spectacles_broker *broker,
                                                                              uint64_t now)
{
    if (!broker->stream.has_relay)
        return sp_stream_next_event(&broker->stream, now);
    sp_broker_fail(broker, SPECTACLES_E_STATE,
                   "a relay pulls the events of this broker: pull spectacles_relay_next_event()");
    return NULL;
}

/*
 * Publishes wait for all that was subscribed to: before the exchange stands they would end the channel, and
 * before a queue is bound they would be confirmed and thrown away. They go out in confirm mode only, and not
 * while the broker has blocked us or stopped their channel.
 */
bool sp_broker_takes_publishes(const spectacles_broker *broker)
{
    return broker->confirms && !broker->blocked && !broker->stopped &&
           (broker->state == SPECTACLES_BROKER_READY || broker->state == SPECTACLES_BROKER_DRAINING);
}

bool sp_broker_only_publishes(const spectacles_broker *broker)
{
    return sp_broker_takes_publishes(broker) && broker->topology.declaring.count == 0 &&
           broker->topology.consuming.count == 0 && broker->topology.trial.state == SP_TRIAL_NONE;
}

/* ---- What the owner asks for ---- */

static int check_subscription(spectacles_broker *broker, const spectacles_subscription *subscription)
{
    if (subscription->prefetch > UINT16_MAX)
        return sp_broker_fail(broker, SPECTACLES_E_INVAL, "prefetch has to be 1 to 65535");
    const char *problem =
        sp_headers_problem(subscription->arguments, subscription->argument_count, SP_ARGUMENTS_BYTES);
    return problem ? sp_broker_fail(broker, SPECTACLES_E_INVAL, problem) : SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_broker_subscribe(spectacles_broker *broker,
                                                  const spectacles_subscription *subscription)
{
    spectacles_subscription read = {0};
    int error = sp_config_read(&read, sizeof read, subscription);
    if (error != SPECTACLES_OK)
        return sp_broker_fail(broker, error,
                              "the subscription's size is not that of a version this library knows");
    if (broker->owner_closes)
        return sp_broker_fail(broker, SPECTACLES_E_STATE, "the broker is closing");
    error = check_subscription(broker, &read);
    if (error != SPECTACLES_OK)
        return error;
    read.prefetch = read.prefetch ? read.prefetch : broker->prefetch;
    /* A number is not given anew while its owner may not have heard yet that the last one ended. */
    int number = sp_topology_add(&broker->topology, broker->group, &read, !sp_broker_has_news(broker));
    if (number == SPECTACLES_E_NOMEM)
        return sp_broker_fail(broker, number, spectacles_strerror(number));
    if (number < 0)
        return sp_broker_fail(broker, number,
                              "the queue can not be named: group, subgroup and event have to be text of "
                              "together at most 253 bytes, group and event not empty");
    sp_stream_touch(&broker->stream);
    error = sp_broker_advance(broker, 0);
    return error == SPECTACLES_OK ? number : sp_broker_fail(broker, error, spectacles_strerror(error));
}

SPECTACLES_EXPORT int spectacles_broker_unsubscribe(spectacles_broker *broker, uint32_t subscription)
{
    if (!sp_topology_at(&broker->topology, subscription))
        return sp_broker_fail(broker, SPECTACLES_E_INVAL, "there is no subscription of this number");
    sp_stream_touch(&broker->stream);
    int error = sp_broker_leave(broker, subscription);
    return error == SPECTACLES_OK ? error : sp_broker_fail(broker, error, spectacles_strerror(error));
}

static int explain(spectacles_broker *broker, int error, const spectacles_problem *problem)
{
    if (error == SPECTACLES_E_NOMEM)
        return sp_broker_fail(broker, error, spectacles_strerror(error));
    sp_text_set(&broker->last_error, "the body can not be written in the broker's format: %s (at byte %llu)",
                problem->text, (unsigned long long)problem->position);
    return error;
}

/* Strictly at first: only a body that is refused is looked at for half a surrogate pair. */
static int transcode(spectacles_broker *broker, uint32_t flags, uint32_t from, sp_slice body,
                     spectacles_problem *problem)
{
    int error = sp_transcode(&broker->converted, &broker->keys, broker->format, from, 0, body, problem);
    if (error != SPECTACLES_E_PROTO || !(flags & SPECTACLES_MESSAGE_REPLACE_SURROGATES))
        return error;
    error = sp_transcode(&broker->converted, &broker->keys, broker->format, from,
                         SPECTACLES_REPLACE_SURROGATES, body, problem);
    broker->stats.surrogates_replaced += error == SPECTACLES_OK;
    return error;
}

int sp_broker_rewrite_body(spectacles_broker *broker, spectacles_message *message)
{
    spectacles_problem problem;
    sp_slice body = {message->body, message->body_length};
    uint32_t written = message->format;
    if (written == SPECTACLES_FORMAT_RAW)
        written = spectacles_format_of(body.bytes, body.length);
    else if (written != broker->format || written == SPECTACLES_FORMAT_ETF) {
        sp_buffer_clear(&broker->converted);
        sp_buffer_shrink(&broker->converted, KEPT_BYTES);
        int error = transcode(broker, message->flags, written, body, &problem);
        if (error != SPECTACLES_OK)
            return explain(broker, error, &problem);
        body = sp_buffer_slice(&broker->converted);
        written = broker->format;
    }
    message->body = body.bytes;
    message->body_length = body.length;
    if (!message->content_type)
        message->content_type = spectacles_format_content_type(written);
    return SPECTACLES_OK;
}

int sp_broker_read_message(spectacles_broker *broker, spectacles_message *read,
                           const spectacles_message *message)
{
    int error = sp_config_read(read, sizeof *read, message);
    return error == SPECTACLES_OK
               ? error
               : sp_broker_fail(broker, error,
                                "the message's size is not that of a version this library knows");
}

SPECTACLES_EXPORT int spectacles_broker_publish(spectacles_broker *broker, const spectacles_message *message,
                                                uint64_t *tag)
{
    spectacles_message read = {0};
    int error = sp_broker_read_message(broker, &read, message);
    if (error != SPECTACLES_OK)
        return error;
    error = sp_broker_check_message(broker, &read);
    if (error != SPECTACLES_OK)
        return error;
    if (!sp_broker_has_room(broker)) {
        broker->publishes.wants_room = true;
        return sp_broker_fail(broker, SPECTACLES_E_AGAIN, "the window of unconfirmed publishes is full");
    }
    error = sp_broker_rewrite_body(broker, &read);
    if (error != SPECTACLES_OK)
        return error;
    error = sp_publishes_add(&broker->publishes, &read, broker->group, tag);
    if (error != SPECTACLES_OK)
        return sp_broker_fail(broker, error, spectacles_strerror(error));
    sp_stream_touch(&broker->stream);
    broker->stats.published++;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_broker_room(const spectacles_broker *broker)
{
    return sp_broker_has_room(broker) && !broker->owner_closes;
}

/*
 * Acknowledgements of one turn become one frame: the last one, while it is the last of what waits to be written, is
 * made to cover this delivery too (`multiple`). Only when nothing older is open.
 */
static bool join_last_ack(spectacles_broker *broker, uint64_t tag)
{
    uint64_t last = tag > broker->last_ack ? tag : broker->last_ack;
    if (broker->last_ack_end == 0 || broker->last_ack_end != sp_buffer_length(&broker->control) ||
        sp_deliveries_oldest(&broker->deliveries) <= last)
        return false;
    sp_wire_set_ack(&broker->control, last);
    broker->last_ack = last;
    return true;
}

static void acknowledge(spectacles_broker *broker, uint64_t tag)
{
    amqp_basic_ack_t ack = {.delivery_tag = tag};
    if (join_last_ack(broker, tag))
        return;
    sp_wire_method(&broker->control, SP_CHANNEL_CONSUME, AMQP_BASIC_ACK_METHOD, &ack);
    broker->last_ack = tag;
    broker->last_ack_end = sp_buffer_length(&broker->control);
}

static bool consumes(const spectacles_broker *broker)
{
    return broker->transport == SP_TRANSPORT_OPEN && broker->state != SPECTACLES_BROKER_CLOSING &&
           broker->channels[SP_CHANNEL_CONSUME] == SP_CHANNEL_OPEN;
}

/* Whether a delivery can be answered now: 1, 0, or an error. There is room for the method then. */
static int may_answer(spectacles_broker *broker)
{
    if (!consumes(broker))
        return 0;
    /* Room first: once the tag is taken back there is no way to ask again. */
    if (sp_buffer_reserve(&broker->control, 8192))
        return 1;
    broker->control.failed = false;
    return sp_broker_fail(broker, SPECTACLES_E_NOMEM, spectacles_strerror(SPECTACLES_E_NOMEM));
}

static int answer_delivery(spectacles_broker *broker, uint64_t delivery, amqp_method_number_t id, int requeue)
{
    amqp_basic_reject_t reject = {.requeue = requeue ? 1 : 0};
    int may = may_answer(broker);
    reject.delivery_tag = may == 1 ? sp_deliveries_settle(&broker->deliveries, delivery) : 0;
    if (reject.delivery_tag == 0)
        return may < 0 ? may : 0;
    sp_stream_touch(&broker->stream);
    if (id == AMQP_BASIC_ACK_METHOD)
        acknowledge(broker, reject.delivery_tag);
    else
        sp_wire_method(&broker->control, SP_CHANNEL_CONSUME, id, &reject);
    return 1;
}

SPECTACLES_EXPORT int spectacles_broker_ack(spectacles_broker *broker, uint64_t delivery)
{
    int done = answer_delivery(broker, delivery, AMQP_BASIC_ACK_METHOD, 0);
    if (done == 1)
        broker->stats.acknowledged++;
    return done;
}

SPECTACLES_EXPORT int spectacles_broker_ack_all(spectacles_broker *broker, uint64_t delivery)
{
    int count = 0;
    int may = may_answer(broker);
    uint64_t tag = may == 1 ? sp_deliveries_settle_all(&broker->deliveries, delivery, &count) : 0;
    if (tag == 0)
        return may < 0 ? may : 0;
    sp_stream_touch(&broker->stream);
    amqp_basic_ack_t ack = {.delivery_tag = tag, .multiple = 1};
    sp_wire_method(&broker->control, SP_CHANNEL_CONSUME, AMQP_BASIC_ACK_METHOD, &ack);
    broker->stats.acknowledged += (uint64_t)count;
    return count;
}

SPECTACLES_EXPORT int spectacles_broker_reject(spectacles_broker *broker, uint64_t delivery, int requeue)
{
    int done = answer_delivery(broker, delivery, AMQP_BASIC_REJECT_METHOD, requeue);
    if (done == 1)
        broker->stats.rejected++;
    return done;
}

SPECTACLES_EXPORT int spectacles_broker_holds(const spectacles_broker *broker, uint64_t delivery)
{
    return consumes(broker) && sp_deliveries_holds(&broker->deliveries, delivery);
}

SPECTACLES_EXPORT int spectacles_broker_close(spectacles_broker *broker, uint64_t now)
{
    if (broker->owner_closes)
        return SPECTACLES_OK;
    broker->owner_closes = true;
    sp_stream_touch(&broker->stream);
    broker->drain_deadline = now + broker->drain_timeout;
    sp_broker_check_drained(broker, now);
    return SPECTACLES_OK;
}

/* ---- What the owner can see ---- */

SPECTACLES_EXPORT uint32_t spectacles_broker_state(const spectacles_broker *broker)
{
    return broker->state;
}

SPECTACLES_EXPORT int spectacles_broker_get_stats(const spectacles_broker *broker,
                                                  spectacles_broker_stats *out)
{
    spectacles_broker_stats stats = broker->stats;
    stats.unconfirmed = broker->publishes.unsettled;
    stats.republished = broker->publishes.republished;
    return sp_stats_write(out, &stats, sizeof stats);
}

SPECTACLES_EXPORT const char *spectacles_broker_last_error(const spectacles_broker *broker)
{
    return broker->last_error.chars;
}
