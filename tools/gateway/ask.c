/*
 * When GET /gateway/bot is asked, and how long is waited after each answer. It owns the request. daemon.c calls it.
 */
#include "ask.h"

#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    HOUR = 3600000,
    BACKOFF = 1000, /* milliseconds, doubled each time */
    BACKOFF_MAX = 60000
};

struct ask {
    struct rest *rest;
    bool is_asked; /* an answer is waited for */
    uint64_t due;
    uint64_t backoff;
    uint64_t asked_at; /* on the clock of `now` */
};

struct ask *ask_new(void)
{
    struct ask *ask = calloc(1, sizeof *ask);
    if (!ask)
        return NULL;
    ask->backoff = BACKOFF;
    ask->rest = rest_new();
    if (ask->rest)
        return ask;
    free(ask);
    return NULL;
}

void ask_free(struct ask *ask)
{
    if (!ask)
        return;
    rest_free(ask->rest);
    free(ask);
}

void ask_soon(struct ask *ask, uint64_t now)
{
    if (!ask->is_asked && ask->backoff == BACKOFF && now < ask->due)
        ask->due = now;
}

uint64_t ask_asked_at(const struct ask *ask)
{
    return ask->asked_at;
}

void ask_watch(const struct ask *ask, struct loop *loop)
{
    if (ask->is_asked)
        rest_watch(ask->rest, loop);
    else
        loop_until(loop, ask->due);
}

/* As long as the answer asks for, which is hours after a ban, and never shorter than the back-off. */
static void put_off(struct ask *ask, uint64_t now, spectacles_gateway_bot *out)
{
    if (out->wait < ask->backoff)
        out->wait = ask->backoff;
    ask->due = now + out->wait;
    ask->backoff = ask->backoff * 2 < BACKOFF_MAX ? ask->backoff * 2 : BACKOFF_MAX;
}

static void settle(struct ask *ask, enum rest_result result, uint64_t now, spectacles_gateway_bot *out)
{
    ask->is_asked = false;
    if (result == REST_AGAIN) {
        put_off(ask, now, out);
        return;
    }
    ask->due = now + HOUR;
    ask->backoff = BACKOFF;
}

static enum rest_result out_of_memory(struct ask *ask, uint64_t now, spectacles_gateway_bot *out)
{
    spectacles_gateway_bot_init(out, sizeof *out);
    snprintf(out->text, sizeof out->text, "out of memory");
    settle(ask, REST_AGAIN, now, out);
    return REST_AGAIN;
}

enum rest_result ask_process(struct ask *ask, const struct settings *settings, const struct proxies *proxies,
                             const struct loop *loop, uint64_t now, spectacles_gateway_bot *out)
{
    if (!ask->is_asked && now >= ask->due) {
        ask->is_asked = rest_ask(ask->rest, settings, proxies);
        ask->asked_at = now;
        return ask->is_asked ? REST_WAITING : out_of_memory(ask, now, out);
    }
    if (!ask->is_asked)
        return REST_WAITING;
    rest_process(ask->rest, loop, now);
    enum rest_result result = rest_result(ask->rest, out);
    if (result != REST_WAITING)
        settle(ask, result, now, out);
    return result;
}
