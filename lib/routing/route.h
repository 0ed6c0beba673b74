#ifndef SP_ROUTING_ROUTE_H
#define SP_ROUTING_ROUTE_H

#include <spectacles/routing.h>
#include <stdbool.h>

/* The keys that spectacles_route_send_key() and spectacles_route_gap_key() return, for internal use. */
#define SP_ROUTE_SEND "SEND"
#define SP_ROUTE_GAP "SPECTACLES_GAP"

/* Whether a text can be a part of a queue's name: UTF-8 without control characters. No bytes at all are fine. */
bool sp_route_is_name_part(const char *part, size_t length);

#endif
