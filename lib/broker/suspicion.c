/*
 * Finds the publish that ends the connections, if there is such a publish. The broker owns the suspicion. The broker
 * calls this file before it writes publishes, and at the end of each connection. This file counts records, not bytes.
 */
#include "broker/suspicion.h"

typedef struct flight {
    size_t count;
    const sp_publish *first;
    uint64_t last; /* the newest tag */
} flight;

/* The records that were written on this channel, at least in part, and are not settled. */
static flight in_flight(const sp_publishes *publishes)
{
    flight found = {0};
    const sp_publish *record;
    for (size_t i = 0; (record = sp_publishes_find(publishes, i)); i++) {
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
    for (size_t i = 0; (record = sp_publishes_find(publishes, i)); i++) {
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
 * The quiet time is random for each connection. If it were fixed, a network that cuts every connection at a fixed age
 * could cut each probe.
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
    /* The channel was opened again on the same connection: its delivery tags count from 1 again. */
    if (publishes->last_wire < suspicion->first)
        suspicion->first = suspicion->limit = suspicion->window = 0;
    if (!has_suspects(suspicion, publishes))
        end_probing(suspicion);
    else if (may_publish && publishes->last_wire >= suspicion->limit && in_flight(publishes).count == 0 &&
             sp_publishes_find(publishes, publishes->next))
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
    for (size_t i = publishes->next; count > 0 && (record = sp_publishes_find(publishes, i)); i++, count--)
        length += record->length;
    length -= length > 0 ? publishes->written : 0;
    pending.length = length < pending.length ? length : pending.length;
    return pending;
}

/* ---- The end of a connection ---- */

/*
 * Counts the suspicious ends in a row while publishes flow. An end without publishes in flight, or an answer of the
 * broker on the connection, breaks the row. After SP_SUSPICION_ENDS of them probing begins.
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

/*
 * Whether the connection ended soon after the record was let out. A network that cuts connections now and then seldom
 * hits this time, because it is only a small part of the quiet time.
 */
static bool is_right_behind(const sp_suspicion *suspicion, const sp_broker_close_reason *reason)
{
    uint64_t part = reason->cause == SP_CLOSE_CAUSE_REFUSED ? SP_SUSPICION_SAID : SP_SUSPICION_CUT;
    return reason->time - suspicion->opened_at <= suspicion->quiet / part;
}

/*
 * One record was alone in flight when the connection ended. Counts a strike against the record when the end is
 * suspicious. Any other end sets the strikes to 0. Returns the tag of the record when it has enough strikes, else 0.
 */
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
    if (!suspicion->ready) /* no publish was written: the end has nothing to do with publishes */
        return 0;
    suspicion->ready = false;
    if (suspicion->probe == SP_PROBE_OFF) {
        count_end(suspicion, &flying, suspicious);
        return 0;
    }
    suspicion->probe = SP_PROBE_WAITING;
    if (publishes->last_wire == 0) {
        /* The connection ended before any publish was written: something else ends the connections. */
        end_probing(suspicion);
        return 0;
    }
    if (flying.count != 1 || suspicion->window != 1 || flying.first->known || flying.first->call)
        return 0;
    return strike(suspicion, flying.first->tag, reason, suspicious && is_right_behind(suspicion, reason));
}
