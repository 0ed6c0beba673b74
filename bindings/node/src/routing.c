/* Functions without a handle: routing, formats, intents, and what the library says of itself. */
#include "values.h"

#include <stdlib.h>
#include <string.h>

static napi_value argument_of(napi_env env, napi_callback_info info)
{
    size_t count = 1;
    napi_value argument;
    napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
    return argument;
}

/* routeShard(guild id as a bigint, shard count) */
static napi_value route_shard(napi_env env, napi_callback_info info)
{
    size_t count = 2;
    uint64_t guild;
    uint32_t shards = 0;
    napi_value arguments[2];
    napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
    napi_get_value_uint32(env, arguments[1], &shards);
    if (!read_u64(env, arguments[0], &guild))
        return fail(env, SPECTACLES_E_INVAL, "the guild id is no number");
    return new_number(env, spectacles_route_shard(guild, shards));
}

/* sendKey() */
static napi_value send_key(napi_env env, napi_callback_info info)
{
    (void)info;
    return new_text(env, spectacles_route_send_key());
}

/* gapKey() */
static napi_value gap_key(napi_env env, napi_callback_info info)
{
    (void)info;
    return new_text(env, spectacles_route_gap_key());
}

/* sendBuild({guildId, packet}) gives the body of a SEND. */
static napi_value send_build(napi_env env, napi_callback_info info)
{
    napi_value made = NULL;
    spectacles_problem problem;
    given options = {env, argument_of(env, info), NULL, false};
    uint64_t guild = given_u64(&options, "guildId", 0);
    text packet = given_bytes(&options, "packet");
    size_t room = packet.length + 48;
    uint8_t *out = options.is_wrong ? NULL : given_take(&options, room);
    if (out) {
        int length =
            spectacles_send_build(out, room, guild, (const uint8_t *)packet.bytes, packet.length, &problem);
        made = length < 0 ? fail_problem(env, length, &problem) : new_bytes(env, out, (size_t)length);
    }
    given_free(&options);
    return made;
}

/* transcode({format, bytes}) gives JSON. */
static napi_value transcode(napi_env env, napi_callback_info info)
{
    spectacles_problem problem;
    spectacles_bytes *out;
    napi_value made = NULL;
    given options = {env, argument_of(env, info), NULL, false};
    uint32_t format = given_u32(&options, "format", 0);
    text bytes = given_bytes(&options, "bytes");
    if (options.is_wrong)
        return NULL;
    if (spectacles_bytes_new(&out) < 0)
        return fail(env, SPECTACLES_E_NOMEM, NULL);
    int code = spectacles_transcode(out, SPECTACLES_FORMAT_JSON, format, SPECTACLES_REPLACE_SURROGATES,
                                    (const uint8_t *)bytes.bytes, bytes.length, &problem);
    if (code < 0)
        fail_problem(env, code, &problem);
    else
        napi_create_string_utf8(env, (const char *)spectacles_bytes_data(out), spectacles_bytes_length(out),
                                &made);
    spectacles_bytes_free(out);
    given_free(&options);
    return made;
}

/* intentsForEvent(name) */
static napi_value intents_for_event(napi_env env, napi_callback_info info)
{
    given options = {env, NULL, NULL, false};
    const char *name = given_text_of(&options, "name", argument_of(env, info));
    napi_value made = name ? new_number(env, spectacles_intents_for_event(name, strlen(name))) : NULL;
    given_free(&options);
    return made;
}

/* intentsPrivileged(mask) */
static napi_value intents_privileged(napi_env env, napi_callback_info info)
{
    uint64_t intents = 0;
    read_u64(env, argument_of(env, info), &intents);
    return new_number(env, spectacles_intents_privileged(intents));
}

/* errorName(code) */
static napi_value error_name(napi_env env, napi_callback_info info)
{
    int32_t code = 0;
    napi_get_value_int32(env, argument_of(env, info), &code);
    return new_text(env, spectacles_error_name(code));
}

/* proxyFromEnvironment("wss" or "amqps"): the URL, or undefined. */
static napi_value proxy_from_environment(napi_env env, napi_callback_info info)
{
    given options = {env, NULL, NULL, false};
    const char *scheme = given_text_of(&options, "scheme", argument_of(env, info));
    const char *proxy = scheme ? spectacles_proxy_from_environment(scheme) : NULL;
    given_free(&options);
    return proxy ? new_text(env, proxy) : NULL;
}

/* about(): the version of the library, its TLS, and its features. */
static napi_value about(napi_env env, napi_callback_info info)
{
    static const char *const features[] = {"tls", "json", "etf", "msgpack", "zlib-stream", "zstd-stream"};
    napi_value made, list;
    uint32_t count = 0;
    (void)info;
    napi_create_object(env, &made);
    napi_create_array(env, &list);
    for (size_t i = 0; i < sizeof features / sizeof *features; i++)
        if (spectacles_feature_supported(features[i]))
            napi_set_element(env, list, count++, new_text(env, features[i]));
    napi_set_named_property(env, made, "version", new_number(env, spectacles_version()));
    napi_set_named_property(env, made, "tls", new_text(env, spectacles_tls_library()));
    napi_set_named_property(env, made, "features", list);
    return made;
}

void export_routing(napi_env env, napi_value exports)
{
    static const method methods[] = {{"routeShard", route_shard},
                                     {"sendKey", send_key},
                                     {"gapKey", gap_key},
                                     {"sendBuild", send_build},
                                     {"transcode", transcode},
                                     {"intentsForEvent", intents_for_event},
                                     {"intentsPrivileged", intents_privileged},
                                     {"errorName", error_name},
                                     {"proxyFromEnvironment", proxy_from_environment},
                                     {"about", about}};
    export(env, exports, methods, sizeof methods / sizeof *methods);
}
