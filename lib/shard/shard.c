#include "shard/shard.h"

#include "codec/json.h"
#include "core/config.h"
#include "core/export.h"
#include "core/wipe.h"
#include "shard/payload.h"

#include <spectacles/routing.h>
#include <stdlib.h>
#include <string.h>

/* So many events can wait at once; the ring is made that large in advance, so that telling never fails. */
enum {
    NEWS_MOST = 8,
    TICKETS_MOST = 128,
    OUTPUT_MOST = 64 * 1024,
    JSON_MOST = 64 * 1024, /* of a packet that will be sent as ETF */
    KEPT_OUTPUT = 1024     /* of buffers, while nothing happens */
};

/* ---- Making one ---- */

SPECTACLES_EXPORT void spectacles_shard_config_init(spectacles_shard_config *config, size_t size)
{
    const spectacles_shard_config defaults = {.shard_count = 1,
                                              .gateway_version = 10,
                                              .large_threshold = 50,
                                              .max_message = UINT64_C(32) * 1024 * 1024,
                                              .high_water = UINT64_C(256) * 1024,
                                              .encoding = SPECTACLES_FORMAT_JSON,
                                              .compression =
                                                  sp_inflate_has(SPECTACLES_COMPRESSION_ZSTD_STREAM)
                                                      ? SPECTACLES_COMPRESSION_ZSTD_STREAM
                                                      : SPECTACLES_COMPRESSION_ZLIB_STREAM,
                                              .max_inflated = UINT64_C(64) * 1024 * 1024,
                                              .max_ratio = 256};
    sp_config_write(config, size, &defaults, sizeof defaults);
}

static int check_wire(const spectacles_shard_config *config, spectacles_problem *problem)
{
    if (config->encoding != SPECTACLES_FORMAT_JSON && config->encoding != SPECTACLES_FORMAT_ETF)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "encoding has to be SPECTACLES_FORMAT_JSON or _ETF");
    if (config->compression > SPECTACLES_COMPRESSION_PAYLOAD)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "compression is none that this version knows");
    if (config->encoding == SPECTACLES_FORMAT_ETF && config->compression == SPECTACLES_COMPRESSION_PAYLOAD)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "payload compression is for JSON only: use zlib-stream");
    if (!sp_inflate_has(config->compression))
        return sp_refuse(problem, SPECTACLES_E_UNSUPPORTED, "this build has no zstd-stream: use zlib-stream");
    if (config->max_message == 0 || config->high_water == 0 || config->max_inflated == 0 ||
        config->max_ratio == 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "max_message, high_water, max_inflated and max_ratio must not be 0");
    return SPECTACLES_OK;
}

static int check_numbers(const spectacles_shard_config *config, spectacles_problem *problem)
{
    if (config->seed == 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "seed is 0: give it a number from spectacles_random_seed()");
    if (config->shard_count == 0 || config->shard_id >= config->shard_count)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "shard_id has to be below shard_count");
    if (config->large_threshold < 50 || config->large_threshold > 250)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "large_threshold has to be 50 to 250");
    if (config->flags & ~(uint32_t)SPECTACLES_SHARD_COMMITS)
        return sp_refuse(problem, SPECTACLES_E_UNSUPPORTED,
                         "flags has a bit that this version does not know");
    return check_wire(config, problem);
}

SPECTACLES_EXPORT int spectacles_token_check(const char *token, spectacles_problem *problem)
{
    if (!token || !*token)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "the token is missing");
    if (!sp_text_is_graphic(token))
        return sp_refuse(
            problem, SPECTACLES_E_INVAL,
            "the token holds a space, a line break or another character that no token has: take it "
            "without \"Bot \" in front and without the end of its line");
    return SPECTACLES_OK;
}

static bool is_header_text(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
            return false;
    }
    return true;
}

static int check_texts(const spectacles_shard_config *config, spectacles_problem *problem)
{
    if (spectacles_token_check(config->token, problem) != SPECTACLES_OK)
        return SPECTACLES_E_INVAL;
    if (!config->gateway_url)
        return sp_refuse(problem, SPECTACLES_E_INVAL,
                         "gateway_url is missing: take it from GET /gateway/bot");
    if (config->user_agent && !is_header_text(config->user_agent))
        return sp_refuse(problem, SPECTACLES_E_INVAL, "user_agent holds a control character");
    if (config->presence && spectacles_presence_check((const uint8_t *)config->presence,
                                                      strlen(config->presence), problem) != SPECTACLES_OK)
        return SPECTACLES_E_INVAL;
    return SPECTACLES_OK;
}

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

static int reserve_events(spectacles_shard *shard)
{
    shard->news = sp_ring_of(sizeof(spectacles_shard_event));
    shard->tickets = sp_ring_of(sizeof(sp_ticket));
    for (int i = 0; i < NEWS_MOST; i++) {
        if (!sp_ring_push(&shard->news))
            return SPECTACLES_E_NOMEM;
    }
    sp_ring_clear(&shard->news);
    return SPECTACLES_OK;
}

/* A session of another shard count is of no use: said by a GAP, since what it missed will not be replayed. */
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
        sp_shard_forget_session(shard);
    return SPECTACLES_OK;
}

static int check_identify(spectacles_shard *shard, spectacles_problem *problem)
{
    sp_slice payload;
    int error = sp_shard_compose_identify(shard);
    /* In JSON too, whatever was asked for: see sp_shard_read_message. */
    if (error == SPECTACLES_OK && sp_buffer_length(&shard->scratch) > SPECTACLES_PACKET_MAX)
        error = SPECTACLES_E_TOOBIG;
    if (error == SPECTACLES_OK)
        error = sp_shard_encode(shard, &payload, problem);
    if (error == SPECTACLES_E_TOOBIG)
        sp_refuse(problem, error, "the identify payload is over 4096 bytes: shorten the presence");
    sp_buffer_clear(&shard->scratch);
    return error == SPECTACLES_E_PROTO ? SPECTACLES_E_INVAL : error;
}

static const spectacles_shard_event *pull(spectacles_shard *shard, uint64_t now);

/* For the relay that holds the shard. */
static const void *next_event(void *engine, uint64_t now)
{
    return pull(engine, now);
}

static void destroy(void *engine)
{
    spectacles_shard *shard = engine;
    sp_shard_wipe(shard);
    free(shard->presence);
    free(shard->user_agent);
    sp_frames_free(&shard->frames);
    sp_inflate_free(&shard->inflate);
    sp_buffer_free(&shard->keys);
    sp_ring_free(&shard->news);
    sp_ring_free(&shard->tickets);
    free(shard);
}

static int set_up(spectacles_shard *shard, const spectacles_shard_config *config, spectacles_problem *problem)
{
    static const sp_holder_calls holder_calls = {next_event, sp_shard_end, destroy};
    const char *why;
    sp_shard_init_stream(shard, &holder_calls);
    shard->id = config->shard_id;
    shard->count = config->shard_count;
    shard->version = config->gateway_version;
    shard->large_threshold = config->large_threshold;
    shard->intents = config->intents;
    shard->capabilities = config->capabilities;
    shard->commits = config->flags & SPECTACLES_SHARD_COMMITS;
    shard->encoding = shard->spoken = config->encoding;
    shard->compression = config->compression;
    shard->max_message = config->max_message;
    shard->max_inflated = config->max_inflated;
    shard->max_ratio = config->max_ratio;
    shard->high_water = config->high_water;
    shard->random.state = config->seed;
    shard->backoff = sp_backoff_of(SP_BACKOFF_BASE, SP_BACKOFF_CAP);
    shard->phase_deadline = SPECTACLES_NEVER;
    /* The token goes through them with identify and resume. */
    shard->scratch.secret = shard->term.secret = shard->output.secret = true;
    if (sp_url_parse(&shard->base, config->gateway_url, &why) != SPECTACLES_OK)
        return sp_refuse(problem, SPECTACLES_E_INVAL, why);
    int error = copy_texts(shard, config);
    if (error == SPECTACLES_OK)
        error = reserve_events(shard);
    if (error == SPECTACLES_OK)
        error = import_session(shard, config->session, problem);
    return error == SPECTACLES_OK ? check_identify(shard, problem) : error;
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
    error = check_numbers(&read, problem);
    if (error == SPECTACLES_OK)
        error = check_texts(&read, problem);
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

/* ---- Events and time ---- */

/*
 * No event is left: memory that a burst of work needed is freed. The messages of a connection that has ended are freed here
 * and not when it ends, because an event that the owner still reads may point into them.
 */
static void rest(spectacles_shard *shard)
{
    if (shard->transport == SP_TRANSPORT_NONE) {
        sp_frames_free(&shard->frames);
        sp_inflate_free(&shard->inflate);
    } else {
        sp_frames_rest(&shard->frames);
        sp_inflate_rest(&shard->inflate);
    }
    sp_buffer_shrink(&shard->output, KEPT_OUTPUT);
    sp_buffer_shrink(&shard->scratch, KEPT_OUTPUT);
    sp_buffer_shrink(&shard->term, KEPT_OUTPUT);
    sp_buffer_shrink(&shard->keys, KEPT_OUTPUT);
}

static const spectacles_shard_event *find_event(spectacles_shard *shard, uint64_t now)
{
    for (;;) {
        if (sp_shard_connects_at(shard, now))
            sp_shard_connect(shard, now);
        const spectacles_shard_event *event = sp_shard_take_event(shard);
        if (event)
            return event;
        if (!sp_shard_receive(shard, now)) {
            rest(shard);
            return NULL;
        }
    }
}

static const spectacles_shard_event *pull(spectacles_shard *shard, uint64_t now)
{
    const spectacles_shard_event *event = find_event(shard, now);
    shard->unannounced = event && sp_shard_has_event(shard);
    sp_shard_note_level(shard);
    return event;
}

SPECTACLES_EXPORT const spectacles_shard_event *spectacles_shard_next_event(spectacles_shard *shard,
                                                                            uint64_t now)
{
    if (!shard->stream.has_relay)
        return pull(shard, now);
    sp_shard_fail(shard, SPECTACLES_E_STATE,
                  "a relay pulls the events of this shard: pull spectacles_relay_next_event()");
    return NULL;
}

/* ---- What the owner asks for ---- */

SPECTACLES_EXPORT int spectacles_shard_identify(spectacles_shard *shard, uint64_t now)
{
    /* On a connection that has ended it would go nowhere, and be missing from the daily limit. */
    if (shard->state != SPECTACLES_SHARD_IDENTIFY_WAIT || shard->transport != SP_TRANSPORT_OPEN)
        return sp_shard_fail(shard, SPECTACLES_E_STATE, "the shard does not wait to identify");
    int error = sp_shard_write_identify(shard, now);
    if (error != SPECTACLES_OK)
        return sp_shard_fail(shard, error, spectacles_strerror(error));
    shard->stats.identifies++;
    shard->identifies++;
    sp_shard_become(shard, SPECTACLES_SHARD_IDENTIFYING, now);
    return SPECTACLES_OK;
}

static bool congested(const spectacles_shard *shard)
{
    return sp_buffer_length(&shard->output) > OUTPUT_MOST || shard->tickets.count >= TICKETS_MOST;
}

/* What is worth looking at: as ETF it may be shorter than as JSON. */
static size_t packet_most(const spectacles_shard *shard)
{
    return shard->spoken == SPECTACLES_FORMAT_ETF ? JSON_MOST : SPECTACLES_PACKET_MAX;
}

static int check_packet(spectacles_shard *shard, sp_slice d, uint64_t now)
{
    sp_slice value;
    if (shard->state != SPECTACLES_SHARD_READY || shard->transport != SP_TRANSPORT_OPEN)
        return sp_shard_fail(shard, SPECTACLES_E_STATE, "the shard is not ready");
    if (d.length > packet_most(shard))
        return sp_shard_fail(shard, SPECTACLES_E_TOOBIG, "the packet is over 4096 bytes");
    if (sp_json_check(d, &value, NULL) != SPECTACLES_OK)
        return sp_shard_fail(shard, SPECTACLES_E_PROTO, "d is not JSON");
    if (sp_limits_remaining(&shard->limits, now) == 0)
        return sp_shard_fail(shard, SPECTACLES_E_AGAIN, "120 payloads per 60 seconds are used up");
    if (congested(shard))
        return sp_shard_fail(shard, SPECTACLES_E_AGAIN, "the connection takes no more bytes for now");
    return SPECTACLES_OK;
}

static int send_packet(spectacles_shard *shard, uint32_t op, sp_slice d, uint64_t now, sp_ticket *ticket)
{
    sp_slice payload;
    spectacles_problem problem = {.text = "out of memory"};
    int error = sp_payload_packet(&shard->scratch, op, d);
    if (error == SPECTACLES_OK)
        error = sp_shard_encode(shard, &payload, &problem);
    if (error == SPECTACLES_OK)
        error = sp_shard_write_payload(shard, op, payload, now);
    sp_buffer_clear(&shard->scratch);
    ticket->number = shard->last_ticket + 1;
    ticket->end = shard->written;
    return error == SPECTACLES_OK ? error : sp_shard_fail(shard, error, problem.text);
}

SPECTACLES_EXPORT int spectacles_shard_send(spectacles_shard *shard, uint32_t op, const uint8_t *d,
                                            size_t length, uint64_t now, uint64_t *ticket)
{
    sp_slice slice = {d, length};
    int error = check_packet(shard, slice, now);
    if (error != SPECTACLES_OK)
        return error;
    sp_ticket *kept = sp_ring_push(&shard->tickets);
    if (!kept)
        return sp_shard_fail(shard, SPECTACLES_E_NOMEM, "out of memory");
    error = send_packet(shard, op, slice, now, kept);
    if (error != SPECTACLES_OK) {
        sp_ring_pop_back(&shard->tickets);
        return error;
    }
    shard->last_ticket = kept->number;
    if (ticket)
        *ticket = kept->number;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_shard_budget(const spectacles_shard *shard, uint64_t now,
                                              uint32_t *remaining, uint64_t *refill_at)
{
    bool open =
        shard->state == SPECTACLES_SHARD_READY && shard->transport == SP_TRANSPORT_OPEN && !congested(shard);
    uint32_t room = sp_limits_remaining(&shard->limits, now);
    if (remaining)
        *remaining = open ? room : 0;
    if (refill_at)
        *refill_at = sp_limits_refill(&shard->limits, now);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_shard_commit(spectacles_shard *shard, uint64_t seq)
{
    if (!shard->commits || !sp_session_is_shown(&shard->session))
        return sp_shard_fail(shard, SPECTACLES_E_STATE,
                             "there is no session, or SPECTACLES_SHARD_COMMITS is not set");
    if (seq > shard->session.received)
        return sp_shard_fail(shard, SPECTACLES_E_INVAL,
                             "a sequence that was not received yet can not be committed");
    if (seq > shard->session.committed) {
        bool of_an_event = shard->session.committed < shard->session.furthest;
        shard->session.committed = seq;
        if (of_an_event)
            sp_shard_progress(shard);
    }
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_shard_close(spectacles_shard *shard, uint32_t code, uint64_t now)
{
    uint32_t sent = code ? code : 4000;
    if (sent != 1000 && sent != 1001 && (sent < 3000 || sent > 4999))
        return sp_shard_fail(shard, SPECTACLES_E_INVAL, "a close code is 0, 1000, 1001 or 3000 to 4999");
    if (shard->owner_closes || shard->state == SPECTACLES_SHARD_FATAL)
        return SPECTACLES_OK;
    shard->owner_closes = true;
    /* One that is lost already stays until its GAP is told. */
    if ((sent == 1000 || sent == 1001) && !shard->session.lost)
        sp_session_forget(&shard->session);
    sp_shard_blame(shard, 0, SPECTACLES_OK, SP_CLOSE_RESUME);
    /* A close that is under way already ends in CLOSED as well. */
    if (shard->state != SPECTACLES_SHARD_CLOSING)
        sp_shard_drop(shard, sent, now);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_shard_reconnect(spectacles_shard *shard, uint64_t now)
{
    if (shard->transport != SP_TRANSPORT_OPEN || shard->state == SPECTACLES_SHARD_CLOSING)
        return sp_shard_fail(shard, SPECTACLES_E_STATE, "there is no connection to be made anew");
    sp_loss *loss = sp_shard_blame(shard, 0, SPECTACLES_E_CLOSED, SP_CLOSE_RESUME);
    if (loss)
        sp_text_set(&loss->text, "the owner asked for a new connection");
    sp_shard_drop(shard, 4000, now);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_shard_hold_off(spectacles_shard *shard, uint64_t until)
{
    uint64_t spread = sp_random_upto(&shard->random, SP_HOLD_SPREAD);
    uint64_t held = until < SPECTACLES_NEVER - spread ? until + spread : until;
    if (held <= shard->held_until)
        return SPECTACLES_OK;
    shard->held_until = held;
    if (shard->state == SPECTACLES_SHARD_BACKOFF && held > shard->phase_deadline)
        shard->phase_deadline = held;
    return SPECTACLES_OK;
}

/* ---- What the owner can see ---- */

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
                                        .seq = sp_session_safe(&shard->session, shard->commits),
                                        .session_id = shard->session.id,
                                        .resume_url = shard->session.resume_url,
                                        .encoding = shard->session.encoding};
    if (!sp_session_is_shown(&shard->session))
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
    return sp_stats_write(out, &shard->stats, sizeof shard->stats);
}

SPECTACLES_EXPORT const char *spectacles_shard_last_error(const spectacles_shard *shard)
{
    return shard->last_error.chars;
}
