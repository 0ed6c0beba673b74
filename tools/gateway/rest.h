#ifndef GATEWAY_REST_H
#define GATEWAY_REST_H

#include "loop.h"
#include "proxies.h"
#include "settings.h"

#include <spectacles/gateway_bot.h>

/* One request at a time: GET /gateway/bot. Nothing here blocks. */
struct rest;

/* What became of a request. */
enum rest_result {
    REST_WAITING, /* there is no answer yet, or nothing was asked */
    REST_FINE,    /* the answer has what was asked for */
    REST_AGAIN, /* there was no answer, or one that says: later. `wait` of the answer says when, if anybody knows */
    REST_FINAL /* a person has to mend something: the token, a host, a path */
};

/* NULL: memory ran out. */
struct rest *rest_new(void);

/* Ends the request that is under way. NULL is fine. */
void rest_free(struct rest *rest);

/*
 * Sends the request. The one that is under way is ended.
 *
 * settings, proxies: read during the call.
 *
 * False: memory ran out.
 */
bool rest_ask(struct rest *rest, const struct settings *settings, const struct proxies *proxies);

/* Ends the request that is under way: rest_result() is REST_WAITING. */
void rest_forget(struct rest *rest);

/* Adds the descriptors of the request, and its deadline. */
void rest_watch(const struct rest *rest, struct loop *loop);

/* Moves the request on, after loop_wait(). */
void rest_process(struct rest *rest, const struct loop *loop, uint64_t now);

/*
 * What became of the request. Everything but REST_WAITING is told once.
 *
 * out: with REST_FINE the answer; else out->text says what is wrong, without the token, and out->wait, in milliseconds,
 *      for how long the answer asks to wait.
 */
enum rest_result rest_result(struct rest *rest, spectacles_gateway_bot *out);

/*
 * Copies the wait of the header Retry-After, in seconds, of an answer that has arrived.
 *
 * easy: libcurl's handle of the request (a CURL *).
 * seconds, size: where to.
 *
 * Returns the length; 0: there is no such header, or no number in it.
 */
size_t rest_retry_after(void *easy, char *seconds, size_t size);

#endif
