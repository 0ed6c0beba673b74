/*
 * spectacles/poller.h - many links behind one descriptor: epoll, kqueue or poll, and a heap of their deadlines.
 *
 * SPDX-License-Identifier: MIT
 *
 * A link can be driven by itself (link.h). A program with many links would look at each of them in every turn of its
 * loop. A poller looks at those alone that have something to do, so that a turn costs the same for one link and for
 * five thousand.
 *
 * The loop of a program that has no other loop:
 *
 *     while (...) {
 *         spectacles_poller_wait(poller, SPECTACLES_NEVER, spectacles_now());
 *         now = spectacles_now();
 *         spectacles_poller_process(poller, now);
 *         ... pull the events of the engines: see spectacles_poller_next_link() ...
 *         spectacles_poller_flush(poller, now);
 *     }
 *
 * In a loop of somebody else (libuv, GLib, libev, asyncio, epoll, poll) one descriptor stands for all links:
 *
 *     watch spectacles_poller_fd(poller) for reading; when it is readable, or spectacles_poller_deadline(poller) has
 *     passed:
 *         spectacles_poller_process(poller, now);
 *         ... pull the events of the engines ...
 *         spectacles_poller_flush(poller, now);
 *         ... set the timer to spectacles_poller_deadline(poller) ...
 *
 * The descriptor never changes. It may be watched level-triggered or edge-triggered.
 *
 * What a call costs. spectacles_poller_process() and spectacles_poller_flush() look at links with bytes, with a
 * deadline that has passed, or with an engine that was given something since. They cost nothing for the others. Adding,
 * removing and each change of a deadline cost the logarithm of the number of links. SPECTACLES_POLLER_POLL alone costs
 * as much as there are links, in each wait.
 *
 * Engines and links may be called at any time between the calls here: the poller hears of it by itself.
 *
 * A poller, its links and their engines belong to one thread at a time. A poller and its links are freed in any order.
 * No call here blocks but spectacles_poller_wait().
 */
#ifndef SPECTACLES_POLLER_H
#define SPECTACLES_POLLER_H

#include <spectacles/link.h>
#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Many links behind one descriptor. Made by spectacles_poller_new(), freed by spectacles_poller_free(). */
typedef struct spectacles_poller spectacles_poller;

/* How a poller waits. */
enum spectacles_poller_kind {
    /* The best way that the system has: the first of those below. */
    SPECTACLES_POLLER_AUTO = 0,
    /* epoll(7), of Linux. */
    SPECTACLES_POLLER_EPOLL = 1,
    /* kqueue(2), of the BSDs and macOS. */
    SPECTACLES_POLLER_KQUEUE = 2,
    /* poll(2), of every system. There is no single descriptor then: call spectacles_poller_wait(). */
    SPECTACLES_POLLER_POLL = 3
};

/* Limits of a poller. */
enum spectacles_poller_limit {
    /* The most that spectacles_poller_config.latency_budget can be, in milliseconds. */
    SPECTACLES_POLLER_BUDGET_MAX = 1000
};

/* How a poller is made. Grows at its end. */
typedef struct spectacles_poller_config {
    /* Set by spectacles_poller_config_init(). */
    uint32_t size;
    /* enum spectacles_poller_kind. Default AUTO. */
    uint32_t kind;
    /*
     * Milliseconds, at most SPECTACLES_POLLER_BUDGET_MAX. After sockets were read, the next ones are read so much later
     * at the earliest, and all that arrived meanwhile is read together. Most of the cost of a small event is waking up
     * for it: at 1,000 events a second a budget of 4 halves the cost. It costs up to so much latency, and a millisecond
     * for the clock. Bytes after a longer silence are read at once, and a socket that is not read empty goes on at
     * once. Default 0: everything is read as it comes.
     */
    uint32_t latency_budget;
    /* 0 */
    uint32_t reserved;
} spectacles_poller_config;

/* Fills a configuration with defaults. size: sizeof(spectacles_poller_config). Does nothing when size is below 4. */
void spectacles_poller_config_init(spectacles_poller_config *config, size_t size);

/*
 * Makes a poller without links.
 *
 * out: free it with spectacles_poller_free(). Unchanged on failure.
 * config: NULL for the defaults.
 * problem: may be NULL; on failure it says what is wrong.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL        a setting is wrong
 *   SPECTACLES_E_UNSUPPORTED  the system has no such kind, or the configuration is newer than the library
 *   SPECTACLES_E_SYS          the system gives no descriptor (too many open files)
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_poller_new(spectacles_poller **out, const spectacles_poller_config *config,
                          spectacles_problem *problem);

/* Frees a poller. Its links stay, are in no poller any more, and keep their connections. NULL is fine. */
void spectacles_poller_free(spectacles_poller *poller);

/*
 * Adds a link. From now on the poller alone calls spectacles_link_process() on it.
 *
 * link: in no poller. spectacles_link_free() takes it out again.
 * id: a number of the owner's choice, which spectacles_poller_next_link() gives back: an index, a shard id.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE  the link is in a poller
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_poller_add(spectacles_poller *poller, spectacles_link *link, uint64_t id);

/*
 * Takes a link out. It keeps its connection, and can be driven by itself or added to another poller.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE  the link is not in this poller
 */
int spectacles_poller_remove(spectacles_poller *poller, spectacles_link *link);

/* ---- Descriptors of the owner ---- */

/*
 * Watches a descriptor that is no link's for reading, so that one wait covers everything that the owner has: the pipe
 * of its signals, a resolver, a server with a descriptor of its own. Ask spectacles_poller_is_readable() after each
 * spectacles_poller_process(). A descriptor that is not read empty is found again by the next wait.
 *
 * fd: stays the owner's. Call spectacles_poller_unwatch() before closing it.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE  it is watched already
 *   SPECTACLES_E_SYS    the system does not watch it: it is closed, or a file
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_poller_watch(spectacles_poller *poller, int fd);

/* Watches the descriptor no longer. Does nothing when it is not watched. */
void spectacles_poller_unwatch(spectacles_poller *poller, int fd);

/*
 * Returns 1 when a watched descriptor was found to be readable, or broken, since this was asked last; else 0. Cannot
 * fail.
 */
int spectacles_poller_is_readable(spectacles_poller *poller, int fd);

/* ---- The limit on open files ---- */

/*
 * Raises the soft limit of this process on open files (RLIMIT_NOFILE) to its hard limit, and says whether that is
 * enough. The library never does so by itself: the limit is the whole process's. A daemon with many shards calls this
 * once, before anything is connected: many systems begin with a soft limit of 1,024.
 *
 * needed: how many descriptors are going to be opened besides those that are open now: one for each link, and some more
 *         (spectacles_gateway_descriptors()).
 * problem: may be NULL; on failure it says how many are needed, how many there may be, and what to do.
 *
 * Does not block. Looks at each number below the soft limit, 65,536 at most. Returns 0, or:
 *   SPECTACLES_E_SYS  the hard limit is too low, or the system tells no limit
 */
int spectacles_raise_descriptors(size_t needed, spectacles_problem *problem);

/* ---- Waiting and working ---- */

/*
 * The descriptor that stands for all links: readable when spectacles_poller_process() has something to do. It belongs
 * to the poller, never changes and is never to be read. -1 with SPECTACLES_POLLER_POLL. Cannot fail.
 */
int spectacles_poller_fd(spectacles_poller *poller);

/*
 * When spectacles_poller_process() is to be called at the latest, whether or not the descriptor is readable: the
 * earliest deadline of the links. It lies in the past when a link has something to do at once.
 *
 * Returns milliseconds on the clock of `now`; SPECTACLES_NEVER when there is no deadline. Cannot fail.
 */
uint64_t spectacles_poller_deadline(const spectacles_poller *poller);

/*
 * Waits until a link is ready, the deadline of the poller or `until` has passed, or a signal was caught. An owner that
 * calls this does not watch the descriptor.
 *
 * until: a deadline of the owner, on the clock of `now`; SPECTACLES_NEVER for none.
 * now: spectacles_now().
 *
 * Blocks, for at most five seconds: see spectacles_poll_timeout(). Returns 0, or:
 *   SPECTACLES_E_SYS  the system refuses to wait (more descriptors than the process may have)
 */
int spectacles_poller_wait(spectacles_poller *poller, uint64_t until, uint64_t now);

/*
 * Moves the bytes of the links that are ready, of those whose deadline has passed, and of those whose engine was given
 * something. Bounded: when more is to do, spectacles_poller_deadline() lies in the past. A connection that fails or is
 * lost is not an error of this call: its engine tells it by an event.
 *
 * Returns 0, or:
 *   SPECTACLES_E_SYS    the system refuses to tell what is ready
 *   SPECTACLES_E_NOMEM  memory ran out for a link; the poller can go on, and tries again
 */
int spectacles_poller_process(spectacles_poller *poller, uint64_t now);

/*
 * Writes what the engines want to write now, and looks at their deadlines again: so that what was published in this
 * turn of the loop leaves in this turn, without another wait. Call it when the events are pulled. A link whose engine
 * takes input again is read as well: then spectacles_poller_deadline() lies in the past, because events wait.
 *
 * Returns 0, or:
 *   SPECTACLES_E_NOMEM  memory ran out for a link; the poller can go on, and tries again
 */
int spectacles_poller_flush(spectacles_poller *poller, uint64_t now);

/*
 * A link that has something for its owner, each one once until something more happens: its engine was given something,
 * so that events may wait; or it wants an address (spectacles_link_wants_address()) or a descriptor
 * (spectacles_link_wants_descriptor()). An owner who pulls all engines by a relay asks for their sake alone.
 *
 * id: receives the number of spectacles_poller_add(). May be NULL.
 *
 * Returns the link, or NULL when there are no more. Cannot fail.
 */
spectacles_link *spectacles_poller_next_link(spectacles_poller *poller, uint64_t *id);

/*
 * Changes spectacles_poller_config.latency_budget while the poller runs.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  it is over SPECTACLES_POLLER_BUDGET_MAX
 */
int spectacles_poller_set_latency_budget(spectacles_poller *poller, uint32_t milliseconds);

/* The kind of the poller, never AUTO: a value of enum spectacles_poller_kind. Cannot fail. */
uint32_t spectacles_poller_kind(const spectacles_poller *poller);

/*
 * One sentence about the last call on the poller that failed, NUL-terminated, or "". Static.
 */
const char *spectacles_poller_last_error(const spectacles_poller *poller);

#ifdef __cplusplus
}
#endif

#endif
