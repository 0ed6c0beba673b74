/*
 * Discord, for benchmarks: as much of the gateway protocol as a client needs. It costs little, it is on time, and it
 * is a process of its own, so that its CPU is not a contender's.
 *
 *     bench_discord CORPUS COMPRESSION SHARDS EVENTS CLIENTS HEARTBEAT ACKS TIMES [CERTIFICATE KEY]
 *
 * Every client has a port of its own, which is printed first ("port 0 40001"). Every client gets the same recordings:
 * see recording.h. EVENTS: of all shards together. HEARTBEAT: milliseconds. ACKS: answers to heartbeats, for each
 * shard. TIMES: the file of times.h. A command comes on the standard input:
 *
 *     send CLIENT COUNT RATE   the next COUNT events: RATE a second, each a write of its own, spread evenly over the
 *                              shards; RATE 0: all at once, in large writes
 *
 * It prints "ready CLIENT CIPHER" when every shard of a client has its READY. It prints "sent CLIENT CPU WALL LATE"
 * when everything was sent: its own CPU and the time, in microseconds, and how many events were over a millisecond
 * late. It prints "lost CLIENT SHARD" when a shard of a client hangs up. A heartbeat is answered once all events of
 * its shard were sent: the answers stand behind the events in the recording.
 */
#include "recording.h"
#include "spent.h"
#include "times.h"
#include "transport.h"

#include <errno.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

enum {
    INPUT_MOST = 8192,
    WRITE_MOST = 64 * 1024,
    EVENTS_AT_ONCE = 256,
    LATE = 1000000, /* nanoseconds */
    OP_HEARTBEAT = 1,
    OP_IDENTIFY = 2
};

typedef enum kind {
    COMMANDS,
    TIMER,
    LISTENER,
    CONNECTION
} kind;

typedef struct client {
    kind kind; /* first: what epoll gives back is looked at by its kind */
    int fd;
    uint32_t number, ready;
    uint16_t port;
    uint64_t next; /* the event that is sent next */
    struct connection **shards;
} client;

typedef struct connection {
    kind kind;
    transport transport;
    client *client;
    bool upgraded, watches_writes;
    uint32_t shard;
    const recording *recording; /* NULL: it has not identified */
    size_t at, limit;           /* bytes of the recording: sent, to be sent */
    size_t acks;                /* heartbeats that wait for an answer */
    size_t answered;
    size_t input_length;
    char input[INPUT_MOST + 1];
} connection;

typedef struct job {
    client *client; /* NULL: nothing to do */
    uint64_t first, end, rate, start;
    uint64_t late;
    spent since;
} job;

typedef struct discord {
    int epoll;
    int timer;
    kind commands, ticks; /* for epoll */
    SSL_CTX *tls;
    recording_plan plan;
    const recording *recordings;
    times times;
    client *clients;
    uint32_t clients_length;
    job job;
    char line[256];
    size_t line_length;
} discord;

/* ---- epoll ---- */

static void watch(const discord *self, int fd, void *what, uint32_t events, int how)
{
    struct epoll_event event = {.events = events, .data.ptr = what};
    if (epoll_ctl(self->epoll, how, fd, &event) < 0)
        err(1, "epoll_ctl");
}

static void watch_writes(const discord *self, connection *of, bool wanted)
{
    if (of->watches_writes == wanted)
        return;
    of->watches_writes = wanted;
    watch(self, of->transport.fd, of, EPOLLIN | (wanted ? (uint32_t)EPOLLOUT : 0), EPOLL_CTL_MOD);
}

/* ---- Connections ---- */

static void drop(const discord *self, connection *gone)
{
    if (gone->recording) {
        printf("lost %u %u\n", gone->client->number, gone->shard);
        gone->client->shards[gone->shard] = NULL;
    }
    epoll_ctl(self->epoll, EPOLL_CTL_DEL, gone->transport.fd, NULL);
    transport_close(&gone->transport);
    free(gone);
}

/* ---- The recording of a shard ---- */

static size_t end_of_events(const recording *of)
{
    return of->ends[RECORDING_EVENTS + of->events - 1];
}

/* Sends as much as there is room for. False: the connection is over. */
static bool flush(const discord *self, connection *to)
{
    while (to->at < to->limit) {
        size_t length = to->limit - to->at;
        ssize_t went = transport_put(&to->transport, to->recording->bytes + to->at,
                                     length < WRITE_MOST ? length : WRITE_MOST);
        if (went < 0)
            return false;
        if (went == 0)
            break;
        to->at += (size_t)went;
    }
    watch_writes(self, to, to->at < to->limit);
    return true;
}

static bool send_up_to(const discord *self, connection *to, size_t message)
{
    to->limit = to->recording->ends[message];
    return flush(self, to);
}

static bool answer_heartbeats(const discord *self, connection *to)
{
    if (to->acks == 0 || to->limit < end_of_events(to->recording))
        return true;
    while (to->acks > 0 && to->answered < self->plan.acks) {
        to->acks--;
        to->answered++;
    }
    return send_up_to(self, to, RECORDING_EVENTS + to->recording->events + to->answered - 1);
}

/* ---- What a client says ---- */

static bool identify(discord *self, connection *from, const char *text)
{
    const char *shard = strstr(text, "\"shard\":");
    client *by = from->client;
    from->shard = shard ? (uint32_t)strtoul(shard + strcspn(shard, "0123456789"), NULL, 10) : 0;
    if (from->shard >= self->plan.shards || by->shards[from->shard])
        return false;
    from->recording = &self->recordings[from->shard];
    from->at = from->recording->ends[RECORDING_HELLO];
    by->shards[from->shard] = from;
    if (!send_up_to(self, from, RECORDING_READY))
        return false;
    if (++by->ready == self->plan.shards)
        printf("ready %u %s\n", by->number,
               from->transport.tls ? SSL_get_cipher(from->transport.tls) : "plain");
    return true;
}

static bool take_payload(discord *self, connection *from, const char *text)
{
    const char *op = strstr(text, "\"op\":");
    unsigned long number = op ? strtoul(op + 5, NULL, 10) : 0;
    if (number == OP_IDENTIFY)
        return !from->recording && identify(self, from, text);
    if (number == OP_HEARTBEAT && from->recording) {
        from->acks++;
        return answer_heartbeats(self, from);
    }
    return true;
}

/* The length of the frame that the input begins with, once it is whole; 0: not yet. */
static size_t frame_length(const connection *from, size_t *head)
{
    const uint8_t *bytes = (const uint8_t *)from->input;
    if (from->input_length < 2)
        return 0;
    size_t length = bytes[1] & 127;
    *head = 2 + 4;
    if (length == 126) {
        if (from->input_length < 4)
            return 0;
        length = (size_t)bytes[2] << 8 | bytes[3];
        *head = 4 + 4;
    }
    return from->input_length < *head + length ? 0 : *head + length;
}

static bool take_frame(discord *self, connection *from, size_t head, size_t length)
{
    char text[INPUT_MOST + 1];
    uint8_t opcode = (uint8_t)from->input[0] & 15;
    const char *mask = from->input + head - 4;
    if (opcode == 8)
        return false;
    for (size_t i = head; i < length; i++)
        text[i - head] = (char)(from->input[i] ^ mask[(i - head) % 4]);
    text[length - head] = '\0';
    return opcode > 2 || take_payload(self, from, text);
}

static bool take_frames(discord *self, connection *from)
{
    size_t head;
    for (size_t length; (length = frame_length(from, &head)) > 0;) {
        if (!take_frame(self, from, head, length))
            return false;
        from->input_length -= length;
        memmove(from->input, from->input + length, from->input_length);
    }
    return true;
}

/* ---- HTTP ---- */

static bool answer_api(const discord *self, connection *to)
{
    char body[256], answer[512];
    uint32_t shards = self->plan.shards;
    int length =
        snprintf(body, sizeof body,
                 "{\"url\":\"%s://localhost:%u\",\"shards\":%u,\"session_start_limit\":{\"total\":100000,"
                 "\"remaining\":100000,\"reset_after\":1000,\"max_concurrency\":%u}}",
                 self->tls ? "wss" : "ws", to->client->port, shards, shards);
    int size = snprintf(answer, sizeof answer,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                        "Content-Length: %d\r\n\r\n%s",
                        length, body);
    transport_put(&to->transport, answer, (size_t)size);
    transport_finish(&to->transport);
    return false;
}

/* RFC 6455, section 4.2.2: the key and a number that is the same for everybody, hashed. */
static void accept_key(char *out, const char *key, size_t length)
{
    static const char rest[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char text[128];
    unsigned char hash[SHA_DIGEST_LENGTH];
    int size = snprintf(text, sizeof text, "%.*s%s", (int)length, key, rest);
    SHA1((const unsigned char *)text, (size_t)size, hash);
    EVP_EncodeBlock((unsigned char *)out, hash, sizeof hash);
}

static bool upgrade(const discord *self, connection *of, const char *key)
{
    char hash[64], answer[256];
    const recording *any = self->recordings; /* each begins with the same HELLO */
    key += strspn(key, " ");
    accept_key(hash, key, strcspn(key, "\r"));
    int length = snprintf(answer, sizeof answer,
                          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: %s\r\n\r\n",
                          hash);
    of->upgraded = true;
    return transport_put(&of->transport, answer, (size_t)length) == length &&
           transport_put(&of->transport, any->bytes, any->ends[RECORDING_HELLO]) ==
               (ssize_t)any->ends[RECORDING_HELLO];
}

static bool take_request(const discord *self, connection *from)
{
    static const char name[] = "\nSec-WebSocket-Key:";
    from->input[from->input_length] = '\0';
    char *end = strstr(from->input, "\r\n\r\n");
    if (!end)
        return true;
    *end = '\0';
    const char *key = strcasestr(from->input, name);
    bool goes_on = key ? upgrade(self, from, key + sizeof name - 1) : answer_api(self, from);
    from->input_length = 0;
    return goes_on;
}

/* ---- What comes ---- */

static bool read_connection(discord *self, connection *from)
{
    for (ssize_t got; (got = transport_get(&from->transport, from->input + from->input_length,
                                           INPUT_MOST - from->input_length)) != 0;) {
        if (got < 0)
            return false;
        from->input_length += (size_t)got;
        if (!(from->upgraded ? take_frames(self, from) : take_request(self, from)))
            return false;
    }
    return true;
}

static void serve(discord *self, connection *of, uint32_t events)
{
    bool lives = !(events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || read_connection(self, of);
    if (!lives || ((events & EPOLLOUT) && !flush(self, of)))
        drop(self, of);
}

static void welcome(const discord *self, client *of)
{
    for (int fd; (fd = accept4(of->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        connection *made = calloc(1, sizeof *made);
        if (!made)
            errx(1, "out of memory");
        made->kind = CONNECTION;
        made->transport = transport_new(fd, self->tls);
        made->client = of;
        watch(self, fd, made, EPOLLIN, EPOLL_CTL_ADD);
    }
}

/* ---- Sending ---- */

static void set_timer(const discord *self, uint64_t at)
{
    struct itimerspec when = {.it_value = {(time_t)(at / 1000000000), (long)(at % 1000000000)}};
    timerfd_settime(self->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static uint64_t due(const job *of)
{
    return of->start + (of->client->next - of->first) * 1000000000 / of->rate;
}

/* A connection that is over is dropped when epoll says so: it may be among the events that are at hand. */
static void send_or_forget(const discord *self, connection *to, size_t message)
{
    if (!send_up_to(self, to, message) || !answer_heartbeats(self, to))
        to->at = to->limit;
}

/* The next event, to the shard whose turn it is. */
static void send_next(discord *self)
{
    client *to = self->job.client;
    uint64_t number = to->next++;
    connection *shard = to->shards[number % self->plan.shards];
    self->times.sent[number] = nanoseconds_now();
    if (shard)
        send_or_forget(self, shard, RECORDING_EVENTS + number / self->plan.shards);
}

static bool is_sent(const discord *self)
{
    const client *to = self->job.client;
    for (uint32_t i = 0; i < self->plan.shards; i++) {
        if (to->shards[i] && to->shards[i]->at < to->shards[i]->limit)
            return false;
    }
    return to->next == self->job.end;
}

static void tell_when_sent(discord *self)
{
    if (!self->job.client || !is_sent(self))
        return;
    spent now = spent_now();
    const spent *since = &self->job.since;
    printf("sent %u %lld %lld %llu\n", self->job.client->number,
           (long long)(now.user + now.kernel - since->user - since->kernel),
           (long long)(now.wall - since->wall), (unsigned long long)self->job.late);
    self->job.client = NULL;
}

static void send_paced(discord *self)
{
    job *of = &self->job;
    uint64_t ticks;
    if (read(self->timer, &ticks, sizeof ticks) < 0 || !of->client || of->rate == 0)
        return;
    for (uint64_t now = nanoseconds_now(); of->client->next < of->end && due(of) <= now;
         now = nanoseconds_now()) {
        of->late += now - due(of) > LATE;
        send_next(self);
    }
    if (of->client->next < of->end)
        set_timer(self, due(of));
}

static void send_burst(discord *self)
{
    client *to = self->job.client;
    to->next = self->job.end;
    for (uint32_t i = 0; i < self->plan.shards; i++) {
        uint64_t events = to->next / self->plan.shards + (i < to->next % self->plan.shards);
        if (events > 0 && to->shards[i])
            send_or_forget(self, to->shards[i], RECORDING_EVENTS + events - 1);
    }
}

static void begin(discord *self, unsigned number, uint64_t count, uint64_t rate)
{
    client *to = number < self->clients_length ? &self->clients[number] : NULL;
    if (!to || self->job.client || to->next + count > self->plan.events)
        errx(1, "send %u %llu: no such client, busy, or no so many events", number,
             (unsigned long long)count);
    self->job = (job){.client = to, .first = to->next, .end = to->next + count, .rate = rate};
    self->job.since = spent_now();
    self->job.start = nanoseconds_now() + 1000000;
    if (rate > 0)
        set_timer(self, self->job.start);
    else
        send_burst(self);
}

/* ---- Commands ---- */

static void take_line(discord *self)
{
    unsigned number;
    unsigned long long count, rate;
    if (sscanf(self->line, "send %u %llu %llu", &number, &count, &rate) != 3)
        errx(1, "'%s' is no command", self->line);
    begin(self, number, count, rate);
}

/* False: there will be none any more. */
static bool read_commands(discord *self)
{
    char byte;
    if (read(0, &byte, 1) <= 0)
        return false;
    if (byte != '\n' && self->line_length < sizeof self->line - 1) {
        self->line[self->line_length++] = byte;
        return true;
    }
    self->line[self->line_length] = '\0';
    self->line_length = 0;
    take_line(self);
    return true;
}

/* ---- Beginning ---- */

static void listen_for(const discord *self, client *of, uint32_t number)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    of->kind = LISTENER;
    of->number = number;
    of->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    of->shards = calloc(self->plan.shards, sizeof(connection *));
    if (!of->shards || of->fd < 0 || bind(of->fd, (const struct sockaddr *)&address, size) < 0 ||
        listen(of->fd, SOMAXCONN) < 0 || getsockname(of->fd, (struct sockaddr *)&address, &size) < 0)
        err(1, "a listener");
    of->port = ntohs(address.sin_port);
    watch(self, of->fd, of, EPOLLIN, EPOLL_CTL_ADD);
    printf("port %u %u\n", number, of->port);
}

static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void build(discord *self, char **argv)
{
    corpus from;
    corpus_read(&from, argv[1]);
    self->plan = (recording_plan){.compression = argv[2],
                                  .shards = (uint32_t)strtoul(argv[3], NULL, 10),
                                  .events = strtoull(argv[4], NULL, 10),
                                  .heartbeat = (uint32_t)strtoul(argv[6], NULL, 10),
                                  .acks = strtoull(argv[7], NULL, 10),
                                  .url = argv[9] ? "wss://localhost" : "ws://localhost"};
    self->clients_length = (uint32_t)strtoul(argv[5], NULL, 10);
    if (self->plan.shards == 0 || self->clients_length == 0)
        errx(2, "SHARDS and CLIENTS are numbers from 1 on");
    self->recordings = recordings_new(&from, &self->plan);
    self->times = times_open(argv[8], self->plan.events ? self->plan.events : 1);
    self->tls = argv[9] ? transport_tls(argv[9], argv[10]) : NULL;
    self->epoll = epoll_create1(EPOLL_CLOEXEC);
    self->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    self->ticks = TIMER;
    watch(self, 0, &self->commands, EPOLLIN, EPOLL_CTL_ADD);
    watch(self, self->timer, &self->ticks, EPOLLIN, EPOLL_CTL_ADD);
    self->clients = calloc(self->clients_length, sizeof *self->clients);
    if (!self->clients)
        errx(1, "out of memory");
    for (uint32_t i = 0; i < self->clients_length; i++)
        listen_for(self, &self->clients[i], i);
}

/* False: it is to end. */
static bool handle(discord *self, const struct epoll_event *event)
{
    switch (*(kind *)event->data.ptr) {
    case COMMANDS:
        if (!read_commands(self))
            return false;
        break;
    case TIMER:
        send_paced(self);
        break;
    case LISTENER:
        welcome(self, event->data.ptr);
        break;
    case CONNECTION:
        serve(self, event->data.ptr, event->events);
        break;
    }
    tell_when_sent(self);
    return true;
}

int main(int argc, char **argv)
{
    static discord self;
    struct epoll_event events[EVENTS_AT_ONCE];
    if (argc != 9 && argc != 11)
        errx(2, "usage: bench_discord CORPUS COMPRESSION SHARDS EVENTS CLIENTS HEARTBEAT ACKS TIMES "
                "[CERTIFICATE KEY]");
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    raise_limit();
    build(&self, argv);
    for (;;) {
        int count = epoll_wait(self.epoll, events, EVENTS_AT_ONCE, -1);
        for (int i = 0; i < count; i++) {
            if (!handle(&self, &events[i]))
                return 0;
        }
    }
}
