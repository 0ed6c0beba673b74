/*
 * Checks messages. RabbitMQ ends the channel or the whole connection over a message that it can not read, and would do
 * so again each time the message is published. So such a message is refused when the owner publishes it. Called by
 * publish.c and rpc.c.
 */
#include "broker/message.h"

#include "broker/events.h"
#include "broker/headers.h"

#include <spectacles/codec.h>
#include <string.h>

/* RabbitMQ ends the channel over any other expiration. Its limit, MAX_EXPIRY_TIMER, is ten years. */
static bool is_expiration(const char *text)
{
    const uint64_t most = UINT64_C(315360000000);
    uint64_t value = 0;
    for (const char *at = text; *at; at++) {
        if (*at < '0' || *at > '9' || value > most)
            return false;
        value = value * 10 + (uint64_t)(*at - '0');
    }
    return *text && value <= most;
}

/*
 * A stream queue converts an id of this form into the 16 bytes of a UUID (mc_util:urn_string_to_uuid). RabbitMQ ends
 * the connection when the id is not a UUID.
 */
static bool is_broken_uuid(const char *id)
{
    static const char urn[] = "urn:uuid:";
    const size_t dashes[] = {8, 13, 18, 23};
    size_t dash = 0;
    if (!id || strncmp(id, urn, sizeof urn - 1) != 0 || strlen(id) != sizeof urn - 1 + 36)
        return false;
    id += sizeof urn - 1;
    for (size_t i = 0; i < 36; i++) {
        bool due = dash < 4 && i == dashes[dash];
        dash += due;
        if (due ? id[i] != '-' : !strchr("0123456789abcdefABCDEF", id[i]))
            return true;
    }
    return false;
}

static const char *text_problem(const char *text)
{
    if (!text)
        return NULL;
    if (strlen(text) > SP_SHORT_MAX)
        return "a text of the message is longer than 255 bytes";
    return sp_utf8_is_whole(text, strlen(text))
               ? NULL
               : "a text of the message is not UTF-8, which RabbitMQ can not read";
}

static const char *texts_problem(const spectacles_message *message)
{
    const char *texts[] = {message->exchange,       message->content_type, message->message_id,
                           message->correlation_id, message->reply_to,     message->expiration};
    const char *problem = NULL;
    for (size_t i = 0; !problem && i < sizeof texts / sizeof texts[0]; i++)
        problem = text_problem(texts[i]);
    if (problem)
        return problem;
    if (message->expiration && !is_expiration(message->expiration))
        return "expiration has to be milliseconds in decimal, at most ten years";
    if (is_broken_uuid(message->message_id) || is_broken_uuid(message->correlation_id))
        return "message_id or correlation_id begins with \"urn:uuid:\", and no UUID follows";
    if (message->reply_to && strcmp(message->reply_to, "amq.rabbitmq.reply-to") == 0)
        return "a direct reply-to is for spectacles_broker_call()";
    return NULL;
}

/* Short strings are UTF-8 (AMQP 0-9-1, section 4.2.5.3). RabbitMQ does not check it; other clients do. */
static const char *key_problem(const spectacles_message *message)
{
    if (!message->key && message->key_length > 0)
        return "the key is NULL but has a length";
    if (message->key_length > SP_SHORT_MAX)
        return "the key of the message is longer than 255 bytes";
    return sp_utf8_is_whole(message->key, message->key_length) ? NULL : "the key of the message is not UTF-8";
}

static const char *message_problem(const spectacles_message *message)
{
    const char *problem = key_problem(message);
    if (!problem)
        problem = texts_problem(message);
    if (!problem)
        problem = sp_headers_message_problem(message->headers, message->header_count);
    if (problem)
        return problem;
    if (!message->body && message->body_length > 0)
        return "the body is NULL but has a length";
    if (message->priority > UINT8_MAX)
        return "priority has to be 0 to 255";
    return message->format > SPECTACLES_FORMAT_MSGPACK_JSON ? "there is no such format" : NULL;
}

int sp_broker_check_message(spectacles_broker *broker, const spectacles_message *message)
{
    const uint32_t known =
        SPECTACLES_MESSAGE_TRANSIENT | SPECTACLES_MESSAGE_MANDATORY | SPECTACLES_MESSAGE_REPLACE_SURROGATES;
    if (broker->owner_closes)
        return sp_broker_fail(broker, SPECTACLES_E_STATE, "the broker is closing");
    if (message->flags & ~known)
        return sp_broker_fail(broker, SPECTACLES_E_UNSUPPORTED,
                              "flags has a bit that this version does not know");
    const char *problem = message_problem(message);
    return problem ? sp_broker_fail(broker, SPECTACLES_E_INVAL, problem) : SPECTACLES_OK;
}
