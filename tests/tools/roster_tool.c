/*
 * A gateway whose shards come and go by lines on standard input, each with its record in a file: what a controller of
 * several processes does.
 *
 *     roster_tool SHARD_COUNT GATEWAY_URL AMQP_URL     and DISCORD_TOKEN
 *
 *     add ID FILE      serves a shard; goes on from its session and gaps, when there is such a file
 *     remove ID FILE   takes the shard out in order, and writes both
 *
 * Tells READY ID, RESUMED ID, GAP ID, ADDED ID and REMOVED ID. Stops in order at the end of its input.
 */
#include <err.h>
#include <spectacles/spectacles.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SHARDS_MAX = 16,
    PATH_SIZE = 400,
    GAPS_MAX = 16,
    FILE_MAX = 1 << 20
};

typedef struct tool {
    spectacles_gateway *gateway;
    spectacles_state_config state;
    char files[SHARDS_MAX][PATH_SIZE]; /* where the record of a shard that leaves goes */
} tool;

static void check(int error, const char *what)
{
    if (error < 0)
        errx(EXIT_FAILURE, "%s: %s", what, spectacles_strerror(error));
}

/* ---- Records ---- */

static spectacles_state *read_record(const tool *self, const char *path)
{
    static uint8_t bytes[FILE_MAX];
    spectacles_state *state = NULL;
    FILE *file = fopen(path, "rb");
    check(spectacles_state_new(&state, &self->state, NULL), "state");
    if (!file)
        return state;
    size_t length = fread(bytes, 1, sizeof bytes, file);
    check(spectacles_state_read(state, bytes, length, 0, NULL), path);
    fclose(file);
    return state;
}

static size_t collect_gaps(const tool *self, const spectacles_state *state, uint32_t id,
                           spectacles_gap gaps[GAPS_MAX])
{
    size_t count = 0;
    for (; count < GAPS_MAX; count++) {
        spectacles_gap_init(&gaps[count], sizeof gaps[count]);
        int found = state ? spectacles_state_gap(state, id, count, &gaps[count])
                          : spectacles_gateway_gap(self->gateway, id, count, &gaps[count]);
        if (found != 1)
            break;
    }
    return count;
}

static void add(const tool *self, uint32_t id, const char *path)
{
    spectacles_gap gaps[GAPS_MAX];
    spectacles_session session;
    spectacles_problem problem = {.text = ""};
    spectacles_state *state = read_record(self, path);
    spectacles_session_init(&session, sizeof session);
    bool resumes = spectacles_state_session(state, id, &session) == 1;
    size_t count = collect_gaps(self, state, id, gaps);
    if (spectacles_gateway_add_shard(self->gateway, id, resumes ? &session : NULL, gaps, count, &problem) < 0)
        errx(EXIT_FAILURE, "add: %s", problem.text);
    spectacles_state_free(state);
    printf("ADDED %u\n", id);
}

/* While SHARD_REMOVED is the present event, the session and the gaps of the shard are still there. */
static void write_record(const tool *self, uint32_t id)
{
    spectacles_gap gaps[GAPS_MAX];
    spectacles_session session;
    spectacles_state *state = NULL;
    spectacles_bytes *bytes = NULL;
    size_t count = collect_gaps(self, NULL, id, gaps);
    spectacles_session_init(&session, sizeof session);
    bool has = spectacles_gateway_session(self->gateway, id, &session) == SPECTACLES_OK;
    check(spectacles_state_new(&state, &self->state, NULL), "state");
    check(spectacles_bytes_new(&bytes), "bytes");
    check(spectacles_state_set(state, id, has ? &session : NULL, gaps, count, 0), "record");
    check(spectacles_state_write(state, bytes), "record");
    FILE *file = fopen(self->files[id], "wb");
    if (!file || fwrite(spectacles_bytes_data(bytes), spectacles_bytes_length(bytes), 1, file) != 1 ||
        fclose(file) != 0)
        err(EXIT_FAILURE, "%s", self->files[id]);
    spectacles_state_free(state);
    spectacles_bytes_free(bytes);
}

/* ---- The loop ---- */

/* False at the end of the input. */
static bool take_line(tool *self)
{
    char line[PATH_SIZE + 32];
    char word[16] = "";
    char path[PATH_SIZE] = "";
    uint32_t id = 0;
    if (!fgets(line, sizeof line, stdin))
        return false;
    if (sscanf(line, "%15s %u %399s", word, &id, path) != 3 || id >= SHARDS_MAX)
        errx(EXIT_FAILURE, "not a command: %s", line);
    if (strcmp(word, "add") == 0) {
        add(self, id, path);
        return true;
    }
    memcpy(self->files[id], path, sizeof path);
    check(spectacles_gateway_remove_shard(self->gateway, id, 0, spectacles_now()), "remove");
    return true;
}

static void on_event(const tool *self, const spectacles_relay_event *event)
{
    if (event->type == SPECTACLES_RELAY_EVENT_SHARD_REMOVED)
        write_record(self, event->shard_id);
    if (event->type < SPECTACLES_RELAY_EVENT_BROKER_CONNECTING)
        printf("%s %u\n", spectacles_relay_event_type_name(event->type) + strlen("SHARD_"), event->shard_id);
}

static void run(tool *self)
{
    const spectacles_relay_event *event;
    spectacles_poller *poller = spectacles_gateway_poller(self->gateway);
    check(spectacles_poller_watch(poller, STDIN_FILENO), "stdin");
    bool open = true;
    while (!spectacles_gateway_stopped(self->gateway)) {
        uint64_t now = spectacles_now();
        check(spectacles_gateway_wait(self->gateway, now + 1000, now), "wait");
        now = spectacles_now();
        check(spectacles_gateway_process(self->gateway, now), "process");
        if (open && spectacles_poller_is_readable(poller, STDIN_FILENO) && !take_line(self)) {
            open = false;
            spectacles_poller_unwatch(poller, STDIN_FILENO);
            spectacles_gateway_stop(self->gateway, 0, now);
        }
        while ((event = spectacles_gateway_next_event(self->gateway, now)))
            on_event(self, event);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    tool self = {.gateway = NULL};
    spectacles_problem problem = {.text = "out of memory"};
    spectacles_gateway_config config;
    spectacles_shard_config shard;
    spectacles_broker_config broker;
    spectacles_relay_config relay;
    if (argc != 4)
        errx(EXIT_FAILURE, "usage: roster_tool SHARD_COUNT GATEWAY_URL AMQP_URL");
    setvbuf(stdin, NULL, _IONBF, 0); /* a line that stdio has read already wakes nobody */
    spectacles_shard_config_init(&shard, sizeof shard);
    shard.token = getenv("DISCORD_TOKEN");
    shard.shard_count = (uint32_t)strtoul(argv[1], NULL, 10);
    shard.gateway_url = argv[2];
    shard.intents = SPECTACLES_INTENT_GUILDS | SPECTACLES_INTENT_GUILD_MESSAGES;
    shard.seed = spectacles_random_seed();
    spectacles_broker_config_init(&broker, sizeof broker);
    broker.urls = (const char *const *)argv + 3;
    broker.url_count = 1;
    spectacles_relay_config_init(&relay, sizeof relay);
    relay.allow_all = 1;
    spectacles_gateway_config_init(&config, sizeof config);
    config.flags = SPECTACLES_GATEWAY_NO_SHARDS | SPECTACLES_GATEWAY_RESOLVES;
    config.shard = &shard;
    config.broker = &broker;
    config.relay = &relay;
    spectacles_state_config_init(&self.state, sizeof self.state);
    self.state.token = shard.token;
    self.state.intents = shard.intents;
    self.state.shard_count = shard.shard_count;
    if (spectacles_gateway_new(&self.gateway, &config, &problem) < 0)
        errx(EXIT_FAILURE, "%s", problem.text);
    run(&self);
    spectacles_gateway_free(self.gateway);
    return EXIT_SUCCESS;
}
