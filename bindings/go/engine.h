/*
 * engine.h - the turn of an engine in one call: it moves bytes, and copies events into memory of C, which Go reads
 * without another call. Nothing here is given a pointer to memory of Go. The files of the package spectacles call it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SPECTACLES_GO_ENGINE_H
#define SPECTACLES_GO_ENGINE_H

#include <spectacles/spectacles.h>

enum {
    SGO_ITEMS = 256,        /* events that a turn takes at most */
    SGO_SETTLES = 1024,     /* deliveries that a turn settles at most */
    SGO_BYTES = 128 * 1024, /* bytes of data after which a turn takes no further event */
    SGO_KEEP = 1024 * 1024, /* more than that is given back */
    SGO_HEADER_DEPTH = 32   /* tables in tables */
};

/* What a turn does. */
enum {
    SGO_MOVE = 1, /* bytes */
    SGO_PULL = 2  /* takes events */
};

/* What becomes of a delivery. */
enum {
    SGO_ACK,
    SGO_ACK_ALL,
    SGO_REJECT,
    SGO_REQUEUE
};

/* Memory of a turn, which the next one uses again. */
typedef struct sgo_buffer {
    uint8_t *bytes;
    size_t length, room;
} sgo_buffer;

/* Bytes in sgo_engine.texts; those of `data` are in sgo_engine.data. */
typedef struct sgo_span {
    size_t at, length;
} sgo_span;

/* An event, copied. */
typedef struct sgo_item {
    uint32_t type, code, format, op, shard_id, broker, subscription, redelivered, reason, priority,
        shard_count;
    int32_t error;
    uint64_t seq, number, delivery, duration, unix_time, count;
    int64_t wait; /* milliseconds until `until`; -1: it never comes */
    sgo_span name, data, text, session_id, old_session_id, message_id;
    sgo_span content_type, correlation_id, reply_to, expiration, headers, line;
    spectacles_copy_mark mark; /* of a message */
} sgo_item;

typedef struct sgo_settle {
    uint64_t delivery;
    uint64_t what;
    spectacles_copy_mark mark;
} sgo_settle;

/*
 * A shard, a broker or a gateway, with the link and the poller of the former two. A broker knows which messages are
 * copies.
 */
typedef struct sgo_engine {
    spectacles_shard *shard;
    spectacles_broker *broker;
    spectacles_copies *copies;
    spectacles_gateway *gateway;
    spectacles_link *link;
    spectacles_poller *poller; /* the gateway's own, for a gateway */
    uint32_t manual;           /* 1: the owner grants the identifies of a shard */
    uint32_t is_over;          /* the engine has come to its end */
    uint64_t now;
    int64_t timeout;     /* milliseconds until the next turn; -1: none is needed */
    const char *host;    /* a name that the link wants looked up, or NULL */
    size_t settle_count; /* before a turn: how many; behind it: how many are left, from the first one on */
    size_t item_count;
    sgo_buffer data;  /* what becomes []byte */
    sgo_buffer texts; /* what becomes a string, and headers */
    sgo_item items[SGO_ITEMS];
    sgo_settle settles[SGO_SETTLES];
} sgo_engine;

/* Where the bytes of a shard or a broker come from. All of it is NULL or 0 by default. */
typedef struct sgo_transport {
    const char *ca_file, *cert_file, *key_file, *proxy, *no_proxy;
} sgo_transport;

/* As spectacles_shard_new() and its like. The caller frees what is made with sgo_engine_free(). */
int sgo_shard_new(sgo_engine **out, const spectacles_shard_config *config, const sgo_transport *transport,
                  spectacles_problem *problem);
int sgo_broker_new(sgo_engine **out, const spectacles_broker_config *config, const sgo_transport *transport,
                   spectacles_problem *problem);
int sgo_gateway_new(sgo_engine **out, spectacles_gateway_config *config, const sgo_transport *transport,
                    const sgo_transport *broker_transport, spectacles_problem *problem);
void sgo_engine_free(sgo_engine *engine);

/* The descriptor of the engine once more, non-blocking, for the poller of Go; or -1. The caller closes it. */
int sgo_engine_fd(const sgo_engine *engine);

/* A turn: `work` is a mask. Returns how many items there are, or -1: memory ran out. */
int sgo_turn(sgo_engine *engine, int work);

/*
 * Settles what waits to be settled, as each turn does first. What cannot be settled for lack of memory stays. Returns
 * how many are settled.
 */
size_t sgo_settle_all(sgo_engine *engine);

/* Settles what waits to be settled, and decides about a message that is to be handed out: 1 when it is a copy. */
int sgo_leave_out(sgo_engine *engine, spectacles_copy_mark mark);

/* The answer to `host`: numeric addresses, or a sentence why there are none. */
int sgo_answer(sgo_engine *engine, const char *addresses, const char *why, size_t length);

#endif
