/*
 * A shard, a broker or a gateway on the loop of its thread: a uv_poll_t on the one descriptor of its links, a
 * uv_timer_t for their deadline, and a uv_idle_t for what is to be done at once. Bytes move without JavaScript.
 * JavaScript is called with a batch of events: that of a broker at once, those of a shard and a gateway while
 * somebody waits for them.
 *
 * The object of JavaScript (its owner) is held weakly, so that the garbage collector can take it at any time, and
 * strongly while somebody waits. Only then it keeps the process alive. What an engine is made of is freed when its
 * owner and the handles of libuv have let go of it, in whatever order that happens.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "batch.h"

#include <uv.h>

enum engine_state {
    ENGINE_NEW,
    ENGINE_RUNNING, /* on the loop */
    ENGINE_LEFT     /* off the loop, for good */
};

/* What differs between a shard, a broker and a gateway. */
typedef struct engine_kind {
    const char *name;
    bool is_eager; /* its events are taken at once */
    /* Pulls events into the batch, until it is full or there are no more. */
    void (*fill)(napi_env env, engine *self);
    /* Whether no event follows, though no event has said so. NULL: an event says so. */
    bool (*is_over)(const engine *self);
    void (*free)(engine *self);
    const char *(*last_error)(const engine *self);
} engine_kind;

struct engine {
    const engine_kind *kind;
    instance *instance;
    engine *next, **here; /* among those on the loop */
    napi_ref owner;
    spectacles_shard *shard; /* one of the three */
    spectacles_broker *broker;
    spectacles_gateway *gateway;
    spectacles_copies *copies; /* of a broker */
    spectacles_tls *tls;
    spectacles_link *link;     /* of a shard or a broker; a gateway has its own */
    spectacles_poller *poller; /* that of a gateway is its own */
    uv_poll_t readable;
    uv_timer_t timer;
    uv_idle_t again; /* one more turn, once others had theirs */
    batch batch;
    char *scratch; /* for texts that are given to the library */
    size_t scratch_size;
    uint64_t now, due; /* the time of this turn; when the timer fires */
    enum engine_state state;
    unsigned users;  /* the owner, and handles of libuv that are not closed yet */
    bool is_turning; /* a turn is under way, and ends by writing what has come of it */
    bool is_soon;    /* a turn is on its way */
    bool is_asking;  /* a host name is being looked up */
    bool is_wanted;  /* somebody waits for an event */
    bool is_held;    /* somebody waits for anything */
    bool is_pulled;  /* of a gateway: there are no more events until something happens */
    bool identifies; /* of a shard: identifies are granted at once */
};

struct given;

/*
 * Makes an engine of the arguments (owner, options), which belongs to the owner from now on. `make` fills in what it is
 * made of; false: it has thrown an error. Returns [records, buffers], or NULL: an error is thrown.
 */
napi_value engine_open(napi_env env, napi_callback_info info, const engine_kind *kind,
                       bool (*make)(struct given *options, engine *self));
/* Off the loop, for good. */
void engine_leave(engine *self);

/*
 * The arguments of a function of the addon, of which the first is the owner of an engine of this kind, or of any
 * kind. Absent arguments are undefined. NULL: an error is thrown.
 */
engine *engine_enter(napi_env env, napi_callback_info info, const engine_kind *kind, size_t count,
                     napi_value *arguments);
/* The time, for a call of the owner. */
uint64_t engine_now(engine *self);
/* The owner has called: what comes of it leaves with what he calls next. */
void engine_soon(engine *self);
/* Throws what a call of the owner failed with, or gives its result. */
napi_value engine_result(napi_env env, engine *self, int code);

#endif
