#ifndef GATEWAY_LOG_TARGET_H
#define GATEWAY_LOG_TARGET_H

#include "log_line.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Where lines go: a descriptor of somebody else, or systemd's journal. */
struct log_target {
    enum log_line_form form;
    int fd;      /* of somebody else */
    int journal; /* a socket of its own; -1: lines go to fd */
    struct sockaddr_un address;
    socklen_t address_length;
};

/* What has become of bytes. */
enum log_target_result {
    LOG_TARGET_DONE,    /* some or all were written */
    LOG_TARGET_LATER,   /* there is no room now */
    LOG_TARGET_FULL,    /* the disk, or what a file may hold, is full */
    LOG_TARGET_CLOSED,  /* nobody is at the other end */
    LOG_TARGET_REFUSED, /* this line can never be written */
    LOG_TARGET_FAILED   /* anything else */
};

/* Opens a target. Cannot fail: without the journal, lines go to the descriptor. See struct log_config. */
void log_target_open(struct log_target *target, int fd, enum setting_log_format format,
                     const char *journal_stream, const char *journal_socket);

/* Closes what is its own. */
void log_target_close(struct log_target *target);

/* Waits until something can be written. Returns whether it can. Blocks for at most so many milliseconds. */
bool log_target_wait(const struct log_target *target, int milliseconds);

/*
 * Writes a part of a line, or all of it.
 *
 * offset: how much was written before; is moved on.
 *
 * Blocks when the system does: a file on a slow disk, or a pipe that somebody else has filled since
 * log_target_wait().
 */
enum log_target_result log_target_write(const struct log_target *target, const char *bytes, size_t length,
                                        size_t *offset);

#endif
