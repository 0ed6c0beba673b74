#ifndef SP_FLEET_NAMES_H
#define SP_FLEET_NAMES_H

#include <spectacles/broker.h>

/* The names of a fleet in RabbitMQ, and the arguments of its queues (doc/fleet-design.md). */

enum {
    SP_FLEET_ARGUMENT_COUNT = 4
};

/*
 * The arguments of the queue of a slot, and of the control queue. They never change: RabbitMQ refuses (406) any
 * difference. Whoever has to change them raises the number in the queue's name.
 */
void sp_fleet_arguments(spectacles_header out[SP_FLEET_ARGUMENT_COUNT]);

/*
 * Writes `<group>:fleet1:lease:<set>:<slot>`, and `<group>:fleet1:control` or `<group>:fleet1` (the exchange).
 * NUL-terminated. Return the length, or SPECTACLES_E_TOOBIG: `size` is too small for it.
 */
int sp_fleet_lease_name(char *out, size_t size, const char *group, const char *set, uint32_t slot);
int sp_fleet_control_name(char *out, size_t size, const char *group);
int sp_fleet_exchange_name(char *out, size_t size, const char *group);

#endif
