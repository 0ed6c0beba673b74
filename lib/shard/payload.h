#ifndef SP_SHARD_PAYLOAD_H
#define SP_SHARD_PAYLOAD_H

#include "core/buffer.h"

#include <stdbool.h>

/*
 * The payloads that a shard sends, as JSON (Discord: "Gateway Events: Send Events"). Each function appends to the
 * buffer. Returns 0 or SPECTACLES_E_NOMEM.
 */

typedef struct sp_identify {
    const char *token;
    const char *presence; /* or NULL */
    uint64_t intents;
    uint32_t large_threshold;
    uint32_t shard_id;
    uint32_t shard_count;
    bool compress;         /* ask for payload compression */
    uint64_t capabilities; /* 0: left out */
} sp_identify;

int sp_payload_identify(sp_buffer *out, const sp_identify *identify);
int sp_payload_resume(sp_buffer *out, const char *token, const char *session_id, uint64_t seq);

/* seq: 0 when nothing was received in this session, which is written as null. */
int sp_payload_heartbeat(sp_buffer *out, uint64_t seq);

/* Appends {"op":op,"d":d}. */
int sp_payload_packet(sp_buffer *out, uint32_t op, sp_slice d);

#endif
