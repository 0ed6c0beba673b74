#ifndef SP_SHARD_MESSAGE_H
#define SP_SHARD_MESSAGE_H

#include "shard/internal.h"

/*
 * The payload of a message; its encoding is then in `message_format`. Returns 1 and the payload; 0 when it goes on
 * in the next message; SPECTACLES_E_PROTO or SPECTACLES_E_TOOBIG, with *close_code for the gateway and *why for the
 * owner; SPECTACLES_E_NOMEM.
 */
int sp_shard_read_message(spectacles_shard *shard, const sp_frame *frame, sp_slice *payload,
                          uint32_t *close_code, const char **why);

/*
 * The d of a payload that the shard itself looks into, as JSON. False: it cannot be read, and the connection was
 * given up.
 */
bool sp_shard_read_data(spectacles_shard *shard, const spectacles_envelope *envelope, sp_slice *d,
                        uint64_t now);

#endif
