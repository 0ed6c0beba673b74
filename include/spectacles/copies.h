/*
 * spectacles/copies.h - which messages a worker has worked on, so that it leaves their copies out.
 *
 * SPDX-License-Identifier: MIT
 *
 * An event can reach a worker more than once. There are two kinds of copies:
 *
 *   - The same message again: a connection was lost before a confirm or an acknowledgement. Both have one message-id.
 *   - The same event by another number of shards, while a fleet goes from one number to another (fleet.h). The two
 *     messages have different message-ids, and two headers (SPECTACLES_RELAY_MARKS in relay.h): `digest` says which
 *     event it is, `shards` which number has brought it.
 *
 * A worker makes one spectacles_copies, and for each delivery:
 *
 *   1. spectacles_copies_mark(), while the message is there. The mark is a small value, which can be kept.
 *   2. spectacles_copies_leave_out(), when the work is about to begin. 1: the message is a copy. Acknowledge it, and do
 *      nothing else.
 *   3. The work.
 *   4. spectacles_copies_add(), when the work is done. Not earlier: a message whose work was cut off comes again, and
 *      then the work has to be done.
 *
 * It remembers what its own process has worked on. Where several processes share a queue, a copy may reach another one
 * than the first message did; whoever cannot have that, keeps ids and digests in a store that all of them ask.
 *
 * Pure: no I/O, no clock, no thread. No function blocks, and only spectacles_copies_new() allocates.
 */
#ifndef SPECTACLES_COPIES_H
#define SPECTACLES_COPIES_H

#include <spectacles/broker.h>
#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What was worked on last. It belongs to one thread at a time, and refers to no other handle. */
typedef struct spectacles_copies spectacles_copies;

/* Limits. */
enum spectacles_copies_limit {
    /* of `remembered`: 2^22 */
    SPECTACLES_COPIES_REMEMBERED_MAX = 4194304,
    /* what stands for an id or a digest: 128 bits */
    SPECTACLES_COPY_MARK_WORD_COUNT = 2
};

/* How it is made. Grows at its end. */
typedef struct spectacles_copies_config {
    /* set by spectacles_copies_config_init() */
    uint32_t size;
    /*
     * How many messages are remembered at least: 1 to SPECTACLES_COPIES_REMEMBERED_MAX. Default 32,768. Copies come
     * soon: a gateway publishes again what was not confirmed, and what Discord replays. Each takes up to 300 bytes
     */
    uint32_t remembered;
    /* required, not 0: spectacles_random_seed(). Who does not know it cannot make two ids that are taken for one */
    uint64_t seed;
} spectacles_copies_config;

/*
 * What a message is known by. It has no pointers, and can be copied and kept. It means something to the handle alone
 * that has written it. It stands in arrays, so it never grows.
 */
typedef struct spectacles_copy_mark {
    /* stands for the message-id; both 0: there is none */
    uint64_t id[SPECTACLES_COPY_MARK_WORD_COUNT];
    /* stands for the header `digest` */
    uint64_t digest[SPECTACLES_COPY_MARK_WORD_COUNT];
    /* the header `shards`; 0: the message has not both headers */
    uint64_t shards;
} spectacles_copy_mark;

/*
 * Fills a configuration with defaults, and sets its size.
 *
 * size: sizeof(spectacles_copies_config). With 0 nothing is written.
 */
void spectacles_copies_config_init(spectacles_copies_config *config, size_t size);

/*
 * Makes one that remembers nothing yet. The caller frees it with spectacles_copies_free().
 *
 * config:  copied.
 * problem: may be NULL; on failure it says what is wrong.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL        a setting is missing or wrong
 *   SPECTACLES_E_NOMEM        memory ran out
 *   SPECTACLES_E_UNSUPPORTED  the configuration is newer than the library
 */
int spectacles_copies_new(spectacles_copies **out, const spectacles_copies_config *config,
                          spectacles_problem *problem);

/* Frees it. NULL does nothing. */
void spectacles_copies_free(spectacles_copies *copies);

/*
 * Writes the mark of a message.
 *
 * message_id, length: as the message has it (spectacles_broker_event.message_id). May be NULL when there is none.
 * headers, count:     of the message (spectacles_broker_event.headers). May be NULL when there are none. Headers that
 *                     are not as the relay writes them count as none.
 *
 * Nothing is kept. Cannot fail.
 */
void spectacles_copies_mark(const spectacles_copies *copies, const char *message_id, size_t length,
                            const spectacles_header *headers, size_t count, spectacles_copy_mark *out);

/*
 * Decides about a message whose work is about to begin.
 *
 * mark: what spectacles_copies_mark() of this handle has written.
 * now:  milliseconds on the caller's clock (types.h).
 *
 * Returns 1 when it is a copy: its message-id was added, or another number of shards has brought the same event at most
 * 30 s before. The second message of such a pair is remembered as left out: acknowledge it. Returns 0 when it is not;
 * from then on what another number of shards brings of the same event is a copy, even before the work is done, because
 * RabbitMQ keeps this message until it is acknowledged. Cannot fail.
 */
int spectacles_copies_leave_out(spectacles_copies *copies, const spectacles_copy_mark *mark, uint64_t now);

/* The work of a message is done: from now on each message with its message-id is a copy. Cannot fail. */
void spectacles_copies_add(spectacles_copies *copies, const spectacles_copy_mark *mark);

#ifdef __cplusplus
}
#endif

#endif
