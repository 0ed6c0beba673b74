/*
 * Cards: who a process of the group is, as JSON that the processes send each other. It owns the list of shards of a
 * card. conflicts.c, roll_call.c and doctor_others.c call it.
 */
#include "card.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SHARDS_MAX = 65536
};

static const char *const state_names[] = {[CARD_STARTING] = "starting",
                                          [CARD_RUNNING] = "running",
                                          [CARD_STOPPING] = "stopping",
                                          [CARD_ASKING] = "asking"};
static const char *const kind_names[] = {[CARD_HELLO] = "hello", [CARD_WHO] = "who", [CARD_HERE] = "here"};

/* ---- Making ---- */

void card_begin(struct card *card, enum card_state state, const char *token)
{
    char host[256] = "";
    *card = (struct card){.state = state, .pid = (uint32_t)getpid(), .started = spectacles_unix_time()};
    snprintf(card->id, sizeof card->id, "%016llx", (unsigned long long)spectacles_random_seed());
    uint64_t bot = spectacles_token_bot(token);
    if (bot != 0)
        snprintf(card->bot, sizeof card->bot, "%" PRIu64, bot);
    gethostname(host, sizeof host - 1);
    spectacles_printable(card->host, sizeof card->host, host, strlen(host));
}

static int compare(const void *one, const void *two)
{
    uint32_t a = *(const uint32_t *)one;
    uint32_t b = *(const uint32_t *)two;
    return a < b ? -1 : a > b;
}

bool card_serve(struct card *card, uint32_t shard_count, const uint32_t *shard_ids, size_t count)
{
    uint32_t *copy = calloc(count + 1, sizeof *copy);
    if (!copy)
        return false;
    for (size_t i = 0; i < count; i++)
        copy[i] = shard_ids[i];
    qsort(copy, count, sizeof *copy, compare);
    free(card->shard_ids);
    card->shard_count = shard_count;
    card->shard_ids = copy;
    card->shard_id_count = count;
    return true;
}

void card_free(struct card *card)
{
    free(card->shard_ids);
    *card = (struct card){0};
}

/* ---- Writing ---- */

static size_t end_of_range(const uint32_t *ids, size_t count, size_t from)
{
    size_t to = from;
    while (to + 1 < count && ids[to + 1] == ids[to] + 1)
        to++;
    return to;
}

static int add_number(spectacles_document *document, spectacles_value *object, const char *key,
                      uint64_t number)
{
    spectacles_value *value = NULL;
    int error = spectacles_document_uint64(document, number, &value);
    return error ? error : spectacles_value_set(object, key, strlen(key), value);
}

static int add_text(spectacles_document *document, spectacles_value *object, const char *key,
                    const char *text)
{
    spectacles_value *value = NULL;
    int error = spectacles_document_text(document, text, strlen(text), &value);
    return error ? error : spectacles_value_set(object, key, strlen(key), value);
}

/* Ranges: the first and the last shard of each in turn. */
static int add_shards(spectacles_document *document, spectacles_value *object, const struct card *card)
{
    spectacles_value *list = NULL;
    size_t to;
    int error = spectacles_document_array(document, &list);
    for (size_t from = 0; error == SPECTACLES_OK && from < card->shard_id_count; from = to + 1) {
        spectacles_value *first = NULL;
        spectacles_value *last = NULL;
        to = end_of_range(card->shard_ids, card->shard_id_count, from);
        if ((error = spectacles_document_uint64(document, card->shard_ids[from], &first)) == SPECTACLES_OK &&
            (error = spectacles_document_uint64(document, card->shard_ids[to], &last)) == SPECTACLES_OK &&
            (error = spectacles_value_append(list, first)) == SPECTACLES_OK)
            error = spectacles_value_append(list, last);
    }
    return error ? error : spectacles_value_set(object, "shard_ranges", strlen("shard_ranges"), list);
}

static int build(spectacles_document *document, const struct card *card, enum card_kind kind,
                 spectacles_value **out)
{
    int error = spectacles_document_object(document, out);
    if (error == SPECTACLES_OK)
        error = add_text(document, *out, "kind", kind_names[kind]);
    if (error == SPECTACLES_OK)
        error = add_text(document, *out, "id", card->id);
    if (error == SPECTACLES_OK)
        error = add_text(document, *out, "bot", card->bot);
    if (error == SPECTACLES_OK)
        error = add_text(document, *out, "host", card->host);
    if (error == SPECTACLES_OK)
        error = add_number(document, *out, "pid", card->pid);
    if (error == SPECTACLES_OK)
        error = add_text(document, *out, "state", state_names[card->state]);
    if (error == SPECTACLES_OK)
        error = add_number(document, *out, "started", card->started);
    if (error == SPECTACLES_OK)
        error = add_number(document, *out, "shard_count", card->shard_count);
    return error ? error : add_shards(document, *out, card);
}

int card_write(const struct card *card, enum card_kind kind, spectacles_bytes *out)
{
    spectacles_document *document = NULL;
    spectacles_value *value = NULL;
    int error = spectacles_document_new(&document);
    if (error == SPECTACLES_OK)
        error = build(document, card, kind, &value);
    if (error == SPECTACLES_OK)
        error = spectacles_value_write(value, SPECTACLES_FORMAT_JSON, out, NULL);
    spectacles_document_free(document);
    return error;
}

/* ---- Reading ---- */

/* The index of a name in a list; -1: it is not there. */
static int find(const char *const *names, int count, const char *name)
{
    for (int i = 0; name && i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return i;
    }
    return -1;
}

static void read_text(char *out, size_t size, const spectacles_value *object, const char *key)
{
    size_t length = 0;
    const char *text = spectacles_value_text(spectacles_value_get(object, key), &length);
    spectacles_printable(out, size, text, text ? length : 0);
}

static uint64_t read_number(const spectacles_value *object, const char *key)
{
    uint64_t number = 0;
    spectacles_value_uint64(spectacles_value_get(object, key), &number);
    return number;
}

static bool is_id_of_bot(const char *text)
{
    return strspn(text, "0123456789") == strlen(text);
}

/* Ranges from low to high, without overlap. Nothing of them is believed before it is checked. */
static bool read_shards(struct card *card, const spectacles_value *list)
{
    uint64_t next = 0;
    card->shard_ids = calloc(SHARDS_MAX, sizeof *card->shard_ids);
    if (!card->shard_ids)
        return false;
    for (const spectacles_value *each = spectacles_value_first(list); each;
         each = spectacles_value_next(each)) {
        uint64_t first = 0;
        uint64_t last = 0;
        const spectacles_value *end = spectacles_value_next(each);
        if (spectacles_value_uint64(each, &first) || spectacles_value_uint64(end, &last) || first < next ||
            last < first || last >= SHARDS_MAX)
            return false;
        for (next = first; next <= last; next++)
            card->shard_ids[card->shard_id_count++] = (uint32_t)next;
        each = end;
    }
    return true;
}

static bool read_fields(struct card *card, enum card_kind *kind, const spectacles_value *object)
{
    int found = find(kind_names, 3, spectacles_value_text(spectacles_value_get(object, "kind"), NULL));
    int state = find(state_names, 4, spectacles_value_text(spectacles_value_get(object, "state"), NULL));
    if (found < 0 || state < 0 ||
        spectacles_value_type(spectacles_value_get(object, "shard_ranges")) != SPECTACLES_VALUE_ARRAY)
        return false;
    *kind = (enum card_kind)found;
    card->state = (enum card_state)state;
    read_text(card->id, sizeof card->id, object, "id");
    read_text(card->bot, sizeof card->bot, object, "bot");
    read_text(card->host, sizeof card->host, object, "host");
    card->pid = (uint32_t)read_number(object, "pid");
    card->started = read_number(object, "started");
    card->shard_count = (uint32_t)read_number(object, "shard_count");
    return card->id[0] && is_id_of_bot(card->bot) && card->shard_count <= SHARDS_MAX &&
           read_shards(card, spectacles_value_get(object, "shard_ranges"));
}

bool card_read(struct card *card, enum card_kind *kind, const uint8_t *body, size_t length)
{
    spectacles_document *document = NULL;
    *card = (struct card){.id = ""};
    bool is_card = spectacles_document_new(&document) == SPECTACLES_OK &&
                   spectacles_document_parse(document, SPECTACLES_FORMAT_JSON, SPECTACLES_REPLACE_SURROGATES,
                                             body, length, NULL) == SPECTACLES_OK &&
                   read_fields(card, kind, spectacles_document_root(document));
    spectacles_document_free(document);
    return is_card;
}

/* ---- For people ---- */

void card_name(char *out, size_t size, const struct card *card)
{
    snprintf(out, size, "%s, process %u", card->host[0] ? card->host : "an unknown host", card->pid);
}

void card_write_shards(char *out, size_t size, const uint32_t *shard_ids, size_t count)
{
    size_t to;
    size_t at = 0;
    out[0] = '\0';
    for (size_t from = 0; from < count; from = to + 1) {
        to = end_of_range(shard_ids, count, from);
        if (at + 24 > size) {
            snprintf(out + at, size - at, ",...");
            return;
        }
        at += (size_t)snprintf(out + at, size - at, "%s%u", from ? "," : "", shard_ids[from]);
        if (to > from)
            at += (size_t)snprintf(out + at, size - at, "%c%u", to == from + 1 ? ',' : '-', shard_ids[to]);
    }
}
