#ifndef SP_SHARD_SEND_H
#define SP_SHARD_SEND_H

#include "shard/internal.h"

int sp_shard_write_identify(spectacles_shard *shard, uint64_t now);
int sp_shard_write_resume(spectacles_shard *shard, uint64_t now);
int sp_shard_write_heartbeat(spectacles_shard *shard, uint64_t now);
int sp_shard_write_frame(spectacles_shard *shard, enum sp_frame_kind kind, sp_slice payload);

/* Puts the identify into `scratch`. SPECTACLES_E_NOMEM. */
int sp_shard_compose_identify(spectacles_shard *shard);

/*
 * The payload that was composed in `scratch`, in the encoding in use. SPECTACLES_E_TOOBIG: above SPECTACLES_PACKET_MAX.
 * SPECTACLES_E_PROTO: ETF cannot carry it. SPECTACLES_E_NOMEM.
 */
int sp_shard_encode(spectacles_shard *shard, sp_slice *payload, spectacles_problem *problem);

/* Sends an encoded payload with this op, and empties the scratch buffers. */
int sp_shard_write_payload(spectacles_shard *shard, uint32_t op, sp_slice payload, uint64_t now);

#endif
