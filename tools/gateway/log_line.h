#ifndef GATEWAY_LOG_LINE_H
#define GATEWAY_LOG_LINE_H

#include "log_secrets.h"
#include "setting.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One line of the log: fields for machines, and one sentence for people. All zero but for level, event and text is
 * fine. All texts are NUL-terminated, borrowed, and made safe to print by whoever writes the line.
 */
struct log_line {
    enum setting_log_level level; /* ERROR to DEBUG */
    /* What has happened: a word in capitals, the same for each line of its kind, as SHARD_DISCONNECTED. */
    const char *event;
    /* One sentence that can be read without the fields. Never cut. */
    const char *text;
    /* What it is about, besides a shard: a broker, a queue, the name of an event, a file. NULL: nothing else. */
    const char *subject;
    /* The shard that it is about. */
    uint32_t shard_id;
    bool has_shard;
    /* A close code of Discord, a status of HTTP or a reply code of AMQP. 0: none. */
    uint32_t code;
};

/* How a line is written. */
enum log_line_form {
    /* TIME LEVEL SENTENCE [EVENT shard=3 code=4000 subject="..."] */
    LOG_LINE_TEXT,
    /* An object of JSON: time, level, event, shard, code, subject, message. */
    LOG_LINE_JSON,
    /* As text, without the time, and with the priority of sd-daemon(3) in front: <3>SENTENCE [EVENT ...] */
    LOG_LINE_PREFIXED,
    /* A datagram of the journal's native protocol: PRIORITY, MESSAGE, SPECTACLES_EVENT, SPECTACLES_SHARD ... */
    LOG_LINE_FIELDS
};

/*
 * Writes a line. Bytes that are not UTF-8, and characters that change the text around them, become '?' (as
 * spectacles_printable() has it), so that every form but FIELDS is one line with one line feed, at its end.
 *
 * secrets: of these, stars are written.
 * unix_time: milliseconds since 1970.
 * out: receives the bytes, to be freed with free(). Unchanged on failure.
 * length: receives how many there are.
 *
 * Returns 0, or SPECTACLES_E_NOMEM.
 */
int log_line_write(const struct log_line *line, enum log_line_form form, const struct log_secrets *secrets,
                   uint64_t unix_time, char **out, size_t *length);

/* The priority of syslog(3) and sd-daemon(3) for a level: 3 (error) to 7 (debug). */
int log_line_priority(enum setting_log_level level);

#endif
