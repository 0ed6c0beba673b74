#include "wire.h"

#include "erlang_terms.h"

#include <zlib.h>
#if SP_HAVE_ZSTD
#include <zstd.h>
#endif

enum how {
    FLUSH,
    FINISH,
    GO_ON,
    PARTLY, /* all of it comes out, without 00 00 FF FF at its end */
    CUT
};

static void free_context(wire *self)
{
    if (!self->context)
        return;
#if SP_HAVE_ZSTD
    if (self->compression == SPECTACLES_COMPRESSION_ZSTD_STREAM)
        ZSTD_freeCStream(self->context);
#endif
    if (self->compression != SPECTACLES_COMPRESSION_ZSTD_STREAM) {
        deflateEnd(self->context);
        free(self->context);
    }
    self->context = NULL;
}

void wire_free(wire *self)
{
    free_context(self);
}

void wire_reset(wire *self)
{
    free_context(self);
    if (self->compression == SPECTACLES_COMPRESSION_NONE)
        return;
#if SP_HAVE_ZSTD
    if (self->compression == SPECTACLES_COMPRESSION_ZSTD_STREAM) {
        self->context = ZSTD_createCStream();
        return;
    }
#endif
    self->context = calloc(1, sizeof(z_stream));
    assert_int_equal(deflateInit(self->context, Z_DEFAULT_COMPRESSION), Z_OK);
}

static size_t deflate_all(z_stream *stream, const void *bytes, size_t length, uint8_t *out, size_t room,
                          enum how how)
{
    static const int flush[] = {[FLUSH] = Z_SYNC_FLUSH,
                                [FINISH] = Z_FINISH,
                                [GO_ON] = Z_NO_FLUSH,
                                [PARTLY] = Z_PARTIAL_FLUSH,
                                [CUT] = Z_SYNC_FLUSH};
    stream->next_in = (z_const Bytef *)(uintptr_t)bytes;
    stream->avail_in = (uInt)length;
    stream->next_out = out;
    stream->avail_out = (uInt)room;
    deflate(stream, flush[how]);
    assert_int_equal(stream->avail_in, 0);
    return room - stream->avail_out;
}

static size_t compress_all(wire *self, const void *bytes, size_t length, uint8_t *out, size_t room,
                           enum how how)
{
#if SP_HAVE_ZSTD
    if (self->compression == SPECTACLES_COMPRESSION_ZSTD_STREAM) {
        static const ZSTD_EndDirective end[] = {
            [FLUSH] = ZSTD_e_flush, [FINISH] = ZSTD_e_end, [GO_ON] = ZSTD_e_continue};
        ZSTD_inBuffer in = {bytes, length, 0};
        ZSTD_outBuffer to = {out, room, 0};
        while (ZSTD_compressStream2(self->context, &to, &in, end[how]) > 0 && how != GO_ON)
            continue;
        return to.pos;
    }
#endif
    if (self->compression == SPECTACLES_COMPRESSION_PAYLOAD)
        deflateReset(self->context);
    return deflate_all(self->context, bytes, length, out, room,
                       self->compression == SPECTACLES_COMPRESSION_PAYLOAD ? FINISH : how);
}

static void send_in(wire *self, sp_peer *peer, const void *bytes, size_t length, enum how how,
                    size_t messages)
{
    size_t room = length + length / 8 + 300000; /* deflate may hold back so much and give it all at once */
    uint8_t *out = malloc(room);
    size_t size = compress_all(self, bytes, length, out, room, how);
    if (how == FINISH && self->compression == SPECTACLES_COMPRESSION_PAYLOAD)
        out[size++] = 'x';
    size -= how == CUT ? 4 : 0;
    size_t step = size / messages + 1;
    for (size_t at = 0; at < size; at += step)
        peer_frame(peer, 0x82, out + at, size - at < step ? size - at : step);
    free(out);
}

static const uint8_t *erlangs_term(const char *text, size_t *length)
{
    for (size_t i = 0; i < sizeof erlang_terms / sizeof erlang_terms[0]; i++) {
        if (strcmp(erlang_terms[i].json, text) == 0) {
            *length = erlang_terms[i].length;
            return (const uint8_t *)erlang_terms[i].term;
        }
    }
    fail_msg("Erlang was not asked for %s: see tests/tools/erlang_terms.py", text);
    return NULL;
}

static void say(wire *self, sp_peer *peer, const char *text, enum how how, size_t messages)
{
    spectacles_bytes *term = NULL;
    const uint8_t *bytes = (const uint8_t *)text;
    size_t length = strlen(text);
    assert_int_equal(spectacles_bytes_new(&term), 0);
    if (self->format == SPECTACLES_FORMAT_ETF && self->erlang) {
        bytes = erlangs_term(text, &length);
    } else if (self->format == SPECTACLES_FORMAT_ETF) {
        assert_int_equal(
            spectacles_transcode(term, SPECTACLES_FORMAT_ETF, SPECTACLES_FORMAT_JSON, 0, bytes, length, NULL),
            0);
        bytes = spectacles_bytes_data(term);
        length = spectacles_bytes_length(term);
    }
    if (self->compression == SPECTACLES_COMPRESSION_NONE)
        peer_frame(peer, self->format == SPECTACLES_FORMAT_ETF ? 0x82 : 0x81, bytes, length);
    else
        send_in(self, peer, bytes, length, how, messages);
    spectacles_bytes_free(term);
}

void wire_say(wire *self, sp_peer *peer, const char *text)
{
    say(self, peer, text, FLUSH, 1);
}

void wire_say_in(wire *self, sp_peer *peer, const char *text, size_t messages)
{
    say(self, peer, text, FLUSH, messages);
}

void wire_finish(wire *self, sp_peer *peer, const char *text)
{
    say(self, peer, text, FINISH, 1);
}

void wire_say_cut(wire *self, sp_peer *peer, const char *text)
{
    say(self, peer, text, CUT, 1);
}

void wire_say_unflushed(wire *self, sp_peer *peer, const char *text)
{
    say(self, peer, text, PARTLY, 1);
}

static void send_filled(wire *self, sp_peer *peer, size_t length, int noise, enum how how)
{
    uint8_t *bytes = malloc(length);
    for (size_t i = 0; i < length; i++) {
        self->noise = self->noise * 1664525 + 1013904223;
        bytes[i] = noise ? (uint8_t)(self->noise >> 24) : ' ';
    }
    /* Each message of a zstd-stream is a payload by itself. */
    int pieces = noise && self->compression != SPECTACLES_COMPRESSION_ZSTD_STREAM;
    send_in(self, peer, bytes, length, how, pieces ? 8 : 1);
    free(bytes);
}

void wire_bomb(wire *self, sp_peer *peer, size_t length)
{
    send_filled(self, peer, length, 0, FLUSH);
}

void wire_noise(wire *self, sp_peer *peer, size_t length)
{
    send_filled(self, peer, length, 1, FLUSH);
}

void wire_unflushed(wire *self, sp_peer *peer, size_t length)
{
    send_filled(self, peer, length, 1, GO_ON);
}

size_t wire_make(wire *self, const char *text, uint8_t *frame, size_t room)
{
    uint8_t payload[4096];
    size_t length = strlen(text);
    spectacles_bytes *term = NULL;
    assert_true(length < sizeof payload / 2);
    memcpy(payload, text, length);
    if (self->format == SPECTACLES_FORMAT_ETF) {
        assert_int_equal(spectacles_bytes_new(&term), 0);
        assert_int_equal(spectacles_transcode(term, SPECTACLES_FORMAT_ETF, SPECTACLES_FORMAT_JSON, 0, payload,
                                              length, NULL),
                         0);
        length = spectacles_bytes_length(term);
        memcpy(payload, spectacles_bytes_data(term), length);
        spectacles_bytes_free(term);
    }
    int text_frame =
        self->format == SPECTACLES_FORMAT_JSON && self->compression == SPECTACLES_COMPRESSION_NONE;
    uint8_t *out = frame + 4;
    if (self->compression == SPECTACLES_COMPRESSION_NONE)
        memcpy(out, payload, length);
    else
        length = compress_all(self, payload, length, out, room - 4, FLUSH);
    /* The longer form of the length where the shorter would do is refused: move. */
    frame[0] = text_frame ? 0x81 : 0x82;
    if (length < 126) {
        frame[1] = (uint8_t)length;
        memmove(frame + 2, out, length);
        return length + 2;
    }
    frame[1] = 126;
    frame[2] = (uint8_t)(length >> 8);
    frame[3] = (uint8_t)length;
    return length + 4;
}
