/* What bench_discord sends, made before anything is measured (see recording.h). discord.c calls it. */
#include "recording.h"

#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum {
    ZSTD_LEVEL = 3,
    ZSTD_WINDOW_LOG = 18, /* Discord's */
    FRAME_HEAD_MOST = 10
};

/* ---- The corpus ---- */

static char *read_file(const char *path, size_t *length)
{
    FILE *stream = fopen(path, "rb");
    if (!stream || fseek(stream, 0, SEEK_END) < 0)
        err(1, "%s", path);
    *length = (size_t)ftell(stream);
    rewind(stream);
    char *text = malloc(*length + 1);
    if (!text || fread(text, 1, *length, stream) != *length)
        err(1, "%s", path);
    text[*length] = '\0';
    fclose(stream);
    return text;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

void corpus_read(corpus *out, const char *path)
{
    size_t length;
    out->text = read_file(path, &length);
    out->length = count_lines(out->text);
    out->events = calloc(out->length, sizeof *out->events);
    if (!out->events)
        errx(1, "%s: no events, or no memory", path);
    char *at = out->text;
    for (size_t i = 0; i < out->length; i++) {
        char *end = strchr(at, '\n');
        char *tab = memchr(at, '\t', (size_t)(end - at));
        if (!tab)
            errx(1, "%s: line %zu has no tab", path, i + 1);
        out->events[i] = (corpus_event){at, (size_t)(tab - at), tab + 1, (size_t)(end - tab - 1)};
        at = end + 1;
    }
}

/* ---- Packing ---- */

typedef struct packer {
    bool zlib, zstd;
    z_stream deflate;
    ZSTD_CCtx *context;
    uint8_t *room;
    size_t room_size;
    char *text;
    size_t text_size;
} packer;

static void packer_init(packer *self, const char *compression)
{
    *self = (packer){.zlib = strcmp(compression, "zlib-stream") == 0,
                     .zstd = strcmp(compression, "zstd-stream") == 0};
    if (!self->zlib && !self->zstd && strcmp(compression, "none") != 0)
        errx(2, "'%s' is no compression: none, zlib-stream, zstd-stream", compression);
    if (self->zlib && deflateInit(&self->deflate, Z_DEFAULT_COMPRESSION) != Z_OK)
        errx(1, "no zlib");
    if (!self->zstd)
        return;
    self->context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(self->context, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    ZSTD_CCtx_setParameter(self->context, ZSTD_c_windowLog, ZSTD_WINDOW_LOG);
}

/* The next shard has a stream of its own. */
static void packer_restart(packer *self)
{
    if (self->zlib)
        deflateReset(&self->deflate);
    if (self->zstd)
        ZSTD_CCtx_reset(self->context, ZSTD_reset_session_only);
}

static void packer_end(packer *self)
{
    if (self->zlib)
        deflateEnd(&self->deflate);
    ZSTD_freeCCtx(self->context);
    free(self->room);
    free(self->text);
}

static void *grown(void *memory, size_t *size, size_t wanted)
{
    if (wanted <= *size)
        return memory;
    *size = wanted * 2;
    memory = realloc(memory, *size);
    if (!memory)
        errx(1, "out of memory");
    return memory;
}

static size_t pack_zlib(packer *self, const char *text, size_t length)
{
    self->deflate.next_in = (z_const Bytef *)(uintptr_t)text;
    self->deflate.avail_in = (uInt)length;
    self->deflate.next_out = self->room;
    self->deflate.avail_out = (uInt)self->room_size;
    if (deflate(&self->deflate, Z_SYNC_FLUSH) != Z_OK || self->deflate.avail_out == 0)
        errx(1, "zlib: %s", self->deflate.msg ? self->deflate.msg : "no room");
    return self->room_size - self->deflate.avail_out;
}

static size_t pack_zstd(packer *self, const char *text, size_t length)
{
    ZSTD_inBuffer in = {text, length, 0};
    ZSTD_outBuffer out = {self->room, self->room_size, 0};
    size_t left = ZSTD_compressStream2(self->context, &out, &in, ZSTD_e_flush);
    if (left != 0)
        errx(1, "zstd: %s", ZSTD_isError(left) ? ZSTD_getErrorName(left) : "no room");
    return out.pos;
}

static size_t frame_head(uint8_t *head, bool binary, size_t length)
{
    head[0] = binary ? 0x82 : 0x81;
    if (length < 126) {
        head[1] = (uint8_t)length;
        return 2;
    }
    size_t wide = length < 65536 ? 2 : 8;
    head[1] = wide == 2 ? 126 : 127;
    for (size_t i = 0; i < wide; i++)
        head[2 + i] = (uint8_t)((uint64_t)length >> 8 * (wide - 1 - i));
    return 2 + wide;
}

/* Packs one message and frames it, at the end of the recording. */
static void record(recording *self, packer *by, const char *text, size_t length)
{
    const void *packed = text;
    size_t size = length;
    if (by->zlib || by->zstd) {
        by->room = grown(by->room, &by->room_size, length + length / 8 + 1024);
        size = by->zlib ? pack_zlib(by, text, length) : pack_zstd(by, text, length);
        packed = by->room;
    }
    self->bytes = grown(self->bytes, &self->room, self->length + size + FRAME_HEAD_MOST);
    self->length += frame_head(self->bytes + self->length, by->zlib || by->zstd, size);
    memcpy(self->bytes + self->length, packed, size);
    self->length += size;
    self->ends[self->messages++] = self->length;
}

/* ---- The messages ---- */

static void record_hello(recording *self, packer *by, const recording_plan *plan)
{
    char text[128];
    int length =
        snprintf(text, sizeof text, "{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":%u}}",
                 plan->heartbeat);
    record(self, by, text, (size_t)length);
}

static void record_ready(recording *self, packer *by, const recording_plan *plan, uint32_t shard)
{
    char text[1024];
    int length = snprintf(
        text, sizeof text,
        "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"v\":10,\"user\":{\"id\":\"1\",\"username\":\"bench\","
        "\"discriminator\":\"0\",\"avatar\":null,\"bot\":true},\"session_id\":\"bench-%u\","
        "\"resume_gateway_url\":\"%s\",\"guilds\":[],\"shard\":[%u,%u],"
        "\"application\":{\"id\":\"1\",\"flags\":0}}}",
        shard, plan->url, shard, plan->shards);
    record(self, by, text, (size_t)length);
}

static void record_event(recording *self, packer *by, const corpus_event *event, size_t sequence)
{
    by->text = grown(by->text, &by->text_size, event->name_length + event->data_length + 64);
    int length =
        snprintf(by->text, by->text_size, "{\"t\":\"%.*s\",\"s\":%zu,\"op\":0,\"d\":%.*s}",
                 (int)event->name_length, event->name, sequence, (int)event->data_length, event->data);
    record(self, by, by->text, (size_t)length);
}

static void record_ack(recording *self, packer *by)
{
    static const char text[] = "{\"t\":null,\"s\":null,\"op\":11,\"d\":null}";
    record(self, by, text, sizeof text - 1);
}

static void record_all(recording *self, packer *by, const corpus *from, const recording_plan *plan,
                       uint32_t shard)
{
    size_t share = plan->events / plan->shards;
    self->events = share + (shard < plan->events % plan->shards);
    self->ends = calloc(RECORDING_EVENTS + self->events + plan->acks, sizeof *self->ends);
    if (!self->ends)
        errx(1, "out of memory");
    packer_restart(by);
    record_hello(self, by, plan);
    record_ready(self, by, plan, shard);
    for (size_t i = 0; i < self->events; i++)
        record_event(self, by, &from->events[(i * plan->shards + shard) % from->length], i + 2);
    for (size_t i = 0; i < plan->acks; i++)
        record_ack(self, by);
}

recording *recordings_new(const corpus *from, const recording_plan *plan)
{
    packer by;
    recording *all = calloc(plan->shards, sizeof *all);
    if (!all)
        errx(1, "out of memory");
    packer_init(&by, plan->compression);
    for (uint32_t shard = 0; shard < plan->shards; shard++)
        record_all(&all[shard], &by, from, plan, shard);
    packer_end(&by);
    return all;
}
