#include "broker/broker.h"

void sp_broker_become(spectacles_broker *broker, enum spectacles_broker_state state, uint64_t now)
{
    broker->state = state;
    switch (state) {
    case SPECTACLES_BROKER_CONNECTING:
        /* One deadline over all that comes before READY. */
        broker->phase_deadline = now + broker->connect_timeout;
        break;
    case SPECTACLES_BROKER_HANDSHAKE:
    case SPECTACLES_BROKER_SETUP:
        break;
    case SPECTACLES_BROKER_CLOSING:
        broker->phase_deadline = now + SP_PHASE_CLOSING;
        break;
    case SPECTACLES_BROKER_READY:
        broker->phase_deadline = SPECTACLES_NEVER;
        sp_backoff_ready(&broker->backoff, now);
        sp_suspicion_ready(&broker->suspicion, &broker->random, now);
        break;
    default:
        broker->phase_deadline = SPECTACLES_NEVER;
    }
}

void sp_broker_connect(spectacles_broker *broker, uint64_t now)
{
    const sp_uri *uri = &broker->uris[broker->uri];
    broker->endpoint.host = uri->host;
    broker->endpoint.port = uri->port;
    broker->endpoint.tls = uri->tls;
    broker->endpoint.ca_file = uri->cacertfile[0] ? uri->cacertfile : NULL;
    broker->endpoint.cert_file = uri->certfile[0] ? uri->certfile : NULL;
    broker->endpoint.key_file = uri->keyfile[0] ? uri->keyfile : NULL;
    broker->endpoint.connection++;
    broker->transport = SP_TRANSPORT_WANTED;
    broker->loss = (sp_loss){0};
    broker->stats.connects++;
    sp_broker_become(broker, SPECTACLES_BROKER_CONNECTING, now);
    if (uri->connect_timeout)
        broker->phase_deadline = now + uri->connect_timeout;
    sp_news *news = sp_broker_tell(broker, SPECTACLES_BROKER_EVENT_CONNECTING);
    if (news)
        sp_text_set(&news->text, "%s:%u", uri->host, (unsigned)uri->port);
}

sp_loss *sp_broker_blame(spectacles_broker *broker, uint32_t code, int error)
{
    if (broker->loss.told)
        return NULL;
    broker->loss = (sp_loss){.code = code, .error = error, .told = true};
    return &broker->loss;
}

static int send_close(spectacles_broker *broker, uint32_t code)
{
    amqp_connection_close_t close = {.reply_code = (uint16_t)code, .reply_text = sp_wire_text("")};
    return sp_wire_method(&broker->control, SP_CHANNEL_CONNECTION, AMQP_CONNECTION_CLOSE_METHOD, &close);
}

void sp_broker_drop(spectacles_broker *broker, uint32_t code, uint64_t now)
{
    bool open = broker->transport == SP_TRANSPORT_OPEN && broker->state >= SPECTACLES_BROKER_SETUP &&
                broker->state <= SPECTACLES_BROKER_DRAINING;
    if (open && send_close(broker, code) == SPECTACLES_OK)
        sp_broker_become(broker, SPECTACLES_BROKER_CLOSING, now);
    else
        sp_broker_settle(broker, now);
}

void sp_broker_finish(spectacles_broker *broker, uint64_t now)
{
    sp_broker_blame(broker, 200, SPECTACLES_OK);
    sp_calls_fail_all(&broker->calls, SPECTACLES_CALL_CLOSED);
    sp_broker_drop(broker, 200, now);
}

/* ---- The end of a connection ---- */

static void close_transport(spectacles_broker *broker)
{
    broker->transport = SP_TRANSPORT_NONE;
    broker->blocked = broker->confirms = false;
    broker->heartbeat = 0;
    broker->input_used = 0;
    for (int channel = 0; channel < SP_CHANNELS; channel++)
        broker->channels[channel] = SP_CHANNEL_CLOSED;
    sp_buffer_free(&broker->input);
    sp_buffer_free(&broker->control);
    broker->last_ack_end = 0;
    sp_content_reset(&broker->delivered);
    sp_content_reset(&broker->returned);
    sp_deliveries_renew(&broker->deliveries);
    sp_broker_end_leaving(broker);
    sp_topology_reset(&broker->topology);
    sp_broker_lose_calls(broker);
    /* The same frame size as before: nothing has to be cut anew, so that this can not fail. */
    sp_publishes_rewind(&broker->publishes, broker->publishes.frame_max);
}

static void tell_closed(spectacles_broker *broker, uint64_t now)
{
    sp_broker_become(broker, SPECTACLES_BROKER_CLOSED, now);
    sp_calls_fail_all(&broker->calls, SPECTACLES_CALL_CLOSED);
    sp_news *news = sp_broker_tell(broker, SPECTACLES_BROKER_EVENT_CLOSED);
    if (news)
        news->event.time = broker->publishes.unsettled;
}

static void back_off(spectacles_broker *broker, uint64_t now)
{
    uint64_t wait = sp_backoff_next(&broker->backoff, &broker->random, now);
    /* With several brokers the next one is tried first; a wrong password will be wrong there too. */
    if (broker->loss.configuration)
        wait = SP_BACKOFF_CAP / 2 + sp_random_upto(&broker->random, SP_BACKOFF_CAP / 2);
    broker->uri = (broker->uri + 1) % broker->uri_count;
    sp_broker_become(broker, SPECTACLES_BROKER_BACKOFF, now);
    broker->phase_deadline = now + wait;
    sp_news *news = sp_broker_tell(broker, SPECTACLES_BROKER_EVENT_DISCONNECTED);
    if (!news)
        return;
    news->event.code = broker->loss.code;
    news->event.error = broker->loss.error;
    news->event.time = now + wait;
    news->text = broker->loss.text;
}

/* The publish that ends the connections, if there is one, is over: it would end the next one too. */
static void give_up_culprit(spectacles_broker *broker)
{
    uint64_t tag = sp_suspicion_judge(&broker->suspicion, &broker->publishes, &broker->loss);
    sp_news *news = tag ? sp_broker_tell(broker, SPECTACLES_BROKER_EVENT_FAILED) : NULL;
    if (!news)
        return;
    sp_publishes_give_up(&broker->publishes, tag);
    sp_backoff_progress(&broker->backoff);
    broker->stats.failed++;
    news->event.tag = tag;
    news->event.code = broker->loss.code;
    sp_text_set(&news->text,
                "%u connections in a row have ended right behind this message, which was alone on its way: "
                "it is given up. "
                "The last one: %s",
                (unsigned)broker->suspicion.strikes, broker->loss.text.chars);
}

void sp_broker_settle(spectacles_broker *broker, uint64_t now)
{
    give_up_culprit(broker);
    close_transport(broker);
    bool done = broker->owner_closes && (broker->publishes.unsettled == 0 || now >= broker->drain_deadline);
    if (done)
        tell_closed(broker, now);
    else
        back_off(broker, now);
}
