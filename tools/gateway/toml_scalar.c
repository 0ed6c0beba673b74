/*
 * Values of TOML that have no quotation marks and no brackets: booleans, integers and floats. toml.c calls it.
 *
 * A word is classified by its shape first. Only a word of the right shape is handed to strtoll(3) and strtod(3),
 * without the underscores that TOML allows between digits.
 */
#include "toml_scalar.h"

#include <errno.h>
#include <math.h>
#include <spectacles/types.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORD_MAX = 320 /* bytes of a number; more digits than any float has */
};

/* A word without what stands around it. */
struct word {
    const char *at;
    size_t length;
};

static bool is_digit(char character, int base)
{
    if (base == 16 && ((character >= 'a' && character <= 'f') || (character >= 'A' && character <= 'F')))
        return true;
    return character >= '0' && character < '0' + (base < 10 ? base : 10);
}

/* The length of digits with single underscores between them; 0: there are none, or an underscore is misplaced. */
static size_t digits(struct word word, int base)
{
    size_t length = 0;
    while (length < word.length) {
        if (is_digit(word.at[length], base))
            length++;
        else if (word.at[length] == '_' && length > 0 && length + 1 < word.length &&
                 is_digit(word.at[length - 1], base) && is_digit(word.at[length + 1], base))
            length++;
        else
            break;
    }
    return length;
}

static struct word behind(struct word word, size_t length)
{
    return (struct word){word.at + length, word.length - length};
}

static struct word without_sign(struct word word)
{
    return word.length > 0 && (*word.at == '+' || *word.at == '-') ? behind(word, 1) : word;
}

static bool is(struct word word, const char *text)
{
    return word.length == strlen(text) && memcmp(word.at, text, word.length) == 0;
}

/* The base of a word as 0x1f; 10 for any other one. */
static int base_of(struct word word)
{
    static const struct {
        char name;
        int base;
    } bases[] = {{'x', 16}, {'o', 8}, {'b', 2}};
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        if (word.length > 2 && word.at[0] == '0' && word.at[1] == bases[i].name)
            return bases[i].base;
    }
    return 10;
}

/* The length of the digits in front of a point or an exponent. No zero stands in front of other digits. */
static size_t whole_part(struct word word)
{
    size_t length = digits(word, 10);
    return length > 1 && *word.at == '0' ? 0 : length;
}

static bool is_integer(struct word word)
{
    int base = base_of(word);
    if (base != 10)
        return digits(behind(word, 2), base) == word.length - 2;
    struct word rest = without_sign(word);
    return rest.length > 0 && whole_part(rest) == rest.length;
}

static bool is_float(struct word word)
{
    struct word rest = without_sign(word);
    size_t length = whole_part(rest);
    if (length == 0)
        return false;
    rest = behind(rest, length);
    if (rest.length > 0 && *rest.at == '.') {
        length = digits(behind(rest, 1), 10);
        if (length == 0)
            return false;
        rest = behind(rest, length + 1);
    }
    if (rest.length > 0 && (*rest.at == 'e' || *rest.at == 'E')) {
        rest = without_sign(behind(rest, 1));
        length = digits(rest, 10);
        return length > 0 && length == rest.length;
    }
    return rest.length == 0;
}

/* 1979-05-27, 07:32:00, and all that begins like these. */
static bool is_date(struct word word)
{
    size_t length = 0;
    while (length < word.length && is_digit(word.at[length], 10))
        length++;
    return length < word.length && ((length == 4 && word.at[4] == '-') || (length == 2 && word.at[2] == ':'));
}

/* The word without underscores, as C's functions read it. */
static bool plain(struct word word, char out[WORD_MAX])
{
    size_t length = 0;
    for (size_t i = 0; i < word.length; i++) {
        if (word.at[i] == '_')
            continue;
        if (length == WORD_MAX - 1)
            return false;
        out[length++] = word.at[i];
    }
    out[length] = '\0';
    return true;
}

static bool read_integer(struct toml_reader *reader, struct word word, struct toml_value *value)
{
    char text[WORD_MAX];
    int base = base_of(word);
    errno = 0;
    if (plain(word, text))
        value->integer = strtoll(base == 10 ? text : text + 2, NULL, base);
    else
        errno = ERANGE;
    value->type = TOML_INTEGER;
    return errno == 0 || toml_refuse(reader, word.at, "this integer has more than 63 bits");
}

static bool read_float(struct toml_reader *reader, struct word word, struct toml_value *value)
{
    char text[WORD_MAX];
    value->type = TOML_FLOAT;
    if (!plain(word, text))
        return toml_refuse(reader, word.at, "this number is longer than %d characters", WORD_MAX - 1);
    value->number = strtod(text, NULL);
    return true;
}

static struct word next_word(const struct toml_reader *reader)
{
    const char *at = reader->at;
    while (at < reader->end && !strchr(" \t\r\n#,[]{}=", *at))
        at++;
    return (struct word){reader->at, (size_t)(at - reader->at)};
}

static bool read_word(struct toml_reader *reader, struct word word, struct toml_value *value)
{
    struct word rest = without_sign(word);
    if (is(word, "true") || is(word, "false")) {
        value->type = TOML_BOOLEAN;
        value->boolean = *word.at == 't';
        return true;
    }
    if (is(rest, "inf") || is(rest, "nan")) {
        value->type = TOML_FLOAT;
        value->number = (*rest.at == 'i' ? (double)INFINITY : (double)NAN) * (*word.at == '-' ? -1 : 1);
        return true;
    }
    if (is_integer(word))
        return read_integer(reader, word, value);
    if (is_float(word))
        return read_float(reader, word, value);
    if (is_date(word))
        return toml_refuse(reader, word.at,
                           "no setting is a date: put it in quotation marks if it is a text");
    return toml_refuse(
        reader, word.at,
        "this is no value: a text stands in quotation marks, and numbers are written as 10, 0x1f or 1.5");
}

bool toml_read_scalar(struct toml_reader *reader, struct toml_value *value)
{
    struct word word = next_word(reader);
    if (word.length == 0)
        return toml_refuse(reader, word.at, "a value is missing here");
    if (!read_word(reader, word, value))
        return false;
    reader->at += word.length;
    return true;
}
