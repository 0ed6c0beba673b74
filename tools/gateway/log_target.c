/*
 * Where the lines of the log go. It owns the socket to systemd's journal, and no other descriptor. The thread of log.c
 * calls it.
 *
 * Two ways lead to the journal. A service's stderr is a stream to it, whose lines may begin with a priority
 * (sd-daemon(3)). Only its datagram socket takes fields (systemd: "Journal native protocol"). systemd says by
 * $JOURNAL_STREAM whether stderr is such a stream (systemd.exec(5)): then the other way may be used in its place.
 */
#include "log_target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Opening ---- */

static bool leads_to_journal(int fd, const char *journal_stream)
{
    struct stat status;
    uintmax_t device;
    uintmax_t inode;
    if (!journal_stream || sscanf(journal_stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) != 2)
        return false;
    return fstat(fd, &status) == 0 && (uintmax_t)status.st_dev == device && (uintmax_t)status.st_ino == inode;
}

static int open_journal(struct log_target *target, const char *path)
{
    if (strlen(path) >= sizeof target->address.sun_path)
        return -1;
    target->address.sun_family = AF_UNIX;
    memcpy(target->address.sun_path, path, strlen(path) + 1);
    target->address_length = (socklen_t)sizeof target->address;
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (fd >= 0) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        fcntl(fd, F_SETFL, O_NONBLOCK);
    }
    return fd;
}

void log_target_open(struct log_target *target, int fd, enum setting_log_format format,
                     const char *journal_stream, const char *journal_socket)
{
    static const enum log_line_form forms[] = {[LOG_FORMAT_TEXT] = LOG_LINE_TEXT,
                                               [LOG_FORMAT_JSON] = LOG_LINE_JSON,
                                               [LOG_FORMAT_JOURNAL] = LOG_LINE_PREFIXED};
    *target = (struct log_target){.form = forms[format], .fd = fd, .journal = -1};
    if (format == LOG_FORMAT_JOURNAL && leads_to_journal(fd, journal_stream))
        target->journal = open_journal(target, journal_socket);
    if (target->journal >= 0)
        target->form = LOG_LINE_FIELDS;
}

void log_target_close(struct log_target *target)
{
    if (target->journal >= 0)
        close(target->journal);
    target->journal = -1;
}

/* ---- Writing ---- */

bool log_target_wait(const struct log_target *target, int milliseconds)
{
    struct pollfd fd = {.fd = target->journal >= 0 ? target->journal : target->fd, .events = POLLOUT};
    return poll(&fd, 1, milliseconds) > 0;
}

static enum log_target_result result_of(int error)
{
    switch (error) {
    case EINTR:
    case EAGAIN:
    case ENOBUFS:
        return LOG_TARGET_LATER;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return LOG_TARGET_FULL;
    case EPIPE:
    case ECONNRESET:
    case ECONNREFUSED:
    case ENOENT:
        return LOG_TARGET_CLOSED;
    case EMSGSIZE:
        return LOG_TARGET_REFUSED;
    default:
        return LOG_TARGET_FAILED;
    }
}

/* A datagram is written whole or not at all. */
static ssize_t send_entry(const struct log_target *target, const char *bytes, size_t length)
{
    return sendto(target->journal, bytes, length, MSG_NOSIGNAL, (const struct sockaddr *)&target->address,
                  target->address_length);
}

/* poll(2) promises room for PIPE_BUF bytes in a pipe: so many are written without waiting, and in one piece. */
static ssize_t write_some(const struct log_target *target, const char *bytes, size_t length)
{
    return write(target->fd, bytes, length < PIPE_BUF ? length : PIPE_BUF);
}

enum log_target_result log_target_write(const struct log_target *target, const char *bytes, size_t length,
                                        size_t *offset)
{
    ssize_t written = target->journal >= 0 ? send_entry(target, bytes, length)
                                           : write_some(target, bytes + *offset, length - *offset);
    if (written < 0)
        return result_of(errno);
    *offset += (size_t)written;
    return LOG_TARGET_DONE;
}
