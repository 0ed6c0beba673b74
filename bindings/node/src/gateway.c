/* The functions for a gateway: lib/gateway.js calls them. Those that only look are in gateway_looks.c. */
#include "gateway.h"
#include "broker.h"
#include "link.h"
#include "shard.h"

/* ---- Settings ---- */

/* Everything that a gateway is made of, until it is made. */
typedef struct parts {
    spectacles_gateway_config config;
    spectacles_shard_config shard;
    spectacles_relay_config relay;
    spectacles_broker_config broker;
    spectacles_link_config link, broker_link;
    spectacles_poller_config poller;
    spectacles_state *state;
} parts;

static void relay_of(given *from, spectacles_relay_config *relay)
{
    spectacles_relay_config_init(relay, sizeof *relay);
    relay->allow = given_texts(from, "events", &relay->allow_count);
    relay->allow_all = given_bool(from, "allEvents");
    relay->max_concurrency = given_u32(from, "maxConcurrency", relay->max_concurrency);
    relay->format = given_u32(from, "bodies", relay->format);
    relay->unroutable_hold = given_u32(from, "unroutableHold", relay->unroutable_hold);
    relay->drain_timeout = given_u32(from, "drainTimeout", relay->drain_timeout);
    relay->unix_offset = spectacles_unix_time() - spectacles_now();
    relay->flags = SPECTACLES_RELAY_BROKERS_FIRST;
}

/* What a former process has stored, or empty. */
static int state_of(given *from, const spectacles_shard_config *shard, spectacles_state **out,
                    spectacles_problem *problem)
{
    spectacles_state_config config;
    text stored = given_bytes(from, "state");
    if (from->is_wrong)
        return 0;
    spectacles_state_config_init(&config, sizeof config);
    config.shard_count = shard->shard_count;
    config.intents = shard->intents;
    config.token = shard->token;
    int code = spectacles_state_new(out, &config, problem);
    if (code == 0 && stored.bytes)
        code = spectacles_state_read(*out, (const uint8_t *)stored.bytes, stored.length,
                                     spectacles_unix_time(), problem);
    return code < 0 ? code : 0;
}

static void parts_of(given *from, engine *self, parts *made)
{
    spectacles_gateway_config *config = &made->config;
    spectacles_gateway_config_init(config, sizeof *config);
    spectacles_poller_config_init(&made->poller, sizeof made->poller);
    shard_config(from, &made->shard);
    relay_of(from, &made->relay);
    link_config(from, "proxy", &made->link, &self->tls);
    link_config(from, "brokerProxy", &made->broker_link, &self->tls);
    made->poller.latency_budget = given_u32(from, "latencyBudget", 0);
    config->flags = SPECTACLES_GATEWAY_RESOLVES;
    config->shard = &made->shard;
    config->shard_ids = given_ids(from, "shardIds", &config->shard_id_count);
    config->relay = &made->relay;
    config->link = &made->link;
    config->broker_link = &made->broker_link;
    config->poller = &made->poller;
    broker_config(from, &made->broker);
    if (made->broker.url_count > 0)
        config->broker = &made->broker;
}

static bool make(given *from, engine *self)
{
    parts made = {.state = NULL};
    spectacles_problem problem;
    parts_of(from, self, &made);
    int code = from->is_wrong ? 0 : state_of(from, &made.shard, &made.state, &problem);
    if (code == 0 && !from->is_wrong) {
        made.config.state = made.state;
        code = spectacles_gateway_new(&self->gateway, &made.config, &problem);
    }
    spectacles_state_free(made.state);
    if (code < 0)
        fail_problem(from->env, code, &problem);
    if (self->gateway)
        self->poller = spectacles_gateway_poller(self->gateway);
    return self->gateway != NULL;
}

/* ---- The engine ---- */

static size_t length_of(const spectacles_relay_event *event, size_t line)
{
    return event->name_length + event->text_length + event->session_id_length + event->old_session_id_length +
           event->body_length + event->message_id_length + line;
}

/* A session and a message-id never come together: both are the id. */
static void put(napi_env env, batch *to, const spectacles_relay_event *event, uint64_t now)
{
    char line[SPECTACLES_RELAY_LINE_SIZE];
    size_t length = 0;
    if (event->type != SPECTACLES_RELAY_EVENT_MESSAGE)
        length = spectacles_relay_event_describe(line, sizeof line, event, now);
    uint32_t *record = batch_add(env, to, length_of(event, length));
    record[FIELD_TYPE] = event->type;
    record[FIELD_ID] = event->shard_id;
    record[FIELD_CODE] = event->code;
    record[FIELD_ERROR] = (uint32_t)event->error;
    record[FIELD_FORMAT] = event->format;
    record[FIELD_EXTRA] = event->op ? event->op : event->broker;
    batch_put_number(record, FIELD_NUMBER, event->seq);
    batch_put_number(record, FIELD_TICKET, event->ticket);
    batch_put_name(to, record, event->name, event->name_length);
    batch_put(to, record, SPAN_DATA, event->body, event->body_length);
    batch_put(to, record, SPAN_TEXT, event->text, event->text_length);
    if (event->message_id)
        batch_put(to, record, SPAN_ID, event->message_id, event->message_id_length);
    else
        batch_put(to, record, SPAN_ID, event->session_id, event->session_id_length);
    batch_put(to, record, SPAN_OTHER, event->old_session_id, event->old_session_id_length);
    if (length > 0)
        batch_put(to, record, SPAN_LINE, line, length);
}

static void fill(napi_env env, engine *self)
{
    const spectacles_relay_event *event = NULL;
    while (!self->batch.is_full && (event = spectacles_gateway_next_event(self->gateway, self->now)))
        put(env, &self->batch, event, self->now);
    self->is_pulled = !event;
}

static bool is_over(const engine *self)
{
    return spectacles_gateway_stopped(self->gateway);
}

static void free_gateway(engine *self)
{
    spectacles_gateway_free(self->gateway);
}

static const char *last_error(const engine *self)
{
    return spectacles_gateway_last_error(self->gateway);
}

const engine_kind gateway_kind = {"gateway", false, fill, is_over, free_gateway, last_error};

/* gatewayOpen(owner, options) gives [records, buffers]. */
static napi_value gateway_open(napi_env env, napi_callback_info info)
{
    return engine_open(env, info, &gateway_kind, make);
}

/* ---- Messages and packets ---- */

/* gatewayAcknowledge(owner, ticket) */
static napi_value gateway_acknowledge(napi_env env, napi_callback_info info)
{
    uint64_t ticket = 0;
    napi_value arguments[2];
    engine *self = engine_enter(env, info, &gateway_kind, 2, arguments);
    if (!self)
        return NULL;
    read_u64(env, arguments[1], &ticket);
    engine_soon(self);
    return engine_result(env, self, spectacles_gateway_acknowledge(self->gateway, ticket));
}

/* gatewaySend(owner, shard id, op, d) gives the ticket. */
static napi_value gateway_send(napi_env env, napi_callback_info info)
{
    uint32_t shard_id = 0, op = 0;
    uint64_t ticket = 0;
    napi_value arguments[4];
    engine *self = engine_enter(env, info, &gateway_kind, 4, arguments);
    text d = self ? scratch_text(env, self, arguments[3]) : (text){NULL, 0};
    if (!d.bytes)
        return NULL;
    napi_get_value_uint32(env, arguments[1], &shard_id);
    napi_get_value_uint32(env, arguments[2], &op);
    int code =
        spectacles_gateway_send(self->gateway, shard_id, op, (const uint8_t *)d.bytes, d.length, &ticket);
    engine_soon(self);
    return code < 0 ? engine_result(env, self, code) : new_number(env, ticket);
}

/* ---- Settings that change ---- */

/* gatewaySetPresence(owner, d, shard id or undefined) */
static napi_value gateway_set_presence(napi_env env, napi_callback_info info)
{
    uint32_t shard_id;
    napi_value arguments[3];
    engine *self = engine_enter(env, info, &gateway_kind, 3, arguments);
    text d = self ? scratch_text(env, self, arguments[1]) : (text){NULL, 0};
    if (!d.bytes)
        return NULL;
    engine_soon(self);
    const uint8_t *bytes = (const uint8_t *)d.bytes;
    if (napi_get_value_uint32(env, arguments[2], &shard_id) == napi_ok)
        return engine_result(env, self,
                             spectacles_gateway_set_shard_presence(self->gateway, shard_id, bytes, d.length));
    return engine_result(env, self, spectacles_gateway_set_presence(self->gateway, bytes, d.length));
}

/* Each of these options that is there. */
static int change(given *from, engine *self)
{
    size_t count;
    int code = 0;
    napi_value value;
    const char *token = given_text(from, "token");
    const char *const *urls = given_texts(from, "urls", &count);
    if (!from->is_wrong && token)
        code = spectacles_gateway_set_token(self->gateway, token);
    if (!from->is_wrong && code == 0 && urls)
        code = spectacles_gateway_set_broker_urls(self->gateway, urls, count, engine_now(self));
    if (code == 0 && given_has(from, "latencyBudget", &value)) {
        uint32_t budget = given_u32(from, "latencyBudget", 0);
        code = from->is_wrong ? 0 : spectacles_gateway_set_latency_budget(self->gateway, budget);
    }
    if (code == 0 && given_has(from, "events", &value)) {
        const char *const *events = given_texts(from, "events", &count);
        bool all = given_bool(from, "allEvents");
        code = from->is_wrong ? 0 : spectacles_gateway_set_allow(self->gateway, events, count, all);
    }
    return code;
}

/* gatewayChange(owner, {token, urls, latencyBudget, events, allEvents}) */
static napi_value gateway_change(napi_env env, napi_callback_info info)
{
    napi_value arguments[2];
    engine *self = engine_enter(env, info, &gateway_kind, 2, arguments);
    if (!self)
        return NULL;
    given options = {env, arguments[1], NULL, false};
    int code = change(&options, self);
    given_free(&options);
    engine_soon(self);
    return options.is_wrong ? NULL : engine_result(env, self, code);
}

/* gatewaySetLimits(owner, {status, retryAfter, body}) gives "FINE", "AGAIN" or "TOKEN". */
static napi_value gateway_set_limits(napi_env env, napi_callback_info info)
{
    napi_value arguments[2];
    spectacles_gateway_bot answer;
    engine *self = engine_enter(env, info, &gateway_kind, 2, arguments);
    if (!self)
        return NULL;
    given options = {env, arguments[1], NULL, false};
    text retry_after = given_bytes(&options, "retryAfter"), body = given_bytes(&options, "body");
    uint32_t status = given_u32(&options, "status", 0);
    spectacles_gateway_bot_init(&answer, sizeof answer);
    if (!options.is_wrong)
        spectacles_gateway_bot_read(&answer, status, retry_after.bytes, retry_after.length,
                                    (const uint8_t *)body.bytes, body.length);
    given_free(&options);
    int code = 0;
    if (!options.is_wrong && answer.verdict == SPECTACLES_GATEWAY_BOT_FINE)
        code = spectacles_gateway_set_limits(self->gateway, &answer, engine_now(self));
    engine_soon(self);
    if (code < 0)
        return engine_result(env, self, code);
    return options.is_wrong ? NULL : new_text(env, spectacles_gateway_bot_verdict_name(answer.verdict));
}

/* gatewayNetworkChanged(owner) */
static napi_value gateway_network_changed(napi_env env, napi_callback_info info)
{
    napi_value owner;
    engine *self = engine_enter(env, info, &gateway_kind, 1, &owner);
    if (self) {
        spectacles_gateway_network_changed(self->gateway, engine_now(self));
        engine_soon(self);
    }
    return NULL;
}

/* ---- Shards that come and go ---- */

/* gatewayAddShard(owner, {shardId, session}) */
static napi_value gateway_add_shard(napi_env env, napi_callback_info info)
{
    napi_value arguments[2];
    spectacles_problem problem;
    engine *self = engine_enter(env, info, &gateway_kind, 2, arguments);
    if (!self)
        return NULL;
    given options = {env, arguments[1], NULL, false};
    uint32_t shard_id = given_u32(&options, "shardId", 0);
    const spectacles_session *session = given_session(&options, "session");
    int code = options.is_wrong
                   ? 0
                   : spectacles_gateway_add_shard(self->gateway, shard_id, session, NULL, 0, &problem);
    given_free(&options);
    engine_soon(self);
    return code < 0 ? fail_problem(env, code, &problem) : NULL;
}

/* gatewayRemoveShard(owner, shard id, code) */
static napi_value gateway_remove_shard(napi_env env, napi_callback_info info)
{
    uint32_t shard_id = 0, code = 0;
    napi_value arguments[3];
    engine *self = engine_enter(env, info, &gateway_kind, 3, arguments);
    if (!self)
        return NULL;
    napi_get_value_uint32(env, arguments[1], &shard_id);
    napi_get_value_uint32(env, arguments[2], &code);
    engine_soon(self);
    return engine_result(env, self,
                         spectacles_gateway_remove_shard(self->gateway, shard_id, code, engine_now(self)));
}

/* gatewayDropShard(owner, shard id) */
static napi_value gateway_drop_shard(napi_env env, napi_callback_info info)
{
    uint32_t shard_id = 0;
    napi_value arguments[2];
    engine *self = engine_enter(env, info, &gateway_kind, 2, arguments);
    if (!self)
        return NULL;
    napi_get_value_uint32(env, arguments[1], &shard_id);
    engine_soon(self);
    return engine_result(env, self, spectacles_gateway_drop_shard(self->gateway, shard_id));
}

/* ---- The end ---- */

/* gatewayStop(owner, code) */
static napi_value gateway_stop(napi_env env, napi_callback_info info)
{
    uint32_t code = 0;
    napi_value arguments[2];
    engine *self = engine_enter(env, info, &gateway_kind, 2, arguments);
    if (!self)
        return NULL;
    napi_get_value_uint32(env, arguments[1], &code);
    engine_soon(self);
    return engine_result(env, self, spectacles_gateway_stop(self->gateway, code, engine_now(self)));
}

/* gatewayStopped(owner) */
static napi_value gateway_stopped(napi_env env, napi_callback_info info)
{
    napi_value owner;
    engine *self = engine_enter(env, info, &gateway_kind, 1, &owner);
    return self ? new_bool(env, spectacles_gateway_stopped(self->gateway)) : NULL;
}

void export_gateway(napi_env env, napi_value exports)
{
    static const method methods[] = {{"gatewayOpen", gateway_open},
                                     {"gatewayAcknowledge", gateway_acknowledge},
                                     {"gatewaySend", gateway_send},
                                     {"gatewaySetPresence", gateway_set_presence},
                                     {"gatewayChange", gateway_change},
                                     {"gatewaySetLimits", gateway_set_limits},
                                     {"gatewayNetworkChanged", gateway_network_changed},
                                     {"gatewayAddShard", gateway_add_shard},
                                     {"gatewayRemoveShard", gateway_remove_shard},
                                     {"gatewayDropShard", gateway_drop_shard},
                                     {"gatewayStop", gateway_stop},
                                     {"gatewayStopped", gateway_stopped}};
    export(env, exports, methods, sizeof methods / sizeof *methods);
}
