/*
 * What the events of gateways have told: the last close of each shard, the gaps of today, what brokers said. The
 * daemon calls status_hear() with each event; metrics, probes and the page read what is here.
 */
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY = 24 * 60 * 60 * 1000
};

void status_begin(struct status *status, uint64_t unix_time, uint64_t now)
{
    *status = (struct status){.start_time = unix_time, .turn = now};
}

void status_gateway_end(struct status_gateway *gateway)
{
    free(gateway->shards);
    *gateway = (struct status_gateway){0};
}

/* ---- Shards ---- */

/* The place of the first shard whose id is not below this one. */
static size_t place_of(const struct status_gateway *gateway, uint32_t id)
{
    size_t low = 0;
    size_t high = gateway->shard_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (gateway->shards[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct status_shard *status_shard(const struct status_gateway *gateway, uint32_t id)
{
    size_t at = place_of(gateway, id);
    return at < gateway->shard_count && gateway->shards[at].id == id ? &gateway->shards[at] : NULL;
}

static bool make_room(struct status_gateway *gateway)
{
    if (gateway->shard_count < gateway->shard_room)
        return true;
    size_t room = gateway->shard_room ? gateway->shard_room * 2 : 16;
    struct status_shard *shards =
        room <= SIZE_MAX / sizeof *shards ? realloc(gateway->shards, room * sizeof *shards) : NULL;
    if (!shards)
        return false;
    gateway->shards = shards;
    gateway->shard_room = room;
    return true;
}

/* What is remembered of a shard, made if it is not there; NULL: memory ran out. */
static struct status_shard *shard_for(struct status_gateway *gateway, uint32_t id)
{
    size_t at = place_of(gateway, id);
    if (at < gateway->shard_count && gateway->shards[at].id == id)
        return &gateway->shards[at];
    if (!make_room(gateway))
        return NULL;
    memmove(&gateway->shards[at + 1], &gateway->shards[at],
            (gateway->shard_count - at) * sizeof *gateway->shards);
    gateway->shards[at] = (struct status_shard){.id = id};
    gateway->shard_count++;
    return &gateway->shards[at];
}

void status_forget(struct status_gateway *gateway, uint32_t id)
{
    size_t at = place_of(gateway, id);
    if (at == gateway->shard_count || gateway->shards[at].id != id)
        return;
    gateway->shard_count--;
    memmove(&gateway->shards[at], &gateway->shards[at + 1],
            (gateway->shard_count - at) * sizeof *gateway->shards);
}

static void keep_text(char out[STATUS_TEXT_SIZE], const char *text)
{
    snprintf(out, STATUS_TEXT_SIZE, "%s", text ? text : "");
}

static void hear_close(struct status_shard *shard, const spectacles_relay_event *event, uint64_t unix_time)
{
    shard->close_code = event->code;
    shard->close_time = unix_time;
    keep_text(shard->close_text, event->text);
}

static void hear_shard(struct status_gateway *gateway, const spectacles_relay_event *event,
                       uint64_t unix_time)
{
    struct status_shard *shard = shard_for(gateway, event->shard_id);
    if (!shard)
        return;
    switch (event->type) {
    case SPECTACLES_RELAY_EVENT_SHARD_READY:
    case SPECTACLES_RELAY_EVENT_SHARD_RESUMED:
        shard->was_ready = true;
        break;
    case SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED:
    case SPECTACLES_RELAY_EVENT_SHARD_FATAL:
        hear_close(shard, event, unix_time);
        break;
    case SPECTACLES_RELAY_EVENT_SHARD_LATENCY:
        ping_add(&shard->ping, event->duration, unix_time);
        break;
    default:
        break;
    }
}

/* ---- Gaps ---- */

static void hear_gap(struct status *status, const spectacles_relay_event *event, uint64_t unix_time)
{
    struct status_gap *gap = &status->gaps[status->gap_count++ % STATUS_GAPS];
    gap->shard_id = event->shard_id;
    gap->time = unix_time;
    keep_text(gap->text, event->text);
    status->gaps_today = status_gaps_today(status, unix_time) + 1;
    status->gap_day = unix_time / DAY;
}

uint64_t status_gaps_today(const struct status *status, uint64_t unix_time)
{
    return status->gap_day == unix_time / DAY ? status->gaps_today : 0;
}

/* ---- Brokers and their queues ---- */

static void hear_broker(struct status_gateway *gateway, const spectacles_relay_event *event)
{
    struct status_broker *broker = &gateway->brokers[event->broker ? 1 : 0];
    broker->is_blocked = event->type == SPECTACLES_RELAY_EVENT_BROKER_BLOCKED;
    if (event->text)
        keep_text(broker->text, event->text);
}

/* Queues that are consumed: SEND, and those with the number of a shard. Others are declared for somebody else. */
static void hear_queue(struct status_gateway *gateway, const spectacles_relay_event *event)
{
    bool lacks = event->type == SPECTACLES_RELAY_EVENT_UNSUBSCRIBED;
    if (strcmp(event->name, "SEND") == 0)
        gateway->lacks_send_queue = lacks;
    if (!*event->name || event->name[strspn(event->name, "0123456789")] != '\0')
        return;
    struct status_shard *shard = shard_for(gateway, (uint32_t)strtoul(event->name, NULL, 10));
    if (shard)
        shard->lacks_queue = lacks;
}

void status_hear(struct status *status, struct status_gateway *gateway, const spectacles_relay_event *event,
                 uint64_t unix_time)
{
    switch (event->type) {
    case SPECTACLES_RELAY_EVENT_SHARD_READY:
    case SPECTACLES_RELAY_EVENT_SHARD_RESUMED:
    case SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED:
    case SPECTACLES_RELAY_EVENT_SHARD_FATAL:
    case SPECTACLES_RELAY_EVENT_SHARD_LATENCY:
        hear_shard(gateway, event, unix_time);
        break;
    case SPECTACLES_RELAY_EVENT_SHARD_REMOVED:
        status_forget(gateway, event->shard_id);
        break;
    case SPECTACLES_RELAY_EVENT_SHARD_GAP:
        hear_gap(status, event, unix_time);
        break;
    case SPECTACLES_RELAY_EVENT_BROKER_CONNECTING:
    case SPECTACLES_RELAY_EVENT_BROKER_READY:
    case SPECTACLES_RELAY_EVENT_BROKER_DISCONNECTED:
    case SPECTACLES_RELAY_EVENT_BROKER_BLOCKED:
    case SPECTACLES_RELAY_EVENT_BROKER_UNBLOCKED:
    case SPECTACLES_RELAY_EVENT_BROKER_CLOSED:
        hear_broker(gateway, event);
        break;
    case SPECTACLES_RELAY_EVENT_SUBSCRIBED:
    case SPECTACLES_RELAY_EVENT_UNSUBSCRIBED:
        if (event->name)
            hear_queue(gateway, event);
        break;
    default:
        break;
    }
}
