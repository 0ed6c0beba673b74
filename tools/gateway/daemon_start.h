#ifndef GATEWAY_DAEMON_START_H
#define GATEWAY_DAEMON_START_H

#include "daemon.h"

/* STARTING: reads the settings and makes the parts. Then the daemon is in ASKING, or has ended. */
void daemon_start(struct daemon *daemon);

/*
 * Goes on with what is asked: GET /gateway/bot, first and every hour, and the other processes of the group. When both
 * have answered in ASKING, the gateway handle is made, and the daemon is in CONNECTING.
 */
void daemon_ask(struct daemon *daemon, uint64_t now);

#endif
