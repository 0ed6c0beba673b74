/*
 * The characters of a TOML document: which may be in it at all, where each one stands, and what is skipped. It owns
 * the place of the reader. All other files of the TOML reader call it.
 */
#include "toml_reader.h"

#include <spectacles/types.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool toml_fail(struct toml_reader *reader, int error)
{
    if (!reader->error)
        reader->error = error;
    return false;
}

bool toml_refuse(struct toml_reader *reader, const char *at, const char *format, ...)
{
    va_list arguments;
    if (reader->error)
        return false;
    va_start(arguments, format);
    vsnprintf(reader->problem->text, sizeof reader->problem->text, format, arguments);
    va_end(arguments);
    reader->problem->place = toml_place_of(reader, at);
    return toml_fail(reader, SPECTACLES_E_PROTO);
}

struct toml_place toml_place_of(struct toml_reader *reader, const char *at)
{
    if (!reader->counted || at < reader->counted) {
        reader->counted = reader->start;
        reader->place = (struct toml_place){1, 1};
    }
    for (; reader->counted < at; reader->counted++) {
        if (*reader->counted == '\n')
            reader->place = (struct toml_place){reader->place.line + 1, 1};
        else if (((unsigned char)*reader->counted & 0xc0) != 0x80)
            reader->place.column++;
    }
    return reader->place;
}

bool toml_sees(const struct toml_reader *reader, const char *characters)
{
    size_t length = strlen(characters);
    return (size_t)(reader->end - reader->at) >= length && memcmp(reader->at, characters, length) == 0;
}

bool toml_takes(struct toml_reader *reader, const char *characters)
{
    if (!toml_sees(reader, characters))
        return false;
    reader->at += strlen(characters);
    return true;
}

void toml_skip_space(struct toml_reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t'))
        reader->at++;
}

static void skip_comment(struct toml_reader *reader)
{
    if (!toml_sees(reader, "#"))
        return;
    while (reader->at < reader->end && *reader->at != '\n')
        reader->at++;
}

void toml_skip_lines(struct toml_reader *reader)
{
    do {
        toml_skip_space(reader);
        skip_comment(reader);
    } while (toml_takes(reader, "\n") || toml_takes(reader, "\r\n"));
}

bool toml_end_line(struct toml_reader *reader)
{
    toml_skip_space(reader);
    skip_comment(reader);
    if (reader->at == reader->end || toml_takes(reader, "\n") || toml_takes(reader, "\r\n"))
        return true;
    return toml_refuse(reader, reader->at,
                       "the line has to end here: begin a new line, or put # before a comment");
}

/* ---- What may be in a document at all ---- */

/* The length of the UTF-8 sequence (RFC 3629) at `at`; 0: it is none. */
static size_t sequence(const unsigned char *at, size_t left)
{
    static const unsigned char lowest[] = {0, 0, 0x80, 0xa0, 0x90};
    size_t length = *at < 0x80 ? 1 : *at < 0xc2 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : *at < 0xf5 ? 4 : 0;
    if (length > left)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    bool first_is_low = (*at == 0xe0 || *at == 0xf0) && at[1] < lowest[length];
    bool first_is_high = (*at == 0xed && at[1] > 0x9f) || (*at == 0xf4 && at[1] > 0x8f);
    return first_is_low || first_is_high ? 0 : length;
}

static bool is_control(char character)
{
    return ((unsigned char)character < 0x20 && character != '\t' && character != '\n') || character == 0x7f;
}

bool toml_check_characters(struct toml_reader *reader)
{
    const char *at = reader->start;
    while (at < reader->end) {
        size_t length = sequence((const unsigned char *)at, (size_t)(reader->end - at));
        bool ends_line = *at == '\r' && reader->end - at > 1 && at[1] == '\n';
        if (length == 0)
            return toml_refuse(reader, at, "this is not UTF-8: save the file as UTF-8");
        if (*at == '\r' && !ends_line)
            return toml_refuse(reader, at,
                               "a carriage return stands alone: a line ends with LF, or with CR LF");
        if (is_control(*at) && !ends_line)
            return toml_refuse(reader, at,
                               "a control character (0x%02x) may not be in a file: write it as \\u%04X",
                               (unsigned)*at, (unsigned)*at);
        at += length;
    }
    return true;
}
