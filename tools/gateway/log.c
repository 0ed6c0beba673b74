/*
 * The log: levels, the queue of lines, and the thread that writes them. It owns both. daemon.c makes it; every part
 * that has something to tell calls it.
 *
 *     IDLE --a line--> WRITING --written--> IDLE or the next line
 *                        |  ^
 *          not writable, |  | writable again, or a second later
 *          or an error   v  |
 *                      WAITING ---log_free(), and its patience is over---> ended
 */
#include "log.h"

#include "log_queue.h"
#include "log_target.h"
#include "signals.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ROOM = 1 << 20,
    RETRY = 1000, /* milliseconds between two tries of what cannot be written */
    SLICE = 50,   /* milliseconds after which the thread looks whether it has to end */
    LAST_WAIT = 200
};

struct log {
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* a line waits, or the log ends */
    pthread_t writer;
    struct log_target target; /* the thread's alone */
    /* Behind the mutex: */
    struct log_queue queue;
    struct log_secrets secrets;
    enum setting_log_level level;
    enum setting_log_level set_level; /* what log_toggle_debug() comes back to */
    enum log_target_result trouble;   /* why lines were dropped last */
    bool is_ending;                   /* the thread ends when the queue is empty */
    bool is_given_up;                 /* the thread ends now */
    bool has_ended;
    bool is_abandoned; /* the thread frees the log */
};

/* ---- What was dropped ---- */

/* 1204567 as 1,204,567. */
static const char *with_commas(char out[32], uint64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
    char *at = out;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    *at = '\0';
    return out;
}

static const char *why(enum log_target_result trouble)
{
    switch (trouble) {
    case LOG_TARGET_FULL:
        return "the disk of the log was full";
    case LOG_TARGET_CLOSED:
        return "the reader of the log had ended";
    case LOG_TARGET_FAILED:
        return "the system refused to write the log";
    default:
        return "nobody read the log for so long";
    }
}

static void put_line(struct log *log, const struct log_line *line)
{
    char *bytes;
    size_t length;
    if (log_line_write(line, log->target.form, &log->secrets, spectacles_unix_time(), &bytes, &length) ==
        SPECTACLES_OK)
        log_queue_put(&log->queue, line->level, bytes, length);
    else
        log_queue_drop(&log->queue, line->level);
    pthread_cond_signal(&log->changed);
}

/* With the mutex held. */
static void tell_dropped(struct log *log)
{
    char text[240];
    char all[32];
    char errors[32];
    char warnings[32];
    uint64_t by_level[LOG_LEVEL_DEBUG + 1];
    uint64_t count = log_queue_take_dropped(&log->queue, by_level);
    snprintf(text, sizeof text, "%s line%s (%s errors, %s warnings) %s not written: %s",
             with_commas(all, count), count == 1 ? "" : "s", with_commas(errors, by_level[LOG_LEVEL_ERROR]),
             with_commas(warnings, by_level[LOG_LEVEL_WARN]), count == 1 ? "was" : "were", why(log->trouble));
    log->trouble = LOG_TARGET_DONE;
    put_line(log, &(struct log_line){.level = LOG_LEVEL_WARN, .event = "LOG_LINES_DROPPED", .text = text});
}

/* ---- The thread ---- */

static bool is_given_up(struct log *log)
{
    pthread_mutex_lock(&log->mutex);
    bool is_given_up = log->is_given_up;
    pthread_mutex_unlock(&log->mutex);
    return is_given_up;
}

/* Returns whether the log ends. Then it is given up, because a line could not be written. */
static bool note_trouble(struct log *log, enum log_target_result trouble)
{
    pthread_mutex_lock(&log->mutex);
    bool is_ending = log->is_ending;
    log->trouble = trouble;
    log->is_given_up |= is_ending;
    pthread_mutex_unlock(&log->mutex);
    return is_ending;
}

static void wait_for_better_times(struct log *log, enum log_target_result trouble)
{
    for (int waited = 0; waited < RETRY && !note_trouble(log, trouble); waited += SLICE)
        poll(NULL, 0, SLICE);
}

/* Writes one line, however long that takes. Returns whether it was. */
static bool write_entry(struct log *log, const struct log_entry *entry)
{
    size_t offset = 0;
    while (offset < entry->length && !is_given_up(log)) {
        if (!log_target_wait(&log->target, SLICE))
            continue;
        enum log_target_result result = log_target_write(&log->target, entry->bytes, entry->length, &offset);
        if (result == LOG_TARGET_REFUSED)
            break;
        if (result == LOG_TARGET_LATER)
            poll(NULL, 0, SLICE);
        else if (result != LOG_TARGET_DONE)
            wait_for_better_times(log, result);
    }
    return offset == entry->length;
}

static void count_as_dropped(struct log *log, enum setting_log_level level)
{
    pthread_mutex_lock(&log->mutex);
    log_queue_drop(&log->queue, level);
    pthread_mutex_unlock(&log->mutex);
}

/* The next line; waits for it. NULL: the log ends. */
static struct log_entry *next_entry(struct log *log)
{
    struct log_entry *entry = NULL;
    pthread_mutex_lock(&log->mutex);
    while (!log->is_given_up) {
        if (log_queue_is_back(&log->queue))
            tell_dropped(log);
        entry = log_queue_take(&log->queue);
        if (entry || log->is_ending)
            break;
        pthread_cond_wait(&log->changed, &log->mutex);
    }
    pthread_mutex_unlock(&log->mutex);
    return entry;
}

static void destroy(struct log *log)
{
    log_queue_clear(&log->queue);
    log_secrets_clear(&log->secrets);
    log_target_close(&log->target);
    pthread_cond_destroy(&log->changed);
    pthread_mutex_destroy(&log->mutex);
    free(log);
}

static void *write_lines(void *context)
{
    struct log *log = context;
    struct log_entry *entry;
    while ((entry = next_entry(log))) {
        if (!write_entry(log, entry))
            count_as_dropped(log, entry->level);
        log_entry_free(entry);
    }
    pthread_mutex_lock(&log->mutex);
    log->has_ended = true;
    bool is_abandoned = log->is_abandoned;
    pthread_mutex_unlock(&log->mutex);
    if (is_abandoned)
        destroy(log);
    return NULL;
}

/* ---- Making and freeing ---- */

void log_config_init(struct log_config *config)
{
    *config = (struct log_config){.level = LOG_LEVEL_INFO,
                                  .format = LOG_FORMAT_TEXT,
                                  .fd = STDERR_FILENO,
                                  .journal_stream = getenv("JOURNAL_STREAM"),
                                  .journal_socket = "/run/systemd/journal/socket",
                                  .room = ROOM};
}

static int refuse(spectacles_problem *problem, int error, const char *text)
{
    if (problem) {
        *problem = (spectacles_problem){0};
        snprintf(problem->text, sizeof problem->text, "%s", text);
    }
    return error;
}

int log_new(struct log **out, const struct log_config *config, spectacles_problem *problem)
{
    struct log *log = calloc(1, sizeof *log);
    if (!log)
        return refuse(problem, SPECTACLES_E_NOMEM, "out of memory for the log");
    log->level = log->set_level = config->level;
    log->queue.room = config->room;
    log_target_open(&log->target, config->fd, config->format, config->journal_stream, config->journal_socket);
    pthread_mutex_init(&log->mutex, NULL);
    pthread_cond_init(&log->changed, NULL);
    if (signals_start_thread(&log->writer, write_lines, log) != 0) {
        log_target_close(&log->target);
        free(log);
        return refuse(problem, SPECTACLES_E_SYS, "the system gives no thread to write the log");
    }
    *out = log;
    return SPECTACLES_OK;
}

/* Waits for the end of the thread. Returns whether it has ended. */
static bool wait_for_end(struct log *log, uint32_t milliseconds)
{
    for (uint32_t waited = 0;; waited++) {
        pthread_mutex_lock(&log->mutex);
        bool has_ended = log->has_ended;
        pthread_mutex_unlock(&log->mutex);
        if (has_ended || waited >= milliseconds)
            return has_ended;
        poll(NULL, 0, 1);
    }
}

static void ask_to_end(struct log *log, bool now)
{
    pthread_mutex_lock(&log->mutex);
    log->is_ending = true;
    log->is_given_up |= now;
    pthread_cond_signal(&log->changed);
    pthread_mutex_unlock(&log->mutex);
}

/* Leaves the log to its thread, which frees it when its write(2) returns. Returns false when the thread has ended. */
static bool abandon(struct log *log)
{
    pthread_mutex_lock(&log->mutex);
    bool is_running = !log->has_ended;
    log->is_abandoned = is_running;
    pthread_mutex_unlock(&log->mutex);
    return is_running;
}

void log_free(struct log *log, uint32_t patience)
{
    if (!log)
        return;
    pthread_t writer = log->writer;
    ask_to_end(log, false);
    if (!wait_for_end(log, patience))
        ask_to_end(log, true);
    if (!wait_for_end(log, LAST_WAIT) && abandon(log)) {
        pthread_detach(writer);
        return;
    }
    pthread_join(writer, NULL);
    destroy(log);
}

/* ---- Lines ---- */

int log_hide(struct log *log, const char *text, size_t length)
{
    if (!log)
        return SPECTACLES_OK;
    pthread_mutex_lock(&log->mutex);
    bool is_hidden = log_secrets_add(&log->secrets, text, length);
    pthread_mutex_unlock(&log->mutex);
    return is_hidden ? SPECTACLES_OK : SPECTACLES_E_NOMEM;
}

static bool wants(const struct log *log, enum setting_log_level level)
{
    return level <= log->level;
}

bool log_wants(struct log *log, enum setting_log_level level)
{
    if (!log)
        return false;
    pthread_mutex_lock(&log->mutex);
    bool is_wanted = wants(log, level);
    pthread_mutex_unlock(&log->mutex);
    return is_wanted;
}

void log_write(struct log *log, const struct log_line *line)
{
    if (!log)
        return;
    pthread_mutex_lock(&log->mutex);
    if (wants(log, line->level))
        put_line(log, line);
    pthread_mutex_unlock(&log->mutex);
}

static void say(struct log *log, enum setting_log_level level, const char *event, const char *format,
                va_list arguments) __attribute__((format(printf, 4, 0)));
static void say(struct log *log, enum setting_log_level level, const char *event, const char *format,
                va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, arguments);
    /* Without memory for the sentence, the event is told all the same. */
    log_write(log, &(struct log_line){.level = level, .event = event, .text = text ? text : "out of memory"});
    free(text);
}

void log_say(struct log *log, enum setting_log_level level, const char *event, const char *format, ...)
{
    va_list arguments;
    if (!log_wants(log, level))
        return;
    va_start(arguments, format);
    say(log, level, event, format, arguments);
    va_end(arguments);
}

/* ---- Levels ---- */

void log_set_level(struct log *log, enum setting_log_level level)
{
    if (!log)
        return;
    pthread_mutex_lock(&log->mutex);
    log->level = log->set_level = level;
    pthread_mutex_unlock(&log->mutex);
}

void log_toggle_debug(struct log *log)
{
    if (!log)
        return;
    pthread_mutex_lock(&log->mutex);
    bool is_debug = log->level == LOG_LEVEL_DEBUG;
    log->level = is_debug ? log->set_level : LOG_LEVEL_DEBUG;
    put_line(log,
             &(struct log_line){.level = LOG_LEVEL_INFO,
                                .event = "LOG_LEVEL",
                                .text = is_debug ? "the log is back at the level of LOG_LEVEL"
                                                 : "the log is at the level debug until the next SIGUSR2"});
    pthread_mutex_unlock(&log->mutex);
}
