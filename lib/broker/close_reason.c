/*
 * Reads the connection.close of RabbitMQ: whether a person has to change something or a later attempt can succeed, and
 * a sentence that says so. Called by receive.c.
 */
#include "broker/close_reason.h"

#include <string.h>

static bool says(amqp_bytes_t text, const char *words)
{
    size_t length = strlen(words);
    const char *chars = text.bytes;
    for (size_t i = 0; i + length <= text.len; i++) {
        if (memcmp(chars + i, words, length) == 0)
            return true;
    }
    return false;
}

static void name(sp_text *text, const char *before, const char *foreign)
{
    sp_text_add(text, "%s '", before);
    sp_text_add_foreign(text, foreign, strlen(foreign), SP_SHORT_MAX);
    sp_text_add(text, "'");
}

enum sp_close_cause sp_close_cause_of(uint16_t code)
{
    static const uint16_t codes[] = {501, 502, 503, 505, 540, 541};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i] == code)
            return SP_CLOSE_CAUSE_REFUSED;
    }
    return SP_CLOSE_CAUSE_OTHER;
}

/* ---- Limits ---- */

/*
 * The texts of RabbitMQ's rabbit_reader: "access to vhost 'x' refused for user 'y': connection limit (5) is reached",
 * "connection refused for user 'y': user connection limit (5) is reached", "connection refused: node
 * connection limit (5) is reached", and "connection limit cannot be queried, timeout". A place is free as soon
 * as another connection ends.
 */
static bool is_connection_limit(const amqp_connection_close_t *close)
{
    return close->reply_code == 530 && (says(close->reply_text, "connection limit (") ||
                                        says(close->reply_text, "connection limit cannot be queried"));
}

/*
 * RabbitMQ says "number of channels opened for user 'y' has reached the maximum allowed user limit of (2)", and "... on
 * node 'n' has reached the maximum allowed limit of (2)"; without brackets since 4.1.
 */
static bool is_channel_limit(const amqp_connection_close_t *close)
{
    return close->reply_code == 530 && says(close->reply_text, "number of channels opened");
}

/* The number at the end of the text. False when there is none: RabbitMQ cuts its texts at 255 bytes. */
static bool last_number(amqp_bytes_t text, uint32_t *number)
{
    const char *chars = text.bytes;
    size_t end = text.len > 0 && chars[text.len - 1] == ')' ? text.len - 1 : text.len;
    size_t from = end;
    *number = 0;
    while (from > 0 && chars[from - 1] >= '0' && chars[from - 1] <= '9')
        from--;
    for (size_t i = from; i < end && *number < UINT16_MAX; i++)
        *number = *number * 10 + (uint32_t)(chars[i] - '0');
    return from < end;
}

/*
 * A limit below the channels of one connection has to be raised by a person. With a higher limit, other connections may
 * use the channels, and a later attempt can succeed.
 */
static void explain_channel_limit(sp_broker_close_reason *reason, const amqp_connection_close_t *close)
{
    uint32_t limit;
    reason->configuration = last_number(close->reply_text, &limit) && limit < SP_CHANNELS - 1;
    reason->error = reason->configuration ? SPECTACLES_E_UNSUPPORTED : SPECTACLES_E_CLOSED;
    sp_text_set(
        &reason->text,
        "the broker allows no more channels: each connection of a group needs 3, so raise the limit on "
        "channels (max-channels of the user, channel_max_per_node of the node)");
}

/* ---- All reasons ---- */

static void explain_user(const sp_uri *uri, sp_broker_close_reason *reason)
{
    reason->configuration = true;
    reason->error = SPECTACLES_E_AUTH;
    name(&reason->text, "the broker refused user", uri->user);
    sp_text_add(&reason->text, ": check user and password in the AMQP URL");
}

static void explain_vhost(const sp_uri *uri, sp_broker_close_reason *reason)
{
    reason->configuration = true;
    reason->error = SPECTACLES_E_AUTH;
    name(&reason->text, "the broker refused virtual host", uri->vhost);
    name(&reason->text, " to user", uri->user);
    sp_text_add(&reason->text, ": create it, or give the user permissions on it");
}

void sp_close_reason_explain(sp_broker_close_reason *reason, const sp_uri *uri, bool handshake,
                             const amqp_connection_close_t *close)
{
    uint16_t code = close->reply_code;
    sp_text_set(&reason->text, "%s", "");
    /* Other reasons pass without a person: for example a node that starts or stops. */
    if (is_connection_limit(close))
        sp_text_set(
            &reason->text,
            "the broker has as many connections as its limit allows: this one waits for a free place");
    else if (is_channel_limit(close))
        explain_channel_limit(reason, close);
    else if (code == 403 && handshake)
        explain_user(uri, reason);
    else if ((code == 530 || code == 404) && handshake)
        explain_vhost(uri, reason);
    else
        sp_text_set(&reason->text, "the broker closed the connection");
}
