#ifndef GATEWAY_ROLL_CALL_H
#define GATEWAY_ROLL_CALL_H

#include "card.h"

/*
 * How the processes of a group hear of each other through the broker: each has a queue of its own, and all of these
 * queues are bound to the exchange of the group under one key, ROLL_CALL_KEY. What one process publishes under the key,
 * all get. The queue of a process that has ended expires. Workers and other gateways are not bound to the key.
 *
 *     CONNECTING --(the queue stands)--> PRESENT --(the connection is lost)--> CONNECTING
 *          +------(the queue is refused)--> REFUSED (final)
 */
#define ROLL_CALL_KEY "SPECTACLES_GATEWAY"

struct roll_call;

/* What has happened. */
enum roll_call_news {
    ROLL_CALL_NOTHING,
    ROLL_CALL_PRESENT, /* the queue stands: others are heard, and roll_call_say() reaches them */
    ROLL_CALL_HEARD,   /* a card of another process */
    ROLL_CALL_SENT,    /* the broker has what was said */
    ROLL_CALL_LOST,    /* the connection has ended, and is made again */
    ROLL_CALL_REFUSED  /* the account may not have the queue: text says why. Nothing follows */
};

/*
 * broker: url(s), group and the like; copied. link: copied. id: of the card of this process.
 * Returns 0, or an error of the library, told in `problem`.
 */
int roll_call_new(struct roll_call **out, const spectacles_broker_config *broker,
                  const spectacles_link_config *link, const char *id, spectacles_problem *problem);

/* Leaves without a word: the queue expires. NULL is fine. */
void roll_call_free(struct roll_call *roll_call);

/* The next connection is made with these: see spectacles_link_set_tls() and spectacles_broker_set_urls(). */
void roll_call_set_tls(struct roll_call *roll_call, spectacles_tls *tls);
int roll_call_set_urls(struct roll_call *roll_call, const char *const *urls, size_t count, uint64_t now,
                       spectacles_problem *problem);

/* As connection_descriptor(), connection_deadline() and connection_wait(). */
int roll_call_descriptor(struct roll_call *roll_call);
uint64_t roll_call_deadline(struct roll_call *roll_call);
void roll_call_wait(struct roll_call *roll_call, uint64_t until, uint64_t now);

/* Moves bytes. Take all news after it. */
void roll_call_process(struct roll_call *roll_call, uint64_t now);

/*
 * The next news.
 *
 * card, kind: with HEARD, what was heard. The caller frees the card.
 * text: with LOST and REFUSED a sentence, valid until the next call.
 */
enum roll_call_news roll_call_next(struct roll_call *roll_call, struct card *card, enum card_kind *kind,
                                   const char **text, uint64_t now);

/* Says something to all. false: memory ran out, or the window of the broker is full. */
bool roll_call_say(struct roll_call *roll_call, const struct card *card, enum card_kind kind);

#endif
