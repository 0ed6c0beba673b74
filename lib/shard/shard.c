/* The calls of spectacles/shard.h about a whole shard: made, freed, pulled, identified, closed. Called by owners. */
#include "core/close_code.h"
#include "core/config.h"
#include "core/export.h"
#include "core/wipe.h"
#include "shard/config.h"
#include "shard/connection.h"
#include "shard/events.h"
#include "shard/receive.h"
#include "shard/send.h"
#include "shard/state.h"
#include "shard/stream.h"

#include <assert.h>
#include <spectacles/routing.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEPT_OUTPUT = 1024 /* bytes of buffers that are kept while the shard is idle */
};

/* ---- Making one ---- */

static char *copy_text(const char *text)
{
    return sp_text_copy(text, strlen(text));
}

static int copy_texts(spectacles_shard *shard, const spectacles_shard_config *config)
{
    static const char agent[] = "libspectacles/" SP_VERSION;
    shard->token = copy_text(config->token);
    shard->user_agent = copy_text(config->user_agent ? config->user_agent : agent);
    shard->presence = config->presence ? copy_text(config->presence) : NULL;
    if (!shard->token || !shard->user_agent || (config->presence && !shard->presence))
        return SPECTACLES_E_NOMEM;
    return SPECTACLES_OK;
}

/*
 * A session of another shard count cannot be resumed. GAP declares it, since Discord will not replay what it missed.
 */
static int import_session(spectacles_shard *shard, const spectacles_session *given,
                          spectacles_problem *problem)
{
    spectacles_session stored = {0};
    const char *why = "session's size is not that of a version this library knows";
    if (!given)
        return SPECTACLES_OK;
    if (sp_config_read(&stored, sizeof stored, given) != SPECTACLES_OK ||
        sp_session_import(&shard->session, &stored, &shard->base, &why) != SPECTACLES_OK)
        return sp_refuse(problem, SPECTACLES_E_INVAL, why);
    if (stored.shard_id != shard->id || stored.shard_count != shard->count)
        sp_shard_lose_session(shard);
    return SPECTACLES_OK;
}

/* ---- For those who hold it ---- */

/*
 * Called when no event is left: frees memory that only a burst of work needed. The messages of a connection that has
 * ended are freed here, and not when it ends, because an event that the owner still reads may point into them.
 */
static void release_memory(spectacles_shard *shard)
{
    if (shard->transport == SP_TRANSPORT_NONE) {
        sp_frames_free(&shard->frames);
        sp_inflate_free(&shard->inflate);
    } else {
        sp_frames_shrink(&shard->frames);
        sp_inflate_shrink(&shard->inflate);
    }
    sp_buffer_shrink(&shard->output, KEPT_OUTPUT);
    sp_buffer_shrink(&shard->scratch, KEPT_OUTPUT);
    sp_buffer_shrink(&shard->term, KEPT_OUTPUT);
    sp_buffer_shrink(&shard->keys, KEPT_OUTPUT);
}

static const spectacles_shard_event *find_event(spectacles_shard *shard, uint64_t now)
{
    for (;;) {
        if (now >= sp_shard_next_connect(shard))
            sp_shard_connect(shard, now);
        const spectacles_shard_event *event = sp_shard_take_event(shard);
        if (event)
            return event;
        if (!sp_shard_receive(shard, now)) {
            release_memory(shard);
            return NULL;
        }
    }
}

#ifndef NDEBUG
/* What is true of a shard between two calls. */
static bool is_consistent(const spectacles_shard *shard)
{
    bool in_connection =
        shard->state >= SPECTACLES_SHARD_CONNECTING && shard->state <= SPECTACLES_SHARD_CLOSING;
    bool has_deadline = shard->phase_deadline != SPECTACLES_NEVER;
    return in_connection == (shard->transport != SP_TRANSPORT_NONE) &&
           (shard->state != SPECTACLES_SHARD_BACKOFF || has_deadline) &&
           (shard->state != SPECTACLES_SHARD_READY || sp_session_exists(&shard->session)) &&
           (shard->transport != SP_TRANSPORT_OPEN ||
            shard->bytes_written - shard->bytes_consumed == sp_buffer_length(&shard->output));
}
#endif

static const void *next_event(void *engine, uint64_t now)
{
    const spectacles_shard_event *event = find_event(engine, now);
    sp_shard_note_level(engine);
    assert(is_consistent(engine));
    return event;
}

static bool has_event(const void *engine)
{
    return sp_shard_has_event(engine);
}

/* Wipes the token, and all buffers that may hold it. */
static void wipe(spectacles_shard *shard)
{
    sp_wipe_text(shard->token);
    shard->token = NULL;
    sp_buffer_free(&shard->output);
    sp_buffer_free(&shard->scratch);
    sp_buffer_free(&shard->term);
}

/*
 * sp_holder_calls.end: the owner has freed the shard, and a link or a relay still holds it. The shard becomes CLOSED.
 */
static void end(void *engine)
{
    spectacles_shard *shard = engine;
    bool is_final = shard->state == SPECTACLES_SHARD_CLOSED || shard->state == SPECTACLES_SHARD_FATAL;
    shard->owner_closes = true;
    if (!is_final)
        sp_shard_end_connection(shard, 0);
    wipe(shard);
}

static void destroy(void *engine)
{
    spectacles_shard *shard = engine;
    wipe(shard);
    free(shard->presence);
    free(shard->user_agent);
    sp_frames_free(&shard->frames);
    sp_inflate_free(&shard->inflate);
    sp_buffer_free(&shard->keys);
    sp_ring_free(&shard->pending);
    sp_ring_free(&shard->tickets);
    free(shard);
}

/* ---- Making and freeing one ---- */

static int set_up(spectacles_shard *shard, const spectacles_shard_config *config, spectacles_problem *problem)
{
    static const sp_holder_calls holder_calls = {next_event, has_event, end, destroy};
    const char *why;
    sp_shard_init_stream(shard, &holder_calls);
    shard->id = config->shard_id;
    shard->count = config->shard_count;
    shard->version = config->gateway_version;
    shard->large_threshold = config->large_threshold;
    shard->intents = config->intents;
    shard->capabilities = config->capabilities;
    shard->commits = config->flags & SPECTACLES_SHARD_COMMITS;
    shard->stored_heartbeats = config->flags & SPECTACLES_SHARD_STORED_HEARTBEATS;
    shard->format = shard->output_format = config->format;
    shard->compression = config->compression;
    shard->max_message = config->max_message;
    shard->max_inflated = config->max_inflated;
    shard->max_ratio = config->max_ratio;
    shard->high_water = config->high_water;
    shard->random.state = config->seed;
    shard->backoff = sp_backoff_of(SP_BACKOFF_BASE, SP_BACKOFF_CAP);
    shard->phase_deadline = SPECTACLES_NEVER;
    shard->presence_at = SPECTACLES_NEVER;
    /* Identify and resume write the token to these buffers. */
    shard->scratch.secret = shard->term.secret = shard->output.secret = true;
    if (sp_url_parse(&shard->base, config->gateway_url, &why) != SPECTACLES_OK)
        return sp_refuse(problem, SPECTACLES_E_INVAL, why);
    int error = copy_texts(shard, config);
    if (error == SPECTACLES_OK)
        error = sp_shard_reserve_events(shard);
    if (error == SPECTACLES_OK)
        error = import_session(shard, config->session, problem);
    return error == SPECTACLES_OK ? sp_shard_check_identify(shard, problem) : error;
}

SPECTACLES_EXPORT int spectacles_shard_new(spectacles_shard **out, const spectacles_shard_config *config,
                                           spectacles_problem *problem)
{
    spectacles_shard_config read;
    spectacles_shard_config_init(&read, sizeof read);
    int error = sp_config_read(&read, sizeof read, config);
    if (error != SPECTACLES_OK)
        return sp_refuse(problem, error,
                         "the configuration's size is not that of a version this library knows");
    error = sp_shard_check_config(&read, problem);
    if (error != SPECTACLES_OK)
        return error;
    spectacles_shard *shard = calloc(1, sizeof *shard);
    error = shard ? set_up(shard, &read, problem) : SPECTACLES_E_NOMEM;
    if (error != SPECTACLES_OK) {
        spectacles_shard_free(shard);
        return error == SPECTACLES_E_NOMEM ? sp_refuse(problem, error, spectacles_strerror(error)) : error;
    }
    *out = shard;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT void spectacles_shard_free(spectacles_shard *shard)
{
    if (shard)
        sp_stream_end(&shard->stream);
}

/* ---- Events ---- */

SPECTACLES_EXPORT const spectacles_shard_event *spectacles_shard_next_event(spectacles_shard *shard,
                                                                            uint64_t now)
{
    if (!shard->stream.has_relay)
        return sp_stream_next_event(&shard->stream, now);
    sp_shard_fail(shard, SPECTACLES_E_STATE,
                  "a relay pulls the events of this shard: pull those of the relay, or of the gateway");
    return NULL;
}

SPECTACLES_EXPORT int spectacles_shard_identify(spectacles_shard *shard, uint64_t now)
{
    /* On a connection that has ended, an identify would be lost, and still count for the daily limit. */
    if (shard->state != SPECTACLES_SHARD_IDENTIFY_WAIT || shard->transport != SP_TRANSPORT_OPEN)
        return sp_shard_fail(shard, SPECTACLES_E_STATE, "the shard does not wait to identify");
    int error = sp_shard_write_identify(shard, now);
    if (error != SPECTACLES_OK)
        return sp_shard_fail(shard, error, spectacles_strerror(error));
    shard->stats.identifies++;
    shard->identifies++;
    sp_shard_set_state(shard, SPECTACLES_SHARD_IDENTIFYING, now);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_shard_commit(spectacles_shard *shard, uint64_t seq)
{
    if (!shard->commits || !sp_session_is_known(&shard->session))
        return sp_shard_fail(shard, SPECTACLES_E_STATE,
                             "there is no session, or SPECTACLES_SHARD_COMMITS is not set");
    if (seq > shard->session.received)
        return sp_shard_fail(shard, SPECTACLES_E_INVAL,
                             "a sequence that was not received yet can not be committed");
    if (seq > shard->session.committed) {
        bool of_an_event = shard->session.committed < shard->session.furthest;
        shard->session.committed = seq;
        if (of_an_event)
            sp_shard_note_progress(shard);
    }
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_shard_stored(spectacles_shard *shard, const char *session_id, uint64_t seq)
{
    if (!shard->stored_heartbeats || !sp_session_is_known(&shard->session))
        return sp_shard_fail(shard, SPECTACLES_E_STATE,
                             "there is no session, or SPECTACLES_SHARD_STORED_HEARTBEATS is not set");
    if (strcmp(shard->session.id, session_id) != 0)
        return sp_shard_fail(shard, SPECTACLES_E_STATE, "the shard has another session by now");
    if (seq > sp_session_safe_seq(&shard->session, shard->commits))
        return sp_shard_fail(shard, SPECTACLES_E_INVAL,
                             "a sequence that was not committed yet can not be stored");
    if (seq > shard->session.stored)
        shard->session.stored = seq;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_shard_close(spectacles_shard *shard, uint32_t code, uint64_t now)
{
    uint32_t sent = code ? code : 4000;
    if (!sp_close_code_is_allowed(code))
        return sp_shard_fail(shard, SPECTACLES_E_INVAL, SP_CLOSE_CODE_RULE);
    if (shard->owner_closes || shard->state == SPECTACLES_SHARD_FATAL)
        return SPECTACLES_OK;
    shard->owner_closes = true;
    /* A session that is lost already stays until its GAP is pulled. */
    if ((sent == 1000 || sent == 1001) && !shard->session.lost)
        sp_session_forget(&shard->session);
    sp_shard_set_reason(shard, 0, SPECTACLES_OK, SP_CLOSE_RESUME);
    /* A close that is already under way ends in CLOSED as well. */
    if (shard->state != SPECTACLES_SHARD_CLOSING)
        sp_shard_close_connection(shard, sent, now);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_shard_reconnect(spectacles_shard *shard, uint64_t now)
{
    if (shard->transport != SP_TRANSPORT_OPEN || shard->state == SPECTACLES_SHARD_CLOSING)
        return sp_shard_fail(shard, SPECTACLES_E_STATE, "there is no connection to be made anew");
    sp_close_reason *reason = sp_shard_set_reason(shard, 0, SPECTACLES_E_CLOSED, SP_CLOSE_RESUME);
    if (reason)
        sp_text_set(&reason->text, "the owner asked for a new connection");
    sp_shard_close_connection(shard, SP_CLOSE_CODE_RECONNECT, now);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT void spectacles_shard_network_changed(spectacles_shard *shard, uint64_t now)
{
    if (shard->state == SPECTACLES_SHARD_CONNECTING)
        sp_stream_note_network_changed(&shard->stream);
    if (shard->state != SPECTACLES_SHARD_BACKOFF)
        return;
    shard->next_attempt = sp_backoff_hurry(&shard->backoff, &shard->random, shard->next_attempt, now);
    shard->phase_deadline = shard->next_attempt;
    sp_stream_touch(&shard->stream);
}

SPECTACLES_EXPORT int spectacles_shard_hold_off(spectacles_shard *shard, uint64_t until)
{
    uint64_t spread = sp_random_upto(&shard->random, SP_HOLD_SPREAD);
    uint64_t held = until < SPECTACLES_NEVER - spread ? until + spread : until;
    if (held <= shard->held_until)
        return SPECTACLES_OK;
    shard->held_until = held;
    sp_stream_touch(&shard->stream);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT void spectacles_session_init(spectacles_session *session, size_t size)
{
    const spectacles_session empty = {0};
    sp_config_write(session, size, &empty, sizeof empty);
}

SPECTACLES_EXPORT void spectacles_shard_stats_init(spectacles_shard_stats *stats, size_t size)
{
    const spectacles_shard_stats empty = {0};
    sp_config_write(stats, size, &empty, sizeof empty);
}

SPECTACLES_EXPORT int spectacles_shard_session(const spectacles_shard *shard, spectacles_session *out)
{
    const spectacles_session session = {.shard_id = shard->id,
                                        .shard_count = shard->count,
                                        .seq = sp_session_safe_seq(&shard->session, shard->commits),
                                        .session_id = shard->session.id,
                                        .resume_url = shard->session.resume_url,
                                        .format = shard->session.format};
    if (!sp_session_is_known(&shard->session))
        return SPECTACLES_E_STATE;
    return sp_stats_write(out, &session, sizeof session);
}

SPECTACLES_EXPORT uint32_t spectacles_shard_state(const spectacles_shard *shard)
{
    return shard->state;
}

SPECTACLES_EXPORT uint32_t spectacles_shard_id(const spectacles_shard *shard)
{
    return shard->id;
}

SPECTACLES_EXPORT uint32_t spectacles_shard_count(const spectacles_shard *shard)
{
    return shard->count;
}

SPECTACLES_EXPORT int spectacles_shard_get_stats(const spectacles_shard *shard, spectacles_shard_stats *out)
{
    spectacles_shard_stats stats = shard->stats;
    stats.received = shard->session.received;
    stats.committed = sp_session_safe_seq(&shard->session, shard->commits);
    return sp_stats_write(out, &stats, sizeof stats);
}

SPECTACLES_EXPORT const char *spectacles_shard_last_error(const spectacles_shard *shard)
{
    return shard->last_error.chars;
}
