/* State, sessions and counters of a gateway: lib/gateway.js calls them. */
#include "gateway.h"
#include "shard.h"

/* gatewayState(owner): the state as bytes, when it has changed since the last call; else undefined. */
static napi_value gateway_state(napi_env env, napi_callback_info info)
{
    napi_value owner, made = NULL;
    spectacles_bytes *bytes;
    engine *self = engine_enter(env, info, &gateway_kind, 1, &owner);
    int code = self ? spectacles_gateway_take_state(self->gateway, spectacles_unix_time()) : 0;
    if (code == 0)
        return NULL;
    if (code < 0 || (code = spectacles_bytes_new(&bytes)) < 0)
        return fail(env, code, NULL);
    if ((code = spectacles_gateway_write_state(self->gateway, bytes)) < 0)
        engine_result(env, self, code);
    else
        made = new_bytes(env, spectacles_bytes_data(bytes), spectacles_bytes_length(bytes));
    spectacles_bytes_free(bytes);
    return made;
}

/* gatewaySession(owner, shard id): the session, or undefined. */
static napi_value gateway_session(napi_env env, napi_callback_info info)
{
    uint32_t shard_id = 0;
    napi_value arguments[2];
    spectacles_session session;
    engine *self = engine_enter(env, info, &gateway_kind, 2, arguments);
    if (!self)
        return NULL;
    napi_get_value_uint32(env, arguments[1], &shard_id);
    spectacles_session_init(&session, sizeof session);
    return spectacles_gateway_session(self->gateway, shard_id, &session) == 0 ? new_session(env, &session)
                                                                              : NULL;
}

#define STAT(field) COUNTER(spectacles_gateway_stats, field)

/* gatewayStats(owner) */
static napi_value gateway_stats(napi_env env, napi_callback_info info)
{
    static const counter counters[] = {STAT(shards),
                                       STAT(ready),
                                       STAT(received),
                                       STAT(filtered),
                                       STAT(published),
                                       STAT(confirmed),
                                       STAT(unconfirmed),
                                       STAT(unroutable),
                                       STAT(surrogates_replaced),
                                       STAT(gaps_sessions),
                                       STAT(gaps_unknown),
                                       STAT(gaps_dispatches),
                                       STAT(commands),
                                       STAT(routed),
                                       STAT(sent),
                                       STAT(rejected),
                                       STAT(limited),
                                       STAT(identifies),
                                       STAT(identifies_total),
                                       STAT(identifies_left),
                                       STAT(connects),
                                       STAT(disconnects),
                                       STAT(resumes),
                                       STAT(resumed),
                                       STAT(heartbeats_late),
                                       STAT(window_full),
                                       STAT(full_time),
                                       STAT(blocked_time),
                                       STAT(bytes_received),
                                       STAT(bytes_sent),
                                       STAT(bytes_compressed),
                                       STAT(bytes_inflated),
                                       STAT(payloads_received),
                                       STAT(payloads_sent),
                                       STAT(broker_connects),
                                       STAT(republished),
                                       STAT(broker_bytes_received),
                                       STAT(broker_bytes_sent),
                                       STAT(copies),
                                       STAT(confirm_time),
                                       COUNTERS(spectacles_gateway_stats, confirm_latency)};
    napi_value owner;
    spectacles_gateway_stats stats;
    engine *self = engine_enter(env, info, &gateway_kind, 1, &owner);
    if (!self)
        return NULL;
    spectacles_gateway_stats_init(&stats, sizeof stats);
    spectacles_gateway_get_stats(self->gateway, &stats);
    return new_counters(env, &stats, counters, sizeof counters / sizeof *counters);
}

#undef STAT
#define STAT(field) COUNTER(spectacles_gateway_shard_stats, field)

/* gatewayShardStats(owner, shard id) */
static napi_value gateway_shard_stats(napi_env env, napi_callback_info info)
{
    static const counter counters[] = {STAT(state),          STAT(received),       STAT(committed),
                                       STAT(stored),         STAT(unconfirmed),    STAT(packets),
                                       STAT(gaps),           STAT(latency),        STAT(connects),
                                       STAT(identifies),     STAT(resumes),        STAT(heartbeats_late),
                                       STAT(bytes_received), STAT(bytes_inflated), STAT(payloads_received),
                                       STAT(payloads_sent),  STAT(service)};
    uint32_t shard_id = 0;
    napi_value arguments[2];
    spectacles_gateway_shard_stats stats;
    engine *self = engine_enter(env, info, &gateway_kind, 2, arguments);
    if (!self)
        return NULL;
    napi_get_value_uint32(env, arguments[1], &shard_id);
    spectacles_gateway_shard_stats_init(&stats, sizeof stats);
    int code = spectacles_gateway_get_shard_stats(self->gateway, shard_id, &stats);
    if (code < 0)
        return fail(env, code, "no shard with this id is served here");
    return new_counters(env, &stats, counters, sizeof counters / sizeof *counters);
}

/* gatewayEventCounts(owner): how often dispatches of each name were received. */
static napi_value gateway_event_counts(napi_env env, napi_callback_info info)
{
    napi_value owner, made;
    const char *name;
    uint64_t count;
    engine *self = engine_enter(env, info, &gateway_kind, 1, &owner);
    if (!self)
        return NULL;
    napi_create_object(env, &made);
    for (size_t i = 0; spectacles_gateway_event_count(self->gateway, i, &name, &count); i++)
        napi_set_named_property(env, made, name, new_number(env, count));
    return made;
}

/* gatewayCloseCounts(owner): how often connections of shards have ended with each code. */
static napi_value gateway_close_counts(napi_env env, napi_callback_info info)
{
    napi_value owner, made;
    uint32_t code;
    uint64_t count;
    engine *self = engine_enter(env, info, &gateway_kind, 1, &owner);
    if (!self)
        return NULL;
    napi_create_object(env, &made);
    for (size_t i = 0; spectacles_gateway_close_count(self->gateway, i, &code, &count); i++)
        napi_set_element(env, made, code, new_number(env, count));
    return made;
}

/* gatewayEventTypeName(type) */
static napi_value gateway_event_type_name(napi_env env, napi_callback_info info)
{
    uint32_t type = 0;
    size_t count = 1;
    napi_value argument;
    napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
    napi_get_value_uint32(env, argument, &type);
    return new_text(env, spectacles_relay_event_type_name(type));
}

void export_gateway_looks(napi_env env, napi_value exports)
{
    static const method methods[] = {{"gatewayState", gateway_state},
                                     {"gatewaySession", gateway_session},
                                     {"gatewayStats", gateway_stats},
                                     {"gatewayShardStats", gateway_shard_stats},
                                     {"gatewayEventCounts", gateway_event_counts},
                                     {"gatewayCloseCounts", gateway_close_counts},
                                     {"gatewayEventTypeName", gateway_event_type_name}};
    export(env, exports, methods, sizeof methods / sizeof *methods);
}
