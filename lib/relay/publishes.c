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
    sp_publish *guess =
        tag >= front->tag ? sp_ring_find(&relay->publishes, (size_t)(tag - front->tag)) : NULL;
    if (guess && guess->tag == tag)
        return guess;
    for (size_t i = 0; i < relay->publishes.count; i++) {
        sp_publish *publish = sp_ring_at(&relay->publishes, i);
        if (publish->tag == tag)
            return publish;
    }
    return NULL;
}

static void finish(spectacles_relay *relay, sp_publish *publish)
{
    publish->finished = true;
    relay->open_bytes -= publish->bytes;
    publish->bytes = 0;
}

static void drop_finished(spectacles_relay *relay)
{
    sp_publish *front;
    while ((front = sp_ring_front(&relay->publishes)) && front->finished) {
        sp_relay_free_publish(front);
        sp_ring_pop(&relay->publishes);
    }
}

/* A broker answers for each of them all the same. An owner does not have to. */
void sp_relay_disown_publishes(spectacles_relay *relay, const sp_relay_shard *shard)
{
    for (size_t i = 0; i < relay->publishes.count; i++) {
        sp_publish *publish = sp_ring_at(&relay->publishes, i);
        if (publish->shard != shard)
            continue;
        publish->shard = NULL;
        if (!relay->events)
            finish(relay, publish);
    }
    drop_finished(relay);
}

void sp_relay_finish_publish(spectacles_relay *relay, sp_publish *publish)
{
    finish(relay, publish);
    if (publish->shard) {
        publish->shard->open--;
        sp_relay_look_at_leaving(relay, publish->shard);
    }
    drop_finished(relay);
}
