/*
 * Numeric IPv4 and IPv6 addresses as the system wants them. Called by the files of lib/net.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

bool sp_address_parse(sp_address *out, const char *text, size_t length)
{
    char copy[INET6_ADDRSTRLEN];
    sp_address address = {.family = AF_INET, .length = 4};
    if (length == 0 || length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (inet_pton(AF_INET, copy, address.bytes) != 1) {
        address.family = AF_INET6;
        address.length = 16;
        if (inet_pton(AF_INET6, copy, address.bytes) != 1)
            return false;
    }
    *out = address;
    return true;
}

bool sp_address_equals(const sp_address *a, const sp_address *b)
{
    return a->family != 0 && a->family == b->family && memcmp(a->bytes, b->bytes, a->length) == 0;
}

void sp_address_text(const sp_address *address, char out[SP_ADDRESS_TEXT_MAX])
{
    if (address->family == 0 || !inet_ntop(address->family, address->bytes, out, SP_ADDRESS_TEXT_MAX))
        out[0] = '\0';
}

socklen_t sp_address_socket(const sp_address *address, uint32_t port, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (address->family == AF_INET) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        memcpy(&in.sin_addr, address->bytes, 4);
        memcpy(out, &in, sizeof in);
        return sizeof in;
    }
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    memcpy(&in.sin6_addr, address->bytes, 16);
    memcpy(out, &in, sizeof in);
    return sizeof in;
}
