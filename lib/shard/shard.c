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
    TARGET_MAX = 64,
    KEPT_OUTPUT = 1024 /* of buffers, while nothing happens */
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

static int set_up(spectacles_shard *shard, const spectacles_shard_config *config, spectacles_problem *problem)
{
    const char *why;
    sp_shard_init_stream(shard);
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
    if (!shard)
        return;
    sp_wipe_text(shard->token);
    free(shard->presence);
    free(shard->user_agent);
    sp_frames_free(&shard->frames);
    sp_buffer_free(&shard->output);
    sp_inflate_free(&shard->inflate);
    sp_buffer_free(&shard->scratch);
    sp_buffer_free(&shard->term);
    sp_buffer_free(&shard->keys);
    sp_ring_free(&shard->news);
    sp_ring_free(&shard->tickets);
    free(shard);
}

/* ---- Events and time ---- */

static bool connects_now(const spectacles_shard *shard, uint64_t now)
{
    if (shard->news.count > 0 || shard->tickets.count > 0)
        return false;
    if (shard->state == SPECTACLES_SHARD_IDLE)
        return now >= shard->held_until;
    return shard->state == SPECTACLES_SHARD_BACKOFF && now >= shard->phase_deadline;
}

/* Nothing is left to do: what a burst of work needed goes back. */
static void rest(spectacles_shard *shard)
{
    sp_frames_rest(&shard->frames);
    sp_inflate_rest(&shard->inflate);
    sp_buffer_shrink(&shard->output, KEPT_OUTPUT);
    sp_buffer_shrink(&shard->scratch, KEPT_OUTPUT);
    sp_buffer_shrink(&shard->term, KEPT_OUTPUT);
    sp_buffer_shrink(&shard->keys, KEPT_OUTPUT);
}

/*
 * Reading goes on at half of it: a few large reads cost a fraction of what many small ones do. What was looked at and
 * is still there is the beginning of something: it waits for the rest, however low the high water is.
 */
static void note_level(spectacles_shard *shard)
{
    size_t held = sp_buffer_length(&shard->frames.input);
    if (!shard->unread || held <= shard->high_water / 2)
        shard->full = false;
    else if (held >= shard->high_water)
        shard->full = true;
}

static const spectacles_shard_event *next_event(spectacles_shard *shard, uint64_t now)
{
    for (;;) {
        if (connects_now(shard, now))
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

SPECTACLES_EXPORT const spectacles_shard_event *spectacles_shard_next_event(spectacles_shard *shard,
                                                                            uint64_t now)
{
    const spectacles_shard_event *event = next_event(shard, now);
    note_level(shard);
    return event;
}

/* Bytes came that nobody has looked at: then it is the owner who is slow, and not the gateway that is silent. */
static bool has_unread(const spectacles_shard *shard)
{
    return shard->unread;
}

SPECTACLES_EXPORT uint64_t spectacles_shard_deadline(const spectacles_shard *shard)
{
    bool waits = shard->state == SPECTACLES_SHARD_IDLE || shard->state == SPECTACLES_SHARD_BACKOFF;
    /* What is left then is for next_event. */
    if (shard->transport == SP_TRANSPORT_ENDED)
        return SPECTACLES_NEVER;
    /* A new connection waits until the owner has pulled what happened to the last one. */
    if (waits && !connects_now(shard, SPECTACLES_NEVER))
        return SPECTACLES_NEVER;
    if (shard->state == SPECTACLES_SHARD_IDLE)
        return shard->held_until;
    uint64_t heartbeat = sp_heartbeat_deadline(&shard->heartbeat);
    return heartbeat < shard->phase_deadline ? heartbeat : shard->phase_deadline;
}

/* At most one such event waits: an owner who is late does not pull either. */
static void tell_late(spectacles_shard *shard, uint64_t late)
{
    shard->stats.heartbeats_late++;
    if (shard->late_told)
        return;
    spectacles_shard_event *event = sp_shard_tell(shard, SPECTACLES_SHARD_EVENT_LATE);
    if (!event)
        return;
    event->time = late;
    shard->late_told = true;
}

static void give_up_heartbeat(spectacles_shard *shard, uint64_t late, uint64_t now)
{
    unsigned long long interval = shard->heartbeat.interval;
    sp_loss *loss = sp_shard_blame(shard, 0, SPECTACLES_E_CLOSED, SP_CLOSE_RESUME);
    if (loss && late > interval)
        sp_text_set(
            &loss->text,
            "a heartbeat is %llu ms late, more than a whole interval: the machine was suspended, or the "
            "owner's loop hung, and the gateway has given the connection up",
            (unsigned long long)late);
    else if (loss)
        sp_text_set(&loss->text,
                    "the gateway did not acknowledge a heartbeat within %llu ms: the connection is dead",
                    interval);
    sp_shard_drop(shard, 4000, now);
}

/*
 * What is still unread may be the ACK: then there is another interval for it. That holds for a heartbeat that is late by an
 * interval as well. Bytes came, so that the peer has not closed the connection, or its close is among them and will be
 * read at once; a connection that was cut off while the machine slept brings nothing.
 */
static int beat(spectacles_shard *shard, uint64_t now)
{
    uint64_t late = now - sp_heartbeat_deadline(&shard->heartbeat);
    bool dead = sp_heartbeat_missed(&shard->heartbeat, now) || sp_heartbeat_overslept(&shard->heartbeat, now);
    if (dead && !has_unread(shard)) {
        give_up_heartbeat(shard, late, now);
        return SPECTACLES_OK;
    }
    int error = sp_shard_write_heartbeat(shard, now);
    if (error != SPECTACLES_OK)
        return error;
    sp_heartbeat_sent(&shard->heartbeat, now);
    if (late >= SP_HEARTBEAT_LATE)
        tell_late(shard, late);
    return SPECTACLES_OK;
}

static const char *phase_text(enum spectacles_shard_state state)
{
    switch (state) {
    case SPECTACLES_SHARD_CONNECTING:
        return "timed out: no connection to the gateway within 30 s";
    case SPECTACLES_SHARD_UPGRADING:
        return "timed out: the gateway did not answer the WebSocket upgrade within 10 s";
    case SPECTACLES_SHARD_IDENTIFYING:
        return "timed out: the gateway did not say READY within 10 minutes";
    case SPECTACLES_SHARD_RESUMING:
        return "timed out: the gateway neither replayed nor said RESUMED within 60 s";
    default:
        return "timed out: the gateway did not say HELLO within 20 s";
    }
}

static void end_phase(spectacles_shard *shard, uint64_t now)
{
    if (shard->state == SPECTACLES_SHARD_CLOSING) {
        sp_shard_settle(shard, now);
        return;
    }
    if (has_unread(shard)) {
        sp_shard_become(shard, shard->state, now);
        return;
    }
    if (sp_shard_receive_last_head(shard, now))
        return;
    sp_loss *loss = sp_shard_blame(shard, 0, SPECTACLES_E_CLOSED, SP_CLOSE_RESUME);
    if (loss)
        sp_text_set(&loss->text, "%s", phase_text(shard->state));
    sp_shard_drop(shard, 4000, now);
}

SPECTACLES_EXPORT int spectacles_shard_expire(spectacles_shard *shard, uint64_t now)
{
    if (connects_now(shard, now))
        sp_shard_connect(shard, now);
    if (shard->transport == SP_TRANSPORT_NONE || shard->transport == SP_TRANSPORT_ENDED)
        return SPECTACLES_OK;
    if (now >= shard->phase_deadline)
        end_phase(shard, now);
    if (now >= sp_heartbeat_deadline(&shard->heartbeat))
        return beat(shard, now);
    return SPECTACLES_OK;
}

/* ---- Bytes ---- */

SPECTACLES_EXPORT const spectacles_endpoint *spectacles_shard_endpoint(const spectacles_shard *shard)
{
    bool wanted = shard->transport == SP_TRANSPORT_WANTED || shard->transport == SP_TRANSPORT_OPEN;
    return wanted ? &shard->endpoint : NULL;
}

/* A peer that asks (pings, requested heartbeats) but does not read the answers is not listened to either. */
SPECTACLES_EXPORT int spectacles_shard_wants_input(const spectacles_shard *shard)
{
    return shard->transport == SP_TRANSPORT_OPEN && !shard->full &&
           sp_buffer_length(&shard->output) < shard->high_water;
}

SPECTACLES_EXPORT int spectacles_shard_opened(spectacles_shard *shard, uint64_t now)
{
    char target[TARGET_MAX];
    sp_text query;
    if (shard->transport != SP_TRANSPORT_WANTED)
        return sp_shard_fail(shard, SPECTACLES_E_STATE, "no connection was asked for");
    static const char *const compress[] = {"", "&compress=zlib-stream", "&compress=zstd-stream", ""};
    sp_text_set(&query, "/?v=%u&encoding=%s%s", (unsigned)shard->version,
                shard->encoding == SPECTACLES_FORMAT_ETF ? "etf" : "json", compress[shard->compression]);
    memcpy(target, query.chars, query.length + 1);
    sp_frames_open(&shard->frames, &shard->output, &shard->random, shard->max_message);
    int error = sp_inflate_open(&shard->inflate, shard->compression, shard->max_inflated, shard->max_ratio);
    if (error == SPECTACLES_OK)
        error = sp_handshake_request(&shard->handshake, &shard->output, &shard->url, target,
                                     shard->user_agent, &shard->random);
    if (error != SPECTACLES_OK)
        return sp_shard_fail(shard, error, spectacles_strerror(error));
    shard->written = sp_buffer_length(&shard->output);
    memset(shard->last_ops, 0xff, sizeof shard->last_ops);
    shard->transport = SP_TRANSPORT_OPEN;
    sp_shard_become(shard, SPECTACLES_SHARD_UPGRADING, now);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_shard_feed(spectacles_shard *shard, const uint8_t *bytes, size_t length,
                                            uint64_t now)
{
    (void)now;
    if (shard->transport != SP_TRANSPORT_OPEN)
        return sp_shard_fail(shard, SPECTACLES_E_STATE, "bytes arrived on a connection that is not open");
    /* What waits to be told still points into the last message. */
    if (!shard->dispatch_held && shard->news.count == 0)
        sp_frames_forget(&shard->frames);
    int error = sp_frames_feed(&shard->frames, bytes, length);
    if (error != SPECTACLES_OK)
        return sp_shard_fail(shard, error, spectacles_strerror(error));
    shard->unread = true;
    note_level(shard);
    shard->stats.bytes_received += length;
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_shard_eof(spectacles_shard *shard, int error, const char *text,
                                           size_t length, uint64_t now)
{
    if (shard->transport != SP_TRANSPORT_WANTED && shard->transport != SP_TRANSPORT_OPEN)
        return SPECTACLES_OK;
    bool was_open = shard->transport == SP_TRANSPORT_OPEN;
    sp_loss late = shard->loss;
    shard->transport = SP_TRANSPORT_ENDED;
    sp_heartbeat_stop(&shard->heartbeat);
    if (!late.told) {
        late = (sp_loss){.error = error ? error : SPECTACLES_E_CLOSED};
        sp_text_set(&late.text, "%s", "");
        if (length > 0)
            sp_text_add_foreign(&late.text, text, length, SP_TEXT_MAX / 2);
        else
            sp_text_set(&late.text, "the gateway closed the connection without a close frame");
        shard->loss = late;
    }
    if (!was_open)
        sp_shard_settle(shard, now);
    return SPECTACLES_OK;
}

SPECTACLES_EXPORT size_t spectacles_shard_pending(const spectacles_shard *shard, const uint8_t **bytes)
{
    sp_slice output = sp_buffer_slice(&shard->output);
    *bytes = output.bytes;
    return shard->transport == SP_TRANSPORT_OPEN ? output.length : 0;
}

SPECTACLES_EXPORT void spectacles_shard_consumed(spectacles_shard *shard, size_t length)
{
    if (length > sp_buffer_length(&shard->output))
        length = sp_buffer_length(&shard->output);
    sp_buffer_consume(&shard->output, length);
    shard->gone += length;
    shard->stats.bytes_sent += length;
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
