/*
 * Datagrams to the socket of systemd. It owns the descriptor. notify.c calls it.
 */
#include "notify_socket.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int refuse(spectacles_problem *problem, int error, const char *text)
{
    *problem = (spectacles_problem){0};
    snprintf(problem->text, sizeof problem->text, "%s", text);
    return error;
}

/* The name of an abstract socket begins with a NUL in the place of the "@", and ends with the length. */
static bool set_address(struct notify_socket *out, const char *address)
{
    size_t length = strlen(address);
    if ((address[0] != '/' && address[0] != '@') || length < 2 || length >= sizeof out->address.sun_path)
        return false;
    memset(&out->address, 0, sizeof out->address);
    out->address.sun_family = AF_UNIX;
    memcpy(out->address.sun_path, address, length);
    if (address[0] == '@')
        out->address.sun_path[0] = '\0';
    out->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (address[0] == '@' ? 0 : 1));
    return true;
}

int notify_socket_open(struct notify_socket *out, const char *address, spectacles_problem *problem)
{
    if (!set_address(out, address))
        return refuse(
            problem, SPECTACLES_E_UNSUPPORTED,
            "NOTIFY_SOCKET is no address that is known here (a path, or @ and a name): systemd is told "
            "nothing");
    out->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (out->fd < 0)
        return refuse(problem, SPECTACLES_E_SYS, "the system gives no socket to tell systemd anything");
    fcntl(out->fd, F_SETFD, FD_CLOEXEC);
    fcntl(out->fd, F_SETFL, O_NONBLOCK);
    return SPECTACLES_OK;
}

void notify_socket_close(struct notify_socket *notify_socket)
{
    close(notify_socket->fd);
}

bool notify_socket_send(const struct notify_socket *notify_socket, const char *message)
{
    return sendto(notify_socket->fd, message, strlen(message), MSG_NOSIGNAL,
                  (const struct sockaddr *)&notify_socket->address, notify_socket->length) >= 0;
}
