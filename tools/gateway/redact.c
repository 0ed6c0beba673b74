/*
 * Texts of operators in sentences: printable, and without secrets that stand in the wrong place (AMQP_URL's value in
 * BROKER_TYPE, or a token in DISCORD_EVENTS). Whoever shows a value or a key calls it.
 */
#include "redact.h"

#include <ctype.h>
#include <spectacles/types.h>
#include <stdbool.h>
#include <string.h>

enum {
    TOKEN_LENGTH_MIN = 40, /* Discord's tokens are longer */
    TOKEN_POINTS = 2
};

static const char hidden[] = "(hidden: it may be a secret)";

/* user:password@host, with or without a scheme in front. */
static bool may_hold_password(const char *text, size_t length)
{
    const char *colon = memchr(text, ':', length);
    return colon && memchr(colon, '@', length - (size_t)(colon - text));
}

static bool belongs_to_token(char character)
{
    return isalnum((unsigned char)character) || character == '-' || character == '_' || character == '.';
}

/* A long word with two points, a digit and a capital letter: a host name has no capital letters. */
static bool is_token(const char *word, size_t length)
{
    size_t points = 0;
    bool has_digit = false;
    bool has_capital = false;
    for (size_t i = 0; i < length; i++) {
        points += word[i] == '.';
        has_digit |= isdigit((unsigned char)word[i]) != 0;
        has_capital |= isupper((unsigned char)word[i]) != 0;
    }
    return length >= TOKEN_LENGTH_MIN && points >= TOKEN_POINTS && has_digit && has_capital;
}

static bool holds_token(const char *text, size_t length)
{
    size_t word;
    for (size_t at = 0; at < length; at += word + 1) {
        for (word = 0; at + word < length && belongs_to_token(text[at + word]);)
            word++;
        if (is_token(text + at, word))
            return true;
    }
    return false;
}

void redact(char *out, size_t size, const char *text, size_t length)
{
    bool is_hidden = length > 0 && (may_hold_password(text, length) || holds_token(text, length));
    spectacles_printable(out, size, is_hidden ? hidden : text, is_hidden ? strlen(hidden) : length);
}
