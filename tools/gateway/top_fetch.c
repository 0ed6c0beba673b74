/*
 * One request of HTTP/1.0, for a server that stands on the same machine or near it. top.c calls it. A body ends when
 * the server closes the connection, and has at most BODY_MAX bytes.
 */
#include "top_fetch.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    HOST_SIZE = 256,
    REQUEST_SIZE = 512,
    BODY_MAX = 64 * 1024 * 1024,
    TIMEOUT = 5
};

static int connect_to(const struct addrinfo *at)
{
    const struct timeval timeout = {.tv_sec = TIMEOUT};
    int fd = socket(at->ai_family, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    if (connect(fd, at->ai_addr, at->ai_addrlen) == 0)
        return fd;
    close(fd);
    return -1;
}

/* An address without a host is where a gateway listens at all addresses: this machine is one of them. */
static int connect_by_name(const char *address, char why[TOP_WHY_SIZE])
{
    char host[HOST_SIZE];
    const char *colon = strrchr(address, ':');
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    size_t skip = address[0] == '[' ? 1 : 0;
    size_t length = colon ? (size_t)(colon - address) : 0;
    if (!colon || length >= sizeof host || length < 2 * skip)
        length = skip = 0;
    snprintf(host, sizeof host, "%.*s", (int)(length - 2 * skip), address + skip);
    int failure = getaddrinfo(*host ? host : "localhost", colon ? colon + 1 : "80", &wanted, &found);
    if (failure != 0) {
        snprintf(why, TOP_WHY_SIZE, "the host has no address: %s", gai_strerror(failure));
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *each = found; each && fd < 0; each = each->ai_next)
        fd = connect_to(each);
    if (fd < 0)
        snprintf(why, TOP_WHY_SIZE, "nobody answers there: %s", strerror(errno));
    freeaddrinfo(found);
    return fd;
}

static bool send_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

static bool receive_all(int fd, struct http_body *out)
{
    char bytes[16384];
    while (out->length < BODY_MAX && !out->is_short) {
        ssize_t length = recv(fd, bytes, sizeof bytes, 0);
        if (length < 0 && errno == EINTR)
            continue;
        if (length <= 0)
            return length == 0;
        http_body_bytes(out, bytes, (size_t)length);
    }
    return false;
}

/* Takes the head off. */
static bool take_body(struct http_body *out, char why[TOP_WHY_SIZE])
{
    http_body_bytes(out, "", 1);
    const char *end = out->is_short ? NULL : strstr(out->data, "\r\n\r\n");
    if (!end || strncmp(out->data, "HTTP/1.", 7) != 0) {
        snprintf(why, TOP_WHY_SIZE, "what answers there does not speak HTTP");
        return false;
    }
    if (strncmp(out->data + 8, " 200 ", 5) != 0) {
        snprintf(why, TOP_WHY_SIZE, "it answers%.4s, and 200 was expected: another program listens there",
                 out->data + 8);
        return false;
    }
    size_t head = (size_t)(end + 4 - out->data);
    out->length -= head + 1;
    memmove(out->data, out->data + head, out->length);
    return true;
}

bool top_fetch(const char *address, const char *path, struct http_body *out, char why[TOP_WHY_SIZE])
{
    char request[REQUEST_SIZE];
    *out = (struct http_body){0};
    int fd = connect_by_name(address, why);
    if (fd < 0)
        return false;
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", path);
    bool is_received = send_all(fd, request, (size_t)length) && receive_all(fd, out);
    close(fd);
    if (!is_received)
        snprintf(why, TOP_WHY_SIZE, "the answer did not come whole");
    return is_received && take_body(out, why);
}
