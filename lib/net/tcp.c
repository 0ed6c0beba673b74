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

#if !defined(TCP_KEEPIDLE) && defined(TCP_KEEPALIVE)
#define TCP_KEEPIDLE TCP_KEEPALIVE /* macOS */
#endif

static void set_option(int fd, int level, int option, int value)
{
    setsockopt(fd, level, option, &value, sizeof value);
}

/* OpenBSD has none of these options. */
#if defined(TCP_KEEPIDLE) || defined(TCP_KEEPINTVL) || defined(TCP_RXT_CONNDROPTIME)
static int seconds(uint32_t milliseconds)
{
    return (int)(milliseconds / 1000 + (milliseconds % 1000 > 0));
}
#endif

static void set_keepalive(int fd, const sp_tcp_options *options)
{
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, options->keepalive_idle > 0);
    if (options->keepalive_idle == 0)
        return;
#ifdef TCP_KEEPIDLE
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds(options->keepalive_idle));
#endif
#ifdef TCP_KEEPINTVL
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, seconds(options->keepalive_interval));
#endif
#ifdef TCP_KEEPCNT
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, (int)options->keepalive_probes);
#endif
}

void sp_tcp_set_user_timeout(int fd, uint32_t milliseconds)
{
#if defined(TCP_USER_TIMEOUT)
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)milliseconds);
#elif defined(TCP_RXT_CONNDROPTIME)
    set_option(fd, IPPROTO_TCP, TCP_RXT_CONNDROPTIME, seconds(milliseconds)); /* macOS */
#else
    (void)fd;
    (void)milliseconds;
#endif
}

static int set_up(int fd, const sp_tcp_options *options)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return -errno;
#ifdef SO_NOSIGPIPE
    set_option(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_keepalive(fd, options);
    if (options->user_timeout > 0)
        sp_tcp_set_user_timeout(fd, options->user_timeout);
    return 0;
}

int sp_tcp_adopt(int fd, const sp_tcp_options *options)
{
    int type = 0;
    socklen_t length = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0 || type != SOCK_STREAM)
        return -EINVAL;
    return set_up(fd, options);
}

static int bind_to(int fd, const sp_address *source)
{
    struct sockaddr_storage from;
    if (source->family == 0)
        return 0;
#ifdef IP_BIND_ADDRESS_NO_PORT
    /* The port is chosen by connect(): it may be one that another connection, to another peer, has too. */
    set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
#endif
    socklen_t length = sp_address_socket(source, 0, &from);
    return bind(fd, (const struct sockaddr *)&from, length) < 0 ? -errno : 0;
}

static int begin(int fd, const sp_address *address, uint32_t port, const sp_tcp_options *options)
{
    struct sockaddr_storage to;
    socklen_t length = sp_address_socket(address, port, &to);
    int error = set_up(fd, options);
    if (error == 0)
        error = bind_to(fd, &options->source);
    if (error == 0 && connect(fd, (const struct sockaddr *)&to, length) < 0 && errno != EINPROGRESS &&
        errno != EINTR)
        error = -errno;
    return error;
}

int sp_tcp_connect(const sp_address *address, uint32_t port, const sp_tcp_options *options)
{
    int type = SOCK_STREAM;
#ifdef SOCK_CLOEXEC
    /* At once, so that no child that another thread forks can inherit it in between. */
    type |= SOCK_CLOEXEC;
#endif
    int fd = socket(address->family, type, 0);
    if (fd < 0)
        return -errno;
    int error = begin(fd, address, port, options);
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

static ssize_t receive(int fd, uint8_t *bytes, size_t length, int flags)
{
    ssize_t got;
    do
        got = recv(fd, bytes, length, flags);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

ssize_t sp_tcp_read(int fd, uint8_t *bytes, size_t length)
{
    return receive(fd, bytes, length, 0);
}

ssize_t sp_tcp_peek(int fd, uint8_t *bytes, size_t length)
{
    return receive(fd, bytes, length, MSG_PEEK);
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

int sp_tcp_error(ssize_t error)
{
    switch (-error) {
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ETIMEDOUT:
    case EADDRNOTAVAIL:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
        return SPECTACLES_E_UNREACHABLE;
    default:
        return SPECTACLES_E_SYS;
    }
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
    case ENETDOWN:
        return "network down";
    case EHOSTDOWN:
        return "host down";
    case EAGAIN:
        return "no more threads are allowed";
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
