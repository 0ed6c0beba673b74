/*
 * What TLS costs a link, for each message that it receives: bench_tls CERT KEY CA COUNT RATE plain|tls
 *
 * A child process sends COUNT messages of 1,200 bytes, each with a write and so a TLS record of its own, at RATE a
 * second (0: one after the other). This process reads them with a link and throws them away. Prints the microseconds of
 * CPU for each message, user and kernel.
 */
#include "core/stream.h"

#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MESSAGE = 1200
};

/* ---- The child: sends ---- */

static void pace(struct timespec *next, unsigned rate)
{
    next->tv_nsec += 1000000000L / rate;
    next->tv_sec += next->tv_nsec / 1000000000L;
    next->tv_nsec %= 1000000000L;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL);
}

static SSL *accept_tls(int fd, char **argv)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, argv[1]) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) != 1)
        errx(1, "%s, %s: not a certificate and its key", argv[1], argv[2]);
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) != 1)
        errx(1, "the handshake failed");
    return ssl;
}

static void send_all(int listener, char **argv, int with_tls)
{
    static uint8_t message[MESSAGE];
    size_t count = strtoul(argv[4], NULL, 10);
    unsigned rate = (unsigned)strtoul(argv[5], NULL, 10);
    int on = 1;
    struct timespec next;
    int fd = accept(listener, NULL, NULL);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    SSL *ssl = with_tls ? accept_tls(fd, argv) : NULL;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (size_t i = 0; i < count; i++) {
        if (rate)
            pace(&next, rate);
        ssize_t put = ssl ? SSL_write(ssl, message, MESSAGE) : write(fd, message, MESSAGE);
        if (put != MESSAGE)
            err(1, "write");
    }
    if (ssl)
        SSL_shutdown(ssl);
    close(fd);
}

/* ---- The engine: counts what comes ---- */

typedef struct counter {
    spectacles_stream stream;
    spectacles_endpoint endpoint;
    size_t length;
    int ended;
} counter;

static const spectacles_endpoint *endpoint(const void *engine)
{
    return ((const counter *)engine)->ended ? NULL : &((const counter *)engine)->endpoint;
}

static int opened(void *engine, uint64_t now)
{
    (void)engine;
    (void)now;
    return SPECTACLES_OK;
}

static int wants_input(const void *engine)
{
    (void)engine;
    return 1;
}

static int feed(void *engine, const uint8_t *bytes, size_t length, uint64_t now)
{
    (void)bytes;
    (void)now;
    ((counter *)engine)->length += length;
    return SPECTACLES_OK;
}

static int eof(void *engine, int error, const char *text, size_t length, uint64_t now)
{
    (void)now;
    ((counter *)engine)->ended = 1;
    if (error && length)
        warnx("%.*s", (int)length, text);
    return SPECTACLES_OK;
}

static size_t pending(const void *engine, const uint8_t **bytes)
{
    (void)engine;
    *bytes = NULL;
    return 0;
}

static void consumed(void *engine, size_t length)
{
    (void)engine;
    (void)length;
}

static uint64_t deadline(const void *engine)
{
    (void)engine;
    return SPECTACLES_NEVER;
}

static int expire(void *engine, uint64_t now)
{
    return opened(engine, now);
}

static const char *last_error(const void *engine)
{
    (void)engine;
    return "";
}

static const void *next_event(void *engine, uint64_t now)
{
    (void)engine;
    (void)now;
    return NULL;
}

static void nothing(void *engine)
{
    (void)engine;
}

static const sp_stream_calls calls = {endpoint, opened,   wants_input, feed,   eof,
                                      pending,  consumed, deadline,    expire, last_error};
static const sp_holder_calls holder_calls = {next_event, nothing, nothing};

/* ---- The link ---- */

static double microseconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Until so many bytes are there, or the end. */
static void turn_until(spectacles_link *link, const counter *engine, size_t length)
{
    while (engine->length < length && !engine->ended) {
        uint32_t interest = spectacles_link_interest(link);
        struct pollfd fd = {spectacles_link_fd(link), 0, 0};
        fd.events |= interest & SPECTACLES_LINK_READ ? POLLIN : 0;
        fd.events |= interest & SPECTACLES_LINK_WRITE ? POLLOUT : 0;
        uint64_t now = spectacles_now();
        poll(&fd, 1, spectacles_poll_timeout(spectacles_link_deadline(link), now));
        spectacles_link_process(link, fd.revents ? interest : 0, spectacles_now());
    }
}

static void receive(uint32_t port, char **argv, int with_tls)
{
    size_t all = strtoul(argv[4], NULL, 10) * MESSAGE;
    counter engine = {
        .endpoint = {.host = "127.0.0.1", .port = port, .tls = (uint32_t)with_tls, .connection = 1}};
    spectacles_link *link;
    spectacles_link_config config;
    spectacles_tls_config trust;
    spectacles_problem problem;
    spectacles_link_config_init(&config, sizeof config);
    spectacles_tls_config_init(&trust, sizeof trust);
    trust.ca_file = argv[3];
    engine.stream = (spectacles_stream){.calls = &calls, .holder_calls = &holder_calls, .engine = &engine};
    if (spectacles_tls_new(&config.tls, &trust, &problem) < 0 ||
        spectacles_link_new(&link, &engine.stream, &config, &problem) < 0)
        errx(1, "%s", problem.text);
    /* A tenth comes first and is not counted. */
    turn_until(link, &engine, all / 10);
    size_t first = engine.length;
    double before = microseconds();
    turn_until(link, &engine, all);
    double spent = microseconds() - before;
    if (engine.length != all)
        errx(1, "the connection ended too early");
    printf("%.2f\n", spent / (double)(all - first) * MESSAGE);
    spectacles_link_free(link);
    spectacles_tls_free(config.tls);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (argc == 2 && strcmp(argv[1], "--library") == 0)
        return puts(spectacles_tls_library()) < 0;
    if (argc != 7)
        errx(2, "usage: bench_tls CERT KEY CA COUNT RATE plain|tls, or bench_tls --library");
    int with_tls = strcmp(argv[6], "tls") == 0;
    if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 1) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) < 0)
        err(1, "listen");
    signal(SIGPIPE, SIG_IGN);
    pid_t child = fork();
    if (child == 0) {
        send_all(listener, argv, with_tls);
        return 0;
    }
    close(listener);
    receive(ntohs(address.sin_port), argv, with_tls);
    waitpid(child, NULL, 0);
    return 0;
}
