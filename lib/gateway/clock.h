#ifndef SP_GATEWAY_CLOCK_H
#define SP_GATEWAY_CLOCK_H

#include "gateway/internal.h"

/* The clock of the day, which may be set while a gateway runs. */

/* Looks whether the clock was set, and tells the relay. now: on the clock of the owner. */
void sp_gateway_follow_clock(spectacles_gateway *gateway, uint64_t now);

#endif
