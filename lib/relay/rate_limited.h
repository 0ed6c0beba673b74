#ifndef SP_RELAY_RATE_LIMITED_H
#define SP_RELAY_RATE_LIMITED_H

#include "relay/internal.h"

bool sp_relay_is_rate_limited(const char *name, size_t length);

/* Reports to the owner which op has to wait, how long, and the nonce of the request. */
void sp_relay_report_rate_limited(spectacles_relay *relay, const sp_relay_shard *shard,
                                  const spectacles_shard_event *event);

#endif
