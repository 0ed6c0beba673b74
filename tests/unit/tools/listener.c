#include "listener.h"

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

void listener_begin(struct listener *listener)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener->peer = -1;
    listener->socket = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(listener->socket >= 0);
    assert_int_equal(bind(listener->socket, (const struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(listener->socket, 8), 0);
    assert_int_equal(getsockname(listener->socket, (struct sockaddr *)&address, &length), 0);
    listener->port = ntohs(address.sin_port);
}

void listener_end(struct listener *listener)
{
    listener_hang_up(listener);
    close(listener->socket);
}

bool listener_accept(struct listener *listener)
{
    struct pollfd waits = {.fd = listener->socket, .events = POLLIN};
    if (listener->peer < 0 && poll(&waits, 1, 0) == 1)
        listener->peer = accept(listener->socket, NULL, NULL);
    return listener->peer >= 0;
}

bool listener_has(const struct listener *listener, size_t length)
{
    char bytes[64];
    assert_true(length <= sizeof bytes);
    return recv(listener->peer, bytes, length, MSG_PEEK | MSG_DONTWAIT) == (ssize_t)length;
}

void listener_hang_up(struct listener *listener)
{
    if (listener->peer >= 0)
        close(listener->peer);
    listener->peer = -1;
}
