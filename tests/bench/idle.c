/*
 * What an idle shard costs in memory: idle URL TOKEN CA SHARDS COMPRESSION. Connects so many shards with TLS, waits
 * until all are ready and quiet, and says what the heap holds, part by part. The gateway is the stand-in
 * (tests/bench/idle.py starts both).
 */
#include <err.h>
#include <malloc.h>
#include <poll.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    AT_ONCE = 50
};

typedef struct member {
    spectacles_shard *shard;
    spectacles_link *link;
    int ready;
} member;

static size_t held(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void say(const char *what, size_t before, size_t after, size_t count)
{
    printf("%-52s %8.1f KiB\n", what, ((double)after - (double)before) / 1024 / (double)count);
}

static void pull(member *each)
{
    const spectacles_shard_event *event;
    while ((event = spectacles_shard_next_event(each->shard, spectacles_now()))) {
        if (event->type == SPECTACLES_SHARD_EVENT_IDENTIFY)
            spectacles_shard_identify(each->shard, spectacles_now());
        else if (event->type == SPECTACLES_SHARD_EVENT_READY)
            each->ready = 1;
        else if (event->type == SPECTACLES_SHARD_EVENT_DISCONNECTED ||
                 event->type == SPECTACLES_SHARD_EVENT_FATAL)
            warnx("%s", event->text);
    }
}

static int quiet(const member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!members[i].ready || !(spectacles_link_interest(members[i].link) & SPECTACLES_LINK_READ))
            return 0;
    }
    return 1;
}

static void serve(member *members, struct pollfd *fds, size_t count, int timeout)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t io = spectacles_link_interest(members[i].link);
        fds[i].fd = spectacles_link_fd(members[i].link);
        fds[i].events =
            (short)((io & SPECTACLES_LINK_READ ? POLLIN : 0) | (io & SPECTACLES_LINK_WRITE ? POLLOUT : 0));
    }
    poll(fds, (nfds_t)count, timeout);
    for (size_t i = 0; i < count; i++) {
        uint32_t ready = (fds[i].revents & (POLLIN | POLLHUP | POLLERR) ? SPECTACLES_LINK_READ : 0) |
                         (fds[i].revents & POLLOUT ? SPECTACLES_LINK_WRITE : 0);
        uint64_t now = spectacles_now();
        if (ready || spectacles_link_deadline(members[i].link) <= now ||
            spectacles_link_wants_address(members[i].link)) {
            spectacles_link_process(members[i].link, ready, now);
            spectacles_link_resolve(members[i].link);
            pull(&members[i]);
            spectacles_link_process(members[i].link, 0, now);
        }
    }
}

/* Some at a time: a thousand handshakes at once would not all be done within their deadline. */
static size_t next_limit(const member *members, size_t count)
{
    size_t ready = 0;
    for (size_t i = 0; i < count; i++)
        ready += members[i].ready > 0;
    return ready + AT_ONCE < count ? ready + AT_ONCE : count;
}

int main(int argc, char **argv)
{
    if (argc < 6)
        errx(2, "usage: %s URL TOKEN CA SHARDS COMPRESSION", argv[0]);
    size_t count = strtoul(argv[4], NULL, 10);
    member *members = calloc(count, sizeof *members);
    struct pollfd *fds = calloc(count, sizeof *fds);
    spectacles_tls *tls = NULL;
    spectacles_tls_config trust;
    spectacles_problem why;
    spectacles_tls_config_init(&trust, sizeof trust);
    trust.ca_file = argv[3];
    size_t start = held();
    if (!members || !fds || spectacles_tls_new(&tls, &trust, &why) < 0)
        errx(1, "%s", why.text);
    size_t shared = held();
    spectacles_shard_config config;
    spectacles_shard_config_init(&config, sizeof config);
    config.token = argv[2];
    config.gateway_url = argv[1];
    config.shard_count = (uint32_t)count;
    config.compression = (uint32_t)strtoul(argv[5], NULL, 10);
    for (size_t i = 0; i < count; i++) {
        spectacles_problem problem = {.text = "out of memory"};
        config.shard_id = (uint32_t)i;
        config.seed = spectacles_random_seed();
        if (spectacles_shard_new(&members[i].shard, &config, &problem) < 0)
            errx(1, "%s", problem.text);
    }
    size_t shards = held();
    spectacles_link_config link;
    spectacles_link_config_init(&link, sizeof link);
    link.tls = tls;
    for (size_t i = 0; i < count; i++) {
        if (spectacles_link_new(&members[i].link, spectacles_shard_stream(members[i].shard), &link, NULL) < 0)
            errx(1, "out of memory");
    }
    size_t links = held();
    while (!quiet(members, count))
        serve(members, fds, next_limit(members, count), 1000);
    for (int i = 0; i < 20; i++)
        serve(members, fds, count, 50);
    malloc_trim(0);
    size_t idle = held();
    printf("%zu shards, compression %s\n", count, argv[5]);
    say("shared by all: TLS settings and authorities, each", start, shared, count);
    say("the shard's own state", shared, shards, count);
    say("the link's own state", shards, links, count);
    say("the connection: TLS, WebSocket, inflation, buffers", links, idle, count);
    say("together", start, idle, count);
    for (size_t i = 0; i < count; i++) {
        spectacles_link_free(members[i].link);
        spectacles_shard_free(members[i].shard);
    }
    spectacles_tls_free(tls);
    free(members);
    free(fds);
    return 0;
}
