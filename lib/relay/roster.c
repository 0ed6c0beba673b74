/*
 * Shards that come and go while the relay runs: added, removed in order, dropped at once. Owns how far a shard that
 * leaves has come. Called by owners, and by relay.c to go on.
 */
#include "relay/roster.h"

#include "core/close_code.h"
#include "core/config.h"
#include "core/export.h"
#include "core/stream.h"
#include "relay/answers.h"
#include "relay/events.h"
#include "relay/gaps.h"
#include "relay/grants.h"
#include "relay/packets.h"
#include "relay/queues.h"
#include "relay/served.h"

#include <assert.h>
#include <stdio.h>

static void set_service(sp_relay_shard *shard, enum spectacles_relay_service service)
{
    static const unsigned followers[] = {
        [SPECTACLES_SERVICE_SERVED] = 1 << SPECTACLES_SERVICE_LEAVING | 1 << SPECTACLES_SERVICE_LEFT,
        [SPECTACLES_SERVICE_LEAVING] = 1 << SPECTACLES_SERVICE_CLOSING | 1 << SPECTACLES_SERVICE_LEFT,
        [SPECTACLES_SERVICE_CLOSING] = 1 << SPECTACLES_SERVICE_LEFT,
        [SPECTACLES_SERVICE_LEFT] = 1
                                    << SPECTACLES_SERVICE_LEFT, /* it is dropped before its owner was told */
    };
    bool allowed = followers[shard->service] >> service & 1;
    assert(allowed);
    (void)allowed; /* unused in a release build, which has no assertions */
    shard->service = service;
}

/* ---- Adding ---- */

static int check_gaps(const spectacles_shard *engine, const spectacles_gap *gaps, size_t count,
                      spectacles_problem *problem)
{
    if (count > 0 && !gaps)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "gaps is NULL but has a length");
    for (size_t i = 0; i < count; i++) {
        if (gaps[i].shard_id != spectacles_shard_id(engine))
            return sp_refuse(problem, SPECTACLES_E_INVAL,
                             "a gap is of another shard than the one that is added");
    }
    return SPECTACLES_OK;
}

/*
 * A shard that was connected has handed out dispatches which nobody here publishes. What comes behind them may not be
 * committed.
 */
static int check_added(const spectacles_relay *relay, const spectacles_shard *engine,
                       const spectacles_gap *gaps, size_t count, spectacles_problem *problem)
{
    if (sp_relay_is_stopping(relay))
        return sp_refuse(problem, SPECTACLES_E_STATE, SP_NO_SHARDS_ANY_MORE);
    if (!engine)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "the shard is NULL");
    if (spectacles_shard_state(engine) != SPECTACLES_SHARD_IDLE)
        return sp_refuse(problem, SPECTACLES_E_STATE,
                         "the shard has connected before: make another one, with the session of this one");
    return check_gaps(engine, gaps, count, problem);
}

static int add(spectacles_relay *relay, spectacles_shard *engine, const spectacles_gap *gaps, size_t count,
               spectacles_problem *problem)
{
    int error = check_added(relay, engine, gaps, count, problem);
    if (error == SPECTACLES_OK)
        error = sp_relay_serve(relay, engine, problem);
    if (error != SPECTACLES_OK)
        return error;
    uint32_t shard_id = spectacles_shard_id(engine);
    error = sp_relay_import_gaps(relay, gaps, count, problem);
    if (error != SPECTACLES_OK) {
        sp_relay_let_go(relay, sp_relay_find_shard(relay, shard_id));
        return error;
    }
    if (relay->held_until > 0)
        spectacles_shard_hold_off(engine, relay->held_until);
    /* Those gaps that were given are of this shard again. Only now: what was given may point to them. */
    if (relay->left_id == shard_id)
        sp_relay_forget_left_gaps(relay);
    sp_relay_renew_queue(relay, shard_id);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_relay_add_shard(spectacles_relay *relay, spectacles_shard *shard,
                                                 const spectacles_gap *gaps, size_t count,
                                                 spectacles_problem *problem)
{
    spectacles_problem why = {0};
    int error = add(relay, shard, gaps, count, &why);
    if (error == SPECTACLES_OK)
        return SPECTACLES_OK;
    const char *text = error == SPECTACLES_E_NOMEM ? spectacles_strerror(error) : why.text;
    sp_relay_fail(relay, error, text);
    return sp_refuse(problem, error, text);
}

/* ---- Removing ---- */

/* What waited for the shard waits no more. Packets wait in their queue, which somebody else may consume now. */
static void end_waiting(spectacles_relay *relay, sp_relay_shard *shard)
{
    sp_relay_end_wanting(relay, shard);
    sp_relay_renew_queue(relay, shard->id);
    sp_relay_give_back_held(relay, shard);
}

SPECTACLES_EXPORT int spectacles_relay_remove_shard(spectacles_relay *relay, uint32_t shard_id, uint32_t code,
                                                    uint64_t now)
{
    sp_relay_shard *shard = sp_relay_find_shard(relay, shard_id);
    if (!shard)
        return sp_relay_fail(relay, SPECTACLES_E_INVAL, SP_NO_SUCH_SHARD);
    if (!sp_close_code_is_allowed(code))
        return sp_relay_fail(relay, SPECTACLES_E_INVAL, SP_CLOSE_CODE_RULE);
    if (shard->service != SPECTACLES_SERVICE_SERVED)
        return SPECTACLES_OK;
    set_service(shard, SPECTACLES_SERVICE_LEAVING);
    shard->close_code = code;
    end_waiting(relay, shard);
    if (sp_relay_is_stopping(relay))
        sp_relay_close_shard(relay, shard, code, now);
    sp_relay_look_at_leaving(relay, shard);
    return SPECTACLES_OK;
}

/* Whether nothing of the shard is on its way, or nothing will be answered any more. A relay that stops publishes no
 * gaps. */
static bool is_drained(const spectacles_relay *relay, const sp_relay_shard *shard)
{
    if (relay->events_closed)
        return true;
    return shard->open == 0 && (sp_relay_is_stopping(relay) || !sp_relay_gap_is_due(shard));
}

void sp_relay_close_shard(spectacles_relay *relay, sp_relay_shard *shard, uint32_t code, uint64_t now)
{
    if (shard->service == SPECTACLES_SERVICE_LEAVING) {
        sp_stream_watch *watch = &spectacles_shard_stream(shard->engine)->relay;
        set_service(shard, SPECTACLES_SERVICE_CLOSING);
        sp_stream_watch_end(watch);
        sp_stream_watch_begin(watch, &relay->closing, shard);
        code = shard->close_code;
        sp_relay_look_at_leaving(relay, shard);
    }
    spectacles_shard_close(shard->engine, code, now);
}

static bool advance(spectacles_relay *relay, sp_relay_shard *shard, uint64_t now)
{
    if (!is_drained(relay, shard))
        return false;
    if (shard->service == SPECTACLES_SERVICE_LEAVING) {
        sp_relay_close_shard(relay, shard, 0, now);
        return true;
    }
    if (!shard->final)
        return false;
    set_service(shard, SPECTACLES_SERVICE_LEFT);
    sp_list_add(&relay->left, &shard->leaving_node);
    return true;
}

/* What the next one who serves the shard has to know. */
static void describe_removed(sp_relay_pending *queued, const sp_relay_shard *shard)
{
    spectacles_session session = {.size = sizeof session};
    queued->event.shard_id = shard->id;
    if (spectacles_shard_session(shard->engine, &session) != SPECTACLES_OK)
        return;
    snprintf(queued->session_id, sizeof queued->session_id, "%s", session.session_id);
    queued->event.seq = session.seq;
}

/* No event waits, so there is memory for this one. */
static bool report_left(spectacles_relay *relay)
{
    if (sp_list_is_empty(&relay->left) || relay->pending.count > 0 || relay->answers.count > 0)
        return false;
    sp_relay_pending *queued = sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_SHARD_REMOVED);
    if (!queued)
        return false;
    sp_relay_shard *shard = sp_list_owner(sp_list_take(&relay->left), sp_relay_shard, leaving_node);
    describe_removed(queued, shard);
    sp_relay_leave_gaps(relay, shard);
    sp_relay_give_back_sent(relay, shard);
    sp_relay_let_go(relay, shard);
    return true;
}

bool sp_relay_advance_leaving(spectacles_relay *relay, uint64_t now)
{
    bool advanced = false;
    sp_list_node *node;
    while ((node = sp_list_take(&relay->leaving)))
        advanced |= advance(relay, sp_list_owner(node, sp_relay_shard, leaving_node), now);
    return report_left(relay) || advanced;
}

/* ---- Dropping ---- */

SPECTACLES_EXPORT int spectacles_relay_drop_shard(spectacles_relay *relay, uint32_t shard_id)
{
    sp_relay_shard *shard = sp_relay_find_shard(relay, shard_id);
    if (!shard)
        return sp_relay_fail(relay, SPECTACLES_E_INVAL, SP_NO_SUCH_SHARD);
    set_service(shard, SPECTACLES_SERVICE_LEFT);
    end_waiting(relay, shard);
    sp_relay_give_back_sent(relay, shard);
    sp_relay_forget_shard_events(relay, shard_id);
    sp_relay_forget_answers(relay, shard_id);
    sp_relay_let_go(relay, shard);
    return SPECTACLES_OK;
}
