/*
 * Changes of the addresses, the routes and the lines of this machine, as rtnetlink(7) of Linux tells them. Called by
 * the gateway, whose shards then try again at once.
 */
#include "net/network.h"

#include <errno.h>
#include <unistd.h>

#ifdef __linux__

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/types.h>

int sp_network_watch(void)
{
    const struct sockaddr_nl groups = {.nl_family = AF_NETLINK,
                                       .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE |
                                                    RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0)
        return -errno;
    if (bind(fd, (const struct sockaddr *)&groups, sizeof groups) == 0)
        return fd;
    int error = -errno;
    close(fd);
    return error;
}

/*
 * What was told does not matter: an address that comes, a route, a line that is up. What is lost because there was too
 * much to tell (ENOBUFS) is a change too.
 */
bool sp_network_has_changed(int fd)
{
    bool changed = false;
    char message[4096];
    for (;;) {
        ssize_t length = recv(fd, message, sizeof message, MSG_DONTWAIT);
        if (length < 0 && errno == EINTR)
            continue;
        if (length <= 0 && errno != ENOBUFS)
            return changed;
        changed = true;
    }
}

#else

int sp_network_watch(void)
{
    return -ENOSYS;
}

bool sp_network_has_changed(int fd)
{
    (void)fd;
    return false;
}

#endif

void sp_network_close(int fd)
{
    if (fd >= 0)
        close(fd);
}
