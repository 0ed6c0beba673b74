/* The socket that the HTTP server listens at. http.c calls it once, at the start. */
#include "http_listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HOST_SIZE = 256,
    BACKLOG = 32
};

static const char setting[] = "PROMETHEUS_ADDRESS";

/* Takes "host:port" apart. The host is empty for all addresses; an IPv6 address stands in brackets. */
static bool take_apart(const char *address, char host[HOST_SIZE], const char **port)
{
    const char *colon = strrchr(address, ':');
    if (!colon || colon - address >= HOST_SIZE)
        return false;
    size_t length = (size_t)(colon - address);
    bool has_brackets = length >= 2 && address[0] == '[' && address[length - 1] == ']';
    snprintf(host, HOST_SIZE, "%.*s", (int)(has_brackets ? length - 2 : length),
             address + (has_brackets ? 1 : 0));
    *port = colon + 1;
    return true;
}

static void tell_refusal(struct problems *problems, const char *address, int error)
{
    if (error == EADDRINUSE)
        problems_add(
            problems, PROBLEM_MAY_PASS, setting,
            "another program listens at %s already: stop it, or choose another port (`ss -ltnp` says who)",
            address);
    else if (error == EACCES)
        problems_add(problems, PROBLEM_IS_FINAL, setting,
                     "this user may not listen at %s: choose a port above 1023", address);
    else if (error == EADDRNOTAVAIL)
        problems_add(problems, PROBLEM_MAY_PASS, setting,
                     "this machine does not have the address of %s: choose one of its own, or :PORT for all",
                     address);
    else
        problems_add(problems, PROBLEM_MAY_PASS, setting,
                     "the system does not let the gateway listen at %s: %s", address, strerror(error));
}

/* Returns a socket, or -1 with errno set. */
static int listen_at(const struct addrinfo *at)
{
    int on = 1;
    int off = 0;
    int fd = socket(at->ai_family, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
        bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/*
 * Of all addresses of the machine, an IPv6 socket takes IPv4 as well. Of a name, IPv4 goes first, as the Go daemon has
 * it: localhost is 127.0.0.1.
 */
static int listen_in_order(const struct addrinfo *first, bool is_everywhere)
{
    const int families[] = {is_everywhere ? AF_INET6 : AF_INET, is_everywhere ? AF_INET : AF_INET6};
    int error = EADDRNOTAVAIL;
    for (size_t i = 0; i < 2; i++) {
        for (const struct addrinfo *each = first; each; each = each->ai_next) {
            if (each->ai_family != families[i])
                continue;
            int fd = listen_at(each);
            if (fd >= 0 || errno == EADDRINUSE)
                return fd;
            error = errno;
        }
    }
    errno = error;
    return -1;
}

int http_listen(const char *address, struct problems *problems)
{
    char host[HOST_SIZE];
    const char *port;
    struct addrinfo *found = NULL;
    const struct addrinfo wanted = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    if (!take_apart(address, host, &port)) {
        problems_add(problems, PROBLEM_IS_FINAL, setting, "an address and a port are expected, as :8080");
        return -1;
    }
    int failure = getaddrinfo(*host ? host : NULL, port, &wanted, &found);
    if (failure != 0) {
        problems_add(problems, PROBLEM_MAY_PASS, setting, "the host of %s has no address: %s", address,
                     gai_strerror(failure));
        return -1;
    }
    int fd = listen_in_order(found, !*host);
    if (fd < 0)
        tell_refusal(problems, address, errno);
    freeaddrinfo(found);
    return fd;
}
