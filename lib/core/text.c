/* Sentences for people, checks of UTF-8, copies of texts. Every module calls it. */
#include "core/text.h"

#include <spectacles/types.h>
#include <stdarg.h>
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

static uint32_t code_point(const unsigned char *bytes, size_t width)
{
    static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = bytes[0] & first_bits[width];
    for (size_t i = 1; i < width; i++)
        code = code << 6 | (bytes[i] & 0x3fu);
    return code;
}

/*
 * Whether a character changes the text around it instead of being seen: controls (a terminal obeys them), line and
 * paragraph separators (a log would show one line as two), and controls of the writing direction (they reorder what a
 * reader sees; Unicode, "Bidi_Control").
 */
static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c || code == 0x200e ||
           code == 0x200f || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* Reads a character. *shown: how many bytes of it may be shown, 0 for '?'. Returns how many bytes it takes. */
static size_t next_character(const unsigned char *bytes, size_t length, size_t *shown)
{
    size_t width = sp_utf8_sequence(bytes, length);
    *shown = width > 0 && !is_control(code_point(bytes, width)) ? width : 0;
    return width > 0 ? width : 1;
}

void sp_text_add_foreign(sp_text *text, const void *bytes, size_t length, size_t max)
{
    const unsigned char *in = bytes;
    size_t end = length < max ? length : max;
    size_t shown;
    for (size_t i = 0; i < end;) {
        size_t width = next_character(in + i, length - i, &shown);
        if (shown == 0)
            sp_text_add(text, "?");
        else if (text->length + shown < sizeof text->chars)
            sp_text_add(text, "%.*s", (int)shown, (const char *)(in + i));
        i += width;
    }
    if (length > end)
        sp_text_add(text, "...");
}

SPECTACLES_EXPORT size_t spectacles_printable(char *out, size_t size, const char *text, size_t length)
{
    const unsigned char *in = (const unsigned char *)text;
    size_t written = 0;
    size_t shown;
    for (size_t i = 0; i < length;) {
        size_t width = next_character(in + i, length - i, &shown);
        size_t takes = shown > 0 ? shown : 1;
        if (takes >= size - written)
            break;
        memcpy(out + written, shown > 0 ? (const char *)(in + i) : "?", takes);
        written += takes;
        i += width;
    }
    out[written] = '\0';
    return written;
}

bool sp_utf8_is_whole(const void *bytes, size_t length)
{
    const unsigned char *in = bytes;
    size_t width = 0;
    for (size_t i = 0; i < length; i += width) {
        width = in[i] < 0x80 ? 1 : sp_utf8_sequence(in + i, length - i);
        if (width == 0)
            return false;
    }
    return true;
}

bool sp_text_is_graphic(const char *chars)
{
    for (; *chars; chars++) {
        if ((unsigned char)*chars <= 0x20 || (unsigned char)*chars > 0x7e)
            return false;
    }
    return true;
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
