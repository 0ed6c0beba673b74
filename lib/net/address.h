#ifndef SP_NET_ADDRESS_H
#define SP_NET_ADDRESS_H

#include <spectacles/types.h>
#include <stdbool.h>
#include <sys/socket.h>

/* A numeric address: 4 bytes of IPv4 or 16 of IPv6, in network order. */
typedef struct sp_address {
    int family; /* AF_INET or AF_INET6 */
    uint8_t bytes[16];
    size_t length;
} sp_address;

/* False when the text is no numeric address. */
bool sp_address_parse(sp_address *out, const char *text, size_t length);

/* Whether they are the same. An address without a family equals none. */
bool sp_address_equals(const sp_address *a, const sp_address *b);

enum {
    SP_ADDRESS_TEXT_MAX = 48 /* bytes of a numeric address as a text, with its NUL */
};

/* The address as a text; "" for an address without a family. */
void sp_address_text(const sp_address *address, char out[SP_ADDRESS_TEXT_MAX]);

/* The same as a socket address; returns its length. */
socklen_t sp_address_socket(const sp_address *address, uint32_t port, struct sockaddr_storage *out);

#endif
