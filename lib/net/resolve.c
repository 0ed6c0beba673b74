/*
 * The addresses of a host name, as the resolver of the system knows them. Blocks. Called by owners and by link.c.
 */
#include "core/export.h"

#include <netdb.h>
#include <spectacles/link.h>
#include <string.h>
#include <sys/socket.h>

/* Appends one address, a space before it when it is not the first. 1 when it fitted. */
static int append(char *out, size_t size, size_t *length, const struct addrinfo *info)
{
    char name[64];
    if (getnameinfo(info->ai_addr, info->ai_addrlen, name, sizeof name, NULL, 0, NI_NUMERICHOST) != 0)
        return 0;
    size_t name_length = strlen(name);
    size_t space = *length > 0;
    /* A scope ("%eth0") belongs to link-local addresses, which no gateway and no broker has. */
    if (strchr(name, '%') || *length + space + name_length + 1 > size)
        return 0;
    out[*length] = ' ';
    memcpy(out + *length + space, name, name_length + 1);
    *length += space + name_length;
    return 1;
}

SPECTACLES_EXPORT int spectacles_resolve(char *out, size_t size, const char *host)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    char all[1024];
    size_t length = 0;
    if (!host || getaddrinfo(host, NULL, &hints, &list) != 0)
        return SPECTACLES_E_SYS;
    size_t room = size < sizeof all ? size : sizeof all;
    for (const struct addrinfo *info = list; info; info = info->ai_next)
        append(all, room, &length, info);
    freeaddrinfo(list);
    if (length == 0)
        return SPECTACLES_E_TOOBIG;
    memcpy(out, all, length + 1);
    return (int)length;
}
