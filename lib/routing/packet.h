#ifndef SP_ROUTING_PACKET_H
#define SP_ROUTING_PACKET_H

#include <spectacles/routing.h>

#include <stdbool.h>

/* spectacles_packet_parse() with more ops that the owner allows. The d of such an op may be any object. */
int sp_packet_parse(spectacles_packet *out, const uint8_t *body, size_t length, const uint32_t *more_ops,
                    size_t more_op_count, spectacles_problem *problem);

/* The same for a packet that is given as its op and its d. */
int sp_packet_check(uint32_t op, const uint8_t *d, size_t length, const uint32_t *more_ops,
                    size_t more_op_count, spectacles_problem *problem);

/* Whether only the gateway itself or Discord may send an op, so that no worker may ever send it. */
bool sp_packet_op_is_reserved(uint64_t op);

#endif
