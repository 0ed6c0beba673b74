/*
 * The publishes that wait for their outcome, by tag: dispatches, packets of SENDs, and gaps. Called by dispatches.c,
 * sends.c and gaps.c, which publish, and by confirms.c, which reads the outcomes.
 */
#include "relay/publishes.h"

#include <stdlib.h>

void sp_relay_free_publish(sp_publish *publish)
{
    free(publish->packet);
    publish->packet = NULL;
}

sp_publish *sp_relay_find_publish(const spectacles_relay *relay, uint64_t tag)
{
    const sp_publish *front = sp_ring_front(&relay->publishes);
    if (!front)
        return NULL;
    sp_publish *guess = tag >= front->tag ? sp_ring_at(&relay->publishes, (size_t)(tag - front->tag)) : NULL;
    if (guess && guess->tag == tag)
        return guess;
    for (size_t i = 0; i < relay->publishes.count; i++) {
        sp_publish *publish = sp_ring_at(&relay->publishes, i);
        if (publish->tag == tag)
            return publish;
    }
    return NULL;
}

void sp_relay_disown_publishes(spectacles_relay *relay, const sp_relay_shard *shard)
{
    for (size_t i = 0; i < relay->publishes.count; i++) {
        sp_publish *publish = sp_ring_at(&relay->publishes, i);
        if (publish->shard == shard)
            publish->shard = NULL;
    }
}

void sp_relay_finish_publish(spectacles_relay *relay, sp_publish *publish)
{
    sp_publish *front;
    publish->finished = true;
    if (publish->shard) {
        publish->shard->open--;
        sp_relay_look_at_leaving(relay, publish->shard);
    }
    while ((front = sp_ring_front(&relay->publishes)) && front->finished) {
        sp_relay_free_publish(front);
        sp_ring_pop(&relay->publishes);
    }
}
