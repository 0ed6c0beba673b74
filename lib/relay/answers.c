/*
 * The answers to packets that the owner has sent by spectacles_relay_send(). Each packet has one answer, for which
 * memory is reserved when the packet is taken. Called by packets.c, roster.c and relay.c.
 */
#include "relay/answers.h"

#include "relay/events.h"

void sp_relay_answer(spectacles_relay *relay, sp_relay_shard *shard, const sp_packet *packet, int error,
                     const char *why)
{
    sp_answer *answer = sp_ring_push(&relay->answers);
    shard->owner_packets--;
    relay->owner_packets--;
    if (answer)
        *answer = (sp_answer){packet->owner_ticket, shard->id, packet->op, error, why};
}

static bool report(spectacles_relay *relay, const sp_answer *answer)
{
    sp_relay_pending *queued = sp_relay_queue_event(
        relay, answer->error ? SPECTACLES_RELAY_EVENT_COMMAND_REJECTED : SPECTACLES_RELAY_EVENT_COMMAND_SENT);
    if (!queued)
        return false;
    queued->event.shard_id = answer->shard_id;
    queued->event.op = answer->op;
    queued->event.error = answer->error;
    queued->event.ticket = answer->ticket;
    if (answer->error)
        sp_text_set(&queued->text, "%s", answer->why ? answer->why : spectacles_strerror(answer->error));
    return true;
}

bool sp_relay_report_answers(spectacles_relay *relay)
{
    const sp_answer *front;
    bool reported = false;
    while (relay->pending.count < SP_RELAY_QUANTUM && (front = sp_ring_front(&relay->answers)) &&
           report(relay, front)) {
        sp_ring_pop(&relay->answers);
        reported = true;
    }
    return reported;
}

void sp_relay_forget_answers(spectacles_relay *relay, uint32_t shard_id)
{
    for (size_t i = 0; i < relay->answers.count;) {
        const sp_answer *answer = sp_ring_at(&relay->answers, i);
        if (answer->shard_id == shard_id)
            sp_ring_remove(&relay->answers, i);
        else
            i++;
    }
}
