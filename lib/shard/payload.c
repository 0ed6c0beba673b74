/* Composes the payloads of a shard as JSON. Called by send.c and packets.c. */
#include "shard/payload.h"

#include "codec/json.h"

#include <string.h>

#if defined(__linux__)
#define OPERATING_SYSTEM "linux"
#elif defined(__APPLE__)
#define OPERATING_SYSTEM "darwin"
#else
#define OPERATING_SYSTEM "bsd"
#endif

static int finish(sp_buffer *out, size_t before)
{
    if (!sp_buffer_failed(out))
        return SPECTACLES_OK;
    sp_buffer_truncate(out, before);
    out->failed = false;
    return SPECTACLES_E_NOMEM;
}

static void write_number(sp_buffer *out, const char *before, uint64_t number)
{
    sp_buffer_text(out, before);
    sp_buffer_decimal(out, number);
}

static void write_text(sp_buffer *out, const char *before, const char *text)
{
    sp_buffer_text(out, before);
    sp_json_write_text(out, text, strlen(text));
}

int sp_payload_identify(sp_buffer *out, const sp_identify *identify)
{
    size_t start = sp_buffer_length(out);
    write_text(out, "{\"op\":2,\"d\":{\"token\":", identify->token);
    write_number(out, ",\"intents\":", identify->intents);
    sp_buffer_text(out, ",\"properties\":{\"os\":\"" OPERATING_SYSTEM
                        "\",\"browser\":\"libspectacles\",\"device\":\"libspectacles\"}");
    write_number(out, ",\"large_threshold\":", identify->large_threshold);
    write_number(out, ",\"shard\":[", identify->shard_id);
    write_number(out, ",", identify->shard_count);
    sp_buffer_text(out, "]");
    if (identify->compress)
        sp_buffer_text(out, ",\"compress\":true");
    if (identify->capabilities)
        write_number(out, ",\"capabilities\":", identify->capabilities);
    if (identify->presence) {
        sp_buffer_text(out, ",\"presence\":");
        sp_buffer_text(out, identify->presence);
    }
    sp_buffer_text(out, "}}");
    return finish(out, start);
}

int sp_payload_resume(sp_buffer *out, const char *token, const char *session_id, uint64_t seq)
{
    size_t start = sp_buffer_length(out);
    write_text(out, "{\"op\":6,\"d\":{\"token\":", token);
    write_text(out, ",\"session_id\":", session_id);
    write_number(out, ",\"seq\":", seq);
    sp_buffer_text(out, "}}");
    return finish(out, start);
}

int sp_payload_heartbeat(sp_buffer *out, uint64_t seq)
{
    size_t start = sp_buffer_length(out);
    sp_buffer_text(out, "{\"op\":1,\"d\":");
    if (seq > 0)
        sp_buffer_decimal(out, seq);
    else
        sp_buffer_text(out, "null");
    sp_buffer_text(out, "}");
    return finish(out, start);
}

int sp_payload_packet(sp_buffer *out, uint32_t op, sp_slice d)
{
    size_t start = sp_buffer_length(out);
    write_number(out, "{\"op\":", op);
    sp_buffer_text(out, ",\"d\":");
    sp_buffer_append(out, d.bytes, d.length);
    sp_buffer_text(out, "}");
    return finish(out, start);
}
