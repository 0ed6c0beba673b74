/* The file of sessions. gateway.c and feed_gateway.c call it. */
#include "sessions.h"

#include "whole_file.h"

#include <err.h>
#include <errno.h>
#include <spectacles/spectacles.h>
#include <stdlib.h>
#include <string.h>

enum {
    BYTES_MAX = 64 << 20,
    EVERY = 250 /* milliseconds between two writes */
};

struct sessions {
    const char *path;
    spectacles_state *former;
    spectacles_bytes *bytes;
    uint64_t due;
};

static void read_file(struct sessions *sessions)
{
    size_t length = 0;
    spectacles_problem problem = {.text = "out of memory"};
    uint8_t *bytes = whole_file_read(sessions->path, BYTES_MAX, &length);
    if (!bytes && errno == ENOENT)
        return;
    if (!bytes || spectacles_state_read(sessions->former, bytes, length, 0, &problem) < 0) {
        warnx("%s: %s", sessions->path, bytes ? problem.text : strerror(errno));
        spectacles_state_lost(sessions->former, spectacles_unix_time());
    }
    free(bytes);
}

static struct sessions *make(const spectacles_shard_config *shard)
{
    spectacles_state_config config;
    spectacles_problem problem = {.text = "out of memory"};
    struct sessions *sessions = calloc(1, sizeof *sessions);
    spectacles_state_config_init(&config, sizeof config);
    config.token = shard->token;
    config.intents = shard->intents;
    config.shard_count = shard->shard_count;
    if (!sessions || spectacles_bytes_new(&sessions->bytes) < 0 ||
        spectacles_state_new(&sessions->former, &config, &problem) < 0)
        errx(EXIT_FAILURE, "%s", problem.text);
    return sessions;
}

struct sessions *sessions_read(spectacles_gateway_config *gateway, spectacles_shard_config *shard,
                               spectacles_relay_config *relay)
{
    const char *path = getenv("SESSION_FILE");
    if (!path)
        return NULL;
    struct sessions *sessions = make(shard);
    sessions->path = path;
    read_file(sessions);
    gateway->state = sessions->former;
    relay->flags |= SPECTACLES_RELAY_HOLDS_NEW_SESSIONS;
    shard->flags |= SPECTACLES_SHARD_STORED_HEARTBEATS;
    return sessions;
}

void sessions_free(struct sessions *sessions)
{
    if (!sessions)
        return;
    spectacles_state_free(sessions->former);
    spectacles_bytes_free(sessions->bytes);
    free(sessions);
}

uint64_t sessions_due(const struct sessions *sessions)
{
    return sessions ? sessions->due : SPECTACLES_NEVER;
}

/* What is not stored is not acted upon: new sessions wait for it. */
void sessions_write(struct sessions *sessions, spectacles_gateway *gateway, uint64_t now)
{
    if (!sessions)
        return;
    sessions->due = now + EVERY;
    if (spectacles_gateway_take_state(gateway, spectacles_unix_time()) == 0)
        return;
    if (spectacles_gateway_write_state(gateway, sessions->bytes) < 0 ||
        !whole_file_replace(sessions->path, spectacles_bytes_data(sessions->bytes),
                            spectacles_bytes_length(sessions->bytes)))
        errx(EXIT_FAILURE, "%s: the sessions cannot be stored", sessions->path);
    spectacles_gateway_state_stored(gateway);
}
