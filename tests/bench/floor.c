/*
 * What a gateway cannot do without: inflate, find the envelope, copy d once.
 *
 *     bench_floor FILE COMPRESSION                     of messages that are in memory already
 *     bench_floor COMPRESSION SOURCE_PORT SINK_PORT    of messages that one socket gives and another takes
 *
 * COMPRESSION: none, zlib-stream or zstd-stream. Messages stand behind their lengths (4 bytes, big-endian). Prints
 * nanoseconds of CPU for each: in user space, and in the kernel. Of a file, the median of several rounds.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum {
    ROUNDS = 9,
    INFLATED_MOST = 1 << 20,
    READ_MOST = 64 * 1024,
    WRITE_MOST = 64 * 1024
};

static const char *compression;
static z_stream zlib;
static ZSTD_DStream *zstd;
static uint8_t inflated[INFLATED_MOST];
static uint8_t copied[INFLATED_MOST];
static size_t copied_length;
static int sink = -1; /* -1: what was copied is forgotten */

/* ---- What is done with each message ---- */

static void begin(void)
{
    zlib = (z_stream){0};
    inflateInit(&zlib);
    zstd = ZSTD_createDStream();
    copied_length = 0;
}

static void end(void)
{
    inflateEnd(&zlib);
    ZSTD_freeDStream(zstd);
}

static size_t inflate_zlib(const uint8_t *in, size_t length)
{
    zlib.next_in = (z_const Bytef *)(uintptr_t)in;
    zlib.avail_in = (uInt)length;
    zlib.next_out = inflated;
    zlib.avail_out = sizeof inflated;
    if (inflate(&zlib, Z_SYNC_FLUSH) != Z_OK)
        errx(1, "zlib: %s", zlib.msg ? zlib.msg : "?");
    return sizeof inflated - zlib.avail_out;
}

static size_t inflate_zstd(const uint8_t *in, size_t length)
{
    ZSTD_inBuffer source = {in, length, 0};
    ZSTD_outBuffer to = {inflated, sizeof inflated, 0};
    while (source.pos < source.size) {
        size_t left = ZSTD_decompressStream(zstd, &to, &source);
        if (ZSTD_isError(left))
            errx(1, "zstd: %s", ZSTD_getErrorName(left));
    }
    return to.pos;
}

static void flush(void)
{
    for (size_t at = 0; sink >= 0 && at < copied_length;) {
        ssize_t put = send(sink, copied + at, copied_length - at, MSG_NOSIGNAL);
        if (put <= 0)
            err(1, "send");
        at += (size_t)put;
    }
    copied_length = 0;
}

static void copy(const uint8_t *text, size_t length)
{
    spectacles_envelope envelope;
    if (spectacles_envelope_scan(&envelope, SPECTACLES_FORMAT_JSON, text, length, NULL) < 0)
        errx(1, "a message is no payload");
    if (envelope.data_length > sizeof copied - copied_length)
        flush();
    memcpy(copied + copied_length, envelope.data, envelope.data_length);
    copied_length += envelope.data_length;
    if (copied_length >= WRITE_MOST)
        flush();
}

static void take(const uint8_t *message, size_t length)
{
    if (strcmp(compression, "none") == 0)
        copy(message, length);
    else if (strcmp(compression, "zlib-stream") == 0)
        copy(inflated, inflate_zlib(message, length));
    else
        copy(inflated, inflate_zstd(message, length));
}

/* Takes all whole messages; returns how many bytes those were. */
static size_t take_all(const uint8_t *bytes, size_t length, size_t *messages)
{
    size_t at = 0;
    while (length - at >= 4) {
        const uint8_t *head = bytes + at;
        size_t size = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        if (length - at - 4 < size)
            break;
        take(head + 4, size);
        at += 4 + size;
        ++*messages;
    }
    return at;
}

/* ---- CPU ---- */

typedef struct cost {
    double user;
    double kernel;
} cost;

static double nanoseconds(struct timeval time)
{
    return (double)time.tv_sec * 1e9 + (double)time.tv_usec * 1e3;
}

static cost spent(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (cost){nanoseconds(usage.ru_utime), nanoseconds(usage.ru_stime)};
}

static void report(double user, double kernel, size_t messages)
{
    printf("%.1f %.1f\n", user / (double)messages, kernel / (double)messages);
}

/* ---- Of a file ---- */

static uint8_t *read_file(const char *path, size_t *length)
{
    FILE *stream = fopen(path, "rb");
    if (!stream || fseek(stream, 0, SEEK_END) < 0)
        err(1, "%s", path);
    *length = (size_t)ftell(stream);
    rewind(stream);
    uint8_t *bytes = malloc(*length + 1);
    if (!bytes || fread(bytes, 1, *length, stream) != *length)
        err(1, "%s", path);
    fclose(stream);
    return bytes;
}

static int compare(const void *a, const void *b)
{
    double first = *(const double *)a;
    double second = *(const double *)b;
    return first < second ? -1 : first > second;
}

static void measure_file(const char *path)
{
    double rounds[ROUNDS];
    size_t length;
    size_t messages = 0;
    uint8_t *bytes = read_file(path, &length);
    for (int i = 0; i < ROUNDS; i++) {
        messages = 0;
        begin();
        cost before = spent();
        take_all(bytes, length, &messages);
        cost after = spent();
        rounds[i] = after.user - before.user + after.kernel - before.kernel;
        end();
    }
    qsort(rounds, ROUNDS, sizeof *rounds, compare);
    report(rounds[ROUNDS / 2], 0, messages);
    free(bytes);
}

/* ---- From socket to socket ---- */

static int connect_to(const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) < 0)
        err(1, "port %s", port);
    return fd;
}

static void measure_sockets(const char *source_port, const char *sink_port)
{
    static uint8_t bytes[INFLATED_MOST + READ_MOST];
    size_t held = 0;
    size_t messages = 0;
    ssize_t got;
    int source = connect_to(source_port);
    sink = connect_to(sink_port);
    begin();
    cost before = spent();
    while ((got = recv(source, bytes + held, READ_MOST, 0)) > 0) {
        held += (size_t)got;
        size_t used = take_all(bytes, held, &messages);
        memmove(bytes, bytes + used, held - used);
        held -= used;
    }
    flush();
    cost after = spent();
    report(after.user - before.user, after.kernel - before.kernel, messages);
    end();
    close(source);
    close(sink);
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 4)
        errx(2, "usage: bench_floor FILE none|zlib-stream|zstd-stream, or COMPRESSION SOURCE_PORT SINK_PORT");
    compression = argv[argc == 3 ? 2 : 1];
    if (argc == 3)
        measure_file(argv[1]);
    else
        measure_sockets(argv[2], argv[3]);
    return 0;
}
