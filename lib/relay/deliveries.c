/*
 * What SENDs and packets have in common as deliveries of the broker of commands: they come in any format, are rejected
 * with a reason, and are lost with their channel. Called by sends.c and packets.c.
 */
#include "relay/deliveries.h"

#include "codec/transcode.h"
#include "relay/events.h"
#include "routing/packet.h"

#include <spectacles/codec.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEPT_JSON = 64 * 1024
};

void sp_relay_reject(spectacles_relay *relay, uint64_t delivery, const char *key, size_t key_length,
                     int error, const char *why)
{
    spectacles_broker_reject(relay->commands, delivery, 0);
    relay->stats.rejected++;
    sp_relay_pending *queued = sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_COMMAND_REJECTED);
    if (!queued)
        return;
    queued->event.error = error;
    sp_relay_set_name(queued, key, key_length);
    sp_text_set(&queued->text, "%s", why ? why : spectacles_strerror(error));
}

uint8_t *sp_relay_copy_body(const uint8_t *bytes, size_t length)
{
    uint8_t *out = malloc(length ? length : 1);
    if (out && length > 0)
        memcpy(out, bytes, length);
    return out;
}

int sp_relay_parse_packet(const spectacles_relay *relay, spectacles_packet *packet, const uint8_t *body,
                          size_t length, spectacles_problem *problem)
{
    return sp_packet_parse(packet, body, length, relay->more_ops, relay->more_op_count, problem);
}

/* A body in another format is rewritten as JSON once. A body in no known format is read as JSON, and refused. */
int sp_relay_read_json(spectacles_relay *relay, const spectacles_broker_event *event, sp_slice *json,
                       spectacles_problem *problem)
{
    *json = (sp_slice){event->body, event->body_length};
    if (event->format == SPECTACLES_FORMAT_JSON || event->format == SPECTACLES_FORMAT_RAW)
        return SPECTACLES_OK;
    sp_buffer_clear(&relay->json);
    sp_buffer_shrink(&relay->json, KEPT_JSON);
    int error = sp_transcode(&relay->json, &relay->keys, SPECTACLES_FORMAT_JSON, event->format,
                             SP_TRANSCODE_WHOLE, *json, problem);
    *json = sp_buffer_slice(&relay->json);
    return error;
}

bool sp_relay_read_packet(spectacles_relay *relay, const spectacles_broker_event *event,
                          spectacles_packet *packet)
{
    spectacles_problem problem = {0};
    sp_slice json;
    int error = sp_relay_read_json(relay, event, &json, &problem);
    if (error == SPECTACLES_OK)
        error = sp_relay_parse_packet(relay, packet, json.bytes, json.length, &problem);
    if (error != SPECTACLES_OK)
        sp_relay_reject(relay, event->delivery, event->key, event->key_length, error, problem.text);
    return error == SPECTACLES_OK;
}

/* RabbitMQ takes nothing but decimal digits. A time that a delivery has had before it arrived here is not known. */
uint64_t sp_relay_expiry(const spectacles_relay *relay, const spectacles_broker_event *event)
{
    const char *digit = event->expiration ? event->expiration : "";
    uint64_t left = 0;
    for (; *digit >= '0' && *digit <= '9' && left < SP_RELAY_EXPIRATION_MAX; digit++)
        left = left * 10 + (uint64_t)(*digit - '0');
    return left == 0 || *digit || left > SP_RELAY_EXPIRATION_MAX ? SPECTACLES_NEVER : relay->now + left;
}

bool sp_relay_reject_expired(spectacles_relay *relay, uint64_t expires, uint64_t delivery, const char *key,
                             size_t key_length)
{
    if (relay->now < expires)
        return false;
    sp_relay_reject(relay, delivery, key, key_length, SPECTACLES_E_STATE,
                    "the expiration of the command is over: the gateway could not send it in time");
    return true;
}

bool sp_relay_delivery_is_lost(const spectacles_relay *relay, uint64_t delivery)
{
    return !spectacles_broker_holds(relay->commands, delivery);
}
