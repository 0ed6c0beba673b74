/*
 * Lines that repeat, summed up. It owns a table of what has happened lately. lines.c calls it, and so does every part
 * whose failures may come in numbers.
 *
 *     FREE --first line, written--> OPEN --a minute without another one--> FREE
 *                                   |  ^
 *                  another: counted |  | a minute is over: its sum is written, and the next minute begins
 *                                   v  |
 *                                   COUNTING
 */
#include "log_repeats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EVENTS_MAX = 64 /* of different kinds, that the table has no room for */
};

/* One thing that repeats. key 0: free. OPEN is count 0, and COUNTING is everything above. */
struct repeat {
    uint64_t key;
    uint64_t end; /* of the minute */
    uint64_t count;
    struct log_line line; /* the last one, with texts that belong to it */
};

struct log_repeats {
    struct log *log;
    uint64_t deadline;
    struct repeat things[LOG_REPEATS_MAX];
    struct repeat events[EVENTS_MAX]; /* each stands for all things of an event that have no room above */
};

int log_repeats_new(struct log_repeats **out, struct log *log)
{
    struct log_repeats *repeats = calloc(1, sizeof *repeats);
    if (!repeats)
        return SPECTACLES_E_NOMEM;
    repeats->log = log;
    repeats->deadline = SPECTACLES_NEVER;
    *out = repeats;
    return SPECTACLES_OK;
}

/* ---- Keys ---- */

/* FNV-1a. Two things with one key are summed up together, which is not wrong enough to compare texts. */
static uint64_t hash(uint64_t key, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        key = (key ^ at[i]) * UINT64_C(1099511628211);
    return key;
}

static uint64_t key_of_event(const struct log_line *line)
{
    return hash(UINT64_C(14695981039346656037), line->event, strlen(line->event)) | 1;
}

static uint64_t key_of(const struct log_line *line)
{
    uint32_t shard[2] = {line->has_shard, line->has_shard ? line->shard_id : 0};
    uint64_t key = hash(key_of_event(line), shard, sizeof shard);
    return (line->subject ? hash(key, line->subject, strlen(line->subject)) : key) | 1;
}

/* ---- The table ---- */

/* The place of a key, or a free one. NULL: there is none. */
static struct repeat *find_in(struct repeat *table, size_t count, uint64_t key)
{
    struct repeat *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (table[i].key == key)
            return &table[i];
        if (table[i].key == 0 && !found)
            found = &table[i];
    }
    return found;
}

static struct repeat *find(struct log_repeats *repeats, const struct log_line *line, uint64_t *key)
{
    *key = key_of(line);
    struct repeat *found = find_in(repeats->things, LOG_REPEATS_MAX, *key);
    if (found)
        return found;
    *key = key_of_event(line);
    return find_in(repeats->events, EVENTS_MAX, *key);
}

static bool stands_for_many(const struct log_repeats *repeats, const struct repeat *repeat)
{
    return repeat >= repeats->events && repeat < repeats->events + EVENTS_MAX;
}

static void forget_line(struct repeat *repeat)
{
    free((char *)(uintptr_t)repeat->line.event);
    free((char *)(uintptr_t)repeat->line.text);
    free((char *)(uintptr_t)repeat->line.subject);
    repeat->line = (struct log_line){0};
}

/* Keeps a copy of a line as the last one. Without memory for it, the one before stays. */
static void keep_line(struct repeat *repeat, const struct log_line *line)
{
    struct repeat kept = {.line = *line};
    kept.line.event = strdup(line->event);
    kept.line.text = strdup(line->text);
    kept.line.subject = line->subject ? strdup(line->subject) : NULL;
    bool is_whole = kept.line.event && kept.line.text && (kept.line.subject || !line->subject);
    if (!is_whole) {
        forget_line(&kept);
        return;
    }
    forget_line(repeat);
    repeat->line = kept.line;
}

/* ---- Writing ---- */

static char *sum_up(const struct repeat *repeat, const char *of)
{
    static const char format[] = "%" PRIu64 " time%s in the last %d s%s, the last: %s";
    const char *plural = repeat->count == 1 ? "" : "s";
    const char *text = repeat->line.text;
    int length = snprintf(NULL, 0, format, repeat->count, plural, LOG_REPEATS_WINDOW / 1000, of, text);
    char *sum = length < 0 ? NULL : malloc((size_t)length + 1);
    if (sum)
        snprintf(sum, (size_t)length + 1, format, repeat->count, plural, LOG_REPEATS_WINDOW / 1000, of, text);
    return sum;
}

static void write_sum(struct log_repeats *repeats, struct repeat *repeat)
{
    if (!repeat->line.text)
        return;
    struct log_line line = repeat->line;
    bool is_many = stands_for_many(repeats, repeat);
    char *sum = sum_up(repeat, is_many ? ", for several shards or queues" : "");
    if (sum)
        line.text = sum;
    if (is_many) {
        line.has_shard = false;
        line.subject = NULL;
    }
    log_write(repeats->log, &line);
    free(sum);
}

/* The end of a minute. */
static void end_window(struct log_repeats *repeats, struct repeat *repeat, uint64_t now)
{
    if (repeat->count > 0) {
        write_sum(repeats, repeat);
        repeat->count = 0;
        repeat->end = now + LOG_REPEATS_WINDOW;
        return;
    }
    forget_line(repeat);
    repeat->key = 0;
}

static void process_table(struct log_repeats *repeats, struct repeat *table, size_t count, uint64_t now)
{
    for (size_t i = 0; i < count; i++) {
        if (table[i].key && now >= table[i].end)
            end_window(repeats, &table[i], now);
        if (table[i].key && table[i].end < repeats->deadline)
            repeats->deadline = table[i].end;
    }
}

void log_repeats_process(struct log_repeats *repeats, uint64_t now)
{
    if (now < repeats->deadline)
        return;
    repeats->deadline = SPECTACLES_NEVER;
    process_table(repeats, repeats->things, LOG_REPEATS_MAX, now);
    process_table(repeats, repeats->events, EVENTS_MAX, now);
}

uint64_t log_repeats_deadline(const struct log_repeats *repeats)
{
    return repeats->deadline;
}

void log_repeats_write(struct log_repeats *repeats, const struct log_line *line, uint64_t now)
{
    uint64_t key;
    log_repeats_process(repeats, now);
    struct repeat *repeat = log_wants(repeats->log, LOG_LEVEL_DEBUG) ? NULL : find(repeats, line, &key);
    if (repeat && repeat->key) {
        repeat->count++;
        keep_line(repeat, line);
        return;
    }
    log_write(repeats->log, line);
    if (!repeat)
        return;
    repeat->key = key;
    repeat->end = now + LOG_REPEATS_WINDOW;
    if (repeat->end < repeats->deadline)
        repeats->deadline = repeat->end;
}

/* Whether lines about this are counted now. */
static bool is_counting(struct log_repeats *repeats, const struct log_line *line)
{
    uint64_t key;
    const struct repeat *repeat = find(repeats, line, &key);
    return !repeat || (repeat->key && repeat->count > 0);
}

void log_repeats_write_end(struct log_repeats *repeats, const struct log_line *line, const char *failure,
                           uint64_t now)
{
    struct log_line former = *line;
    former.event = failure;
    log_repeats_process(repeats, now);
    if (is_counting(repeats, &former))
        log_repeats_write(repeats, line, now);
    else
        log_write(repeats->log, line);
}

static void end_table(struct log_repeats *repeats, struct repeat *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (table[i].count > 0)
            write_sum(repeats, &table[i]);
        forget_line(&table[i]);
    }
}

void log_repeats_free(struct log_repeats *repeats)
{
    if (!repeats)
        return;
    end_table(repeats, repeats->things, LOG_REPEATS_MAX);
    end_table(repeats, repeats->events, EVENTS_MAX);
    free(repeats);
}
