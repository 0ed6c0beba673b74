/*
 * spectacles/gateway.h - a whole Spectacles gateway behind one handle: shards, relay, brokers, links and poller.
 *
 * SPDX-License-Identifier: MIT
 *
 * A gateway makes the engines of a process and joins them: a shard for each shard id, two brokers, the relay between
 * them (relay.h), a link under each engine (link.h) and a poller over all links (poller.h). The parts stay what they
 * are, and can be reached.
 *
 * Without brokers (spectacles_gateway_config.broker is NULL) the gateway hands its owner what it would publish, as
 * MESSAGE events (SPECTACLES_RELAY_EVENT_MESSAGE), and the owner acknowledges each one when its work is done. The
 * promise is the same: what was not acknowledged comes again, and a session that is lost is declared by a gap record.
 *
 * The loop of an owner:
 *
 *     while (!spectacles_gateway_stopped(gateway)) {
 *         spectacles_gateway_wait(gateway, SPECTACLES_NEVER, spectacles_now());
 *         now = spectacles_now();
 *         spectacles_gateway_process(gateway, now);
 *         while ((event = spectacles_gateway_next_event(gateway, now)))
 *             ... log the event; on SHARD_READY and SHARD_GAP store the state ...
 *             ... without brokers: do the work of a MESSAGE, then spectacles_gateway_acknowledge() ...
 *         ... answer spectacles_gateway_wants_address(), unless the gateway has SPECTACLES_GATEWAY_RESOLVES ...
 *         ... every few seconds: store spectacles_gateway_take_state() ...
 *     }
 *
 * In a loop of somebody else: watch spectacles_gateway_fd() for reading in the place of spectacles_gateway_wait(), and
 * do the same when it is readable or spectacles_gateway_deadline() has passed.
 *
 * What a turn costs depends on what there is to do, and not on the number of shards.
 *
 * Questions that an owner may have:
 * - Who owns what. The gateway owns its engines, links, relay, poller and state. What the accessors give is borrowed:
 *   pull no events of the engines, free nothing of it. Configurations and states that are given are copied.
 * - Events. Valid until the next spectacles_gateway_next_event() or spectacles_gateway_free(). Any other call may be
 *   made while an event is read.
 * - A shard that is removed. The events that it had not handed out are replayed to whoever resumes its session.
 * - Memory that runs out. A call that fails changes nothing. Between calls, what the engines and the relay say holds:
 *   nothing is lost.
 * - A test without sockets: SPECTACLES_GATEWAY_NO_LINKS, and the streams of the engines (stream.h).
 *
 * A gateway belongs to one thread at a time. No call here blocks but spectacles_gateway_wait().
 */
#ifndef SPECTACLES_GATEWAY_H
#define SPECTACLES_GATEWAY_H

#include <spectacles/broker.h>
#include <spectacles/link.h>
#include <spectacles/poller.h>
#include <spectacles/relay.h>
#include <spectacles/shard.h>
#include <spectacles/state.h>
#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A whole gateway. Made by spectacles_gateway_new(), freed by spectacles_gateway_free(). */
typedef struct spectacles_gateway spectacles_gateway;

/* A mask for spectacles_gateway_config.flags. */
enum spectacles_gateway_flag {
    /* The gateway begins without shards: spectacles_gateway_add_shard() adds them. shard_ids is NULL. */
    SPECTACLES_GATEWAY_NO_SHARDS = 1,
    /*
     * The gateway makes no links and no poller. The owner moves the bytes of each engine: spectacles_shard_stream()
     * and spectacles_broker_stream() of what spectacles_gateway_shard() and spectacles_gateway_broker() give. For
     * transports of another language, and for tests.
     */
    SPECTACLES_GATEWAY_NO_LINKS = 2,
    /*
     * The gateway looks host names up by itself, with a resolver of its own (resolver.h), which starts threads. Its
     * owner never sees spectacles_gateway_wants_address().
     */
    SPECTACLES_GATEWAY_RESOLVES = 4
};

/*
 * How a gateway is made: the configurations of its parts. Everything is copied by spectacles_gateway_new(). Grows at
 * its end.
 */
typedef struct spectacles_gateway_config {
    /* Set by spectacles_gateway_config_init(). */
    uint32_t size;
    /* A mask of enum spectacles_gateway_flag. Default 0. */
    uint32_t flags;
    /*
     * Required: of every shard. shard_id and session are not looked at, SPECTACLES_SHARD_COMMITS is always set, and
     * each shard has a seed of its own, drawn from this one.
     */
    const spectacles_shard_config *shard;
    /* The shards of this process. NULL and 0 (default): all shards of shard->shard_count. */
    const uint32_t *shard_ids;
    /* How many shard ids there are. */
    size_t shard_id_count;
    /*
     * Of both brokers. NULL: there are none, and the owner takes the messages. Their names get " (events)" and "
     * (commands)" behind `name`. With a seed of 0 each has a seed drawn from that of the shards.
     */
    const spectacles_broker_config *broker;
    /* NULL (default): the defaults. The engines, their number, shard_count and gaps in it are not looked at. */
    const spectacles_relay_config *relay;
    /* NULL (default): the defaults. */
    const spectacles_link_config *link;
    /* NULL (default): the defaults. */
    const spectacles_poller_config *poller;
    /*
     * The sessions and gaps of a former process (spectacles_state_read()). NULL (default): there was none. It was made
     * for the same token, intents and number of shards.
     */
    const spectacles_state *state;
} spectacles_gateway_config;

/* Fills a configuration with defaults. size: sizeof(spectacles_gateway_config). Does nothing when size is below 4. */
void spectacles_gateway_config_init(spectacles_gateway_config *config, size_t size);

/*
 * Makes a gateway. Nothing is connected before spectacles_gateway_process().
 *
 * out: free it with spectacles_gateway_free(). Unchanged on failure.
 * config: copied.
 * problem: may be NULL; on failure it says which setting is wrong and what to do.
 *
 * Blocks for as long as it takes to read certificates, when a link needs TLS. Returns 0, or:
 *   SPECTACLES_E_INVAL        a setting is missing or wrong
 *   SPECTACLES_E_TOOBIG       the identify payload or the name of the group is too long
 *   SPECTACLES_E_TLS          no authorities were found, or a certificate or a key cannot be read
 *   SPECTACLES_E_SYS          the system gives no descriptor
 *   SPECTACLES_E_UNSUPPORTED  a configuration is newer than the library, or this build cannot do it
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_gateway_new(spectacles_gateway **out, const spectacles_gateway_config *config,
                           spectacles_problem *problem);

/*
 * Frees a gateway and everything that it made. Nothing is sent: Discord keeps the sessions for a while, and what was
 * not confirmed is replayed. For an orderly end call spectacles_gateway_stop() before. NULL is fine.
 */
void spectacles_gateway_free(spectacles_gateway *gateway);

/* ---- The loop ---- */

/* The descriptor that stands for all links: see spectacles_poller_fd(). -1: there is none. Cannot fail. */
int spectacles_gateway_fd(spectacles_gateway *gateway);

/*
 * When spectacles_gateway_process() and spectacles_gateway_next_event() are to be called at the latest. Milliseconds on
 * the clock of `now`; SPECTACLES_NEVER for never. Cannot fail.
 */
uint64_t spectacles_gateway_deadline(const spectacles_gateway *gateway);

/*
 * Waits until there is something to do, `until` has passed, or a signal was caught. See spectacles_poller_wait().
 *
 * Blocks, for at most five seconds. Returns 0, or:
 *   SPECTACLES_E_SYS    the system refuses to wait
 *   SPECTACLES_E_STATE  the gateway was made with SPECTACLES_GATEWAY_NO_LINKS
 */
int spectacles_gateway_wait(spectacles_gateway *gateway, uint64_t until, uint64_t now);

/*
 * Moves bytes: see spectacles_poller_process(). Pull the events after it. With SPECTACLES_GATEWAY_NO_LINKS it does
 * nothing.
 *
 * Returns 0, or an error of spectacles_poller_process().
 */
int spectacles_gateway_process(spectacles_gateway *gateway, uint64_t now);

/*
 * The next event: see spectacles_relay_next_event(). Before it returns NULL, it writes what the events of this turn
 * have led to. Pull until NULL.
 */
const spectacles_relay_event *spectacles_gateway_next_event(spectacles_gateway *gateway, uint64_t now);

/*
 * A host name that needs addresses before links can go on. Several names may be wanted at once, those of brokers
 * first; each name stands for all links that want it.
 *
 * index: counted from 0.
 *
 * Returns the name, NUL-terminated, valid until the next call on the gateway; NULL when there are no more, and always
 * with SPECTACLES_GATEWAY_RESOLVES. Cannot fail.
 */
const char *spectacles_gateway_wants_address(const spectacles_gateway *gateway, size_t index);

/*
 * Answers spectacles_gateway_wants_address() for all links that want the name.
 *
 * host: NUL-terminated.
 * numeric, length: as in spectacles_link_set_address().
 *
 * Returns 0, also when no link wants the name any more, or SPECTACLES_E_INVAL: a word is not a numeric address.
 */
int spectacles_gateway_set_address(spectacles_gateway *gateway, const char *host, const char *numeric,
                                   size_t length);

/*
 * Answers spectacles_gateway_wants_address() for all links that want the name, when the name has no address.
 *
 * host: NUL-terminated.
 * why, length: as in spectacles_link_set_no_address().
 *
 * Does nothing when no link wants the name any more. Cannot fail.
 */
void spectacles_gateway_set_no_address(spectacles_gateway *gateway, const char *host, const char *why,
                                       size_t length);

/* ---- Messages and packets ---- */

/*
 * Acknowledges a message of a gateway without brokers: see spectacles_relay_acknowledge().
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  no message has this ticket, or the gateway has brokers
 *   SPECTACLES_E_STATE  it is acknowledged already, or spectacles_gateway_drop_shard() has let go of its shard
 */
int spectacles_gateway_acknowledge(spectacles_gateway *gateway, uint64_t ticket);

/*
 * Sends a packet to Discord within the rate limit, with brokers or without: see spectacles_relay_send(). COMMAND_SENT
 * or COMMAND_REJECTED with this ticket is the answer.
 *
 * Returns 0, or an error of spectacles_relay_send().
 */
int spectacles_gateway_send(spectacles_gateway *gateway, uint32_t shard_id, uint32_t op, const uint8_t *d,
                            size_t length, uint64_t *ticket);

/* ---- Shards that come and go ---- */

/*
 * Adds a shard while the gateway runs: see spectacles_relay_add_shard().
 *
 * session: to be resumed; NULL when there is none. Copied.
 * gaps: `count` gaps of this shard that a former process could not declare any more. Copied. NULL when count is 0.
 * problem: may be NULL; on failure it says what is wrong.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  the id is not below shard_count, is served already, or a gap is of another shard
 *   SPECTACLES_E_STATE  the gateway stops
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_gateway_add_shard(spectacles_gateway *gateway, uint32_t shard_id,
                                 const spectacles_session *session, const spectacles_gap *gaps, size_t count,
                                 spectacles_problem *problem);

/*
 * Takes a shard out in order: see spectacles_relay_remove_shard(). While SHARD_REMOVED is the present event, the shard
 * and its session are still there (spectacles_gateway_shard(), spectacles_shard_session()), and
 * spectacles_relay_gap() gives the gaps that were not declared: hand both to whoever serves the shard next. Then the
 * shard is freed, and its record leaves the state.
 *
 * code: 0 keeps the session; as in spectacles_shard_close().
 *
 * Returns 0, also when the shard is being removed already, or:
 *   SPECTACLES_E_INVAL  no such shard or close code
 */
int spectacles_gateway_remove_shard(spectacles_gateway *gateway, uint32_t shard_id, uint32_t code,
                                    uint64_t now);

/*
 * Lets go of a shard at once, without a word to Discord, and frees it: for whoever may no longer act for it. See
 * spectacles_relay_drop_shard(). Its record leaves the state.
 *
 * Returns 0, or SPECTACLES_E_INVAL: no such shard.
 */
int spectacles_gateway_drop_shard(spectacles_gateway *gateway, uint32_t shard_id);

/* ---- State ---- */

/*
 * Takes the present sessions and gaps: see spectacles_state_take(). Store what spectacles_gateway_write_state() gives
 * when it returns 1: on SHARD_READY before spectacles_gateway_process() is called again, and every few seconds.
 *
 * unix_time: milliseconds since 1970; 0: not known.
 *
 * Returns 1 when something has changed since the last call, 0 when nothing has, or SPECTACLES_E_NOMEM.
 */
int spectacles_gateway_take_state(spectacles_gateway *gateway, uint64_t unix_time);

/*
 * Writes what was taken last: see spectacles_state_write().
 *
 * Returns 0, or an error of spectacles_state_write().
 */
int spectacles_gateway_write_state(const spectacles_gateway *gateway, spectacles_bytes *out);

/* ---- Stopping ---- */

/*
 * Stops in order: see spectacles_relay_stop(). Go on until spectacles_gateway_stopped() returns 1.
 *
 * Returns 0, or SPECTACLES_E_INVAL: there is no such close code.
 */
int spectacles_gateway_stop(spectacles_gateway *gateway, uint32_t code, uint64_t now);

/* Returns 1 when, after spectacles_gateway_stop(), everything is closed; else 0. Cannot fail. */
int spectacles_gateway_stopped(const spectacles_gateway *gateway);

/* ---- The parts ---- */

/* The relay, for its settings, limits and counters. Borrowed. Cannot fail. */
spectacles_relay *spectacles_gateway_relay(spectacles_gateway *gateway);

/* The poller, for its latency budget; NULL with SPECTACLES_GATEWAY_NO_LINKS. Borrowed. Cannot fail. */
spectacles_poller *spectacles_gateway_poller(spectacles_gateway *gateway);

/* The shard with this id, for packets of its owner and for counters; NULL when it is not served here. Borrowed. */
spectacles_shard *spectacles_gateway_shard(spectacles_gateway *gateway, uint32_t shard_id);

/* A broker (enum spectacles_relay_broker), for counters; NULL when there is none. Borrowed. Cannot fail. */
spectacles_broker *spectacles_gateway_broker(spectacles_gateway *gateway, uint32_t broker);

/*
 * All shards that are served, in the order of their ids.
 *
 * count: receives how many there are.
 *
 * Returns the array, which is borrowed, and valid until a shard is added or removed. Cannot fail.
 */
spectacles_shard *const *spectacles_gateway_shards(const spectacles_gateway *gateway, size_t *count);

/*
 * One sentence about the last call on the gateway that failed, NUL-terminated, or "". Valid until the next call on the
 * gateway. Never holds a secret.
 */
const char *spectacles_gateway_last_error(const spectacles_gateway *gateway);

#ifdef __cplusplus
}
#endif

#endif
