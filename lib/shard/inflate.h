#ifndef SP_SHARD_INFLATE_H
#define SP_SHARD_INFLATE_H

#include "core/buffer.h"

#include <spectacles/shard.h>
#include <stdbool.h>

/*
 * Decompression of what Discord sends (Discord: "Encoding and Compression"). A stream has one context for a whole
 * connection. With payload compression each message is compressed by itself. No message inflates beyond the limits, and
 * no size that the peer states decides how much memory is allocated.
 */
typedef struct sp_inflate {
    uint32_t kind; /* enum spectacles_compression */
    void *context; /* z_stream or ZSTD_DStream; NULL: not open */
    sp_buffer message;
    uint64_t max_message; /* bytes of one message, inflated */
    uint64_t max_ratio;   /* how far a payload may grow; for payload compression only */
    uint64_t compressed;  /* bytes of the present message so far, compressed */
    uint32_t tail;   /* the last four bytes of the stream: a message of zlib-stream ends with 00 00 ff ff */
    uint32_t pieces; /* WebSocket messages of the present message so far */
    bool whole;      /* `message` is complete and was handed out */
    uint32_t close_code; /* the close code to send when sp_inflate_feed() has failed */
    const char *error;
} sp_inflate;

/* The sentence for a message of several WebSocket messages (see sp_inflate_runs_on()) that is not valid. */
#define SP_INFLATE_UNFLUSHED                                                                                 \
    "the gateway sent a zlib-stream message without the flush (00 00 FF FF) that ends each message, and "    \
    "the "                                                                                                   \
    "next message ran into it"

/* Whether this build has a compression: a value of enum spectacles_compression. */
bool sp_inflate_has(uint32_t kind);

/* Makes a context for a new connection, and frees the old one. SPECTACLES_E_NOMEM. */
int sp_inflate_open(sp_inflate *self, uint32_t kind, uint64_t max_message, uint64_t max_ratio);
void sp_inflate_free(sp_inflate *self);

/*
 * Inflates one WebSocket message. Returns 1 and the payload, which is valid until the next call; 0 when the payload
 * goes on in the next WebSocket message; or:
 *     SPECTACLES_E_PROTO   the data is not valid; close_code is for the peer, error for the owner
 *     SPECTACLES_E_TOOBIG  the payload is over a limit; likewise
 *     SPECTACLES_E_NOMEM   memory ran out
 */
int sp_inflate_feed(sp_inflate *self, sp_slice bytes, sp_slice *payload);

/*
 * Whether the present message of a zlib-stream came in several WebSocket messages, because the earlier ones did not end
 * with a flush. That is allowed (Discord: "Transport Compression"). Two messages with a missing flush between them look
 * the same.
 */
bool sp_inflate_runs_on(const sp_inflate *self);

/* The caller does not need the payload any more: frees the memory that an idle connection does not need. */
void sp_inflate_shrink(sp_inflate *self);

#endif
