/*
 * Strings of TOML: basic and literal ones, each on one line or over several. toml.c calls it, for keys and for
 * values.
 *
 * A string is looked through for its end first, and then decoded into a piece of the arena that is as long as what
 * was found: decoding never makes a text longer.
 */
#include "toml_string.h"

#include <spectacles/types.h>
#include <string.h>

/* A string while it is decoded. */
struct string {
    const char *at;
    const char *end; /* of what stands between the quotation marks */
    char *out;
    size_t length;
};

static size_t run_of(const struct toml_reader *reader, const char *at, char mark)
{
    const char *from = at;
    while (at < reader->end && *at == mark)
        at++;
    return (size_t)(at - from);
}

/* The end of a string on one line: its quotation mark. */
static const char *end_of_line_string(struct toml_reader *reader, const char *at, char mark)
{
    while (at < reader->end && *at != '\n' && *at != mark)
        at += *at == '\\' && mark == '"' && reader->end - at > 1 ? 2 : 1;
    if (at < reader->end && *at == mark)
        return at;
    toml_refuse(reader, reader->at, "this text does not end on its line: close it with %c", mark);
    return NULL;
}

/* The end of a string over several lines: three quotation marks, of which up to two more belong to the text. */
static const char *end_of_lines_string(struct toml_reader *reader, const char *at, char mark)
{
    while (at < reader->end) {
        size_t run = run_of(reader, at, mark);
        if (run >= 3)
            return at + (run > 5 ? 2 : run - 3);
        if (run > 0)
            at += run;
        else
            at += *at == '\\' && mark == '"' && reader->end - at > 1 ? 2 : 1;
    }
    toml_refuse(reader, reader->at, "this text does not end: close it with %c%c%c", mark, mark, mark);
    return NULL;
}

static void put(struct string *string, unsigned long code)
{
    unsigned char *out = (unsigned char *)string->out + string->length;
    size_t more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (unsigned char)(lead[more] | code >> (6 * more));
    for (size_t i = 1; i <= more; i++)
        out[i] = (unsigned char)(0x80 | (code >> (6 * (more - i)) & 0x3f));
    string->length += more + 1;
}

static bool read_code(struct toml_reader *reader, struct string *string, size_t digits)
{
    static const char hexadecimal[] = "0123456789abcdef0123456789ABCDEF";
    unsigned long code = 0;
    for (size_t i = 0; i < digits; i++) {
        const char *digit =
            string->at + i < string->end && string->at[i] ? strchr(hexadecimal, string->at[i]) : NULL;
        if (!digit)
            return toml_refuse(reader, string->at, "\\%c needs %zu hexadecimal digits behind it",
                               digits == 4 ? 'u' : 'U', digits);
        code = code << 4 | (unsigned long)((digit - hexadecimal) & 15);
    }
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return toml_refuse(reader, string->at, "there is no character with this number");
    put(string, code);
    string->at += digits;
    return true;
}

/* A backslash at the end of a line takes the line end and all white space behind it away. */
static bool skip_line_end(struct toml_reader *reader, struct string *string)
{
    const char *at = string->at;
    while (at < string->end && (*at == ' ' || *at == '\t' || *at == '\r'))
        at++;
    if (at == string->end || *at != '\n')
        return toml_refuse(reader, string->at,
                           "\\ with a space behind it means nothing: write \\\\ for a backslash");
    while (at < string->end && strchr(" \t\r\n", *at))
        at++;
    string->at = at;
    return true;
}

static bool read_escape(struct toml_reader *reader, struct string *string, bool lines)
{
    static const char names[] = "btnfr\"\\";
    static const char meanings[] = "\b\t\n\f\r\"\\";
    char name = *++string->at;
    const char *known = name ? strchr(names, name) : NULL;
    if (lines && (name == ' ' || name == '\t' || name == '\r' || name == '\n'))
        return skip_line_end(reader, string);
    string->at++;
    if (name == 'u' || name == 'U')
        return read_code(reader, string, name == 'u' ? 4 : 8);
    if (!known)
        return toml_refuse(reader, string->at - 2,
                           "TOML does not know this escape: write \\\\ for a backslash, or put "
                           "the text in single quotation marks");
    string->out[string->length++] = meanings[known - names];
    return true;
}

static bool decode(struct toml_reader *reader, struct string *string, char mark, bool lines)
{
    while (string->at < string->end) {
        if (*string->at == '\\' && mark == '"') {
            if (!read_escape(reader, string, lines))
                return false;
        } else if (*string->at == '\r') {
            string->at++; /* of CR LF: it depends on who saved the file */
        } else {
            string->out[string->length++] = *string->at++;
        }
    }
    return true;
}

/* Where the text begins: a line end right behind the three quotation marks is not part of it. */
static const char *begin(struct toml_reader *reader, bool is_long)
{
    struct toml_reader ahead = *reader;
    ahead.at += is_long ? 3 : 1;
    if (is_long && !toml_takes(&ahead, "\n"))
        toml_takes(&ahead, "\r\n");
    return ahead.at;
}

bool toml_read_string(struct toml_reader *reader, bool lines, const char **text, size_t *length)
{
    char mark = *reader->at;
    bool is_long = lines && run_of(reader, reader->at, mark) >= 3;
    struct string string = {.at = begin(reader, is_long)};
    string.end =
        is_long ? end_of_lines_string(reader, string.at, mark) : end_of_line_string(reader, string.at, mark);
    if (!string.end)
        return false;
    string.out = arena_take(reader->arena, (size_t)(string.end - string.at) + 1);
    if (!string.out)
        return toml_fail(reader, SPECTACLES_E_NOMEM);
    if (!decode(reader, &string, mark, is_long))
        return false;
    reader->at = string.end + (is_long ? 3 : 1);
    *text = string.out;
    *length = string.length;
    return true;
}
