#ifndef SP_RELAY_DELIVERIES_H
#define SP_RELAY_DELIVERIES_H

#include "relay/internal.h"

/* What a SEND and a packet have in common. */

/* Rejects a delivery without requeue, and tells the owner why. key: the routing key that it came under. */
void sp_relay_reject(spectacles_relay *relay, uint64_t delivery, const char *key, size_t key_length,
                     int error, const char *why);

/* A copy on the heap; NULL when memory ran out. */
uint8_t *sp_relay_copy_body(const uint8_t *bytes, size_t length);

/* Checks a packet, with the ops that the owner allows besides. */
int sp_relay_parse_packet(const spectacles_relay *relay, spectacles_packet *packet, const uint8_t *body,
                          size_t length, spectacles_problem *problem);

/* The body of a delivery as JSON, whatever it was written in; valid until the next call. */
int sp_relay_read_json(spectacles_relay *relay, const spectacles_broker_event *event, sp_slice *json,
                       spectacles_problem *problem);

/* Whether the broker has delivered it again, or will: acting on it here would do it twice. */
bool sp_relay_lost_delivery(const spectacles_relay *relay, uint64_t delivery);

#endif
