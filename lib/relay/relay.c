/* The calls of spectacles/relay.h about a whole relay: made, worked, stopped, freed. Called by owners. */
#include "codec/format.h"
#include "core/close_code.h"
#include "core/config.h"
#include "core/export.h"
#include "core/stream.h"
#include "relay/acknowledge.h"
#include "relay/answers.h"
#include "relay/commands.h"
#include "relay/confirms.h"
#include "relay/dispatches.h"
#include "relay/events.h"
#include "relay/gaps.h"
#include "relay/grants.h"
#include "relay/packets.h"
#include "relay/publishes.h"
#include "relay/queues.h"
#include "relay/roster.h"
#include "relay/sends.h"
#include "relay/served.h"
#include "relay/shards.h"
#include "routing/packet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Events for which memory is reserved. No source is pulled while an event waits. */
enum {
    PENDING_RESERVED = 32,
    SHARDS_MAX = 1000000,
    KNOWN_FLAGS = SPECTACLES_RELAY_GRANTED_IDENTIFIES | SPECTACLES_RELAY_HOLDS_NEW_SESSIONS |
                  SPECTACLES_RELAY_BROKERS_FIRST | SPECTACLES_RELAY_SILENT | SPECTACLES_RELAY_MARKS |
                  SPECTACLES_RELAY_NO_COMMANDS
};

/* ---- Making one ---- */

SPECTACLES_EXPORT void spectacles_relay_config_init(spectacles_relay_config *config, size_t size)
{
    const spectacles_relay_config defaults = {.max_concurrency = 1,
                                              .command_prefetch = 16,
                                              .send_prefetch = 2000,
                                              .identify_interval = 5000,
                                              .format = SPECTACLES_FORMAT_JSON,
                                              .window_count = 2000,
                                              .window_bytes = 1 << 20,
                                              .drain_timeout = 5000};
    sp_config_write(config, size, &defaults, sizeof defaults);
}

/* Of a relay whose owner takes the messages. */
static int check_owner_config(const spectacles_relay_config *config, spectacles_problem *problem)
{
    if (config->window_count == 0 || config->window_bytes == 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "window_count and window_bytes have to be at least 1");
    return sp_format_check(config->format, problem);
}

static int check_config(const spectacles_relay_config *config, spectacles_problem *problem)
{
    if (config->shard_count == 0 || config->shard_count > SHARDS_MAX)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "shard_count has to be 1 to 1000000");
    if (!config->own_shards && config->own_shard_count > 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "own_shards is NULL, but own_shard_count is not 0");
    if (!config->events != !config->commands || (config->events && config->events == config->commands))
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "events and commands have to be two brokers, or NULL both of them");
    if ((config->allow_count > 0 && !config->allow) || (config->gap_count > 0 && !config->gaps) ||
        (config->more_op_count > 0 && !config->more_ops))
        return sp_refuse(problem, SPECTACLES_E_INVAL, "allow, gaps or more_ops is NULL but has a length");
    if (config->max_concurrency == 0 || config->max_concurrency > SP_RELAY_CONCURRENCY_MAX)
        return sp_refuse(problem, SPECTACLES_E_INVAL, SP_RELAY_BAD_CONCURRENCY);
    for (size_t i = 0; i < config->more_op_count; i++) {
        if (sp_packet_op_is_reserved(config->more_ops[i]))
            return sp_refuse(
                problem, SPECTACLES_E_INVAL,
                "more_ops has one of 0, 1, 2, 6, 7, 9, 10 and 11, which are no worker's to send");
    }
    if (config->flags & ~(uint32_t)KNOWN_FLAGS)
        return sp_refuse(problem, SPECTACLES_E_UNSUPPORTED,
                         "flags has a bit that this version does not know");
    if (config->command_prefetch == 0 || config->command_prefetch > UINT16_MAX)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "command_prefetch has to be 1 to 65535");
    if (config->send_prefetch == 0 || config->send_prefetch > UINT16_MAX)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "send_prefetch has to be 1 to 65535");
    return config->events ? SPECTACLES_OK : check_owner_config(config, problem);
}

static int take_shards(spectacles_relay *relay, const spectacles_relay_config *config,
                       spectacles_problem *problem)
{
    int error = SPECTACLES_OK;
    for (size_t i = 0; i < config->own_shard_count && error == SPECTACLES_OK; i++)
        error = sp_relay_serve(relay, config->own_shards[i], problem);
    return error;
}

/* The brokers stay in memory until the relay releases them, even when their owner frees them first. */
static int hold_brokers(spectacles_relay *relay, spectacles_problem *problem)
{
    if (!relay->events)
        return SPECTACLES_OK;
    relay->holds_events = sp_stream_hold_for_relay(spectacles_broker_stream(relay->events));
    relay->holds_commands = sp_stream_hold_for_relay(spectacles_broker_stream(relay->commands));
    if (!relay->holds_events || !relay->holds_commands)
        return sp_refuse(problem, SPECTACLES_E_STATE, "another relay pulls the events of a broker");
    sp_stream_watch_begin(&spectacles_broker_stream(relay->events)->relay, &relay->events_ready, relay);
    sp_stream_watch_begin(&spectacles_broker_stream(relay->commands)->relay, &relay->commands_ready, relay);
    return SPECTACLES_OK;
}

static void release_broker(spectacles_broker *broker)
{
    sp_stream_watch_end(&spectacles_broker_stream(broker)->relay);
    sp_stream_release_from_relay(spectacles_broker_stream(broker));
}

static void release_brokers(spectacles_relay *relay)
{
    if (relay->holds_events)
        release_broker(relay->events);
    if (relay->holds_commands)
        release_broker(relay->commands);
}

/* Reserves memory, so that events and gaps are queued even when memory runs out. */
static int reserve_events(spectacles_relay *relay)
{
    for (int i = 0; i < PENDING_RESERVED; i++) {
        if (!sp_ring_push(&relay->pending))
            return SPECTACLES_E_NOMEM;
    }
    sp_ring_clear(&relay->pending);
    return SPECTACLES_OK;
}

static int copy_ops(spectacles_relay *relay, const spectacles_relay_config *config)
{
    if (config->more_op_count == 0)
        return SPECTACLES_OK;
    relay->more_ops = calloc(config->more_op_count, sizeof *relay->more_ops);
    if (!relay->more_ops)
        return SPECTACLES_E_NOMEM;
    memcpy(relay->more_ops, config->more_ops, config->more_op_count * sizeof *relay->more_ops);
    relay->more_op_count = config->more_op_count;
    return SPECTACLES_OK;
}

static int set_up(spectacles_relay *relay, const spectacles_relay_config *config, spectacles_problem *problem)
{
    relay->publishes = sp_ring_of(sizeof(sp_publish));
    relay->routes = sp_ring_of(sizeof(sp_route));
    relay->pending = sp_ring_of(sizeof(sp_relay_pending));
    relay->answers = sp_ring_of(sizeof(sp_answer));
    relay->left_gaps = sp_ring_of(sizeof(sp_gap));
    relay->shard_count = config->shard_count;
    relay->events = config->events;
    relay->commands = config->commands;
    relay->command_prefetch = config->command_prefetch;
    relay->send_prefetch = config->send_prefetch;
    relay->command_timeout = config->command_timeout;
    relay->unix_offset = config->unix_offset;
    relay->flags = config->flags;
    sp_list_init(&relay->events_ready);
    sp_list_init(&relay->commands_ready);
    relay->format = config->format;
    relay->window_count = config->window_count;
    relay->window_bytes = config->window_bytes;
    relay->drain_timeout = config->drain_timeout;
    relay->drain_until = relay->blocked_since = relay->full_since = SPECTACLES_NEVER;
    sp_list_init(&relay->ready);
    sp_list_init(&relay->closing);
    sp_list_init(&relay->leaving);
    sp_list_init(&relay->left);
    sp_list_init(&relay->changed);
    sp_list_init(&relay->sendable);
    sp_list_init(&relay->with_gaps);
    int error = sp_relay_init_queues(relay);
    if (error == SPECTACLES_OK)
        error = sp_identify_init(&relay->identify, config->max_concurrency, config->shard_count,
                                 config->identify_interval);
    if (error == SPECTACLES_OK)
        error = take_shards(relay, config, problem);
    if (error == SPECTACLES_OK)
        error = hold_brokers(relay, problem);
    if (error == SPECTACLES_OK)
        error = reserve_events(relay);
    if (error == SPECTACLES_OK)
        error = copy_ops(relay, config);
    if (error == SPECTACLES_OK)
        error = sp_unroutable_init(&relay->unroutable, config->unroutable_hold);
    if (error == SPECTACLES_OK)
        error = sp_relay_import_gaps(relay, config->gaps, config->gap_count, problem);
    if (error == SPECTACLES_OK) {
        error = sp_filter_init(&relay->filter, config->allow, config->allow_count, config->allow_all);
        if (error == SPECTACLES_E_INVAL)
            return sp_refuse(problem, error, SP_RELAY_BAD_NAME);
    }
    if (error == SPECTACLES_OK) {
        error = sp_relay_subscribe(relay);
        if (error == SPECTACLES_E_INVAL || error == SPECTACLES_E_TOOBIG)
            return sp_refuse(
                problem, error,
                "the broker of commands has subscriptions already, or its group's name is too long");
    }
    return error;
}

SPECTACLES_EXPORT int spectacles_relay_new(spectacles_relay **out, const spectacles_relay_config *config,
                                           spectacles_problem *problem)
{
    spectacles_relay_config read;
    spectacles_relay_config_init(&read, sizeof read);
    int error = sp_config_read(&read, sizeof read, config);
    if (error != SPECTACLES_OK)
        return sp_refuse(problem, error,
                         "the configuration's size is not that of a version this library knows");
    error = check_config(&read, problem);
    if (error != SPECTACLES_OK)
        return error;
    spectacles_relay *relay = calloc(1, sizeof *relay);
    error = relay ? set_up(relay, &read, problem) : SPECTACLES_E_NOMEM;
    if (error != SPECTACLES_OK) {
        spectacles_relay_free(relay);
        return error == SPECTACLES_E_NOMEM ? sp_refuse(problem, error, spectacles_strerror(error)) : error;
    }
    *out = relay;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT const char *spectacles_relay_last_error(const spectacles_relay *relay)
{
    return relay->last_error.chars;
}

SPECTACLES_EXPORT int spectacles_relay_identify_limit(spectacles_relay *relay, uint32_t total,
                                                      uint32_t remaining, uint64_t reset_after, uint64_t now)
{
    if (total == 0)
        return sp_relay_fail(relay, SPECTACLES_E_INVAL, "total is 0: a bot has at least one identify a day");
    uint64_t reset_at = reset_after < SPECTACLES_NEVER - now ? now + reset_after : SPECTACLES_NEVER;
    sp_identify_limit(&relay->identify, total, remaining, reset_at);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT void spectacles_relay_free(spectacles_relay *relay)
{
    if (!relay)
        return;
    release_brokers(relay);
    while (relay->served > 0)
        sp_relay_let_go(relay, relay->shards[relay->served - 1]);
    for (size_t i = 0; i < relay->publishes.count; i++)
        sp_relay_free_publish(sp_ring_at(&relay->publishes, i));
    sp_relay_free_routes(&relay->routes);
    sp_buffer_free(&relay->json);
    sp_buffer_free(&relay->converted);
    sp_buffer_free(&relay->keys);
    sp_ring_free(&relay->publishes);
    sp_ring_free(&relay->routes);
    sp_ring_free(&relay->answers);
    sp_relay_free_events(relay);
    sp_filter_free(&relay->filter);
    sp_unroutable_free(&relay->unroutable);
    sp_identify_free(&relay->identify);
    sp_timers_free(&relay->packets_timers);
    sp_timers_free(&relay->gaps_timers);
    sp_ring_free(&relay->left_gaps);
    sp_relay_free_queues(relay);
    free(relay->more_ops);
    free(relay->shards);
    free(relay);
}

/* ---- Working ---- */

static bool all_final(const spectacles_relay *relay)
{
    return relay->final == relay->served;
}

static void set_state(spectacles_relay *relay, enum sp_relay_state state)
{
    assert(state == relay->state + 1);
    relay->state = state;
}

/* Goes on with a stop. The commands broker is closed last, because acknowledgements of packets go over it. */
static void go_on_stopping(spectacles_relay *relay, uint64_t now)
{
    sp_relay_end_awaiting(relay, now);
    if (relay->state == SP_RELAY_DRAINING && relay->events_closed && all_final(relay)) {
        set_state(relay, SP_RELAY_CLOSING);
        if (relay->commands)
            spectacles_broker_close(relay->commands, now);
    }
    if (relay->state == SP_RELAY_CLOSING && relay->commands_closed && sp_list_is_empty(&relay->leaving) &&
        sp_list_is_empty(&relay->left) && relay->answers.count == 0)
        set_state(relay, SP_RELAY_STOPPED);
}

#ifndef NDEBUG
/* What is true of a relay when nothing is left to do. */
static bool is_consistent(const spectacles_relay *relay)
{
    bool all_closed = relay->events_closed && relay->commands_closed && all_final(relay);
    return relay->final <= relay->served && relay->unanswered_queues <= relay->shard_count &&
           (relay->state != SP_RELAY_STOPPED || all_closed);
}
#endif

SPECTACLES_EXPORT const spectacles_relay_event *spectacles_relay_next_event(spectacles_relay *relay,
                                                                            uint64_t now)
{
    sp_relay_forget_left_gaps(relay);
    relay->woken = false;
    relay->now = now;
    for (;;) {
        const spectacles_relay_event *event = sp_relay_take_event(relay);
        if (event)
            return event;
        go_on_stopping(relay, now);
        bool busy = sp_relay_report_answers(relay);
        busy |= sp_relay_advance_leaving(relay, now);
        busy |= sp_relay_pull_confirms(relay, now);
        busy |= sp_relay_pull_commands(relay, now);
        busy |= sp_relay_route_sends(relay, now);
        busy |= sp_relay_send_packets(relay, now);
        busy |= sp_relay_grant_identifies(relay, now);
        busy |= sp_relay_publish_gaps(relay, now);
        busy |= sp_relay_pull_shards(relay, now);
        if (!busy && relay->pending.count == 0) {
            assert(is_consistent(relay));
            return NULL;
        }
    }
}

SPECTACLES_EXPORT uint64_t spectacles_relay_deadline(const spectacles_relay *relay)
{
    uint64_t identify = sp_relay_identify_deadline(relay);
    uint64_t commands = sp_relay_commands_deadline(relay);
    uint64_t gaps = sp_relay_gaps_deadline(relay);
    uint64_t deadline = identify < commands ? identify : commands;
    if (relay->woken)
        return 0;
    if (!relay->events_closed && relay->drain_until < deadline)
        deadline = relay->drain_until;
    return gaps < deadline ? gaps : deadline;
}

/* ---- Stopping ---- */

SPECTACLES_EXPORT int spectacles_relay_stop(spectacles_relay *relay, uint32_t code, uint64_t now)
{
    if (sp_relay_is_stopping(relay))
        return SPECTACLES_OK;
    if (!sp_close_code_is_allowed(code))
        return sp_relay_fail(relay, SPECTACLES_E_INVAL, SP_CLOSE_CODE_RULE);
    set_state(relay, SP_RELAY_DRAINING);
    for (size_t i = 0; i < relay->served; i++)
        sp_relay_close_shard(relay, relay->shards[i], code, now);
    if (relay->events)
        spectacles_broker_close(relay->events, now);
    else
        sp_relay_await_acknowledgements(relay, now);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_relay_stopped(const spectacles_relay *relay)
{
    return relay->state == SP_RELAY_STOPPED;
}
