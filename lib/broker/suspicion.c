/*
 * Finds the publish that ends the connections, if there is one. Owned by the broker, which calls it before
 * it writes publishes, and at the end of each connection. Knows nothing of bytes: it counts records.
 */
#include "broker/suspicion.h"

static const sp_publish *record_at(const sp_publishes *publishes, size_t index)
{
    return sp_ring_at(&publishes->records, index);
}

typedef struct flight {
    size_t count;
    const sp_publish *first;
    uint64_t last; /* the newest tag */
} flight;

/* What was written on this channel, at least in part, and is not settled. */
static flight in_flight(const sp_publishes *publishes)
{
    flight found = {0};
    const sp_publish *record;
    for (size_t i = 0; (record = record_at(publishes, i)); i++) {
        if (record->done || record->wire == 0)
            continue;
        found.count++;
        found.first = found.first ? found.first : record;
        found.last = record->tag > found.last ? record->tag : found.last;
    }
    return found;
}

static bool has_suspects(const sp_suspicion *suspicion, const sp_publishes *publishes)
{
    const sp_publish *record;
    for (size_t i = 0; (record = record_at(publishes, i)); i++) {
        if (!record->done && record->tag <= suspicion->last)
            return true;
    }
    return false;
}

static void end_probing(sp_suspicion *suspicion)
{
    suspicion->probe = SP_PROBE_OFF;
    suspicion->ends = 0;
}

/* ---- A connection ---- */

/*
 * The quiet time differs from one connection to the next, so that a line which is cut at a fixed age does not meet a
 * probe again and again.
 */
void sp_suspicion_ready(sp_suspicion *suspicion, sp_random *random, uint64_t now)
{
    suspicion->ready = true;
    suspicion->answered = false;
    suspicion->first = suspicion->limit = suspicion->window = 0;
    if (suspicion->probe == SP_PROBE_OFF)
        return;
    suspicion->quiet = SP_SUSPICION_QUIET + sp_random_upto(random, SP_SUSPICION_SPREAD);
    suspicion->open_at = now + suspicion->quiet;
    suspicion->probe = SP_PROBE_QUIET;
}

uint64_t sp_suspicion_deadline(const sp_suspicion *suspicion)
{
    return suspicion->probe == SP_PROBE_QUIET ? suspicion->open_at : SPECTACLES_NEVER;
}

static void open_batch(sp_suspicion *suspicion, const sp_publishes *publishes, uint64_t now)
{
    uint64_t most = publishes->records.count;
    suspicion->window = suspicion->window ? suspicion->window * 2 : 1;
    if (suspicion->window > most)
        suspicion->window = most;
    suspicion->first = publishes->last_wire;
    suspicion->limit = suspicion->first + suspicion->window;
    suspicion->opened_at = now;
}

void sp_suspicion_advance(sp_suspicion *suspicion, const sp_publishes *publishes, bool may_publish,
                          uint64_t now)
{
    if (suspicion->probe == SP_PROBE_QUIET && now >= suspicion->open_at)
        suspicion->probe = SP_PROBE_OPEN;
    if (suspicion->probe != SP_PROBE_OPEN)
        return;
    /* A fresh channel on the same connection counts anew. */
    if (publishes->last_wire < suspicion->first)
        suspicion->first = suspicion->limit = suspicion->window = 0;
    if (!has_suspects(suspicion, publishes))
        end_probing(suspicion);
    else if (may_publish && publishes->last_wire >= suspicion->limit && in_flight(publishes).count == 0 &&
             record_at(publishes, publishes->next))
        open_batch(suspicion, publishes, now);
}

sp_slice sp_suspicion_gate(const sp_suspicion *suspicion, const sp_publishes *publishes, sp_slice pending)
{
    const sp_publish *record;
    size_t length = 0;
    uint64_t count = publishes->written > 0;
    if (suspicion->probe == SP_PROBE_OFF)
        return pending;
    if (suspicion->limit > publishes->last_wire)
        count += suspicion->limit - publishes->last_wire;
    for (size_t i = publishes->next; count > 0 && (record = record_at(publishes, i)); i++, count--)
        length += record->length;
    length -= length > 0 ? publishes->written : 0;
    pending.length = length < pending.length ? length : pending.length;
    return pending;
}

/* ---- Its end ---- */

/*
 * While publishes flow: after so many ends in a row, each over what was in flight and without an answer, it is
 * suspicious.
 */
static void count_end(sp_suspicion *suspicion, const flight *flying, bool suspicious)
{
    suspicion->ends = suspicious && !suspicion->answered ? suspicion->ends + 1 : 0;
    if (suspicion->ends < SP_SUSPICION_ENDS)
        return;
    suspicion->probe = SP_PROBE_WAITING;
    suspicion->last = flying->last;
    suspicion->struck = suspicion->strikes = suspicion->refusals = 0;
}

/* A line that is cut now and then is cut in the quiet time far more often than in this small part of it. */
static bool is_right_behind(const sp_suspicion *suspicion, const sp_broker_close_reason *reason)
{
    uint64_t part = reason->cause == SP_CLOSE_CAUSE_REFUSED ? SP_SUSPICION_SAID : SP_SUSPICION_CUT;
    return reason->time - suspicion->opened_at <= suspicion->quiet / part;
}

/* One record was alone in flight. Any other end than one right behind it breaks its row. */
static uint64_t strike(sp_suspicion *suspicion, uint64_t tag, const sp_broker_close_reason *reason,
                       bool suspicious)
{
    if (tag != suspicion->struck || !suspicious)
        suspicion->strikes = suspicion->refusals = 0;
    suspicion->struck = tag;
    suspicion->strikes += suspicious;
    suspicion->refusals += suspicious && reason->cause == SP_CLOSE_CAUSE_REFUSED;
    bool guilty = suspicion->refusals >= SP_SUSPICION_REFUSALS || suspicion->strikes >= SP_SUSPICION_STRIKES;
    return guilty ? tag : 0;
}

uint64_t sp_suspicion_judge(sp_suspicion *suspicion, const sp_publishes *publishes,
                            const sp_broker_close_reason *reason)
{
    flight flying = in_flight(publishes);
    bool suspicious = reason->alone && flying.count > 0 && reason->cause != SP_CLOSE_CAUSE_OTHER;
    if (!suspicion->ready) /* nothing was published: it says nothing about publishes */
        return 0;
    suspicion->ready = false;
    if (suspicion->probe == SP_PROBE_OFF) {
        count_end(suspicion, &flying, suspicious);
        return 0;
    }
    suspicion->probe = SP_PROBE_WAITING;
    if (publishes->last_wire == 0) {
        /* It ended without any publish: something else ends them. */
        end_probing(suspicion);
        return 0;
    }
    if (flying.count != 1 || suspicion->window != 1 || flying.first->known || flying.first->call)
        return 0;
    return strike(suspicion, flying.first->tag, reason, suspicious && is_right_behind(suspicion, reason));
}
