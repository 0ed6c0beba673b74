#ifndef GATEWAY_ASK_H
#define GATEWAY_ASK_H

#include "rest.h"

/*
 * When GET /gateway/bot is asked: at the start until there is an answer, with a back-off or as late as Discord says,
 * and then every hour, because the identifies of the day and what Discord recommends change.
 *
 *     WAITING --(due)--> ASKED --(an answer)--> WAITING, for an hour
 *                          +-----(none, or: later)--> WAITING, for the back-off, or for as long as the answer says
 *                          +-----(a person has to mend something)--> WAITING, for an hour
 */
struct ask;

/* NULL: memory ran out. It is due at once. */
struct ask *ask_new(void);

/* Ends what is under way. NULL is fine. */
void ask_free(struct ask *ask);

/*
 * Somebody needs a fresh answer: it is due now, unless it is under way, or was put off by a failure, or because Discord
 * asks for it.
 */
void ask_soon(struct ask *ask, uint64_t now);

/* When the request was sent that was answered last; 0: there was none. */
uint64_t ask_asked_at(const struct ask *ask);

/* Adds what is waited for, and until when. */
void ask_watch(const struct ask *ask, struct loop *loop);

/*
 * Moves on, after loop_wait(): asks when it is due, and takes the answer.
 *
 * out: the answer, as rest_result() gives it. With REST_AGAIN its `wait` is for how long it really waits.
 *
 * Returns what rest_result() returned; REST_AGAIN when memory ran out.
 */
enum rest_result ask_process(struct ask *ask, const struct settings *settings, const struct proxies *proxies,
                             const struct loop *loop, uint64_t now, spectacles_gateway_bot *out);

#endif
