/*
 * Everything that is due at a time: heartbeats, the limit of each phase, the next connection, the deadlines of calls,
 * nacked publishes, and subscriptions that are tried again. Called by stream.c.
 */
#include "broker/timers.h"
#include "broker/channels.h"
#include "broker/connection.h"
#include "broker/events.h"
#include "broker/publish.h"
#include "broker/rpc.h"
#include "broker/state.h"
#include "broker/subscriptions.h"

/*
 * Whether an event or a complete frame waits for the owner to pull it. Then the owner is late, and not the broker. A
 * frame that is not complete does not count: the connection may have died in the middle of the frame.
 */
static bool has_unread(const spectacles_broker *broker)
{
    sp_wire_frame frame;
    size_t used;
    const char *why;
    sp_slice input = sp_buffer_slice(&broker->input);
    if (sp_broker_has_pending(broker) || broker->publishes.confirm_tag || broker->calls.failed > 0)
        return true;
    if (broker->transport == SP_TRANSPORT_NONE)
        return false;
    input.length -= broker->input_used;
    input.bytes = input.length > 0 ? input.bytes + broker->input_used : NULL;
    return sp_wire_next(input, broker->frame_max, &frame, &used, &why) != 0;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t heartbeat_deadline(const spectacles_broker *broker)
{
    if (broker->heartbeat == 0 || broker->transport != SP_TRANSPORT_OPEN)
        return SPECTACLES_NEVER;
    return earlier(broker->beat_at, broker->received_at + 2 * broker->heartbeat);
}

static uint64_t call_deadline(const spectacles_broker *broker)
{
    const sp_calls *calls = &broker->calls;
    return sp_calls_count(calls) > calls->failed && !calls->overdue ? calls->due : SPECTACLES_NEVER;
}

uint64_t sp_broker_deadline(const spectacles_broker *broker)
{
    if (broker->state == SPECTACLES_BROKER_IDLE)
        return 0;
    if (broker->transport == SP_TRANSPORT_ENDED || broker->state == SPECTACLES_BROKER_CLOSED)
        return SPECTACLES_NEVER;
    /* The next connection waits until the owner has pulled the events of the last connection. */
    if (sp_broker_has_pending(broker) && broker->state == SPECTACLES_BROKER_BACKOFF)
        return call_deadline(broker);
    uint64_t deadline = earlier(broker->phase_deadline, heartbeat_deadline(broker));
    deadline = earlier(deadline, call_deadline(broker));
    deadline = earlier(deadline, broker->publishes.due);
    deadline = earlier(deadline, sp_suspicion_deadline(&broker->suspicion));
    if (broker->owner_closes && broker->state != SPECTACLES_BROKER_CLOSING)
        deadline = earlier(deadline, broker->drain_deadline);
    if (broker->state == SPECTACLES_BROKER_READY)
        deadline = earlier(deadline, broker->topology.retry_due);
    return deadline;
}

static void give_up_connection(spectacles_broker *broker, const char *text, uint64_t now)
{
    int error =
        broker->state == SPECTACLES_BROKER_CONNECTING ? SPECTACLES_E_UNREACHABLE : SPECTACLES_E_CLOSED;
    sp_broker_close_reason *reason = sp_broker_set_reason(broker, 0, error);
    if (reason)
        sp_text_set(&reason->text, "%s", text);
    sp_broker_end_connection(broker, now);
}

static int beat(spectacles_broker *broker, uint64_t now)
{
    if (now >= broker->received_at + 2 * broker->heartbeat) {
        if (!has_unread(broker)) {
            give_up_connection(broker,
                               "the broker has been silent for two heartbeats: the connection is dead", now);
            return SPECTACLES_OK;
        }
        broker->received_at = now;
    }
    if (now < broker->beat_at)
        return SPECTACLES_OK;
    int error = broker->wrote ? SPECTACLES_OK : sp_wire_heartbeat(&broker->control);
    sp_publishes_shrink(&broker->publishes);
    broker->wrote = false;
    broker->beat_at = now + broker->heartbeat / 2;
    return error;
}

static void end_phase(spectacles_broker *broker, uint64_t now)
{
    static const char *const texts[] = {
        [SPECTACLES_BROKER_CONNECTING] = "timed out: no connection to the broker",
        [SPECTACLES_BROKER_HANDSHAKE] = "timed out: the broker did not finish the AMQP handshake",
        [SPECTACLES_BROKER_SETUP] = "timed out: the broker did not answer the declarations",
        [SPECTACLES_BROKER_CLOSING] = "timed out: the broker did not answer connection.close"};
    if (broker->state != SPECTACLES_BROKER_CLOSING && has_unread(broker))
        sp_broker_set_state(broker, broker->state, now);
    else if (broker->state >= SPECTACLES_BROKER_CONNECTING && broker->state <= SPECTACLES_BROKER_CLOSING)
        give_up_connection(broker, texts[broker->state] ? texts[broker->state] : "timed out", now);
}

/* Writes nacked publishes again: on this channel, or on a new one. */
static int release_nacked(spectacles_broker *broker, uint64_t now)
{
    bool nacks_alone =
        broker->nacking_since != SPECTACLES_NEVER && now >= broker->nacking_since + SP_RENEW_NACKING;
    if (nacks_alone && broker->channels[SP_CHANNEL_PUBLISH] == SP_CHANNEL_OPEN)
        return sp_broker_renew_publishing(broker);
    return sp_publishes_release(&broker->publishes, now + SP_DEFER_NACKED);
}

int sp_broker_expire(spectacles_broker *broker, uint64_t now)
{
    if (sp_broker_connects_now(broker, now))
        sp_broker_connect(broker, now);
    sp_broker_check_drained(broker, now);
    if (now >= call_deadline(broker)) {
        /* A reply may have arrived in time, and wait for the owner to pull it. */
        broker->calls.overdue = has_unread(broker);
        if (!broker->calls.overdue)
            sp_broker_expire_calls(broker, now);
    }
    if (broker->transport == SP_TRANSPORT_NONE || broker->transport == SP_TRANSPORT_ENDED)
        return SPECTACLES_OK;
    if (now >= broker->phase_deadline)
        end_phase(broker, now);
    int error = now >= heartbeat_deadline(broker) ? beat(broker, now) : SPECTACLES_OK;
    if (error == SPECTACLES_OK && now >= broker->publishes.due)
        error = release_nacked(broker, now);
    if (error == SPECTACLES_OK && now >= broker->topology.retry_due)
        error = sp_broker_request_topology(broker, now);
    sp_suspicion_advance(&broker->suspicion, &broker->publishes, sp_broker_only_publishes(broker), now);
    return error;
}
