/* The numbers of the headers, and of the records of a batch, for lib/: so they stand in one place. */
#include "batch.h"

typedef struct constant {
    const char *name;
    double value;
} constant;

typedef struct constant_group {
    const char *name;
    const constant *first;
    size_t count;
} constant_group;

static const constant fields[] = {
    {"TYPE", FIELD_TYPE},      {"ID", FIELD_ID},
    {"CODE", FIELD_CODE},      {"ERROR", FIELD_ERROR},
    {"FORMAT", FIELD_FORMAT},  {"FLAGS", FIELD_FLAGS},
    {"NUMBER", FIELD_NUMBER},  {"TICKET", FIELD_TICKET},
    {"EXTRA", FIELD_EXTRA},    {"NAME_NUMBER", FIELD_NAME},
    {"NAME", SPAN_NAME},       {"DATA", SPAN_DATA},
    {"TEXT", SPAN_TEXT},       {"TEXT_ID", SPAN_ID},
    {"OTHER", SPAN_OTHER},     {"LINE", SPAN_LINE},
    {"HEADERS", SPAN_HEADERS}, {"MARK", SPAN_MARK},
    {"LENGTH", RECORD_LENGTH}, {"ABSENT", ABSENT},
    {"OWN", FLAG_OWN},         {"REDELIVERED", FLAG_REDELIVERED},
    {"ENDED", FLAG_ENDED},
};

static const constant errors[] = {
    {"NOMEM", SPECTACLES_E_NOMEM}, {"INVAL", SPECTACLES_E_INVAL}, {"STATE", SPECTACLES_E_STATE},
    {"AGAIN", SPECTACLES_E_AGAIN}, {"AUTH", SPECTACLES_E_AUTH},
};

static const constant shard_events[] = {
    {"IDENTIFY", SPECTACLES_SHARD_EVENT_IDENTIFY},
    {"DISPATCH", SPECTACLES_SHARD_EVENT_DISPATCH},
    {"SENT", SPECTACLES_SHARD_EVENT_SENT},
    {"UNSENT", SPECTACLES_SHARD_EVENT_UNSENT},
    {"DISCONNECTED", SPECTACLES_SHARD_EVENT_DISCONNECTED},
    {"GAP", SPECTACLES_SHARD_EVENT_GAP},
    {"CLOSED", SPECTACLES_SHARD_EVENT_CLOSED},
    {"FATAL", SPECTACLES_SHARD_EVENT_FATAL},
    {"LATE", SPECTACLES_SHARD_EVENT_LATE},
    {"PLAIN", SPECTACLES_SHARD_EVENT_PLAIN},
};

static const constant broker_events[] = {
    {"READY", SPECTACLES_BROKER_EVENT_READY},
    {"MESSAGE", SPECTACLES_BROKER_EVENT_MESSAGE},
    {"CONFIRMED", SPECTACLES_BROKER_EVENT_CONFIRMED},
    {"RETURNED", SPECTACLES_BROKER_EVENT_RETURNED},
    {"FAILED", SPECTACLES_BROKER_EVENT_FAILED},
    {"SUBSCRIBED", SPECTACLES_BROKER_EVENT_SUBSCRIBED},
    {"UNSUBSCRIBED", SPECTACLES_BROKER_EVENT_UNSUBSCRIBED},
    {"BLOCKED", SPECTACLES_BROKER_EVENT_BLOCKED},
    {"REFUSED", SPECTACLES_BROKER_EVENT_REFUSED},
    {"DISCONNECTED", SPECTACLES_BROKER_EVENT_DISCONNECTED},
    {"CLOSED", SPECTACLES_BROKER_EVENT_CLOSED},
    {"REPLY", SPECTACLES_BROKER_EVENT_REPLY},
    {"CALL_FAILED", SPECTACLES_BROKER_EVENT_CALL_FAILED},
};

static const constant gateway_events[] = {
    {"MESSAGE", SPECTACLES_RELAY_EVENT_MESSAGE},
    {"FIRST_OF_BROKER", SPECTACLES_RELAY_EVENT_BROKER_CONNECTING},
    {"FIRST_OF_RELAY", SPECTACLES_RELAY_EVENT_COMMAND_ROUTED},
};

static const constant formats[] = {
    {"raw", SPECTACLES_FORMAT_RAW},
    {"json", SPECTACLES_FORMAT_JSON},
    {"etf", SPECTACLES_FORMAT_ETF},
    {"msgpack", SPECTACLES_FORMAT_MSGPACK},
    {"msgpack-json", SPECTACLES_FORMAT_MSGPACK_JSON},
};

static const constant compressions[] = {
    {"none", SPECTACLES_COMPRESSION_NONE},
    {"zlib-stream", SPECTACLES_COMPRESSION_ZLIB_STREAM},
    {"zstd-stream", SPECTACLES_COMPRESSION_ZSTD_STREAM},
    {"payload", SPECTACLES_COMPRESSION_PAYLOAD},
};

static const constant declares[] = {
    {"declare", SPECTACLES_DECLARE},
    {"passive", SPECTACLES_DECLARE_PASSIVE},
    {"nothing", SPECTACLES_DECLARE_NOTHING},
};

static const constant queue_types[] = {
    {"default", SPECTACLES_QUEUE_DEFAULT},
    {"classic", SPECTACLES_QUEUE_CLASSIC},
    {"quorum", SPECTACLES_QUEUE_QUORUM},
};

static const constant exchange_types[] = {
    {"direct", SPECTACLES_EXCHANGE_DIRECT},
    {"fanout", SPECTACLES_EXCHANGE_FANOUT},
};

static const constant headers[] = {
    {"NOTHING", SPECTACLES_HEADER_NOTHING}, {"BOOLEAN", SPECTACLES_HEADER_BOOLEAN},
    {"INTEGER", SPECTACLES_HEADER_INTEGER}, {"TEXT", SPECTACLES_HEADER_TEXT},
    {"BINARY", SPECTACLES_HEADER_BINARY},   {"TIMESTAMP", SPECTACLES_HEADER_TIMESTAMP},
    {"REAL", SPECTACLES_HEADER_REAL},       {"TABLE", SPECTACLES_HEADER_TABLE},
    {"ARRAY", SPECTACLES_HEADER_ARRAY},
};

#define GROUP(name, list)                                                                                    \
    {                                                                                                        \
        name, list, sizeof list / sizeof *list                                                               \
    }

static const constant_group groups[] = {
    GROUP("fields", fields),
    GROUP("errors", errors),
    GROUP("shardEvents", shard_events),
    GROUP("brokerEvents", broker_events),
    GROUP("gatewayEvents", gateway_events),
    GROUP("formats", formats),
    GROUP("compressions", compressions),
    GROUP("declares", declares),
    GROUP("queueTypes", queue_types),
    GROUP("exchangeTypes", exchange_types),
    GROUP("headers", headers),
};

static void set_number(napi_env env, napi_value object, const char *name, double number)
{
    napi_value value;
    napi_create_double(env, number, &value);
    napi_set_named_property(env, object, name, value);
}

/* Every intent that the library knows, with its name. */
static napi_value intents(napi_env env)
{
    napi_value made;
    napi_create_object(env, &made);
    for (int bit = 0; bit < 53; bit++) {
        const char *name = spectacles_intent_name(UINT64_C(1) << bit);
        if (name)
            set_number(env, made, name, (double)(UINT64_C(1) << bit));
    }
    return made;
}

void export_constants(napi_env env, napi_value exports)
{
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        napi_value group;
        napi_create_object(env, &group);
        for (size_t item = 0; item < groups[i].count; item++)
            set_number(env, group, groups[i].first[item].name, groups[i].first[item].value);
        napi_set_named_property(env, exports, groups[i].name, group);
    }
    napi_set_named_property(env, exports, "intents", intents(env));
}
