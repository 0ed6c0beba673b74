#ifndef GATEWAY_STORE_H
#define GATEWAY_STORE_H

#include "problems.h"
#include "setting.h"

#include <spectacles/spectacles.h>

/*
 * What outlives the process: sessions and gaps, in SESSION_FILE. A store of NULL is fine in every call: nothing is
 * stored then.
 *
 * The life of a store:
 *
 *   store_open()          locks and reads the file; a second process ends here
 *   store_choose_count()  the stored sessions keep their number of shards
 *   store_load()          gives the state for spectacles_gateway_config.state, and proves that the file can be written
 *   store_touch()         after events; then store_process() when its descriptor is readable or its deadline has come
 *   store_finish()        when the gateway has stopped; then store_process() until store_is_finished(), or until the
 *                         time for a stop is over
 *   store_free()
 *
 * The gateway is made with SPECTACLES_RELAY_HOLDS_NEW_SESSIONS and SPECTACLES_SHARD_STORED_HEARTBEATS. Nothing of a new
 * session leaves before the session is safe on the disk, and no heartbeat carries a sequence that is not. When the disk
 * fails, or is silent for five seconds, new sessions are let go all the same: a bot that waits for a full disk would
 * lose the sessions. Should the process then die before the disk is mended, the next one declares one gap for both.
 *
 * Between store_open() and store_load() calls block for the disk. Later ones do not: a thread writes.
 */
struct store;

/* What a store has done. For metrics. */
struct store_stats {
    uint64_t writes;    /* that have ended well */
    uint64_t failures;  /* writes that have not */
    uint64_t bytes;     /* of the last write that ended well */
    uint64_t last_time; /* what it took: milliseconds */
    uint64_t longest_time;
    uint64_t stored_at;     /* when it ended: milliseconds since 1970; 0: never */
    uint64_t failing_since; /* the time of store_process(); 0: it does not fail */
    bool is_writing;
};

/*
 * Locks the file, and reads it.
 *
 * path: SESSION_FILE. where: for sentences: where it was set. missing: when the file is not there.
 *
 * Returns NULL when the gateway must not run, which was added to the problems. Notes are added as well.
 */
struct store *store_open(const char *path, const char *where, enum setting_missing missing,
                         struct problems *problems);

/*
 * The number of shards that the bot has: what somebody has set, else that of the stored sessions, else what Discord
 * recommends. A restart never reshards because the recommendation has changed. What a person should know is added to
 * the problems as notes.
 *
 * told: DISCORD_SHARD_COUNT; 0: not set.
 */
uint32_t store_choose_count(const struct store *store, uint32_t told, uint32_t recommended,
                            struct problems *problems);

/*
 * Takes the stored sessions and gaps into a state, and writes the file once. After it store_state() has the state.
 *
 * config: token, intents and number of shards. writer is set here.
 *
 * Returns false when the gateway must not run.
 */
bool store_load(struct store *store, const spectacles_state_config *config, struct problems *problems);

/* For spectacles_gateway_config.state, which copies it. */
const spectacles_state *store_state(const struct store *store);

/*
 * Something has happened.
 *
 * is_urgent: a shard is ready or has a gap, and its session waits to be stored. Other things have 250 ms.
 */
void store_touch(struct store *store, bool is_urgent, uint64_t now);

/* Readable when store_process() has something to do; -1: there is none. */
int store_descriptor(const struct store *store);

/* When store_process() has something to do at the latest; SPECTACLES_NEVER. */
uint64_t store_deadline(const struct store *store);

/*
 * Goes on: takes the state of the gateway and begins to write it; tells the gateway what is safe. What fails is told
 * once, and again when it is mended (problems, PROBLEM_MAY_PASS or PROBLEM_NOTE). Does not block.
 */
void store_process(struct store *store, spectacles_gateway *gateway, uint64_t now, struct problems *problems);

/* The last write: of everything that has changed. */
void store_finish(struct store *store, uint64_t now);

/* Whether everything is stored after store_finish(). */
bool store_is_finished(const struct store *store);

void store_get_stats(const struct store *store, struct store_stats *stats);

/* Lets go of the file. Waits for no disk. */
void store_free(struct store *store);

#endif
