/*
 * Lists: words with commas between them in the environment, and lists of TOML. value.c and shard_ids.c call it.
 */
#include "words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool words_begin(struct words *words, const struct reading *reading, const struct given *given)
{
    *words = (struct words){.reading = reading, .given = given, .at = given->text};
    words->splits_urls = given->setting->kind == SETTING_IS_URLS;
    if (given->text)
        return true;
    words->next = given->toml->first;
    return given->toml->type == TOML_ARRAY ||
           given_refuse(
               reading, given, "this is %s, and a list is expected: [%s]", toml_type_name(given->toml->type),
               given->setting->kind == SETTING_IS_NUMBERS ? "0, 1, \"4-7\"" : "\"FIRST\", \"SECOND\"");
}

static bool begins_url(const char *text, size_t length)
{
    return (length >= 7 && strncasecmp(text, "amqp://", 7) == 0) ||
           (length >= 8 && strncasecmp(text, "amqps://", 8) == 0);
}

static bool separates(char character)
{
    return strchr(", \t\r\n", character) != NULL;
}

/* Whether the character ends a word. */
static bool ends(const struct words *words, const char *at, const char *end)
{
    if (!separates(*at) || !words->splits_urls)
        return separates(*at);
    while (at < end && separates(*at))
        at++;
    return at == end || begins_url(at, (size_t)(end - at));
}

static bool next_of_text(struct words *words, struct word *word)
{
    const char *end = words->given->text + words->given->length;
    while (words->at < end && separates(*words->at))
        words->at++;
    word->text = words->at;
    while (words->at < end && !ends(words, words->at, end))
        words->at++;
    word->length = (size_t)(words->at - word->text);
    return word->length > 0;
}

static bool next_of_toml(struct words *words, struct word *word)
{
    const struct toml_value *each = words->next;
    if (!each)
        return false;
    words->next = each->next;
    if (each->type == TOML_STRING) {
        word->text = each->text;
        word->length = each->text_length;
        return true;
    }
    if (each->type == TOML_INTEGER && words->given->setting->kind == SETTING_IS_NUMBERS) {
        snprintf(word->digits, sizeof word->digits, "%" PRId64, each->integer);
        word->text = word->digits;
        word->length = strlen(word->digits);
        return true;
    }
    return given_refuse(words->reading, words->given,
                        "an element of the list is %s, in line %u, and a text is expected",
                        toml_type_name(each->type), each->place.line);
}

bool words_next(struct words *words, struct word *word)
{
    return words->given->text ? next_of_text(words, word) : next_of_toml(words, word);
}
