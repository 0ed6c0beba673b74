/*
 * WebSocket frames: whole, byte by byte, or in parts that arrive while a message is still looked at, the same
 * messages come out, and none is over the cap.
 */
#include "fuzz.h"
#include "shard/frame.h"

enum {
    CAP = 5000
};

typedef struct reading {
    sp_frames frames;
    sp_buffer output;
    sp_random random;
    const uint8_t *bytes;
    size_t length;
    size_t at;
    uint64_t seen; /* a sum over all that came out */
    int error;
} reading;

static void add(reading *reader, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length; i++)
        reader->seen = reader->seen * 1099511628211u + at[i] + 1;
}

static void feed(reading *reader, size_t step)
{
    size_t left = reader->length - reader->at;
    size_t part = left < step ? left : step;
    must(!sp_frames_feed(&reader->frames, reader->bytes + reader->at, part));
    reader->at += part;
}

/* late: more arrives before the message is looked at. */
static void pull(reading *reader, size_t late)
{
    sp_frame frame;
    int got = 0;
    while (!reader->error && (got = sp_frames_next(&reader->frames, &frame)) > 0) {
        uint8_t kind = (uint8_t)frame.kind;
        feed(reader, late);
        must(frame.payload.length <= CAP);
        add(reader, &kind, 1);
        add(reader, frame.payload.bytes, frame.payload.length);
        if (frame.kind == SP_FRAME_CLOSE)
            sp_frame_close(frame.payload);
    }
    if (got < 0)
        reader->error = got;
}

static uint64_t read_in(const uint8_t *bytes, size_t length, size_t step, size_t late, int *error)
{
    reading reader = {.random = {1}, .bytes = bytes, .length = length};
    sp_frames_open(&reader.frames, &reader.output, &reader.random, CAP);
    while (reader.at < length) {
        feed(&reader, step);
        pull(&reader, late);
    }
    *error = reader.error;
    sp_frames_free(&reader.frames);
    sp_buffer_free(&reader.output);
    return reader.seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    int whole;
    int parts;
    uint64_t seen = read_in(bytes, length, length + 1, 0, &whole);
    must(seen == read_in(bytes, length, 1, 0, &parts));
    must(whole == parts);
    must(seen == read_in(bytes, length, 200, 300, &parts));
    must(whole == parts);
    return 0;
}
