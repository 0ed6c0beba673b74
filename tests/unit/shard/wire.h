#ifndef TESTS_SHARD_WIRE_H
#define TESTS_SHARD_WIRE_H

#include "peer.h"

#include <spectacles/codec.h>

/* How the gateway in memory encodes and compresses: one context for a connection, as Discord has it. */
typedef struct wire {
    uint32_t format, compression;
    void *context;  /* z_stream or ZSTD_CStream */
    uint32_t noise; /* never the same twice */
    int erlang;     /* only what Erlang itself has encoded may be said as ETF */
} wire;

/* A new connection. */
void wire_reset(wire *self);
void wire_free(wire *self);

/* One payload, given as JSON. */
void wire_say(wire *self, sp_peer *peer, const char *text);

/* The same as one frame in memory; returns its length. */
size_t wire_make(wire *self, const char *text, uint8_t *frame, size_t room);

/* The same in so many WebSocket messages; for zlib-stream. */
void wire_say_in(wire *self, sp_peer *peer, const char *text, size_t messages);

/* The same, and the stream ends there; for payload compression, with a byte too many. */
void wire_finish(wire *self, sp_peer *peer, const char *text);

/*
 * The same for zlib-stream, and the flush that ends the message is missing: cut off (as permessage-deflate does), or
 * never made.
 */
void wire_say_cut(wire *self, sp_peer *peer, const char *text);
void wire_say_unflushed(wire *self, sp_peer *peer, const char *text);

/* So many spaces in one message; so many random bytes; so many random bytes and no flush. */
void wire_bomb(wire *self, sp_peer *peer, size_t length);
void wire_noise(wire *self, sp_peer *peer, size_t length);
void wire_unflushed(wire *self, sp_peer *peer, size_t length);

#endif
