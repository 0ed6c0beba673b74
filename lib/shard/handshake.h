#ifndef SP_SHARD_HANDSHAKE_H
#define SP_SHARD_HANDSHAKE_H

#include "core/base64.h"
#include "core/buffer.h"
#include "core/digest.h"
#include "core/random.h"
#include "core/text.h"
#include "shard/url.h"

/* The HTTP upgrade to a WebSocket (RFC 6455, section 4): the request, and a strict look at the answer. */

enum {
    SP_HANDSHAKE_HEAD_MAX = 16 * 1024
};

typedef struct sp_handshake {
    char accept[SP_BASE64_SIZE(SP_SHA1_LENGTH)]; /* the value that Sec-WebSocket-Accept has to have */
    /* Of a refusal: */
    uint32_t status;      /* 0: it was not HTTP */
    uint64_t retry_after; /* milliseconds to wait, from the header or the body; 0: the answer does not say */
} sp_handshake;

/* Appends the request. target: begins with '/'. Returns 0, or SPECTACLES_E_NOMEM; then nothing was appended. */
int sp_handshake_request(sp_handshake *handshake, sp_buffer *out, const sp_url *url, const char *target,
                         const char *user_agent, sp_random *random);

/*
 * Reads the answer. Returns 0 when its head, or the body of a refusal, is not complete; 1 when it is a valid 101 of
 * *used bytes; or SPECTACLES_E_PROTO with a sentence, and status and retry_after are set.
 * all: no more bytes will come.
 */
int sp_handshake_response(sp_handshake *handshake, sp_slice input, bool all, size_t *used, sp_text *why);

#endif
