/*
 * What a gateway cannot do without: inflate, find the envelope, copy d once. In user space, of messages that are in
 * memory already.
 *
 *     bench_floor FILE none|zlib-stream|zstd-stream
 *
 * FILE: messages, each behind its length (4 bytes, big-endian). Prints nanoseconds of CPU for each, the median of
 * several rounds.
 */
#include <err.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>
#include <zstd.h>

enum {
    ROUNDS = 9,
    INFLATED_MOST = 1 << 20
};

static uint8_t *file;
static size_t file_length;
static uint8_t inflated[INFLATED_MOST];
static uint8_t copied[INFLATED_MOST];

static void read_file(const char *path)
{
    FILE *stream = fopen(path, "rb");
    if (!stream || fseek(stream, 0, SEEK_END) < 0)
        err(1, "%s", path);
    file_length = (size_t)ftell(stream);
    rewind(stream);
    file = malloc(file_length);
    if (!file || fread(file, 1, file_length, stream) != file_length)
        err(1, "%s", path);
    fclose(stream);
}

static uint64_t cpu(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static size_t inflate_zlib(z_stream *stream, uint8_t *in, size_t length)
{
    stream->next_in = in;
    stream->avail_in = (uInt)length;
    stream->next_out = inflated;
    stream->avail_out = sizeof inflated;
    if (inflate(stream, Z_SYNC_FLUSH) != Z_OK)
        errx(1, "zlib: %s", stream->msg ? stream->msg : "?");
    return sizeof inflated - stream->avail_out;
}

static size_t inflate_zstd(ZSTD_DStream *stream, const uint8_t *in, size_t length)
{
    ZSTD_inBuffer source = {in, length, 0};
    ZSTD_outBuffer sink = {inflated, sizeof inflated, 0};
    while (source.pos < source.size) {
        size_t left = ZSTD_decompressStream(stream, &sink, &source);
        if (ZSTD_isError(left))
            errx(1, "zstd: %s", ZSTD_getErrorName(left));
    }
    return sink.pos;
}

static void take(const uint8_t *text, size_t length)
{
    spectacles_envelope envelope;
    if (spectacles_envelope_scan(&envelope, SPECTACLES_ENCODING_JSON, text, length, NULL) < 0)
        errx(1, "a message is no payload");
    memcpy(copied, envelope.data, envelope.data_length);
}

static uint64_t round_of(const char *compression, size_t *messages)
{
    z_stream zlib = {0};
    ZSTD_DStream *zstd = ZSTD_createDStream();
    inflateInit(&zlib);
    uint64_t start = cpu();
    *messages = 0;
    for (size_t at = 0; at < file_length; ++*messages) {
        uint8_t *head = file + at;
        size_t length = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        if (compression[0] == 'n')
            take(head + 4, length);
        else if (compression[1] == 'l')
            take(inflated, inflate_zlib(&zlib, head + 4, length));
        else
            take(inflated, inflate_zstd(zstd, head + 4, length));
        at += 4 + length;
    }
    uint64_t took = cpu() - start;
    inflateEnd(&zlib);
    ZSTD_freeDStream(zstd);
    return took;
}

static int compare(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a;
    uint64_t second = *(const uint64_t *)b;
    return first < second ? -1 : first > second;
}

int main(int argc, char **argv)
{
    uint64_t rounds[ROUNDS];
    size_t messages = 0;
    if (argc != 3)
        errx(2, "usage: bench_floor FILE none|zlib-stream|zstd-stream");
    read_file(argv[1]);
    for (int i = 0; i < ROUNDS; i++)
        rounds[i] = round_of(argv[2], &messages);
    qsort(rounds, ROUNDS, sizeof *rounds, compare);
    printf("%.1f\n", (double)rounds[ROUNDS / 2] / (double)messages);
    return 0;
}
