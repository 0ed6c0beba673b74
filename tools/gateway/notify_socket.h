#ifndef GATEWAY_NOTIFY_SOCKET_H
#define GATEWAY_NOTIFY_SOCKET_H

#include <spectacles/types.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A socket for datagrams to one address of this machine. */
struct notify_socket {
    int fd;
    struct sockaddr_un address;
    socklen_t length;
};

/*
 * Opens a socket. Nothing is sent.
 *
 * address: a path that begins with "/", or "@" and a name of the abstract namespace of Linux.
 *
 * Returns 0, SPECTACLES_E_UNSUPPORTED (another kind of address, or too long), or SPECTACLES_E_SYS.
 */
int notify_socket_open(struct notify_socket *out, const char *address, spectacles_problem *problem);

void notify_socket_close(struct notify_socket *notify_socket);

/* Sends a message as one datagram. Returns whether it was taken. Does not block. */
bool notify_socket_send(const struct notify_socket *notify_socket, const char *message);

#endif
