#ifndef EXAMPLES_PAIRS_H
#define EXAMPLES_PAIRS_H

#include <spectacles/broker.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Events that two numbers of shards bring, each under a message-id of its own, while a fleet goes from one number to
 * the other (doc/workers.md). The headers of an event say what it is, and which number has brought it.
 */
struct pairs;

/* Exits when out of memory. */
struct pairs *pairs_new(void);
void pairs_free(struct pairs *pairs);

/* Whether the event is the copy of one that was added, which has no other copy then. now: spectacles_now(). */
bool pairs_is_copy(struct pairs *pairs, const spectacles_broker_event *event, uint64_t now);

/* The work of this event is done. An event without such headers is not remembered. */
void pairs_add(struct pairs *pairs, const spectacles_broker_event *event, uint64_t now);

#endif
