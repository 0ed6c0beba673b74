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
 *             ... on SHARD_FATAL tell a person; when no other shard is left, spectacles_gateway_stop() ...
 *             ... without brokers: do the work of a MESSAGE, then spectacles_gateway_acknowledge() ...
 *         ... answer spectacles_gateway_wants_address(), unless the gateway has SPECTACLES_GATEWAY_RESOLVES ...
 *         ... every few seconds: store spectacles_gateway_take_state() ...
 *         ... after SIGTERM: spectacles_gateway_stop() ...
 *     }
 *
 * A signal that is caught just before spectacles_gateway_wait() does not end the wait, which takes up to five seconds.
 * To be woken up at once, give spectacles_poller_watch() a pipe that the handler writes to, or a signalfd.
 *
 * In a loop of somebody else: watch spectacles_gateway_fd() for reading in the place of spectacles_gateway_wait(), and
 * do the same when it is readable or spectacles_gateway_deadline() has passed.
 *
 * What a turn costs depends on what there is to do, and not on the number of shards: it is the same at 1, 250 and
 * 5,000. Three calls look at all shards: spectacles_gateway_get_stats(), spectacles_gateway_state_stored() and
 * spectacles_gateway_set_presence().
 *
 * Questions that an owner may have:
 * - Who owns what. The gateway owns its engines, links, relay, poller and state. What the accessors give is borrowed:
 *   pull no events of the engines, free nothing of it. Configurations and states that are given are copied.
 * - Events. Valid until the next spectacles_gateway_next_event() or spectacles_gateway_free(). Any other call may be
 *   made while an event is read.
 * - What has to be stored. The state is enough: a successor resumes from what was stored last, and what was done since
 *   then comes again, as copies. Whoever shares shards with other processes adds SPECTACLES_SHARD_STORED_HEARTBEATS and
 *   SPECTACLES_RELAY_HOLDS_NEW_SESSIONS, and calls spectacles_gateway_state_stored() each time when the state is
 *   stored. With HOLDS_NEW_SESSIONS and without that call nothing of a new session is handed out, answers of packets
 *   included.
 * - A shard that is removed. The events that it had not handed out are replayed to whoever resumes its session.
 *   Messages that were handed out are waited for; after spectacles_gateway_drop_shard() their tickets are gone.
 * - Memory that runs out. A call that fails changes nothing, but for what it says itself. Between calls, what the
 *   engines and the relay say holds: nothing is lost.
 * - A test without sockets: SPECTACLES_GATEWAY_NO_LINKS, and the streams of the engines (stream.h).
 *
 * A gateway belongs to one thread at a time. No call here blocks but spectacles_gateway_wait().
 */
#ifndef SPECTACLES_GATEWAY_H
#define SPECTACLES_GATEWAY_H

#include <spectacles/broker.h>
#include <spectacles/gateway_bot.h>
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
     * owner never sees spectacles_gateway_wants_address(). On Linux the gateway also hears by itself what
     * spectacles_gateway_network_changed() is for.
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
     * Of both brokers. NULL: there are none, and the owner takes the messages. Their names get " (events)" and
     * " (commands)" behind `name`. With a seed of 0 each has a seed drawn from that of the shards.
     */
    const spectacles_broker_config *broker;
    /*
     * NULL (default): the defaults, with which no event is published: see allow. A gateway without brokers has to have
     * allow or allow_all. The engines, their number, shard_count and gaps in it are not looked at.
     */
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
    /* Of the links under the brokers, which may go through another proxy than shards. NULL (default): as `link`. */
    const spectacles_link_config *broker_link;
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
 * The same, as poll(2), epoll_wait(2) and the like want it: spectacles_poll_timeout() of spectacles_gateway_deadline().
 *
 * Returns milliseconds, at most 5000; 0: something is to be done at once; -1: wait for the descriptor. Cannot fail.
 */
int spectacles_gateway_timeout(const spectacles_gateway *gateway, uint64_t now);

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

/*
 * The addresses or the routes of this machine have changed: shards and brokers that did not reach their peer before try
 * again within half a second. For owners that hear of such changes (NetworkManager, a route socket, a cloud's agent).
 * Cannot fail.
 */
void spectacles_gateway_network_changed(spectacles_gateway *gateway, uint64_t now);

/*
 * How many descriptors the gateway is going to open besides those that it has open: one for each link, and some for
 * lookups of names and for addresses that race. For spectacles_raise_descriptors(). 0 with
 * SPECTACLES_GATEWAY_NO_LINKS. Cannot fail.
 */
size_t spectacles_gateway_descriptors(const spectacles_gateway *gateway);

/* ---- Messages and packets ---- */

/*
 * Acknowledges a message of a gateway without brokers: see spectacles_relay_acknowledge(). Each message once, in any
 * order, when its work is done.
 *
 * ticket: of the event.
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
 * shard_id: spectacles_route_shard() says which one a guild has.
 * d: `length` bytes, a JSON object. Copied.
 * ticket: may be NULL; receives the ticket of the answer.
 *
 * Returns 0, or an error of spectacles_relay_send().
 */
int spectacles_gateway_send(spectacles_gateway *gateway, uint32_t shard_id, uint32_t op, const uint8_t *d,
                            size_t length, uint64_t *ticket);

/* ---- Settings that change ---- */

/*
 * Changes the presence of all shards, and of those that are added later: see spectacles_shard_set_presence().
 *
 * d: the d of op 3 (Discord: "Update Presence"): `length` bytes of JSON, which spectacles_presence_write() writes.
 *    Copied.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL   d is NULL or not what spectacles_presence_check() asks for; nothing has changed
 *   SPECTACLES_E_TOOBIG  the identify payload would be over 4096 bytes
 *   SPECTACLES_E_NOMEM   memory ran out. After these two some shards may have the new presence: call again
 */
int spectacles_gateway_set_presence(spectacles_gateway *gateway, const uint8_t *d, size_t length);

/*
 * Changes the presence of one shard. Shards that are added later have that of spectacles_gateway_set_presence(), which
 * also takes the place of what is set here.
 *
 * Each shard with a presence of its own: call this for each shard after spectacles_gateway_new(), and for each one
 * after spectacles_gateway_add_shard(), before the next spectacles_gateway_process(). The first identify carries it
 * then.
 *
 * shard_id: a shard that is served here.
 * d: as in spectacles_gateway_set_presence(). Copied.
 *
 * Returns 0, SPECTACLES_E_INVAL (there is no such shard, either), or an error of spectacles_shard_set_presence().
 */
int spectacles_gateway_set_shard_presence(spectacles_gateway *gateway, uint32_t shard_id, const uint8_t *d,
                                          size_t length);

/*
 * Replaces the token, for all shards and for those that are added later: see spectacles_shard_set_token(), also for
 * what Discord may do with the sessions. The records of the state stay, and are of the new token from now on
 * (spectacles_state_set_token()): spectacles_gateway_take_state() returns 1 for it, so store soon.
 *
 * token: NUL-terminated. Copied; the former one is wiped.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL   it is not what spectacles_token_check() asks for; nothing has changed
 *   SPECTACLES_E_AUTH    it is of another bot; nothing has changed
 *   SPECTACLES_E_TOOBIG  the identify payload would be over 4096 bytes
 *   SPECTACLES_E_NOMEM   memory ran out. After these two some shards may have the new token: call again
 */
int spectacles_gateway_set_token(spectacles_gateway *gateway, const char *token);

/*
 * Changes the certificates of the links under shards, and of those that are added later: see spectacles_link_set_tls().
 *
 * tls: held.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE  the gateway was made with SPECTACLES_GATEWAY_NO_LINKS
 *   SPECTACLES_E_INVAL  tls is NULL
 */
int spectacles_gateway_set_tls(spectacles_gateway *gateway, spectacles_tls *tls);

/* The same for the links under both brokers. Without brokers nothing changes. */
int spectacles_gateway_set_broker_tls(spectacles_gateway *gateway, spectacles_tls *tls);

/*
 * Replaces the URLs of both brokers: see spectacles_broker_set_urls().
 *
 * urls: `count` NUL-terminated texts. Copied.
 *
 * Returns 0, SPECTACLES_E_STATE (the gateway has no brokers), or an error of spectacles_broker_set_urls(). After
 * SPECTACLES_E_NOMEM one of the brokers may have the new URLs: call again.
 */
int spectacles_gateway_set_broker_urls(spectacles_gateway *gateway, const char *const *urls, size_t count,
                                       uint64_t now);

/*
 * Replaces the allow list: see spectacles_relay_set_allow(). Dispatches that are pulled from now on follow it.
 *
 * allow: `count` names. Copied. NULL when count is 0.
 * allow_all: 1: every event is published, or handed out.
 *
 * Returns 0, or an error of spectacles_relay_set_allow().
 */
int spectacles_gateway_set_allow(spectacles_gateway *gateway, const char *const *allow, size_t count,
                                 uint32_t allow_all);

/*
 * Changes spectacles_poller_config.latency_budget: for how long what arrives may wait, so that much is read at once.
 *
 * milliseconds: 0: nothing waits.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE  the gateway was made with SPECTACLES_GATEWAY_NO_LINKS
 *   SPECTACLES_E_INVAL  it is over the most that it can be
 */
int spectacles_gateway_set_latency_budget(spectacles_gateway *gateway, uint32_t milliseconds);

/*
 * Takes a fresh answer of GET /gateway/bot: how many identifies are left (spectacles_relay_identify_limit()) and how
 * many may go out at a time (spectacles_relay_set_max_concurrency()). Call it before the first event is pulled, and
 * whenever the answer is fresh.
 *
 * answer: of spectacles_gateway_bot_read(), with the verdict FINE. Copied.
 *
 * Returns 0, or, and then nothing has changed:
 *   SPECTACLES_E_INVAL  the verdict is another one
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_gateway_set_limits(spectacles_gateway *gateway, const spectacles_gateway_bot *answer,
                                  uint64_t now);

/*
 * Grants an identify: see spectacles_relay_grant_identify(). With SPECTACLES_RELAY_GRANTED_IDENTIFIES; the shard has
 * asked by SHARD_WANTS_IDENTIFY.
 *
 * Returns 0, or an error of spectacles_relay_grant_identify().
 */
int spectacles_gateway_grant_identify(spectacles_gateway *gateway, uint32_t shard_id, uint64_t now);

/* Changes what the gateway publishes and consumes: see spectacles_relay_set_flags(). Cannot fail. */
void spectacles_gateway_set_flags(spectacles_gateway *gateway, uint32_t flags);

/* ---- Shards that come and go ---- */

/*
 * Adds a shard while the gateway runs: see spectacles_relay_add_shard().
 *
 * session: to be resumed; NULL when there is none. Copied.
 * gaps: `count` gaps of this shard that a former process could not declare any more. Copied. NULL when count is 0.
 * problem: may be NULL; on failure it says what is wrong.
 *
 * Returns 0, or:
 *   SPECTACLES_E_STATE  the gateway stops: that is asked first, whatever the shard is
 *   SPECTACLES_E_INVAL  the id is not below shard_count, is served already (a shard that is being removed is until
 *                       SHARD_REMOVED), or a gap is of another shard or malformed
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_gateway_add_shard(spectacles_gateway *gateway, uint32_t shard_id,
                                 const spectacles_session *session, const spectacles_gap *gaps, size_t count,
                                 spectacles_problem *problem);

/*
 * Adds a shard with the session and the gaps that a state has of it: spectacles_gateway_add_shard(). Of a shard that
 * the state knows nothing of, a gap is declared, unless the state is complete (state.h).
 *
 * state: read from the bytes of the process that served the shard before (spectacles_state_read()). Copied.
 * problem: may be NULL; on failure it says what is wrong.
 *
 * Returns 0, or an error of spectacles_gateway_add_shard().
 */
int spectacles_gateway_add_stored_shard(spectacles_gateway *gateway, uint32_t shard_id,
                                        const spectacles_state *state, spectacles_problem *problem);

/*
 * Takes a shard out in order: see spectacles_relay_remove_shard(). While SHARD_REMOVED is the present event, the shard
 * and its session are still there (spectacles_gateway_session()), and spectacles_gateway_gap() gives the gaps that were
 * not declared: hand both to whoever serves the shard next. Then the shard is freed, and its record leaves the state of
 * this gateway (spectacles_gateway_take_state()).
 *
 * That takes until the broker has confirmed what was published, and has no limit: spectacles_gateway_drop_shard() is
 * the way with less time. What the shard waits for stands in spectacles_gateway_shard_stats.service, and in the counts
 * beside it.
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
 * spectacles_relay_drop_shard(). Its record leaves the state of this gateway. No event of the shard follows, no
 * SHARD_REMOVED either.
 *
 * Returns 0, or SPECTACLES_E_INVAL: no such shard.
 */
int spectacles_gateway_drop_shard(spectacles_gateway *gateway, uint32_t shard_id);

/* ---- State ---- */

/*
 * Takes the present sessions and gaps: see spectacles_state_take(). Store what spectacles_gateway_write_state() gives
 * when it returns 1: every few seconds, once more when the gateway has stopped, and on SHARD_READY before
 * spectacles_gateway_process() is called again. With SPECTACLES_RELAY_HOLDS_NEW_SESSIONS a SHARD_READY has time:
 * nothing of its session leaves before spectacles_gateway_session_stored().
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

/*
 * For owners who store each shard, or each group of shards, by itself: which shards spectacles_gateway_take_state() has
 * taken anew. After each take, ask until it returns 0, and store what spectacles_gateway_write_shards() gives. A shard
 * is named once, until its session or its gaps may have changed again: whoever fails to store it remembers its id. A
 * shard that was removed or dropped is not named.
 *
 * shard_id: receives the id; unchanged when there is none.
 *
 * Returns 1, or 0 when there are no more. Costs what there is to name, and not the number of shards. Cannot fail.
 */
int spectacles_gateway_next_changed(spectacles_gateway *gateway, uint32_t *shard_id);

/*
 * Writes what was taken last of some shards: see spectacles_state_write_shards(). For the next gateway the bytes are
 * read by spectacles_state_read(), and each shard is added by spectacles_gateway_add_stored_shard(). When they are
 * stored, say so for each shard: spectacles_gateway_session_stored().
 *
 * shard_ids: `count` ids, each one once.
 *
 * Returns 0, or an error of spectacles_state_write_shards().
 */
int spectacles_gateway_write_shards(const spectacles_gateway *gateway, const uint32_t *shard_ids,
                                    size_t count, spectacles_bytes *out);

/*
 * Says that the session of a shard is stored, up to a sequence. With SPECTACLES_RELAY_HOLDS_NEW_SESSIONS its gaps and
 * dispatches may be published from now on; with SPECTACLES_SHARD_STORED_HEARTBEATS its heartbeats carry the sequence.
 *
 * Call it again and again, as the sequence grows. A session that a shard was made with or added with counts as stored.
 *
 * session_id, seq: of the session that was stored (spectacles_gateway_session(), spectacles_state_session()).
 *     NUL-terminated. A store may answer when the shard has another session already. A new session has sequence 0.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  no such shard, or its session has not come so far
 *   SPECTACLES_E_STATE  the shard has another session, or none yet
 */
int spectacles_gateway_session_stored(spectacles_gateway *gateway, uint32_t shard_id, const char *session_id,
                                      uint64_t seq);

/*
 * Says that what spectacles_gateway_write_state() has written last is stored, with no spectacles_gateway_take_state()
 * in between: spectacles_gateway_session_stored() for each shard whose present session was written. One pass over the
 * shards. Cannot fail.
 */
void spectacles_gateway_state_stored(spectacles_gateway *gateway);

/*
 * The session of a shard: see spectacles_shard_session(). While SHARD_REMOVED is the present event, that of the shard
 * that was removed as well.
 *
 * out: its texts belong to the shard, and are valid until the next event is pulled.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  there is no such shard
 *   SPECTACLES_E_STATE  it has no session
 */
int spectacles_gateway_session(const spectacles_gateway *gateway, uint32_t shard_id, spectacles_session *out);

/*
 * A gap of a shard that is not declared yet: see spectacles_relay_gap(). While SHARD_REMOVED is the present event,
 * those of the shard that was removed as well.
 *
 * index: from 0.
 * out: its texts belong to the gateway, and are valid until the next call on it.
 *
 * Returns 1, or 0 when there are no more; then `out` is unchanged.
 */
int spectacles_gateway_gap(const spectacles_gateway *gateway, uint32_t shard_id, size_t index,
                           spectacles_gap *out);

/* ---- Stopping ---- */

/*
 * Stops in order: see spectacles_relay_stop(), also for how long that takes. Go on until spectacles_gateway_stopped()
 * returns 1: without brokers that takes until all messages are acknowledged, and at most drain_timeout. Packets that
 * still wait are answered by COMMAND_REJECTED with SPECTACLES_E_STATE.
 *
 * Returns 0, or SPECTACLES_E_INVAL: there is no such close code.
 */
int spectacles_gateway_stop(spectacles_gateway *gateway, uint32_t code, uint64_t now);

/* Returns 1 when, after spectacles_gateway_stop(), everything is closed; else 0. Cannot fail. */
int spectacles_gateway_stopped(const spectacles_gateway *gateway);

/* ---- Counters ---- */

/*
 * What a gateway has counted since it was made, with shards that were removed meanwhile. Counters only grow, but for
 * those that say "now". They are of this process: no counter is stored. The struct grows at its end.
 */
typedef struct spectacles_gateway_stats {
    /* set by spectacles_gateway_stats_init() */
    uint32_t size;
    /* 0 */
    uint32_t reserved;
    /* shards that are served here, now */
    uint64_t shards;
    /* of these: READY */
    uint64_t ready;
    /* dispatches that were pulled from shards */
    uint64_t received;
    /* of these: not on the allow list, or held back */
    uint64_t filtered;
    /* of these: taken by the events broker, or queued for the owner */
    uint64_t published;
    /* of these: confirmed, or acknowledged by the owner */
    uint64_t confirmed;
    /* published and not answered yet, now */
    uint64_t unconfirmed;
    /* of those published: no queue took them */
    uint64_t unroutable;
    /* messages in which U+FFFD was written for half of a surrogate pair */
    uint64_t surrogates_replaced;
    /* gaps that were declared and confirmed: a session was lost */
    uint64_t gaps_sessions;
    /* likewise: the session before was not known */
    uint64_t gaps_unknown;
    /* likewise: a dispatch that cannot be published */
    uint64_t gaps_dispatches;
    /* messages of workers that were received: SENDs and packets */
    uint64_t commands;
    /* SENDs whose packet is confirmed under the key of a shard */
    uint64_t routed;
    /* packets handed to a socket, those of the owner included */
    uint64_t sent;
    /* commands and packets that never will be */
    uint64_t rejected;
    /* RATE_LIMITED: requests of workers that Discord refused */
    uint64_t limited;
    /* identifies that were granted */
    uint64_t identifies;
    /* identifies of the day; 0: not known */
    uint64_t identifies_total;
    /* of these, left now */
    uint64_t identifies_left;
    /* connections of shards that were asked for */
    uint64_t connects;
    /* connections of shards that have ended */
    uint64_t disconnects;
    /* RESUMEs that were sent */
    uint64_t resumes;
    /* of these: the session went on (RESUMED) */
    uint64_t resumed;
    /* heartbeats that were sent a second or more after they were due */
    uint64_t heartbeats_late;
    /* how often shards began to wait for room in the window */
    uint64_t window_full;
    /* milliseconds for which shards have waited so, until the last pull */
    uint64_t full_time;
    /* milliseconds for which the events broker took no publishes, until the last pull */
    uint64_t blocked_time;
    /* bytes from Discord */
    uint64_t bytes_received;
    /* bytes to Discord */
    uint64_t bytes_sent;
    /* bytes of messages from Discord before inflation; 0 without compression */
    uint64_t bytes_compressed;
    /* the same messages after inflation */
    uint64_t bytes_inflated;
    /* payloads from Discord, of any op */
    uint64_t payloads_received;
    /* payloads to Discord, of any op */
    uint64_t payloads_sent;
    /* connections to both brokers that were asked for */
    uint64_t broker_connects;
    /* publishes that were written again after a lost connection */
    uint64_t republished;
    /* bytes from both brokers */
    uint64_t broker_bytes_received;
    /* bytes to both brokers */
    uint64_t broker_bytes_sent;
    /* of those published: copies of what this gateway had published before, because a connection ended in between */
    uint64_t copies;
    /* milliseconds from publish to confirm, or until the owner has acknowledged, of all that were confirmed together */
    uint64_t confirm_time;
    /* those confirmed, by how long that took: see spectacles_relay_stats.confirm_latency */
    uint64_t confirm_latency[SPECTACLES_RELAY_LATENCY_COUNT];
} spectacles_gateway_stats;

/* Makes counters 0 and sets their size. size: of the struct. Does nothing when size is below 4. */
void spectacles_gateway_stats_init(spectacles_gateway_stats *stats, size_t size);

/*
 * Copies the counters of the whole gateway, in one pass over the shards that reads some numbers of each: a scrape of
 * 5,000 shards takes well under a millisecond.
 *
 * out: out->size says for how much the caller has room.
 *
 * Returns 0, or SPECTACLES_E_INVAL: out->size is below 4.
 */
int spectacles_gateway_get_stats(const spectacles_gateway *gateway, spectacles_gateway_stats *out);

/* What is counted of one shard, and how it stands now. The struct grows at its end. */
typedef struct spectacles_gateway_shard_stats {
    /* set by spectacles_gateway_shard_stats_init() */
    uint32_t size;
    /* enum spectacles_shard_state */
    uint32_t state;
    /* the newest sequence of its session that was pulled */
    uint64_t received;
    /* the sequence that a RESUME begins behind */
    uint64_t committed;
    /* the sequence that its owner has said to be stored; 0: it has said nothing of this session */
    uint64_t stored;
    /* dispatches and gaps that are not answered yet */
    uint64_t unconfirmed;
    /* packets that wait to be sent */
    uint64_t packets;
    /* gaps that are not declared yet */
    uint64_t gaps;
    /* milliseconds until the last acknowledged heartbeat was acknowledged; 0: none was */
    uint64_t latency;
    /* connections that were asked for */
    uint64_t connects;
    /* identifies that were sent */
    uint64_t identifies;
    /* RESUMEs that were sent */
    uint64_t resumes;
    /* heartbeats that were sent a second or more after they were due */
    uint64_t heartbeats_late;
    /* bytes that arrived */
    uint64_t bytes_received;
    /* bytes of messages after inflation */
    uint64_t bytes_inflated;
    /* payloads that arrived, of any op */
    uint64_t payloads_received;
    /* payloads that were sent, of any op */
    uint64_t payloads_sent;
    /* enum spectacles_relay_service: what a shard that is being removed waits for */
    uint32_t service;
    /* 0 */
    uint32_t reserved;
} spectacles_gateway_shard_stats;

/* Makes counters 0 and sets their size. size: of the struct. Does nothing when size is below 4. */
void spectacles_gateway_shard_stats_init(spectacles_gateway_shard_stats *stats, size_t size);

/*
 * Copies what is counted of one shard. Counts by op are in spectacles_shard_get_stats().
 *
 * out: out->size says for how much the caller has room.
 *
 * Returns 0, or SPECTACLES_E_INVAL: there is no such shard, or out->size is below 4.
 */
int spectacles_gateway_get_shard_stats(const spectacles_gateway *gateway, uint32_t shard_id,
                                       spectacles_gateway_shard_stats *out);

/*
 * How often dispatches of a name were received: see spectacles_relay_event_count().
 *
 * index: from 0; a name keeps its index.
 * name: receives the name, NUL-terminated, valid as long as the gateway; "" for all names that had no room.
 * count: receives how often.
 *
 * Returns 1, or 0 when there are no more; then `name` and `count` are unchanged.
 */
int spectacles_gateway_event_count(const spectacles_gateway *gateway, size_t index, const char **name,
                                   uint64_t *count);

/*
 * How often connections of shards have ended with a code: see spectacles_relay_close_count().
 *
 * index: from 0; a code keeps its index.
 * code: receives the close code, or the status of HTTP; 0: none, and all codes that had no room.
 * count: receives how often.
 *
 * Returns 1, or 0 when there are no more; then `code` and `count` are unchanged.
 */
int spectacles_gateway_close_count(const spectacles_gateway *gateway, size_t index, uint32_t *code,
                                   uint64_t *count);

/* ---- The parts ---- */

/* The relay. Borrowed. Cannot fail. */
spectacles_relay *spectacles_gateway_relay(spectacles_gateway *gateway);

/* The poller, for descriptors of the owner; NULL with SPECTACLES_GATEWAY_NO_LINKS. Borrowed. Cannot fail. */
spectacles_poller *spectacles_gateway_poller(spectacles_gateway *gateway);

/* The shard with this id, for its stream and its counters by op; NULL when it is not served here. Borrowed. */
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
