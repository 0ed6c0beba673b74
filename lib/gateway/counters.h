#ifndef SP_GATEWAY_COUNTERS_H
#define SP_GATEWAY_COUNTERS_H

#include "gateway/internal.h"

/* A shard is freed: what it has counted stays in the sums. */
void sp_gateway_keep_counters(spectacles_gateway *gateway, const spectacles_shard *shard);

#endif
