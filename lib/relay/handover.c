/*
 * The messages that the owner of a relay without brokers takes: dispatches and gap records, each with a ticket. Owns
 * the window of messages that are not acknowledged. Called by outlet.c. acknowledge.c has the rest of their way:
 *
 *     waits --- spectacles_relay_next_event() ---> handed out --- spectacles_relay_acknowledge() ---> acknowledged
 */
#include "relay/handover.h"

#include "codec/transcode.h"
#include "relay/deliveries.h"
#include "relay/events.h"

#include <spectacles/codec.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    KEPT_BYTES = 64 * 1024
};

/*
 * The window begins with the oldest message that is not acknowledged. So messages behind a hole count as well, and the
 * memory of the relay is bounded.
 */
bool sp_handover_has_room(const spectacles_relay *relay)
{
    return relay->publishes.count < relay->window_count && relay->open_bytes < relay->window_bytes &&
           !sp_relay_is_stopping(relay);
}

/* The first attempt is strict. Only a body that is refused is checked for half a surrogate pair. */
static int transcode(spectacles_relay *relay, uint32_t from, sp_slice body, spectacles_problem *problem)
{
    int error = sp_transcode(&relay->converted, &relay->keys, relay->format, from, 0, body, problem);
    if (error != SPECTACLES_E_PROTO)
        return error;
    error = sp_transcode(&relay->converted, &relay->keys, relay->format, from, SPECTACLES_REPLACE_SURROGATES,
                         body, problem);
    relay->stats.surrogates_replaced += error == SPECTACLES_OK;
    return error;
}

/* JSON stays as it is. ETF is always written again, as a broker does: Discord's ETF has atoms for keys. */
static int rewrite(spectacles_relay *relay, uint32_t from, sp_slice *body)
{
    spectacles_problem problem = {0};
    if (from == relay->format && from != SPECTACLES_FORMAT_ETF)
        return SPECTACLES_OK;
    sp_buffer_clear(&relay->converted);
    sp_buffer_shrink(&relay->converted, KEPT_BYTES);
    int error = transcode(relay, from, *body, &problem);
    if (error == SPECTACLES_E_NOMEM)
        sp_text_set(&relay->publish_error, "%s", spectacles_strerror(error));
    else if (error != SPECTACLES_OK)
        sp_text_set(&relay->publish_error,
                    "the body can not be written in the owner's format: %s (at byte %llu)", problem.text,
                    (unsigned long long)problem.position);
    *body = sp_buffer_slice(&relay->converted);
    return error;
}

static void describe(sp_relay_pending *queued, const spectacles_message *message, const sp_publish *publish)
{
    queued->event.shard_id = publish->shard_id;
    queued->event.seq = publish->seq;
    queued->event.ticket = publish->tag;
    sp_relay_set_name(queued, message->key, message->key_length);
    snprintf(queued->message_id, sizeof queued->message_id, "%s", message->message_id);
}

int sp_handover_add(spectacles_relay *relay, const spectacles_message *message, sp_publish *publish)
{
    sp_slice body = {message->body, message->body_length};
    int error = rewrite(relay, message->format, &body);
    if (error != SPECTACLES_OK)
        return error;
    uint8_t *kept = sp_relay_copy_body(body.bytes, body.length);
    sp_relay_pending *queued = kept ? sp_relay_queue_event(relay, SPECTACLES_RELAY_EVENT_MESSAGE) : NULL;
    if (!queued) {
        free(kept);
        sp_text_set(&relay->publish_error, "%s", spectacles_strerror(SPECTACLES_E_NOMEM));
        return SPECTACLES_E_NOMEM;
    }
    publish->tag = ++relay->last_ticket;
    publish->bytes = body.length;
    relay->open_bytes += body.length;
    describe(queued, message, publish);
    queued->body = kept;
    queued->event.body_length = body.length;
    queued->event.format = relay->format;
    return SPECTACLES_OK;
}
