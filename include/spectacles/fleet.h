/*
 * spectacles/fleet.h - several gateway processes, on any hosts, share the shards of one bot; any of them may die.
 *
 * SPDX-License-Identifier: MIT
 *
 * A fleet is for bots whose gateway has to outlive the host that it runs on. RabbitMQ keeps what a successor needs to
 * resume each session, and says who owns it. One process with all shards, or a StatefulSet with a volume for each
 * process, stays the simpler answer (doc/fleet-design.md).
 *
 * The shards of a bot lie in slots: slot = shard id % slots, with at most 64 slots. Each slot has one owner, a member
 * of the fleet, and a standby, which goes on when the owner is gone. One member is the leader: it plans who is to own
 * what, and grants identifies, for all members together. Without a leader everything stays as it is for a while.
 *
 * A spectacles_fleet is one member. It does no I/O, and knows neither shards nor gateways: it says what to do with a
 * shard, and is told what became of it. It has a broker of its own (broker.h), a third connection beside the two of a
 * relay, because it must not wait behind events:
 *
 *     config.group = "gateway:fleet1"                      the group of the bot, and ":fleet1"
 *     config.exchange_type = SPECTACLES_EXCHANGE_FANOUT
 *     config.heartbeat = 4                                 seconds: so soon RabbitMQ notices that a host is gone
 *
 * The gateway beside it (gateway.h) has SPECTACLES_GATEWAY_NO_SHARDS, SPECTACLES_RELAY_GRANTED_IDENTIFIES,
 * SPECTACLES_RELAY_HOLDS_NEW_SESSIONS and SPECTACLES_SHARD_STORED_HEARTBEATS. What an owner does, in each turn of its
 * loop, after the links have moved bytes or the deadlines have passed:
 *
 *     while ((event = spectacles_fleet_next_event(fleet, now)))
 *         switch (event->type) {
 *         case SPECTACLES_FLEET_EVENT_ADD_SHARD:
 *             spectacles_gateway_add_shard(gateway, event->shard_id, event->session, event->gaps, event->gap_count,
 *                                          &problem);
 *         case SPECTACLES_FLEET_EVENT_REMOVE_SHARD:
 *             spectacles_gateway_remove_shard(gateway, event->shard_id, event->code, now);
 *         case SPECTACLES_FLEET_EVENT_DROP_SHARD:
 *             spectacles_gateway_drop_shard(gateway, event->shard_id);
 *         case SPECTACLES_FLEET_EVENT_GRANT_IDENTIFY:
 *             error = spectacles_gateway_grant_identify(gateway, event->shard_id, now);
 *             spectacles_fleet_identified(fleet, event->shard_id, error == 0, now);
 *         case SPECTACLES_FLEET_EVENT_SESSION_STORED:
 *             spectacles_gateway_session_stored(gateway, event->shard_id, event->session->session_id,
 *                                               event->session->seq);
 *         case SPECTACLES_FLEET_EVENT_SHARDING:
 *             ... the gateway of event->shard_count, made now if it is not there ...
 *             spectacles_gateway_set_flags(gateway, event->flags);
 *         case SPECTACLES_FLEET_EVENT_SHARDING_ENDED:
 *             ... the gateway of event->shard_count is stopped and freed, if there is one: it has no shard any more ...
 *         case SPECTACLES_FLEET_EVENT_WANTS_LIMITS:
 *             ... GET /gateway/bot, without waiting for it; then spectacles_fleet_set_limits() ...
 *         default:
 *             ... log it ...
 *         }
 *
 * and with the events of the gateway:
 *
 *     SHARD_READY, SHARD_RESUMED   spectacles_fleet_connected()
 *     SHARD_WANTS_IDENTIFY   spectacles_fleet_wants_identify()
 *     SHARD_DISCONNECTED     spectacles_fleet_disconnected()
 *     SHARD_REMOVED          spectacles_fleet_removed(), with spectacles_gateway_session() and _gap()
 *     SHARD_READY, SHARD_GAP, and a few times a second: spectacles_gateway_take_state(), and spectacles_fleet_report()
 *                            for each shard that spectacles_gateway_next_changed() names
 *
 * After SIGTERM: spectacles_fleet_leave(), and go on until spectacles_fleet_has_left(); then stop the gateway.
 *
 * What holds, whatever happens to hosts, networks and RabbitMQ (doc/fleet-design.md has the table of failures):
 *
 *   - A session is resumed from what was stored last. What was done since then comes again, with the same message-ids.
 *   - Two members never identify one shard, unless one of them stops in the middle of it: between the event and the
 *     bytes. In 5 seconds there is one identify of a bucket, in a day no more than Discord allows, less the reserve.
 *   - Whoever may no longer act for a shard is told so by the first call that is made after that time. So act on each
 *     event at once, with a fresh `now`, and keep none for later.
 *
 * What a slot allows, by its state (enum spectacles_fleet_slot_state). The fleet holds to it by its events; the table
 * is for whoever reads a log:
 *
 *     state       connections to Discord                    RESUME                       IDENTIFY
 *     IDLE        none                                      no                           no
 *     WAITING     none                                      no                           no
 *     CLAIMING    as before it was DOUBTFUL                 250 ms after the record      no
 *     OWNED       all                                       yes                          with a grant, see below
 *     RELEASING   they are being ended                      no                           no
 *     DOUBTFUL    those whose session is stored             three times, after 10 s      no
 *
 * An owner identifies only when nobody else can: 8.2 seconds after the record of the slot came, or 20 seconds when
 * there was none; at once behind an owner that has handed the slot over. A grant is of use for three seconds. So the
 * first shard of a new bot identifies 23 seconds after the first member has started. RESUME waits for none
 * of that.
 *
 * How long a takeover takes is for RabbitMQ to say: at once when a process was killed, 8 to 12 seconds when a host is
 * gone without a word (heartbeat 4), and as long as RabbitMQ's net_ticktime when its node is gone with the host. So
 * set net_ticktime to 10 there.
 *
 * From one number of shards to another (spectacles_fleet_reshard()) the fleet goes while events flow. Shards of both
 * numbers, A and B, are connected for a while, in a gateway of their own each:
 *
 *     STABLE --> PREPARE --> WARMING --> OVERLAP --> CLOSING --> STABLE, with B in the place of A
 *                   |           |           |
 *                   +-----------+-----------+---- spectacles_fleet_abort_reshard() ----> ABORTING --> STABLE
 *
 *     phase     it lasts until                                        A                     B
 *     PREPARE   the identifies of the day are enough for B            publishes, marked     is not connected
 *     WARMING   all shards of B are connected                         publishes, marked     is connected, and silent
 *     OVERLAP   all of B has published for 40 s without a break       publishes, marked     publishes, marked
 *     CLOSING   A is gone: each session of it is closed with 1000     ends                  publishes, and has SEND
 *     ABORTING  B is gone                                             publishes, marked     ends
 *
 * The event SHARDING says what a gateway is to do meanwhile, as flags of its relay (enum spectacles_relay_flag). By
 * the marks a worker knows an event of B as the copy of one of A (doc/workers.md, copies.h). Who stays marks on for
 * 40 s after the other one is gone, because it may be behind with what the other has brought. A member that starts
 * marks for 40 s too: nobody tells it whether another set was there a moment ago. Commands are taken by A until
 * CLOSING, and by B from then on; a packet that A has routed before is routed anew. A phase is told when it is
 * stored, so that the next leader goes on from it. The way back costs the identifies of A once more. Members that
 * start later with the old shard_count take the new number over by themselves, and so do members that start with the
 * new one and the old generation: set the new number in their configuration, and leave the generation as it is.
 * While two numbers are connected, Discord's rules for what a bot may do (identifies of the day, users in memory)
 * hold for both together.
 *
 * What it is in RabbitMQ: a quorum queue for each slot, `<group>:fleet1:lease:<shards>-<generation>:<slot>`, with one
 * small message in it, one more quorum queue, `<group>:fleet1:control`, the exchange `<group>:fleet1`, and a queue of
 * each member's connection. The user of RabbitMQ needs the right to configure, write and read them. An owner writes
 * each record anew once a second while events flow, and every 1.75 seconds otherwise. The queues of a former number of
 * shards stay, with a record each, and are never used again: an operator may delete them. Do not purge the others, and
 * set no TTL and no length limit on them by a policy: a record that is gone costs a gap, when its owner is gone too.
 *
 * A member whose library is older than a record steps back from that slot, and says so by PROBLEM: it overwrites
 * nothing. So update the members one after the other.
 *
 * A fleet belongs to one thread at a time, with its broker. No call here blocks.
 */
#ifndef SPECTACLES_FLEET_H
#define SPECTACLES_FLEET_H

#include <spectacles/broker.h>
#include <spectacles/gateway_bot.h>
#include <spectacles/relay.h>
#include <spectacles/shard.h>
#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One member of a fleet. Made by spectacles_fleet_new(), freed by spectacles_fleet_free(). */
typedef struct spectacles_fleet spectacles_fleet;

/* Limits of a fleet. */
enum spectacles_fleet_limit {
    /* a count: slots of a bot; with fewer shards there are as many slots as shards */
    SPECTACLES_FLEET_SLOTS_MAX = 64,
    /* a count: members of a fleet. Further ones are told of by PROBLEM, and get nothing */
    SPECTACLES_FLEET_MEMBERS_MAX = 128,
    /* bytes of a member's name with its NUL; of a zone's too */
    SPECTACLES_FLEET_NAME_SIZE = 64
};

/*
 * The settings of a member. Fill it with spectacles_fleet_config_init(), then set what is required. Copied by
 * spectacles_fleet_new(), but for the broker. Texts are NUL-terminated. Grows at its end.
 */
typedef struct spectacles_fleet_config {
    /* set by spectacles_fleet_config_init() */
    uint32_t size;
    /* how large the share of this member is, beside those of the others: 1 to 1000. Default 100 */
    uint32_t weight;
    /* required; held: pull none of its events. It and the fleet are freed in any order */
    spectacles_broker *broker;
    /* required: the group of the bot, as the relay has it, at most 100 bytes. All members have the same one */
    const char *group;
    /*
     * required: the name of this member, 1 to 63 printable ASCII characters without spaces, other than those of the
     * other members, and the same one after a restart: the name of the host
     */
    const char *member;
    /*
     * where the member runs, likewise: a rack, a zone of a cloud. The standby of a slot is in another zone than its
     * owner, where there is one. NULL: none (default)
     */
    const char *zone;
    /*
     * required: the bot's. The fleet keeps a hash of the bot's user id (spectacles_token_bot()), which stands in what
     * is stored, so that a new token of the bot finds it; of a token that names no bot, the hash of the token
     */
    const char *token;
    /*
     * required: of the whole bot, 1 to 65536. All members have the same one. It is where the fleet begins: after
     * spectacles_fleet_reshard() the number that is stored holds
     */
    uint32_t shard_count;
    /*
     * 1 (default), or a number that was raised, in all members, to begin anew: all shards identify, and a gap is
     * declared for each. Not 0. Each spectacles_fleet_reshard() raises the one that is stored, and of two numbers of
     * shards the one with the later generation holds. So a number that begins anew is greater than
     * spectacles_fleet_resharding.generation
     */
    uint32_t generation;
    /* identifies of a day that are never granted, so that a person can still do something. Default 50 */
    uint32_t identify_reserve;
    /*
     * milliseconds for which nobody has come or left until slots move: several who come one after the other then take
     * their shares at once. Takeovers wait for nothing. Default 10000
     */
    uint32_t settle;
    /* required, not 0: a number that nobody can guess, from spectacles_random_seed() */
    uint64_t seed;
} spectacles_fleet_config;

/* What a fleet tells. The comment of each type names the fields of spectacles_fleet_event that it fills. */
enum spectacles_fleet_event_type {
    /*
     * Serve the shard: spectacles_gateway_add_shard(). shard_id, slot; session: to be resumed, NULL: none; gaps,
     * gap_count: to be declared
     */
    SPECTACLES_FLEET_EVENT_ADD_SHARD = 1,
    /*
     * Hand the shard over in order: spectacles_gateway_remove_shard(). shard_id, slot; code: 4000. Answer by
     * spectacles_fleet_removed()
     */
    SPECTACLES_FLEET_EVENT_REMOVE_SHARD = 2,
    /* Let go of the shard at once: spectacles_gateway_drop_shard(). shard_id, slot. There is nothing to answer */
    SPECTACLES_FLEET_EVENT_DROP_SHARD = 3,
    /*
     * The shard may identify, now and not later: spectacles_gateway_grant_identify(). shard_id, slot. Answer by
     * spectacles_fleet_identified()
     */
    SPECTACLES_FLEET_EVENT_GRANT_IDENTIFY = 4,
    /* A session is stored, up to a sequence: spectacles_gateway_session_stored(). shard_id, slot, session */
    SPECTACLES_FLEET_EVENT_SESSION_STORED = 5,
    /* The leader has to know how many identifies are left. Answer by spectacles_fleet_set_limits() */
    SPECTACLES_FLEET_EVENT_WANTS_LIMITS = 6,
    /*
     * What the gateway with so many shards is to do: spectacles_gateway_set_flags(). It comes before the first shard of
     * that gateway. shard_count; flags: a mask of enum spectacles_relay_flag
     */
    SPECTACLES_FLEET_EVENT_SHARDING = 7,
    /*
     * No shard is left of those who are numbered so: their gateway is not needed any more. It is told of the configured
     * number too, when another one serves, though SHARDING never was. shard_count
     */
    SPECTACLES_FLEET_EVENT_SHARDING_ENDED = 8,

    /* ---- For people ---- */

    /* The ownership of a slot has changed. slot; state: enum spectacles_fleet_slot_state; epoch */
    SPECTACLES_FLEET_EVENT_SLOT = 20,
    /* A member is there, this one included. member */
    SPECTACLES_FLEET_EVENT_MEMBER_JOINED = 21,
    /* A member has left, or has said nothing for 7 seconds. member */
    SPECTACLES_FLEET_EVENT_MEMBER_LEFT = 22,
    /* This member has become the leader, or is not any more. member: this one; NULL: it is not any more. epoch */
    SPECTACLES_FLEET_EVENT_LEADER = 23,
    /* Something that a person should look at. error, text */
    SPECTACLES_FLEET_EVENT_PROBLEM = 24,
    /* The way to another number of shards. phase: enum spectacles_fleet_phase */
    SPECTACLES_FLEET_EVENT_RESHARDING = 25,
    /* The broker of the fleet is READY. text: its product and version */
    SPECTACLES_FLEET_EVENT_BROKER_READY = 30,
    /*
     * The broker of the fleet has lost its connection, or is closed. error, text; until: when it connects again. Shards
     * go on; see the states of slots
     */
    SPECTACLES_FLEET_EVENT_BROKER_DISCONNECTED = 31
};

/* The ownership of a slot, as this member sees it. The values never change. */
enum spectacles_fleet_slot_state {
    /* not wanted here */
    SPECTACLES_FLEET_IDLE = 0,
    /* somebody else owns it, or nobody does yet: this member is next in line */
    SPECTACLES_FLEET_WAITING = 1,
    /* its record has come, and this member has not proved yet that it owns the slot. Sessions are resumed */
    SPECTACLES_FLEET_CLAIMING = 2,
    /* owned */
    SPECTACLES_FLEET_OWNED = 3,
    /* handed over: its shards are being removed, and its last record is being stored */
    SPECTACLES_FLEET_RELEASING = 4,
    /* owned, but RabbitMQ has not said so for 7 seconds. Connections stay; nobody identifies */
    SPECTACLES_FLEET_DOUBTFUL = 5
};

/* How far the way to another number of shards is: see the table above. The values never change. */
enum spectacles_fleet_phase {
    /* nobody wants another number */
    SPECTACLES_FLEET_STABLE = 0,
    /* it waits until the identifies of the day are enough, and until all members know */
    SPECTACLES_FLEET_PREPARE = 1,
    /* the new shards identify, and are silent */
    SPECTACLES_FLEET_WARMING = 2,
    /* the old and the new shards publish */
    SPECTACLES_FLEET_OVERLAP = 3,
    /* the new shards serve; the old ones are being closed. There is no way back */
    SPECTACLES_FLEET_CLOSING = 4,
    /* the new shards are being closed again */
    SPECTACLES_FLEET_ABORTING = 5
};

/*
 * One event. Fields that its type does not name are 0 or NULL. Valid, with everything it points to, until the next call
 * on the fleet. Grows at its end.
 */
typedef struct spectacles_fleet_event {
    /* enum spectacles_fleet_event_type */
    uint32_t type;
    /* enum spectacles_error */
    int32_t error;
    /* a shard id, below shard_count */
    uint32_t shard_id;
    /* of the whole bot: which gateway it is about. While shards are numbered anew there are two */
    uint32_t shard_count;
    /* a slot, of the shards that are numbered so */
    uint32_t slot;
    /* enum spectacles_fleet_slot_state */
    uint32_t state;
    /* a close code */
    uint32_t code;
    /* a mask of enum spectacles_relay_flag */
    uint32_t flags;
    /* how often the ownership of a slot has changed hands */
    uint64_t epoch;
    /* a point on the clock of `now`; SPECTACLES_NEVER for never */
    uint64_t until;
    /* the session of the shard; NULL: none */
    const spectacles_session *session;
    /* gap_count gaps of the shard; NULL: none */
    const spectacles_gap *gaps;
    size_t gap_count;
    /* the name of a member, NUL-terminated; NULL: none */
    const char *member;
    /* a sentence of text_length bytes, NUL-terminated; NULL: none. Never holds a secret */
    const char *text;
    size_t text_length;
    /* enum spectacles_fleet_phase */
    uint32_t phase;
    /* 0 */
    uint32_t reserved;
} spectacles_fleet_event;

/* Fills a configuration with defaults. size: sizeof(spectacles_fleet_config). Does nothing when size is below 4. */
void spectacles_fleet_config_init(spectacles_fleet_config *config, size_t size);

/*
 * Makes a member. Nothing is asked of the broker before spectacles_fleet_next_event().
 *
 * out: free it with spectacles_fleet_free(). Unchanged on failure.
 * config: copied.
 * problem: may be NULL; on failure it says which setting is wrong and what to do.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL        a setting is missing or wrong
 *   SPECTACLES_E_STATE        a relay or another fleet holds the broker
 *   SPECTACLES_E_UNSUPPORTED  the configuration is newer than the library
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_fleet_new(spectacles_fleet **out, const spectacles_fleet_config *config,
                         spectacles_problem *problem);

/*
 * Frees a member, and lets go of the broker. Nothing is said to the others: for them the member has died, and its
 * standbys go on. For an orderly end call spectacles_fleet_leave() before. NULL is fine.
 */
void spectacles_fleet_free(spectacles_fleet *fleet);

/* ---- The loop ---- */

/*
 * Works on what the broker has received, and on the time that has passed. Returns the next event, or NULL when nothing
 * is left to do until the link of the broker moves bytes or spectacles_fleet_deadline() passes. Pull until NULL. When
 * memory runs out, it goes on half a second later. Cannot fail.
 */
const spectacles_fleet_event *spectacles_fleet_next_event(spectacles_fleet *fleet, uint64_t now);

/*
 * When spectacles_fleet_next_event() is to be called at the latest. Milliseconds on the clock of `now`;
 * SPECTACLES_NEVER for never. Cannot fail.
 */
uint64_t spectacles_fleet_deadline(const spectacles_fleet *fleet);

/*
 * Says what time it is, for the records, where people read it: no decision rests on it.
 *
 * unix_offset: milliseconds since 1970 minus `now`; 0 (as at first): not known.
 *
 * Cannot fail.
 */
void spectacles_fleet_set_unix_offset(spectacles_fleet *fleet, uint64_t unix_offset);

/* ---- What became of a shard: shard_id and shard_count are those of the events that name it ---- */

/*
 * Reports the present session and gaps of a shard, both from the same moment. Call it for each shard that has changed,
 * a few times a second, and at once for a new session and for a gap. A report is stored within a second, and
 * SESSION_STORED follows. Reports of shards that are not to be served here any more are ignored.
 *
 * session: NULL: it has none. Copied.
 * gaps: `count` gaps, in the order in which they are to be declared. Copied. NULL when count is 0.
 *
 * Returns 0, or, and then nothing has changed:
 *   SPECTACLES_E_INVAL  there is no such shard, or a session id is malformed
 *   SPECTACLES_E_NOMEM  memory ran out: report it again
 */
int spectacles_fleet_report(spectacles_fleet *fleet, uint32_t shard_id, uint32_t shard_count,
                            const spectacles_session *session, const spectacles_gap *gaps, size_t count,
                            uint64_t now);

/*
 * Answers REMOVE_SHARD: the gateway has let go of the shard (SHARD_REMOVED), and this is what it left.
 *
 * session, gaps, count: as in spectacles_fleet_report().
 *
 * Returns 0, also when nobody waits for the answer any more, or an error of spectacles_fleet_report().
 */
int spectacles_fleet_removed(spectacles_fleet *fleet, uint32_t shard_id, uint32_t shard_count,
                             const spectacles_session *session, const spectacles_gap *gaps, size_t count,
                             uint64_t now);

/*
 * A shard is connected, and receives events (SHARD_READY, SHARD_RESUMED). Another number of shards waits for that: the
 * phases WARMING and OVERLAP end when every shard is connected. An owner that never calls it still serves as always,
 * and never comes to the end of WARMING.
 *
 * Returns 0, or SPECTACLES_E_INVAL: there is no such shard.
 */
int spectacles_fleet_connected(spectacles_fleet *fleet, uint32_t shard_id, uint32_t shard_count,
                               uint64_t now);

/*
 * The connection of a shard has ended (SHARD_DISCONNECTED), or could not be made. The gateway connects again by itself.
 * A slot that is DOUBTFUL lets go of the shard instead, and has it added again when it may resume.
 *
 * Returns 0, or SPECTACLES_E_INVAL: there is no such shard.
 */
int spectacles_fleet_disconnected(spectacles_fleet *fleet, uint32_t shard_id, uint32_t shard_count,
                                  uint64_t now);

/*
 * A shard wants to identify (SHARD_WANTS_IDENTIFY). GRANT_IDENTIFY follows when it is its turn, among all shards of the
 * fleet: after seconds, or hours when the identifies of the day are used up.
 *
 * Returns 0, or SPECTACLES_E_INVAL: there is no such shard, or it is not served here.
 */
int spectacles_fleet_wants_identify(spectacles_fleet *fleet, uint32_t shard_id, uint32_t shard_count,
                                    uint64_t now);

/*
 * Answers GRANT_IDENTIFY, at once. Without the answer the next shard of the bucket waits for four seconds more.
 *
 * sent: 1: the shard has identified. 0: it did not want to any more (SPECTACLES_E_STATE); it asks again.
 *
 * Returns 0, or SPECTACLES_E_INVAL: there is no such shard.
 */
int spectacles_fleet_identified(spectacles_fleet *fleet, uint32_t shard_id, uint32_t shard_count, int sent,
                                uint64_t now);

/*
 * Answers WANTS_LIMITS. A request that failed needs no answer: WANTS_LIMITS comes again after 15 seconds.
 *
 * answer: of spectacles_gateway_bot_read(), with the verdict FINE.
 * asked_at: when the request was sent, on the clock of `now`.
 *
 * Returns 0, or SPECTACLES_E_INVAL: the verdict is another one.
 */
int spectacles_fleet_set_limits(spectacles_fleet *fleet, const spectacles_gateway_bot *answer,
                                uint64_t asked_at, uint64_t now);

/* ---- What people want ---- */

/*
 * Leaves the fleet in order: the slots are handed over, a few at a time, and nothing is taken any more. Go on until
 * spectacles_fleet_has_left(): with events that flow about 100 ms for four slots, without RabbitMQ at most 12 seconds.
 * Cannot fail.
 */
void spectacles_fleet_leave(spectacles_fleet *fleet, uint64_t now);

/* Returns 1 when, after spectacles_fleet_leave(), nothing is left here; else 0. Cannot fail. */
int spectacles_fleet_has_left(const spectacles_fleet *fleet);

/*
 * Asks the leader to give a slot to a member, and to leave it there as long as the member is there.
 * spectacles_fleet_slot() shows what came of it.
 *
 * member: NUL-terminated. NULL: the slot goes where the plan wants it.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  there is no such slot, or the name is malformed
 *   SPECTACLES_E_STATE  the fleet has no connection
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_fleet_move(spectacles_fleet *fleet, uint32_t slot, const char *member);

/*
 * Asks the leader to go to another number of shards, while events flow: see the table above. It takes about a minute
 * and a half, and the time for an identify of each new shard. The leader may have another opinion meanwhile, and a
 * leader that dies may not have stored it: spectacles_fleet_progress() shows what came of it.
 *
 * shard_count: 1 to 65536, and not the present one. Discord recommends a number in the answer of GET /gateway/bot
 *     (gateway_bot.h), and wants a multiple of its own number from very large bots.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  there cannot be so many shards
 *   SPECTACLES_E_STATE  shards are being numbered anew already, there are so many already, or no leader was heard yet
 */
int spectacles_fleet_reshard(spectacles_fleet *fleet, uint32_t shard_count);

/*
 * Asks the leader to give up the way to another number of shards: possible in PREPARE, WARMING and OVERLAP. The new
 * shards are closed, and their identifies are spent. A leader that is about to store CLOSING at this moment goes on,
 * and tells so by PROBLEM.
 *
 * spectacles_fleet_progress() shows what came of it.
 *
 * Returns 0, or SPECTACLES_E_STATE: there is nothing to give up, it is too late for it, or no leader was heard yet.
 */
int spectacles_fleet_abort_reshard(spectacles_fleet *fleet);

/* ---- Looking ---- */

/* A slot, as this member knows it. Grows at its end. */
typedef struct spectacles_fleet_slot_info {
    /* set by spectacles_fleet_slot_info_init() */
    uint32_t size;
    /* enum spectacles_fleet_slot_state: of this member */
    uint32_t state;
    /* the latest one that is known */
    uint64_t epoch;
    /* who says that it owns the slot, NUL-terminated; empty: nobody */
    char owner[SPECTACLES_FLEET_NAME_SIZE];
    /* who is to own it, as the leader says; empty: nothing was said yet */
    char planned[SPECTACLES_FLEET_NAME_SIZE];
    /* who goes on when the owner is gone; empty: nobody */
    char standby[SPECTACLES_FLEET_NAME_SIZE];
} spectacles_fleet_slot_info;

/* A member, as this one knows it. Grows at its end. */
typedef struct spectacles_fleet_member_info {
    /* set by spectacles_fleet_member_info_init() */
    uint32_t size;
    /* as it was configured */
    uint32_t weight;
    /* how many slots it owns */
    uint32_t slot_count;
    /* 1: it leaves */
    uint32_t leaves;
    /* when it was heard last, on the clock of `now` */
    uint64_t heard_at;
    /* its name, NUL-terminated */
    char name[SPECTACLES_FLEET_NAME_SIZE];
    /* its zone; empty: none */
    char zone[SPECTACLES_FLEET_NAME_SIZE];
} spectacles_fleet_member_info;

/* The way to another number of shards, as this member knows it. Grows at its end. */
typedef struct spectacles_fleet_resharding {
    /* set by spectacles_fleet_resharding_init() */
    uint32_t size;
    /* enum spectacles_fleet_phase */
    uint32_t phase;
    /* of those who serve; in CLOSING still the old one */
    uint32_t shard_count;
    /* where it goes; 0 in STABLE */
    uint32_t wanted_shards;
    /* a count: slots of the new shards; in STABLE of those who serve */
    uint32_t slots;
    /* how many of these slots have an owner; 0 in STABLE */
    uint32_t owned;
    /* how many of these slots have an owner all of whose new shards are connected; 0 in STABLE */
    uint32_t ready;
    /* 1: spectacles_fleet_abort_reshard() is possible; 0: there is nothing to give up, or it is too late for it */
    uint32_t may_abort;
    /* the latest one that is stored: each spectacles_fleet_reshard() has raised it */
    uint32_t generation;
    /* 1: a leader was heard; 0: the numbers are those of the configuration */
    uint32_t is_known;
} spectacles_fleet_resharding;

/* Makes it empty and sets its size. size: of the struct. Does nothing when size is below 4. */
void spectacles_fleet_resharding_init(spectacles_fleet_resharding *out, size_t size);

/*
 * Copies how far the way to another number of shards is.
 *
 * out: out->size says for how much the caller has room.
 *
 * Returns 0, or SPECTACLES_E_INVAL: out->size is below 4.
 */
int spectacles_fleet_progress(const spectacles_fleet *fleet, spectacles_fleet_resharding *out);

/* Makes a slot empty and sets its size. size: of the struct. Does nothing when size is below 4. */
void spectacles_fleet_slot_info_init(spectacles_fleet_slot_info *info, size_t size);

/* Makes a member empty and sets its size. size: of the struct. Does nothing when size is below 4. */
void spectacles_fleet_member_info_init(spectacles_fleet_member_info *info, size_t size);

/*
 * How many slots the bot has: at most SPECTACLES_FLEET_SLOTS_MAX. While shards are numbered anew: those of the old
 * number, until they are gone. Cannot fail.
 */
uint32_t spectacles_fleet_slot_count(const spectacles_fleet *fleet);

/*
 * Copies what is known of a slot of those shards who serve.
 *
 * out: out->size says for how much the caller has room.
 *
 * Returns 0, or SPECTACLES_E_INVAL: there is no such slot, or out->size is below 4.
 */
int spectacles_fleet_slot(const spectacles_fleet *fleet, uint32_t slot, spectacles_fleet_slot_info *out);

/*
 * Copies what is known of a member, in the order of their names.
 *
 * index: from 0.
 * out: out->size says for how much the caller has room.
 *
 * Returns 1, or 0 when there are no more, or SPECTACLES_E_INVAL: out->size is below 4. Then `out` is unchanged.
 */
int spectacles_fleet_member(const spectacles_fleet *fleet, size_t index, spectacles_fleet_member_info *out);

/*
 * The name of a state of a slot for logs, without its prefix: "OWNED". "UNKNOWN" for a number that this version does
 * not know. Static and NUL-terminated. Cannot fail.
 */
const char *spectacles_fleet_slot_state_name(uint32_t state);

/*
 * The name of a phase for logs, without its prefix: "OVERLAP". As spectacles_fleet_slot_state_name().
 */
const char *spectacles_fleet_phase_name(uint32_t phase);

/* The name of a type of event: "ADD_SHARD". As spectacles_fleet_slot_state_name(). */
const char *spectacles_fleet_event_type_name(uint32_t type);

/*
 * One sentence about the last call on the fleet that failed, NUL-terminated, or "". Valid until the next call on the
 * fleet. Never holds a secret.
 */
const char *spectacles_fleet_last_error(const spectacles_fleet *fleet);

#ifdef __cplusplus
}
#endif

#endif
