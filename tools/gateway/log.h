#ifndef GATEWAY_LOG_H
#define GATEWAY_LOG_H

#include "log_line.h"

#include <spectacles/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The log of the gateway: lines on stderr, or entries of systemd's journal.
 *
 * No call here waits for whoever reads the log. A thread of the log writes the lines, which wait in a bounded queue
 * meanwhile; the loop of the gateway goes on, whatever stderr is and whoever has stopped to read it. Lines that find no
 * room are dropped, infos before warnings and warnings before errors. As soon as lines are written again, one line
 * tells how many are missing. (stderr is not made non-blocking: the terminal and the parent have the same open file.)
 *
 * What cannot be written (no reader, a full disk) is tried again every second, from the byte on where it stopped: no
 * line is cut. A pipe without a reader raises no SIGPIPE.
 *
 * Every call may be made from any thread. A log that is NULL takes every call, and writes nothing.
 */
struct log;

/* How a log is made. */
struct log_config {
    enum setting_log_level level;
    enum setting_log_format format;
    int fd; /* default: stderr. Stays its owner's, and open until log_free() */
    /*
     * With LOG_FORMAT_JOURNAL: when journal_stream (systemd: "$JOURNAL_STREAM") says that `fd` leads to the journal,
     * lines go to journal_socket as entries with fields. Otherwise they go to `fd`, with priorities in front. NULL: it
     * does not lead there. Borrowed until log_new() returns.
     */
    const char *journal_stream; /* default: from the environment */
    const char *journal_socket; /* default: /run/systemd/journal/socket */
    size_t room;                /* bytes of lines that may wait; default 1 MiB */
};

/* Fills a configuration with defaults. */
void log_config_init(struct log_config *config);

/*
 * Makes a log, and starts its thread, which takes no signals.
 *
 * Returns 0, or, and then `out` is unchanged:
 *   SPECTACLES_E_NOMEM  memory ran out
 *   SPECTACLES_E_SYS    the system gives no thread
 */
int log_new(struct log **out, const struct log_config *config, spectacles_problem *problem);

/*
 * Writes what waits, and frees the log. A log whose last write hangs is freed when the write returns.
 *
 * patience: milliseconds; waits for so long at most, and some 200 ms more.
 */
void log_free(struct log *log, uint32_t patience);

/*
 * From now on stars are written for a secret, whoever puts it into a line. Call it for the token and for passwords,
 * also when they change. One of less than LOG_SECRET_MIN bytes is not hidden.
 *
 * text: `length` bytes; copied, and wiped by log_free().
 *
 * Returns 0, or SPECTACLES_E_NOMEM.
 */
int log_hide(struct log *log, const char *text, size_t length);

/* Adds a line. It is copied. See struct log_line. */
void log_write(struct log *log, const struct log_line *line);

/*
 * Adds a line that is about no shard and has no code, with its sentence as printf() has it.
 *
 *     log_say(log, LOG_LEVEL_WARN, "SESSIONS_NOT_STORED", "the sessions are not stored: %s", text);
 */
void log_say(struct log *log, enum setting_log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Whether lines of a level are written: ask before a sentence is made for nothing. */
bool log_wants(struct log *log, enum setting_log_level level);

/* The level from now on (SIGHUP, with a LOG_LEVEL that has changed). */
void log_set_level(struct log *log, enum setting_log_level level);

/*
 * SIGUSR2: switches between the level that was set and `debug`, and writes a line that says so.
 *
 * One signal with two states is the one that an operator remembers at night: a second one undoes the first. SIGUSR1
 * prints counters and SIGHUP reloads, so that SIGUSR2 is the one that is left; LOG_LEVEL in the file and SIGHUP set any
 * other level.
 */
void log_toggle_debug(struct log *log);

#endif
