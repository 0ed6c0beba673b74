#ifndef EXAMPLES_STORE_H
#define EXAMPLES_STORE_H

#include <spectacles/spectacles.h>
#include <stdbool.h>

/*
 * The sessions of the gateway's shards in a file, so that the next process resumes them: session id, resume URL, committed
 * sequence, shard, count and encoding; and the gaps that are not declared yet, with a hash of the token and the intents, and a checksum. Written to a
 * temporary file first, then synced and renamed, readable by its owner only: a crash leaves the old file or the
 * new one.
 */
struct store;

/* Reads what is there; says so when it is torn, of another bot, or of another version. Exits when out of memory. */
struct store *store_open(const char *path, const char *token, uint64_t intents);
void store_close(struct store *store);

/* The session of a shard, or NULL. Belongs to the store. */
const spectacles_session *store_find(const struct store *store, uint32_t shard_id);

/* The gaps that the former process left, for the relay. They belong to the store. */
const spectacles_gap *store_gaps(const struct store *store, size_t *count);

/*
 * False when something of this shard's may be missing that neither its session nor the gaps tell: there was a file, but it
 * cannot be used; or it is of another number of shards, whose sessions had this shard's guilds.
 */
bool store_knows(const struct store *store, uint32_t shard_id, uint32_t shard_count);

/*
 * Writes the sessions and gaps if they have changed, or the file is gone. When it cannot, it says so once and is due again in a
 * second: the old file stands until then. What the file held of shards that are served elsewhere now is kept. Blocks for the
 * disk.
 */
void store_write(struct store *store, spectacles_shard *const *shards, size_t count,
                 const spectacles_relay *relay, uint64_t now);

/* When the next write is due after something has happened; each 250 ms at most. */
void store_touch(struct store *store, uint64_t now);
uint64_t store_deadline(const struct store *store);

#endif
