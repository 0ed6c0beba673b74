#ifndef SP_GATEWAY_NETWORK_H
#define SP_GATEWAY_NETWORK_H

#include "gateway/internal.h"

/* Changes of the network of this machine, which end the waits of engines that did not reach their peer. */

/* Watches for changes, when the gateway resolves names too. Where the system tells nobody of changes, nothing. */
int sp_gateway_watch_network(spectacles_gateway *gateway, spectacles_problem *problem);
void sp_gateway_unwatch_network(spectacles_gateway *gateway);

/* Looks whether something has changed. */
void sp_gateway_follow_network(spectacles_gateway *gateway, uint64_t now);

#endif
