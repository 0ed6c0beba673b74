/*
 * The addresses of a host name, as the resolver of the system knows them, or why there are none. Blocks. Called by
 * owners, by link.c, and by the threads of lookup.c.
 */
#ifdef __linux__
#define _GNU_SOURCE /* EAI_NODATA */
#endif
#include "core/config.h"
#include "core/export.h"
#include "net/lookup.h"
#include "net/tcp.h"

#include <errno.h>
#include <netdb.h>
#include <spectacles/link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* "" for an address that nothing can be connected to: a scope ("%eth0") belongs to link-local addresses. */
static void write_address(char out[64], const struct addrinfo *info)
{
    if (getnameinfo(info->ai_addr, info->ai_addrlen, out, 64, NULL, 0, NI_NUMERICHOST) != 0 ||
        strchr(out, '%'))
        out[0] = '\0';
}

/* Appends one address, a space before it when it is not the first. False when it did not fit. */
static bool append(char *out, size_t size, size_t *length, const char *address)
{
    size_t added = strlen(address);
    size_t space = *length > 0;
    if (*length + space + added + 1 > size)
        return false;
    out[*length] = ' ';
    memcpy(out + *length + space, address, added + 1);
    *length += space + added;
    return true;
}

/* What the failure of getaddrinfo() means to a person. */
static const char *reason(int code, int number)
{
    switch (code) {
    case EAI_NONAME:
        return "there is no such name";
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
    case EAI_NODATA:
        return "the name is there, and has no address";
#endif
    case EAI_AGAIN:
        return "no name server answered, or the one that did could not find out";
    case EAI_FAIL:
        return "the name server refused, or is broken";
    case EAI_MEMORY:
        return "out of memory";
    case EAI_SYSTEM:
        return sp_tcp_text(-number);
    default:
        return "the resolver of the system failed";
    }
}

static struct addrinfo *ask(const char *host, const char **why)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int code = getaddrinfo(host, NULL, &hints, &list);
    *why = code ? reason(code, errno) : "it has only addresses that nothing can be connected to";
    return code ? NULL : list;
}

SPECTACLES_EXPORT int spectacles_resolve(char *out, size_t size, const char *host,
                                         spectacles_problem *problem)
{
    const char *why;
    size_t length = 0;
    bool fits = true;
    struct addrinfo *list = ask(host, &why);
    for (const struct addrinfo *info = list; info; info = info->ai_next) {
        char address[64];
        write_address(address, info);
        if (address[0])
            fits = append(out, size, &length, address) && fits;
    }
    if (list)
        freeaddrinfo(list);
    if (length > 0)
        return (int)length;
    return fits ? sp_refuse(problem, SPECTACLES_E_SYS, why)
                : sp_refuse(problem, SPECTACLES_E_TOOBIG, "the room for the answer is too small");
}

/* ---- For the threads ---- */

/* One more address behind the others. False when memory ran out. */
static bool add_address(sp_lookup *lookup, size_t *length, const struct addrinfo *info)
{
    char address[64];
    write_address(address, info);
    char *longer = realloc(lookup->addresses, *length + sizeof address + 1);
    if (!longer)
        return false;
    lookup->addresses = longer;
    return !address[0] || append(longer, *length + sizeof address + 1, length, address);
}

static void drop_addresses(sp_lookup *lookup)
{
    free(lookup->addresses);
    lookup->addresses = NULL;
}

void sp_lookup_resolve(sp_lookup *lookup)
{
    const char *why;
    size_t length = 0;
    struct addrinfo *list = ask(lookup->host, &why);
    for (const struct addrinfo *info = list; info; info = info->ai_next) {
        if (add_address(lookup, &length, info))
            continue;
        why = "out of memory";
        length = 0;
        break;
    }
    if (list)
        freeaddrinfo(list);
    if (length > 0)
        return;
    drop_addresses(lookup);
    snprintf(lookup->why, sizeof lookup->why, "%s", why);
}
