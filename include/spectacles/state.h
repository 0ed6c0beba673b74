/*
 * spectacles/state.h - what has to outlive a process so that nothing is lost: sessions and gaps, as bytes.
 *
 * SPDX-License-Identifier: MIT
 *
 * A spectacles_state holds one record for each shard that there is something to say about: the session, the
 * sequence to resume from, the resume URL, the format, and the gaps that have not been declared yet. It writes
 * itself as bytes, and reads itself from such bytes. Where the bytes are kept is the owner's business: a file, a row of
 * a database, a message in a queue. One state can hold all shards of a bot, or some of them.
 *
 * Pure: no I/O, no clock, no thread. No function blocks.
 *
 * The life of a state:
 *
 *   1. At the start: spectacles_state_new(), then spectacles_state_read() with the bytes that the former process
 *      stored. When there were none, call nothing. When there were some and they cannot be had (the disk fails),
 *      call spectacles_state_lost().
 *   2. Give each shard its session (spectacles_state_session(), spectacles_shard_config.session), and the relay the
 *      gaps of its shards (spectacles_state_gaps(), spectacles_relay_config.gaps).
 *   3. While the process runs: spectacles_state_take() after each SHARD_READY event, and before any link is processed;
 *      after that at an interval of the owner's choice (the daemon takes 250 ms). When it returns 1, store what
 *      spectacles_state_write() gives. The longer the interval, the more is repeated after a crash; nothing is lost.
 *   4. Once more when the process ends.
 *
 * Store the bytes so that either the old ones or the new ones survive a crash, whole: for a file, write another file,
 * fsync() it, rename() it, and fsync() the folder (examples/store.c). Keep the bytes private: whoever has a session and
 * the token can resume the session. The token itself is not in the bytes.
 *
 * When bytes cannot be used (they are torn, or of another bot), what the former process knew is gone. The state
 * remembers that: every shard without a record then has one gap whose sessions are not known, so that the relay
 * declares it, and no worker relies on events that were missed.
 *
 * What is written, version 1. Lines of JSON (RFC 8259), each ended by a line feed:
 *
 *   {"spectacles":"state","version":1,"bot":"<hash>","intents":513,"complete":true,"shards":2,"writer":"web-1 4711"}
 *   {"shard":[0,2],"session":"..","url":"wss://..","seq":17,"encoding":"json","time":1767225600000,"gaps":[]}
 *   {"shard":[1,2],"session":null,"time":1767225600000,"gaps":[{"old_session":"..","new_session":null,"seq":17,
 *    "next":1,"time":1767225600000}]}                                        (in one line)
 *   {"sha256":"<checksum>"}
 *
 *   bot       the first 16 bytes of the SHA-256 of the token, in hexadecimal
 *   bot_id    behind bot: the user id of the bot in decimal, as a text, where the token names it
 *             (spectacles_token_bot()). Sessions belong to the bot: bytes of another token are read when both tokens
 *             name the same bot
 *   intents   the mask that the sessions were identified with
 *   complete  false: what shards without a record have missed is not known. A record without a session and without gaps
 *             says then that nothing of its shard is missing
 *   shards    the shards of the whole bot when the bytes were written; a record may be of another count
 *   writer    spectacles_state_config.writer; null: it was not given
 *   shard     [shard id, shard count], as Discord has it; each shard id once
 *   seq       the sequence to resume from
 *   encoding  in which the session was made: "json", "etf"; null: not known
 *   time      when this record last changed: milliseconds since 1970; null: not known
 *   gaps      as in the messages of the relay (relay.h)
 *   sha256    the first 16 bytes of the SHA-256 of all lines above, in hexadecimal. It finds accidents, not forgeries:
 *             whoever can write the bytes can write their checksum
 *
 * Fields that version 1 does not know are ignored when they are read, and are not written again. A later library that
 * writes a field which an older one must not ignore raises the version. The older library then refuses the bytes
 * (SPECTACLES_E_UNSUPPORTED). The first field and the last line are the same in every version.
 */
#ifndef SPECTACLES_STATE_H
#define SPECTACLES_STATE_H

#include <spectacles/codec.h>
#include <spectacles/relay.h>
#include <spectacles/shard.h>
#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The state of a bot's shards. It belongs to one thread at a time. It refers to no other handle: shards and relays may
 * be freed before it or after it.
 */
typedef struct spectacles_state spectacles_state;

/* Limits of a state. */
enum spectacles_state_limit {
    /* the bytes that spectacles_state_read() takes at most, and spectacles_state_write() gives at most: 64 MiB */
    SPECTACLES_STATE_MAX = 67108864
};

/*
 * The bot that a state belongs to. Sessions of another bot or of other intents cannot be resumed. Grows at its end.
 */
typedef struct spectacles_state_config {
    /* set by spectacles_state_config_init() */
    uint32_t size;
    /* required: the shards of the whole bot; their ids are 0 to shard_count - 1 */
    uint32_t shard_count;
    /* the mask of the shards' configuration; default 0 */
    uint64_t intents;
    /* required: NUL-terminated, not empty; only its hash is kept, and the user id that it names */
    const char *token;
    /*
     * Who writes the bytes, for whoever reads them next: a host and a process, for example. NUL-terminated, 1 to 255
     * printable ASCII characters. NULL (default): what spectacles_state_read() has read stays.
     */
    const char *writer;
} spectacles_state_config;

/*
 * Fills a configuration with defaults, and sets its size.
 *
 * size: sizeof(spectacles_state_config). With 0 nothing is written.
 */
void spectacles_state_config_init(spectacles_state_config *config, size_t size);

/*
 * Makes a state without records. The caller frees it with spectacles_state_free().
 *
 * config:  copied.
 * problem: may be NULL; on failure it says what is wrong.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL        a setting is missing or wrong
 *   SPECTACLES_E_NOMEM        memory ran out
 *   SPECTACLES_E_UNSUPPORTED  the configuration is newer than the library
 */
int spectacles_state_new(spectacles_state **out, const spectacles_state_config *config,
                         spectacles_problem *problem);

/*
 * Makes a state from stored bytes alone: of the bot, the intents and the number of shards that the bytes name. For
 * tools that look at stored sessions without the token, and for whoever wants to keep the number of shards. What is
 * written from it is of the same bot.
 *
 * bytes: as in spectacles_state_read().
 * writer: as in spectacles_state_config. NUL-terminated; may be NULL.
 * problem: may be NULL; on failure it says what is wrong.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL        the writer is no such text
 *   SPECTACLES_E_PROTO        as spectacles_state_read(); also when the bytes do not name the number of shards
 *   SPECTACLES_E_UNSUPPORTED  a later version of the library wrote them
 *   SPECTACLES_E_TOOBIG       they are more than SPECTACLES_STATE_MAX
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_state_open(spectacles_state **out, const uint8_t *bytes, size_t length, const char *writer,
                          spectacles_problem *problem);

/* Frees a state and everything that it handed out. NULL does nothing. */
void spectacles_state_free(spectacles_state *state);

/*
 * Replaces the records by stored ones.
 *
 * bytes:     all that a spectacles_state_write() gave. They are not kept.
 * unix_time: milliseconds since 1970, for gaps that are found while reading; 0: not known.
 * problem:   may be NULL; on failure it says what is wrong, and at which byte.
 *
 * A session of another shard count cannot be resumed. A shard whose id still exists keeps its record, and declares the
 * session as lost (spectacles_session.shard_count differs). A shard without a record then has a gap whose sessions are
 * not known, because other shards served its guilds. When a shard whose id no longer exists left a gap, every shard has
 * such a gap.
 *
 * Returns 0, or:
 *   SPECTACLES_E_PROTO        the bytes are no state, or were torn or changed: the checksum does not match, or a line
 *                             is malformed
 *   SPECTACLES_E_UNSUPPORTED  a later version of the library wrote them
 *   SPECTACLES_E_AUTH         they are of another token, which does not name the same bot, or of other intents:
 *                             `problem` says which. Whoever goes on and stores, overwrites the sessions of that token
 *   SPECTACLES_E_TOOBIG       they are more than SPECTACLES_STATE_MAX
 *   SPECTACLES_E_NOMEM        memory ran out
 * After SPECTACLES_E_NOMEM the state is unchanged, and the call can be made again. After every other error it is as
 * after spectacles_state_lost().
 */
int spectacles_state_read(spectacles_state *state, const uint8_t *bytes, size_t length, uint64_t unix_time,
                          spectacles_problem *problem);

/*
 * Reports that a state was stored and cannot be read. All records are removed. Every shard then has one gap whose
 * sessions are not known, until the shard has a record again.
 *
 * unix_time: as in spectacles_state_read().
 *
 * Cannot fail.
 */
void spectacles_state_lost(spectacles_state *state, uint64_t unix_time);

/*
 * When it was noticed that the state is not complete: the time of spectacles_state_lost() or spectacles_state_read(),
 * in milliseconds since 1970. 0: the state is complete, or the time is not known. Cannot fail.
 */
uint64_t spectacles_state_noticed_at(const spectacles_state *state);

/* The shards of the whole bot, as the state was made. Cannot fail. */
uint32_t spectacles_state_shard_count(const spectacles_state *state);

/* The intents of the sessions, as the state was made. Cannot fail. */
uint64_t spectacles_state_intents(const spectacles_state *state);

/*
 * Who wrote the bytes that were read last: their `writer`.
 *
 * Returns a NUL-terminated text that belongs to the state, until the next spectacles_state_read(); NULL when nothing
 * was read, or the bytes do not say it. Cannot fail.
 */
const char *spectacles_state_read_writer(const spectacles_state *state);

/*
 * Writes the state as bytes. The same records give the same bytes.
 *
 * out: receives the bytes in the place of what it held (codec.h). Empty on failure.
 *
 * Returns 0, or:
 *   SPECTACLES_E_NOMEM   memory ran out
 *   SPECTACLES_E_TOOBIG  it would be more than SPECTACLES_STATE_MAX bytes
 */
int spectacles_state_write(const spectacles_state *state, spectacles_bytes *out);

/*
 * Writes the records of some shards alone, as bytes that spectacles_state_read() reads: for whoever stores each shard,
 * or each group of shards, by itself. Of a shard without a record they say whether something is missing; of all other
 * shards they say nothing, so that "complete" is false.
 *
 * shard_ids: `count` ids, each one once.
 * out:       receives the bytes; empty on failure.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL   an id is not below the shard count, or is there twice
 *   SPECTACLES_E_TOOBIG  the bytes would be more than SPECTACLES_STATE_MAX
 *   SPECTACLES_E_NOMEM   memory ran out
 */
int spectacles_state_write_shards(const spectacles_state *state, const uint32_t *shard_ids, size_t count,
                                  spectacles_bytes *out);

/*
 * Takes the present sessions and gaps of the shards that a relay serves: for each shard its session
 * (spectacles_shard_session()) and its gaps (spectacles_relay_gap()), both from the same moment, replace its record.
 * Records of shards that the relay does not serve stay as they are: another process may serve those for a while.
 *
 * The relay remembers which shards have changed since the last call. Only those are looked at, so the work depends on
 * what happened, and not on the number of shards. Therefore a relay has one state: a second state would miss what the
 * first one has taken. For the same reason spectacles_state_read() and spectacles_state_lost() come before the first
 * call.
 *
 * relay:     not kept.
 * unix_time: milliseconds since 1970, for the records that change; 0: not known.
 *
 * A session that cannot be stored (see spectacles_state_set()) becomes a gap whose sessions are not known:
 * a restart would make the same of it. The records of the other shards are not affected.
 *
 * Returns 1 when a record changed, 0 when none changed, or, and then none changed and the next call looks at the same
 * shards again:
 *   SPECTACLES_E_INVAL  the relay has another shard count than the state
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_state_take(spectacles_state *state, spectacles_relay *relay, uint64_t unix_time);

/*
 * Replaces the record of one shard, from structs: for owners without a relay, and for states that come from elsewhere.
 * Without a session and without gaps the record is removed.
 *
 * session:   copied; NULL when the shard has none.
 * gaps:      `count` gaps, in the order in which they are to be declared; copied.
 * unix_time: as in spectacles_state_take().
 *
 * A session id is 1 to 255 printable ASCII characters, no spaces. A resume URL that is no such text, or is longer than
 * 511 characters, is stored as empty: the gateway's own URL is used then.
 *
 * Returns 1 when the record changed, 0 when it did not, or, and then it did not:
 *   SPECTACLES_E_INVAL        the shard id is not below the shard count; the session or a gap is of another shard, or
 *                             of another shard count; a session id is no such text; a gap has a new session and
 *                             next 0; the format is none of SPECTACLES_FORMAT_JSON, SPECTACLES_FORMAT_ETF and 0 (not
 *                             known)
 *   SPECTACLES_E_NOMEM        memory ran out
 *   SPECTACLES_E_UNSUPPORTED  the session is of a later version of the library
 */
int spectacles_state_set(spectacles_state *state, uint32_t shard_id, const spectacles_session *session,
                         const spectacles_gap *gaps, size_t count, uint64_t unix_time);

/*
 * Goes on with another token of the same bot. The records stay: sessions belong to the bot, and whether one can still
 * be resumed after a token was replaced, a RESUME shows. What is written from now on is of the new token, so write it
 * soon: a process that starts with the new token refuses bytes of the former one, unless both tokens name the bot.
 *
 * token:   NUL-terminated, not empty. Only its hash is kept, and the user id that it names.
 * problem: may be NULL; on failure it says what is wrong.
 *
 * Returns 0, or, and then nothing has changed:
 *   SPECTACLES_E_INVAL  the token is missing
 *   SPECTACLES_E_AUTH   it is of another bot (spectacles_token_bot())
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_state_set_token(spectacles_state *state, const char *token, spectacles_problem *problem);

/*
 * The session of a shard.
 *
 * out: its size has to be sizeof(spectacles_session). The texts in it belong to the state, and are valid until the next
 *      call of _read, _lost, _take, _set or _free on the state.
 *
 * Returns 1, or 0 when there is none; `out` is then unchanged.
 */
int spectacles_state_session(const spectacles_state *state, uint32_t shard_id, spectacles_session *out);

/*
 * A gap of a shard, in the order in which they are to be declared; also the gap of a shard without a record,
 * when it is not known what the shard missed.
 *
 * index: counted from 0.
 * out:   its texts live as long as those of spectacles_state_session().
 *
 * Returns 1, or 0 when there are no more; `out` is then unchanged.
 */
int spectacles_state_gap(const spectacles_state *state, uint32_t shard_id, size_t index, spectacles_gap *out);

/*
 * The gaps of some shards in one array, as spectacles_relay_config wants them.
 *
 * shards:    `count` shards. Not kept.
 * gaps:      receives the array; NULL when there are no gaps. The array and the texts belong to the state, and are
 *            valid until the next call of _gaps, _read, _lost, _take, _set or _free on it.
 * gap_count: receives the number of gaps.
 *
 * Returns 0, or:
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_state_gaps(spectacles_state *state, spectacles_shard *const *shards, size_t count,
                          const spectacles_gap **gaps, size_t *gap_count);

/* The number of records. Cannot fail. */
size_t spectacles_state_count(const spectacles_state *state);

/*
 * The shard of a record. Records are in the order of their shard ids.
 *
 * index: counted from 0, and below spectacles_state_count().
 *
 * Returns the shard's id. Cannot fail.
 */
uint32_t spectacles_state_shard_id(const spectacles_state *state, size_t index);

/*
 * When the record of a shard last changed.
 *
 * Returns milliseconds since 1970; 0 when the time is not known, or there is no record. Cannot fail.
 */
uint64_t spectacles_state_time(const spectacles_state *state, uint32_t shard_id);

#ifdef __cplusplus
}
#endif

#endif
