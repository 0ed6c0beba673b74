/*
 * The least that a gateway does for an event that comes alone: epoll, recv, send, and the recv of the confirm. It
 * takes WebSocket messages as they are, puts each into a publish with a message-id, and reads confirms. It inflates
 * nothing, reads no JSON, and holds nothing for a resume.
 *
 *     bench_floor_paced GATEWAY_PORT SHARDS AMQP_PORT CONFIRM_DELAY READ_DELAY
 *
 * The delays are milliseconds; 0: handled at once. CONFIRM_DELAY: how long after the first publish that waits for a
 * confirm the confirms are read. READ_DELAY: how long after sockets were read they are read again. The floor ends
 * with its standard input.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    INPUT_MOST = 512 * 1024,
    READ_MOST = 64 * 1024,
    FRAME_MOST = 131072 - 8, /* bytes of a body in one AMQP frame */
    OUTPUT_MOST = 8 * 1024 * 1024,
    EVENTS_AT_ONCE = 256,
    ACK_LENGTH = 21
};

typedef struct shard {
    int fd;
    uint32_t number;
    uint64_t sequence;
    size_t length;  /* of a message that has not come whole */
    uint8_t *input; /* NULL: there is none */
} shard;

typedef struct broker {
    int fd;
    uint64_t published, confirmed;
    uint64_t confirm_at; /* nanoseconds; 0: nothing waits */
    size_t in_length, out_length;
    uint8_t in[READ_MOST];
    uint8_t out[OUTPUT_MOST];
} broker;

static broker amqp;
static uint8_t room[INPUT_MOST + READ_MOST];
static uint64_t confirm_delay, read_delay; /* nanoseconds */

static uint64_t nanoseconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- Sockets that wait, for the beginning ---- */

static int connect_to(const char *port)
{
    int on = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) < 0)
        err(1, "port %s", port);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void send_all(int fd, const void *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        ssize_t went = send(fd, (const char *)bytes + at, length - at, MSG_NOSIGNAL);
        if (went <= 0)
            err(1, "send");
        at += (size_t)went;
    }
}

static void read_exactly(int fd, void *to, size_t length)
{
    for (size_t at = 0; at < length;) {
        ssize_t got = recv(fd, (char *)to + at, length - at, 0);
        if (got <= 0)
            err(1, "recv");
        at += (size_t)got;
    }
}

/* ---- AMQP ---- */

static void put(uint64_t number, size_t bytes)
{
    while (bytes-- > 0)
        amqp.out[amqp.out_length++] = (uint8_t)(number >> 8 * bytes);
}

static void put_bytes(const void *bytes, size_t length)
{
    memcpy(amqp.out + amqp.out_length, bytes, length);
    amqp.out_length += length;
}

static void put_short(const char *text)
{
    put(strlen(text), 1);
    put_bytes(text, strlen(text));
}

/* The head of a frame, whose length is known when it ends. Returns where that stands. */
static size_t begin_frame(uint8_t type, uint16_t channel)
{
    put(type, 1);
    put(channel, 2);
    put(0, 4);
    return amqp.out_length;
}

static void end_frame(size_t begin)
{
    size_t length = amqp.out_length - begin;
    for (size_t i = 0; i < 4; i++)
        amqp.out[begin - 4 + i] = (uint8_t)(length >> 8 * (3 - i));
    put(0xce, 1);
}

static size_t begin_method(uint16_t channel, uint16_t class, uint16_t method)
{
    size_t begin = begin_frame(1, channel);
    put(class, 2);
    put(method, 2);
    return begin;
}

static void flush(void)
{
    send_all(amqp.fd, amqp.out, amqp.out_length);
    amqp.out_length = 0;
}

/* Sends what was put, and waits for the one method that answers it. */
static void call(size_t begin)
{
    uint8_t head[7];
    end_frame(begin);
    flush();
    read_exactly(amqp.fd, head, sizeof head);
    size_t length = (size_t)head[3] << 24 | (size_t)head[4] << 16 | (size_t)head[5] << 8 | head[6];
    if (length >= sizeof room)
        errx(1, "RabbitMQ says too much");
    read_exactly(amqp.fd, room, length + 1);
    if (room[1] == 10 && room[3] == 50)
        errx(1, "RabbitMQ closes the connection");
}

static void log_in(const char *port)
{
    static const char response[] = "\0guest\0guest";
    uint8_t head[7];
    amqp.fd = connect_to(port);
    send_all(amqp.fd, "AMQP\0\0\11\1", 8);
    read_exactly(amqp.fd, head, sizeof head);
    read_exactly(amqp.fd, room, ((size_t)head[5] << 8 | head[6]) + 1);
    size_t begin = begin_method(0, 10, 11); /* connection.start-ok */
    put(0, 4);
    put_short("PLAIN");
    put(sizeof response - 1, 4);
    put_bytes(response, sizeof response - 1);
    put_short("en_US");
    call(begin);
    begin = begin_method(0, 10, 31); /* connection.tune-ok: no heartbeats */
    put(1, 2);
    put(131072, 4);
    put(0, 2);
    end_frame(begin);
    begin = begin_method(0, 10, 40); /* connection.open */
    put_short("/");
    put(0, 2);
    call(begin);
    begin = begin_method(1, 20, 10); /* channel.open */
    put(0, 1);
    call(begin);
    begin = begin_method(1, 85, 10); /* confirm.select */
    put(0, 1);
    call(begin);
}

static void put_body(const uint8_t *body, size_t length)
{
    for (size_t at = 0; at < length;) {
        size_t piece = length - at < FRAME_MOST ? length - at : FRAME_MOST;
        size_t begin = begin_frame(3, 1);
        put_bytes(body + at, piece);
        end_frame(begin);
        at += piece;
    }
}

static void publish(shard *from, const uint8_t *body, size_t length)
{
    char id[64];
    if (amqp.out_length + length + 1024 > OUTPUT_MOST)
        flush();
    snprintf(id, sizeof id, "bench-%u:%llu", from->number, (unsigned long long)++from->sequence);
    size_t begin = begin_method(1, 60, 40);
    put(0, 2);
    put_short("gateway");
    put_short("FLOOR");
    put(0, 1);
    end_frame(begin);
    begin = begin_frame(2, 1);
    put(60, 2);
    put(0, 2);
    put(length, 8);
    put(1 << 15 | 1 << 12 | 1 << 7, 2); /* content-type, delivery-mode, message-id */
    put_short("application/json");
    put(2, 1);
    put_short(id);
    end_frame(begin);
    put_body(body, length);
    amqp.published++;
}

static void take_ack(const uint8_t *frame)
{
    if (frame[0] != 1 || frame[8] != 60 || frame[10] != 80)
        errx(1, "RabbitMQ says something else than basic.ack");
    amqp.confirmed = 0;
    for (size_t i = 11; i < 19; i++)
        amqp.confirmed = amqp.confirmed << 8 | frame[i];
}

static void read_confirms(void)
{
    ssize_t got = recv(amqp.fd, amqp.in + amqp.in_length, sizeof amqp.in - amqp.in_length, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN))
        err(1, "RabbitMQ is gone");
    amqp.in_length += got > 0 ? (size_t)got : 0;
    size_t at = 0;
    for (; amqp.in_length - at >= ACK_LENGTH; at += ACK_LENGTH)
        take_ack(amqp.in + at);
    amqp.in_length -= at;
    memmove(amqp.in, amqp.in + at, amqp.in_length);
}

/* ---- A shard ---- */

/* A whole frame's length, and its head's; 0: it is not whole. */
static size_t frame_length(const uint8_t *bytes, size_t length, size_t *head)
{
    if (length < 2)
        return 0;
    size_t wide = bytes[1] == 126 ? 2 : bytes[1] == 127 ? 8 : 0;
    size_t body = wide ? 0 : bytes[1];
    *head = 2 + wide;
    if (length < *head)
        return 0;
    for (size_t i = 0; i < wide; i++)
        body = body << 8 | bytes[2 + i];
    return length < *head + body ? 0 : *head + body;
}

static void keep(shard *of, const uint8_t *bytes, size_t length)
{
    if (length > INPUT_MOST)
        errx(1, "a message of over %d bytes", INPUT_MOST);
    of->length = length;
    if (length == 0)
        return;
    if (!of->input && !(of->input = malloc(INPUT_MOST)))
        errx(1, "out of memory");
    memcpy(of->input, bytes, length);
}

static void read_shard(shard *from)
{
    size_t head, at = 0;
    memcpy(room, from->input ? from->input : room, from->length);
    ssize_t got = recv(from->fd, room + from->length, READ_MOST, 0);
    if (got <= 0)
        err(1, "shard %u", from->number);
    size_t length = from->length + (size_t)got;
    for (size_t size; (size = frame_length(room + at, length - at, &head)) > 0; at += size)
        publish(from, room + at + head, size - head);
    keep(from, room + at, length - at);
}

static void skip_frame(int fd)
{
    uint8_t head[10];
    read_exactly(fd, head, 2);
    size_t wide = head[1] == 126 ? 2 : head[1] == 127 ? 8 : 0;
    size_t length = wide ? 0 : head[1];
    read_exactly(fd, head + 2, wide);
    for (size_t i = 0; i < wide; i++)
        length = length << 8 | head[2 + i];
    read_exactly(fd, room, length);
}

/* A client's frame is masked: with zeros, which change nothing. */
static void identify(int fd, uint32_t number, uint32_t count)
{
    char frame[256];
    int length = snprintf(frame + 8, sizeof frame - 8,
                          "{\"op\":2,\"d\":{\"token\":\"t\",\"intents\":0,\"properties\":{\"os\":\"linux\","
                          "\"browser\":\"bench\","
                          "\"device\":\"bench\"},\"shard\":[%u,%u]}}",
                          number, count);
    const uint8_t head[8] = {0x81, 0x80 | 126, (uint8_t)(length >> 8), (uint8_t)length};
    memcpy(frame, head, sizeof head);
    send_all(fd, frame, sizeof head + (size_t)length);
}

static void open_shard(shard *self, const char *port, uint32_t number, uint32_t count)
{
    static const char request[] =
        "GET /?v=10&encoding=json HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n";
    uint32_t last = 0;
    *self = (shard){.fd = connect_to(port), .number = number, .sequence = 1};
    send_all(self->fd, request, sizeof request - 1);
    for (uint8_t byte; last != 0x0d0a0d0a; last = last << 8 | byte)
        read_exactly(self->fd, &byte, 1);
    skip_frame(self->fd); /* HELLO */
    identify(self->fd, number, count);
    skip_frame(self->fd); /* READY */
}

/* ---- Turns ---- */

static void watch(int epoll, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        err(1, "epoll_ctl");
}

static int patience(void)
{
    if (amqp.confirm_at == 0)
        return -1;
    uint64_t now = nanoseconds_now();
    return amqp.confirm_at <= now ? 0 : (int)((amqp.confirm_at - now) / 1000000 + 1);
}

static void confirm_when_due(void)
{
    if (confirm_delay == 0)
        return;
    if (amqp.confirm_at != 0 && amqp.confirm_at <= nanoseconds_now()) {
        read_confirms();
        amqp.confirm_at = 0;
    }
    if (amqp.confirm_at == 0 && amqp.confirmed < amqp.published)
        amqp.confirm_at = nanoseconds_now() + confirm_delay;
}

static void rest(uint64_t until)
{
    struct timespec at = {(time_t)(until / 1000000000), (long)(until % 1000000000)};
    if (read_delay > 0)
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* Until the standard input ends: that is what epoll gives without anything to read for. */
static void run(int epoll)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS_AT_ONCE, patience());
        uint64_t began = read_delay > 0 ? nanoseconds_now() : 0;
        for (int i = 0; i < count; i++) {
            if (!events[i].data.ptr)
                return;
            if (events[i].data.ptr == &amqp)
                read_confirms();
            else
                read_shard(events[i].data.ptr);
        }
        if (amqp.out_length > 0)
            flush();
        confirm_when_due();
        rest(began + read_delay);
    }
}

int main(int argc, char **argv)
{
    if (argc != 6)
        errx(2, "usage: bench_floor_paced GATEWAY_PORT SHARDS AMQP_PORT CONFIRM_DELAY READ_DELAY");
    uint32_t count = (uint32_t)strtoul(argv[2], NULL, 10);
    struct rlimit limit = {count + 64, count + 64};
    shard *shards = calloc(count, sizeof *shards);
    int epoll = epoll_create1(0);
    if (!shards || epoll < 0)
        err(1, "%u shards", count);
    setrlimit(RLIMIT_NOFILE, &limit);
    confirm_delay = strtoull(argv[4], NULL, 10) * 1000000;
    read_delay = strtoull(argv[5], NULL, 10) * 1000000;
    log_in(argv[3]);
    for (uint32_t i = 0; i < count; i++) {
        open_shard(&shards[i], argv[1], i, count);
        watch(epoll, shards[i].fd, &shards[i]);
    }
    if (confirm_delay == 0)
        watch(epoll, amqp.fd, &amqp);
    watch(epoll, 0, NULL);
    run(epoll);
    return 0;
}
