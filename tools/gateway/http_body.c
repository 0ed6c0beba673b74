/*
 * The body of an HTTP answer, as it is written. A scrape of thousands of shards writes a hundred thousand numbers, so
 * that texts and numbers are added without printf(). metrics.c, status_json.c and health.c call it.
 */
#include "http_body.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_ROOM = 4096
};

void http_body_free(struct http_body *body)
{
    free(body->data);
    *body = (struct http_body){0};
}

static bool make_room(struct http_body *body, size_t length)
{
    if (length <= body->room - body->length)
        return true;
    size_t room = body->room ? body->room : FIRST_ROOM;
    while (room - body->length < length && room <= SIZE_MAX / 2)
        room *= 2;
    char *data = room - body->length >= length ? realloc(body->data, room) : NULL;
    if (!data) {
        body->is_short = true;
        return false;
    }
    body->data = data;
    body->room = room;
    return true;
}

void http_body_bytes(struct http_body *body, const char *bytes, size_t length)
{
    if (length == 0 || !make_room(body, length))
        return;
    memcpy(body->data + body->length, bytes, length);
    body->length += length;
}

void http_body_text(struct http_body *body, const char *text)
{
    http_body_bytes(body, text, strlen(text));
}

void http_body_number(struct http_body *body, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    http_body_bytes(body, digits + at, sizeof digits - at);
}

void http_body_format(struct http_body *body, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text)
        body->is_short = true;
    else
        http_body_bytes(body, text, (size_t)length);
}

/* ---- JSON ---- */

/* How many bytes the character at `text` has in UTF-8 (RFC 3629); 0: it is none. */
static size_t character(const unsigned char *text)
{
    size_t length = text[0] < 0x80 ? 1 : text[0] < 0xc2 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
    if (text[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
        (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

static size_t add_character(struct http_body *body, const char *text)
{
    size_t length = character((const unsigned char *)text);
    if (length == 0)
        http_body_text(body, "\\ufffd");
    else if (*text == '"' || *text == '\\')
        http_body_format(body, "\\%c", *text);
    else if ((unsigned char)*text < 0x20 || *text == 0x7f)
        http_body_format(body, "\\u%04x", (unsigned)(unsigned char)*text);
    else
        http_body_bytes(body, text, length);
    return length > 0 ? length : 1;
}

void http_body_json(struct http_body *body, const char *text)
{
    http_body_text(body, "\"");
    while (*text)
        text += add_character(body, text);
    http_body_text(body, "\"");
}
