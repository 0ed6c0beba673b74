/* The library as one more client: prints each dispatch, as the other clients do. Settings are environment variables. */
#include <err.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    IDENTIFY_EACH = 5000 /* milliseconds */
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    stop = number;
}

static uint32_t compression_of(const char *name)
{
    static const char *const names[] = {"none", "zlib-stream", "zstd-stream", "payload"};
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0)
            return i;
    }
    errx(1, "there is no compression %s", name);
}

static spectacles_shard *new_shard(void)
{
    spectacles_shard *shard = NULL;
    spectacles_problem why = {.text = "out of memory"};
    spectacles_shard_config config;
    spectacles_shard_config_init(&config, sizeof config);
    config.gateway_url = getenv("CLIENT_GATEWAY");
    config.token = getenv("CLIENT_TOKEN");
    config.compression = compression_of(getenv("CLIENT_COMPRESSION"));
    config.format =
        strcmp(getenv("CLIENT_ENCODING"), "etf") == 0 ? SPECTACLES_FORMAT_ETF : SPECTACLES_FORMAT_JSON;
    config.intents = 513;
    config.seed = spectacles_random_seed();
    if (spectacles_shard_new(&shard, &config, &why) < 0)
        errx(1, "%s", why.text);
    return shard;
}

static void print_dispatch(const spectacles_shard_event *event, spectacles_bytes *json)
{
    spectacles_problem why = {.text = ""};
    if (spectacles_transcode(json, SPECTACLES_FORMAT_JSON, event->format, SPECTACLES_COMPACT, event->data,
                             event->data_length, &why) < 0)
        errx(1, "%.*s: %s", (int)event->name_length, event->name, why.text);
    printf("{\"op\":0,\"s\":%" PRIu64 ",\"t\":\"%.*s\",\"d\":%.*s}\n", event->seq, (int)event->name_length,
           event->name, (int)spectacles_bytes_length(json), (const char *)spectacles_bytes_data(json));
}

/* One in five seconds, as the relay sees to it where there is one. Returns when the next call is due. */
static uint64_t identify(spectacles_shard *shard)
{
    static uint64_t free_at;
    uint64_t now = spectacles_now();
    if (spectacles_shard_state(shard) != SPECTACLES_SHARD_IDENTIFY_WAIT)
        return SPECTACLES_NEVER;
    if (now >= free_at && spectacles_shard_identify(shard, now) == SPECTACLES_OK)
        free_at = now + IDENTIFY_EACH;
    return free_at;
}

static void pull(spectacles_shard *shard, spectacles_bytes *json)
{
    for (const spectacles_shard_event *e; (e = spectacles_shard_next_event(shard, spectacles_now()));) {
        if (e->type == SPECTACLES_SHARD_EVENT_DISPATCH)
            print_dispatch(e, json);
        else if (e->text)
            warnx("%u: %s", e->type, e->text);
    }
    fflush(stdout);
}

int main(void)
{
    spectacles_shard *shard = new_shard();
    spectacles_link *link = NULL;
    spectacles_bytes *json = NULL;
    if (spectacles_bytes_new(&json) < 0 ||
        spectacles_link_new(&link, spectacles_shard_stream(shard), NULL, NULL) < 0)
        errx(1, "no memory");
    signal(SIGTERM, on_signal);
    while (spectacles_shard_state(shard) < SPECTACLES_SHARD_CLOSED) {
        uint32_t io = spectacles_link_interest(link);
        int events = (io & SPECTACLES_LINK_READ ? POLLIN : 0) | (io & SPECTACLES_LINK_WRITE ? POLLOUT : 0);
        struct pollfd fd = {spectacles_link_fd(link), (short)events, 0};
        uint64_t due = identify(shard);
        uint64_t deadline = spectacles_link_deadline(link);
        int timeout = spectacles_poll_timeout(due < deadline ? due : deadline, spectacles_now());
        poll(&fd, 1, timeout < 0 || timeout > 1000 ? 1000 : timeout);
        if (stop)
            spectacles_shard_close(shard, 1000, spectacles_now());
        spectacles_link_process(link, fd.revents ? io : 0, spectacles_now());
        spectacles_link_resolve(link);
        pull(shard, json);
    }
    int fatal = spectacles_shard_state(shard) == SPECTACLES_SHARD_FATAL;
    spectacles_bytes_free(json);
    spectacles_link_free(link);
    spectacles_shard_free(shard);
    return fatal;
}
