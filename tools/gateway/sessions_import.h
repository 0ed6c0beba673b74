#ifndef GATEWAY_SESSIONS_IMPORT_H
#define GATEWAY_SESSIONS_IMPORT_H

#include "problems.h"

#include <spectacles/spectacles.h>

/*
 * Reads sessions of another gateway. Two kinds of lines are known, in any order; empty lines and lines that begin with
 * # are passed over:
 *
 *   {"shard":[0,2],"session":"..","seq":17}     one JSON object for each shard, as `sessions export` writes them. May
 *                                               have: "url" (resume URL), "encoding" ("json", "etf"), "gaps"
 *   gateway0session 9f1c..                      a key of the Go daemon's Redis and its value, with spaces or a tab
 *   gateway0seq 17                              between them. Both keys of a shard are needed
 */

/* The number of shards that the lines name; 0: none does, as those of Redis. */
uint32_t sessions_import_shard_count(const uint8_t *text, size_t length);

/*
 * Puts the sessions into a state, in the place of those that the state has of these shards. Each line that is wrong is
 * added to the problems; then the state is not to be used.
 *
 * prefix: what the keys of Redis begin with (the SHARD_STORE_PREFIX of the Go daemon). NULL: whatever stands before the
 *     number.
 *
 * Returns how many shards were read.
 */
size_t sessions_import_read(spectacles_state *state, const uint8_t *text, size_t length, const char *prefix,
                            struct problems *problems);

#endif
