/*
 * The whole shard: the input is a script. Each step is one byte what to do and, for what is fed, two bytes of
 * length and the bytes. Whatever happens, the shard stays usable, tells one end at most, and can be freed.
 */
#include "fuzz.h"
#include "shard/internal.h"

#include <stdio.h>

typedef struct run {
    spectacles_shard *shard;
    uint64_t now;
    int ends;
} run;

static void pull(run *self)
{
    const spectacles_shard_event *event;
    const uint8_t *bytes;
    size_t length;
    for (int i = 0; i < 10000 && (event = spectacles_shard_next_event(self->shard, self->now)); i++) {
        self->ends +=
            event->type == SPECTACLES_SHARD_EVENT_FATAL || event->type == SPECTACLES_SHARD_EVENT_CLOSED;
        if (event->type == SPECTACLES_SHARD_EVENT_DISPATCH)
            spectacles_shard_commit(self->shard, event->seq);
        if (event->type == SPECTACLES_SHARD_EVENT_IDENTIFY)
            spectacles_shard_identify(self->shard, self->now);
    }
    while ((length = spectacles_stream_pending(spectacles_shard_stream(self->shard), &bytes)) > 0)
        spectacles_stream_consumed(spectacles_shard_stream(self->shard), length);
    must(self->ends <= 1);
}

/* An honest answer, so that what follows is reached on every connection. */
static void upgrade(run *self)
{
    char head[200];
    int length = snprintf(
        head, sizeof head,
        "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
        self->shard->handshake.accept);
    spectacles_stream_feed(spectacles_shard_stream(self->shard), (const uint8_t *)head, (size_t)length,
                           self->now);
}

static void feed_frame(run *self, const uint8_t *bytes, size_t length, uint8_t first)
{
    uint8_t header[4] = {first, 126, (uint8_t)(length >> 8), (uint8_t)length};
    if (length < 126) {
        header[1] = (uint8_t)length;
        spectacles_stream_feed(spectacles_shard_stream(self->shard), header, 2, self->now);
    } else
        spectacles_stream_feed(spectacles_shard_stream(self->shard), header, 4, self->now);
    spectacles_stream_feed(spectacles_shard_stream(self->shard), bytes, length, self->now);
}

static void step(run *self, uint8_t what, const uint8_t *bytes, size_t length)
{
    switch (what % 8) {
    case 0:
        if (spectacles_stream_endpoint(spectacles_shard_stream(self->shard)) &&
            !spectacles_stream_opened(spectacles_shard_stream(self->shard), self->now))
            upgrade(self);
        break;
    case 1:
        feed_frame(self, bytes, length, 0x81);
        break;
    case 2:
        feed_frame(self, bytes, length, 0x82);
        break;
    case 3:
        spectacles_stream_feed(spectacles_shard_stream(self->shard), bytes, length, self->now);
        break;
    case 4:
        self->now = spectacles_stream_deadline(spectacles_shard_stream(self->shard)) == SPECTACLES_NEVER
                        ? self->now + 1000
                        : spectacles_stream_deadline(spectacles_shard_stream(self->shard));
        spectacles_stream_expire(spectacles_shard_stream(self->shard), self->now);
        break;
    case 5:
        spectacles_stream_eof(spectacles_shard_stream(self->shard), 0, NULL, 0, self->now);
        break;
    case 6:
        spectacles_shard_send(self->shard, length ? bytes[0] : 3, bytes, length, self->now, NULL);
        break;
    default:
        if (what > 250)
            spectacles_shard_close(self->shard, 0, self->now);
        else
            spectacles_shard_reconnect(self->shard, self->now);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    run self = {.now = 1000};
    spectacles_shard_config config;
    spectacles_shard_config_init(&config, sizeof config);
    config.token = "token";
    config.gateway_url = "wss://gateway.discord.gg";
    config.seed = 1;
    config.format = length ? bytes[0] & 1 : 0;
    config.compression = length ? bytes[0] >> 1 & 3 : 0;
    config.flags = length ? bytes[0] >> 3 & 1 : 0;
    config.max_message = 10000;
    config.max_inflated = 50000;
    if (spectacles_shard_new(&self.shard, &config, NULL))
        return 0;
    pull(&self);
    for (size_t at = 1; at < length;) {
        uint8_t what = bytes[at++];
        size_t size = 0;
        bool carries = what % 8 == 1 || what % 8 == 2 || what % 8 == 3 || what % 8 == 6;
        if (carries && length - at >= 2) {
            size = (size_t)bytes[at] << 8 | bytes[at + 1];
            at += 2;
            size = size < length - at ? size : length - at;
        }
        step(&self, what, bytes + at, size);
        at += size;
        pull(&self);
    }
    spectacles_shard_free(self.shard);
    return 0;
}
