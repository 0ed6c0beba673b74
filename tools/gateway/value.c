/*
 * Reads the value of a setting from a text of the environment or from TOML, by the kind of the setting. It owns the
 * sentences about values that have the wrong form. source_*.c call it.
 */
#include "value.h"

#include "presence.h"
#include "quantity.h"
#include "redact.h"
#include "shard_ids.h"
#include "words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    SHOWN_SIZE = 64,
    WORDS_MAX = 4096
};

/* ---- Text ---- */

/* The text that is given. In TOML it has to be a string. */
static bool take_text(const struct reading *reading, const struct given *given, struct word *out)
{
    if (given->text) {
        *out = (struct word){.text = given->text, .length = given->length};
        return true;
    }
    *out = (struct word){.text = given->toml->text, .length = given->toml->text_length};
    if (given->toml->type != TOML_STRING)
        return given_refuse(reading, given, "this is %s, and a text is expected: put it in quotation marks",
                            toml_type_name(given->toml->type));
    return true;
}

static bool copy_text(const struct reading *reading, const struct given *given, const struct word *word,
                      const char **out)
{
    if (memchr(word->text, '\0', word->length))
        return given_refuse(reading, given, "the text holds a NUL character: take it out");
    *out = arena_copy(reading->arena, word->text, word->length);
    return *out || given_out_of_memory(reading);
}

static bool read_text(const struct reading *reading, const struct given *given, struct value *value)
{
    struct word word;
    if (!take_text(reading, given, &word))
        return false;
    if (word.length == 0)
        return given_refuse(reading, given, "the text is empty: set it, or take the setting out");
    return copy_text(reading, given, &word, &value->text);
}

/* ---- Numbers and quantities ---- */

static void show_limit(const struct setting *setting, uint64_t limit, char out[QUANTITY_TEXT_SIZE])
{
    if (setting->kind == SETTING_IS_SIZE)
        quantity_write_size(out, limit);
    else if (setting->kind == SETTING_IS_DURATION)
        quantity_write_duration(out, limit);
    else
        snprintf(out, QUANTITY_TEXT_SIZE, "%" PRIu64, limit);
}

static bool refuse_quantity(const struct reading *reading, const struct given *given, const char *written,
                            size_t length)
{
    static const char *const expected[] = {[SETTING_IS_NUMBER] = "a whole number",
                                           [SETTING_IS_SIZE] = "a size such as 64K, 1M or 1048576",
                                           [SETTING_IS_DURATION] =
                                               "a duration such as 500ms, 8s, 2m or 1h30m"};
    const struct setting *setting = given->setting;
    char shown[SHOWN_SIZE];
    char least[QUANTITY_TEXT_SIZE];
    char most[QUANTITY_TEXT_SIZE];
    redact(shown, sizeof shown, written, length);
    show_limit(setting, setting->least, least);
    show_limit(setting, setting->most, most);
    return given_refuse(reading, given, "'%s' is not what is expected: %s, from %s to %s", shown,
                        expected[setting->kind], least, most);
}

static bool quantity_of(const struct setting *setting, const struct word *word, uint64_t *out)
{
    if (setting->kind == SETTING_IS_SIZE)
        return quantity_size(out, word->text, word->length);
    if (setting->kind == SETTING_IS_DURATION)
        return quantity_duration(out, word->text, word->length);
    return quantity_number(out, word->text, word->length);
}

static bool read_quantity(const struct reading *reading, const struct given *given, struct value *value)
{
    const struct setting *setting = given->setting;
    struct word word;
    if (!given->text && given->toml->type == TOML_INTEGER) {
        snprintf(word.digits, sizeof word.digits, "%" PRId64, given->toml->integer);
        word.text = word.digits;
        word.length = strlen(word.digits);
    } else if (!given->text && (setting->kind == SETTING_IS_NUMBER || given->toml->type != TOML_STRING)) {
        return given_refuse(
            reading, given, "this is %s, and %s is expected", toml_type_name(given->toml->type),
            setting->kind == SETTING_IS_NUMBER ? "an integer" : "a text such as \"1M\" or \"2m\"");
    } else if (!take_text(reading, given, &word)) {
        return false;
    }
    if (!quantity_of(setting, &word, &value->number) || value->number < setting->least ||
        value->number > setting->most)
        return refuse_quantity(reading, given, word.text, word.length);
    return true;
}

/* ---- Choices ---- */

static void list_words(const char *const *words, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; words[i] && used < size; i++) {
        const char *between = i == 0 ? "" : words[i + 1] ? ", " : " or ";
        used += (size_t)snprintf(out + used, size - used, "%s%s", between, words[i]);
    }
}

static bool refuse_choice(const struct reading *reading, const struct given *given, const struct word *word)
{
    char shown[SHOWN_SIZE];
    char known[PROBLEM_TEXT_SIZE / 2];
    redact(shown, sizeof shown, word->text, word->length);
    list_words(given->setting->words, known, sizeof known);
    return given_refuse(reading, given, "'%s' is not known here: write %s", shown, known);
}

static bool read_choice(const struct reading *reading, const struct given *given, struct value *value)
{
    const char *const *words = given->setting->words;
    struct word word;
    if (!take_text(reading, given, &word))
        return false;
    for (size_t i = 0; words[i]; i++) {
        if (strlen(words[i]) == word.length && strncasecmp(words[i], word.text, word.length) == 0) {
            value->number = i;
            return true;
        }
    }
    return refuse_choice(reading, given, &word);
}

/* ---- Lists ---- */

static bool add_text(const struct reading *reading, const struct given *given, const struct word *word,
                     struct value *value)
{
    if (value->text_count == WORDS_MAX)
        return given_refuse(reading, given, "the list has more than %d elements", WORDS_MAX);
    if (word->length == 0)
        return given_refuse(reading, given, "an element of the list is empty: take it out");
    if (!copy_text(reading, given, word, &value->texts[value->text_count]))
        return false;
    value->text_count++;
    return true;
}

static bool read_texts(const struct reading *reading, const struct given *given, struct value *value)
{
    struct words words;
    struct word word;
    size_t count = 1;
    if (!words_begin(&words, reading, given))
        return false;
    while (count <= WORDS_MAX && words_next(&words, &word))
        count++;
    value->texts = arena_take(reading->arena, count * sizeof *value->texts);
    if (!value->texts)
        return given_out_of_memory(reading);
    words_begin(&words, reading, given);
    while (words_next(&words, &word)) {
        if (!add_text(reading, given, &word, value))
            return false;
    }
    return true;
}

/* In TOML one URL may also be a text by itself, as the Go daemon has it. */
static bool read_urls(const struct reading *reading, const struct given *given, struct value *value)
{
    struct given text = *given;
    if (!given->text && given->toml->type == TOML_STRING) {
        text.text = given->toml->text;
        text.length = given->toml->text_length;
    }
    if (!read_texts(reading, &text, value))
        return false;
    return value->text_count > 0 ||
           given_refuse(reading, given, "there is no URL: amqp://user:password@host:port/vhost");
}

/* ---- All kinds ---- */

static bool read_by_kind(const struct reading *reading, const struct given *given, struct value *value)
{
    switch (given->setting->kind) {
    case SETTING_IS_NUMBER:
    case SETTING_IS_SIZE:
    case SETTING_IS_DURATION:
        return read_quantity(reading, given, value);
    case SETTING_IS_CHOICE:
        return read_choice(reading, given, value);
    case SETTING_IS_NAMES:
        return read_texts(reading, given, value);
    case SETTING_IS_NUMBERS:
        return shard_ids_read(reading, given, value);
    case SETTING_IS_URLS:
        return read_urls(reading, given, value);
    case SETTING_IS_PRESENCE:
        return presence_read(reading, given, value);
    default:
        return read_text(reading, given, value);
    }
}

void value_read(const struct reading *reading, const struct given *given, struct value *value)
{
    enum value_origin origin = value->origin;
    *value = (struct value){.origin = origin, .where = given->where};
    value->is_wrong = !read_by_kind(reading, given, value);
}
