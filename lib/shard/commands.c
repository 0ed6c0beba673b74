/* Composes the commands of a bot (Discord: "Gateway Events: Send Events") from typed arguments. Called by owners. */
#include "codec/json.h"
#include "codec/transcode.h"
#include "core/config.h"
#include "core/export.h"
#include "shard/events.h"

#include <spectacles/routing.h>
#include <string.h>

enum {
    OP_PRESENCE = 3,
    OP_VOICE_STATE = 4,
    OP_REQUEST_MEMBERS = 8,
    OP_REQUEST_SOUNDS = 31,
    OP_REQUEST_CHANNEL_INFO = 43,
    NONCE_MAX = 32
};

/* ---- Composing ---- */

static bool has_zero(const uint64_t *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == 0)
            return true;
    }
    return false;
}

static void put_text(sp_buffer *out, const char *before, const char *text)
{
    sp_buffer_text(out, before);
    sp_json_write_text(out, text, strlen(text));
}

/* Ids are strings in JSON, because JavaScript rounds large numbers. */
static void put_id(sp_buffer *out, const char *before, uint64_t id)
{
    sp_buffer_text(out, before);
    sp_buffer_u8(out, '"');
    sp_buffer_decimal(out, id);
    sp_buffer_u8(out, '"');
}

static void put_bool(sp_buffer *out, const char *before, uint32_t truth)
{
    sp_buffer_text(out, before);
    sp_buffer_text(out, truth ? "true" : "false");
}

static void put_ids(sp_buffer *out, const char *before, const uint64_t *ids, size_t count)
{
    sp_buffer_text(out, before);
    for (size_t i = 0; i < count; i++)
        put_id(out, i ? "," : "", ids[i]);
    sp_buffer_u8(out, ']');
}

static int send_composed(spectacles_shard *shard, uint32_t op, sp_buffer *d, uint64_t now, uint64_t *ticket)
{
    sp_slice slice = sp_buffer_slice(d);
    int error = sp_buffer_failed(d)
                    ? sp_shard_fail(shard, SPECTACLES_E_NOMEM, "out of memory")
                    : spectacles_shard_send(shard, op, slice.bytes, slice.length, now, ticket);
    sp_buffer_free(d);
    return error;
}

/* Writes to the bytes of an owner what was composed, unless that failed. */
static int write_composed(spectacles_bytes *out, sp_buffer *d, int error, spectacles_problem *problem)
{
    sp_slice slice = sp_buffer_slice(d);
    sp_buffer_clear(&out->content);
    if (error == SPECTACLES_OK && sp_buffer_append(&out->content, slice.bytes, slice.length) != SPECTACLES_OK)
        error = sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    sp_buffer_free(d);
    return sp_bytes_end(out, error, problem);
}

/* ---- Presence ---- */

/* Checks a text by itself, so that it cannot change the meaning of the payload that it becomes part of. */
static bool is_json(const char *text)
{
    sp_slice value;
    return sp_json_check((sp_slice){(const uint8_t *)text, strlen(text)}, &value, NULL) == SPECTACLES_OK;
}

static void put_presence(sp_buffer *d, const spectacles_presence *presence)
{
    sp_buffer_text(d, "{\"since\":");
    if (presence->since)
        sp_buffer_decimal(d, presence->since);
    else
        sp_buffer_text(d, "null");
    sp_buffer_text(d, ",\"activities\":");
    sp_buffer_text(d, presence->activities ? presence->activities : "[]");
    put_text(d, ",\"status\":", presence->status);
    put_bool(d, ",\"afk\":", presence->afk);
    sp_buffer_u8(d, '}');
}

SPECTACLES_EXPORT void spectacles_presence_init(spectacles_presence *presence, size_t size)
{
    const spectacles_presence empty = {0};
    sp_config_write(presence, size, &empty, sizeof empty);
}

static int compose_presence(sp_buffer *d, const spectacles_presence *presence, spectacles_problem *problem)
{
    spectacles_presence read = {0};
    if (sp_config_read(&read, sizeof read, presence) != SPECTACLES_OK || !read.status)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "a presence has a size and a status");
    if (read.activities && !is_json(read.activities))
        return sp_refuse(problem, SPECTACLES_E_INVAL, "activities is not a JSON array");
    put_presence(d, &read);
    sp_slice text = sp_buffer_slice(d);
    if (sp_buffer_failed(d))
        return sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    int error = spectacles_presence_check(text.bytes, text.length, problem);
    return error == SPECTACLES_E_NOMEM ? error : error != SPECTACLES_OK ? SPECTACLES_E_INVAL : SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_presence_write(spectacles_bytes *out, const spectacles_presence *presence,
                                                spectacles_problem *problem)
{
    sp_buffer d = {0};
    int error = compose_presence(&d, presence, problem);
    return write_composed(out, &d, error, problem);
}

SPECTACLES_EXPORT int spectacles_shard_send_presence(spectacles_shard *shard,
                                                     const spectacles_presence *presence, uint64_t now,
                                                     uint64_t *ticket)
{
    spectacles_problem problem = {0};
    sp_buffer d = {0};
    int error = compose_presence(&d, presence, &problem);
    if (error == SPECTACLES_OK)
        return send_composed(shard, OP_PRESENCE, &d, now, ticket);
    sp_buffer_free(&d);
    return sp_shard_fail(shard, error, problem.text);
}

/* ---- Voice ---- */

SPECTACLES_EXPORT int spectacles_shard_send_voice_state(spectacles_shard *shard, uint64_t guild_id,
                                                        uint64_t channel_id, uint32_t flags, uint64_t now,
                                                        uint64_t *ticket)
{
    sp_buffer d = {0};
    if (guild_id == 0 || flags & ~(uint32_t)(SPECTACLES_VOICE_SELF_MUTE | SPECTACLES_VOICE_SELF_DEAF))
        return sp_shard_fail(shard, SPECTACLES_E_INVAL, "a voice state has a guild_id and only known flags");
    put_id(&d, "{\"guild_id\":", guild_id);
    if (channel_id)
        put_id(&d, ",\"channel_id\":", channel_id);
    else
        sp_buffer_text(&d, ",\"channel_id\":null");
    put_bool(&d, ",\"self_mute\":", flags & SPECTACLES_VOICE_SELF_MUTE);
    put_bool(&d, ",\"self_deaf\":", flags & SPECTACLES_VOICE_SELF_DEAF);
    sp_buffer_u8(&d, '}');
    return send_composed(shard, OP_VOICE_STATE, &d, now, ticket);
}

/* ---- Members ---- */

SPECTACLES_EXPORT void spectacles_members_request_init(spectacles_members_request *request, size_t size)
{
    const spectacles_members_request empty = {0};
    sp_config_write(request, size, &empty, sizeof empty);
}

static const char *members_mistake(const spectacles_members_request *request)
{
    if (request->guild_id == 0)
        return "a request for members has a guild_id";
    if ((request->query == NULL) == (request->user_id_count == 0))
        return "a request for members has either a query or user_ids";
    if (request->user_id_count > SPECTACLES_MEMBERS_USERS_MAX)
        return "a request for members names at most 100 users";
    if (request->user_id_count > 0 &&
        (!request->user_ids || has_zero(request->user_ids, request->user_id_count)))
        return "a user id of a request for members is 0";
    if (request->nonce && strlen(request->nonce) > NONCE_MAX)
        return "a nonce has at most 32 bytes: Discord ignores longer ones";
    return NULL;
}

static void put_members(sp_buffer *d, const spectacles_members_request *request)
{
    put_id(d, "{\"guild_id\":", request->guild_id);
    if (request->query) {
        put_text(d, ",\"query\":", request->query);
        sp_buffer_text(d, ",\"limit\":");
        sp_buffer_decimal(d, request->limit);
    } else {
        put_ids(d, ",\"user_ids\":[", request->user_ids, request->user_id_count);
    }
    put_bool(d, ",\"presences\":", request->presences);
    if (request->nonce)
        put_text(d, ",\"nonce\":", request->nonce);
    sp_buffer_u8(d, '}');
}

static int compose_members(sp_buffer *d, const spectacles_members_request *request,
                           spectacles_problem *problem)
{
    spectacles_members_request read = {0};
    if (sp_config_read(&read, sizeof read, request) != SPECTACLES_OK)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "the request's size is none that this version knows");
    const char *mistake = members_mistake(&read);
    if (mistake)
        return sp_refuse(problem, SPECTACLES_E_INVAL, mistake);
    put_members(d, &read);
    return sp_buffer_failed(d) ? sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory") : SPECTACLES_OK;
}

SPECTACLES_EXPORT int spectacles_members_request_write(spectacles_bytes *out,
                                                       const spectacles_members_request *request,
                                                       spectacles_problem *problem)
{
    sp_buffer d = {0};
    int error = compose_members(&d, request, problem);
    return write_composed(out, &d, error, problem);
}

SPECTACLES_EXPORT int spectacles_shard_request_members(spectacles_shard *shard,
                                                       const spectacles_members_request *request,
                                                       uint64_t now, uint64_t *ticket)
{
    spectacles_problem problem = {0};
    sp_buffer d = {0};
    int error = compose_members(&d, request, &problem);
    if (error == SPECTACLES_OK)
        return send_composed(shard, OP_REQUEST_MEMBERS, &d, now, ticket);
    sp_buffer_free(&d);
    return sp_shard_fail(shard, error, problem.text);
}

/* ---- Sounds, channels ---- */

SPECTACLES_EXPORT int spectacles_shard_request_sounds(spectacles_shard *shard, const uint64_t *guild_ids,
                                                      size_t count, uint64_t now, uint64_t *ticket)
{
    sp_buffer d = {0};
    if (count == 0 || !guild_ids)
        return sp_shard_fail(shard, SPECTACLES_E_INVAL, "a request for sounds names at least one guild");
    if (count > SPECTACLES_PACKET_MAX)
        return sp_shard_fail(shard, SPECTACLES_E_TOOBIG, "the packet is over 4096 bytes");
    if (has_zero(guild_ids, count))
        return sp_shard_fail(shard, SPECTACLES_E_INVAL, "a guild id of a request for sounds is 0");
    put_ids(&d, "{\"guild_ids\":[", guild_ids, count);
    sp_buffer_u8(&d, '}');
    return send_composed(shard, OP_REQUEST_SOUNDS, &d, now, ticket);
}

static bool has_null(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!texts || !texts[i])
            return true;
    }
    return false;
}

SPECTACLES_EXPORT int spectacles_shard_request_channel_info(spectacles_shard *shard, uint64_t guild_id,
                                                            const char *const *fields, size_t count,
                                                            uint64_t now, uint64_t *ticket)
{
    sp_buffer d = {0};
    if (guild_id == 0 || has_null(fields, count))
        return sp_shard_fail(shard, SPECTACLES_E_INVAL,
                             "a request for channel info has a guild_id, and names for fields");
    if (count > SPECTACLES_PACKET_MAX)
        return sp_shard_fail(shard, SPECTACLES_E_TOOBIG, "the packet is over 4096 bytes");
    put_id(&d, "{\"guild_id\":", guild_id);
    sp_buffer_text(&d, ",\"fields\":[");
    for (size_t i = 0; i < count; i++)
        put_text(&d, i ? "," : "", fields[i]);
    sp_buffer_text(&d, "]}");
    return send_composed(shard, OP_REQUEST_CHANNEL_INFO, &d, now, ticket);
}
