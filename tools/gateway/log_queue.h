#ifndef GATEWAY_LOG_QUEUE_H
#define GATEWAY_LOG_QUEUE_H

#include "setting.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line that waits to be written. */
struct log_entry {
    struct log_entry *next;
    enum setting_log_level level;
    size_t length;
    char *bytes;
};

/*
 * Lines that wait to be written, in their order. Bounded: infos may fill half of the room, warnings three quarters of
 * it, and errors all of it. So a flood of infos leaves room for the errors behind it. What has no room is dropped, and
 * counted by its level.
 */
struct log_queue {
    struct log_entry *first;
    struct log_entry *last;
    size_t room;  /* bytes; set by its owner */
    size_t bytes; /* of all entries, with what an entry itself takes */
    uint64_t dropped[LOG_LEVEL_DEBUG + 1];
};

/* Adds a line. bytes: from malloc(), and the queue's from now on. Returns false when the line was dropped. */
bool log_queue_put(struct log_queue *queue, enum setting_log_level level, char *bytes, size_t length);

/* Takes the oldest line out: free it with log_entry_free(). NULL: there is none. */
struct log_entry *log_queue_take(struct log_queue *queue);

/* Counts a line that was dropped by somebody else. */
void log_queue_drop(struct log_queue *queue, enum setting_log_level level);

/* Whether lines were dropped that can be told of now: three quarters of the room are free again. */
bool log_queue_is_back(const struct log_queue *queue);

/* How many lines were dropped since this was asked last. by_level: receives the counts. */
uint64_t log_queue_take_dropped(struct log_queue *queue, uint64_t by_level[LOG_LEVEL_DEBUG + 1]);

/* Frees all lines, and leaves the queue empty. */
void log_queue_clear(struct log_queue *queue);

/* NULL is fine. */
void log_entry_free(struct log_entry *entry);

#endif
