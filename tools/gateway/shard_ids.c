/*
 * Shard ids: lists with ranges, and those of a pod of a StatefulSet. value.c calls it to read lists (of ops, too),
 * and rules.c for the ordinal.
 */
#include "shard_ids.h"

#include "quantity.h"
#include "redact.h"
#include "words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHOWN_SIZE = 48,
    IDS_MAX = 65536
};

/* A range while it is read. */
struct range {
    uint64_t first;
    uint64_t last;
};

static bool refuse_word(const struct reading *reading, const struct given *given, const struct word *word,
                        const char *why)
{
    char shown[SHOWN_SIZE];
    redact(shown, sizeof shown, word->text, word->length);
    return given_refuse(reading, given,
                        "'%s' %s: numbers and ranges as 0,2,4-7 are expected, from %" PRIu64 " to %" PRIu64,
                        shown, why, given->setting->least, given->setting->most);
}

static bool read_range(const struct reading *reading, const struct given *given, const struct word *word,
                       struct range *out)
{
    const char *dash = memchr(word->text, '-', word->length);
    size_t first = dash ? (size_t)(dash - word->text) : word->length;
    if (!quantity_number(&out->first, word->text, first))
        return refuse_word(reading, given, word, "is not a number");
    out->last = out->first;
    if (dash && !quantity_number(&out->last, dash + 1, word->length - first - 1))
        return refuse_word(reading, given, word, "is not a range");
    if (out->last < out->first)
        return refuse_word(reading, given, word, "runs backwards");
    if (out->first < given->setting->least || out->last > given->setting->most ||
        out->last - out->first >= IDS_MAX)
        return refuse_word(reading, given, word, "is too large");
    return true;
}

/* Adds up how many numbers the list has. False: a word in it is wrong, which was told. */
static bool count_numbers(struct words words, size_t *count)
{
    struct word word;
    struct range range;
    while (words_next(&words, &word)) {
        if (!read_range(words.reading, words.given, &word, &range))
            return false;
        *count += (size_t)(range.last - range.first) + 1;
        if (*count > IDS_MAX)
            return given_refuse(words.reading, words.given, "the list has more than %d numbers", IDS_MAX);
    }
    return true;
}

static int compare(const void *one, const void *two)
{
    uint32_t a = *(const uint32_t *)one;
    uint32_t b = *(const uint32_t *)two;
    return (a > b) - (a < b);
}

/* Numbers that are there twice. The list is long at times, so they are sorted. */
static bool are_unique(const struct reading *reading, const struct given *given, struct value *value)
{
    qsort(value->numbers, value->number_count, sizeof *value->numbers, compare);
    for (size_t i = 1; i < value->number_count; i++) {
        if (value->numbers[i] == value->numbers[i - 1])
            return given_refuse(reading, given, "%u is in the list twice: take one out", value->numbers[i]);
    }
    return true;
}

static void fill(struct words words, struct value *value)
{
    struct word word;
    struct range range;
    while (words_next(&words, &word) && read_range(words.reading, words.given, &word, &range)) {
        for (uint64_t id = range.first; id <= range.last; id++)
            value->numbers[value->number_count++] = (uint32_t)id;
    }
}

bool shard_ids_read(const struct reading *reading, const struct given *given, struct value *value)
{
    struct words words;
    size_t count = 0;
    if (!words_begin(&words, reading, given) || !count_numbers(words, &count))
        return false;
    if (count == 0)
        return given_refuse(reading, given,
                            "the list is empty: name numbers, as 0,2,4-7, or take the setting out");
    value->numbers = arena_take(reading->arena, count * sizeof *value->numbers);
    if (!value->numbers)
        return given_out_of_memory(reading);
    fill(words, value);
    return are_unique(reading, given, value);
}

bool shard_ids_of_range(const struct reading *reading, struct value *value, uint32_t first, uint32_t count)
{
    value->numbers = arena_take(reading->arena, count * sizeof *value->numbers);
    if (!value->numbers)
        return given_out_of_memory(reading);
    for (value->number_count = 0; value->number_count < count; value->number_count++)
        value->numbers[value->number_count] = first + (uint32_t)value->number_count;
    return true;
}

bool shard_ids_ordinal(const char *name, uint32_t *ordinal)
{
    uint64_t number;
    const char *dash = strrchr(name, '-');
    if (!dash || dash == name || strspn(dash + 1, "0123456789") != strlen(dash + 1) ||
        !quantity_number(&number, dash + 1, strlen(dash + 1)) || number > IDS_MAX)
        return false;
    *ordinal = (uint32_t)number;
    return true;
}
