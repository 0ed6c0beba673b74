/*
 * The lines of the log for the events of the gateway: which level each event has, and which of them may come in
 * numbers. It owns nothing but constants. daemon.c calls it.
 *
 * What asks for an action is a warning or an error, and stands in a table of doc/operations.md, which
 * tests/static/test_log_lines.py holds against this file.
 */
#include "lines.h"

#include <string.h>

enum line_kind {
    LINE_NONE,
    LINE_ONCE,    /* each is written */
    LINE_REPEATS, /* may come in numbers */
    LINE_ENDS     /* what another line has told is over */
};

static const struct {
    enum line_kind kind;
    enum setting_log_level level;
} lines[] = {
    [SPECTACLES_RELAY_EVENT_SHARD_CONNECTING] = {LINE_ONCE, LOG_LEVEL_DEBUG},
    [SPECTACLES_RELAY_EVENT_SHARD_IDENTIFYING] = {LINE_ONCE, LOG_LEVEL_INFO},
    [SPECTACLES_RELAY_EVENT_SHARD_READY] = {LINE_ONCE, LOG_LEVEL_INFO},
    [SPECTACLES_RELAY_EVENT_SHARD_RESUMED] = {LINE_ENDS, LOG_LEVEL_INFO},
    [SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED] = {LINE_REPEATS, LOG_LEVEL_WARN},
    [SPECTACLES_RELAY_EVENT_SHARD_GAP] = {LINE_ONCE, LOG_LEVEL_WARN},
    [SPECTACLES_RELAY_EVENT_SHARD_CLOSED] = {LINE_ONCE, LOG_LEVEL_DEBUG},
    [SPECTACLES_RELAY_EVENT_SHARD_FATAL] = {LINE_ONCE, LOG_LEVEL_ERROR},
    [SPECTACLES_RELAY_EVENT_SHARD_LATENCY] = {LINE_ONCE, LOG_LEVEL_DEBUG},
    [SPECTACLES_RELAY_EVENT_SHARD_LATE] = {LINE_REPEATS, LOG_LEVEL_WARN},
    [SPECTACLES_RELAY_EVENT_SHARD_PLAIN] = {LINE_REPEATS, LOG_LEVEL_WARN},
    [SPECTACLES_RELAY_EVENT_SHARD_WANTS_IDENTIFY] = {LINE_ONCE, LOG_LEVEL_DEBUG},
    [SPECTACLES_RELAY_EVENT_SHARD_REMOVED] = {LINE_ONCE, LOG_LEVEL_INFO},
    [SPECTACLES_RELAY_EVENT_BROKER_CONNECTING] = {LINE_REPEATS, LOG_LEVEL_INFO},
    [SPECTACLES_RELAY_EVENT_BROKER_READY] = {LINE_ONCE, LOG_LEVEL_INFO},
    [SPECTACLES_RELAY_EVENT_BROKER_DISCONNECTED] = {LINE_REPEATS, LOG_LEVEL_WARN},
    [SPECTACLES_RELAY_EVENT_BROKER_BLOCKED] = {LINE_REPEATS, LOG_LEVEL_WARN},
    [SPECTACLES_RELAY_EVENT_BROKER_UNBLOCKED] = {LINE_ENDS, LOG_LEVEL_INFO},
    [SPECTACLES_RELAY_EVENT_BROKER_CLOSED] = {LINE_ONCE, LOG_LEVEL_INFO},
    [SPECTACLES_RELAY_EVENT_SUBSCRIBED] = {LINE_ONCE, LOG_LEVEL_INFO},
    [SPECTACLES_RELAY_EVENT_UNSUBSCRIBED] = {LINE_REPEATS, LOG_LEVEL_WARN},
    [SPECTACLES_RELAY_EVENT_PUBLISH_FAILED] = {LINE_REPEATS, LOG_LEVEL_WARN},
    [SPECTACLES_RELAY_EVENT_UNROUTABLE] = {LINE_REPEATS, LOG_LEVEL_WARN},
    [SPECTACLES_RELAY_EVENT_COMMAND_ROUTED] = {LINE_ONCE, LOG_LEVEL_DEBUG},
    [SPECTACLES_RELAY_EVENT_COMMAND_SENT] = {LINE_ONCE, LOG_LEVEL_DEBUG},
    [SPECTACLES_RELAY_EVENT_COMMAND_REJECTED] = {LINE_REPEATS, LOG_LEVEL_WARN},
    [SPECTACLES_RELAY_EVENT_IDENTIFY_LIMIT] = {LINE_REPEATS, LOG_LEVEL_WARN},
    [SPECTACLES_RELAY_EVENT_RATE_LIMITED] = {LINE_REPEATS, LOG_LEVEL_WARN},
    [SPECTACLES_RELAY_EVENT_COMMAND_LIMITED] = {LINE_REPEATS, LOG_LEVEL_WARN},
};

static bool is_number(const char *name)
{
    return name && *name && name[strspn(name, "0123456789")] == '\0';
}

/*
 * A connection that Discord closes for its own reasons is part of a shard's life. The queues of a thousand shards are
 * no news one by one, and the queue of SEND is.
 */
static enum setting_log_level level_of(const spectacles_relay_event *event)
{
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED && event->error == SPECTACLES_E_CLOSED)
        return LOG_LEVEL_INFO;
    if (event->type == SPECTACLES_RELAY_EVENT_SUBSCRIBED && is_number(event->name))
        return LOG_LEVEL_DEBUG;
    return lines[event->type].level;
}

static bool is_of_shard(const spectacles_relay_event *event)
{
    switch (event->type) {
    case SPECTACLES_RELAY_EVENT_COMMAND_REJECTED:
        return event->ticket > 0;
    case SPECTACLES_RELAY_EVENT_COMMAND_ROUTED:
    case SPECTACLES_RELAY_EVENT_COMMAND_SENT:
    case SPECTACLES_RELAY_EVENT_COMMAND_LIMITED:
        return true;
    /* These two are about all shards; the one that they name is the first that was hit. */
    case SPECTACLES_RELAY_EVENT_IDENTIFY_LIMIT:
    case SPECTACLES_RELAY_EVENT_RATE_LIMITED:
        return false;
    default:
        return event->type < SPECTACLES_RELAY_EVENT_BROKER_CONNECTING;
    }
}

/* The nonce of a request is another one each time: it would keep failures from being summed up. */
static const char *subject_of(const spectacles_relay_event *event)
{
    bool is_of_broker = event->type >= SPECTACLES_RELAY_EVENT_BROKER_CONNECTING &&
                        event->type <= SPECTACLES_RELAY_EVENT_BROKER_CLOSED;
    if (is_of_broker)
        return event->broker == SPECTACLES_RELAY_EVENTS ? "broker events" : "broker commands";
    return event->type == SPECTACLES_RELAY_EVENT_COMMAND_LIMITED ? NULL : event->name;
}

/* When all shards wait together, RATE_LIMITED is one line for all of them. */
static bool is_line(const spectacles_relay_event *event)
{
    return event->type < sizeof lines / sizeof lines[0] && lines[event->type].kind != LINE_NONE &&
           !(event->type == SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED && event->hold_until > 0);
}

/* What a line of the kind LINE_ENDS says is over. */
static const char *failure_of(uint32_t type)
{
    return spectacles_relay_event_type_name(type == SPECTACLES_RELAY_EVENT_BROKER_UNBLOCKED
                                                ? SPECTACLES_RELAY_EVENT_BROKER_BLOCKED
                                                : SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED);
}

void lines_event(struct log *log, struct log_repeats *repeats, const spectacles_relay_event *event,
                 uint64_t now)
{
    char text[SPECTACLES_RELAY_LINE_SIZE];
    if (!is_line(event) || !log_wants(log, level_of(event)))
        return;
    spectacles_relay_event_describe(text, sizeof text, event, now);
    struct log_line line = {.level = level_of(event),
                            .event = spectacles_relay_event_type_name(event->type),
                            .text = text,
                            .subject = subject_of(event),
                            .shard_id = event->shard_id,
                            .has_shard = is_of_shard(event),
                            .code = event->code};
    if (repeats && lines[event->type].kind == LINE_REPEATS)
        log_repeats_write(repeats, &line, now);
    else if (repeats && lines[event->type].kind == LINE_ENDS)
        log_repeats_write_end(repeats, &line, failure_of(event->type), now);
    else
        log_write(log, &line);
}
