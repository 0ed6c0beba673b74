#include "core/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(sp_text *text, const char *format, va_list args) SP_PRINTF(2, 0);
static void add(sp_text *text, const char *format, va_list args)
{
    size_t room = sizeof text->chars - text->length;
    int written = vsnprintf(text->chars + text->length, room, format, args);
    if (written > 0)
        text->length += (size_t)written < room ? (size_t)written : room - 1;
}

void sp_text_set(sp_text *text, const char *format, ...)
{
    va_list args;
    text->length = 0;
    text->chars[0] = '\0';
    va_start(args, format);
    add(text, format, args);
    va_end(args);
}

void sp_text_add(sp_text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(text, format, args);
    va_end(args);
}

size_t sp_utf8_sequence(const unsigned char *bytes, size_t length)
{
    if (length == 0)
        return 0;
    unsigned char first = bytes[0];
    if (first < 0x80)
        return 1;
    size_t width = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (width == 0 || width > length)
        return 0;
    for (size_t i = 1; i < width; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((first == 0xe0 && bytes[1] < 0xa0) || (first == 0xed && bytes[1] > 0x9f) ||
        (first == 0xf0 && bytes[1] < 0x90) || (first == 0xf4 && bytes[1] > 0x8f))
        return 0;
    return width;
}

/* How many of the bytes make one character that can be shown; 0 for none. */
static size_t printable(const unsigned char *bytes, size_t length)
{
    bool control = bytes[0] < 0x20 || bytes[0] == 0x7f;
    /* U+0080..U+009F are control characters too. */
    bool control_too = bytes[0] == 0xc2 && length > 1 && bytes[1] < 0xa0;
    return control || control_too ? 0 : sp_utf8_sequence(bytes, length);
}

void sp_text_add_foreign(sp_text *text, const void *bytes, size_t length, size_t most)
{
    const unsigned char *in = bytes;
    size_t end = length < most ? length : most;
    for (size_t i = 0; i < end;) {
        size_t width = printable(in + i, length - i);
        if (width == 0)
            sp_text_add(text, "?");
        else if (text->length + width < sizeof text->chars)
            sp_text_add(text, "%.*s", (int)width, (const char *)(in + i));
        i += width ? width : 1;
    }
    if (length > end)
        sp_text_add(text, "...");
}

char *sp_text_copy(const char *chars, size_t length)
{
    if (length == SIZE_MAX)
        return NULL;
    char *copy = malloc(length + 1);
    if (!copy)
        return NULL;
    if (length > 0)
        memcpy(copy, chars, length);
    copy[length] = '\0';
    return copy;
}
