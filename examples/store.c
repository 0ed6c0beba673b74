/*
 * The file of the sessions and gaps of a gateway, which is read and replaced as a whole. engines.c opens one store, and
 * gateway.c owns it.
 */
#include "store.h"

#include "whole_file.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    EVERY = 250, /* milliseconds */
    RETRY = 1000 /* after a write that failed */
};

struct store {
    char *path;
    spectacles_state *state; /* what was read, for the gateway to begin with */
    spectacles_bytes *bytes; /* of the state of the gateway, as they are written */
    uint64_t due;
    bool changed; /* the state has changed since the file was written */
    bool failed;  /* the last write failed, and the log says so */
};

static void *must(void *memory)
{
    if (!memory)
        errx(1, "out of memory");
    return memory;
}

/* ---- Reading ---- */

static void use(const struct store *store, const uint8_t *bytes, size_t length)
{
    spectacles_problem problem;
    int error = spectacles_state_read(store->state, bytes, length, spectacles_unix_time(), &problem);
    if (error == SPECTACLES_E_NOMEM)
        errx(1, "out of memory");
    if (error)
        warnx(
            "%s: %s: its sessions are not used, shards identify anew, and declare that something is missing",
            store->path, problem.text);
}

static void read_file(const struct store *store)
{
    size_t length;
    uint8_t *bytes = whole_file_read(store->path, SPECTACLES_STATE_MAX, &length);
    if (bytes)
        use(store, bytes, length);
    else if (errno == ENOMEM)
        errx(1, "out of memory");
    else if (errno == ENOENT)
        warnx("%s is not there yet: shards identify anew, and what came before that is not known",
              store->path);
    else {
        warn("%s: sessions cannot be read, so shards identify anew, and declare that something is missing",
             store->path);
        spectacles_state_lost(store->state, spectacles_unix_time());
    }
    free(bytes);
}

struct store *store_open(const char *path, const spectacles_state_config *config)
{
    spectacles_problem problem = {.text = "out of memory"};
    struct store *store = must(calloc(1, sizeof *store));
    store->path = must(strdup(path));
    store->due = SPECTACLES_NEVER;
    store->changed = true;
    if (spectacles_state_new(&store->state, config, &problem) < 0 || spectacles_bytes_new(&store->bytes) < 0)
        errx(1, "%s: %s", path, problem.text);
    read_file(store);
    return store;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    spectacles_state_free(store->state);
    spectacles_bytes_free(store->bytes);
    free(store->path);
    free(store);
}

const spectacles_state *store_state(const struct store *store)
{
    return store ? store->state : NULL;
}

/* ---- Writing ---- */

/* False, with errno, when any part fails. ENOMEM when the state finds no memory. */
static bool write_state(struct store *store, const spectacles_gateway *gateway)
{
    int error = spectacles_gateway_write_state(gateway, store->bytes);
    errno = error == SPECTACLES_E_TOOBIG ? EFBIG : ENOMEM;
    return error == SPECTACLES_OK && whole_file_replace(store->path, spectacles_bytes_data(store->bytes),
                                                        spectacles_bytes_length(store->bytes));
}

static void note_result(struct store *store, bool fine)
{
    if (!fine && !store->failed)
        warn("%s: sessions cannot be stored, so a restart would replay more, or identify; trying again",
             store->path);
    if (fine && store->failed)
        warnx("%s: sessions are stored again", store->path);
    store->failed = !fine;
    store->changed = !fine;
}

void store_write(struct store *store, spectacles_gateway *gateway, uint64_t now)
{
    if (!store)
        return;
    int changed = spectacles_gateway_take_state(gateway, spectacles_unix_time());
    store->changed = store->changed || changed;
    errno = ENOMEM;
    if (changed < 0)
        note_result(store, false);
    else if (store->changed || access(store->path, F_OK) < 0)
        note_result(store, write_state(store, gateway));
    /* A full disk may have room again although no event comes. */
    store->due = store->failed ? now + RETRY : SPECTACLES_NEVER;
}

void store_touch(struct store *store, uint64_t now)
{
    if (store && store->due == SPECTACLES_NEVER)
        store->due = now + EVERY;
}

uint64_t store_deadline(const struct store *store)
{
    return store ? store->due : SPECTACLES_NEVER;
}
