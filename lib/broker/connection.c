/*
 * Begins and ends connections: when the next connection is due, why a connection ends, how long the back-off is, and
 * what happens to publishes and calls. Called by stream.c, timers.c, handshake.c, receive.c, channels.c
 * and broker.c.
 */
#include "broker/connection.h"
#include "broker/events.h"
#include "broker/rpc.h"
#include "broker/state.h"
#include "broker/subscriptions.h"
#include "broker/urls.h"

/* ---- The beginning of a connection ---- */

bool sp_broker_connects_now(const spectacles_broker *broker, uint64_t now)
{
    if (sp_broker_has_pending(broker))
        return false;
    return broker->state == SPECTACLES_BROKER_IDLE ||
           (broker->state == SPECTACLES_BROKER_BACKOFF && now >= broker->phase_deadline);
}

void sp_broker_forget_frame(spectacles_broker *broker)
{
    sp_buffer_consume(&broker->input, broker->input_used);
    broker->input_used = 0;
}

void sp_broker_release_input(spectacles_broker *broker)
{
    broker->input_used = 0;
    sp_buffer_free(&broker->input);
    sp_content_reset(&broker->delivered);
    sp_content_reset(&broker->returned);
}

void sp_broker_connect(spectacles_broker *broker, uint64_t now)
{
    sp_urls_begin(broker);
    const sp_uri *uri = &broker->urls.list[broker->url];
    broker->endpoint.host = uri->host;
    broker->endpoint.port = uri->port;
    broker->endpoint.tls = uri->tls;
    broker->endpoint.ca_file = uri->cacertfile[0] ? uri->cacertfile : NULL;
    broker->endpoint.cert_file = uri->certfile[0] ? uri->certfile : NULL;
    broker->endpoint.key_file = uri->keyfile[0] ? uri->keyfile : NULL;
    broker->endpoint.server_name = uri->server_name[0] ? uri->server_name : NULL;
    broker->endpoint.connect_timeout = uri->connect_timeout;
    broker->endpoint.connection++;
    sp_broker_release_input(broker);
    broker->transport = SP_TRANSPORT_WANTED;
    broker->reason = (sp_broker_close_reason){0};
    broker->stats.connects++;
    sp_broker_set_state(broker, SPECTACLES_BROKER_CONNECTING, now);
    sp_pending_event *pending = sp_broker_queue_event(broker, SPECTACLES_BROKER_EVENT_CONNECTING);
    if (pending)
        sp_text_set(&pending->text, "%s:%u", uri->host, (unsigned)uri->port);
}

/* ---- Closing ---- */

sp_broker_close_reason *sp_broker_set_reason(spectacles_broker *broker, uint32_t code, int error)
{
    if (broker->reason.is_set)
        return NULL;
    broker->reason = (sp_broker_close_reason){.code = code, .error = error, .is_set = true};
    return &broker->reason;
}

static int send_close(spectacles_broker *broker, uint32_t code)
{
    amqp_connection_close_t close = {.reply_code = (uint16_t)code, .reply_text = sp_wire_text("")};
    return sp_wire_method(&broker->control, SP_CHANNEL_CONNECTION, AMQP_CONNECTION_CLOSE_METHOD, &close);
}

void sp_broker_close_connection(spectacles_broker *broker, uint32_t code, uint64_t now)
{
    bool open = broker->transport == SP_TRANSPORT_OPEN && broker->state >= SPECTACLES_BROKER_SETUP &&
                broker->state <= SPECTACLES_BROKER_DRAINING;
    if (open && send_close(broker, code) == SPECTACLES_OK)
        sp_broker_set_state(broker, SPECTACLES_BROKER_CLOSING, now);
    else
        sp_broker_end_connection(broker, now);
}

/* ---- The end of a connection ---- */

static void close_transport(spectacles_broker *broker)
{
    broker->transport = SP_TRANSPORT_NONE;
    broker->blocked = false;
    sp_stream_set_peer_pauses(&broker->stream, false);
    sp_broker_set_publishing(broker, SP_PUBLISHING_CLOSED);
    broker->heartbeat = 0;
    for (int channel = 0; channel < SP_CHANNELS; channel++)
        broker->channels[channel] = SP_CHANNEL_CLOSED;
    sp_buffer_free(&broker->control);
    broker->last_ack_end = 0;
    sp_deliveries_renew(&broker->deliveries);
    sp_broker_end_leaving(broker);
    sp_topology_reset(&broker->topology);
    sp_broker_lose_calls(broker);
    /* The frame_max is the same as before. No body has to be split again, so this can not fail. */
    sp_publishes_rewind(&broker->publishes, broker->publishes.frame_max);
}

static void close_for_good(spectacles_broker *broker, uint64_t now)
{
    sp_broker_set_state(broker, SPECTACLES_BROKER_CLOSED, now);
    sp_calls_fail_all(&broker->calls, SPECTACLES_CALL_CLOSED);
    sp_pending_event *pending = sp_broker_queue_event(broker, SPECTACLES_BROKER_EVENT_CLOSED);
    if (pending)
        pending->event.unconfirmed_count = broker->publishes.unconfirmed_count;
}

/* A host may have several addresses, of which one is at fault. */
static void name_address(spectacles_broker *broker)
{
    const char *address = sp_stream_peer(&broker->stream);
    if (address[0] && broker->reason.text.length > 0)
        sp_text_add(&broker->reason.text, " (at %s)", address);
}

static void back_off(spectacles_broker *broker, uint64_t now)
{
    uint64_t wait = broker->reason.error == SPECTACLES_E_UNREACHABLE
                        ? sp_backoff_unreached(&broker->backoff, &broker->random)
                        : sp_backoff_next(&broker->backoff, &broker->random, now);
    /* A wrong setting is most often wrong for all URLs, so the wait is long also when there are other URLs. */
    if (broker->reason.configuration)
        wait = SP_BROKER_BACKOFF_CAP / 2 + sp_random_upto(&broker->random, SP_BROKER_BACKOFF_CAP / 2);
    broker->url = (broker->url + 1) % broker->urls.count;
    broker->next_attempt = now + wait;
    sp_broker_set_state(broker, SPECTACLES_BROKER_BACKOFF, now);
    sp_pending_event *pending = sp_broker_queue_event(broker, SPECTACLES_BROKER_EVENT_DISCONNECTED);
    if (!pending)
        return;
    pending->event.code = broker->reason.code;
    pending->event.error = broker->reason.error;
    pending->event.until = now + wait;
    name_address(broker);
    pending->text = broker->reason.text;
}

/* Gives up the publish that ends the connections, if there is such a publish: it would end the next connection too. */
static void give_up_publish(spectacles_broker *broker)
{
    uint64_t tag = sp_suspicion_judge(&broker->suspicion, &broker->publishes, &broker->reason);
    sp_pending_event *pending = tag ? sp_broker_queue_event(broker, SPECTACLES_BROKER_EVENT_FAILED) : NULL;
    if (!pending)
        return;
    sp_publishes_give_up(&broker->publishes, tag);
    sp_backoff_progress(&broker->backoff);
    broker->stats.failed++;
    pending->event.tag = tag;
    pending->event.code = broker->reason.code;
    sp_text_set(&pending->text,
                "%u connections in a row have ended right behind this message, which was alone on its way: "
                "it is given up. "
                "The last one: %s",
                (unsigned)broker->suspicion.strikes, broker->reason.text.chars);
}

void sp_broker_end_connection(spectacles_broker *broker, uint64_t now)
{
    give_up_publish(broker);
    close_transport(broker);
    bool done =
        broker->owner_closes && (broker->publishes.unconfirmed_count == 0 || now >= broker->drain_deadline);
    if (done)
        close_for_good(broker, now);
    else
        back_off(broker, now);
}

/* ---- The end of a broker ---- */

static void finish(spectacles_broker *broker, uint64_t now)
{
    sp_broker_set_reason(broker, 200, SPECTACLES_OK);
    sp_calls_fail_all(&broker->calls, SPECTACLES_CALL_CLOSED);
    sp_broker_close_connection(broker, 200, now);
}

void sp_broker_check_drained(spectacles_broker *broker, uint64_t now)
{
    if (!broker->owner_closes || broker->state == SPECTACLES_BROKER_CLOSED ||
        broker->state == SPECTACLES_BROKER_CLOSING)
        return;
    bool over = now >= broker->drain_deadline;
    if (broker->state == SPECTACLES_BROKER_READY)
        sp_broker_set_state(broker, SPECTACLES_BROKER_DRAINING, now);
    if (over || (broker->publishes.unconfirmed_count == 0 && sp_calls_count(&broker->calls) == 0))
        finish(broker, now);
}
