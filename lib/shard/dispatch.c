/*
 * Dispatches (op 0): READY, RESUMED, replayed and live events. Called by ops.c.
 */
#include "shard/dispatch.h"

#include "shard/connection.h"
#include "shard/events.h"
#include "shard/message.h"
#include "shard/state.h"

#include <string.h>

static bool name_is(const spectacles_envelope *envelope, const char *name)
{
    return envelope->name_length == strlen(name) && memcmp(envelope->name, name, envelope->name_length) == 0;
}

/* READY and RESUMED have sequences but are no progress: a gateway may send them and drop the connection. */
static void note_progress(spectacles_shard *shard, const spectacles_envelope *envelope)
{
    if (envelope->seq <= shard->session.furthest || name_is(envelope, "READY") ||
        name_is(envelope, "RESUMED"))
        return;
    shard->session.furthest = envelope->seq;
    sp_shard_note_progress(shard);
}

static void hold_dispatch(spectacles_shard *shard, const spectacles_envelope *envelope)
{
    note_progress(shard, envelope);
    shard->dispatch_held = true;
    shard->dispatch = (spectacles_shard_event){.type = SPECTACLES_SHARD_EVENT_DISPATCH,
                                               .format = shard->message_format,
                                               .seq = envelope->seq,
                                               .name = envelope->name,
                                               .name_length = envelope->name_length,
                                               .data = envelope->data,
                                               .data_length = envelope->data_length};
}

static void on_ready(spectacles_shard *shard, const spectacles_envelope *envelope, uint64_t now)
{
    const char *why;
    bool untrusted;
    sp_slice d;
    if (!sp_shard_read_data(shard, envelope, &d, now))
        return;
    if (sp_session_begin(&shard->session, d, &shard->base, &untrusted, &why) != SPECTACLES_OK) {
        sp_shard_refuse(shard, SP_CLOSE_CODE_UNDECODABLE, SPECTACLES_E_PROTO, why, now);
        return;
    }
    shard->session.format = shard->message_format;
    sp_shard_set_state(shard, SPECTACLES_SHARD_READY, now);
    spectacles_shard_event *event = sp_shard_queue_event(shard, SPECTACLES_SHARD_EVENT_READY);
    if (event) {
        event->format = shard->message_format;
        event->data = envelope->data;
        event->data_length = envelope->data_length;
        if (untrusted)
            event->text = "the resume URL is missing or on a foreign host: it will not be followed";
    }
    hold_dispatch(shard, envelope);
}

static void on_resumed(spectacles_shard *shard, const spectacles_envelope *envelope, uint64_t now)
{
    sp_shard_set_state(shard, SPECTACLES_SHARD_READY, now);
    sp_shard_queue_event(shard, SPECTACLES_SHARD_EVENT_RESUMED);
    hold_dispatch(shard, envelope);
}

/*
 * In a session each dispatch has a higher sequence than the one before. A lower one means that the session is not ours.
 */
static bool goes_backwards(const spectacles_shard *shard, const spectacles_envelope *envelope)
{
    bool in_session = shard->state == SPECTACLES_SHARD_READY || shard->state == SPECTACLES_SHARD_RESUMING;
    return in_session && envelope->seq <= shard->session.received && !name_is(envelope, "RESUMED");
}

/* Each replayed dispatch begins the time limit of RESUMING again. */
static void on_replayed(spectacles_shard *shard, const spectacles_envelope *envelope, uint64_t now)
{
    sp_shard_set_state(shard, SPECTACLES_SHARD_RESUMING, now);
    hold_dispatch(shard, envelope);
}

void sp_shard_on_dispatch(spectacles_shard *shard, const spectacles_envelope *envelope, uint64_t now)
{
    const uint32_t whole = SPECTACLES_ENVELOPE_SEQ | SPECTACLES_ENVELOPE_NAME | SPECTACLES_ENVELOPE_DATA;
    if ((envelope->members & whole) != whole)
        sp_shard_refuse(shard, SP_CLOSE_CODE_UNDECODABLE, SPECTACLES_E_PROTO,
                        "the gateway sent a dispatch without s, t or d", now);
    else if (goes_backwards(shard, envelope))
        sp_shard_refuse(shard, SP_CLOSE_CODE_UNDECODABLE, SPECTACLES_E_PROTO,
                        "the gateway's sequence went backwards", now);
    else if (shard->state == SPECTACLES_SHARD_IDENTIFYING && name_is(envelope, "READY"))
        on_ready(shard, envelope, now);
    else if (shard->state == SPECTACLES_SHARD_RESUMING && name_is(envelope, "RESUMED"))
        on_resumed(shard, envelope, now);
    else if (shard->state == SPECTACLES_SHARD_RESUMING)
        on_replayed(shard, envelope, now);
    else if (shard->state == SPECTACLES_SHARD_READY)
        hold_dispatch(shard, envelope);
    else
        sp_shard_refuse(shard, SP_CLOSE_CODE_UNDECODABLE, SPECTACLES_E_PROTO,
                        "the gateway sent a dispatch outside a session", now);
}
