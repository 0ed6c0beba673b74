#include "toy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static const spectacles_endpoint *toy_endpoint(const void *handle)
{
    const sp_toy *self = handle;
    return self->wants_connection ? &self->endpoint : NULL;
}

static int toy_wants_input(const void *handle)
{
    return ((const sp_toy *)handle)->wants_input;
}

static int toy_opened(void *handle, uint64_t now)
{
    (void)now;
    ((sp_toy *)handle)->opened++;
    return SPECTACLES_OK;
}

static int toy_feed(void *handle, const uint8_t *bytes, size_t length, uint64_t now)
{
    sp_toy *self = handle;
    (void)now;
    assert_true(self->in_length + length <= sizeof self->in);
    memcpy(self->in + self->in_length, bytes, length);
    self->in_length += length;
    return SPECTACLES_OK;
}

static int toy_eof(void *handle, int error, const char *text, size_t length, uint64_t now)
{
    sp_toy *self = handle;
    (void)now;
    self->ended++;
    self->error = error;
    self->wants_connection = 0;
    snprintf(self->text, sizeof self->text, "%.*s", (int)length, text ? text : "");
    return SPECTACLES_OK;
}

static size_t toy_pending(const void *handle, const uint8_t **bytes)
{
    const sp_toy *self = handle;
    *bytes = self->out;
    return self->out_length;
}

static void toy_consumed(void *handle, size_t length)
{
    sp_toy *self = handle;
    self->out += length;
    self->out_length -= length;
}

static uint64_t toy_deadline(const void *handle)
{
    return ((const sp_toy *)handle)->deadline;
}

static int toy_expire(void *handle, uint64_t now)
{
    sp_toy *self = handle;
    (void)now;
    self->expired++;
    self->deadline = SPECTACLES_NEVER;
    return SPECTACLES_OK;
}

static const char *toy_last_error(const void *handle)
{
    (void)handle;
    return "";
}

static const void *toy_next_event(void *handle, uint64_t now)
{
    (void)handle;
    (void)now;
    return NULL;
}

static bool toy_has_event(const void *handle)
{
    (void)handle;
    return false;
}

static void toy_end(void *handle)
{
    sp_toy *self = handle;
    self->wants_connection = 0;
    self->freed = 1;
}

static void toy_destroy(void *handle)
{
    ((sp_toy *)handle)->destroyed++;
}

const sp_stream_calls toy_calls = {toy_endpoint, toy_opened,   toy_wants_input, toy_feed,   toy_eof,
                                   toy_pending,  toy_consumed, toy_deadline,    toy_expire, toy_last_error};

const sp_holder_calls toy_holder_calls = {toy_next_event, toy_has_event, toy_end, toy_destroy};

static int listen_on(uint32_t host, uint32_t *port, int backlog)
{
    const int on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)*port), .sin_addr = {htonl(host)}};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
#ifdef SO_REUSEPORT
    /* So that one listener has all addresses, and others have single ones of them. */
    assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
#endif
    (void)on;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(listener, backlog), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return listener;
}

sp_scene *scene_begin(const char *host, const spectacles_link_config *config)
{
    sp_scene *made = test_calloc(1, sizeof *made);
    made->now = 1000;
    made->patience = 20;
    made->peer = made->swallower = -1;
    uint32_t port = 0;
    made->listener = listen_on(INADDR_LOOPBACK, &port, 8);
    made->toy.deadline = SPECTACLES_NEVER;
    made->toy.wants_connection = made->toy.wants_input = 1;
    made->toy.endpoint = (spectacles_endpoint){.host = host, .port = port, .connection = 1};
    made->toy.stream =
        (spectacles_stream){.calls = &toy_calls, .holder_calls = &toy_holder_calls, .engine = &made->toy};
    assert_int_equal(spectacles_link_new(&made->link, &made->toy.stream, config, NULL), SPECTACLES_OK);
    return made;
}

void scene_end(sp_scene *scene)
{
    spectacles_link_free(scene->link);
    close(scene->listener);
    if (scene->peer >= 0)
        close(scene->peer);
    if (scene->swallower >= 0)
        close(scene->swallower);
    for (size_t i = 0; i < scene->filler_count; i++)
        close(scene->filler[i]);
    test_free(scene);
}

int scene_turn(sp_scene *scene)
{
    uint32_t interest = spectacles_link_interest(scene->link);
    short events = (short)((interest & SPECTACLES_LINK_READ ? POLLIN : 0) |
                           (interest & SPECTACLES_LINK_WRITE ? POLLOUT : 0));
    struct pollfd fd = {spectacles_link_fd(scene->link), events, 0};
    int timeout = spectacles_poll_timeout(spectacles_link_deadline(scene->link), scene->now);
    poll(&fd, 1, timeout < 0 || timeout > scene->patience ? scene->patience : timeout);
    uint32_t ready = (fd.revents & POLLIN ? (uint32_t)SPECTACLES_LINK_READ : 0) |
                     (fd.revents & POLLOUT ? (uint32_t)SPECTACLES_LINK_WRITE : 0);
    if (fd.revents & (POLLERR | POLLHUP))
        ready = SPECTACLES_LINK_READ | SPECTACLES_LINK_WRITE;
    return spectacles_link_process(scene->link, ready, scene->now);
}

#if defined(__linux__)
int scene_listen_at(const sp_scene *scene, uint8_t last)
{
    uint32_t port = scene->toy.endpoint.port;
    return listen_on((INADDR_LOOPBACK & ~0xffu) | last, &port, 8);
}

/* A host whose queue is full: Linux leaves a connection to it in the making. */
void scene_swallow(sp_scene *scene)
{
    uint32_t port = scene->toy.endpoint.port;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 0xff00);
    scene->swallower = listen_on(INADDR_ANY, &port, 0);
    for (scene->filler_count = 0; scene->filler_count < 4; scene->filler_count++) {
        scene->filler[scene->filler_count] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(scene->filler[scene->filler_count], (struct sockaddr *)&address, sizeof address);
    }
}

void scene_refuse(sp_scene *scene)
{
    close(scene->listener);
    scene->listener = socket(AF_INET, SOCK_STREAM, 0);
}
#endif

int scene_accept_at(sp_scene *scene, int listener)
{
    struct pollfd waiting = {listener, POLLIN, 0};
    for (int i = 0; i < 1000 && poll(&waiting, 1, 0) == 0; i++)
        scene_turn(scene);
    int accepted = accept(listener, NULL, NULL);
    assert_true(accepted >= 0);
    return accepted;
}

void scene_accept(sp_scene *scene)
{
    scene->peer = scene_accept_at(scene, scene->listener);
}

void scene_resolve(sp_scene *scene, const char *addresses)
{
    if (!scene->toy.wants_connection) {
        scene->toy.endpoint.connection++;
        scene->toy.wants_connection = 1;
    }
    until(spectacles_link_wants_address(scene->link));
    assert_int_equal(spectacles_link_set_address(scene->link, addresses, strlen(addresses)), SPECTACLES_OK);
}

void scene_connect(sp_scene *scene)
{
    until(scene->toy.opened);
    scene->peer = accept(scene->listener, NULL, NULL);
    assert_true(scene->peer >= 0);
}
