#ifndef GATEWAY_DAEMON_STATE_H
#define GATEWAY_DAEMON_STATE_H

#include "daemon.h"

/* The name of a state, for people: "SERVING". */
const char *daemon_state_name(enum daemon_state state);

/* The one place where the state changes. */
void daemon_set_state(struct daemon *daemon, enum daemon_state state);

/* Ends the daemon at once. The worst exit code stays. */
void daemon_end(struct daemon *daemon, int exit_code);

/* Tells why the daemon cannot go on, and ends it at once. */
void daemon_fail(struct daemon *daemon, int exit_code, const char *text);

/* Stops in order: the fleet is left first. A daemon that stops already keeps its exit code, but for a worse one. */
void daemon_stop(struct daemon *daemon, int exit_code, uint64_t now);

/* STOPPING goes on: when the fleet was left, or there is no more time for it, the gateway stops. */
void daemon_close(struct daemon *daemon, uint64_t now);

#endif
