/*
 * The shards that a relay serves: found by their ids, held and released. Called by relay.c and roster.c; by commands.c,
 * queues.c and gaps.c to find a shard; by shards.c when a session begins.
 */
#include "relay/served.h"

#include "core/config.h"
#include "core/sorted.h"
#include "core/stream.h"
#include "relay/packets.h"
#include "relay/publishes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t id_at(const void *shards, size_t index)
{
    return ((sp_relay_shard *const *)shards)[index]->id;
}

static size_t place_of(const spectacles_relay *relay, uint32_t shard_id)
{
    return sp_sorted_place(relay->shards, relay->served, shard_id, id_at);
}

sp_relay_shard *sp_relay_find_shard(const spectacles_relay *relay, uint32_t shard_id)
{
    size_t place = place_of(relay, shard_id);
    bool found = place < relay->served && relay->shards[place]->id == shard_id;
    return found ? relay->shards[place] : NULL;
}

void sp_relay_read_session(sp_relay_shard *shard)
{
    spectacles_session session = {.size = sizeof session};
    if (spectacles_shard_session(shard->engine, &session) == SPECTACLES_OK) {
        if (strncmp(shard->session, session.session_id, SP_RELAY_SESSION_MAX) != 0)
            shard->published = 0;
        snprintf(shard->session, sizeof shard->session, "%s", session.session_id);
    }
    shard->session_length = strlen(shard->session);
}

static int reserve_gaps(sp_relay_shard *shard)
{
    for (int i = 0; i < SP_RELAY_GAPS; i++) {
        if (!sp_ring_push(&shard->gaps))
            return SPECTACLES_E_NOMEM;
    }
    sp_ring_clear(&shard->gaps);
    return SPECTACLES_OK;
}

static int make_room(spectacles_relay *relay)
{
    if (relay->served < relay->capacity)
        return SPECTACLES_OK;
    size_t capacity = relay->capacity ? relay->capacity * 2 : 16;
    sp_relay_shard **shards = realloc(relay->shards, capacity * sizeof *shards);
    if (!shards)
        return SPECTACLES_E_NOMEM;
    relay->shards = shards;
    relay->capacity = capacity;
    return SPECTACLES_OK;
}

/* Reserves room in the heaps, so that setting a timer cannot fail. */
static int reserve_timers(spectacles_relay *relay, uint32_t shard_id)
{
    if (sp_timers_reserve(&relay->packets_timers) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    if (sp_timers_reserve(&relay->gaps_timers) != SPECTACLES_OK) {
        sp_timers_release(&relay->packets_timers);
        return SPECTACLES_E_NOMEM;
    }
    if (sp_identify_reserve(&relay->identify, shard_id) == SPECTACLES_OK)
        return SPECTACLES_OK;
    sp_timers_release(&relay->gaps_timers);
    sp_timers_release(&relay->packets_timers);
    return SPECTACLES_E_NOMEM;
}

static sp_relay_shard *make(spectacles_shard *engine)
{
    sp_relay_shard *shard = calloc(1, sizeof *shard);
    if (!shard)
        return NULL;
    shard->engine = engine;
    shard->id = spectacles_shard_id(engine);
    shard->dispatches = sp_ring_of(sizeof(sp_dispatch));
    shard->gaps = sp_ring_of(sizeof(sp_gap));
    shard->held = sp_ring_of(sizeof(sp_packet));
    shard->sent = sp_ring_of(sizeof(sp_packet));
    if (reserve_gaps(shard) == SPECTACLES_OK)
        return shard;
    free(shard);
    return NULL;
}

static void destroy(sp_relay_shard *shard)
{
    sp_relay_free_packets(&shard->held);
    sp_relay_free_packets(&shard->sent);
    sp_ring_free(&shard->held);
    sp_ring_free(&shard->sent);
    sp_ring_free(&shard->dispatches);
    sp_ring_free(&shard->gaps);
    free(shard);
}

static void insert(spectacles_relay *relay, sp_relay_shard *shard)
{
    size_t place = place_of(relay, shard->id);
    memmove(relay->shards + place + 1, relay->shards + place,
            (relay->served - place) * sizeof *relay->shards);
    relay->shards[place] = shard;
    relay->served++;
}

int sp_relay_serve(spectacles_relay *relay, spectacles_shard *engine, spectacles_problem *problem)
{
    if (!engine || spectacles_shard_id(engine) >= relay->shard_count ||
        spectacles_shard_count(engine) != relay->shard_count)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "a shard is NULL, or was made for another shard_count");
    if (sp_relay_find_shard(relay, spectacles_shard_id(engine)))
        return sp_refuse(problem, SPECTACLES_E_INVAL, SP_SERVED_ALREADY);
    spectacles_stream *stream = spectacles_shard_stream(engine);
    sp_relay_shard *shard = make_room(relay) == SPECTACLES_OK ? make(engine) : NULL;
    if (!shard)
        return SPECTACLES_E_NOMEM;
    if (reserve_timers(relay, shard->id) != SPECTACLES_OK) {
        destroy(shard);
        return SPECTACLES_E_NOMEM;
    }
    insert(relay, shard);
    sp_relay_note_change(relay, shard);
    shard->holds_engine = sp_stream_hold_for_relay(stream);
    if (!shard->holds_engine) {
        sp_relay_let_go(relay, shard);
        return sp_refuse(problem, SPECTACLES_E_STATE, "another relay pulls the events of a shard");
    }
    sp_stream_watch_begin(&stream->relay, &relay->ready, shard);
    /* A session that another process began is replayed before RESUMED comes. */
    sp_relay_read_session(shard);
    return SPECTACLES_OK;
}

static void forget_turns(spectacles_relay *relay, sp_relay_shard *shard)
{
    sp_identify_leave(&relay->identify, shard->id, &shard->identify_turn);
    sp_timer_set(&relay->packets_timers, &shard->packets_timer, SPECTACLES_NEVER);
    sp_timer_set(&relay->gaps_timers, &shard->gaps_timer, SPECTACLES_NEVER);
    sp_list_remove(&shard->packets_node);
    sp_list_remove(&shard->gaps_node);
    sp_identify_release(&relay->identify, shard->id);
    sp_timers_release(&relay->packets_timers);
    sp_timers_release(&relay->gaps_timers);
}

void sp_relay_let_go(spectacles_relay *relay, sp_relay_shard *shard)
{
    size_t place = place_of(relay, shard->id);
    spectacles_stream *stream = spectacles_shard_stream(shard->engine);
    relay->served--;
    memmove(relay->shards + place, relay->shards + place + 1,
            (relay->served - place) * sizeof *relay->shards);
    relay->final -= shard->final;
    relay->owner_packets -= shard->owner_packets;
    forget_turns(relay, shard);
    sp_list_remove(&shard->leaving_node);
    sp_list_remove(&shard->changed_node);
    if (shard->open > 0)
        sp_relay_disown_publishes(relay, shard);
    if (shard->holds_engine) {
        sp_stream_watch_end(&stream->relay);
        sp_stream_release_from_relay(stream);
    }
    destroy(shard);
}
