#ifndef GATEWAY_LOG_REPEATS_H
#define GATEWAY_LOG_REPEATS_H

#include "log.h"

enum {
    LOG_REPEATS_WINDOW = 60000, /* milliseconds that one line sums up */
    LOG_REPEATS_MAX = 128       /* so many things are told apart */
};

/*
 * Lines that may come again and again: the first one is written at once. Those that follow about the same thing (the
 * same event, shard and subject) are counted, and one line a minute sums them up: "37 times in the last 60 s, the last:
 * ...". After a minute without one, the next one is written at once again.
 *
 * Memory is bounded: when LOG_REPEATS_MAX things fail at a time, all others are counted by their event alone. So five
 * thousand shards that lose their connections are not five thousand lines.
 *
 * At the level `debug` every line is written.
 */
struct log_repeats;

/* Makes one. log: held, and used until log_repeats_free(). Returns 0, or SPECTACLES_E_NOMEM. */
int log_repeats_new(struct log_repeats **out, struct log *log);

/* Writes what was counted, and frees. NULL is fine. */
void log_repeats_free(struct log_repeats *repeats);

/* Writes a line, or counts it. now: milliseconds, spectacles_now(). */
void log_repeats_write(struct log_repeats *repeats, const struct log_line *line, uint64_t now);

/*
 * Writes a line that says what `failure` (an event) has said of the same shard or subject is over. It is written at
 * once where the failure was: whoever has read the one waits for the other. While such failures are summed up, so is
 * this line.
 */
void log_repeats_write_end(struct log_repeats *repeats, const struct log_line *line, const char *failure,
                           uint64_t now);

/* When log_repeats_process() is to be called: on the clock of `now`; SPECTACLES_NEVER for never. Cannot fail. */
uint64_t log_repeats_deadline(const struct log_repeats *repeats);

/* Writes the sums of the minutes that are over. */
void log_repeats_process(struct log_repeats *repeats, uint64_t now);

#endif
