#ifndef SP_SHARD_MESSAGE_H
#define SP_SHARD_MESSAGE_H

#include "shard/internal.h"

/*
 * Reads the payload of a message, and sets `message_format`. Returns 1 and the payload; 0 when the payload goes on in
 * the next message; or:
 *     SPECTACLES_E_PROTO, SPECTACLES_E_TOOBIG  *close_code is for the gateway, *why for the owner
 *     SPECTACLES_E_NOMEM                       memory ran out
 */
int sp_shard_read_message(spectacles_shard *shard, const sp_frame *frame, sp_slice *payload,
                          uint32_t *close_code, const char **why);

/* The `d` of a payload, as JSON, for the shard to read. False when it cannot be read: the connection was ended. */
bool sp_shard_read_data(spectacles_shard *shard, const spectacles_envelope *envelope, sp_slice *d,
                        uint64_t now);

#endif
