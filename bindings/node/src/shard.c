/* The functions for a shard: lib/shard.js calls them. */
#include "shard.h"
#include "link.h"

#include <string.h>

/* ---- Settings ---- */

const spectacles_session *given_session(given *from, const char *name)
{
    napi_value outer = from->object, inner;
    if (!given_has(from, name, &inner))
        return NULL;
    spectacles_session *made = given_take(from, sizeof *made);
    if (!made)
        return NULL;
    from->object = inner;
    spectacles_session_init(made, sizeof *made);
    made->session_id = given_text(from, "sessionId");
    made->resume_url = given_text(from, "resumeUrl");
    made->seq = given_u64(from, "seq", 0);
    made->shard_id = given_u32(from, "shardId", 0);
    made->shard_count = given_u32(from, "shardCount", 1);
    made->format = given_u32(from, "format", SPECTACLES_FORMAT_JSON);
    from->object = outer;
    return made;
}

napi_value new_session(napi_env env, const spectacles_session *session)
{
    napi_value made;
    napi_create_object(env, &made);
    napi_set_named_property(env, made, "sessionId", new_text(env, session->session_id));
    napi_set_named_property(env, made, "seq", new_number(env, session->seq));
    napi_set_named_property(env, made, "resumeUrl", new_text(env, session->resume_url));
    napi_set_named_property(env, made, "shardId", new_number(env, session->shard_id));
    napi_set_named_property(env, made, "shardCount", new_number(env, session->shard_count));
    napi_set_named_property(env, made, "format", new_number(env, session->format));
    return made;
}

void shard_config(given *from, spectacles_shard_config *config)
{
    spectacles_shard_config_init(config, sizeof *config);
    config->token = given_text(from, "token");
    config->gateway_url = given_text(from, "url");
    config->intents = given_u64(from, "intents", 0);
    config->seed = spectacles_random_seed();
    config->shard_id = given_u32(from, "shardId", 0);
    config->shard_count = given_u32(from, "shardCount", 1);
    config->format = given_u32(from, "format", config->format);
    config->compression = given_u32(from, "compression", config->compression);
    config->large_threshold = given_u32(from, "largeThreshold", config->large_threshold);
    config->presence = given_text(from, "presence");
}

/* ---- The engine ---- */

static size_t length_of(const spectacles_shard_event *event)
{
    return event->name_length + event->data_length + event->text_length + event->session_id_length;
}

static void put(napi_env env, batch *to, const spectacles_shard_event *event)
{
    uint32_t *record = batch_add(env, to, length_of(event));
    record[FIELD_TYPE] = event->type;
    record[FIELD_CODE] = event->code;
    record[FIELD_ERROR] = (uint32_t)event->error;
    record[FIELD_FORMAT] = event->format;
    batch_put_number(record, FIELD_NUMBER, event->seq);
    batch_put_number(record, FIELD_TICKET, event->ticket);
    batch_put_name(to, record, event->name, event->name_length);
    batch_put(to, record, SPAN_DATA, event->data, event->data_length);
    batch_put(to, record, SPAN_TEXT, event->text, event->text_length);
    batch_put(to, record, SPAN_ID, event->session_id, event->session_id_length);
}

static void fill(napi_env env, engine *self)
{
    const spectacles_shard_event *event;
    while (!self->batch.is_full && (event = spectacles_shard_next_event(self->shard, self->now))) {
        if (event->type == SPECTACLES_SHARD_EVENT_IDENTIFY && self->identifies)
            spectacles_shard_identify(self->shard, self->now);
        else
            put(env, &self->batch, event);
    }
}

static void free_shard(engine *self)
{
    spectacles_shard_free(self->shard);
}

static const char *last_error(const engine *self)
{
    return spectacles_shard_last_error(self->shard);
}

static const engine_kind kind = {"shard", false, fill, NULL, free_shard, last_error};

static bool make(given *from, engine *self)
{
    spectacles_problem problem;
    spectacles_shard_config config;
    shard_config(from, &config);
    config.session = given_session(from, "session");
    config.flags = given_bool(from, "commits") ? SPECTACLES_SHARD_COMMITS : 0;
    self->identifies = !given_bool(from, "asksToIdentify");
    if (from->is_wrong)
        return false;
    int code = spectacles_shard_new(&self->shard, &config, &problem);
    if (code < 0)
        fail_problem(from->env, code, &problem);
    return code == 0 && link_new(from, self, spectacles_shard_stream(self->shard));
}

/* shardOpen(owner, options) gives [records, buffers]. */
static napi_value shard_open(napi_env env, napi_callback_info info)
{
    return engine_open(env, info, &kind, make);
}

/* ---- Packets ---- */

static napi_value sent(napi_env env, engine *self, int code, uint64_t ticket)
{
    if (code < 0)
        return engine_result(env, self, code);
    engine_soon(self);
    return new_number(env, ticket);
}

/* shardSend(owner, op, d) gives the ticket. */
static napi_value shard_send(napi_env env, napi_callback_info info)
{
    uint32_t op = 0;
    uint64_t ticket = 0;
    napi_value arguments[3];
    engine *self = engine_enter(env, info, &kind, 3, arguments);
    text d = self ? scratch_text(env, self, arguments[2]) : (text){NULL, 0};
    if (!d.bytes)
        return NULL;
    napi_get_value_uint32(env, arguments[1], &op);
    const uint8_t *bytes = (const uint8_t *)d.bytes;
    int code = spectacles_shard_send(self->shard, op, bytes, d.length, engine_now(self), &ticket);
    return sent(env, self, code, ticket);
}

/* shardRequestMembers(owner, {guildId, query, limit, presences, userIds, nonce}) gives the ticket. */
static napi_value shard_request_members(napi_env env, napi_callback_info info)
{
    uint64_t ticket = 0;
    napi_value arguments[2];
    spectacles_members_request request;
    engine *self = engine_enter(env, info, &kind, 2, arguments);
    if (!self)
        return NULL;
    given options = {env, arguments[1], NULL, false};
    spectacles_members_request_init(&request, sizeof request);
    request.guild_id = given_u64(&options, "guildId", 0);
    request.query = given_text(&options, "query");
    request.limit = given_u32(&options, "limit", 0);
    request.presences = given_bool(&options, "presences");
    request.user_ids = given_wide_ids(&options, "userIds", &request.user_id_count);
    request.nonce = given_text(&options, "nonce");
    int code = options.is_wrong
                   ? 0
                   : spectacles_shard_request_members(self->shard, &request, engine_now(self), &ticket);
    given_free(&options);
    return options.is_wrong ? NULL : sent(env, self, code, ticket);
}

/* shardVoiceState(owner, {guildId, channelId, mute, deaf}) gives the ticket. */
static napi_value shard_voice_state(napi_env env, napi_callback_info info)
{
    uint64_t ticket = 0;
    napi_value arguments[2];
    engine *self = engine_enter(env, info, &kind, 2, arguments);
    if (!self)
        return NULL;
    given options = {env, arguments[1], NULL, false};
    uint64_t guild = given_u64(&options, "guildId", 0), channel = given_u64(&options, "channelId", 0);
    uint32_t flags = given_bool(&options, "mute") ? SPECTACLES_VOICE_SELF_MUTE : 0;
    flags |= given_bool(&options, "deaf") ? SPECTACLES_VOICE_SELF_DEAF : 0;
    if (options.is_wrong)
        return NULL;
    int code =
        spectacles_shard_send_voice_state(self->shard, guild, channel, flags, engine_now(self), &ticket);
    return sent(env, self, code, ticket);
}

/* shardSetPresence(owner, d) */
static napi_value shard_set_presence(napi_env env, napi_callback_info info)
{
    napi_value arguments[2];
    engine *self = engine_enter(env, info, &kind, 2, arguments);
    text d = self ? scratch_text(env, self, arguments[1]) : (text){NULL, 0};
    if (!d.bytes)
        return NULL;
    engine_soon(self);
    return engine_result(env, self,
                         spectacles_shard_set_presence(self->shard, (const uint8_t *)d.bytes, d.length));
}

/* shardBudget(owner): how many packets would be taken now. */
static napi_value shard_budget(napi_env env, napi_callback_info info)
{
    uint32_t remaining = 0;
    napi_value owner;
    engine *self = engine_enter(env, info, &kind, 1, &owner);
    if (!self)
        return NULL;
    spectacles_shard_budget(self->shard, engine_now(self), &remaining, NULL);
    return new_number(env, remaining);
}

/* ---- The session and the connection ---- */

/* shardIdentify(owner) */
static napi_value shard_identify(napi_env env, napi_callback_info info)
{
    napi_value owner;
    engine *self = engine_enter(env, info, &kind, 1, &owner);
    if (!self)
        return NULL;
    engine_soon(self);
    return engine_result(env, self, spectacles_shard_identify(self->shard, engine_now(self)));
}

/* shardCommit(owner, seq) */
static napi_value shard_commit(napi_env env, napi_callback_info info)
{
    uint64_t seq;
    napi_value arguments[2];
    engine *self = engine_enter(env, info, &kind, 2, arguments);
    if (!self)
        return NULL;
    if (!read_u64(env, arguments[1], &seq))
        return fail(env, SPECTACLES_E_INVAL, "the sequence is no whole number");
    return engine_result(env, self, spectacles_shard_commit(self->shard, seq));
}

/* shardSession(owner): the session, or undefined. */
static napi_value shard_session(napi_env env, napi_callback_info info)
{
    napi_value owner;
    spectacles_session session;
    engine *self = engine_enter(env, info, &kind, 1, &owner);
    spectacles_session_init(&session, sizeof session);
    return self && spectacles_shard_session(self->shard, &session) == 0 ? new_session(env, &session) : NULL;
}

/* shardSetToken(owner, token) */
static napi_value shard_set_token(napi_env env, napi_callback_info info)
{
    napi_value arguments[2];
    engine *self = engine_enter(env, info, &kind, 2, arguments);
    if (!self)
        return NULL;
    given options = {env, NULL, NULL, false};
    const char *token = given_text_of(&options, "token", arguments[1]);
    int code = token ? spectacles_shard_set_token(self->shard, token) : 0;
    given_free(&options);
    return token ? engine_result(env, self, code) : NULL;
}

/* shardReconnect(owner) */
static napi_value shard_reconnect(napi_env env, napi_callback_info info)
{
    napi_value owner;
    engine *self = engine_enter(env, info, &kind, 1, &owner);
    if (!self)
        return NULL;
    engine_soon(self);
    return engine_result(env, self, spectacles_shard_reconnect(self->shard, engine_now(self)));
}

/* shardNetworkChanged(owner) */
static napi_value shard_network_changed(napi_env env, napi_callback_info info)
{
    napi_value owner;
    engine *self = engine_enter(env, info, &kind, 1, &owner);
    if (self) {
        spectacles_shard_network_changed(self->shard, engine_now(self));
        engine_soon(self);
    }
    return NULL;
}

/* shardClose(owner, code) */
static napi_value shard_close(napi_env env, napi_callback_info info)
{
    uint32_t code = 0;
    napi_value arguments[2];
    engine *self = engine_enter(env, info, &kind, 2, arguments);
    if (!self)
        return NULL;
    napi_get_value_uint32(env, arguments[1], &code);
    engine_soon(self);
    return engine_result(env, self, spectacles_shard_close(self->shard, code, engine_now(self)));
}

/* ---- Looking ---- */

/* shardState(owner) */
static napi_value shard_state(napi_env env, napi_callback_info info)
{
    napi_value owner;
    engine *self = engine_enter(env, info, &kind, 1, &owner);
    return self ? new_text(env, spectacles_shard_state_name(spectacles_shard_state(self->shard))) : NULL;
}

#define STAT(field) COUNTER(spectacles_shard_stats, field)

/* shardStats(owner) */
static napi_value shard_stats(napi_env env, napi_callback_info info)
{
    static const counter counters[] = {STAT(bytes_received),
                                       STAT(bytes_sent),
                                       STAT(payloads_received),
                                       STAT(payloads_sent),
                                       STAT(payloads_unknown),
                                       STAT(dispatches),
                                       STAT(connects),
                                       STAT(identifies),
                                       STAT(resumes),
                                       STAT(latency),
                                       STAT(bytes_compressed),
                                       STAT(bytes_inflated),
                                       STAT(reconnects),
                                       STAT(heartbeats_late),
                                       STAT(messages_plain),
                                       STAT(received),
                                       STAT(committed),
                                       COUNTERS(spectacles_shard_stats, received_by_op),
                                       COUNTERS(spectacles_shard_stats, sent_by_op)};
    napi_value owner;
    spectacles_shard_stats stats;
    engine *self = engine_enter(env, info, &kind, 1, &owner);
    if (!self)
        return NULL;
    spectacles_shard_stats_init(&stats, sizeof stats);
    spectacles_shard_get_stats(self->shard, &stats);
    return new_counters(env, &stats, counters, sizeof counters / sizeof *counters);
}

/* shardEventTypeName(type) */
static napi_value shard_event_type_name(napi_env env, napi_callback_info info)
{
    uint32_t type = 0;
    size_t count = 1;
    napi_value argument;
    napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
    napi_get_value_uint32(env, argument, &type);
    return new_text(env, spectacles_shard_event_type_name(type));
}

void export_shard(napi_env env, napi_value exports)
{
    static const method methods[] = {{"shardOpen", shard_open},
                                     {"shardSend", shard_send},
                                     {"shardRequestMembers", shard_request_members},
                                     {"shardVoiceState", shard_voice_state},
                                     {"shardSetPresence", shard_set_presence},
                                     {"shardBudget", shard_budget},
                                     {"shardIdentify", shard_identify},
                                     {"shardCommit", shard_commit},
                                     {"shardSession", shard_session},
                                     {"shardSetToken", shard_set_token},
                                     {"shardReconnect", shard_reconnect},
                                     {"shardNetworkChanged", shard_network_changed},
                                     {"shardClose", shard_close},
                                     {"shardState", shard_state},
                                     {"shardStats", shard_stats},
                                     {"shardEventTypeName", shard_event_type_name}};
    export(env, exports, methods, sizeof methods / sizeof *methods);
}
