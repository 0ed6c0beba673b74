/*
 * The standard descriptors of the process: stdin, stdout and stderr are there, whoever has started it. It owns nothing.
 * main.c calls it.
 */
#include "standard_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

static bool is_closed(int fd)
{
    return fcntl(fd, F_GETFD) < 0 && errno == EBADF;
}

int standard_files_open(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        /* open(2) gives the lowest number that is free, and all lower numbers are in use. */
        if (is_closed(fd) && open("/dev/null", O_RDWR) != fd)
            return -1;
    }
    return 0;
}
