/* Many links in one poller, their engines and their peers. Called by test_poller.c. */
#include "crowd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    DESCRIPTORS_SPARED = 64
};

/* ---- The engine ---- */

static const spectacles_endpoint *endpoint_of(const void *handle)
{
    const engine *self = handle;
    return self->wants_connection ? &self->endpoint : NULL;
}

static int opened(void *handle, uint64_t now)
{
    engine *self = handle;
    (void)now;
    self->opened++;
    self->out = (const uint8_t *)&self->number;
    self->out_length = sizeof self->number;
    return SPECTACLES_OK;
}

static int wants_input(const void *handle)
{
    return ((const engine *)handle)->wants_input;
}

static int feed(void *handle, const uint8_t *bytes, size_t length, uint64_t now)
{
    engine *self = handle;
    (void)now;
    size_t kept = length < CROWD_ROOM - self->in_length ? length : CROWD_ROOM - self->in_length;
    memcpy(self->in + self->in_length, bytes, kept);
    self->in_length += kept;
    return SPECTACLES_OK;
}

/* It wants another connection at once. */
static int eof(void *handle, int error, const char *text, size_t length, uint64_t now)
{
    engine *self = handle;
    (void)now;
    (void)error;
    self->ended++;
    self->endpoint.connection++;
    snprintf(self->text, sizeof self->text, "%.*s", (int)length, text ? text : "");
    return SPECTACLES_OK;
}

static size_t pending(const void *handle, const uint8_t **bytes)
{
    const engine *self = handle;
    *bytes = self->out;
    return self->out_length;
}

static void consumed(void *handle, size_t length)
{
    engine *self = handle;
    self->out += length;
    self->out_length -= length;
}

static uint64_t deadline(const void *handle)
{
    return ((const engine *)handle)->deadline;
}

static int expire(void *handle, uint64_t now)
{
    engine *self = handle;
    (void)now;
    self->expired++;
    self->deadline = SPECTACLES_NEVER;
    return SPECTACLES_OK;
}

static const char *last_error(const void *handle)
{
    (void)handle;
    return "";
}

static const void *next_event(void *handle, uint64_t now)
{
    (void)handle;
    (void)now;
    return NULL;
}

static bool has_event(const void *handle)
{
    (void)handle;
    return false;
}

static void end(void *handle)
{
    ((engine *)handle)->wants_connection = false;
}

static void destroy(void *handle)
{
    (void)handle;
}

static const sp_stream_calls calls = {endpoint_of, opened,   wants_input, feed,   eof,
                                      pending,     consumed, deadline,    expire, last_error};
static const sp_holder_calls holder_calls = {next_event, has_event, end, destroy};

/* ---- The crowd ---- */

static uint32_t listen_here(crowd *self)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    self->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(self->listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(self->listener, 4096), 0);
    assert_int_equal(getsockname(self->listener, (struct sockaddr *)&address, &length), 0);
    return ntohs(address.sin_port);
}

static void add_engine(crowd *self, size_t i, const char *host, uint32_t port)
{
    engine *each = &self->engines[i];
    each->peer = -1;
    each->number = i;
    each->deadline = SPECTACLES_NEVER;
    each->wants_connection = each->wants_input = true;
    each->endpoint = (spectacles_endpoint){.host = host, .port = port, .connection = 1};
    sp_stream_init(&each->stream, &calls, &holder_calls, each);
    assert_int_equal(spectacles_link_new(&each->link, &each->stream, NULL, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_poller_add(self->poller, each->link, i), SPECTACLES_OK);
}

crowd *crowd_begin(size_t count, uint32_t kind, uint32_t budget, const char *host)
{
    crowd *self = test_calloc(1, sizeof *self);
    spectacles_poller_config config;
    spectacles_poller_config_init(&config, sizeof config);
    config.kind = kind;
    config.latency_budget = budget;
    assert_int_equal(spectacles_poller_new(&self->poller, &config, NULL), SPECTACLES_OK);
    self->now = 1000;
    self->count = count;
    self->engines = test_calloc(count, sizeof *self->engines);
    uint32_t port = listen_here(self);
    for (size_t i = 0; i < count; i++)
        add_engine(self, i, host, port);
    return self;
}

void crowd_end(crowd *self)
{
    for (size_t i = 0; i < self->count; i++) {
        spectacles_link_free(self->engines[i].link);
        if (self->engines[i].peer >= 0)
            close(self->engines[i].peer);
    }
    spectacles_poller_free(self->poller);
    close(self->listener);
    test_free(self->engines);
    test_free(self);
}

void crowd_turn(crowd *self)
{
    uint64_t real = spectacles_now();
    bool at_once = spectacles_poller_deadline(self->poller) <= self->now;
    assert_int_equal(spectacles_poller_wait(self->poller, at_once ? 0 : real + 5, real), SPECTACLES_OK);
    assert_int_equal(spectacles_poller_process(self->poller, self->now), SPECTACLES_OK);
}

bool crowd_accept_one(crowd *self)
{
    size_t number;
    struct pollfd waiting = {self->listener, POLLIN, 0};
    if (poll(&waiting, 1, 0) == 0)
        return false;
    int peer = accept(self->listener, NULL, NULL);
    assert_true(peer >= 0);
    ssize_t got = 0;
    for (int i = 0; i < CROWD_TURNS_MAX && got <= 0; i++) {
        got = recv(peer, &number, sizeof number, MSG_DONTWAIT);
        if (got <= 0)
            crowd_turn(self);
    }
    assert_int_equal(got, sizeof number);
    if (self->engines[number].peer >= 0)
        close(self->engines[number].peer);
    self->engines[number].peer = peer;
    return true;
}

size_t crowd_with_peers(const crowd *self)
{
    size_t count = 0;
    for (size_t i = 0; i < self->count; i++)
        count += self->engines[i].peer >= 0;
    return count;
}

void crowd_connect(crowd *self)
{
    for (int i = 0; crowd_with_peers(self) < self->count; i++) {
        assert_true(i < CROWD_TURNS_MAX);
        if (!crowd_accept_one(self))
            crowd_turn(self);
    }
}

size_t crowd_with_bytes(const crowd *self, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < self->count; i++)
        count += self->engines[i].in_length >= length;
    return count;
}

size_t crowd_possible(size_t wanted)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    size_t room = limit.rlim_cur < 1 << 20 ? (size_t)limit.rlim_cur : 1 << 20;
    return (room - DESCRIPTORS_SPARED) / 2 < wanted ? (room - DESCRIPTORS_SPARED) / 2 : wanted;
}
