#ifndef GATEWAY_NOTIFY_H
#define GATEWAY_NOTIFY_H

#include <spectacles/types.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What systemd is told of this process (sd_notify(3)), by datagrams to $NOTIFY_SOCKET:
 *
 *   READY=1                        when the brokers are ready, and each shard was ready or resumed once, or the process
 *                                  is a member of a fleet; after a reload
 *   STATUS=...                     one line for `systemctl status`, at most once a second
 *   EXTEND_TIMEOUT_USEC=...        while it starts: a bot with many shards needs longer than TimeoutStartSec=, because
 *                                  Discord lets one shard identify in 5 s
 *   WATCHDOG=1                     at half of $WATCHDOG_USEC, while the loop turns and the gateway is not stuck
 *   RELOADING=1 MONOTONIC_USEC=..  when a reload begins
 *   STOPPING=1                     when the stop begins
 *
 * The protocol is spoken here and not by libsystemd: it is a datagram with lines of text, and the library would be one
 * more thing to install for everybody who has no systemd. No call blocks. What the socket does not take is told a
 * second later.
 *
 * Without $NOTIFY_SOCKET there is nobody to tell: then notify_new() gives NULL, and NULL takes every call.
 */
struct notify;

/* The environment of systemd. NULL: not set. Borrowed until notify_new() returns. */
struct notify_environment {
    const char *socket;        /* NOTIFY_SOCKET: a path, or "@" and an abstract name */
    const char *watchdog_usec; /* WATCHDOG_USEC: microseconds */
    const char *watchdog_pid;  /* WATCHDOG_PID: the process that is watched; NULL: this one */
};

/* How the gateway stands. */
struct notify_view {
    uint64_t shards;        /* of this process; 0: they are not there yet */
    uint64_t ready;         /* of these: ready now */
    bool are_brokers_ready; /* now */
    bool is_member;         /* of a fleet, now: it is of use without a shard, because it stands by */
    bool is_healthy;        /* the gateway has done its work in this turn (spectacles_gateway_process()) */
};

/* Reads the environment of this process. */
void notify_environment_read(struct notify_environment *environment);

/*
 * Makes a notifier, and tells nothing yet.
 *
 * out: free it with notify_free(). Receives NULL when there is nobody to tell. Unchanged on failure.
 * problem: on failure, one sentence.
 *
 * Returns 0, or:
 *   SPECTACLES_E_UNSUPPORTED  the address is of another kind than a socket of this machine
 *   SPECTACLES_E_INVAL        a number is none
 *   SPECTACLES_E_SYS          the system gives no socket
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int notify_new(struct notify **out, const struct notify_environment *environment, uint64_t now,
               spectacles_problem *problem);

/* Frees the notifier. What was not told stays untold. */
void notify_free(struct notify *notify);

/* A shard is ready, or its session goes on. The gateway counts as ready when each shard was once. */
void notify_shard_ready(struct notify *notify, uint32_t shard_id);

/*
 * Tells what is to be told. Call it when notify_deadline() has passed: it asks at most once a second, because to count
 * shards is work. A loop that hangs calls nothing, and so feeds no watchdog.
 *
 * now: spectacles_now().
 */
void notify_process(struct notify *notify, const struct notify_view *view, uint64_t now);

/* A reload has begun; call notify_reloaded() when it is over, also when it has failed. */
void notify_reloading(struct notify *notify, uint64_t now);
void notify_reloaded(struct notify *notify, uint64_t now);

/* The stop has begun. */
void notify_stopping(struct notify *notify, uint64_t now);

/* When notify_process() is to be called at the latest; SPECTACLES_NEVER for never. Cannot fail. */
uint64_t notify_deadline(const struct notify *notify);

#endif
