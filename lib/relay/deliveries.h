#ifndef SP_RELAY_DELIVERIES_H
#define SP_RELAY_DELIVERIES_H

#include "relay/internal.h"

/* What SENDs and packets have in common. */

/* Rejects a delivery without requeue, and reports why to the owner. key: the routing key of the delivery. */
void sp_relay_reject(spectacles_relay *relay, uint64_t delivery, const char *key, size_t key_length,
                     int error, const char *why);

/* A copy on the heap, for free(); NULL when memory ran out. */
uint8_t *sp_relay_copy_body(const uint8_t *bytes, size_t length);

/* Checks a packet. The ops of spectacles_relay_config.more_ops are allowed too. */
int sp_relay_parse_packet(const spectacles_relay *relay, spectacles_packet *packet, const uint8_t *body,
                          size_t length, spectacles_problem *problem);

/* The body of a delivery as JSON. Valid until the next call. Returns 0 or an error of spectacles_transcode(). */
int sp_relay_read_json(spectacles_relay *relay, const spectacles_broker_event *event, sp_slice *json,
                       spectacles_problem *problem);

/* Reads a delivery whose body is a packet. What is none is rejected, and it is false. Valid until the next call. */
bool sp_relay_read_packet(spectacles_relay *relay, const spectacles_broker_event *event,
                          spectacles_packet *packet);

/*
 * When a delivery expires, on the clock of `now`. SPECTACLES_NEVER without an expiration, and with "0": that only means
 * that the message must not wait for a consumer.
 */
uint64_t sp_relay_expiry(const spectacles_relay *relay, const spectacles_broker_event *event);

/* Whether the time of a delivery is over. Then the delivery is rejected, as RabbitMQ drops an expired message. */
bool sp_relay_reject_expired(spectacles_relay *relay, uint64_t expires, uint64_t delivery, const char *key,
                             size_t key_length);

/*
 * Whether a delivery was lost with its channel. The broker delivers it again, so acting on it here would do it twice.
 */
bool sp_relay_delivery_is_lost(const spectacles_relay *relay, uint64_t delivery);

#endif
