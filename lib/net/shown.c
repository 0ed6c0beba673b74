/*
 * Closes the descriptors of a link so that none of them is closed while the owner watches it. Called by link.c,
 * link_state.c, attempt.c and race.c.
 */
#include "net/shown.h"

#include "net/tcp.h"

void sp_shown_end(sp_shown *shown)
{
    if (shown->dead >= 0)
        sp_tcp_close(shown->dead);
    shown->dead = shown->fd = -1;
}

void sp_shown_begin(sp_shown *shown, int fd)
{
    sp_shown_end(shown);
    shown->fd = fd;
}

void sp_shown_close(sp_shown *shown, int fd)
{
    if (fd < 0)
        return;
    if (fd != shown->fd) {
        sp_tcp_close(fd);
        return;
    }
    sp_tcp_shutdown(fd);
    shown->dead = fd;
    shown->fd = -1;
}
