#ifndef TESTS_RELAY_ENGINES_H
#define TESTS_RELAY_ENGINES_H

#include "unit.h"

#include <spectacles/spectacles.h>
#include <stdbool.h>

/*
 * One shard and one broker, and what Discord and RabbitMQ do to them. Two files implement it: real_engines.c with the
 * real engines and peers in memory, and fake_engines.c with the fakes of the relay's tests. test_engines.c runs the
 * same scripts over both.
 */
enum {
    ENGINES_TEXT = 1000 /* bytes of what one step tells */
};

void engines_begin(void);
void engines_end(void);
spectacles_shard *engines_shard(void);
spectacles_broker *engines_broker(void);
uint64_t engines_now(void);

/*
 * What a peer does:
 *
 *   gateway accepts          a connection of the shard, up to HELLO; the shard resumes, or asks to identify
 *   gateway readies          READY of the session "abc"
 *   gateway dispatches 5 A   an event of this sequence and name
 *   gateway resumes 5        RESUMED, with this sequence
 *   gateway reads            what the shard has written, which is handed to the socket
 *   gateway cuts             the connection
 *   gateway invalidates      the session: op 9 with false
 *   gateway limits           429 in answer to the connection that the shard wants
 *
 *   rabbit accepts           a connection of the broker, up to READY; consumers stand
 *   rabbit confirms 3        the publish of this tag
 *   rabbit confirms all 3    every publish up to this tag
 *   rabbit returns 3         as unroutable; the confirm follows
 *   rabbit refuses 3         as larger than max_message_size: the channel is closed, and opened again
 *   rabbit chokes on 3       until it is given up: a connection ends whenever RabbitMQ works on it
 *   rabbit blocks, unblocks  memory alarm
 *   rabbit delivers 0 K      to this subscription, under this key
 *   rabbit times out         the channel of all deliveries: one was kept for too long
 *   rabbit cuts              the connection
 */
bool engines_do(const char *deed, uint64_t number, const char *word);

/* Pulls all events, and tells them. */
void engines_pull(void);

/* ---- For the two that implement it ---- */

/* What a script may say, and what is then done: one of the four. */
typedef struct engines_deed {
    const char *name;
    void (*plain)(void);
    void (*numbered)(uint64_t number);
    void (*worded)(const char *word);
    void (*both)(uint64_t number, const char *word);
} engines_deed;

/* Does what has this name. False: nothing has. */
bool engines_run(const engines_deed *deeds, size_t count, const char *name, uint64_t number,
                 const char *word);

/* Adds to what the step tells: words, or an event, if scripts care for its type. */
void engines_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
void engines_tell_shard(const spectacles_shard_event *event);
void engines_tell_broker(const spectacles_broker_event *event);

/* Scripts call deliveries by their place: the first one is 1. A delivery was told that the library calls so. */
void engines_keep_delivery(uint64_t delivery);

#endif
