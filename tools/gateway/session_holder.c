/*
 * A process that uses a file of sessions, as a line of text: in the lock file, and in the file of sessions itself.
 * session_lock.c, store.c and sessions.c call it.
 */
#include "session_holder.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Whatever a host is called: a word of printable ASCII. */
static void make_word(char *text)
{
    for (char *at = text; *at; at++) {
        if (!isgraph((unsigned char)*at))
            *at = '?';
    }
}

/* Linux has it. Elsewhere it is not known. */
static void read_boot(char out[HOLDER_BOOT_SIZE])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, out, HOLDER_BOOT_SIZE - 1);
    if (fd >= 0)
        close(fd);
    out[got > 0 ? got : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    make_word(out);
}

void session_holder_of_self(struct session_holder *holder)
{
    *holder =
        (struct session_holder){.is_known = true, .pid = (uint64_t)getpid(), .since = spectacles_unix_time()};
    if (gethostname(holder->host, sizeof holder->host - 1) != 0 || !holder->host[0])
        strcpy(holder->host, "?");
    make_word(holder->host);
    read_boot(holder->boot);
}

void session_holder_write(const struct session_holder *holder, char out[HOLDER_TEXT_SIZE])
{
    snprintf(out, HOLDER_TEXT_SIZE, "spectacles-gateway pid=%" PRIu64 " host=%s boot=%s since=%" PRIu64 "%s",
             holder->pid, holder->host, holder->boot[0] ? holder->boot : "?", holder->since,
             holder->has_ended ? " ended" : "");
}

void session_holder_read(struct session_holder *holder, const char *text, size_t length)
{
    char line[HOLDER_TEXT_SIZE];
    char ended[8] = "";
    *holder = (struct session_holder){.is_known = false};
    if (length >= sizeof line)
        return;
    memcpy(line, text, length);
    line[length] = '\0';
    int found =
        sscanf(line, "spectacles-gateway pid=%20" SCNu64 " host=%127s boot=%39s since=%20" SCNu64 " %7s",
               &holder->pid, holder->host, holder->boot, &holder->since, ended);
    holder->is_known = found >= 4;
    holder->has_ended = found == 5 && strcmp(ended, "ended") == 0;
    if (strcmp(holder->boot, "?") == 0)
        holder->boot[0] = '\0';
    make_word(holder->host);
    make_word(holder->boot);
}

void session_holder_show(const struct session_holder *holder, char out[HOLDER_TEXT_SIZE])
{
    char since[32] = "a time that is not known";
    struct tm parts;
    time_t seconds = (time_t)(holder->since / 1000);
    if (holder->since > 0 && gmtime_r(&seconds, &parts))
        strftime(since, sizeof since, "%Y-%m-%d %H:%M:%S UTC", &parts);
    snprintf(out, HOLDER_TEXT_SIZE, "process %" PRIu64 " on host %s, since %s", holder->pid, holder->host,
             since);
}

bool session_holder_equals(const struct session_holder *one, const struct session_holder *other)
{
    return one->is_known && other->is_known && one->pid == other->pid && one->since == other->since &&
           strcmp(one->host, other->host) == 0 && strcmp(one->boot, other->boot) == 0;
}
