/* A program around move() of doc/embedding.md: one shard over a socket of its own, without a link and without TLS. */
#include "page_move.c"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct tcp {
    int fd;
    uint64_t connection;
} tcp;

static int moved(ssize_t count)
{
    if (count > 0)
        return (int)count;
    return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? 0 : -1;
}

static int read_tcp(void *self, uint8_t *bytes, size_t length)
{
    return moved(recv(((tcp *)self)->fd, bytes, length, 0));
}

static int write_tcp(void *self, const uint8_t *bytes, size_t length)
{
    return moved(send(((tcp *)self)->fd, bytes, length, MSG_NOSIGNAL));
}

static void hang_up(tcp *tcp)
{
    if (tcp->fd >= 0)
        close(tcp->fd);
    tcp->fd = -1;
}

/* Makes the connection that the stream wants, if it is another one. */
static void follow(tcp *tcp, spectacles_stream *stream)
{
    const spectacles_endpoint *endpoint = spectacles_stream_endpoint(stream);
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (endpoint && endpoint->connection == tcp->connection)
        return;
    hang_up(tcp);
    if (!endpoint)
        return;
    tcp->connection = endpoint->connection;
    tcp->fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_port = htons((uint16_t)endpoint->port);
    if (inet_pton(AF_INET, endpoint->host, &address.sin_addr) == 1 &&
        connect(tcp->fd, (struct sockaddr *)&address, sizeof address) == 0) {
        fcntl(tcp->fd, F_SETFL, O_NONBLOCK);
        spectacles_stream_opened(stream, spectacles_now());
    } else {
        hang_up(tcp);
        spectacles_stream_eof(stream, SPECTACLES_E_SYS, "no connection", 13, spectacles_now());
    }
}

static void wait_for(const tcp *tcp, const spectacles_stream *stream)
{
    const uint8_t *out;
    struct pollfd fd = {tcp->fd, 0, 0};
    fd.events |= spectacles_stream_wants_input(stream) ? POLLIN : 0;
    fd.events |= spectacles_stream_pending(stream, &out) > 0 ? POLLOUT : 0;
    poll(&fd, 1, spectacles_poll_timeout(spectacles_stream_deadline(stream), spectacles_now()));
}

static void pull(spectacles_shard *shard)
{
    const spectacles_shard_event *event;
    while ((event = spectacles_shard_next_event(shard, spectacles_now()))) {
        if (event->type == SPECTACLES_SHARD_EVENT_IDENTIFY)
            spectacles_shard_identify(shard, spectacles_now());
        else if (event->type == SPECTACLES_SHARD_EVENT_DISPATCH)
            printf("%.*s %.*s\n", (int)event->name_length, event->name, (int)event->data_length, event->data);
        else if (event->type == SPECTACLES_SHARD_EVENT_RESUMED)
            puts("RESUMED");
    }
    fflush(stdout);
}

int main(void)
{
    tcp tcp = {-1, 0};
    transport io = {read_tcp, write_tcp, &tcp};
    spectacles_shard *shard;
    spectacles_problem problem;
    spectacles_shard_config config;
    spectacles_shard_config_init(&config, sizeof config);
    config.gateway_url = getenv("DISCORD_GATEWAY_URL");
    config.token = getenv("DISCORD_TOKEN");
    config.seed = spectacles_random_seed();
    if (spectacles_shard_new(&shard, &config, &problem) < 0)
        return fprintf(stderr, "%s\n", problem.text), 1;
    spectacles_stream *stream = spectacles_shard_stream(shard);
    while (spectacles_shard_state(shard) < SPECTACLES_SHARD_CLOSED) {
        pull(shard);
        follow(&tcp, stream);
        wait_for(&tcp, stream);
        if (tcp.fd >= 0)
            move(stream, &io, spectacles_now());
        else if (spectacles_stream_deadline(stream) <= spectacles_now())
            spectacles_stream_expire(stream, spectacles_now());
    }
    hang_up(&tcp);
    spectacles_shard_free(shard);
    return 0;
}
