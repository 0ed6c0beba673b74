#ifndef SP_RELAY_ANSWERS_H
#define SP_RELAY_ANSWERS_H

#include "relay/internal.h"

/* The answers to packets that the owner has sent by a call. */

/* A packet of the owner leaves the relay: it was sent, or is refused. why: static; NULL when it was sent. */
void sp_relay_answer(spectacles_relay *relay, sp_relay_shard *shard, const sp_packet *packet, int error,
                     const char *why);

/* Queues the answers that wait. No other event waits, so there is memory for them. True when one was queued. */
bool sp_relay_report_answers(spectacles_relay *relay);

/* The relay lets go of a shard whose owner wants to hear no more of it. */
void sp_relay_forget_answers(spectacles_relay *relay, uint32_t shard_id);

#endif
