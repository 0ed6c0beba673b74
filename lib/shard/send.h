#ifndef SP_SHARD_SEND_H
#define SP_SHARD_SEND_H

#include "shard/internal.h"

int sp_shard_write_identify(spectacles_shard *shard, uint64_t now);
int sp_shard_write_resume(spectacles_shard *shard, uint64_t now);
int sp_shard_write_heartbeat(spectacles_shard *shard, uint64_t now);
int sp_shard_write_frame(spectacles_shard *shard, enum sp_frame_kind kind, sp_slice payload);

/* Whether an identify with these settings can be sent. SPECTACLES_E_TOOBIG, SPECTACLES_E_INVAL, SPECTACLES_E_NOMEM. */
int sp_shard_check_identify(spectacles_shard *shard, spectacles_problem *problem);

/*
 * The payload in `scratch`, in the output format. Returns 0, or:
 *     SPECTACLES_E_TOOBIG  it is over SPECTACLES_PACKET_MAX
 *     SPECTACLES_E_PROTO   ETF cannot carry it
 *     SPECTACLES_E_NOMEM   memory ran out
 */
int sp_shard_encode(spectacles_shard *shard, sp_slice *payload, spectacles_problem *problem);

/* Sends a payload of sp_shard_encode(), and empties the scratch buffers. op: for the counters. */
int sp_shard_write_payload(spectacles_shard *shard, uint32_t op, sp_slice payload, uint64_t now);

#endif
