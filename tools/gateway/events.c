/*
 * Events of the gateway as lines of the log: which level each has, and which of them are no news. The words are the
 * library's. daemon.c calls it.
 */
#include "events.h"

static enum setting_log_level level_of(const spectacles_relay_event *event)
{
    switch (event->type) {
    case SPECTACLES_RELAY_EVENT_SHARD_FATAL:
        return LOG_LEVEL_ERROR;
    case SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED:
    case SPECTACLES_RELAY_EVENT_SHARD_GAP:
    case SPECTACLES_RELAY_EVENT_SHARD_LATE:
    case SPECTACLES_RELAY_EVENT_SHARD_PLAIN:
    case SPECTACLES_RELAY_EVENT_BROKER_DISCONNECTED:
    case SPECTACLES_RELAY_EVENT_BROKER_BLOCKED:
    case SPECTACLES_RELAY_EVENT_UNSUBSCRIBED:
    case SPECTACLES_RELAY_EVENT_PUBLISH_FAILED:
    case SPECTACLES_RELAY_EVENT_UNROUTABLE:
    case SPECTACLES_RELAY_EVENT_COMMAND_REJECTED:
    case SPECTACLES_RELAY_EVENT_COMMAND_LIMITED:
    case SPECTACLES_RELAY_EVENT_IDENTIFY_LIMIT:
    case SPECTACLES_RELAY_EVENT_RATE_LIMITED:
        return LOG_LEVEL_WARN;
    case SPECTACLES_RELAY_EVENT_SHARD_LATENCY:
    case SPECTACLES_RELAY_EVENT_COMMAND_ROUTED:
    case SPECTACLES_RELAY_EVENT_COMMAND_SENT:
        return LOG_LEVEL_DEBUG;
    default:
        return LOG_LEVEL_INFO;
    }
}

/* When all shards wait together, RATE_LIMITED is one line for all of them. */
static bool is_told_already(const spectacles_relay_event *event)
{
    return event->type == SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED && event->hold_until != 0;
}

void events_tell(struct log *log, const spectacles_relay_event *event, uint64_t now)
{
    char text[SPECTACLES_RELAY_LINE_SIZE];
    struct log_line line = {.level = level_of(event), .text = text, .code = event->code};
    if (is_told_already(event) || !log_wants(log, line.level))
        return;
    spectacles_relay_event_describe(text, sizeof text, event, now);
    line.event = spectacles_relay_event_type_name(event->type);
    line.has_shard = event->type < SPECTACLES_RELAY_EVENT_BROKER_CONNECTING;
    line.shard_id = event->shard_id;
    line.subject = event->name;
    log_write(log, &line);
}
