/*
 * The roll call of a group: a broker of the program's own, with one queue. It owns the broker and the connection.
 * conflicts.c and doctor_others.c call it.
 */
#include "roll_call.h"

#include "connection.h"
#include "headers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EXPIRES = 60000,   /* milliseconds without a consumer after which RabbitMQ removes the queue */
    QUEUE_MAX = 10000, /* messages: a process that hangs does not fill RabbitMQ */
    TEXT_SIZE = 512
};

struct roll_call {
    spectacles_broker *broker;
    struct connection *connection;
    char id[CARD_ID_SIZE];
    char text[TEXT_SIZE];
    bool is_refused;
};

/* ---- Making ---- */

/* Classic, whatever the default of the virtual host is: quorum queues are dear, and nothing here has to last. */
static int subscribe(struct roll_call *roll_call)
{
    char name[sizeof "gateway-" + CARD_ID_SIZE];
    const spectacles_header arguments[] = {
        header_text("x-queue-type", "classic"),
        header_number("x-expires", SPECTACLES_HEADER_INTEGER, EXPIRES),
        header_number("x-max-length", SPECTACLES_HEADER_INTEGER, QUEUE_MAX)};
    spectacles_subscription subscription;
    spectacles_subscription_init(&subscription, sizeof subscription);
    snprintf(name, sizeof name, "gateway-%s", roll_call->id);
    subscription.event = ROLL_CALL_KEY;
    subscription.event_length = strlen(ROLL_CALL_KEY);
    subscription.subgroup = name;
    subscription.subgroup_length = strlen(name);
    subscription.arguments = arguments;
    subscription.argument_count = sizeof arguments / sizeof arguments[0];
    return spectacles_broker_subscribe(roll_call->broker, &subscription);
}

static int make_parts(struct roll_call *roll_call, const spectacles_broker_config *broker,
                      const spectacles_link_config *link, spectacles_problem *problem)
{
    spectacles_broker_config config = *broker;
    config.format = SPECTACLES_FORMAT_JSON;
    config.declare = SPECTACLES_DECLARE;
    config.queue_type = SPECTACLES_QUEUE_DEFAULT;
    config.name = "spectacles-gateway (roll call)";
    int error = connection_to_broker(&roll_call->connection, &roll_call->broker, &config, link, problem);
    if (error == SPECTACLES_OK)
        error = subscribe(roll_call);
    return error < 0 ? error : SPECTACLES_OK;
}

int roll_call_new(struct roll_call **out, const spectacles_broker_config *broker,
                  const spectacles_link_config *link, const char *id, spectacles_problem *problem)
{
    struct roll_call *roll_call = calloc(1, sizeof *roll_call);
    if (!roll_call)
        return SPECTACLES_E_NOMEM;
    snprintf(roll_call->id, sizeof roll_call->id, "%s", id);
    int error = make_parts(roll_call, broker, link, problem);
    if (error != SPECTACLES_OK) {
        roll_call_free(roll_call);
        return error;
    }
    *out = roll_call;
    return SPECTACLES_OK;
}

void roll_call_free(struct roll_call *roll_call)
{
    if (!roll_call)
        return;
    connection_free(roll_call->connection);
    spectacles_broker_free(roll_call->broker);
    free(roll_call);
}

/* ---- Credentials ---- */

void roll_call_set_tls(struct roll_call *roll_call, spectacles_tls *tls)
{
    connection_set_tls(roll_call->connection, tls);
}

int roll_call_set_urls(struct roll_call *roll_call, const char *const *urls, size_t count, uint64_t now,
                       spectacles_problem *problem)
{
    int error = spectacles_broker_set_urls(roll_call->broker, urls, count, now);
    if (error != SPECTACLES_OK)
        snprintf(problem->text, sizeof problem->text, "%s", spectacles_broker_last_error(roll_call->broker));
    return error;
}

/* ---- The loop ---- */

int roll_call_descriptor(struct roll_call *roll_call)
{
    return connection_descriptor(roll_call->connection);
}

uint64_t roll_call_deadline(struct roll_call *roll_call)
{
    return connection_deadline(roll_call->connection);
}

void roll_call_wait(struct roll_call *roll_call, uint64_t until, uint64_t now)
{
    connection_wait(roll_call->connection, until, now);
}

void roll_call_process(struct roll_call *roll_call, uint64_t now)
{
    connection_process(roll_call->connection, now);
}

/* Whether a card of another process was heard. What is no card is passed over: anybody can publish under the key. */
static bool hear(struct roll_call *roll_call, const spectacles_broker_event *event, struct card *card,
                 enum card_kind *kind)
{
    bool is_heard =
        card_read(card, kind, event->body, event->body_length) && strcmp(card->id, roll_call->id) != 0;
    if (!is_heard)
        card_free(card);
    spectacles_broker_ack(roll_call->broker, event->delivery);
    return is_heard;
}

static enum roll_call_news keep_text(struct roll_call *roll_call, const spectacles_broker_event *event,
                                     enum roll_call_news news, const char **text)
{
    snprintf(roll_call->text, sizeof roll_call->text, "%.*s", (int)event->text_length, event->text);
    *text = roll_call->text;
    return news;
}

/* A refusal is final: the gateway can live without a roll call, and somebody has been told. */
static enum roll_call_news refuse(struct roll_call *roll_call, const spectacles_broker_event *event,
                                  const char **text)
{
    roll_call->is_refused = true;
    keep_text(roll_call, event, ROLL_CALL_REFUSED, text);
    spectacles_broker_close(roll_call->broker, spectacles_now());
    return ROLL_CALL_REFUSED;
}

static enum roll_call_news take(struct roll_call *roll_call, const spectacles_broker_event *event,
                                struct card *card, enum card_kind *kind, const char **text)
{
    switch (event->type) {
    case SPECTACLES_BROKER_EVENT_SUBSCRIBED:
        return ROLL_CALL_PRESENT;
    case SPECTACLES_BROKER_EVENT_CONFIRMED:
        return ROLL_CALL_SENT;
    case SPECTACLES_BROKER_EVENT_MESSAGE:
        return hear(roll_call, event, card, kind) ? ROLL_CALL_HEARD : ROLL_CALL_NOTHING;
    case SPECTACLES_BROKER_EVENT_DISCONNECTED:
        return keep_text(roll_call, event, ROLL_CALL_LOST, text);
    case SPECTACLES_BROKER_EVENT_UNSUBSCRIBED:
        return event->code == 403 || event->code == 406 ? refuse(roll_call, event, text) : ROLL_CALL_NOTHING;
    case SPECTACLES_BROKER_EVENT_FAILED:
        return refuse(roll_call, event, text);
    default:
        return ROLL_CALL_NOTHING;
    }
}

enum roll_call_news roll_call_next(struct roll_call *roll_call, struct card *card, enum card_kind *kind,
                                   const char **text, uint64_t now)
{
    const spectacles_broker_event *event;
    enum roll_call_news news = ROLL_CALL_NOTHING;
    *card = (struct card){.id = ""};
    while (news == ROLL_CALL_NOTHING) {
        event = spectacles_broker_next_event(roll_call->broker, now);
        if (!event && !connection_flush(roll_call->connection, now))
            break;
        if (event && !roll_call->is_refused)
            news = take(roll_call, event, card, kind, text);
    }
    return news;
}

/* ---- Saying ---- */

bool roll_call_say(struct roll_call *roll_call, const struct card *card, enum card_kind kind)
{
    spectacles_bytes *body = NULL;
    spectacles_message message;
    spectacles_message_init(&message, sizeof message);
    int error = spectacles_bytes_new(&body);
    if (error == SPECTACLES_OK)
        error = card_write(card, kind, body);
    if (error == SPECTACLES_OK) {
        message.flags = SPECTACLES_MESSAGE_TRANSIENT;
        message.key = ROLL_CALL_KEY;
        message.key_length = strlen(ROLL_CALL_KEY);
        message.body = spectacles_bytes_data(body);
        message.body_length = spectacles_bytes_length(body);
        message.format = SPECTACLES_FORMAT_JSON;
        message.expiration = "10000";
        error = spectacles_broker_publish(roll_call->broker, &message, NULL);
    }
    spectacles_bytes_free(body);
    return error == SPECTACLES_OK;
}
