/* Decompression of messages. Called by message.c; opened by stream.c. */
#include "shard/inflate.h"

#include <stdlib.h>
#include <zlib.h>
#if SP_HAVE_ZSTD
#include <zstd.h>
#include <zstd_errors.h>
#endif

enum {
    STEP = 4 * 1024, /* bytes that are inflated at a time, at least */
    STEP_MAX = 1024 * 1024,
    BUSY_MESSAGE = 64 * 1024, /* bytes that the message buffer keeps between two messages */
    KEPT_MESSAGE = 1024,      /* bytes that it keeps while the connection is idle */
    RATIO_COUNTS =
        64 * 1024, /* bytes of a payload from which on max_ratio holds: short payloads are often repetitive */
    SYNC_TAIL = 0xffff,
    WINDOW_LOG_MAX = 23 /* of zstd, as a power of two: 8 MiB */
};

static int refuse(sp_inflate *self, int error, uint32_t close_code, const char *text)
{
    self->close_code = close_code;
    self->error = text;
    return error;
}

static int broken(sp_inflate *self)
{
    return refuse(self, SPECTACLES_E_PROTO, 1007,
                  sp_inflate_runs_on(self) ? SP_INFLATE_UNFLUSHED
                                           : "the gateway's compressed stream is broken");
}

bool sp_inflate_has(uint32_t kind)
{
#if SP_HAVE_ZSTD
    return kind <= SPECTACLES_COMPRESSION_PAYLOAD;
#else
    return kind <= SPECTACLES_COMPRESSION_PAYLOAD && kind != SPECTACLES_COMPRESSION_ZSTD_STREAM;
#endif
}

/* ---- Contexts ---- */

static void free_context(sp_inflate *self)
{
    if (!self->context)
        return;
#if SP_HAVE_ZSTD
    if (self->kind == SPECTACLES_COMPRESSION_ZSTD_STREAM)
        ZSTD_freeDStream(self->context);
#endif
    if (self->kind != SPECTACLES_COMPRESSION_ZSTD_STREAM) {
        inflateEnd(self->context);
        free(self->context);
    }
    self->context = NULL;
}

static int open_zlib(sp_inflate *self)
{
    z_stream *stream = calloc(1, sizeof *stream);
    if (!stream || inflateInit(stream) != Z_OK) {
        free(stream);
        return SPECTACLES_E_NOMEM;
    }
    self->context = stream;
    return SPECTACLES_OK;
}

static int open_zstd(sp_inflate *self)
{
#if SP_HAVE_ZSTD
    ZSTD_DStream *stream = ZSTD_createDStream();
    if (!stream || ZSTD_isError(ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        ZSTD_freeDStream(stream);
        return SPECTACLES_E_NOMEM;
    }
    self->context = stream;
    return SPECTACLES_OK;
#else
    (void)self;
    return SPECTACLES_E_UNSUPPORTED;
#endif
}

int sp_inflate_open(sp_inflate *self, uint32_t kind, uint64_t max_message, uint64_t max_ratio)
{
    sp_inflate_free(self);
    self->message.watched = true;
    self->kind = kind;
    self->max_message = max_message;
    self->max_ratio = max_ratio;
    if (kind == SPECTACLES_COMPRESSION_NONE)
        return SPECTACLES_OK;
    return kind == SPECTACLES_COMPRESSION_ZSTD_STREAM ? open_zstd(self) : open_zlib(self);
}

void sp_inflate_free(sp_inflate *self)
{
    free_context(self);
    sp_buffer_free(&self->message);
    *self = (sp_inflate){0};
}

/* ---- Caps ---- */

/*
 * max_ratio is for payloads that are compressed by themselves. In a stream it would mean nothing: the context lasts as
 * long as the connection, and a payload that resembles an earlier one takes a few bytes, however long it is. (The same
 * GUILD_MEMBERS_CHUNK of 107 KB takes about 20 bytes the second time, 5000 to 1, and everybody who may write in a guild
 * can cause such a series.) A ratio over a whole connection would not separate good peers from bad ones either:
 * repetition reaches about 10,000 to 1 in zstd, and a run of one byte 32,768 to 1, the maximum of the format.
 *
 * A stream needs no such limit. max_message limits the memory. What is left is time: a message costs at most the time
 * to inflate and read max_message bytes. A message that is not valid JSON or ETF ends the connection, and the wait
 * before the next connection grows while no connection makes progress.
 */
static bool grows_too_much(const sp_inflate *self, uint64_t length)
{
    return self->kind == SPECTACLES_COMPRESSION_PAYLOAD && length > RATIO_COUNTS &&
           length / self->max_ratio > self->compressed;
}

static int check_caps(sp_inflate *self)
{
    uint64_t length = sp_buffer_length(&self->message);
    if (length > self->max_message)
        return refuse(self, SPECTACLES_E_TOOBIG, 1009,
                      "the gateway sent a message that inflates beyond the limit on its size");
    if (grows_too_much(self, length))
        return refuse(self, SPECTACLES_E_TOOBIG, 1009,
                      "the gateway sent a payload that inflates more than is allowed (max_ratio)");
    return SPECTACLES_OK;
}

/* Doubles the message: a long message takes few steps, and a short message little memory. */
static size_t step_of(const sp_inflate *self)
{
    size_t length = sp_buffer_length(&self->message);
    return length > STEP ? (length < STEP_MAX ? length : (size_t)STEP_MAX) : (size_t)STEP;
}

/* ---- zlib ---- */

/* Inflates all of the bytes. *ended: the zlib stream has ended. */
static int run_zlib(sp_inflate *self, sp_slice bytes, bool *ended)
{
    z_stream *stream = self->context;
    stream->next_in = (z_const Bytef *)(uintptr_t)bytes.bytes;
    stream->avail_in = (uInt)bytes.length;
    *ended = false;
    do {
        size_t step = step_of(self);
        uint8_t *room = sp_buffer_reserve(&self->message, step);
        if (!room)
            return SPECTACLES_E_NOMEM;
        stream->next_out = room;
        stream->avail_out = (uInt)step;
        int state = inflate(stream, Z_SYNC_FLUSH);
        sp_buffer_grow(&self->message, step - stream->avail_out);
        int error = check_caps(self);
        if (error != SPECTACLES_OK)
            return error;
        if (state == Z_MEM_ERROR)
            return SPECTACLES_E_NOMEM;
        if (state == Z_STREAM_END) {
            *ended = true;
            return stream->avail_in == 0 ? SPECTACLES_OK : broken(self);
        }
        /* Z_BUF_ERROR: zlib had no input left. */
        if (state != Z_OK && state != Z_BUF_ERROR)
            return broken(self);
    } while (stream->avail_out == 0 || stream->avail_in > 0);
    return SPECTACLES_OK;
}

static void note_tail(sp_inflate *self, sp_slice bytes)
{
    size_t from = bytes.length > 4 ? bytes.length - 4 : 0;
    for (size_t i = from; i < bytes.length; i++)
        self->tail = self->tail << 8 | bytes.bytes[i];
}

static int feed_zlib_stream(sp_inflate *self, sp_slice bytes)
{
    bool ended;
    int error = run_zlib(self, bytes, &ended);
    if (error != SPECTACLES_OK)
        return error;
    if (ended)
        return refuse(self, SPECTACLES_E_PROTO, 1007,
                      "the gateway ended the compressed stream in mid-connection");
    note_tail(self, bytes);
    return self->tail == SYNC_TAIL;
}

static int feed_payload(sp_inflate *self, sp_slice bytes)
{
    bool ended;
    if (inflateReset(self->context) != Z_OK)
        return broken(self);
    int error = run_zlib(self, bytes, &ended);
    if (error != SPECTACLES_OK)
        return error;
    return ended ? 1
                 : refuse(self, SPECTACLES_E_PROTO, 1007,
                          "the gateway sent a compressed payload that is cut off");
}

/* ---- zstd ---- */

#if SP_HAVE_ZSTD
static int feed_zstd_stream(sp_inflate *self, sp_slice bytes)
{
    ZSTD_inBuffer in = {bytes.bytes, bytes.length, 0};
    for (;;) {
        size_t step = step_of(self);
        uint8_t *room = sp_buffer_reserve(&self->message, step);
        ZSTD_outBuffer out = {room, step, 0};
        if (!room)
            return SPECTACLES_E_NOMEM;
        size_t state = ZSTD_decompressStream(self->context, &out, &in);
        sp_buffer_grow(&self->message, out.pos);
        if (ZSTD_isError(state))
            return ZSTD_getErrorCode(state) == ZSTD_error_memory_allocation ? SPECTACLES_E_NOMEM
                                                                            : broken(self);
        int error = check_caps(self);
        if (error != SPECTACLES_OK)
            return error;
        /* After the end of a frame (state is 0) the decoder begins the next frame by itself. */
        if (in.pos == in.size && out.pos < out.size)
            return 1;
    }
}
#endif

/* ---- Messages ---- */

static void forget_message(sp_inflate *self)
{
    if (!self->whole)
        return;
    self->whole = false;
    self->compressed = 0;
    self->pieces = 0;
    sp_buffer_clear(&self->message);
    sp_buffer_shrink(&self->message, BUSY_MESSAGE);
}

bool sp_inflate_runs_on(const sp_inflate *self)
{
    return self->kind == SPECTACLES_COMPRESSION_ZLIB_STREAM && self->pieces > 1;
}

void sp_inflate_shrink(sp_inflate *self)
{
    forget_message(self);
    /* An incomplete message is kept: only an empty buffer shrinks. */
    sp_buffer_shrink(&self->message, KEPT_MESSAGE);
}

int sp_inflate_feed(sp_inflate *self, sp_slice bytes, sp_slice *payload)
{
    int got;
    forget_message(self);
    if (bytes.length > UINT32_MAX)
        return refuse(self, SPECTACLES_E_TOOBIG, 1009, "the gateway sent a message over 4 GiB");
    self->compressed += bytes.length;
    self->pieces++;
    if (self->kind == SPECTACLES_COMPRESSION_ZLIB_STREAM)
        got = feed_zlib_stream(self, bytes);
    else if (self->kind == SPECTACLES_COMPRESSION_PAYLOAD)
        got = feed_payload(self, bytes);
    else
#if SP_HAVE_ZSTD
        got = feed_zstd_stream(self, bytes);
#else
        got = SPECTACLES_E_UNSUPPORTED;
#endif
    if (got == 1) {
        self->whole = true;
        *payload = sp_buffer_slice(&self->message);
    }
    return got;
}
