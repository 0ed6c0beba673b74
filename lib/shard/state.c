/*
 * The state of a shard: which state may follow which, and how long each may last. Called by every file that moves the
 * shard on: connection.c, stream.c, timers.c, receive.c, ops.c, dispatch.c and shard.c.
 */
#include "shard/state.h"

#include "shard/events.h"

#include <assert.h>

static uint64_t phase_of(enum spectacles_shard_state state)
{
    switch (state) {
    case SPECTACLES_SHARD_CONNECTING:
        return SP_PHASE_CONNECTING;
    case SPECTACLES_SHARD_UPGRADING:
        return SP_PHASE_UPGRADING;
    case SPECTACLES_SHARD_HELLO:
        return SP_PHASE_HELLO;
    case SPECTACLES_SHARD_IDENTIFYING:
        return SP_PHASE_IDENTIFYING;
    case SPECTACLES_SHARD_RESUMING:
        return SP_PHASE_RESUMING;
    case SPECTACLES_SHARD_CLOSING:
        return SP_PHASE_CLOSING;
    default:
        /* In the other states of a connection, heartbeats show whether the gateway is alive. */
        return 0;
    }
}

/* Whether a state has no event of its own, so that STATE reports it. */
static bool is_quiet(enum spectacles_shard_state state)
{
    return state == SPECTACLES_SHARD_UPGRADING || state == SPECTACLES_SHARD_HELLO ||
           state == SPECTACLES_SHARD_IDENTIFYING || state == SPECTACLES_SHARD_RESUMING ||
           state == SPECTACLES_SHARD_CLOSING;
}

static void queue_state(spectacles_shard *shard)
{
    spectacles_shard_event *event = sp_shard_queue_event(shard, SPECTACLES_SHARD_EVENT_STATE);
    if (!event)
        return;
    event->seq = shard->session.received;
    event->code = shard->reason.code;
    event->error = shard->reason.error;
}

/*
 * The states that may follow a state, as a mask. A state follows itself when its time begins again, as in a long
 * replay.
 */
static uint32_t followers_of(enum spectacles_shard_state state)
{
    enum {
        ENDED = 1 << SPECTACLES_SHARD_BACKOFF | 1 << SPECTACLES_SHARD_CLOSED,
        DROPPED = ENDED | 1 << SPECTACLES_SHARD_CLOSING | 1 << SPECTACLES_SHARD_FATAL
    };
    static const uint32_t followers[] = {
        [SPECTACLES_SHARD_IDLE] = 1 << SPECTACLES_SHARD_CONNECTING | 1 << SPECTACLES_SHARD_CLOSED,
        [SPECTACLES_SHARD_CONNECTING] = ENDED | 1 << SPECTACLES_SHARD_UPGRADING,
        [SPECTACLES_SHARD_UPGRADING] = ENDED | 1 << SPECTACLES_SHARD_UPGRADING | 1 << SPECTACLES_SHARD_HELLO,
        [SPECTACLES_SHARD_HELLO] = DROPPED | 1 << SPECTACLES_SHARD_HELLO |
                                   1 << SPECTACLES_SHARD_IDENTIFY_WAIT | 1 << SPECTACLES_SHARD_RESUMING,
        [SPECTACLES_SHARD_IDENTIFY_WAIT] = DROPPED | 1 << SPECTACLES_SHARD_IDENTIFYING,
        [SPECTACLES_SHARD_IDENTIFYING] =
            DROPPED | 1 << SPECTACLES_SHARD_IDENTIFYING | 1 << SPECTACLES_SHARD_READY,
        [SPECTACLES_SHARD_RESUMING] = DROPPED | 1 << SPECTACLES_SHARD_RESUMING | 1 << SPECTACLES_SHARD_READY,
        [SPECTACLES_SHARD_READY] = DROPPED,
        [SPECTACLES_SHARD_CLOSING] = ENDED | 1 << SPECTACLES_SHARD_FATAL,
        [SPECTACLES_SHARD_BACKOFF] = 1 << SPECTACLES_SHARD_CONNECTING | 1 << SPECTACLES_SHARD_CLOSED,
        [SPECTACLES_SHARD_CLOSED] = 0,
        [SPECTACLES_SHARD_FATAL] = 0,
    };
    return followers[state];
}

/*
 * When the state has lasted too long. The end of BACKOFF was chosen before; other states have a fixed limit, or none. A
 * link has a time of its own to connect, which its owner may set to more than ours.
 */
static uint64_t deadline_of(const spectacles_shard *shard, uint64_t now)
{
    uint64_t phase = phase_of(shard->state);
    if (shard->state == SPECTACLES_SHARD_BACKOFF)
        return shard->next_attempt;
    if (shard->state == SPECTACLES_SHARD_CONNECTING && sp_stream_has_link(&shard->stream))
        return SPECTACLES_NEVER;
    return phase ? now + phase : SPECTACLES_NEVER;
}

void sp_shard_set_state(spectacles_shard *shard, enum spectacles_shard_state state, uint64_t now)
{
    bool changed = shard->state != state;
    bool allowed = followers_of(shard->state) >> state & 1;
    assert(allowed);
    (void)allowed; /* unused in a release build, which has no assertions */
    sp_stream_touch(&shard->stream);
    shard->state = state;
    shard->phase_deadline = deadline_of(shard, now);
    if (state < SPECTACLES_SHARD_CLOSING)
        shard->reached = state;
    if (changed && is_quiet(state))
        queue_state(shard);
    if (state == SPECTACLES_SHARD_READY) {
        shard->ready_since = now;
        sp_backoff_ready(&shard->backoff, now);
        sp_stream_note_ready(&shard->stream, shard->endpoint.connection);
        sp_session_confirm(&shard->session);
    }
}
