/*
 * Reads the texts with which RabbitMQ refuses queues and exchanges, and turns them into sentences that say what to do.
 * Called by channels.c when the broker has closed a channel. The texts come from rabbit_amqqueue, rabbit_channel,
 * rabbit_exchange and rabbit_queue_type in RabbitMQ 3.10 to 4.3.
 */
#include "broker/refusal.h"

#include "core/buffer.h"

#include <string.h>

static sp_slice slice_of(amqp_bytes_t bytes)
{
    return (sp_slice){bytes.bytes, bytes.len};
}

/* The position at which the words begin in the text; SIZE_MAX when the text does not have them. */
static size_t find(sp_slice text, const char *words)
{
    size_t length = strlen(words);
    for (size_t i = 0; i + length <= text.length; i++) {
        if (memcmp(text.bytes + i, words, length) == 0)
            return i;
    }
    return SIZE_MAX;
}

/* Splits the text at the words: into the text before the words, and the text behind them. False without the words. */
static bool split(sp_slice text, const char *words, sp_slice *before, sp_slice *behind)
{
    size_t at = find(text, words);
    if (at == SIZE_MAX)
        return false;
    size_t end = at + strlen(words);
    *before = (sp_slice){text.bytes, at};
    *behind = (sp_slice){text.bytes + end, text.length - end};
    return true;
}

static bool begins(sp_slice text, const char *words)
{
    size_t length = strlen(words);
    return text.length >= length && memcmp(text.bytes, words, length) == 0;
}

static bool is(sp_slice text, const char *words)
{
    return text.length == strlen(words) && begins(text, words);
}

/* Adds the value alone. RabbitMQ writes "none", "'true'", or "the value '1000' of type 'long'". */
static void add_value(sp_text *out, sp_slice value)
{
    static const char words[] = "the value ";
    sp_slice rest;
    split(value, " of type '", &value, &rest);
    if (value.length >= sizeof words - 1 && memcmp(value.bytes, words, sizeof words - 1) == 0) {
        value.bytes += sizeof words - 1;
        value.length -= sizeof words - 1;
    }
    sp_text_add_foreign(out, value.bytes, value.length, 64);
}

/* Adds "in 'durable': it has 'false', and 'true' is asked for". False when a part of that is not in the text. */
static bool add_difference(sp_text *out, sp_slice rest, sp_slice *argument, sp_slice *wanted)
{
    sp_slice skipped;
    if (!split(rest, "inequivalent arg '", &skipped, &rest) || !split(rest, "' for ", argument, &rest) ||
        !split(rest, "' in vhost '", &skipped, &rest) || !split(rest, "': received ", &skipped, &rest) ||
        !split(rest, " but current is ", wanted, &rest) || rest.length == 0)
        return false;
    sp_text_add(out, "in '");
    sp_text_add_foreign(out, argument->bytes, argument->length, 64);
    sp_text_add(out, "': it has ");
    /* RabbitMQ 3 writes no type down for a classic queue whose declaration named none. */
    if (is(*argument, "x-queue-type") && is(rest, "none"))
        sp_text_add(out, "'classic'");
    else
        add_value(out, rest);
    sp_text_add(out, ", and ");
    add_value(out, *wanted);
    sp_text_add(out, " is asked for");
    return true;
}

/* ---- Meanings ---- */

static bool contains(sp_slice text, const char *words)
{
    return find(text, words) != SIZE_MAX;
}

/* The text behind the name of the code: "inequivalent arg .." of "PRECONDITION_FAILED - inequivalent arg ..". */
static sp_slice reason_of(const amqp_channel_close_t *close)
{
    sp_slice reason = slice_of(close->reply_text);
    sp_slice name;
    sp_slice rest;
    return split(reason, " - ", &name, &rest) && name.length < 32 ? rest : reason;
}

static enum sp_refusal precondition_failed(sp_slice reason)
{
    if (begins(reason, "inequivalent arg "))
        return SP_REFUSAL_DIFFERS;
    if (begins(reason, "cannot declare ") && contains(reason, " limit "))
        return SP_REFUSAL_LIMIT;
    if (begins(reason, "invalid arg ") && contains(reason, " of queue type "))
        return SP_REFUSAL_INAPPLICABLE;
    if (begins(reason, "invalid arg ") || begins(reason, "invalid type ") ||
        begins(reason, "Exceeded max value for "))
        return SP_REFUSAL_INVALID;
    return SP_REFUSAL_OTHER;
}

/*
 * MISSING: "no queue 'x' in vhost '/'". AWAY: "home node '..' of durable queue 'x' .. is down", "queue 'x' .. is
 * stopped"
 */
static enum sp_refusal not_found(sp_slice reason)
{
    if (begins(reason, "no "))
        return SP_REFUSAL_MISSING;
    if (begins(reason, "home node ") || begins(reason, "queue ") ||
        begins(reason, "failed to perform operation on "))
        return SP_REFUSAL_AWAY;
    return SP_REFUSAL_OTHER;
}

enum sp_refusal sp_refusal_of(const amqp_channel_close_t *close)
{
    if (close->reply_code == 406)
        return precondition_failed(reason_of(close));
    return close->reply_code == 404 ? not_found(reason_of(close)) : SP_REFUSAL_OTHER;
}

/* ---- Sentences ---- */

static bool names(const sp_subscription *subscription, const char *key)
{
    for (size_t i = 0; i < subscription->argument_count; i++) {
        const spectacles_header *argument = &subscription->arguments[i];
        if (is((sp_slice){(const uint8_t *)argument->key, argument->key_length}, key))
            return true;
    }
    return false;
}

/* The owner has not asked for a type of queue, so the advice is not to delete the queue. */
static void advise_on_type(sp_text *text, sp_slice wanted)
{
    if (!begins(wanted, "none"))
        sp_text_add(text, " by the virtual host's default queue type");
    sp_text_add(text,
                ": ask for the type that the queue has with the argument x-queue-type, or declare passively; "
                "deleting it would lose its messages");
}

/* What to do about a difference that is no difference in the type that the virtual host has chosen. */
static void advise(sp_text *text, const sp_subscription *subscription, sp_slice argument)
{
    static const char needs[] =
        " (durable, not exclusive, not auto-delete, no arguments; limits belong in a policy)";
    if (is(argument, "x-queue-type"))
        sp_text_add(
            text, ": a queue keeps its type, so ask for the type that it has, or delete the queue when it is "
                  "empty");
    else
        sp_text_add(text, "%s: ask for what it has, or delete it with all that is in it",
                    subscription->argument_count ? "" : needs);
}

static void explain_difference(sp_text *text, const sp_subscription *subscription,
                               const amqp_channel_close_t *close)
{
    sp_text difference;
    sp_slice argument = {NULL, 0};
    sp_slice wanted = {NULL, 0};
    sp_text_set(&difference, "%s", "");
    bool said = add_difference(&difference, reason_of(close), &argument, &wanted);
    if (said)
        sp_text_set(text, "queue '%s' exists and differs %s", subscription->queue, difference.chars);
    else
        sp_text_set(text, "queue '%s' exists with other settings than are asked for", subscription->queue);
    if (said && is(argument, "x-queue-type") && !names(subscription, "x-queue-type"))
        advise_on_type(text, wanted);
    else
        advise(text, subscription, said ? argument : (sp_slice){NULL, 0});
}

static void explain_inapplicable(sp_text *text, const sp_subscription *subscription,
                                 const amqp_channel_close_t *close)
{
    sp_slice argument = {NULL, 0};
    sp_slice type = {NULL, 0};
    sp_slice rest = reason_of(close);
    sp_slice skipped;
    split(rest, "invalid arg '", &skipped, &rest);
    split(rest, "' for ", &argument, &rest);
    split(rest, " of queue type ", &skipped, &type);
    sp_text_set(text, "queue '%s' was not declared: a queue of type '", subscription->queue);
    sp_text_add_foreign(text, type.bytes, type.length, 64);
    sp_text_add(text, "' does not take the argument '");
    sp_text_add_foreign(text, argument.bytes, argument.length, 64);
    sp_text_add(text, "': leave it out, or ask for another type with the argument x-queue-type%s",
                names(subscription, "x-queue-type") ? "" : " (the virtual host's default chose this one)");
}

static void explain_invalid(sp_text *text, const sp_subscription *subscription,
                            const amqp_channel_close_t *close)
{
    sp_slice argument = {NULL, 0};
    sp_slice rest = reason_of(close);
    sp_slice skipped;
    sp_text_set(text, "queue '%s' was not declared: the broker does not take an argument's value",
                subscription->queue);
    if (!split(rest, "invalid arg '", &skipped, &rest) || !split(rest, "' for ", &argument, &rest))
        return;
    sp_text_add(text, ", that of '");
    sp_text_add_foreign(text, argument.bytes, argument.length, 64);
    sp_text_add(text, "'");
}

void sp_refusal_explain_queue(sp_text *text, enum sp_refusal refusal, const sp_subscription *subscription,
                              uint32_t declare, const amqp_channel_close_t *close)
{
    const char *queue = subscription->queue;
    if (refusal == SP_REFUSAL_DIFFERS)
        explain_difference(text, subscription, close);
    else if (refusal == SP_REFUSAL_INAPPLICABLE)
        explain_inapplicable(text, subscription, close);
    else if (refusal == SP_REFUSAL_INVALID)
        explain_invalid(text, subscription, close);
    else if (refusal == SP_REFUSAL_LIMIT)
        sp_text_set(
            text,
            "queue '%s' was not declared: the broker has as many queues as it may have; raise the limit, or "
            "delete queues that nobody needs",
            queue);
    else if (refusal == SP_REFUSAL_AWAY)
        sp_text_set(text, "queue '%s' exists, but its node is away or it is stopped: it is tried again",
                    queue);
    else if (refusal == SP_REFUSAL_MISSING && declare != SPECTACLES_DECLARE)
        sp_text_set(text, "queue '%s' does not exist, and is not to be declared: create and bind it", queue);
    else
        sp_text_set(text, "queue '%s' can not be used", queue);
}

void sp_refusal_explain_exchange(sp_text *text, uint32_t declare, const amqp_channel_close_t *close)
{
    static const char advice[] = "delete it or use another group";
    enum sp_refusal refusal = sp_refusal_of(close);
    sp_text difference;
    sp_slice argument;
    sp_slice wanted;
    sp_text_set(&difference, "%s", "");
    if (refusal == SP_REFUSAL_MISSING && declare != SPECTACLES_DECLARE)
        sp_text_set(text, "does not exist, and is not to be declared: create it");
    else if (refusal == SP_REFUSAL_LIMIT)
        sp_text_set(text,
                    "was not declared: the broker has as many exchanges as it may have; raise the limit");
    else if (refusal != SP_REFUSAL_DIFFERS)
        sp_text_set(text, "can not be declared");
    else if (add_difference(&difference, reason_of(close), &argument, &wanted))
        sp_text_set(text, "exists and differs %s: %s", difference.chars, advice);
    else
        sp_text_set(text,
                    "exists with other settings than are asked for (its type, durable, not auto-delete, no "
                    "arguments): %s",
                    advice);
}
