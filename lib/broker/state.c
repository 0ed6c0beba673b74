/*
 * The state of a broker and of its publishing channel: which state may follow which, and how long each may last.
 * Called by every file that moves the broker on: connection.c, channels.c, handshake.c, receive.c, setup.c,
 * stream.c, timers.c.
 */
#include "broker/state.h"

#include <assert.h>

/* ---- The broker ---- */

/* Whether a state may follow another. A phase that is begun again follows itself. */
static bool may_follow(enum spectacles_broker_state before, enum spectacles_broker_state state)
{
    enum {
        ENDED = 1 << SPECTACLES_BROKER_BACKOFF | 1 << SPECTACLES_BROKER_CLOSED,
        CLOSING = ENDED | 1 << SPECTACLES_BROKER_CLOSING
    };
    static const uint32_t followers[] = {
        [SPECTACLES_BROKER_IDLE] = 1 << SPECTACLES_BROKER_CONNECTING | 1 << SPECTACLES_BROKER_CLOSED,
        [SPECTACLES_BROKER_CONNECTING] =
            ENDED | 1 << SPECTACLES_BROKER_CONNECTING | 1 << SPECTACLES_BROKER_HANDSHAKE,
        [SPECTACLES_BROKER_HANDSHAKE] =
            CLOSING | 1 << SPECTACLES_BROKER_HANDSHAKE | 1 << SPECTACLES_BROKER_SETUP,
        [SPECTACLES_BROKER_SETUP] = CLOSING | 1 << SPECTACLES_BROKER_SETUP | 1 << SPECTACLES_BROKER_READY,
        [SPECTACLES_BROKER_READY] = CLOSING | 1 << SPECTACLES_BROKER_DRAINING,
        [SPECTACLES_BROKER_DRAINING] = CLOSING,
        [SPECTACLES_BROKER_CLOSING] = ENDED,
        [SPECTACLES_BROKER_BACKOFF] = 1 << SPECTACLES_BROKER_CONNECTING | 1 << SPECTACLES_BROKER_CLOSED,
        [SPECTACLES_BROKER_CLOSED] = 0,
    };
    return followers[before] >> state & 1;
}

/* The URL can set the time that connecting may take. */
static uint64_t connect_timeout(const spectacles_broker *broker)
{
    const sp_uri *uri = &broker->urls.list[broker->url];
    return uri->connect_timeout ? uri->connect_timeout : broker->connect_timeout;
}

/*
 * How long close-ok is awaited. A broker that has said nothing for the whole time of draining is dead most likely, and
 * the owner is in a hurry.
 */
static uint64_t close_timeout(const spectacles_broker *broker, uint64_t now)
{
    bool is_over = broker->owner_closes && now >= broker->drain_deadline;
    bool is_silent = broker->drain_timeout >= SP_BROKER_CLOSE_TIMEOUT &&
                     now - broker->received_at >= SP_BROKER_CLOSE_TIMEOUT;
    return is_over && is_silent ? SP_BROKER_CLOSE_SILENT : SP_BROKER_CLOSE_TIMEOUT;
}

/*
 * When the state times out. CONNECTING, HANDSHAKE and SETUP share one limit. A link has a time of its own to connect;
 * then the limit is that of HANDSHAKE and SETUP.
 */
static uint64_t deadline_of(const spectacles_broker *broker, enum spectacles_broker_state before,
                            enum spectacles_broker_state state, uint64_t now)
{
    bool begins = before == state || broker->phase_deadline == SPECTACLES_NEVER;
    switch (state) {
    case SPECTACLES_BROKER_CONNECTING:
        return sp_stream_has_link(&broker->stream) ? SPECTACLES_NEVER : now + connect_timeout(broker);
    case SPECTACLES_BROKER_HANDSHAKE:
    case SPECTACLES_BROKER_SETUP:
        return begins ? now + connect_timeout(broker) : broker->phase_deadline;
    case SPECTACLES_BROKER_CLOSING:
        return now + close_timeout(broker, now);
    case SPECTACLES_BROKER_BACKOFF:
        return broker->next_attempt;
    default:
        return SPECTACLES_NEVER;
    }
}

void sp_broker_set_state(spectacles_broker *broker, enum spectacles_broker_state state, uint64_t now)
{
    enum spectacles_broker_state before = broker->state;
    bool allowed = may_follow(before, state);
    assert(allowed);
    (void)allowed; /* in a release build there are no assertions */
    broker->state = state;
    broker->phase_deadline = deadline_of(broker, before, state, now);
    if (state == SPECTACLES_BROKER_READY) {
        sp_backoff_ready(&broker->backoff, now);
        sp_stream_note_ready(&broker->stream, broker->endpoint.connection);
        sp_suspicion_ready(&broker->suspicion, &broker->random, now);
    }
}

/* ---- The publishing channel ---- */

static bool publishing_may_follow(enum sp_publishing_state before, enum sp_publishing_state state)
{
    enum {
        FRESH = 1 << SP_PUBLISHING_CLOSED | 1 << SP_PUBLISHING_SELECTING
    };
    static const uint32_t followers[] = {
        [SP_PUBLISHING_CLOSED] = FRESH,
        [SP_PUBLISHING_SELECTING] = FRESH | 1 << SP_PUBLISHING_SELECTING_STOPPED | 1 << SP_PUBLISHING_OPEN,
        [SP_PUBLISHING_SELECTING_STOPPED] =
            FRESH | 1 << SP_PUBLISHING_SELECTING_STOPPED | 1 << SP_PUBLISHING_STOPPED,
        [SP_PUBLISHING_OPEN] = FRESH | 1 << SP_PUBLISHING_OPEN | 1 << SP_PUBLISHING_STOPPED,
        [SP_PUBLISHING_STOPPED] = FRESH | 1 << SP_PUBLISHING_OPEN | 1 << SP_PUBLISHING_STOPPED,
    };
    return followers[before] >> state & 1;
}

void sp_broker_set_publishing(spectacles_broker *broker, enum sp_publishing_state state)
{
    bool allowed = publishing_may_follow(broker->publishing, state);
    assert(allowed);
    (void)allowed; /* in a release build there are no assertions */
    broker->publishing = state;
}

bool sp_broker_has_confirms(const spectacles_broker *broker)
{
    return broker->publishing == SP_PUBLISHING_OPEN || broker->publishing == SP_PUBLISHING_STOPPED;
}

/* ---- Invariants ---- */

static bool transport_fits(const spectacles_broker *broker)
{
    switch (broker->state) {
    case SPECTACLES_BROKER_IDLE:
    case SPECTACLES_BROKER_BACKOFF:
    case SPECTACLES_BROKER_CLOSED:
        return broker->transport == SP_TRANSPORT_NONE;
    case SPECTACLES_BROKER_CONNECTING:
        return broker->transport == SP_TRANSPORT_WANTED;
    default:
        return broker->transport == SP_TRANSPORT_OPEN || broker->transport == SP_TRANSPORT_ENDED;
    }
}

void sp_broker_assert_invariants(const spectacles_broker *broker)
{
    bool is_set_up = broker->state >= SPECTACLES_BROKER_READY && broker->state <= SPECTACLES_BROKER_DRAINING;
    assert(transport_fits(broker));
    assert(broker->publishing == SP_PUBLISHING_CLOSED || broker->transport != SP_TRANSPORT_NONE);
    assert(!is_set_up || broker->channels[SP_CHANNEL_PUBLISH] != SP_CHANNEL_CLOSED);
    assert(broker->state != SPECTACLES_BROKER_DRAINING || broker->owner_closes);
    assert(broker->state != SPECTACLES_BROKER_CLOSED || broker->owner_closes);
    assert(broker->input_used <= sp_buffer_length(&broker->input));
    (void)transport_fits;
    (void)is_set_up;
    (void)broker;
}
