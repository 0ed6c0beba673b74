/*
 * What time makes due: heartbeats, a changed presence, the limit of each phase, the next attempt to connect. Called by
 * stream.c.
 */
#include "shard/timers.h"

#include "shard/connection.h"
#include "shard/events.h"
#include "shard/presence.h"
#include "shard/receive.h"
#include "shard/send.h"
#include "shard/state.h"

uint64_t sp_shard_deadline(const spectacles_shard *shard)
{
    /* Bytes that were fed before the end are read by the next spectacles_shard_next_event(). */
    if (shard->transport == SP_TRANSPORT_ENDED)
        return SPECTACLES_NEVER;
    if (shard->transport == SP_TRANSPORT_NONE)
        return sp_shard_next_connect(shard);
    uint64_t heartbeat = sp_heartbeat_deadline(&shard->heartbeat);
    uint64_t presence = sp_shard_presence_deadline(shard);
    uint64_t deadline = heartbeat < shard->phase_deadline ? heartbeat : shard->phase_deadline;
    return presence < deadline ? presence : deadline;
}

/* At most one LATE waits: an owner whose loop is late does not pull either. */
static void queue_late(spectacles_shard *shard, uint64_t late)
{
    shard->stats.heartbeats_late++;
    if (shard->late_queued)
        return;
    spectacles_shard_event *event = sp_shard_queue_event(shard, SPECTACLES_SHARD_EVENT_LATE);
    if (!event)
        return;
    event->duration = late;
    shard->late_queued = true;
}

static void give_up_heartbeat(spectacles_shard *shard, uint64_t late, uint64_t now)
{
    unsigned long long interval = shard->heartbeat.interval;
    sp_close_reason *reason = sp_shard_set_reason(shard, 0, SPECTACLES_E_CLOSED, SP_CLOSE_RESUME);
    if (reason && late > interval)
        sp_text_set(
            &reason->text,
            "a heartbeat is %llu ms late, more than a whole interval: the machine was suspended, or the "
            "owner's loop hung, and the gateway has given the connection up",
            (unsigned long long)late);
    else if (reason)
        sp_text_set(&reason->text,
                    "the gateway did not acknowledge a heartbeat within %llu ms: the connection is dead",
                    interval);
    sp_shard_close_connection(shard, 4000, now);
}

/*
 * Sends the heartbeat, or ends the connection because the last one has no ACK. While bytes wait that were not read, the
 * ACK may be among them, and the connection gets another interval. So does a heartbeat that is late by an interval:
 * bytes came, so the gateway has not closed the connection, or its close is among them and is read at once. A
 * connection that was cut off while the machine slept brings no bytes.
 */
static int beat(spectacles_shard *shard, uint64_t now)
{
    uint64_t late = now - sp_heartbeat_deadline(&shard->heartbeat);
    bool dead = sp_heartbeat_missed(&shard->heartbeat, now) || sp_heartbeat_overslept(&shard->heartbeat, now);
    if (dead && !shard->unread) {
        give_up_heartbeat(shard, late, now);
        return SPECTACLES_OK;
    }
    int error = sp_shard_write_heartbeat(shard, now);
    if (error != SPECTACLES_OK)
        return sp_shard_fail(shard, error, "out of memory: a heartbeat could not be written");
    sp_heartbeat_sent(&shard->heartbeat, now);
    if (late >= SP_HEARTBEAT_LATE)
        queue_late(shard, late);
    return SPECTACLES_OK;
}

static const char *phase_text(enum spectacles_shard_state state)
{
    switch (state) {
    case SPECTACLES_SHARD_CONNECTING:
        return "timed out: no connection to the gateway within 30 s";
    case SPECTACLES_SHARD_UPGRADING:
        return "timed out: the gateway did not answer the WebSocket upgrade within 10 s";
    case SPECTACLES_SHARD_IDENTIFYING:
        return "timed out: the gateway did not say READY within 10 minutes";
    case SPECTACLES_SHARD_RESUMING:
        return "timed out: the gateway neither replayed nor said RESUMED within 60 s";
    default:
        return "timed out: the gateway did not say HELLO within 20 s";
    }
}

static void end_phase(spectacles_shard *shard, uint64_t now)
{
    if (shard->state == SPECTACLES_SHARD_CLOSING) {
        sp_shard_end_connection(shard, now);
        return;
    }
    if (shard->unread) {
        sp_shard_set_state(shard, shard->state, now);
        return;
    }
    if (sp_shard_receive_last_head(shard, now))
        return;
    int error = shard->state == SPECTACLES_SHARD_CONNECTING ? SPECTACLES_E_UNREACHABLE : SPECTACLES_E_CLOSED;
    sp_close_reason *reason = sp_shard_set_reason(shard, 0, error, SP_CLOSE_RESUME);
    if (reason)
        sp_text_set(&reason->text, "%s", phase_text(shard->state));
    sp_shard_close_connection(shard, 4000, now);
}

int sp_shard_expire(spectacles_shard *shard, uint64_t now)
{
    if (now >= sp_shard_next_connect(shard))
        sp_shard_connect(shard, now);
    if (shard->transport == SP_TRANSPORT_NONE || shard->transport == SP_TRANSPORT_ENDED)
        return SPECTACLES_OK;
    if (now >= shard->phase_deadline)
        end_phase(shard, now);
    int error = now >= sp_heartbeat_deadline(&shard->heartbeat) ? beat(shard, now) : SPECTACLES_OK;
    sp_shard_tell_presence(shard, now);
    return error;
}
