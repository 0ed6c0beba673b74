/*
 * The lines that wait to be written, and the count of those that had no room. It owns the lines. log.c calls it, with
 * its mutex held.
 */
#include "log_queue.h"

#include <stdlib.h>
#include <string.h>

/* How much of the room a level may fill. */
static size_t limit_of(const struct log_queue *queue, enum setting_log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return queue->room;
    case LOG_LEVEL_WARN:
        return queue->room - queue->room / 4;
    default:
        return queue->room / 2;
    }
}

static uint64_t count_dropped(const struct log_queue *queue)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= LOG_LEVEL_DEBUG; i++)
        count += queue->dropped[i];
    return count;
}

/*
 * Once an info was dropped, all infos are, until the queue is nearly empty: so the line that tells how many were
 * dropped stands where they are missing, and stands there once.
 */
static bool has_room(const struct log_queue *queue, enum setting_log_level level, size_t size)
{
    size_t limit = limit_of(queue, level);
    if (level >= LOG_LEVEL_INFO && count_dropped(queue) > 0)
        return false;
    return size <= limit && queue->bytes <= limit - size;
}

static size_t size_of(size_t length)
{
    return sizeof(struct log_entry) + length;
}

static void append(struct log_queue *queue, struct log_entry *entry)
{
    if (queue->last)
        queue->last->next = entry;
    else
        queue->first = entry;
    queue->last = entry;
    queue->bytes += size_of(entry->length);
}

bool log_queue_put(struct log_queue *queue, enum setting_log_level level, char *bytes, size_t length)
{
    struct log_entry *entry = NULL;
    if (length <= queue->room && has_room(queue, level, size_of(length)))
        entry = calloc(1, sizeof *entry);
    if (!entry) {
        free(bytes);
        log_queue_drop(queue, level);
        return false;
    }
    entry->level = level;
    entry->bytes = bytes;
    entry->length = length;
    append(queue, entry);
    return true;
}

struct log_entry *log_queue_take(struct log_queue *queue)
{
    struct log_entry *entry = queue->first;
    if (!entry)
        return NULL;
    queue->first = entry->next;
    if (!queue->first)
        queue->last = NULL;
    queue->bytes -= size_of(entry->length);
    return entry;
}

void log_queue_drop(struct log_queue *queue, enum setting_log_level level)
{
    queue->dropped[level]++;
}

bool log_queue_is_back(const struct log_queue *queue)
{
    return queue->bytes <= queue->room / 4 && count_dropped(queue) > 0;
}

uint64_t log_queue_take_dropped(struct log_queue *queue, uint64_t by_level[LOG_LEVEL_DEBUG + 1])
{
    uint64_t count = count_dropped(queue);
    memcpy(by_level, queue->dropped, sizeof queue->dropped);
    memset(queue->dropped, 0, sizeof queue->dropped);
    return count;
}

void log_queue_clear(struct log_queue *queue)
{
    struct log_entry *entry;
    while ((entry = log_queue_take(queue)))
        log_entry_free(entry);
}

void log_entry_free(struct log_entry *entry)
{
    if (entry)
        free(entry->bytes);
    free(entry);
}
