/* What broker_tool writes: a JSON object a line, for each event and for what came of each command. */
#include "broker_tool.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BODY_SHOWN = 64
};

/* ---- JSON ---- */

void put_text(const char *name, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    printf(",\"%s\":\"", name);
    for (size_t i = 0; i < length; i++) {
        if (at[i] < 0x20 || at[i] == '"' || at[i] == '\\' || at[i] == 0x7f)
            printf("\\u%04x", (unsigned)at[i]);
        else
            putchar(at[i]);
    }
    putchar('"');
}

void put_string(const char *name, const char *text)
{
    if (text)
        put_text(name, text, strlen(text));
}

void put_number(const char *name, uint64_t number)
{
    printf(",\"%s\":%" PRIu64, name, number);
}

void put_begin(const tool *work, const char *kind, const char *name)
{
    printf("{\"%s\":\"%s\"", kind, name);
    put_number("at", now_of(work));
}

void put_end(void)
{
    puts("}");
}

void put_error(int error)
{
    if (error < 0)
        printf(",\"error\":%d", error);
}

/* ---- Events ---- */

static void put_headers(const spectacles_broker_event *event)
{
    const char *before = "";
    printf(",\"headers\":{");
    for (size_t i = 0; i < event->header_count; i++) {
        const spectacles_header each = event->headers[i];
        printf("%s\"%.*s\":", before, (int)each.key_length, each.key);
        before = ",";
        if (each.type == SPECTACLES_HEADER_TEXT)
            printf("\"%.*s\"", (int)each.bytes_length, (const char *)each.bytes);
        else if (each.type == SPECTACLES_HEADER_INTEGER || each.type == SPECTACLES_HEADER_TIMESTAMP)
            printf("%" PRId64, each.integer);
        else if (each.type == SPECTACLES_HEADER_BOOLEAN)
            printf("%s", each.integer ? "true" : "false");
        else if (each.type == SPECTACLES_HEADER_REAL)
            printf("%g", each.real);
        else
            printf("[%u,%zu]", (unsigned)each.type, each.bytes_length);
    }
    putchar('}');
}

const char *body_of(const tool *work, const spectacles_broker_event *event, int *length)
{
    spectacles_problem problem;
    *length = (int)event->body_length;
    if (work->format == SPECTACLES_FORMAT_RAW)
        return (const char *)event->body;
    if (spectacles_transcode(work->json, SPECTACLES_FORMAT_JSON, event->format, 0, event->body,
                             event->body_length, &problem) < 0)
        errx(EXIT_FAILURE, "a body can not be read: %s", problem.text);
    *length = (int)spectacles_bytes_length(work->json);
    return (const char *)spectacles_bytes_data(work->json);
}

static void put_message(const tool *work, const spectacles_broker_event *event)
{
    int length;
    const char *body = body_of(work, event, &length);
    if (event->delivery)
        put_number("delivery", event->delivery);
    put_number("redelivered", event->redelivered);
    put_number("priority", event->priority);
    put_string("expiration", event->expiration);
    if (event->headers)
        put_headers(event);
    put_number("body_length", event->body_length);
    put_text("body", body, length < BODY_SHOWN ? (size_t)length : BODY_SHOWN);
    put_string("content_type", event->content_type);
    put_string("message_id", event->message_id);
    put_string("correlation_id", event->correlation_id);
    put_string("reply_to", event->reply_to);
}

static void put_tag(const tool *work, uint64_t tag)
{
    put_number("tag", tag);
    printf(",\"message_id\":\"%s:%" PRIu64 "\"", work->prefix, tag);
}

void put_event(const tool *work, const spectacles_broker_event *event)
{
    put_begin(work, "event", spectacles_broker_event_type_name(event->type));
    if (event->code)
        put_number("code", event->code);
    put_error(event->error);
    if (event->type == SPECTACLES_BROKER_EVENT_SUBSCRIBED ||
        event->type == SPECTACLES_BROKER_EVENT_UNSUBSCRIBED ||
        event->type == SPECTACLES_BROKER_EVENT_REFUSED || event->type == SPECTACLES_BROKER_EVENT_MESSAGE)
        put_number("subscription", event->subscription);
    if (event->tag)
        put_tag(work, event->tag);
    if (event->reason)
        put_number("reason", event->reason);
    if (event->until == SPECTACLES_NEVER)
        printf(",\"until\":null");
    else if (event->until)
        put_number("until", event->until);
    if (event->type == SPECTACLES_BROKER_EVENT_CLOSED)
        put_number("unconfirmed_count", event->unconfirmed_count);
    put_string("queue", event->queue);
    if (event->key)
        put_text("key", event->key, event->key_length);
    if (event->body)
        put_message(work, event);
    if (event->text)
        put_text("text", event->text, event->text_length);
    put_end();
}
