#ifndef EXAMPLES_STORE_H
#define EXAMPLES_STORE_H

#include <spectacles/spectacles.h>
#include <stdbool.h>

/*
 * The file in which the gateway stores its spectacles_state (spectacles/state.h), so that the next process resumes
 * the sessions. A temporary file is written and synced first, then renamed, and the folder is synced: a crash leaves
 * the old file or the new file. Only the owner of the file can read it.
 */
struct store;

/*
 * Reads the file. When the file cannot be used, a line on stderr says so, and the shards have gaps to declare. Exits
 * when memory runs out, and when a setting is wrong.
 */
struct store *store_open(const char *path, const spectacles_state_config *config);

/* A store of NULL is fine, here and below: nothing is stored. */
void store_close(struct store *store);

/* What was read, for spectacles_gateway_config.state. NULL when nothing is stored. */
const spectacles_state *store_state(const struct store *store);

/*
 * Writes the sessions and gaps when they have changed, or when the file is gone. When the file cannot be written, a
 * line on stderr says so once, the old file stands, and the next write is due in a second. The records of shards that
 * other processes serve stay in the file. Blocks for the disk.
 */
void store_write(struct store *store, spectacles_gateway *gateway, uint64_t now);

/* Something has happened: a write is due in 250 ms, unless one is due already. */
void store_touch(struct store *store, uint64_t now);

/* When store_write() is due. */
uint64_t store_deadline(const struct store *store);

#endif
