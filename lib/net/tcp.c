/*
 * TCP sockets that never block: connect, read, write, shut down, and the texts of their errors. Called by
 * connect.c, transfer.c, link_state.c and link.c.
 */
#include "net/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

static int set_up(int fd)
{
    const int on = 1;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return -errno;
#ifdef SO_NOSIGPIPE
    setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    return 0;
}

int sp_tcp_connect(const sp_address *address, uint32_t port)
{
    struct sockaddr_storage to;
    socklen_t length = sp_address_socket(address, port, &to);
    int type = SOCK_STREAM;
#ifdef SOCK_CLOEXEC
    /* At once, so that no child that another thread forks can inherit it in between. */
    type |= SOCK_CLOEXEC;
#endif
    int fd = socket(address->family, type, 0);
    if (fd < 0)
        return -errno;
    int error = set_up(fd);
    if (error == 0 && connect(fd, (const struct sockaddr *)&to, length) < 0 && errno != EINPROGRESS &&
        errno != EINTR)
        error = -errno;
    if (error < 0) {
        close(fd);
        return error;
    }
    return fd;
}

int sp_tcp_connected(int fd)
{
    struct pollfd ready = {fd, POLLOUT, 0};
    int error = 0;
    socklen_t length = sizeof error;
    int count = poll(&ready, 1, 0);
    if (count <= 0)
        return count < 0 && errno != EINTR ? -errno : 0;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
        return -errno;
    return error ? -error : 1;
}

ssize_t sp_tcp_read(int fd, uint8_t *bytes, size_t length)
{
    ssize_t got;
    do
        got = recv(fd, bytes, length, 0);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

ssize_t sp_tcp_write(int fd, const uint8_t *bytes, size_t length)
{
    ssize_t put;
    do
        put = send(fd, bytes, length, MSG_NOSIGNAL);
    while (put < 0 && errno == EINTR);
    return put < 0 ? -errno : put;
}

bool sp_tcp_would_block(ssize_t result)
{
#if EAGAIN != EWOULDBLOCK
    if (result == -EWOULDBLOCK)
        return true;
#endif
    return result == -EAGAIN;
}

void sp_tcp_shutdown(int fd)
{
    shutdown(fd, SHUT_RDWR);
}

void sp_tcp_close(int fd)
{
    close(fd);
}

/* strerror() is not safe beside other threads, and its safe variants differ from system to system. */
const char *sp_tcp_text(ssize_t error)
{
    switch (-error) {
    case ECONNREFUSED:
        return "connection refused";
    case ECONNRESET:
        return "connection reset by peer";
    case EPIPE:
        return "broken pipe";
    case ETIMEDOUT:
        return "timed out";
    case EHOSTUNREACH:
        return "no route to host";
    case ENETUNREACH:
        return "network unreachable";
    case EMFILE:
    case ENFILE:
        return "too many open files";
    case EADDRNOTAVAIL:
        return "no free local port or address";
    case EACCES:
    case EPERM:
        return "not permitted (a firewall?)";
    case ENOMEM:
    case ENOBUFS:
        return "out of memory";
    default:
        return "system error";
    }
}
