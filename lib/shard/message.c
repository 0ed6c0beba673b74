/*
 * Reads the payload of a WebSocket message: JSON or ETF, compressed or not. The format depends on what the URL and the
 * identify asked for, and on whether the gateway does what was asked. Called by receive.c for every message.
 */
#include "shard/message.h"

#include "codec/transcode.h"
#include "shard/connection.h"
#include "shard/events.h"

enum {
    KEPT_TERM = 4096,
    ETF_VERSION = 131 /* the first byte of every external term; no zlib and no zstd stream begins with it */
};

static bool has_stream(const spectacles_shard *shard)
{
    return shard->compression == SPECTACLES_COMPRESSION_ZLIB_STREAM ||
           shard->compression == SPECTACLES_COMPRESSION_ZSTD_STREAM;
}

/* Queues PLAIN, once for each connection. */
static void queue_plain(spectacles_shard *shard, const char *text)
{
    shard->stats.messages_plain++;
    if (shard->plain_queued)
        return;
    spectacles_shard_event *event = sp_shard_queue_event(shard, SPECTACLES_SHARD_EVENT_PLAIN);
    if (!event)
        return;
    event->text = text;
    shard->plain_queued = true;
}

/*
 * A text message is always JSON: servers and proxies that do not know `compress` or `encoding` ignore them. A gateway
 * whose HELLO is JSON is answered in JSON, because it may not understand anything else.
 */
static int read_text(spectacles_shard *shard)
{
    bool expected = shard->format == SPECTACLES_FORMAT_JSON && !has_stream(shard);
    shard->message_format = SPECTACLES_FORMAT_JSON;
    if (shard->state == SPECTACLES_SHARD_HELLO)
        shard->output_format = SPECTACLES_FORMAT_JSON;
    if (!expected)
        queue_plain(shard,
                    shard->format == SPECTACLES_FORMAT_ETF
                        ? "the gateway sends JSON as text, though ETF was asked for: it is taken as it is"
                        : "the gateway sends text without compression, though compression was asked for: it "
                          "is taken as it is");
    return 1;
}

/* Whether binary messages are ETF without compression. The first binary message decides. */
static bool is_bare_term(spectacles_shard *shard, sp_slice payload)
{
    bool begins = shard->binary_messages++ == 0;
    if (begins && shard->format == SPECTACLES_FORMAT_ETF && payload.length > 0 &&
        payload.bytes[0] == ETF_VERSION)
        shard->bare_terms = true;
    return shard->bare_terms;
}

static int inflate(spectacles_shard *shard, sp_slice *payload)
{
    shard->stats.bytes_compressed += payload->length;
    int got = sp_inflate_feed(&shard->inflate, *payload, payload);
    if (got == 1)
        shard->stats.bytes_inflated += payload->length;
    return got;
}

static int read_binary(spectacles_shard *shard, sp_slice *payload, uint32_t *close_code, const char **why)
{
    shard->message_format = shard->format;
    if (shard->compression == SPECTACLES_COMPRESSION_NONE) {
        *close_code = SP_CLOSE_CODE_UNSUPPORTED;
        *why = "the gateway sent a binary message, but JSON without compression was asked for";
        return shard->format == SPECTACLES_FORMAT_ETF ? 1 : SPECTACLES_E_PROTO;
    }
    if (has_stream(shard) && is_bare_term(shard, *payload)) {
        queue_plain(shard,
                    "the gateway sends ETF without compression, though compression was asked for: it is "
                    "taken as it is");
        return 1;
    }
    int got = inflate(shard, payload);
    *close_code = shard->inflate.close_code;
    *why = shard->inflate.error;
    return got;
}

int sp_shard_read_message(spectacles_shard *shard, const sp_frame *frame, sp_slice *payload,
                          uint32_t *close_code, const char **why)
{
    *payload = frame->payload;
    return frame->kind == SP_FRAME_TEXT ? read_text(shard) : read_binary(shard, payload, close_code, why);
}

bool sp_shard_read_data(spectacles_shard *shard, const spectacles_envelope *envelope, sp_slice *d,
                        uint64_t now)
{
    spectacles_problem problem;
    *d = (sp_slice){envelope->data, envelope->data_length};
    if (shard->message_format == SPECTACLES_FORMAT_JSON || !d->bytes)
        return true;
    sp_buffer_clear(&shard->term);
    sp_buffer_shrink(&shard->term, KEPT_TERM);
    int error = sp_transcode(&shard->term, &shard->keys, SPECTACLES_FORMAT_JSON, SPECTACLES_FORMAT_ETF, 0, *d,
                             &problem);
    *d = sp_buffer_slice(&shard->term);
    if (error == SPECTACLES_E_NOMEM)
        sp_shard_check_memory(shard, error, now);
    else if (error != SPECTACLES_OK)
        sp_shard_refuse(shard, SP_CLOSE_CODE_UNDECODABLE, SPECTACLES_E_PROTO, problem.text, now);
    return error == SPECTACLES_OK;
}
