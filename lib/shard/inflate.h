#ifndef SP_SHARD_INFLATE_H
#define SP_SHARD_INFLATE_H

#include "core/buffer.h"

#include <spectacles/shard.h>
#include <stdbool.h>

/*
 * What Discord compresses (Discord: "Encoding and Compression"): one context for the life of a connection, or
 * for payload compression one for each message. Nothing inflates beyond the caps, and nothing is allocated
 * because a peer claims a size.
 */
typedef struct sp_inflate {
    uint32_t kind; /* enum spectacles_compression */
    void *context; /* z_stream or ZSTD_DStream; NULL: not open */
    sp_buffer message;
    uint64_t max_message; /* bytes of one message, inflated */
    uint64_t max_ratio;   /* of payload compression only */
    uint64_t compressed;  /* bytes that this message took so far */
    uint32_t tail;        /* the last four bytes of the stream: a zlib-stream's message ends with 0000ffff */
    uint32_t pieces;      /* WebSocket messages that this message took so far */
    bool whole;           /* `message` was handed out */
    uint32_t close_code;  /* what sp_inflate_feed refused with */
    const char *error;
} sp_inflate;

/* What is wrong when a message of several pieces (see sp_inflate_runs_on) makes no sense. */
#define SP_INFLATE_UNFLUSHED                                                                                 \
    "the gateway sent a zlib-stream message without the flush (00 00 FF FF) that ends each message, and "    \
    "the "                                                                                                   \
    "next message ran into it"

/* Whether this build has it. */
bool sp_inflate_has(uint32_t kind);

/* A fresh context for a new connection; the old one is forgotten. SPECTACLES_E_NOMEM. */
int sp_inflate_open(sp_inflate *self, uint32_t kind, uint64_t max_message, uint64_t max_ratio);
void sp_inflate_free(sp_inflate *self);

/*
 * Takes one WebSocket message: 1 and the payload, which lasts until the next call; 0 when it goes on in the
 * next one; SPECTACLES_E_PROTO or SPECTACLES_E_TOOBIG (close_code and error say what to tell),
 * SPECTACLES_E_NOMEM.
 */
int sp_inflate_feed(sp_inflate *self, sp_slice bytes, sp_slice *payload);

/*
 * The present message of a zlib-stream took several WebSocket messages: the earlier ones did not end with a flush.
 * That is allowed (Discord: "Transport Compression"), and also what two messages without a flush between them look
 * like.
 */
bool sp_inflate_runs_on(const sp_inflate *self);

/* The payload that was handed out is not needed any more: most of its memory goes back. */
void sp_inflate_shrink(sp_inflate *self);

#endif
