/*
 * The functions of a broker for its owner: make it, free it, pull its events, subscribe and close. Called by owners.
 */
#include "broker/config.h"
#include "broker/connection.h"
#include "broker/events.h"
#include "broker/headers.h"
#include "broker/publish.h"
#include "broker/receive.h"
#include "broker/rpc.h"
#include "broker/state.h"
#include "broker/stream.h"
#include "broker/subscriptions.h"
#include "broker/urls.h"
#include "core/config.h"
#include "core/export.h"
#include <stdlib.h>
#include <string.h>

/* ---- For a link or a relay that holds the broker ---- */

/* All bytes that have arrived are read: the calls that are late have no reply, and fail. */
static const spectacles_broker_event *take_late_call(spectacles_broker *broker, uint64_t now)
{
    if (broker->calls.overdue || now >= broker->calls.due)
        sp_broker_expire_calls(broker, now);
    return sp_broker_take_event(broker);
}

static const spectacles_broker_event *find_event(spectacles_broker *broker, uint64_t now)
{
    for (;;) {
        if (sp_broker_connects_now(broker, now))
            sp_broker_connect(broker, now);
        sp_suspicion_advance(&broker->suspicion, &broker->publishes, sp_broker_only_publishes(broker), now);
        const spectacles_broker_event *event = sp_broker_take_event(broker);
        if (event)
            return event;
        sp_broker_check_drained(broker, now);
        if (!sp_broker_receive(broker, now, &event) && !sp_broker_has_pending(broker))
            return take_late_call(broker, now);
        if (event)
            return event;
    }
}

static const void *next_event(void *engine, uint64_t now)
{
    spectacles_broker *broker = engine;
    if (broker->transport == SP_TRANSPORT_NONE)
        sp_broker_release_input(broker);
    const spectacles_broker_event *event = sp_broker_take_confirm(broker);
    if (!event)
        event = find_event(broker, now);
    sp_broker_assert_invariants(broker);
    return event;
}

static bool has_event(const void *engine)
{
    return sp_broker_has_event(engine);
}

static void wipe_passwords(spectacles_broker *broker)
{
    sp_urls_free(&broker->urls);
    sp_urls_free(&broker->next_urls);
}

/* The owner has freed the broker, and a link or a relay holds it. */
static void end(void *engine)
{
    spectacles_broker *broker = engine;
    broker->owner_closes = true;
    broker->drain_deadline = 0;
    if (broker->state != SPECTACLES_BROKER_CLOSED)
        sp_broker_end_connection(broker, 0);
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
    sp_ring_free(&broker->pending);
    empty_amqp_pool(&broker->pool);
    free(broker);
}

/* ---- Making and freeing a broker ---- */

static int set_up(spectacles_broker *broker, const spectacles_broker_config *config,
                  spectacles_problem *problem)
{
    static const sp_holder_calls holder_calls = {next_event, has_event, end, destroy};
    const char *name = config->name ? config->name : "libspectacles";
    init_amqp_pool(&broker->pool, 4096);
    broker->input.watched = broker->delivered.body.watched = broker->returned.body.watched = true;
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
    broker->wanted_heartbeat = config->heartbeat;
    broker->topology.declare = config->declare;
    broker->topology.queue_type = config->queue_type;
    broker->topology.exchange_type = config->exchange_type;
    broker->random.state = config->seed;
    broker->backoff = sp_backoff_of(SP_BROKER_BACKOFF_BASE, SP_BROKER_BACKOFF_CAP);
    broker->phase_deadline = SPECTACLES_NEVER;
    broker->frame_max = SP_WIRE_FRAME_MAX;
    broker->group = sp_text_copy(config->group, strlen(config->group));
    broker->name = sp_text_copy(name, strlen(name));
    int error = broker->group && broker->name ? sp_broker_reserve_events(broker) : SPECTACLES_E_NOMEM;
    return error == SPECTACLES_OK
               ? sp_urls_read(&broker->urls, &broker->random, config->urls, config->url_count, problem)
               : error;
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
    error = sp_broker_check_config(&read, problem);
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

/* ---- Events ---- */

SPECTACLES_EXPORT const spectacles_broker_event *spectacles_broker_next_event(spectacles_broker *broker,
                                                                              uint64_t now)
{
    if (!broker->stream.has_relay)
        return sp_stream_next_event(&broker->stream, now);
    sp_broker_fail(broker, SPECTACLES_E_STATE,
                   "a relay pulls the events of this broker: pull those of the relay, or of the gateway");
    return NULL;
}

/* ---- What the owner asks for ---- */

static const char *subscription_problem(const spectacles_broker *broker,
                                        const spectacles_subscription *subscription)
{
    if (subscription->prefetch > UINT16_MAX)
        return "prefetch has to be 1 to 65535";
    if (subscription->queue_length > 0 && subscription->subgroup_length > 0)
        return "a queue that is named takes no subgroup";
    if (subscription->exclusive &&
        (subscription->queue_length > 0 || subscription->subgroup_length > 0 || subscription->declare_only))
        return "an exclusive queue takes no name, no subgroup and no declare_only";
    if (subscription->exclusive && subscription->event_length == 0)
        return "an exclusive queue needs an event";
    if (subscription->exclusive && broker->topology.declare != SPECTACLES_DECLARE)
        return "an exclusive queue has to be declared, and this broker may not declare";
    return sp_headers_problem(subscription->arguments, subscription->argument_count, SP_ARGUMENTS_BYTES);
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
    const char *problem = subscription_problem(broker, &read);
    if (problem)
        return sp_broker_fail(broker, SPECTACLES_E_INVAL, problem);
    read.prefetch = read.prefetch ? read.prefetch : broker->prefetch;
    /* The number of an ended subscription is not given again before the owner has pulled the events about its end. */
    int number = sp_topology_add(&broker->topology, broker->group, &read, !sp_broker_has_pending(broker));
    if (number == SPECTACLES_E_NOMEM)
        return sp_broker_fail(broker, number, spectacles_strerror(number));
    if (number < 0)
        return sp_broker_fail(
            broker, number,
            "the queue can not be named: its name, or group, subgroup and event together, has "
            "to be text of at most 255 bytes, and without a name the event is not empty");
    sp_stream_touch(&broker->stream);
    error = sp_broker_request_topology(broker, 0);
    return error == SPECTACLES_OK ? number : sp_broker_fail(broker, error, spectacles_strerror(error));
}

SPECTACLES_EXPORT int spectacles_broker_unsubscribe(spectacles_broker *broker, uint32_t subscription)
{
    if (!sp_topology_find(&broker->topology, subscription))
        return sp_broker_fail(broker, SPECTACLES_E_INVAL, "there is no subscription of this number");
    sp_stream_touch(&broker->stream);
    int error = sp_broker_unsubscribe(broker, subscription);
    return error == SPECTACLES_OK ? error : sp_broker_fail(broker, error, spectacles_strerror(error));
}

SPECTACLES_EXPORT void spectacles_broker_network_changed(spectacles_broker *broker, uint64_t now)
{
    if (broker->state == SPECTACLES_BROKER_CONNECTING)
        sp_stream_note_network_changed(&broker->stream);
    if (broker->state != SPECTACLES_BROKER_BACKOFF)
        return;
    broker->next_attempt = sp_backoff_hurry(&broker->backoff, &broker->random, broker->next_attempt, now);
    broker->phase_deadline = broker->next_attempt;
    sp_stream_touch(&broker->stream);
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
    stats.unconfirmed = broker->publishes.unconfirmed_count;
    stats.republished = broker->publishes.republished;
    return sp_stats_write(out, &stats, sizeof stats);
}

SPECTACLES_EXPORT const char *spectacles_broker_last_error(const spectacles_broker *broker)
{
    return broker->last_error.chars;
}
