/* Prints the events of one shard, without a broker: DISCORD_TOKEN=... first_shard [INTENTS] */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    stop = number;
}

int main(int argc, char **argv)
{
    spectacles_shard *shard = NULL;
    spectacles_link *link = NULL;
    spectacles_problem why = {.text = "out of memory"};
    spectacles_shard_config config;
    spectacles_shard_config_init(&config, sizeof config);
    setenv("DISCORD_GATEWAY_URL", "wss://gateway.discord.gg", 0);
    config.gateway_url = getenv("DISCORD_GATEWAY_URL");
    config.token = getenv("DISCORD_TOKEN");
    config.intents = argc > 1 ? strtoull(argv[1], NULL, 0) : SPECTACLES_INTENT_GUILDS;
    config.seed = spectacles_random_seed();
    if (spectacles_shard_new(&shard, &config, &why) < 0 ||
        spectacles_link_new(&link, spectacles_shard_stream(shard), NULL, &why) < 0)
        errx(1, "%s", why.text);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    while (spectacles_shard_state(shard) < SPECTACLES_SHARD_CLOSED) {
        uint32_t io = spectacles_link_interest(link);
        int events = (io & SPECTACLES_LINK_READ ? POLLIN : 0) | (io & SPECTACLES_LINK_WRITE ? POLLOUT : 0);
        struct pollfd fd = {spectacles_link_fd(link), (short)events, 0};
        int timeout = spectacles_poll_timeout(spectacles_link_deadline(link), spectacles_now());
        /* A signal that comes right before poll() does not wake poll(): so it waits for a second at most. */
        if (poll(&fd, 1, timeout < 0 || timeout > 1000 ? 1000 : timeout) < 0 && errno != EINTR)
            err(1, "poll");
        if (stop)
            spectacles_shard_close(shard, 1000, spectacles_now());
        spectacles_link_process(link, fd.revents ? io : 0, spectacles_now());
        spectacles_link_resolve(link); /* blocks: a program with more links looks names up on a thread */
        for (const spectacles_shard_event *e; (e = spectacles_shard_next_event(shard, spectacles_now()));) {
            if (e->type == SPECTACLES_SHARD_EVENT_DISPATCH)
                printf("%.*s %.*s\n", (int)e->name_length, e->name, (int)e->data_length, e->data);
            else if (e->type == SPECTACLES_SHARD_EVENT_IDENTIFY)
                spectacles_shard_identify(shard, spectacles_now()); /* several shards would take turns here */
            else if (e->text)
                warnx(e->type == SPECTACLES_SHARD_EVENT_CONNECTING ? "connecting to %s" : "%s", e->text);
        }
        fflush(stdout);
    }
    int fatal = spectacles_shard_state(shard) == SPECTACLES_SHARD_FATAL;
    spectacles_link_free(link);
    spectacles_shard_free(shard);
    return fatal;
}
