#ifndef EXAMPLES_SESSIONS_H
#define EXAMPLES_SESSIONS_H

#include <spectacles/gateway.h>
#include <stdint.h>

/*
 * The sessions of a gateway in the file that SESSION_FILE names, so that the next process goes on where this one was.
 * Each call exits when memory runs out, or when the file cannot be written. Each blocks for the disk. A handle of NULL
 * is fine: nothing is stored.
 */
struct sessions;

/*
 * Reads the file. One that cannot be used is told on stderr, and makes a gap of every shard. NULL: SESSION_FILE is not
 * set. Sets what a gateway with stored sessions needs: nothing of a new session is acted upon before it is stored.
 */
struct sessions *sessions_read(spectacles_gateway_config *gateway, spectacles_shard_config *shard,
                               spectacles_relay_config *relay);
void sessions_free(struct sessions *sessions);

/* Writes what has changed. Due at sessions_due(), and when a shard has a new session or a gap. */
void sessions_write(struct sessions *sessions, spectacles_gateway *gateway, uint64_t now);
uint64_t sessions_due(const struct sessions *sessions);

#endif
