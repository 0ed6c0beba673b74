#ifndef SP_ROUTING_ROUTE_H
#define SP_ROUTING_ROUTE_H

#include <spectacles/routing.h>

/* The keys that spectacles_route_send_key() and spectacles_route_gap_key() return, for internal use. */
#define SP_ROUTE_SEND "SEND"
#define SP_ROUTE_GAP "SPECTACLES_GAP"

#endif
