#ifndef EXAMPLES_STORE_H
#define EXAMPLES_STORE_H

#include <spectacles/spectacles.h>
#include <stdbool.h>

/*
 * The file in which the gateway keeps its spectacles_state (spectacles/state.h), so that the next process goes on where this
 * one ends. It is written to a temporary file first, then synced and renamed, and the folder is synced: a crash leaves the
 * old file or the new one. Only its owner can read it.
 */
struct store;

/*
 * Reads the file. Says so when it cannot be used; the shards then have gaps to declare. Exits when out of memory, and when a
 * setting is wrong.
 */
struct store *store_open(const char *path, const spectacles_state_config *config);

/* NULL is fine, here and below: nothing is stored then. */
void store_close(struct store *store);

/* The session of a shard; false when there is none. Its texts are valid until store_write(). */
bool store_find(const struct store *store, uint32_t shard_id, spectacles_session *out);

/* The gaps that these shards have to declare, for the relay; valid until store_write(). Exits when out of memory. */
const spectacles_gap *store_gaps(struct store *store, spectacles_shard *const *shards, size_t length,
                                 size_t *count);

/*
 * Writes the sessions and gaps if they have changed, or the file is gone. When it cannot, it says so once and is due again
 * in a second: the old file stands until then. What the file held of shards that are served elsewhere now is kept. Blocks for
 * the disk.
 */
void store_write(struct store *store, spectacles_shard *const *shards, size_t length,
                 const spectacles_relay *relay, uint64_t now);

/* When the next write is due after something has happened; each 250 ms at most. */
void store_touch(struct store *store, uint64_t now);
uint64_t store_deadline(const struct store *store);

#endif
